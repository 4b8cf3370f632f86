// models/updates.h: running statistics: what a layer wants to remember from call to call, declared where it is computed.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/marks.h>

namespace lanc {

/// x, with the declaration that a function which depends on it and asks for its updates sets `state` to `new_value`. It only declares:
/// optimizer.minimize(loss) and updates_of(v) return the updates that loss or v reaches, a function without updates changes nothing.
/// UserError: `state` is no state, `new_value` has another type.
Value with_update(Operand x, const Value& state, Operand new_value);

/// The updates declared on the way to v (or any of them), one per state, in call order. Where a state was declared twice, the updates chain: what
/// the second call computes from the state, it computes from the first call's new value.
Updates updates_of(Operand v);
Updates updates_of(const std::vector<Value>& values, std::source_location where = std::source_location::current());

}  // namespace lanc
