#include <lanc/ops/index.h>

#include <lanc/graph/error.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/scatter.h>

namespace lanc {
namespace {

void require_indices(const InferArgs& args) {
  if (args.dtype(1) != i32 && args.dtype(1) != i64) args.fail("indices must be i32 or i64", args.input(1).text());
}

Types gather_types(const InferArgs& args) {
  require_indices(args);
  const auto& attrs = args.attrs<IndexAttrs>();
  const Shape &x = args.shape(0), &indices = args.shape(1);
  const auto axis = static_cast<size_t>(args.axis(attrs.axis, static_cast<int64_t>(x.size())));
  if (attrs.slices) {
    Shape shape(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(axis));
    shape.insert(shape.end(), indices.begin(), indices.end());
    shape.insert(shape.end(), x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end());
    return {{args.dtype(0), shape}};
  }
  if (x.size() != indices.size()) args.fail("x and indices must have the same rank", args.types_text());
  for (size_t a = 0; a < x.size(); ++a)
    if (a != axis) args.require_equal(x[a], indices[a], "x and indices must have the same sizes but along axis " + std::to_string(axis));
  return {{args.dtype(0), indices}};
}

Types pick_types(const InferArgs& args) {
  require_indices(args);
  const Shape& x = args.shape(0);
  const auto axis = static_cast<size_t>(args.axis(args.attrs<IndexAttrs>().axis, static_cast<int64_t>(x.size())));
  Shape shape = x;
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  if (shape.size() != args.shape(1).size())
    args.fail("indices must have the shape of x without axis " + std::to_string(axis), args.types_text());
  for (size_t a = 0; a < shape.size(); ++a)
    args.require_equal(shape[a], args.shape(1)[a], "indices must have the shape of x without axis " + std::to_string(axis));
  return {{args.dtype(0), shape}};
}

// dx: dy added up where it was read from.
Cotangents gather_vjp(const VjpArgs& args) {
  if (!args.wanted(0)) return {std::nullopt, std::nullopt};
  return {apply(scatter_add_op, {zeros_like(args.input(0)), args.input(1), args.cotangent()}, args.attrs<IndexAttrs>()), std::nullopt};
}

// dx: dy where the axis' position is the index. One element per place, so nothing adds up, and the formula fuses with its reader. The index goes by
// a gather of the positions, which refuses one out of range: nothing else of the forward way may be left in a plan.
Cotangents pick_vjp(const VjpArgs& args) {
  if (!args.wanted(0)) return {std::nullopt, std::nullopt};
  const auto& attrs = args.attrs<IndexAttrs>();
  const Shape& shape = args.input_shape(0);
  const int64_t axis = attrs.axis < 0 ? attrs.axis + static_cast<int64_t>(shape.size()) : attrs.axis;
  const Dim& size = shape[static_cast<size_t>(axis)];
  const Value positions = arange(args.graph(), size, args.input(1).dtype());
  const Value index = detail::gather_with(positions, args.input(1), {.axis = 0, .slices = true, .from_end = attrs.from_end, .what = attrs.what});
  return {where(equal(expand_dims(index, {axis}), broadcast_to(positions, shape, {axis})), expand_dims(args.cotangent(), {axis}), 0), std::nullopt};
}

// What is read of x is no more than what is written.
Cost gather_cost(const CostArgs& args) { return {0, args.inputs[1].bytes() + args.outputs[0].bytes() * 2}; }

// The axes of a and b, but for `axis`, repeated to one another's sizes where theirs is 1.
Value repeated_like(const Value& a, const Value& b, int64_t axis) {
  Shape shape = a.shape();
  for (size_t i = 0; i < shape.size(); ++i)
    if (static_cast<int64_t>(i) != axis && shape[i] == Dim(1)) shape[i] = b.shape()[i];
  return broadcast_to(a, shape);
}

}  // namespace

const OpDef gather_op{.name = "gather", .family = "index", .arity = 2, .attributes = attributes<IndexAttrs>, .infer = gather_types,
                      .vjp = gather_vjp, .cost = gather_cost,
                      .doc = "Elements or slices of x by index along an axis; an index out of range is an error of the call. Any dtype."};
const OpDef pick_op{.name = "pick", .family = "index", .arity = 2, .attributes = attributes<IndexAttrs>, .infer = pick_types, .vjp = pick_vjp,
                    .cost = gather_cost, .doc = "One element of x along an axis for each place of its other axes. Any dtype."};

IndexExtents index_extents(const Sizes& x, const Sizes& indices, const IndexAttrs& attrs) {
  const auto axis = static_cast<size_t>(attrs.axis < 0 ? attrs.axis + static_cast<int64_t>(x.size()) : attrs.axis);
  IndexExtents e{.size = x[axis], .slices = attrs.slices};
  for (size_t a = 0; a < axis; ++a) e.outer *= x[a];
  for (size_t a = axis + 1; a < x.size(); ++a) e.inner *= x[a];
  if (attrs.slices) e.count = numel_of(indices);
  else if (indices.size() == x.size()) e.count = indices[axis];  // else pick: one
  return e;
}

std::string index_failure(const IndexAttrs& attrs, int64_t size, int64_t value, int64_t position, const Sizes& indices) {
  std::string where;
  for (size_t a = indices.size(); a-- > 0;) {
    where = std::to_string(position % indices[a]) + (where.empty() ? "" : ",") + where;
    position /= indices[a];
  }
  return attrs.what + " must be in [" + std::to_string(attrs.from_end ? -size : 0) + ", " + std::to_string(size) + "), got " +
         std::to_string(value) + (where.empty() ? "" : " at [" + where + "]");
}

Value detail::index_operand(const Graph& graph, const Operand& indices) {
  if (!indices.is_literal()) return indices.value();
  if (indices.literal().kind != Literal::Kind::integer) refuse("indices must be i32 or i64", "the number " + number_text(indices.literal().real));
  return constant(graph, Tensor::scalar<int64_t>(indices.literal().integer));
}

Value detail::gather_with(const Value& x, const Value& indices, IndexAttrs attrs) { return apply(gather_op, {x, indices}, std::move(attrs)); }
Value detail::pick_with(const Value& x, const Value& indices, IndexAttrs attrs) { return apply(pick_op, {x, indices}, std::move(attrs)); }

Value take(Operand x, Operand indices, int64_t axis) {
  CallSite site("take", {x, indices});
  return detail::gather_with(x, detail::index_operand(x.graph(), indices), {.axis = axis, .slices = true});
}

Value gather(Operand x, Operand indices, int64_t axis) {
  CallSite site("gather", {x, indices});
  const Value index = detail::index_operand(x.graph(), indices);
  if (x.rank() != index.rank() || axis < -x.rank() || axis >= x.rank()) return detail::gather_with(x, index, {.axis = axis});  // says what is wrong
  if (axis < 0) axis += x.rank();
  return detail::gather_with(repeated_like(x, index, axis), repeated_like(index, x, axis), {.axis = axis});
}

Value pick(Operand x, Operand indices, int64_t axis) {
  CallSite site("pick", {x, indices});
  return detail::pick_with(x, detail::index_operand(x.graph(), indices), {.axis = axis});
}

Value embedding(Operand table, Operand ids) {
  CallSite site("embedding", {table, ids});
  if (table.rank() != 2) refuse("the table must be a matrix of rows", table.type().text(), table);
  const Value index = detail::index_operand(table.graph(), ids);
  if (index.dtype() != i32 && index.dtype() != i64) refuse("ids must be i32 or i64", index.type().text(), index);
  return detail::gather_with(table, index, {.axis = 0, .slices = true, .from_end = false, .what = "id"});
}

Value one_hot(Operand labels, Dim classes, DType dtype, int64_t axis) {
  CallSite site("one_hot", {labels});
  const Value& label = labels.value();
  if (!is_integer(label.dtype())) refuse("labels must be integers", label.type().text(), label);
  if (at_most(Dim(0), classes) == Truth::no) refuse("the number of classes must be at least 0", classes.text(), label);
  const int64_t rank = label.rank() + 1;
  if (axis < -rank || axis >= rank)
    refuse("axis must be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")", std::to_string(axis), label);
  if (axis < 0) axis += rank;
  // u8 cannot hold the position of every class.
  const Value index = expand_dims(label.dtype() == u8 ? cast(label, i32) : label, {axis});
  Shape shape = index.shape();
  shape[static_cast<size_t>(axis)] = classes;
  return cast(equal(index, broadcast_to(arange(label.graph(), classes, index.dtype()), shape, {axis})), dtype);
}

}  // namespace lanc
