#include <lanc/runtime/compile.h>

#include <lanc/graph/rewrite.h>

namespace lanc {

TidyFunction tidy_function(const Graph& user_graph, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates,
                           const PassContext& context, const PassOptions& options) {
  TidyFunction tidy{Graph(), {}};
  for (const Value& v : inputs) tidy.inputs.push_back(v.node().attrs<NamedAttrs>().name);
  const Graph full = extract(user_graph, inputs, outputs, updates);
  tidy.graph = run_passes(full, general_passes(), context, options);
  return tidy;
}

std::unique_ptr<Plan> bind_and_plan(const TidyFunction& tidy, const Bindings& bindings, const Backend& backend, const PassContext& context,
                                    const PassOptions& options) {
  const Graph bound = bind_dims(tidy.graph, bindings);
  const Graph lowered = run_passes(bound, target_passes(), context, options);
  return make_plan(lowered, backend, tidy.inputs);
}

}  // namespace lanc
