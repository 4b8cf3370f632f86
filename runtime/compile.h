// runtime/compile.h: the way from a user's graph to a plan, as one page.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <lanc/passes/pipeline.h>
#include <lanc/schedule/plan.h>

namespace lanc {

/// What was asked for, after the general passes: the same for every binding.
struct TidyFunction {
  Graph graph;
  std::vector<std::string> inputs;
};

TidyFunction tidy_function(const Graph& user_graph, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates,
                           const PassContext& context, const PassOptions& options);

/// The plan for one binding of the dims.
std::unique_ptr<Plan> bind_and_plan(const TidyFunction& tidy, const Bindings& bindings, const Backend& backend, const PassContext& context,
                                    const PassOptions& options);

}  // namespace lanc
