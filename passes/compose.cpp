#include <lanc/passes/passes.h>

#include <algorithm>
#include <ranges>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/softmax.h>

namespace lanc {
namespace {

// log(softmax(x)) = log_softmax(x), finite where the softmax is 0 in floating point; softmax_vjp does the like for derivatives.
Graph with_logs_of_softmax(const Graph& graph) {
  const auto is_one = [&](uint32_t id) {
    const Node& n = graph.node(id);
    return n.op->name == "log" && graph.node(n.inputs[0].node).op->name == softmax_op.name;
  };
  const auto ids = std::views::iota(uint32_t{0}, static_cast<uint32_t>(graph.size()));
  if (std::none_of(ids.begin(), ids.end(), is_one)) return graph;
  return rebuild(graph, [](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> Replacement {
    if (node.op->name != "log") return std::nullopt;
    const Node operand = to.node(inputs[0].node);
    if (operand.op->name != softmax_op.name) return std::nullopt;
    const CallSite site(node.origin, "");
    const Value y = log_softmax(to.value(operand.inputs[0]), operand.attrs<SoftmaxAttrs>());
    return std::vector<Ref>{{y.node_id(), y.output()}};
  });
}

}  // namespace

Graph compose(const Graph& graph, const PassContext& context) {
  bool any = false;
  const Graph stable = context.strict ? graph : with_logs_of_softmax(graph);
  Graph result = rebuild(stable, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    if (node.op->compose == nullptr) return std::nullopt;
    any = true;
    std::vector<Value> values;
    for (Ref r : inputs) values.push_back(to.value(r));
    const CallSite site(node.origin, "");
    std::vector<Ref> refs;
    for (const Value& v : node.op->compose(values, node.attributes, *node.op)) refs.push_back({v.node_id(), v.output()});
    return refs;
  });
  // A composition may hold composites itself.
  return any ? compose(result, context) : result;
}

}  // namespace lanc
