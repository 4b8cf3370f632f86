#include <lanc/ops/pad.h>

#include <lanc/ops/concat.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/slice.h>

namespace lanc {
namespace {

Types pad_types(const InferArgs& args) {
  const auto& attrs = args.attrs<PadAttrs>();
  if (args.shape(0).size() != attrs.shape.size())
    args.fail("needs a size for each of the operand's axes", shape_text(attrs.shape) + " for " + args.types_text());
  if (args.dtype(1) != args.dtype(0) || !args.shape(1).empty())
    args.fail("the fill value must be of rank 0 and of the operand's dtype", args.types_text());
  require_positions(args, attrs.starts, args.shape(0), attrs.steps, attrs.shape);
  return {{args.dtype(0), attrs.shape}};
}

// dx = dy at x's places; dvalue = the sum of dy over all others.
Cotangents pad_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt};
  const auto& attrs = args.attrs<PadAttrs>();
  const Value dy = args.cotangent();
  Cotangents result(2);
  if (args.wanted(0)) result[0] = strided_slice(dy, {attrs.starts, args.input_shape(0), attrs.steps});
  if (args.wanted(1)) {
    const Value inside = broadcast_to(constant(args.graph(), Tensor(boolean, {})), args.input_shape(0), {});
    result[1] = sum(where(strided_pad(inside, attrs, true), dy, 0));
  }
  return result;
}

Cost pad_cost(const CostArgs& args) { return {0, args.inputs[0].bytes() + args.outputs[0].bytes()}; }

// 0 and 1 stand for false and true, since 0 is what users leave out.
Operand fill_value(const Value& x, const Operand& value) {
  const bool truth = x.dtype() == boolean && value.is_literal() && value.literal().kind == Literal::Kind::integer;
  if (truth && (value.literal().integer == 0 || value.literal().integer == 1)) return Operand(value.literal().integer == 1);
  return value;
}

void require_paddings(const Value& x, const std::vector<Padding>& paddings) {
  if (static_cast<int64_t>(paddings.size()) != x.rank())
    refuse("there must be one padding for each axis", std::to_string(paddings.size()) + " for " + x.type().text(), x);
  for (size_t a = 0; a < paddings.size(); ++a)
    for (const Dim& d : {paddings[a].low, paddings[a].high, paddings[a].interior})
      if (at_most(0, d) == Truth::no) refuse("paddings must be >= 0", d.text() + " for axis " + std::to_string(a) + " of " + x.type().text(), x);
}

Value part(const Value& x, int64_t axis, const Dim& start, const Dim& size, int64_t step) {
  SliceAttrs attrs{std::vector<Dim>(x.shape().size(), 0), x.shape(), std::vector<Dim>(x.shape().size(), 1)};
  const auto a = static_cast<size_t>(axis);
  attrs.starts[a] = start;
  attrs.sizes[a] = size;
  attrs.steps[a] = step;
  return strided_slice(x, std::move(attrs));
}

Value border(const Value& x, int64_t axis, const Dim& at, const Dim& times) {
  Shape shape = x.shape();
  shape[static_cast<size_t>(axis)] = times;
  return broadcast_to(part(x, axis, at, 1, 1), shape);
}

Value continued(const Value& x, int64_t axis, const Padding& p, PadMode mode) {
  const Dim n = x.size(axis);
  const Dim most = mode == PadMode::reflect ? n - 1 : n;
  if (mode == PadMode::edge ? n == Dim(0) : at_most(p.low, most) == Truth::no || at_most(p.high, most) == Truth::no)
    refuse(mode == PadMode::edge ? "an axis must have an element to repeat" : "paddings must be at most " + most.text() + " in this mode",
           p.low.text() + " and " + p.high.text() + " for axis " + std::to_string(axis) + " of " + x.type().text(), x);
  std::vector<Operand> parts;
  const auto add = [&](const Dim& size, auto make) {
    if (!(size == Dim(0))) parts.emplace_back(make());
  };
  const int64_t skipped = mode == PadMode::reflect ? 1 : 0;
  switch (mode) {
    case PadMode::edge:
      add(p.low, [&] { return border(x, axis, 0, p.low); });
      parts.emplace_back(x);
      add(p.high, [&] { return border(x, axis, n - 1, p.high); });
      break;
    case PadMode::wrap:
      add(p.low, [&] { return part(x, axis, n - p.low, p.low, 1); });
      parts.emplace_back(x);
      add(p.high, [&] { return part(x, axis, 0, p.high, 1); });
      break;
    case PadMode::reflect:
    case PadMode::symmetric:
      add(p.low, [&] { return part(x, axis, p.low - 1 + skipped, p.low, -1); });
      parts.emplace_back(x);
      add(p.high, [&] { return part(x, axis, n - 1 - skipped, p.high, -1); });
      break;
  }
  return concat(std::move(parts), axis);
}

}  // namespace

const OpDef pad_op{.name = "pad", .family = "layout", .arity = 2, .attributes = attributes<PadAttrs>, .infer = pad_types, .vjp = pad_vjp,
                   .reads = {.inputs = false}, .cost = pad_cost,
                   .doc = "Element i of an axis goes to starts + i * steps of the result; all others are the second operand. Any dtype."};

Value strided_pad(Operand x, PadAttrs attrs, Operand value) {
  bool whole = x.shape() == attrs.shape && attrs.starts.size() == attrs.shape.size() && attrs.steps.size() == attrs.shape.size();
  for (size_t a = 0; whole && a < attrs.shape.size(); ++a) whole = attrs.starts[a] == Dim(0) && attrs.steps[a] == Dim(1);
  if (whole) return x;
  return apply(pad_op, {x, fill_value(x, value)}, std::move(attrs));
}

Value pad(Operand x, std::vector<Padding> paddings, Operand value) {
  const CallSite site("pad", {x});
  require_paddings(x, paddings);
  PadAttrs attrs;
  for (size_t a = 0; a < paddings.size(); ++a) {
    const Padding& p = paddings[a];
    const Dim& n = x.shape()[a];
    // (n - 1) * (interior + 1) + 1, which is no size for n = 0.
    const Dim spread = p.interior == Dim(0) ? n : larger_of((n - 1) * (p.interior + 1) + 1, 0);
    attrs.starts.push_back(p.low);
    attrs.shape.push_back(p.low + spread + p.high);
    attrs.steps.push_back(p.interior + 1);
  }
  return strided_pad(x, std::move(attrs), value);
}

Value pad(Operand x, std::vector<Padding> paddings, PadMode mode) {
  const CallSite site("pad", {x});
  require_paddings(x, paddings);
  Value y = x;
  for (size_t a = 0; a < paddings.size(); ++a) {
    if (!(paddings[a].interior == Dim(0)))
      refuse("interior padding must be 0 in this mode", paddings[a].interior.text() + " for axis " + std::to_string(a), x);
    if (paddings[a].low == Dim(0) && paddings[a].high == Dim(0)) continue;
    y = continued(y, static_cast<int64_t>(a), paddings[a], mode);
  }
  return y;
}

}  // namespace lanc
