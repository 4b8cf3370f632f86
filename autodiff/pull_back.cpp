#include <lanc/autodiff/pull_back.h>

#include <algorithm>

#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>

namespace lanc {

std::vector<char> dependents(const Graph& graph, const std::vector<uint32_t>& order, const std::vector<Value>& sources, uint32_t first) {
  std::vector<char> reached(graph.size() - first, 0);
  for (const Value& v : sources)
    if (v.node_id() >= first) reached[v.node_id() - first] = 1;
  for (uint32_t id : order)
    for (Ref r : graph.node(id).inputs)
      if (r.node >= first) reached[id - first] |= reached[r.node - first];
  return reached;
}

void CotangentSums::add(Ref to, const Value& contribution) {
  if (to.node < first_) return;
  auto& outputs = sums_[to.node - first_];
  outputs.resize(graph_.node(to.node).outputs.size());
  std::optional<Value>& sum = outputs[to.output];
  sum = sum ? *sum + contribution : contribution;
}

bool CotangentSums::any(uint32_t node) const {
  const auto& outputs = sums_[node - first_];
  return std::any_of(outputs.begin(), outputs.end(), [](const auto& v) { return v.has_value(); });
}

std::vector<std::optional<Value>> CotangentSums::of(uint32_t node) const {
  auto result = sums_[node - first_];
  result.resize(graph_.node(node).outputs.size());
  return result;
}

std::optional<Value> CotangentSums::at(Ref r) const {
  if (r.node < first_ || r.node - first_ >= sums_.size() || sums_[r.node - first_].empty()) return std::nullopt;
  return sums_[r.node - first_][r.output];
}

void require_as(const Graph& graph, uint32_t id, const Value& derivative) {
  std::vector<DimConstraint>& all = graph.data()->constraints;
  for (size_t k = 0, count = all.size(); k < count; ++k)
    if (all[k].node == id) all.push_back({all[k].a, all[k].b, all[k].message, derivative.node_id(), all[k].at_most});
}

void refuse_underivable(const Node& node) {
  const std::string name(node.op->name);
  throw UserError("gradients: every op on the way must have a derivative, got " + name + ": " +
                  (node.op->no_gradient.empty() ? "it declares none" : std::string(node.op->no_gradient)) + "\n  " + name + " at " + node.origin->text());
}

namespace {

void check_cotangent(const Node& node, size_t input, const Type& wanted, const Value& got) {
  if (!(got.type().dtype == wanted.dtype) || got.shape().size() != wanted.shape.size())
    throw InternalError("vjp of " + std::string(node.op->name) + ": the cotangent of input " + std::to_string(input) + " must be " +
                        wanted.text() + ", got " + got.type().text());
}

Value zeros(const Value& like) { return zeros_like(like); }

std::vector<std::optional<Value>> differentiate(const std::vector<Value>& outputs, const std::vector<Value>& cotangents, const std::vector<Value>& wanted) {
  if (outputs.empty()) return std::vector<std::optional<Value>>(wanted.size());
  const PullBack walk = pull_back(outputs[0].graph(), outputs, cotangents, wanted);
  std::vector<std::optional<Value>> result;
  for (const Value& v : wanted) result.push_back(walk.sums.at({v.node_id(), v.output()}));
  return result;
}

void propagate(const Graph& graph, uint32_t id, const std::vector<bool>& wanted, CotangentSums& sums) {
  const Node& node = graph.node(id);
  if (node.op->vjp == nullptr) refuse_underivable(node);
  const CallSite site(node.origin, "backward of " + std::string(node.op->name));
  const Cotangents back = node.op->vjp(VjpArgs(Value(graph.data(), id, 0), sums.of(id), wanted, derivation));
  if (back.size() != node.inputs.size())
    throw InternalError("vjp of " + std::string(node.op->name) + ": one cotangent per input is needed, got " + std::to_string(back.size()));
  for (size_t i = 0; i < back.size(); ++i) {
    if (!wanted[i] || !back[i]) continue;
    const Ref to = node.inputs[i];
    check_cotangent(node, i, graph.node(to.node).outputs[to.output], *back[i]);
    require_as(graph, id, *back[i]);
    sums.add(to, *back[i]);
  }
}

}  // namespace

const Derivation derivation{.zeros = zeros, .differentiate = differentiate};

PullBack pull_back(const Graph& graph, const std::vector<Value>& outputs, const std::vector<Value>& cotangents, const std::vector<Value>& wanted,
                   uint32_t first) {
  std::vector<Ref> roots;
  for (const Value& v : outputs) roots.push_back({v.node_id(), v.output()});
  PullBack walk{canonical_order(graph, roots, first), CotangentSums(graph, first)};
  const std::vector<char> reached = dependents(graph, walk.order, wanted, first);
  for (size_t i = 0; i < outputs.size(); ++i) walk.sums.add(roots[i], cotangents[i]);
  // A wanted value stops the walk only at itself: what it depends on is not needed for it, but may be wanted too.
  for (auto id = walk.order.rbegin(); id != walk.order.rend(); ++id) {
    if (!reached[*id - first] || !walk.sums.any(*id)) continue;
    std::vector<bool> wants;
    for (Ref r : graph.node(*id).inputs)
      wants.push_back(r.node >= first && reached[r.node - first] != 0 && is_float(graph.node(r.node).outputs[r.output].dtype));
    if (std::find(wants.begin(), wants.end(), true) != wants.end()) propagate(graph, *id, wants, walk.sums);
  }
  return walk;
}

std::string call_line() {
  const SourceLine line = CallSite::user_line();
  return line.known() ? "\n  " + std::string(CallSite::function()) + " at " + line.text() : "";
}

std::string name_of_value(const Value& v) {
  const Node& n = v.node();
  return n.attributes.is<NamedAttrs>() ? "'" + n.attrs<NamedAttrs>().name + "'" : std::string(n.op->name) + " " + v.type().text();
}

void require_float_values(const std::vector<Value>& wrt) {
  for (const Value& v : wrt)
    if (!is_float(v.dtype()))
      throw UserError("gradients: a derivative needs a float value, got " + name_of_value(v) + " of " + v.type().text() + "\n  built at " +
                      v.node().origin->text() + call_line());
}

void require_one_graph(const std::string& what, const Value& first, const std::vector<Value>& values) {
  for (const Value& v : values)
    if (v.graph_data() != first.graph_data())
      throw UserError(what + ": values must belong to one graph, got a value of another graph at " + v.node().origin->text() + call_line());
}

void require_directions(const std::string& what, const char* direction, const std::vector<Value>& wrt, const std::vector<Value>& directions) {
  if (wrt.size() != directions.size())
    throw UserError(what + ": one " + direction + " per value is needed, got " + std::to_string(directions.size()) + " for " + std::to_string(wrt.size()) +
                    call_line());
  for (size_t i = 0; i < wrt.size(); ++i) {
    require_one_graph(what, wrt[i], {directions[i]});
    if (!(directions[i].type() == wrt[i].type()))
      throw UserError(what + ": a " + direction + " must have its value's type " + wrt[i].type().text() + ", got " + directions[i].type().text() + call_line());
  }
}

}  // namespace lanc
