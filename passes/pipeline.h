// passes/pipeline.h: the passes in their order, and how they are run: each verified, timed and dumped on request.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <lanc/graph/capabilities.h>
#include <lanc/graph/graph.h>

namespace lanc {

/// What passes need from layers above them, handed in.
struct PassContext {
  /// Computes one node on the host: for constant folding. May be empty: then nothing is folded.
  std::function<std::vector<Tensor>(const Node&, std::span<const Tensor>)> evaluate;
  Capabilities capabilities;
  bool strict = false;  // no rewrite that changes bits
};

/// A graph in, a graph out. The header of each pass says: does, needs, leaves, why here.
struct Pass {
  const char* name;
  Graph (*run)(const Graph& graph, const PassContext& context);
};

/// Symbolic, once for all bindings.
std::span<const Pass> general_passes();
/// For one device and bound sizes.
std::span<const Pass> target_passes();

struct PassOptions {
  std::set<std::string> disabled = {};
  bool verify = false;
  std::function<void(const char* pass, const Graph& after)> dump = {};  // called when a pass changed the text
};

struct PassTime {
  std::string name;
  double seconds = 0;
  size_t nodes_before = 0, nodes_after = 0;
};

Graph run_passes(Graph graph, std::span<const Pass> passes, const PassContext& context, const PassOptions& options,
                 std::vector<PassTime>* times = nullptr);

}  // namespace lanc
