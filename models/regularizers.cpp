#include <lanc/models/regularizers.h>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>

namespace lanc::regularizers {
namespace {

using models::detail::fail;

std::shared_ptr<GraphData> graph_of(const std::vector<Value>& values) { return values.empty() ? nullptr : values[0].graph_data(); }

// Sum over all elements of all values, of f(element); 16-bit floats in f32.
template <class F>
Value total(const std::vector<Value>& values, F f) {
  if (values.empty()) fail("at least one value is needed", "an empty list");
  std::optional<Value> result;
  for (const Value& v : values) {
    models::detail::require_float({"value", v});
    const Value term = sum(f(cast(v, compute_type(v.dtype()))));
    result = result ? *result + term : term;
  }
  return *result;
}

}  // namespace

Value l2(const std::vector<Value>& values, std::source_location where) {
  const CallSite site("l2", where, graph_of(values));
  return 0.5 * total(values, [](const Value& v) { return square(v); });
}

Value l1(const std::vector<Value>& values, std::source_location where) {
  const CallSite site("l1", where, graph_of(values));
  return total(values, [](const Value& v) { return abs(v); });
}

Value elastic_net(const std::vector<Value>& values, ElasticNetOptions options, std::source_location where) {
  const CallSite site("elastic_net", where, graph_of(values));
  return options.l1 * l1(values) + options.l2 * l2(values);
}

Updates max_norm(const Updates& updates, double limit, std::string_view pattern, std::source_location line) {
  const CallSite site("max_norm", line, updates.empty() ? nullptr : updates[0].state.graph_data());
  if (!(limit > 0)) fail("the limit must be positive", number_text(limit));
  Updates result = updates;
  bool any = false;
  for (Update& u : result) {
    const Node& node = u.state.node();
    if (node.op->name != parameter_op.name || u.state.rank() < 2 || !path_matches(pattern, node.attrs<NamedAttrs>().name)) continue;
    any = true;
    std::vector<int64_t> axes;
    for (int64_t i = 1; i < u.state.rank(); ++i) axes.push_back(i);
    const Value w = cast(u.value, compute_type(u.value.dtype()));
    const Value norm = sqrt(sum(square(w), {.axes = axes, .keep = true}));
    u.value = cast(where(greater_than(norm, limit), limit / norm, 1.0) * w, u.value.dtype());
  }
  if (!any) fail("the updates must hold a parameter of rank 2 or more that matches", "'" + std::string(pattern) + "'");
  return result;
}

}  // namespace lanc::regularizers
