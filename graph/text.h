// graph/text.h: the text form of a graph: one line a node, the same for the same graph whatever order its parts were built in.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

struct TextOptions {
  bool lines = true;    // what comes after `;`: the user's line < the library's line
  bool initial = true;  // the graphs of initial values, indented below their parameter
};

/// What the outputs and updates need, in canonical order; all nodes when there are neither.
std::string to_text(const Graph& graph, const TextOptions& options = {});
/// What these values need, with them as outputs.
std::string to_text(const std::vector<Value>& values, const TextOptions& options = {});

}  // namespace lanc
