// graph/verify.h: the invariants of a graph, checked between passes.
#pragma once

#include <lanc/graph/graph.h>

namespace lanc {

/// InternalError naming the pass `after` and the node: an operand that does not come before its user, an output that does not exist,
/// attributes of another op, a type that inference does not give, an update whose type is not its state's.
void verify(const Graph& graph, const char* after);

}  // namespace lanc
