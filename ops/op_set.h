// ops/op_set.h: all ops of the library by name: what graphs are read back with, and what `lanc ops` lists.
#pragma once

#include <lanc/graph/op.h>

namespace lanc {

/// Ours. A user adds their own to a copy:
///     OpSet ops = all_ops();
///     ops.add(swish.op());
const OpSet& all_ops();

/// UserError unless `name` can stand in the text form (letters, digits and '_', a letter first) and is no name of all_ops(): passes know ops by
/// name. `function`: whose argument it is.
void require_own_name(std::string_view function, std::string_view name);

}  // namespace lanc
