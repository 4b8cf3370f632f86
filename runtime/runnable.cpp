#include <lanc/runtime/runnable.h>

#include <algorithm>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/ops/body.h>
#include <lanc/ops/marks.h>

namespace lanc {

// The probes and prints on the way to the roots, and those whose operand is on it; in the order in which the operands are computed.
std::vector<Value> watched_values(const std::string& name, const Graph& graph, const std::vector<Value>& roots, std::vector<Watch>& watches) {
  std::vector<Ref> refs;
  for (const Value& v : roots) refs.push_back({v.node_id(), v.output()});
  std::map<uint32_t, size_t> place;  // in the canonical order
  for (uint32_t id : canonical_order(graph, refs)) place.emplace(id, place.size());
  std::vector<std::pair<size_t, uint32_t>> found;
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->effects != Effects::host || !node.attributes.is<WatchAttrs>()) continue;
    const auto operand = place.find(node.inputs[0].node);
    if (operand == place.end()) continue;
    place.emplace(id, operand->second);  // one may watch another
    found.emplace_back(operand->second, id);
  }
  std::sort(found.begin(), found.end());
  std::vector<Value> values;
  std::map<std::string, OriginRef> names;
  for (const auto& [unused, id] : found) {
    const Node& node = graph.node(id);
    const Watch w{node.attrs<WatchAttrs>().name, node.op->name == print_op.name, node.origin};
    if (!w.prints)
      if (const auto [first, fresh] = names.emplace(w.name, w.origin); !fresh)
        throw UserError(name + ": probes must have different names, got two of '" + w.name + "'\n  at " + first->second->text() + " and at " + w.origin->text());
    watches.push_back(w);
    values.push_back(graph.value({id, 0}));
  }
  return values;
}

bool draws(const Graph& graph) {
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->effects == Effects::random || (!node.attributes.is<NamedAttrs>() && std::any_of(node.bodies.begin(), node.bodies.end(), draws))) return true;
  }
  return false;
}

// What stands within a body only is not run; and a strict session gives the same bits whatever runs beside it: ops that cannot promise it are refused.
void require_runnable(const std::string& name, const Graph& graph, const std::vector<Value>& roots, bool strict) {
  std::vector<Ref> refs;
  for (const Value& v : roots) refs.push_back({v.node_id(), v.output()});
  for (uint32_t id : canonical_order(graph, refs)) {
    const Node& node = graph.node(id);
    if (node.op->name == placeholder_op.name)
      throw UserError(name + ": a value of a body must be used within that body, got one that is used outside\n  it stands for '" +
                      node.attrs<PlaceholderAttrs>().name + "' " + node.outputs[0].text() + " of the body at " + node.origin->text());
    if (!strict || node.op->determinism == Determinism::same_bits) continue;
    throw UserError(name + ": a strict session needs ops that give the same bits in every run, got " + std::string(node.op->name) + ", whose results may differ between " +
                    (node.op->determinism == Determinism::same_machine ? "machines" : "runs") + "\n  " + std::string(node.op->name) + " at " + node.origin->text());
  }
}

}  // namespace lanc
