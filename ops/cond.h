// ops/cond.h: one of two graphs is run, by a condition that is known when it runs.
#pragma once

#include <functional>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Operands: condition bool[], captured values. Two bodies, whose inputs are called captured_i and whose outputs have the same types. Results: those
/// of the first body where the condition holds, else of the second.
extern const OpDef cond_op;

using Branch = std::function<std::vector<Value>()>;

/// then() where `condition` (bool[]) holds, else otherwise(). Both are called once, while the graph is built; one of them is run. They may use any
/// value of the graph. The derivative runs the same branch again, forwards and backwards. Elementwise choices, where both sides are cheap, are
/// `where`. UserError: a condition that is not bool[]; branches that return no value, another number of values, or values of other types; a print or
/// probe in a branch.
std::vector<Value> cond(Operand condition, const Branch& then, const Branch& otherwise);

}  // namespace lanc
