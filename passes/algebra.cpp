#include <lanc/passes/passes.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/passes/repeated.h>

namespace lanc {
namespace {

// A node of the graph under construction, seen as a pattern.
struct Term {
  const Graph& graph;
  Ref ref;

  const Node& node() const { return graph.node(ref.node); }
  bool is(std::string_view op) const { return node().op->name == op; }
  Term operand(size_t i) const { return {graph, node().inputs[i]}; }
  Value value() const { return graph.value(ref); }
  const Type& type() const { return node().outputs[ref.output]; }
  // The number that every element is.
  std::optional<double> number() const { return repeated_number(value()); }
  bool is_number(double x) const {
    const auto n = number();
    return n && *n == x;
  }
  // For floats: only the 0 of this sign.
  bool is_zero(bool negative) const {
    const auto n = number();
    return n && *n == 0 && (!is_float(type().dtype) || std::signbit(*n) == negative);
  }
};

// Is 1 / n a power of two that the dtype holds as a normal number? Then x / n = x * (1 / n) to the bit.
bool has_exact_reciprocal(double n, DType dtype) {
  int exponent = 0;
  if (std::abs(std::frexp(n, &exponent)) != 0.5) return false;
  const int reciprocal = 1 - exponent;  // 1 / |n| = 2^reciprocal
  const int largest = dtype == f64 ? 1023 : dtype == f16 ? 15 : 127;
  return 1 - largest <= reciprocal && reciprocal <= largest;
}

using Rewritten = std::optional<Value>;

Rewritten arithmetic(const Term& t, const Term& a, const Term& b) {
  const auto keeps = [&](const Term& operand) { return operand.type() == t.type(); };
  if (t.is("add")) {
    // -0 + 0 is 0, so only -0 changes nothing.
    if (b.is_zero(true) && keeps(a)) return a.value();
    if (a.is_zero(true) && keeps(b)) return b.value();
    if (b.is("neg")) return a.value() - b.operand(0).value();
  }
  if (t.is("sub") && b.is_zero(false) && keeps(a)) return a.value();
  if (t.is("sub") && b.is("neg")) return a.value() + b.operand(0).value();
  if (t.is("mul")) {
    if (b.is_number(1) && keeps(a)) return a.value();
    if (a.is_number(1) && keeps(b)) return b.value();
    if (b.is_number(-1) && keeps(a)) return -a.value();
    if (a.is_number(-1) && keeps(b)) return -b.value();
  }
  if (t.is("div") && b.is_number(1) && keeps(a)) return a.value();
  if (t.is("div") && is_float(t.type().dtype))
    if (const auto n = b.number(); n && has_exact_reciprocal(*n, t.type().dtype)) return a.value() * (1 / *n);
  return std::nullopt;
}

// log(1 + e^x) = softplus(x); log(e^x) = x; log(e^x / s) = x - log(s); log(sigmoid(x)) = -softplus(-x).
Rewritten stable_log(const Term& x) {
  if (!is_float(x.type().dtype)) return std::nullopt;
  if (x.is("add")) {
    for (size_t i = 0; i < 2; ++i)
      if (x.operand(i).is_number(1) && x.operand(1 - i).is("exp")) return softplus(x.operand(1 - i).operand(0).value());
  }
  if (x.is("exp")) return x.operand(0).value();
  if (x.is("div") && x.operand(0).is("exp")) return x.operand(0).operand(0).value() - log(x.operand(1).value());
  if (x.is("sigmoid")) return -softplus(-x.operand(0).value());
  return std::nullopt;
}

Rewritten unary(const Term& t, const Term& x) {
  if (t.is("neg") && x.is("neg")) return x.operand(0).value();
  // Of floats not: where a = b, -(a - b) is -0 and b - a is 0.
  if (t.is("neg") && x.is("sub") && !is_float(t.type().dtype)) return x.operand(1).value() - x.operand(0).value();
  if (t.is("log")) return stable_log(x);
  if (t.is("log1p") && x.is("exp")) return softplus(x.operand(0).value());
  if (t.is("sqrt") && x.is("square")) return abs(x.operand(0).value());
  return std::nullopt;
}

Rewritten layout(const Term& t, const Term& x) {
  if (t.is(reshape_op.name) && x.is(reshape_op.name)) return reshape(x.operand(0).value(), t.type().shape);
  if (t.is(transpose_op.name) && x.is(transpose_op.name)) {
    std::vector<int64_t> axes;
    for (int64_t a : t.node().attrs<TransposeAttrs>().axes) axes.push_back(x.node().attrs<TransposeAttrs>().axes[static_cast<size_t>(a)]);
    return permute(x.operand(0).value(), axes);
  }
  if (t.is(broadcast_op.name) && x.is(broadcast_op.name)) {
    std::vector<int64_t> axes;
    for (int64_t a : x.node().attrs<BroadcastAttrs>().axes) axes.push_back(t.node().attrs<BroadcastAttrs>().axes[static_cast<size_t>(a)]);
    return broadcast_to(x.operand(0).value(), t.type().shape, axes);
  }
  return std::nullopt;
}

// The sum over axes along which the operand is a repetition is a product with their sizes.
Rewritten sum_of_broadcast(const Term& t, const Term& x) {
  if (!x.is(broadcast_op.name) || !is_float(t.type().dtype)) return std::nullopt;
  const auto& attrs = t.node().attrs<ReduceAttrs>();
  const auto& kept = x.node().attrs<BroadcastAttrs>().axes;
  std::vector<int64_t> summed = attrs.axes;
  if (summed.empty())
    for (int64_t a = 0; a < x.type().rank(); ++a) summed.push_back(a);
  Dim count = 1;
  for (int64_t& a : summed) {
    if (a < 0) a += x.type().rank();
    if (std::find(kept.begin(), kept.end(), a) != kept.end()) return std::nullopt;
    count = count * x.type().shape[static_cast<size_t>(a)];
  }
  if (!count.is_number() || count == Dim(0)) return std::nullopt;  // the sum of nothing is 0, 0 * inf is not
  const Value small = x.operand(0).value();
  std::vector<int64_t> axes;  // of the small operand in the result
  for (int64_t k : kept) {
    int64_t at = k;
    if (!attrs.keep)
      for (int64_t a : summed) at -= a < k ? 1 : 0;
    axes.push_back(at);
  }
  const DType dtype = t.type().dtype;
  return broadcast_to(cast(cast(small, compute_type(dtype)) * count.number(), dtype), t.type().shape, axes);
}

// What is computed of repeated scalars is computed once and repeated.
Rewritten elementwise_of_scalars(const Term& t) {
  std::vector<Operand> scalars;
  for (size_t i = 0; i < t.node().inputs.size(); ++i) {
    const Term x = t.operand(i);
    if (!x.is(broadcast_op.name) || x.operand(0).type().rank() != 0) return std::nullopt;
    scalars.emplace_back(x.operand(0).value());
  }
  return broadcast_to(apply(t.node().op, std::move(scalars), t.node().attributes), t.type().shape, {});
}

Rewritten rewrite(const Term& t) {
  const Node& n = t.node();
  if (n.op->family == "elementwise" && t.type().rank() > 0)
    if (const Rewritten once = elementwise_of_scalars(t)) return once;
  if (n.inputs.size() == 2) return arithmetic(t, t.operand(0), t.operand(1));
  if (n.inputs.size() != 1) return std::nullopt;
  if (t.is(sum_op.name)) return sum_of_broadcast(t, t.operand(0));
  if (n.op->family == "layout") return layout(t, t.operand(0));
  return n.op->family == "elementwise" ? unary(t, t.operand(0)) : std::nullopt;
}

}  // namespace

Graph algebra(const Graph& graph, const PassContext& context) {
  if (context.strict) return graph;
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    if (node.outputs.size() != 1 || inputs.empty()) return std::nullopt;
    // The node is built first, as rules look at it among its operands; it is dead when a rule replaces it.
    Node copy = node;
    copy.inputs = inputs;
    const uint32_t id = append_node(*to.data(), std::move(copy));
    const CallSite site(node.origin, "");
    Ref ref{id, 0};
    for (int round = 0; round < 4; ++round) {
      const Rewritten next = rewrite({to, ref});
      if (!next || !(next->type() == node.outputs[0])) break;
      ref = {next->node_id(), next->output()};
    }
    return std::vector<Ref>{ref};
  });
}

}  // namespace lanc
