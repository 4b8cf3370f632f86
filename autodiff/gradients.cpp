#include <lanc/autodiff/gradients.h>

#include <algorithm>

#include <lanc/autodiff/pull_back.h>
#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/loop.h>

namespace lanc {
namespace {

// Where the way from a wanted value to the outputs ends: the first op on it whose results are no floats, or through which nothing flowed back.
const Node* end_of_way(const Graph& graph, const std::vector<uint32_t>& order, const Value& from, const CotangentSums& sums) {
  std::vector<char> on_way(graph.size(), 0);
  on_way[from.node_id()] = 1;
  for (uint32_t id : order) {
    const Node& node = graph.node(id);
    if (id == from.node_id() || std::none_of(node.inputs.begin(), node.inputs.end(), [&](Ref r) { return on_way[r.node] != 0; })) continue;
    const bool floats = std::any_of(node.outputs.begin(), node.outputs.end(), [](const Type& t) { return is_float(t.dtype); });
    if (!floats || sums.any(id)) return &node;
    on_way[id] = 1;
  }
  return nullptr;
}

[[noreturn]] void refuse_unreached(const Value& wanted, const Node* end) {
  std::string why = " without a way to it", line;
  if (end != nullptr) {
    const Type& result = end->outputs[0];
    std::string reason(end->op->no_gradient);
    if (reason.empty()) reason = is_float(result.dtype) ? "nothing flows back through it" : "its result is " + result.text();
    why = ", whose way ends at " + std::string(end->op->name) + ": " + reason;
    line = "; " + std::string(end->op->name) + " at " + end->origin->text();
  }
  throw UserError("gradients: the output must depend on every wanted value, got " + name_of_value(wanted) + why + "\n  built at " +
                  wanted.node().origin->text() + line + "; take it out of the list, or ask for Unreached::zeros" + call_line());
}

}  // namespace

std::vector<Value> vjp(const std::vector<Value>& outputs, const std::vector<Value>& wrt, const std::vector<Value>& cotangents,
                       Unreached unreached, std::source_location where) {
  const CallSite site("vjp", where, outputs.empty() ? nullptr : outputs[0].graph_data());
  if (outputs.empty() || outputs.size() != cotangents.size())
    throw UserError("vjp: one cotangent per output is needed, got " + std::to_string(cotangents.size()) + " for " +
                    std::to_string(outputs.size()) + call_line());
  require_one_graph("vjp", outputs[0], outputs);
  require_one_graph("vjp", outputs[0], wrt);
  require_one_graph("vjp", outputs[0], cotangents);
  const Graph graph(outputs[0].graph_data());
  require_float_values(wrt);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!(outputs[i].type() == cotangents[i].type()))
      throw UserError("vjp: a cotangent must have its output's type " + outputs[i].type().text() + ", got " + cotangents[i].type().text() + call_line());
  const auto known = static_cast<uint32_t>(graph.size());
  const PullBack walk = pull_back(graph, outputs, cotangents, wrt);
  std::vector<char> in_order(graph.size(), 0);
  for (uint32_t id : walk.order) in_order[id] = 1;
  std::vector<Value> result;
  for (const Value& v : wrt) {
    const Ref r{v.node_id(), v.output()};
    const std::optional<Value> sum = r.node < known && in_order[r.node] ? walk.sums.at(r) : std::nullopt;
    if (!sum && unreached == Unreached::error) refuse_unreached(v, end_of_way(graph, walk.order, v, walk.sums));
    result.push_back(sum ? *sum : zeros_like(v));
  }
  return result;
}

std::vector<Value> gradients(Operand loss, const std::vector<Value>& wrt, Unreached unreached) {
  const CallSite site("gradients", {loss});
  if (loss.rank() != 0 || !is_float(loss.dtype()))
    throw UserError("gradients: a loss must be a float of rank 0, got " + loss.type().text() + "\n  built at " +
                    loss.value().node().origin->text() + "; take sum or mean of it, or use vjp with a cotangent" + call_line());
  Tensor one(loss.dtype(), {});
  one.set(0, 1);
  return vjp({loss.value()}, wrt, {constant(loss.graph(), one)}, unreached);
}

Value gradient(Operand loss, const Value& wrt, Unreached unreached) {
  const CallSite site("gradient", {loss});
  return gradients(loss, {wrt}, unreached)[0];
}

std::vector<Value> hvp(Operand loss, const std::vector<Value>& wrt, const std::vector<Value>& direction) {
  const CallSite site("hvp", {loss});
  require_directions("hvp", "direction", wrt, direction);
  const std::vector<Value> g = gradients(loss, wrt, Unreached::zeros);
  return wrt.empty() ? g : vjp(g, wrt, direction, Unreached::zeros);
}

Value jacobian(Operand y, const Value& x) {
  const CallSite site("jacobian", {y});
  if (!is_float(y.dtype())) throw UserError("jacobian: y must be a float, got " + y.type().text() + "\n  built at " + y.value().node().origin->text() + call_line());
  Shape shape = y.shape();
  shape.insert(shape.end(), x.shape().begin(), x.shape().end());
  const Value rows = vmap({eye(y.graph(), y.type().numel(), y.dtype())}, [&](const std::vector<Value>& row) {
    return vjp({y.value()}, {x}, {reshape(row[0], y.shape())}, Unreached::error);
  })[0];
  return reshape(rows, shape);
}

Value stop_gradient(Operand x) { return apply(stop_gradient_op, {x}); }

}  // namespace lanc
