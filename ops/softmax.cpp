#include <lanc/ops/softmax.h>

#include <limits>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

Types softmax_types(const InferArgs& args) {
  args.require_float();
  if (args.shape(0).empty()) args.fail("rank must be at least 1", args.types_text());
  args.axis(args.attrs<SoftmaxAttrs>().axis, args.input(0).rank());
  return {args.input(0)};
}

Cost softmax_cost(const CostArgs& args) { return {args.inputs[0].numel() * 4, args.inputs[0].bytes() + args.outputs[0].bytes()}; }

ReduceAttrs along(const Attributes& attributes) { return {.axes = {attributes.as<SoftmaxAttrs>().axis}, .keep = true}; }

std::vector<Value> softmax_composition(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef&) {
  const DType dtype = inputs[0].dtype();
  const Value x = cast(inputs[0], compute_type(dtype));
  const Value e = exp(x - reduce_max(x, along(attributes)));
  return {cast(e / sum(e, along(attributes)), dtype)};
}

std::vector<Value> log_softmax_composition(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef&) {
  const DType dtype = inputs[0].dtype();
  const Value x = cast(inputs[0], compute_type(dtype));
  const Value z = x - reduce_max(x, along(attributes));
  return {cast(z - log(sum(exp(z), along(attributes))), dtype)};
}

// Of a dy that is d / y, what log(y) sends back, y dy is d, though y be 0 in floating point: the product for sums that hold such terms.
// None where there are none, or none within so many sums.
std::optional<Value> product_without_logs(const Value& y, const Value& dy, int sums = 8) {
  static const Formula slope_of_log = *derivative(formula_of_row(*scalar_function("log")), 0, 0);
  const Node n = dy.node();
  if (n.op->formula == nullptr || n.inputs.size() != 2) return std::nullopt;
  const Value a = dy.graph().value(n.inputs[0]), b = dy.graph().value(n.inputs[1]);
  const DType dtype = compute_type(y.dtype());
  if (a == y && *n.op->formula(*n.op, n.attributes) == slope_of_log) return cast(b, dtype);
  if (n.op->name != "add" || sums == 0) return std::nullopt;
  const auto left = product_without_logs(y, a, sums - 1), right = product_without_logs(y, b, sums - 1);
  if (!left && !right) return std::nullopt;
  const auto plain = [&](const Value& term) { return cast(y, dtype) * cast(term, dtype); };
  return (left ? *left : plain(a)) + (right ? *right : plain(b));
}

// dx = y (dy - sum of y dy).
Cotangents softmax_vjp(const VjpArgs& args) {
  const DType dtype = args.input_type(0).dtype;
  if (const auto product = product_without_logs(args.output(), args.cotangent()))
    return {cast(*product - cast(args.output(), compute_type(dtype)) * sum(*product, along(args.attributes())), dtype)};
  const Value y = cast(args.output(), compute_type(dtype)), dy = cast(args.cotangent(), compute_type(dtype));
  return {cast(y * (dy - sum(y * dy, along(args.attributes()))), dtype)};
}

// dx = dy - e^y (sum of dy).
Cotangents log_softmax_vjp(const VjpArgs& args) {
  const DType dtype = args.input_type(0).dtype;
  const Value y = cast(args.output(), compute_type(dtype)), dy = cast(args.cotangent(), compute_type(dtype));
  return {cast(dy - exp(y) * sum(dy, along(args.attributes())), dtype)};
}

Types logsumexp_types(const InferArgs& args) {
  args.require_float();
  return sum_op.infer(args);
}

// What is infinite is not subtracted: inf - inf is NaN.
Value finite_or_0(const Value& x) { return where(isfinite(x), x, 0); }

std::vector<Value> logsumexp_composition(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef&) {
  const auto& attrs = attributes.as<ReduceAttrs>();
  const DType dtype = inputs[0].dtype();
  const Value x = cast(inputs[0], compute_type(dtype));
  const Value shift = finite_or_0(reduce_max(x, attrs));
  const Value total = sum(exp(x - broadcast_over(shift, x.shape(), attrs)), attrs);
  return {cast(log(total) + shift, dtype)};
}

// dx = dy e^(x - y): the softmax. Where y is -inf all x are, and e^x is 0 itself; where it is inf the finite x get 0 and the infinite NaN.
Cotangents logsumexp_vjp(const VjpArgs& args) {
  const auto& attrs = args.attrs<ReduceAttrs>();
  const DType dtype = args.input_type(0).dtype;
  const Value x = cast(args.input(0), compute_type(dtype)), result = cast(args.output(), x.dtype());
  const Value y = where(equal(result, -std::numeric_limits<double>::infinity()), 0, result);
  const Value dy = cast(args.cotangent(), x.dtype());
  return {cast(broadcast_over(dy, x.shape(), attrs) * exp(x - broadcast_over(y, x.shape(), attrs)), dtype)};
}

}  // namespace

const OpDef softmax_op{.name = "softmax", .family = "reduce", .attributes = attributes<SoftmaxAttrs>, .infer = softmax_types,
                       .vjp = softmax_vjp, .reads = {.inputs = false, .outputs = true}, .cost = softmax_cost, .compose = softmax_composition,
                       .doc = "e^x / sum of e^x along `axis`, shifted by the largest element."};
const OpDef log_softmax_op{.name = "log_softmax", .family = "reduce", .attributes = attributes<SoftmaxAttrs>, .infer = softmax_types,
                           .vjp = log_softmax_vjp, .reads = {.inputs = false, .outputs = true}, .cost = softmax_cost,
                           .compose = log_softmax_composition, .doc = "x - log(sum of e^x) along `axis`, shifted by the largest element."};
const OpDef logsumexp_op{.name = "logsumexp", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = logsumexp_types,
                         .vjp = logsumexp_vjp, .reads = {.inputs = true, .outputs = true}, .cost = softmax_cost,
                         .compose = logsumexp_composition, .doc = "log(sum of e^x) over `axes` (none: all), shifted by the largest element."};

Value softmax(Operand x, SoftmaxAttrs attrs) { return apply(softmax_op, {x}, attrs); }
Value log_softmax(Operand x, SoftmaxAttrs attrs) { return apply(log_softmax_op, {x}, attrs); }
Value logsumexp(Operand x, ReduceAttrs attrs) { return apply(logsumexp_op, {x}, std::move(attrs)); }

}  // namespace lanc
