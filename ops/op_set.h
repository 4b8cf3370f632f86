// ops/op_set.h: all ops of the library by name: what graphs are read back with, and what `lanc ops` lists.
#pragma once

#include <lanc/graph/op.h>

namespace lanc {

/// Ours. A user adds their own to a copy:
///     OpSet ops = all_ops();
///     ops.add(swish.op());
const OpSet& all_ops();

}  // namespace lanc
