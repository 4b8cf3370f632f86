#include <lanc/ops/conv.h>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/window_rules.h>

namespace lanc {
namespace {

std::span<const Dim> spatial(const Shape& shape) { return std::span(shape).subspan(2); }

void require_multiple(const InferArgs& args, const Dim& channels, int64_t groups, const char* what) {
  const Dim each = floordiv(channels, groups);
  if (equal_dims(each * groups, channels) == Truth::no)
    args.fail(std::string("groups must divide the ") + what, std::to_string(groups) + " groups for " + channels.text() + " of " + args.types_text());
  if (!channels.is_number()) args.require_equal(each * groups, channels, std::string("groups must divide the ") + what);
}

// The one relation of the three shapes, whichever of them is the result.
void require_conv(const InferArgs& args, const Shape& x, const Shape& weight, const Shape* y) {
  const auto& attrs = args.attrs<ConvAttrs>();
  if (attrs.groups < 1) args.fail("groups must be at least 1", std::to_string(attrs.groups) + " for " + args.types_text());
  require_multiple(args, x[1], attrs.groups, "channels");
  require_multiple(args, weight[0], attrs.groups, "outputs");
  args.require_equal(weight[1] * attrs.groups, x[1], "channels must be groups times the weight's");
  const Windows windows = attrs.windows();
  require_windows(args, windows, spatial(x), spatial(weight));
  if (y == nullptr) return;
  args.require_equal((*y)[0], x[0], "batches must be equal");
  args.require_equal((*y)[1], weight[0], "outputs must be the weight's");
  for (size_t a = 0; a + 2 < x.size(); ++a)
    args.require_equal((*y)[a + 2], window_count(x[a + 2], weight[a + 2], windows, a), "there must be one output for each place of the kernel");
}

void require_operands(const InferArgs& args) {
  args.require_number();
  if (args.dtype(0) != args.dtype(1)) args.fail("operands must be of one dtype", args.types_text());
  const size_t rank = args.shape(0).size();
  if (rank < 3 || rank > 5 || args.shape(1).size() != rank)
    args.fail("operands must have one, two or three spatial axes behind two others, both as many", args.types_text());
}

// The shape that an adjoint was asked for.
const Shape& required_shape(const InferArgs& args) {
  const Shape& shape = args.attrs<ConvAttrs>().shape;
  if (shape.size() != args.shape(0).size()) args.fail("the result must have as many axes as the operands", shape_text(shape) + " for " + args.types_text());
  for (const Dim& d : shape) require_at_most(args, 0, d, "sizes must be >= 0", shape_text(shape) + " for " + args.types_text());
  return shape;
}

Types conv_types(const InferArgs& args) {
  require_operands(args);
  const Shape &x = args.shape(0), &weight = args.shape(1);
  require_conv(args, x, weight, nullptr);
  Shape y = {x[0], weight[0]};
  for (size_t a = 0; a + 2 < x.size(); ++a) y.push_back(window_count(x[a + 2], weight[a + 2], args.attrs<ConvAttrs>().windows(), a));
  return {{args.dtype(0), y}};
}

Types input_gradient_types(const InferArgs& args) {
  require_operands(args);
  const Shape& x = required_shape(args);
  require_conv(args, x, args.shape(1), &args.shape(0));
  return {{args.dtype(0), x}};
}

Types weight_gradient_types(const InferArgs& args) {
  require_operands(args);
  const Shape& weight = required_shape(args);
  require_conv(args, args.shape(0), weight, &args.shape(1));
  return {{args.dtype(0), weight}};
}

ConvAttrs with_shape(ConvAttrs attrs, Shape shape) {
  attrs.shape = std::move(shape);
  return attrs;
}

// <y, conv(x, w)> is linear in each of y, x and w, and each of the three ops is its derivative by one of them. So the cotangent of an operand
// is the op of that operand, of the cotangent and of the other operand, in their places.
enum class Role : uint8_t { x, weight, y };

Value derivative_by(Role role, const VjpArgs& args, const Value& x, const Value& weight, const Value& y, const Shape& shape) {
  const auto& attrs = args.attrs<ConvAttrs>();
  switch (role) {
    case Role::x: return apply(conv_input_gradient_op, {y, weight}, with_shape(attrs, shape));
    case Role::weight: return apply(conv_weight_gradient_op, {x, y}, with_shape(attrs, shape));
    case Role::y: break;
  }
  return apply(conv_op, {x, weight}, with_shape(attrs, {}));
}

template <Role first, Role second, Role result>
Cotangents conv_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt};
  const auto value = [&](Role role) { return role == first ? args.input(0) : role == second ? args.input(1) : args.cotangent(); };
  const Value x = value(Role::x), weight = value(Role::weight), y = value(Role::y);
  Cotangents cotangents(2);
  if (args.wanted(0)) cotangents[0] = derivative_by(first, args, x, weight, y, args.input_shape(0));
  if (args.wanted(1)) cotangents[1] = derivative_by(second, args, x, weight, y, args.input_shape(1));
  return cotangents;
}

// One product for each element of y, input channel of its group and element of the kernel.
Cost conv_cost(const Type& y, const Type& weight, const CostArgs& args) {
  Dim products = y.numel() * weight.shape[1];
  for (const Dim& k : spatial(weight.shape)) products = products * k;
  return {Dim(2) * products, args.inputs[0].bytes() + args.inputs[1].bytes() + args.outputs[0].bytes()};
}
Cost forward_cost(const CostArgs& args) { return conv_cost(args.outputs[0], args.inputs[1], args); }
Cost input_gradient_cost(const CostArgs& args) { return conv_cost(args.inputs[0], args.inputs[1], args); }
Cost weight_gradient_cost(const CostArgs& args) { return conv_cost(args.inputs[1], args.outputs[0], args); }

size_t spatial_axes(const Operand& x, const Operand& weight) {
  const int64_t rank = x.rank();
  if (rank < 3 || rank > 5 || weight.rank() != rank)
    refuse("operands must have one, two or three spatial axes behind two others, both as many", "x " + x.type().text() + " and weight " + weight.type().text(), x);
  return static_cast<size_t>(rank - 2);
}

}  // namespace

const OpDef conv_op{.name = "conv", .family = "conv", .arity = 2, .attributes = attributes<ConvAttrs>, .infer = conv_types,
                    .vjp = conv_vjp<Role::x, Role::weight, Role::y>, .cost = forward_cost,
                    .doc = "Convolution of {N,C,spatial...} with {O,C/groups,kernel...}. 16-bit floats accumulate in f32."};
const OpDef conv_input_gradient_op{.name = "conv_input_gradient", .family = "conv", .arity = 2, .attributes = attributes<ConvAttrs>,
                                   .infer = input_gradient_types, .vjp = conv_vjp<Role::y, Role::weight, Role::x>, .cost = input_gradient_cost,
                                   .doc = "The adjoint of conv by its input, which is the transposed convolution."};
const OpDef conv_weight_gradient_op{.name = "conv_weight_gradient", .family = "conv", .arity = 2, .attributes = attributes<ConvAttrs>,
                                    .infer = weight_gradient_types, .vjp = conv_vjp<Role::x, Role::y, Role::weight>, .cost = weight_gradient_cost,
                                    .doc = "The adjoint of conv by its weight."};

Value conv(Operand x, Operand weight, ConvOptions options) {
  const CallSite site("conv", {x, weight});
  const size_t axes = spatial_axes(x, weight);
  const DType dtype = promote(x.dtype(), weight.dtype());
  ConvAttrs attrs{.strides = for_each_axis<int64_t>(std::move(options.strides), axes, 1, "strides"),
                  .padding = for_each_axis<Margin>(options.padding, axes, 0, "paddings"),
                  .dilations = for_each_axis<int64_t>(std::move(options.dilations), axes, 1, "dilations"),
                  .groups = options.groups};
  if (options.same && !options.padding.empty()) refuse("padding must be given or be same", "both", x);
  if (options.same)
    for (size_t a = 0; a < axes; ++a) attrs.padding[a] = same_margin(weight.shape()[a + 2], attrs.dilations[a]);
  return apply(conv_op, {cast(x, dtype), cast(weight, dtype)}, std::move(attrs));
}

Value conv_transpose(Operand x, Operand weight, ConvTransposeOptions options) {
  const CallSite site("conv_transpose", {x, weight});
  const size_t axes = spatial_axes(x, weight);
  const DType dtype = promote(x.dtype(), weight.dtype());
  ConvAttrs attrs{.strides = for_each_axis<int64_t>(std::move(options.strides), axes, 1, "strides"),
                  .padding = for_each_axis<Margin>(std::move(options.padding), axes, 0, "paddings"),
                  .dilations = for_each_axis<int64_t>(std::move(options.dilations), axes, 1, "dilations"),
                  .groups = options.groups,
                  .shape = {x.shape()[0], weight.shape()[1] * options.groups}};
  const std::vector<int64_t> added = for_each_axis<int64_t>(std::move(options.output_padding), axes, 0, "output paddings");
  for (size_t a = 0; a < axes; ++a) {
    if (added[a] < 0 || added[a] >= std::max<int64_t>(1, attrs.strides[a]))
      refuse("an output padding must be in [0, stride)", std::to_string(added[a]) + " for a stride of " + std::to_string(attrs.strides[a]), x);
    const Margin& margin = attrs.padding[a];
    attrs.shape.push_back((x.shape()[a + 2] - 1) * attrs.strides[a] - margin.low - margin.high + window_span(weight.shape()[a + 2], attrs.dilations[a]) +
                          added[a]);
  }
  return apply(conv_input_gradient_op, {cast(x, dtype), cast(weight, dtype)}, std::move(attrs));
}

Value conv_input_gradient(Operand dy, Operand weight, ConvAttrs attrs) { return apply(conv_input_gradient_op, {dy, weight}, std::move(attrs)); }
Value conv_weight_gradient(Operand x, Operand dy, ConvAttrs attrs) { return apply(conv_weight_gradient_op, {x, dy}, std::move(attrs)); }

}  // namespace lanc
