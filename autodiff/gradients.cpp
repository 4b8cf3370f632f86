#include <lanc/autodiff/gradients.h>

#include <algorithm>

#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/op_set.h>

namespace lanc {
namespace {

// Marks the nodes that depend on any of `sources`.
std::vector<char> dependents(const Graph& graph, const std::vector<uint32_t>& order, const std::vector<Value>& sources) {
  std::vector<char> reached(graph.size(), 0);
  for (const Value& v : sources) reached[v.node_id()] = 1;
  for (uint32_t id : order)
    for (Ref r : graph.node(id).inputs) reached[id] |= reached[r.node];
  return reached;
}

// Collects the contributions to each output of each node, and sums them in the order in which they came.
class CotangentSums {
 public:
  explicit CotangentSums(const Graph& graph) : graph_(graph), sums_(graph.size()) {}

  void add(Ref to, const Value& contribution) {
    auto& outputs = sums_[to.node];
    outputs.resize(graph_.node(to.node).outputs.size());
    std::optional<Value>& sum = outputs[to.output];
    sum = sum ? *sum + contribution : contribution;
  }
  bool any(uint32_t node) const {
    return std::any_of(sums_[node].begin(), sums_[node].end(), [](const auto& v) { return v.has_value(); });
  }
  std::vector<std::optional<Value>> of(uint32_t node) const {
    auto result = sums_[node];
    result.resize(graph_.node(node).outputs.size());
    return result;
  }
  std::optional<Value> at(Ref r) const { return sums_[r.node].empty() ? std::nullopt : sums_[r.node][r.output]; }

 private:
  const Graph& graph_;
  std::vector<std::vector<std::optional<Value>>> sums_;
};

void check_cotangent(const Node& node, size_t input, const Type& wanted, const Value& got) {
  if (!(got.type().dtype == wanted.dtype) || got.shape().size() != wanted.shape.size())
    throw InternalError("vjp of " + std::string(node.op->name) + ": the cotangent of input " + std::to_string(input) + " must be " +
                        wanted.text() + ", got " + got.type().text());
}

Value zeros(const Value& like) { return zeros_like(like); }

// What node `id` requires of dims is required of its backward as well, which a function may run without it.
void require_as(const Graph& graph, uint32_t id, const Value& back) {
  std::vector<DimConstraint>& all = graph.data()->constraints;
  for (size_t k = 0, count = all.size(); k < count; ++k)
    if (all[k].node == id) all.push_back({all[k].a, all[k].b, all[k].message, back.node_id(), all[k].at_most});
}

void propagate(const Graph& graph, uint32_t id, const std::vector<char>& reached, CotangentSums& sums) {
  const Node& node = graph.node(id);
  std::vector<bool> wanted;
  bool any = false;
  for (Ref r : node.inputs) {
    const bool want = reached[r.node] != 0 && is_float(graph.node(r.node).outputs[r.output].dtype);
    wanted.push_back(want);
    any |= want;
  }
  if (!any) return;
  if (node.op->vjp == nullptr)
    throw UserError("gradients: every op on the way must have a derivative, got " + std::string(node.op->name) + ": " +
                    (node.op->no_gradient.empty() ? "it declares none" : std::string(node.op->no_gradient)) + "\n  " +
                    std::string(node.op->name) + " at " + node.origin->text());
  const CallSite site(node.origin, "backward of " + std::string(node.op->name));
  const Cotangents back = node.op->vjp(VjpArgs(Value(graph.data(), id, 0), sums.of(id), wanted, zeros));
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

// "\n  vjp at train.cpp:42": the user's call.
std::string call_line() {
  const SourceLine line = CallSite::user_line();
  return line.known() ? "\n  " + std::string(CallSite::function()) + " at " + line.text() : "";
}

void require_one_graph(const char* what, const Value& first, const std::vector<Value>& values) {
  for (const Value& v : values)
    if (v.graph_data() != first.graph_data())
      throw UserError(std::string(what) + ": values must belong to one graph, got a value of another graph at " + v.node().origin->text() + call_line());
}

// Of jvp and hvp: one tangent (direction) per value, of its type.
void require_directions(const std::string& what, const char* direction, const std::vector<Value>& wrt, const std::vector<Value>& directions) {
  if (wrt.size() != directions.size())
    throw UserError(what + ": one " + direction + " per value is needed, got " + std::to_string(directions.size()) + " for " + std::to_string(wrt.size()) +
                    call_line());
  for (size_t i = 0; i < wrt.size(); ++i) {
    require_one_graph(what.c_str(), wrt[i], {directions[i]});
    if (!(directions[i].type() == wrt[i].type()))
      throw UserError(what + ": a " + direction + " must have its value's type " + wrt[i].type().text() + ", got " + directions[i].type().text() + call_line());
  }
}

std::string name_of_value(const Value& v) {
  const Node& n = v.node();
  return n.attributes.is<NamedAttrs>() ? "'" + n.attrs<NamedAttrs>().name + "'" : std::string(n.op->name) + " " + v.type().text();
}

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

struct CustomContext {
  std::string name;
  CustomBackward backward;
  size_t inputs = 0;
  OpDef def;
};

// Operands: the inputs, then the outputs of the forward composition; results: copies of the latter.
Types custom_types(const InferArgs& args) {
  const auto& context = *static_cast<const CustomContext*>(args.op().context);
  Types types;
  for (size_t i = context.inputs; i < args.size(); ++i) types.push_back(args.input(i));
  return types;
}

// Without derivatives the node is its forward composition.
std::vector<Value> custom_compose(const std::vector<Value>& inputs, const Attributes&, const OpDef& op) {
  const auto& context = *static_cast<const CustomContext*>(op.context);
  return {inputs.begin() + static_cast<std::ptrdiff_t>(context.inputs), inputs.end()};
}

void check_custom(const CustomContext& context, const std::vector<Value>& inputs, const Cotangents& result) {
  const auto fail = [&](const std::string& text) {
    throw UserError("custom_vjp '" + context.name + "': " + text + "\n  custom_vjp at " + CallSite::user_line().text());
  };
  if (result.size() != inputs.size())
    fail("backward must return one cotangent per input, got " + std::to_string(result.size()) + " for " + std::to_string(inputs.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    if (!result[i]) continue;
    if (result[i]->graph_data() != inputs[i].graph_data()) fail("cotangents must belong to the graph of the inputs, got a value of another graph");
    if (!(result[i]->type() == inputs[i].type()))
      fail("a cotangent must have its input's type " + inputs[i].type().text() + ", got " + result[i]->type().text() + " for input " + std::to_string(i));
  }
}

Cotangents custom_backward(const VjpArgs& args) {
  const auto& context = *static_cast<const CustomContext*>(args.op().context);
  std::vector<Value> inputs, outputs, cotangents;
  for (size_t i = 0; i < context.inputs; ++i) inputs.push_back(args.input(i));
  for (size_t i = 0; context.inputs + i < args.inputs(); ++i) {
    outputs.push_back(args.output(i));
    cotangents.push_back(args.cotangent(i));
  }
  Cotangents result = context.backward(inputs, outputs, cotangents);
  check_custom(context, inputs, result);
  result.resize(args.inputs());
  return result;
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
  for (const Value& v : wrt)
    if (!is_float(v.dtype()))
      throw UserError("gradients: a derivative needs a float value, got " + name_of_value(v) + " of " + v.type().text() + "\n  built at " +
                      v.node().origin->text() + call_line());
  std::vector<Ref> roots;
  for (const Value& v : outputs) roots.push_back({v.node_id(), v.output()});
  const std::vector<uint32_t> order = canonical_order(graph, roots);
  const std::vector<char> reached = dependents(graph, order, wrt);
  CotangentSums sums(graph);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!(outputs[i].type() == cotangents[i].type()))
      throw UserError("vjp: a cotangent must have its output's type " + outputs[i].type().text() + ", got " + cotangents[i].type().text() + call_line());
    sums.add(roots[i], cotangents[i]);
  }
  // A wanted value stops the walk only at itself: what it depends on is not needed for it, but may be wanted too.
  for (auto id = order.rbegin(); id != order.rend(); ++id)
    if (reached[*id] && sums.any(*id)) propagate(graph, *id, reached, sums);
  std::vector<char> in_order(graph.size(), 0);
  for (uint32_t id : order) in_order[id] = 1;
  std::vector<Value> result;
  for (const Value& v : wrt) {
    const Ref r{v.node_id(), v.output()};
    const std::optional<Value> sum = r.node < in_order.size() && in_order[r.node] ? sums.at(r) : std::nullopt;
    if (!sum && unreached == Unreached::error) refuse_unreached(v, end_of_way(graph, order, v, sums));
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

std::vector<Value> jvp(const std::vector<Value>& outputs, const std::vector<Value>& wrt, const std::vector<Value>& tangents, std::source_location where) {
  const CallSite site("jvp", where, outputs.empty() ? nullptr : outputs[0].graph_data());
  require_directions("jvp", "tangent", wrt, tangents);
  // The vjp is linear in its cotangents u: jvp = d/du <vjp(u), tangents>. The value of u does not matter.
  std::vector<Value> result;
  for (const Value& y : outputs) {
    if (!is_float(y.dtype())) throw UserError("jvp: outputs must be floats, got " + y.type().text() + call_line());
    if (wrt.empty()) {
      result.push_back(zeros_like(y));
      continue;
    }
    const Value u = stop_gradient(zeros_like(y));
    const std::vector<Value> back = vjp({y}, wrt, {u});
    result.push_back(vjp(back, {u}, tangents)[0]);
  }
  return result;
}

std::vector<Value> hvp(Operand loss, const std::vector<Value>& wrt, const std::vector<Value>& direction) {
  const CallSite site("hvp", {loss});
  require_directions("hvp", "direction", wrt, direction);
  const std::vector<Value> g = gradients(loss, wrt, Unreached::zeros);
  return wrt.empty() ? g : vjp(g, wrt, direction, Unreached::zeros);
}

Value stop_gradient(Operand x) { return apply(stop_gradient_op, {x}); }

std::vector<Value> custom_vjp(std::string_view name, const std::vector<Value>& inputs, const CustomForward& forward, CustomBackward backward,
                              std::source_location where) {
  const CallSite site("custom_vjp", where, inputs.empty() ? nullptr : inputs[0].graph_data());
  require_own_name("custom_vjp", name);
  if (inputs.empty()) throw UserError("custom_vjp: at least one input is needed, got none" + call_line());
  const std::vector<Value> outputs = forward(inputs);
  if (outputs.empty()) throw UserError("custom_vjp '" + std::string(name) + "': forward must return at least one value, got none" + call_line());
  auto context = std::make_shared<CustomContext>();
  context->name = std::string(name);
  context->backward = std::move(backward);
  context->inputs = inputs.size();
  context->def = OpDef{.name = context->name, .family = "custom", .arity = -1, .infer = custom_types, .vjp = custom_backward,
                       .compose = custom_compose,
                       .context = context.get(), .doc = "A user's composition with a derivative of its own."};
  std::vector<Operand> operands;
  for (const std::vector<Value>* values : {&inputs, &outputs})
    for (const Value& v : *values) operands.emplace_back(v, where);
  return apply_all(OpRef(context, &context->def), operands);
}

}  // namespace lanc
