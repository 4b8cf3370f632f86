// interop/graphviz.h: a picture of a graph, laid out by the program `dot` of Graphviz.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

struct GraphvizOptions {
  std::string title = "";
  /// Draw constants and broadcasts as nodes too. Else a scalar constant stands in the label of its user, and a broadcast is left out.
  bool all_nodes = false;
  /// The user's line in each label.
  bool lines = false;
};

/// The dot text. Inputs are green, parameters blue and states violet, in the box of their scope; results have a heavy border; an update is a dashed edge from
/// the new value to its state; a node's label says op, attributes that are not the default, and type. Same graph, same text.
/// Of a graph: its outputs and updates and what they need, or all nodes when it has none. UserError: no values, values of several graphs.
std::string to_graphviz(const Graph& graph, const GraphvizOptions& options = {});
std::string to_graphviz(const std::vector<Value>& values, const GraphvizOptions& options = {});

/// The same into a file; the format is the path's ending: .dot is the text, any other that dot knows (.svg, .png, .pdf) is made by the program `dot`, which
/// may take long above some thousand nodes. Makes the directory when needed. Without the program the text is written beside it (graph.svg -> graph.dot), and
/// the standard error gets one notice. Returns the path that was written. BackendError: the file cannot be written, or dot does not know the format.
std::string write_graphviz(const Graph& graph, const std::string& path, const GraphvizOptions& options = {});
std::string write_graphviz(const std::vector<Value>& values, const std::string& path, const GraphvizOptions& options = {});

}  // namespace lanc
