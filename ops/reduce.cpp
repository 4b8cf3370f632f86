#include <lanc/ops/reduce.h>

#include <algorithm>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>

namespace lanc {
namespace {

std::vector<int64_t> normalized(const ReduceAttrs& attrs, size_t rank) {
  std::vector<int64_t> axes = attrs.axes;
  if (axes.empty())
    for (size_t i = 0; i < rank; ++i) axes.push_back(static_cast<int64_t>(i));
  for (int64_t& a : axes)
    if (a < 0) a += static_cast<int64_t>(rank);
  std::sort(axes.begin(), axes.end());
  return axes;
}

Shape reduced_shape(const InferArgs& args) {
  const auto& attrs = args.attrs<ReduceAttrs>();
  const Shape& from = args.shape(0);
  const std::vector<int64_t> axes = args.axes(attrs.axes, static_cast<int64_t>(from.size()));
  Shape shape;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i))) shape.push_back(from[i]);
    else if (attrs.keep) shape.emplace_back(1);
  }
  return shape;
}

DType sum_dtype(DType t) { return t == boolean || t == u8 ? i64 : t; }

Types sum_types(const InferArgs& args) { return {{sum_dtype(args.dtype(0)), reduced_shape(args)}}; }

Types extreme_types(const InferArgs& args) { return {{args.dtype(0), reduced_shape(args)}}; }

// dx = dy, broadcast back over the summed axes. Reads neither x nor y.
Cotangents sum_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  return {broadcast_over(args.cotangent(), args.input_shape(0), args.attrs<ReduceAttrs>())};
}

// dx = dy / (number of ties) where x is the extreme, 0 elsewhere.
Cotangents extreme_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const auto& attrs = args.attrs<ReduceAttrs>();
  const Shape& shape = args.input_shape(0);
  const Value x = args.input(0);
  const Value hit = equal(x, broadcast_over(args.output(), shape, attrs));
  const Value ties = sum(cast(hit, x.dtype()), {.axes = normalized(attrs, shape.size()), .keep = attrs.keep});
  const Value share = args.cotangent() / ties;
  return {where(hit, broadcast_over(share, shape, attrs), 0)};
}

Cost reduce_cost(const CostArgs& args) {
  return {args.inputs[0].numel(), args.inputs[0].bytes() + args.outputs[0].bytes()};
}

Types dim_value_types(const InferArgs& args) { return {{args.attrs<DimValueAttrs>().dtype, {}}}; }

}  // namespace

const OpDef sum_op{.name = "sum", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = sum_types, .vjp = sum_vjp,
                   .reads = {.inputs = false}, .cost = reduce_cost,
                   .doc = "Sum of the elements over `axes` (none: all). f32 is summed in blocks, 16-bit floats in f32, bool and u8 in i64."};
const OpDef reduce_max_op{.name = "reduce_max", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = extreme_types,
                          .vjp = extreme_vjp, .reads = {.inputs = true, .outputs = true}, .cost = reduce_cost,
                          .doc = "Largest element over `axes`; NaN wins; the derivative is shared equally among ties."};
const OpDef reduce_min_op{.name = "reduce_min", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = extreme_types,
                          .vjp = extreme_vjp, .reads = {.inputs = true, .outputs = true}, .cost = reduce_cost,
                          .doc = "Smallest element over `axes`; NaN wins; the derivative is shared equally among ties."};
const OpDef dim_value_op{.name = "dim_value", .family = "source", .arity = 0, .attributes = attributes<DimValueAttrs>,
                         .infer = dim_value_types, .no_gradient = "a size has no operands", .doc = "A dim as a number, known when dims are bound."};

Value sum(Operand x, ReduceAttrs attrs) { return apply(sum_op, {x}, std::move(attrs)); }
Value reduce_max(Operand x, ReduceAttrs attrs) { return apply(reduce_max_op, {x}, std::move(attrs)); }
Value reduce_min(Operand x, ReduceAttrs attrs) { return apply(reduce_min_op, {x}, std::move(attrs)); }

Value mean(Operand x, ReduceAttrs attrs) {
  CallSite site("mean", {x});
  const Value from = is_float(x.dtype()) ? x.value() : cast(x, f32);
  const Value total = sum(from, attrs);
  const Dim count = reduced_count(x.shape(), attrs);
  if (count.is_number()) return total / count.number();
  return total / dim_value(x.graph(), count, total.dtype());
}

Dim reduced_count(const Shape& shape, const ReduceAttrs& attrs) {
  Dim count = 1;
  for (int64_t a : normalized(attrs, shape.size())) count = count * shape[static_cast<size_t>(a)];
  return count;
}

Value broadcast_over(Operand reduced, const Shape& shape, const ReduceAttrs& attrs) {
  const std::vector<int64_t> axes = normalized(attrs, shape.size());
  std::vector<int64_t> kept;
  for (size_t i = 0; i < shape.size(); ++i)
    if (attrs.keep || !std::binary_search(axes.begin(), axes.end(), static_cast<int64_t>(i))) kept.push_back(static_cast<int64_t>(i));
  return broadcast_to(reduced, shape, kept);
}

Value dim_value(Graph graph, const Dim& dim, DType dtype) {
  return apply_source(dim_value_op, graph, DimValueAttrs{dim, dtype}, CallSite::user_line());
}

}  // namespace lanc
