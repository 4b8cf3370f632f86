#include <lanc/ops/layout.h>

#include <algorithm>

#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>

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

// The axes of one example among those of many.
std::vector<int64_t> behind_first(std::vector<int64_t> axes) {
  for (int64_t& a : axes) ++a;
  axes.insert(axes.begin(), 0);
  return axes;
}
Shape with_first(const Dim& length, const Shape& shape) {
  Shape all{length};
  all.insert(all.end(), shape.begin(), shape.end());
  return all;
}

std::vector<Value> broadcast_batch(const BatchArgs& args) {
  const auto& attrs = args.attrs<BroadcastAttrs>();
  return {broadcast_to(args.inputs[0], with_first(args.length, attrs.shape), behind_first(attrs.axes))};
}
std::vector<Value> reshape_batch(const BatchArgs& args) { return {reshape(args.inputs[0], with_first(args.length, args.attrs<ReshapeAttrs>().shape))}; }
std::vector<Value> transpose_batch(const BatchArgs& args) { return {permute(args.inputs[0], behind_first(args.attrs<TransposeAttrs>().axes))}; }

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
                         .vjp = broadcast_vjp, .batch = broadcast_batch, .reads = {.inputs = false}, .cost = move_cost,
                         .doc = "Repeats a value along new axes and along axes of size 1. Any dtype."};
const OpDef reshape_op{.name = "reshape", .family = "layout", .attributes = attributes<ReshapeAttrs>, .infer = reshape_types,
                       .vjp = reshape_vjp, .batch = reshape_batch, .reads = {.inputs = false}, .cost = move_cost, .alias_of = 0,
                       .doc = "The same elements in row-major order with another shape. Any dtype."};
const OpDef transpose_op{.name = "transpose", .family = "layout", .attributes = attributes<TransposeAttrs>, .infer = transpose_types,
                         .vjp = transpose_vjp, .batch = transpose_batch, .reads = {.inputs = false}, .cost = move_cost,
                         .doc = "Axis i of the result is axis axes[i] of the operand. Any dtype."};

Value broadcast_to(Operand x, Shape shape, std::vector<int64_t> axes) {
  const CallSite site("broadcast_to", {x});
  bool same = x.shape() == shape;
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] < 0) axes[i] += static_cast<int64_t>(shape.size());
    same &= axes[i] == static_cast<int64_t>(i);
  }
  if (same && axes.size() == shape.size()) return x;
  require_shape(x.graph(), shape);
  return apply(broadcast_op, {x}, BroadcastAttrs{std::move(shape), std::move(axes)});
}

Value broadcast_to(Operand x, Shape shape) {
  const CallSite site("broadcast_to", {x});
  std::vector<int64_t> axes;
  const auto offset = static_cast<int64_t>(shape.size()) - x.rank();
  if (offset < 0) refuse("the shape must have at least the operand's " + std::to_string(x.rank()) + " axes", shape_text(shape) + " for " + x.type().text(), x);
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

// The size that makes the number of elements stay. Sizes that stay are taken out first: {batch, 28, 28} to {batch, -1} gives 784, and an
// empty batch leaves it at that.
static Dim inferred_size(const Value& x, const Shape& shape) {
  Shape left = x.shape();
  Dim divisor = 1;
  for (const Dim& d : shape) {
    if (d == Dim(-1)) continue;
    const auto same = std::find(left.begin(), left.end(), d);
    if (same != left.end()) left.erase(same);
    else divisor = divisor * d;
  }
  Dim elements = 1;
  for (const Dim& d : left) elements = elements * d;
  if (divisor == Dim(0)) refuse("no size can be -1 beside a size of 0", shape_text(shape) + " for " + x.type().text(), x);
  const Dim size = floordiv(elements, divisor);
  if (equal_dims(size * divisor, elements) == Truth::no)
    refuse("the sizes beside -1 must divide the number of elements " + x.type().numel().text(), shape_text(shape) + " for " + x.type().text(), x);
  return size;
}

Value reshape(Operand x, Shape shape) {
  const CallSite site("reshape", {x});
  Dim* open = nullptr;
  for (Dim& d : shape) {
    if (d == Dim(-1) && open == nullptr) open = &d;
    else if (at_most(0, d) == Truth::no)
      refuse("sizes must be at least 0, one of them may be -1 (inferred)", shape_text(shape) + " for " + x.type().text(), x);
  }
  if (open != nullptr) *open = inferred_size(x, shape);
  if (x.shape() == shape) return x;
  require_shape(x.graph(), shape);
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
  const CallSite site("transpose", {x});
  if (x.rank() < 2) refuse("the operand must have at least two axes", x.type().text(), x);
  return swap_axes(x, -2, -1);
}

Value swap_axes(Operand x, int64_t a, int64_t b) {
  const CallSite site("swap_axes", {x});
  a = required_axis(x, a);
  b = required_axis(x, b);
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < x.rank(); ++i) axes.push_back(i == a ? b : i == b ? a : i);
  return permute(x, axes);
}

Value expand_dims(Operand x, std::vector<int64_t> axes) {
  const CallSite site("expand_dims", {x});
  const auto rank = x.rank() + static_cast<int64_t>(axes.size());
  std::vector<char> fresh(static_cast<size_t>(rank), 0);
  for (int64_t a : axes) {
    if (a < -rank || a >= rank || fresh[static_cast<size_t>(a < 0 ? a + rank : a)])
      refuse("axes must differ and be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")", std::to_string(a) + " for " + x.type().text(), x);
    fresh[static_cast<size_t>(a < 0 ? a + rank : a)] = 1;
  }
  Shape shape;
  for (size_t i = 0, from = 0; i < fresh.size(); ++i) shape.push_back(fresh[i] ? Dim(1) : x.shape()[from++]);
  return reshape(x, shape);
}

Value squeeze(Operand x, std::vector<int64_t> axes) {
  const CallSite site("squeeze", {x});
  const bool all = axes.empty();
  axes = required_axes(x, axes);
  for (int64_t a : axes)
    if (!(x.size(a) == Dim(1))) refuse("axes must have size 1", "axis " + std::to_string(a) + " of " + x.type().text(), x);
  Shape shape;
  for (int64_t i = 0; i < x.rank(); ++i) {
    const bool removed = all ? x.size(i) == Dim(1) : std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!removed) shape.push_back(x.size(i));
  }
  return reshape(x, shape);
}

}  // namespace lanc
