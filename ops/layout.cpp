#include <lanc/ops/layout.h>

#include <algorithm>

#include <lanc/graph/error.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

Types broadcast_types(const InferArgs& args) {
  const auto& attrs = args.attrs<BroadcastAttrs>();
  const Shape& from = args.shape(0);
  const auto rank = static_cast<int64_t>(attrs.shape.size());
  if (attrs.axes.size() != from.size()) args.fail("one axis of the result for each axis of the operand", args.types_text());
  for (size_t i = 0; i < from.size(); ++i) {
    const int64_t axis = attrs.axes[i];
    if (axis < 0 || axis >= rank || (i > 0 && axis <= attrs.axes[i - 1]))
      args.fail("axes must ascend within the result's rank " + std::to_string(rank), "axis " + std::to_string(axis));
    if (from[i] == Dim(1)) continue;
    args.require_equal(from[i], attrs.shape[static_cast<size_t>(axis)],
                       "a size must be 1 or that of the result " + shape_text(attrs.shape));
  }
  return {{args.dtype(0), attrs.shape}};
}

// dx = dy summed over the new axes, and over the repeated ones with the axis kept.
Cotangents broadcast_vjp(const VjpArgs& args) {
  const auto& attrs = args.attrs<BroadcastAttrs>();
  const Shape& from = args.input_shape(0);
  std::vector<int64_t> summed;
  for (int64_t axis = 0; axis < static_cast<int64_t>(attrs.shape.size()); ++axis) {
    const auto at = std::find(attrs.axes.begin(), attrs.axes.end(), axis);
    const bool repeated = at != attrs.axes.end() && from[static_cast<size_t>(at - attrs.axes.begin())] == Dim(1) &&
                          !(attrs.shape[static_cast<size_t>(axis)] == Dim(1));
    if (at == attrs.axes.end() || repeated) summed.push_back(axis);
  }
  Value dx = args.cotangent();
  if (!summed.empty()) dx = sum(dx, {.axes = summed});
  return {reshape(dx, from)};
}

Types reshape_types(const InferArgs& args) {
  const auto& attrs = args.attrs<ReshapeAttrs>();
  const Type result{args.dtype(0), attrs.shape};
  args.require_equal(args.input(0).numel(), result.numel(), "the number of elements must stay, to " + shape_text(attrs.shape));
  return {result};
}

Cotangents reshape_vjp(const VjpArgs& args) { return {reshape(args.cotangent(), args.input_shape(0))}; }

Types transpose_types(const InferArgs& args) {
  const auto& axes = args.attrs<TransposeAttrs>().axes;
  const Shape& from = args.shape(0);
  std::vector<int64_t> sorted = axes;
  std::sort(sorted.begin(), sorted.end());
  bool permutation = axes.size() == from.size();
  for (size_t i = 0; permutation && i < sorted.size(); ++i) permutation = sorted[i] == static_cast<int64_t>(i);
  if (!permutation) {
    std::string list;
    for (int64_t a : axes) list += (list.empty() ? "" : ",") + std::to_string(a);
    args.fail("axes must be a permutation of the operand's " + std::to_string(from.size()) + " axes", "[" + list + "] for " + args.types_text());
  }
  Shape shape;
  for (int64_t a : axes) shape.push_back(from[static_cast<size_t>(a)]);
  return {{args.dtype(0), shape}};
}

Cotangents transpose_vjp(const VjpArgs& args) {
  const auto& axes = args.attrs<TransposeAttrs>().axes;
  std::vector<int64_t> inverse(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) inverse[static_cast<size_t>(axes[i])] = static_cast<int64_t>(i);
  return {permute(args.cotangent(), inverse)};
}

Cost move_cost(const CostArgs& args) { return {0, args.inputs[0].bytes() + args.outputs[0].bytes()}; }

}  // namespace

const OpDef broadcast_op{.name = "broadcast", .family = "layout", .attributes = attributes<BroadcastAttrs>, .infer = broadcast_types,
                         .vjp = broadcast_vjp, .reads = {.inputs = false}, .cost = move_cost,
                         .doc = "Repeats a value along new axes and along axes of size 1. Any dtype."};
const OpDef reshape_op{.name = "reshape", .family = "layout", .attributes = attributes<ReshapeAttrs>, .infer = reshape_types,
                       .vjp = reshape_vjp, .reads = {.inputs = false}, .cost = move_cost, .alias_of = 0,
                       .doc = "The same elements in row-major order with another shape. Any dtype."};
const OpDef transpose_op{.name = "transpose", .family = "layout", .attributes = attributes<TransposeAttrs>, .infer = transpose_types,
                         .vjp = transpose_vjp, .reads = {.inputs = false}, .cost = move_cost,
                         .doc = "Axis i of the result is axis axes[i] of the operand. Any dtype."};

Value broadcast_to(Operand x, Shape shape, std::vector<int64_t> axes) {
  if (x.shape() == shape) return x;
  CallSite site("broadcast_to", {x});
  return apply(broadcast_op, {x}, BroadcastAttrs{std::move(shape), std::move(axes)});
}

Value broadcast_to(Operand x, Shape shape) {
  std::vector<int64_t> axes;
  const auto offset = static_cast<int64_t>(shape.size()) - x.rank();
  for (int64_t i = 0; i < x.rank(); ++i) axes.push_back(offset + i);
  return broadcast_to(x, std::move(shape), std::move(axes));
}

Shape broadcast_shapes(const std::vector<Value>& values) {
  Shape result;
  for (const Value& v : values)
    while (result.size() < v.shape().size()) result.emplace_back(1);
  for (const Value& v : values) {
    const size_t offset = result.size() - v.shape().size();
    for (size_t i = 0; i < v.shape().size(); ++i)
      if (result[offset + i] == Dim(1)) result[offset + i] = v.shape()[i];
  }
  return result;
}

Value reshape(Operand x, Shape shape) {
  CallSite site("reshape", {x});
  Dim known = 1;
  Dim* open = nullptr;
  for (Dim& d : shape) {
    if (d == Dim(-1) && open == nullptr) {
      open = &d;
      continue;
    }
    if (d.is_number() && d.number() < 0)
      throw UserError("reshape: sizes must be at least 0, one of them may be -1 (inferred), got " + shape_text(shape) + " for " + x.type().text() +
                      "\n  reshape at " + CallSite::user_line().text());
    known = known * d;
  }
  if (open != nullptr) {
    const bool zero = known == Dim(0);
    *open = zero ? Dim(0) : floordiv(x.type().numel(), known);
  }
  if (x.shape() == shape) return x;
  return apply(reshape_op, {x}, ReshapeAttrs{std::move(shape)});
}

Value permute(Operand x, std::vector<int64_t> axes) {
  CallSite site("permute", {x});
  bool identity = static_cast<int64_t>(axes.size()) == x.rank();
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0) axes[i] += x.rank();
    identity &= axes[i] == static_cast<int64_t>(i);
  }
  if (identity) return x;
  return apply(transpose_op, {x}, TransposeAttrs{std::move(axes)});
}

Value transpose(Operand x) {
  CallSite site("transpose", {x});
  if (x.rank() < 2)
    throw UserError("transpose: rank must be at least 2, got " + x.type().text() + "\n  operand built at " +
                    x.value().node().origin->text() + "; transpose at " + CallSite::user_line().text());
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < x.rank(); ++i) axes.push_back(i);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return permute(x, axes);
}

Value expand_dims(Operand x, std::vector<int64_t> axes) {
  CallSite site("expand_dims", {x});
  const auto rank = x.rank() + static_cast<int64_t>(axes.size());
  std::vector<char> fresh(static_cast<size_t>(rank), 0);
  for (int64_t a : axes) {
    if (a < -rank || a >= rank || fresh[static_cast<size_t>(a < 0 ? a + rank : a)])
      throw UserError("expand_dims: axes must differ and lie in [" + std::to_string(-rank) + ", " + std::to_string(rank) + "), got " +
                      std::to_string(a) + "\n  expand_dims at " + CallSite::user_line().text());
    fresh[static_cast<size_t>(a < 0 ? a + rank : a)] = 1;
  }
  Shape shape;
  for (size_t i = 0, from = 0; i < fresh.size(); ++i) shape.push_back(fresh[i] ? Dim(1) : x.shape()[from++]);
  return reshape(x, shape);
}

Value squeeze(Operand x, std::vector<int64_t> axes) {
  CallSite site("squeeze", {x});
  Shape shape;
  for (int64_t& a : axes) {
    if (a < -x.rank() || a >= x.rank() || !(x.size(a) == Dim(1)))
      throw UserError("squeeze: axes must have size 1, got axis " + std::to_string(a) + " of " + x.type().text() + "\n  squeeze at " +
                      CallSite::user_line().text());
    if (a < 0) a += x.rank();
    if (std::count(axes.begin(), axes.end(), a) > 1)
      throw UserError("squeeze: axes must be named once, got axis " + std::to_string(a) + " twice\n  squeeze at " + CallSite::user_line().text());
  }
  for (int64_t i = 0; i < x.rank(); ++i) {
    const bool removed = axes.empty() ? x.size(i) == Dim(1) : std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!removed) shape.push_back(x.size(i));
  }
  return reshape(x, shape);
}

}  // namespace lanc
