#include <lanc/passes/pipeline.h>

#include <chrono>

#include <lanc/graph/text.h>
#include <lanc/graph/verify.h>
#include <lanc/passes/passes.h>

namespace lanc {

std::span<const Pass> general_passes() {
  static constexpr Pass passes[] = {
      {"compose", compose},        // composites that no backend keeps become their compositions
      {"expand", expand},          // formulas become one node per scalar primitive
      {"fold", fold},              // what depends on constants only becomes a constant
      {"algebra", algebra},        // x * 1, x - 0, transposes of transposes, stable forms
      {"join_moves", join_moves},  // slices of slices, what is reversed twice, concatenations of what was split
      {"cse", cse},                // equal nodes become one
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

Graph run_passes(Graph graph, std::span<const Pass> passes, const PassContext& context, const PassOptions& options,
                 std::vector<PassTime>* times) {
  if (options.verify) verify(graph, "input");
  for (const Pass& pass : passes) {
    if (options.disabled.count(pass.name) != 0) continue;
    const auto start = std::chrono::steady_clock::now();
    Graph after = pass.run(graph, context);
    if (times != nullptr)
      times->push_back({pass.name, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), graph.size(), after.size()});
    if (options.verify) verify(after, pass.name);
    if (options.dump && to_text(after) != to_text(graph)) options.dump(pass.name, after);
    graph = std::move(after);
  }
  return graph;
}

}  // namespace lanc
