#include <lanc/passes/pipeline.h>

#include <algorithm>
#include <chrono>

#include <lanc/graph/rewrite.h>
#include <lanc/graph/text.h>
#include <lanc/graph/verify.h>
#include <lanc/passes/passes.h>

namespace lanc {

std::span<const Pass> general_passes() {
  static constexpr Pass passes[] = {
      {"merge_loops", merge_loops},  // a loop and the one that keeps more of it for a derivative become one
      {"compose", compose},        // composites that no backend keeps become their compositions
      {"expand", expand},          // formulas become one node per scalar primitive
      {"fold", fold},              // what depends on constants only becomes a constant
      {"algebra", algebra},        // x * 1, x - 0, transposes of transposes, stable forms
      {"join_moves", join_moves},  // slices of slices, what is reversed twice, concatenations of what was split
      {"cse", cse},                // equal nodes become one
      {"hoist", hoist},            // x W for all iterations at once
      {"prune_loops", prune_loops},  // what nobody reads of a loop's results is not computed
  };
  return passes;
}

std::span<const Pass> target_passes() {
  static constexpr Pass passes[] = {
      {"fold", fold},                      // sizes are numbers now
      {"algebra", algebra},                // and so are the rules that ask for them
      {"join_moves", join_moves},          //
      {"cse", cse},                        //
      {"contract_flags", contract_flags},  // transposes are read by the product itself
      {"fuse", fuse},                      // elementwise nodes and reductions share loop nests
  };
  return passes;
}

namespace {

// A pass sees one graph; the bodies of loops and branches are graphs of their own. (Initial values of states are made on the host.)
Graph run_within(const Pass& pass, const Graph& graph, const PassContext& context) {
  const auto runs_graphs = [](const Node& node) { return !node.bodies.empty() && !node.attributes.is<NamedAttrs>(); };
  Graph after = pass.run(graph, context);
  std::deque<Node>& nodes = after.data()->nodes;
  if (std::none_of(nodes.begin(), nodes.end(), runs_graphs)) return after;
  if (after == graph) after = rebuild(graph, nullptr);  // others may hold it
  for (Node& node : after.data()->nodes)
    if (runs_graphs(node))
      for (Graph& body : node.bodies) body = run_within(pass, body, context);
  return after;
}

}  // namespace

Graph run_passes(Graph graph, std::span<const Pass> passes, const PassContext& context, const PassOptions& options,
                 std::vector<PassTime>* times) {
  if (options.verify) verify(graph, "input");
  for (const Pass& pass : passes) {
    if (options.disabled.count(pass.name) != 0) continue;
    const auto start = std::chrono::steady_clock::now();
    Graph after = run_within(pass, graph, context);
    if (times != nullptr)
      times->push_back({pass.name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), graph.size(), after.size()});
    if (options.verify) verify(after, pass.name);
    if (options.dump && to_text(after) != to_text(graph)) options.dump(pass.name, after);
    graph = std::move(after);
  }
  return graph;
}

}  // namespace lanc
