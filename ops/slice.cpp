#include <lanc/ops/slice.h>

#include <lanc/ops/concat.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

bool surely_negative(const Dim& step) { return step.is_number() && step.number() < 0; }
bool is_step(const Dim& step) { return surely_negative(step) || at_most(1, step) == Truth::yes; }

Types slice_types(const InferArgs& args) {
  const auto& attrs = args.attrs<SliceAttrs>();
  require_positions(args, attrs.starts, attrs.sizes, attrs.steps, args.shape(0));
  return {{args.dtype(0), attrs.sizes}};
}

// dx = dy put back where it came from, 0 elsewhere.
Cotangents slice_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const auto& attrs = args.attrs<SliceAttrs>();
  return {strided_pad(args.cotangent(), {attrs.starts, args.input_shape(0), attrs.steps}, 0)};
}

Cost slice_cost(const CostArgs& args) { return {0, Dim(2) * args.outputs[0].bytes()}; }

SliceAttrs whole(const Shape& shape) {
  return {std::vector<Dim>(shape.size(), 0), shape, std::vector<Dim>(shape.size(), 1)};
}

bool is_whole(const SliceAttrs& attrs, const Shape& shape) {
  if (attrs.starts.size() != shape.size() || attrs.steps.size() != shape.size() || !(attrs.sizes == shape)) return false;
  for (size_t a = 0; a < shape.size(); ++a)
    if (!(attrs.starts[a] == Dim(0) && attrs.steps[a] == Dim(1))) return false;
  return true;
}

std::string axis_text(const Value& x, size_t axis) { return " for axis " + std::to_string(axis) + " of " + x.type().text(); }

// A position of an axis of size n: negative numbers count from the end. Refused when surely outside of [low, high] = [0, last].
Dim position(const Value& x, size_t axis, const Dim& given, const char* what, const Dim& last) {
  const Dim& n = x.shape()[axis];
  const bool from_end = given.is_number() && given.number() < 0;
  const Dim at = from_end ? n + given : given;
  const std::string requirement = std::string(what) + " must be in [" + (Dim(0) - n).text() + ", " + last.text() + "]";
  require_dim_at_most(x, 0, at, requirement, given.text() + axis_text(x, axis));
  require_dim_at_most(x, at, last, requirement, given.text() + axis_text(x, axis));
  return at;
}

void set_axis(const Value& x, size_t axis, const Slice& slice, SliceAttrs& attrs) {
  const Dim& n = x.shape()[axis];
  if (!is_step(slice.step)) refuse("a step must be a number other than 0, or a dim that is at least 1", slice.step.text() + axis_text(x, axis), x);
  const bool back = surely_negative(slice.step);
  const Dim last = back ? n - 1 : n;  // the greatest start and stop
  const Dim start = slice.start ? position(x, axis, *slice.start, "start", last) : back ? n - 1 : Dim(0);
  const Dim stop = slice.stop ? position(x, axis, *slice.stop, "stop", last) : back ? Dim(-1) : n;
  require_dim_at_most(x, back ? stop : start, back ? start : stop,
                      back ? "start must not be below stop where the step is negative" : "start must not be above stop",
                      start.text() + " and " + stop.text() + axis_text(x, axis));
  attrs.starts[axis] = start;
  attrs.steps[axis] = slice.step;
  attrs.sizes[axis] = back ? ceildiv(start - stop, Dim(0) - slice.step) : ceildiv(stop - start, slice.step);
}

// Part [start, start + size) of one axis.
Value part(const Value& x, int64_t axis, const Dim& start, const Dim& size) {
  SliceAttrs attrs = whole(x.shape());
  attrs.starts[static_cast<size_t>(axis)] = start;
  attrs.sizes[static_cast<size_t>(axis)] = size;
  return strided_slice(x, std::move(attrs));
}

// shift mod n, also where n has symbols; 0 for n = 0. Then the last `shift` elements come first.
Value rolled(const Value& x, int64_t shift, int64_t axis) {
  const Dim n = x.size(axis);
  const Dim divisor = larger_of(n, 1);
  const Dim places = Dim(shift) - floordiv(shift, divisor) * divisor;
  if (places == Dim(0)) return x;
  return concat({part(x, axis, n - places, places), part(x, axis, 0, n - places)}, axis);
}

}  // namespace

const OpDef slice_op{.name = "slice", .family = "layout", .attributes = attributes<SliceAttrs>, .infer = slice_types, .vjp = slice_vjp,
                     .reads = {.inputs = false}, .cost = slice_cost,
                     .doc = "Elements starts + i * steps of each axis, i in [0, sizes); steps may be negative. Any dtype."};

void require_positions(const InferArgs& args, const std::vector<Dim>& starts, const Shape& sizes, const std::vector<Dim>& steps, const Shape& of) {
  const size_t rank = of.size();
  if (starts.size() != rank || sizes.size() != rank || steps.size() != rank)
    args.fail("needs a start, a size and a step for each of " + std::to_string(rank) + " axes",
              std::to_string(starts.size()) + ", " + std::to_string(sizes.size()) + " and " + std::to_string(steps.size()) + " for " + args.types_text());
  for (size_t a = 0; a < rank; ++a) {
    const std::string axis = "axis " + std::to_string(a);
    if (!is_step(steps[a])) args.fail("the step of " + axis + " must be a number other than 0, or a dim that is at least 1", steps[a].text());
    args.require_at_most(0, sizes[a], "the size of " + axis + " must be >= 0", sizes[a].text());
    if (sizes[a] == Dim(0)) continue;
    const Dim last = starts[a] + (sizes[a] - 1) * steps[a];
    const bool back = surely_negative(steps[a]);
    const Dim &lowest = back ? last : starts[a], &highest = back ? starts[a] : last;
    const std::string requirement = "positions of " + axis + " must lie in [0, " + of[a].text() + ")";
    const std::string got = lowest.text() + " to " + highest.text() + " for " + args.types_text();
    args.require_at_most(0, lowest, requirement, got);
    args.require_at_most(highest + 1, of[a], requirement, got);
  }
}

Value strided_slice(Operand x, SliceAttrs attrs) {
  if (is_whole(attrs, x.shape())) return x;
  return apply(slice_op, {x}, std::move(attrs));
}

Value slice_of(Operand x, std::vector<Slice> slices) {
  const CallSite site("slice_of", {x});
  if (static_cast<int64_t>(slices.size()) > x.rank())
    refuse("there must be at most one slice for each axis", std::to_string(slices.size()) + " for " + x.type().text(), x);
  SliceAttrs attrs = whole(x.shape());
  for (size_t a = 0; a < slices.size(); ++a) set_axis(x, a, slices[a], attrs);
  return strided_slice(x, std::move(attrs));
}

Value slice_axis(Operand x, int64_t axis, Slice slice) {
  const CallSite site("slice_axis", {x});
  SliceAttrs attrs = whole(x.shape());
  set_axis(x, static_cast<size_t>(required_axis(x, axis)), slice, attrs);
  return strided_slice(x, std::move(attrs));
}

Value reverse(Operand x, std::vector<int64_t> axes) {
  const CallSite site("reverse", {x});
  if (axes.empty())
    for (int64_t a = 0; a < x.rank(); ++a) axes.push_back(a);
  SliceAttrs attrs = whole(x.shape());
  for (int64_t a : required_axes(x, axes)) {
    const Dim& n = x.shape()[static_cast<size_t>(a)];
    if (n == Dim(1)) continue;
    attrs.starts[static_cast<size_t>(a)] = n - 1;
    attrs.steps[static_cast<size_t>(a)] = -1;
  }
  return strided_slice(x, std::move(attrs));
}

std::vector<Value> split(Operand x, const Shape& sizes, int64_t axis) {
  const CallSite site("split", {x});
  const int64_t at = required_axis(x, axis);
  const Dim n = x.size(at);
  Dim total = 0;
  for (const Dim& size : sizes) {
    if (at_most(0, size) == Truth::no) refuse("sizes must be >= 0", shape_text(sizes), x);
    total = total + size;
  }
  if (sizes.empty()) refuse("there must be at least one size", "none", x);
  std::vector<Value> parts;
  Dim start = 0;
  for (const Dim& size : sizes) {
    // For each part, since a function may run any of them alone.
    require_equal_dims(x, total, n, "sizes must add up to the axis' size " + n.text(), shape_text(sizes) + axis_text(x, static_cast<size_t>(at)));
    parts.push_back(part(x, at, start, size));
    start = start + size;
  }
  return parts;
}

std::vector<Value> split_equal(Operand x, int64_t parts, int64_t axis) {
  const CallSite site("split_equal", {x});
  const auto at = static_cast<size_t>(required_axis(x, axis));
  if (parts < 1) refuse("the number of parts must be at least 1", std::to_string(parts), x);
  const Dim& n = x.shape()[at];
  const Dim size = floordiv(n, parts);
  std::vector<Value> out;
  for (int64_t i = 0; i < parts; ++i) {
    require_equal_dims(x, size * parts, n, "the axis' size must be a multiple of the number of parts", std::to_string(parts) + " parts" + axis_text(x, at));
    out.push_back(part(x, static_cast<int64_t>(at), size * i, size));
  }
  return out;
}

std::vector<Value> unstack(Operand x, int64_t axis) {
  const CallSite site("unstack", {x});
  const int64_t at = required_axis(x, axis);
  const Dim n = x.size(at);
  if (!n.is_number()) refuse("the axis' size must be a number", n.text() + axis_text(x, static_cast<size_t>(at)), x);
  std::vector<Value> parts;
  for (int64_t i = 0; i < n.number(); ++i) parts.push_back(squeeze(part(x, at, i, 1), {at}));
  return parts;
}

Value roll(Operand x, int64_t shift, int64_t axis) {
  const CallSite site("roll", {x});
  return rolled(x, shift, required_axis(x, axis));
}

Value roll(Operand x, std::vector<int64_t> shifts, std::vector<int64_t> axes) {
  const CallSite site("roll", {x});
  if (shifts.size() != axes.size())
    refuse("there must be one shift for each axis", std::to_string(shifts.size()) + " shifts and " + std::to_string(axes.size()) + " axes", x);
  axes = required_axes(x, axes);
  Value y = x;
  for (size_t i = 0; i < axes.size(); ++i) y = rolled(y, shifts[i], axes[i]);
  return y;
}

}  // namespace lanc
