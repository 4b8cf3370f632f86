// graph/parse.h: reads the text form of a graph back: what to_text wrote becomes a graph with the same text, types and results.
#pragma once

#include <string>

#include <lanc/graph/graph.h>

namespace lanc {

/// Ops are found by name in `ops` (all_ops(), plus the user's own). The text is not trusted: UserError with the line and what was expected there, for a
/// word out of place, an op that is not in the set, an operand that was not defined before, a name given twice, attributes of another op, and
/// types that the op's inference rule does not give.
///
/// What the text leaves out is left out here too: which random nodes share a scope, and the updates that layers only declared.
Graph parse_graph(const std::string& text, const OpSet& ops);

}  // namespace lanc
