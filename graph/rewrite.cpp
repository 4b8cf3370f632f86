#include <lanc/graph/rewrite.h>

#include <set>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

void carry_declarations(const GraphData& from, GraphData& to) {
  to.dims = from.dims;
  to.constraints = from.constraints;
}

// Clones the needed nodes in order; `map` takes an old (node, output) to the new one.
class Cloner {
 public:
  Cloner(const Graph& from, const Graph& to) : from_(from), to_(to), map_(from.size()) {}

  void clone(std::span<const uint32_t> order, const Replace& replace) {
    for (uint32_t id : order) {
      const Node& node = from_.node(id);
      std::vector<Ref> inputs;
      inputs.reserve(node.inputs.size());
      for (Ref r : node.inputs) inputs.push_back(at(r));
      Replacement made = replace ? replace(node, id, inputs, to_) : std::nullopt;
      if (made && made->size() != node.outputs.size()) throw InternalError("rebuild: a replacement needs one value per output of " + std::string(node.op->name));
      if (!made) {
        const uint32_t fresh = clone_node(node, std::move(inputs), *to_.data());
        made.emplace();
        for (uint32_t k = 0; k < node.outputs.size(); ++k) made->push_back({fresh, k});
      }
      map_[id] = std::move(*made);
    }
  }
  Ref at(Ref old) const { return map_[old.node].at(old.output); }

 private:
  const Graph& from_;
  const Graph& to_;
  std::vector<std::vector<Ref>> map_;
};

}  // namespace

uint32_t clone_node(const Node& node, std::vector<Ref> inputs, GraphData& to) {
  Node copy = node;
  copy.inputs = std::move(inputs);
  const uint32_t id = append_node(to, std::move(copy));
  if (node.attributes.is<NamedAttrs>()) to.named.emplace(node.attrs<NamedAttrs>().name, id);
  return id;
}

Graph with_declarations_of(const Graph& from) {
  Graph to;
  carry_declarations(*from.data(), *to.data());
  return to;
}

Graph rebuild(const Graph& from, const Replace& replace) {
  Graph to = with_declarations_of(from);
  std::vector<Ref> roots = from.data()->outputs;
  for (const auto& [state, value] : from.data()->updates) {
    roots.push_back(value);
    roots.push_back(state);
  }
  for (const auto& [name, id] : from.data()->named)
    if (from.node(id).op->name == input_op.name) roots.push_back({id, 0});
  Cloner cloner(from, to);
  cloner.clone(canonical_order(from, roots), replace);
  for (Ref r : from.data()->outputs) to.data()->outputs.push_back(cloner.at(r));
  for (const auto& [state, value] : from.data()->updates) to.data()->updates.emplace_back(cloner.at(state), cloner.at(value));
  return to;
}

Graph extract(const Graph& user_graph, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates) {
  Graph to;
  carry_declarations(*user_graph.data(), *to.data());
  std::vector<Ref> roots;
  const auto ref = [](const Value& v) { return Ref{v.node_id(), v.output()}; };
  for (const Value& v : outputs) roots.push_back(ref(v));
  for (const Update& u : updates) {
    roots.push_back(ref(u.value));
    roots.push_back(ref(u.state));
  }
  for (const Value& v : inputs) roots.push_back(ref(v));
  const std::vector<uint32_t> order = canonical_order(user_graph, roots);
  const std::set<uint32_t> kept(order.begin(), order.end());
  std::erase_if(to.data()->constraints, [&](DimConstraint& c) {
    const bool other = c.node != DimConstraint::any_node && kept.count(c.node) == 0;
    c.node = DimConstraint::any_node;
    return other;
  });
  Cloner cloner(user_graph, to);
  cloner.clone(order, nullptr);
  for (const Value& v : outputs) to.data()->outputs.push_back(cloner.at(ref(v)));
  for (const Update& u : updates) to.data()->updates.emplace_back(cloner.at(ref(u.state)), cloner.at(ref(u.value)));
  return to;
}

namespace {

// "a is 4 and b is 5", or of the one that is not a number anyway.
std::string bound_sizes(const DimConstraint& c, int64_t a, int64_t b) {
  const auto is = [](const Dim& d, int64_t size) { return d.text() + " is " + std::to_string(size); };
  if (c.a.is_number()) return is(c.b, b);
  return is(c.a, a) + (c.b.is_number() ? "" : " and " + is(c.b, b));
}

}  // namespace

Graph bind_dims(const Graph& graph, const Bindings& bindings) {
  for (const DimConstraint& c : graph.data()->constraints) {
    bool known = true;
    for (const Dim* d : {&c.a, &c.b})
      for (const std::string& s : d->symbols()) known &= bindings.count(s) != 0;
    if (!known) continue;  // about a part of the graph that this function does not use
    const int64_t a = c.a.bind(bindings), b = c.b.bind(bindings);
    if (c.at_most ? a <= b : a == b) continue;
    throw UserError(c.message + "\n  here " + bound_sizes(c, a, b));
  }
  Graph bound = rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> Replacement {
    Node copy = node;
    copy.attributes = node.attributes.substitute(bindings);
    for (Type& t : copy.outputs)
      for (Dim& d : t.shape) d = d.substitute(bindings);
    for (Graph& body : copy.bodies) body = bind_dims(body, bindings);
    const uint32_t id = clone_node(copy, inputs, *to.data());
    std::vector<Ref> refs;
    for (uint32_t k = 0; k < copy.outputs.size(); ++k) refs.push_back({id, k});
    return refs;
  });
  bound.data()->constraints.clear();
  return bound;
}

}  // namespace lanc
