#include <lanc/ops/reduce.h>

#include <algorithm>

#include <lanc/ops/cumulative.h>
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

std::vector<Value> reduce_batch(const BatchArgs& args) {
  const Value& x = args.inputs[0];
  ReduceAttrs attrs = args.attrs<ReduceAttrs>();
  const int64_t rank = x.rank() - 1;  // of one example
  if (attrs.axes.empty())
    for (int64_t a = 0; a < rank; ++a) attrs.axes.push_back(a);
  for (int64_t& a : attrs.axes) a = (a < 0 ? a + rank : a) + 1;
  if (attrs.axes.empty()) return {apply(args.op, {expand_dims(x, {1})}, ReduceAttrs{.axes = {1}})};
  return {apply(args.op, {x}, attrs)};
}

DType sum_dtype(DType t) { return t == boolean || t == u8 ? i64 : t; }

// Is anything not 0, element by element.
Value truth_of(const Value& x) { return x.dtype() == boolean ? x : not_equal(x, 0); }

Types sum_types(const InferArgs& args) { return {{sum_dtype(args.dtype(0)), reduced_shape(args)}}; }

Types extreme_types(const InferArgs& args) { return {{args.dtype(0), reduced_shape(args)}}; }

Types position_types(const InferArgs& args) {
  const Shape shape = reduced_shape(args);
  if (reduced_count(args.shape(0), args.attrs<ReduceAttrs>()) == Dim(0))
    args.fail("at least one element is needed along the reduced axes", args.types_text());
  return {{i64, shape}};
}

// dx = dy, broadcast back over the summed axes. Reads neither x nor y.
Cotangents sum_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  return {broadcast_over(args.cotangent(), args.input_shape(0), args.attrs<ReduceAttrs>())};
}

// dx_i = dy * product of the others = dy * (product before i) * (product after i): nothing is divided by an element that may be 0.
// In f64: such a product may be beyond the dtype where another of its factors is 0.
Cotangents prod_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const auto& attrs = args.attrs<ReduceAttrs>();
  const Shape& shape = args.input_shape(0);
  const std::vector<int64_t> reduced = normalized(attrs, shape.size());
  std::vector<int64_t> order, back(shape.size());  // reduced axes last
  Shape moved, flat;
  for (int64_t a = 0; a < static_cast<int64_t>(shape.size()); ++a)
    if (!std::binary_search(reduced.begin(), reduced.end(), a)) order.push_back(a);
  for (int64_t a : order) flat.push_back(shape[static_cast<size_t>(a)]);
  order.insert(order.end(), reduced.begin(), reduced.end());
  flat.push_back(reduced_count(shape, attrs));
  for (size_t place = 0; place < order.size(); ++place) {
    moved.push_back(shape[static_cast<size_t>(order[place])]);
    back[static_cast<size_t>(order[place])] = static_cast<int64_t>(place);
  }
  const Value x = reshape(permute(cast(args.input(0), f64), order), flat);
  const Value others = cumprod(x, {.axis = -1, .exclusive = true}) * cumprod(x, {.axis = -1, .exclusive = true, .reversed = true});
  const Value factor = permute(reshape(others, moved), back);
  return {cast(broadcast_over(args.cotangent(), shape, attrs) * factor, args.input_type(0).dtype)};
}

// dx = dy / (number of ties) where x is the extreme, 0 elsewhere. f16 counts to 65,504 only, so ties are counted in f32.
Cotangents extreme_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const auto& attrs = args.attrs<ReduceAttrs>();
  const Shape& shape = args.input_shape(0);
  const Value x = args.input(0);
  const Value hit = equal(x, broadcast_over(args.output(), shape, attrs));
  const Value ties = sum(cast(hit, compute_type(x.dtype())), {.axes = normalized(attrs, shape.size()), .keep = attrs.keep});
  const Value share = cast(args.cotangent() / ties, x.dtype());
  return {where(hit, broadcast_over(share, shape, attrs), 0)};
}

Cost reduce_cost(const CostArgs& args) {
  return {args.inputs[0].numel(), args.inputs[0].bytes() + args.outputs[0].bytes()};
}

Types dim_value_types(const InferArgs& args) { return {{args.attrs<DimValueAttrs>().dtype, {}}}; }

}  // namespace

const OpDef sum_op{.name = "sum", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = sum_types, .vjp = sum_vjp, .batch = reduce_batch,
                   .reads = {.inputs = false}, .cost = reduce_cost,
                   .doc = "Sum of the elements over `axes` (none: all). f32 is summed in blocks, 16-bit floats in f32, bool and u8 in i64."};
const OpDef prod_op{.name = "prod", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = sum_types, .vjp = prod_vjp, .batch = reduce_batch,
                    .cost = reduce_cost,
                    .doc = "Product of the elements over `axes` (none: all); exact derivatives where elements are 0. bool and u8 in i64."};
const OpDef reduce_max_op{.name = "reduce_max", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = extreme_types,
                          .vjp = extreme_vjp, .batch = reduce_batch, .reads = {.inputs = true, .outputs = true}, .cost = reduce_cost,
                          .doc = "Largest element over `axes`; NaN wins; the derivative is shared equally among ties."};
const OpDef reduce_min_op{.name = "reduce_min", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = extreme_types,
                          .vjp = extreme_vjp, .batch = reduce_batch, .reads = {.inputs = true, .outputs = true}, .cost = reduce_cost,
                          .doc = "Smallest element over `axes`; NaN wins; the derivative is shared equally among ties."};
const OpDef argmax_op{.name = "argmax", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = position_types,
                      .batch = reduce_batch, .no_gradient = "a position is piecewise constant", .cost = reduce_cost,
                      .doc = "Where the largest element over `axes` stands (none: all), in row-major order of these axes; the first of several, "
                             "and the first NaN before all numbers."};
const OpDef argmin_op{.name = "argmin", .family = "reduce", .attributes = attributes<ReduceAttrs>, .infer = position_types,
                      .batch = reduce_batch, .no_gradient = "a position is piecewise constant", .cost = reduce_cost,
                      .doc = "Where the smallest element over `axes` stands (none: all), in row-major order of these axes; the first of several, "
                             "and the first NaN before all numbers."};
const OpDef dim_value_op{.name = "dim_value", .family = "source", .arity = 0, .attributes = attributes<DimValueAttrs>,
                         .infer = dim_value_types, .no_gradient = "a size has no operands", .doc = "A dim as a number, known when dims are bound."};

Value sum(Operand x, ReduceAttrs attrs) { return apply(sum_op, {x}, std::move(attrs)); }
Value reduce_max(Operand x, ReduceAttrs attrs) { return apply(reduce_max_op, {x}, std::move(attrs)); }
Value reduce_min(Operand x, ReduceAttrs attrs) { return apply(reduce_min_op, {x}, std::move(attrs)); }

Value prod(Operand x, ReduceAttrs attrs) { return apply(prod_op, {x}, std::move(attrs)); }
Value argmax(Operand x, ReduceAttrs attrs) { return apply(argmax_op, {x}, std::move(attrs)); }
Value argmin(Operand x, ReduceAttrs attrs) { return apply(argmin_op, {x}, std::move(attrs)); }

Value mean(Operand x, ReduceAttrs attrs) {
  CallSite site("mean", {x});
  require_axes(x, attrs.axes);
  const DType dtype = is_float(x.dtype()) ? x.dtype() : f32;
  const Value total = sum(cast(x, compute_type(dtype)), attrs);
  return cast(total / reduced_count_value(x, attrs, total.dtype()), dtype);
}

Value reduce_any(Operand x, ReduceAttrs attrs) {
  CallSite site("reduce_any", {x});
  require_axes(x, attrs.axes);
  return reduce_max(truth_of(x), std::move(attrs));
}

Value reduce_all(Operand x, ReduceAttrs attrs) {
  CallSite site("reduce_all", {x});
  require_axes(x, attrs.axes);
  return reduce_min(truth_of(x), std::move(attrs));
}

Value count(Operand x, ReduceAttrs attrs) {
  CallSite site("count", {x});
  require_axes(x, attrs.axes);
  return sum(truth_of(x), std::move(attrs));
}

void require_axes(const Operand& x, const std::vector<int64_t>& axes) {
  const Attributes attributes = ReduceAttrs{axes};
  const Types types{x.type()};
  const OriginRef origins[] = {x.value().node().origin};
  InferArgs(sum_op, attributes, types, nullptr, CallSite::origin_for(x.line()), origins).axes(axes, x.rank());
}

Dim reduced_count(const Shape& shape, const ReduceAttrs& attrs) {
  Dim count = 1;
  for (int64_t a : normalized(attrs, shape.size())) count = count * shape[static_cast<size_t>(a)];
  return count;
}

Operand reduced_count_value(const Value& x, const ReduceAttrs& attrs, DType dtype) {
  const Dim number = reduced_count(x.shape(), attrs);
  if (number.is_number()) return {number.number()};
  return {dim_value(x.graph(), number, dtype)};
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
