// Forward mode: tangents from values on to outputs, a node at a time, by its own rule or by the vjp of its vjp.
#include <algorithm>

#include <lanc/autodiff/gradients.h>
#include <lanc/autodiff/pull_back.h>
#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>

namespace lanc {
namespace {

// The vjp is linear in its cotangents u: the tangent of an output is d/du <vjp(u), tangents>. The value of u does not matter.
Tangents by_double_vjp(const Graph& graph, uint32_t id, const Tangents& tangents) {
  const Node& node = graph.node(id);
  if (node.op->vjp == nullptr) refuse_underivable(node);
  const auto first = static_cast<uint32_t>(graph.size());
  std::vector<Value> seeds;
  std::vector<std::optional<Value>> cotangents(node.outputs.size());
  for (uint32_t k = 0; k < node.outputs.size(); ++k) {
    if (!is_float(node.outputs[k].dtype)) continue;
    seeds.push_back(stop_gradient(zeros_like(Value(graph.data(), id, k))));
    cotangents[k] = seeds.back();
  }
  std::vector<bool> wanted;
  for (const auto& t : tangents) wanted.push_back(t.has_value());
  const Cotangents back = node.op->vjp(VjpArgs(Value(graph.data(), id, 0), cotangents, wanted, derivation));
  std::vector<Value> ends, along;
  for (size_t i = 0; i < back.size() && i < tangents.size(); ++i) {
    if (!tangents[i] || !back[i]) continue;
    ends.push_back(*back[i]);
    along.push_back(*tangents[i]);
  }
  Tangents result(node.outputs.size());
  if (ends.empty()) return result;
  const PullBack walk = pull_back(graph, ends, along, seeds, first);
  for (uint32_t k = 0, next = 0; k < node.outputs.size(); ++k) {
    if (!cotangents[k]) continue;
    const Value& seed = seeds[next++];
    result[k] = walk.sums.at({seed.node_id(), seed.output()});
  }
  return result;
}

Tangents push_forward(const Graph& graph, uint32_t id, const Tangents& tangents) {
  const Node& node = graph.node(id);
  const CallSite site(node.origin, "tangent of " + std::string(node.op->name));
  if (node.op->jvp == nullptr) return by_double_vjp(graph, id, tangents);
  Tangents result = node.op->jvp(JvpArgs(Value(graph.data(), id, 0), tangents));
  if (result.size() != node.outputs.size())
    throw InternalError("jvp of " + std::string(node.op->name) + ": one tangent per output is needed, got " + std::to_string(result.size()));
  for (size_t k = 0; k < result.size(); ++k)
    if (result[k] && !(result[k]->type() == node.outputs[k]))
      throw InternalError("jvp of " + std::string(node.op->name) + ": the tangent of output " + std::to_string(k) + " must be " + node.outputs[k].text() +
                          ", got " + result[k]->type().text());
  return result;
}

// The tangents of all that the outputs need, as far as it moves.
class TangentsOf {
 public:
  TangentsOf(const Graph& graph, const std::vector<Value>& wrt, const std::vector<Value>& tangents) : graph_(graph), of_(graph.size()) {
    for (size_t i = 0; i < wrt.size(); ++i) add({wrt[i].node_id(), wrt[i].output()}, tangents[i]);
  }
  void push(uint32_t id) {
    const Node& node = graph_.node(id);
    Tangents in;
    for (Ref r : node.inputs) in.push_back(at(r));
    if (std::none_of(in.begin(), in.end(), [](const auto& t) { return t.has_value(); })) return;
    if (std::none_of(node.outputs.begin(), node.outputs.end(), [](const Type& t) { return is_float(t.dtype); })) return;
    const Tangents out = push_forward(graph_, id, in);
    for (uint32_t k = 0; k < out.size(); ++k) {
      if (!out[k]) continue;
      require_as(graph_, id, *out[k]);
      add({id, k}, *out[k]);
    }
  }
  std::optional<Value> at(Ref r) const { return of_[r.node].empty() ? std::nullopt : of_[r.node][r.output]; }

 private:
  // A wanted value may itself depend on another one: then both move it.
  void add(Ref to, const Value& tangent) {
    of_[to.node].resize(graph_.node(to.node).outputs.size());
    std::optional<Value>& sum = of_[to.node][to.output];
    sum = sum ? *sum + tangent : tangent;
  }
  const Graph& graph_;
  std::vector<Tangents> of_;
};

}  // namespace

std::vector<Value> jvp(const std::vector<Value>& outputs, const std::vector<Value>& wrt, const std::vector<Value>& tangents, std::source_location where) {
  const CallSite site("jvp", where, outputs.empty() ? nullptr : outputs[0].graph_data());
  require_directions("jvp", "tangent", wrt, tangents);
  if (outputs.empty()) return {};
  const Graph graph(outputs[0].graph_data());
  for (const std::vector<Value>* values : {&outputs, &wrt}) require_one_graph("jvp", outputs[0], *values);
  for (const Value& y : outputs)
    if (!is_float(y.dtype())) throw UserError("jvp: outputs must be floats, got " + y.type().text() + call_line());
  require_float_values(wrt);
  std::vector<Ref> roots;
  for (const Value& y : outputs) roots.push_back({y.node_id(), y.output()});
  const std::vector<uint32_t> order = canonical_order(graph, roots);
  TangentsOf moving(graph, wrt, tangents);
  for (uint32_t id : order) moving.push(id);
  std::vector<Value> result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::optional<Value> tangent = moving.at(roots[i]);
    result.push_back(tangent ? *tangent : zeros_like(outputs[i]));
  }
  return result;
}

}  // namespace lanc
