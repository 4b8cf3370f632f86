#include <lanc/models/updates.h>

#include <algorithm>
#include <map>

#include <lanc/models/requirements.h>

namespace lanc {
namespace {

bool is_declaration(const Node& node) { return node.op->name == with_update_op.name; }

// `value`, a function of `state`, at `replacement` in the state's place.
Value rebased(const Value& value, const Value& state, const Value& replacement) {
  const std::shared_ptr<GraphData>& data = value.graph_data();
  std::map<uint32_t, uint32_t> clones;
  const Ref old{state.node_id(), state.output()}, fresh{replacement.node_id(), replacement.output()};
  const auto replaced = [&](Ref r) {
    if (r == old) return fresh;
    const auto found = clones.find(r.node);
    return found == clones.end() ? r : Ref{found->second, r.output};
  };
  const Ref root{value.node_id(), value.output()};
  for (uint32_t id : canonical_order(Graph(data), {&root, 1})) {
    Node copy = data->nodes[id];
    if (is_declaration(copy)) copy.inputs[1] = old, copy.inputs[2] = {};  // what it declares is no part of its value
    bool changed = false;
    for (size_t i = 0; i < (is_declaration(copy) ? 1 : copy.inputs.size()); ++i) {
      const Ref to = replaced(copy.inputs[i]);
      changed |= !(to == copy.inputs[i]);
      copy.inputs[i] = to;
    }
    if (!changed) continue;
    if (is_declaration(copy)) clones[id] = copy.inputs[0].node;
    else clones[id] = append_node(*data, std::move(copy));
  }
  const Ref result = replaced(root);
  return {data, result.node, result.output};
}

Updates declared_updates(const std::vector<Value>& values) {
  const std::shared_ptr<GraphData>& data = values[0].graph_data();
  std::vector<Ref> roots;
  for (const Value& v : values) roots.push_back({v.node_id(), v.output()});
  std::vector<uint32_t> declarations;
  for (uint32_t id : canonical_order(Graph(data), roots))
    if (is_declaration(data->nodes[id])) declarations.push_back(id);
  std::sort(declarations.begin(), declarations.end());  // call order
  Updates updates;
  for (uint32_t id : declarations) {
    const Graph graph(data);
    const Value state = graph.value(data->nodes[id].inputs[1]), value = graph.value(data->nodes[id].inputs[2]);
    const auto before = std::find_if(updates.begin(), updates.end(), [&](const Update& u) { return u.state == state; });
    if (before == updates.end()) updates.push_back({state, value});
    else before->value = rebased(value, state, before->value);
  }
  return updates;
}

}  // namespace

Value with_update(Operand x, const Value& state, Operand new_value) {
  const CallSite site("with_update", {x, new_value});
  const models::detail::Named s{"state", state}, n{"new value", new_value};
  if (state.node().op->effects != Effects::state) models::detail::fail("the state must be a state or parameter", std::string(state.node().op->name), {s});
  if (!(state.type() == n.value.type())) models::detail::fail("the new value must have the state's type", models::detail::types_text({s, n}), {s, n});
  return apply(with_update_op, {x, state, new_value});
}

Updates updates_of(Operand v) {
  const CallSite site("updates_of", {v});
  return declared_updates({v.value()});
}

Updates updates_of(const std::vector<Value>& values, std::source_location where) {
  if (values.empty()) return {};
  const CallSite site("updates_of", where, values[0].graph_data());
  return declared_updates(values);
}

}  // namespace lanc
