#include <lanc/ops/scatter.h>

#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

int64_t axis_of(const IndexAttrs& attrs, const Shape& x) { return attrs.axis < 0 ? attrs.axis + static_cast<int64_t>(x.size()) : attrs.axis; }

// The shape that gather gives, which is the one that updates must have.
Shape updates_shape(const Shape& x, const Shape& indices, const IndexAttrs& attrs) {
  if (!attrs.slices) return indices;
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(attrs, x));
  Shape shape(x.begin(), x.begin() + axis);
  shape.insert(shape.end(), indices.begin(), indices.end());
  shape.insert(shape.end(), x.begin() + axis + 1, x.end());
  return shape;
}

// Operands: x, indices, updates.
Types scatter_types(const InferArgs& args) {
  const auto& attrs = args.attrs<IndexAttrs>();
  if (args.dtype(1) != i32 && args.dtype(1) != i64) args.fail("indices must be i32 or i64", args.input(1).text());
  if (args.dtype(0) != args.dtype(2)) args.fail("updates must have the dtype of x", args.types_text());
  const Shape &x = args.shape(0), &indices = args.shape(1), &updates = args.shape(2);
  const int64_t axis = args.axis(attrs.axis, static_cast<int64_t>(x.size()));
  if (!attrs.slices) {
    if (x.size() != indices.size()) args.fail("x and indices must have the same rank", args.types_text());
    for (size_t a = 0; a < x.size(); ++a)
      if (static_cast<int64_t>(a) != axis)
        args.require_equal(x[a], indices[a], "x and indices must have the same sizes but along axis " + std::to_string(axis));
  }
  const Shape wanted = updates_shape(x, indices, attrs);
  const std::string requirement = "updates must have the shape " + shape_text(wanted) + " or broadcast to it";
  if (updates.size() != wanted.size()) args.fail(requirement, args.types_text());
  for (size_t a = 0; a < wanted.size(); ++a) args.require_equal(updates[a], wanted[a], requirement);
  return {args.input(0)};
}

Types scatter_add_types(const InferArgs& args) {
  if (args.dtype(0) == boolean) args.fail("x must be of a number dtype", args.types_text());
  return scatter_types(args);
}

Value gathered(const Value& y, const VjpArgs& args) { return detail::gather_with(y, args.input(1), args.attrs<IndexAttrs>()); }

// dx = dy, du = dy at the indices.
Cotangents scatter_add_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt, std::nullopt};
  Cotangents result(3);
  if (args.wanted(0)) result[0] = args.cotangent();
  if (args.wanted(2)) result[2] = gathered(args.cotangent(), args);
  return result;
}

// Which updates were not overwritten by a later one: the positions 0, 1, ... along the axis are themselves set by index, and those that can be
// read back have won. bool, of the updates' shape.
Value winners(const VjpArgs& args) {
  const auto& attrs = args.attrs<IndexAttrs>();
  const Graph graph = args.graph();
  const Value indices = args.input(1);
  const Shape& x = args.input_shape(0);
  const int64_t axis = axis_of(attrs, x);
  if (!attrs.slices) {
    const Value place = broadcast_to(arange(graph, indices.size(axis), i64), indices.shape(), {axis});
    const Value last = apply(scatter_set_op, {full(graph, x, -1, i64), indices, place}, attrs);
    return equal(detail::gather_with(last, indices, attrs), place);
  }
  // All elements of a slice win or lose together.
  IndexAttrs flat = attrs;
  flat.axis = 0;
  const Value place = reshape(arange(graph, indices.type().numel(), i64), indices.shape());
  const Value last = apply(scatter_set_op, {full(graph, {x[static_cast<size_t>(axis)]}, -1, i64), indices, place}, flat);
  const Value won = equal(detail::gather_with(last, indices, flat), place);
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < indices.rank(); ++i) axes.push_back(axis + i);
  return broadcast_to(won, updates_shape(x, indices.shape(), attrs), axes);
}

// dx = dy where nothing was written, du = dy where the update has won.
Cotangents scatter_set_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt, std::nullopt};
  Cotangents result(3);
  const Value dy = args.cotangent();
  if (args.wanted(0)) {
    const Value zero = zeros_like(args.input(2));
    result[0] = apply(scatter_set_op, {dy, args.input(1), zero}, args.attrs<IndexAttrs>());
  }
  if (args.wanted(2)) result[2] = where(winners(args), gathered(dy, args), 0);
  return result;
}

// Both dx and du: dy / (number of those that equal y) where they equal it, else 0.
Cotangents scatter_max_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt, std::nullopt};
  const Value y = args.output(), x = args.input(0), updates = args.input(2);
  const Value hit_x = equal(x, y), hit_updates = equal(updates, gathered(y, args));
  const DType counted = compute_type(x.dtype());  // f16 counts to 65,504 only
  const Value ties = apply(scatter_add_op, {cast(hit_x, counted), args.input(1), cast(hit_updates, counted)}, args.attrs<IndexAttrs>());
  const Value share = cast(args.cotangent() / ties, x.dtype());
  Cotangents result(3);
  if (args.wanted(0)) result[0] = where(hit_x, share, 0);
  if (args.wanted(2)) result[2] = where(hit_updates, gathered(share, args), 0);
  return result;
}

Cost scatter_cost(const CostArgs& args) {
  return {args.inputs[2].numel(), args.inputs[0].bytes() + args.inputs[1].bytes() + args.inputs[2].bytes() + args.outputs[0].bytes()};
}

// Operands brought to the shapes that the node asks for; what does not fit is refused by the node's own rule.
Value scatter(const OpDef& op, const Operand& x, const Operand& indices, const Operand& updates, IndexAttrs attrs) {
  const Graph graph = x.graph();
  Value index = detail::index_operand(graph, indices);
  Value update = updates.is_literal() ? full(graph, {}, updates, x.dtype()) : updates.value();
  const bool fits = attrs.axis >= -x.rank() && attrs.axis < x.rank() && (attrs.slices || index.rank() == x.rank());
  if (!fits) return apply(op, {x, index, update}, attrs);
  if (!attrs.slices) {
    Shape shape = index.shape();
    for (size_t a = 0; a < shape.size(); ++a)
      if (static_cast<int64_t>(a) != axis_of(attrs, x.shape()) && shape[a] == Dim(1)) shape[a] = x.shape()[a];
    index = broadcast_to(index, shape);
  }
  const Shape wanted = updates_shape(x.shape(), index.shape(), attrs);
  bool repeats = update.shape().size() <= wanted.size();
  for (size_t a = 0; repeats && a < update.shape().size(); ++a) {
    const Dim& size = update.shape()[update.shape().size() - 1 - a];
    repeats = size == Dim(1) || equal_dims(size, wanted[wanted.size() - 1 - a]) != Truth::no;
  }
  return apply(op, {x, index, repeats ? broadcast_to(update, wanted) : update}, attrs);
}

}  // namespace

const OpDef scatter_set_op{.name = "scatter_set", .family = "index", .arity = 3, .attributes = attributes<IndexAttrs>, .infer = scatter_types,
                           .vjp = scatter_set_vjp, .cost = scatter_cost,
                           .doc = "A copy of x with elements or slices set by index; the last of several updates wins. Any dtype."};
const OpDef scatter_add_op{.name = "scatter_add", .family = "index", .arity = 3, .attributes = attributes<IndexAttrs>, .infer = scatter_add_types,
                           .vjp = scatter_add_vjp, .cost = scatter_cost,
                           .doc = "A copy of x with updates added by index, in the indices' order; 16-bit floats add in f32. Numbers."};
const OpDef scatter_max_op{.name = "scatter_max", .family = "index", .arity = 3, .attributes = attributes<IndexAttrs>, .infer = scatter_types,
                           .vjp = scatter_max_vjp, .reads = {.inputs = true, .outputs = true}, .cost = scatter_cost,
                           .doc = "A copy of x raised to updates by index; NaN wins; the derivative is shared among ties. Any dtype."};

Value scatter_set(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("scatter_set", {x, indices, updates});
  return scatter(scatter_set_op, x, indices, updates, {.axis = axis});
}
Value scatter_add(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("scatter_add", {x, indices, updates});
  return scatter(scatter_add_op, x, indices, updates, {.axis = axis});
}
Value scatter_max(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("scatter_max", {x, indices, updates});
  return scatter(scatter_max_op, x, indices, updates, {.axis = axis});
}
Value index_set(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("index_set", {x, indices, updates});
  return scatter(scatter_set_op, x, indices, updates, {.axis = axis, .slices = true});
}
Value index_add(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("index_add", {x, indices, updates});
  return scatter(scatter_add_op, x, indices, updates, {.axis = axis, .slices = true});
}
Value index_max(Operand x, Operand indices, Operand updates, int64_t axis) {
  CallSite site("index_max", {x, indices, updates});
  return scatter(scatter_max_op, x, indices, updates, {.axis = axis, .slices = true});
}

}  // namespace lanc
