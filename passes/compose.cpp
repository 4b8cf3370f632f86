#include <lanc/passes/passes.h>

#include <lanc/graph/rewrite.h>

namespace lanc {

Graph compose(const Graph& graph, const PassContext& context) {
  bool any = false;
  Graph result = rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
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
