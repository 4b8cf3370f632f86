#include <lanc/models/norms.h>

#include <cmath>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/models/updates.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>

namespace lanc::models {
namespace {

using detail::Named;

Value widened(const Value& x) { return cast(x, compute_type(x.dtype())); }

std::vector<int64_t> axes_from(int64_t first, int64_t rank) {
  std::vector<int64_t> axes;
  for (int64_t a = first; a < rank; ++a) axes.push_back(a);
  return axes;
}
std::vector<int64_t> all_but_channels(const Value& x) {
  std::vector<int64_t> axes = axes_from(2, x.rank());
  axes.insert(axes.begin(), 0);
  return axes;
}

void require_input(const Value& x, int64_t least_rank) {
  detail::require_float({"input", x});
  if (x.rank() < least_rank)
    detail::fail("the input must have " + std::to_string(least_rank) + " axes or more", x.type().text(), {{"input", x}});
}

void require_epsilon(double epsilon) {
  if (!(epsilon > 0) || !std::isfinite(epsilon)) detail::fail("epsilon must be positive and finite", number_text(epsilon));
}

// {C} for x of so many axes: {C, 1, ...}.
Value along_channels(const Value& per_channel, const Value& x) {
  Shape shape(static_cast<size_t>(x.rank() - 1), Dim(1));
  shape[0] = per_channel.size(0);
  return reshape(per_channel, shape);
}

// Scale and shift in the type in which is computed.
struct Affine {
  std::optional<Value> scale, shift;

  Affine(const Value& x, const NormalizeOptions& options, const Shape& shape) {
    require_epsilon(options.epsilon);
    const auto checked = [&](const char* name, const std::optional<Value>& v) -> std::optional<Value> {
      if (!v) return std::nullopt;
      const std::string wanted = std::string(name) + " must be " + Type{x.dtype(), shape}.text();
      if (v->dtype() != x.dtype()) detail::fail(wanted, v->type().text(), {{name, *v}, {"input", x}});
      detail::require_shape({name, *v}, shape, wanted, {{name, *v}, {"input", x}});
      return widened(*v);
    };
    scale = checked("scale", options.scale);
    shift = checked("shift", options.shift);
  }
  Affine per_channel(const Value& x) && {
    if (scale) scale = along_channels(*scale, x);
    if (shift) shift = along_channels(*shift, x);
    return *this;
  }
  // deviation / root * scale + shift: one factor for each root, where that has fewer elements.
  Value of(const Value& deviation, const Value& root) const {
    const Value y = scale ? deviation * (*scale / root) : deviation / root;
    return shift ? y + *shift : y;
  }
};
// The scale goes along other axes than the root: it is not drawn into the factor.
Value applied_last(const Affine& affine, const Value& normalized) {
  const Value y = affine.scale ? normalized * *affine.scale : normalized;
  return affine.shift ? y + *affine.shift : y;
}

struct Moments {
  Value mean, deviation, variance;
};
// In two passes: mean of x^2 less squared mean would lose the digits of data far from 0.
Moments moments(const Value& x, const std::vector<int64_t>& axes) {
  const Value average = mean(x, {.axes = axes, .keep = true});
  const Value deviation = x - average;
  return {average, deviation, mean(square(deviation), {.axes = axes, .keep = true})};
}
Value normalized(const Value& x, const std::vector<int64_t>& axes, double epsilon) {
  const Moments m = moments(x, axes);
  return m.deviation / sqrt(m.variance + epsilon);
}

Shape last_sizes(const Value& x, int64_t axes) {
  if (axes < 1 || axes > x.rank())
    detail::fail("axes must be in [1, " + std::to_string(x.rank()) + "]", std::to_string(axes) + " for " + x.type().text(), {{"input", x}});
  return {x.shape().end() - axes, x.shape().end()};
}

// Of a layer.
void require_channels(const Value& x, int64_t channels, DType dtype, int64_t least_rank) {
  if (x.dtype() != dtype || x.rank() < least_rank || equal_dims(x.size(1), channels) == Truth::no)
    detail::fail("the input must be " + std::string(name_of(dtype)) + "[N," + std::to_string(channels) + (least_rank > 2 ? ",size0,...]" : ",...]"),
                 x.type().text(), {{"input", x}});
  if (!x.size(1).is_number()) require_equal_dims(x, x.size(1), channels, "channels must be " + std::to_string(channels), x.type().text());
}
void require_sizes(const Value& x, const std::vector<int64_t>& sizes, DType dtype) {
  std::string wanted = std::string(name_of(dtype)) + "[...";
  for (int64_t n : sizes) wanted += "," + std::to_string(n);
  const auto count = static_cast<int64_t>(sizes.size());
  bool fits = x.dtype() == dtype && x.rank() >= count;
  for (int64_t i = 0; fits && i < count; ++i) fits = equal_dims(x.size(i - count), sizes[static_cast<size_t>(i)]) != Truth::no;
  if (!fits) detail::fail("the input must be " + wanted + "]", x.type().text(), {{"input", x}});
}

Shape per_channel_shape(int64_t channels) {
  if (channels < 1) detail::fail("channels must be positive", std::to_string(channels));
  return {channels};
}
Shape sizes_shape(const std::vector<int64_t>& sizes) {
  bool positive = !sizes.empty();
  for (int64_t n : sizes) positive &= n >= 1;
  const Shape shape(sizes.begin(), sizes.end());
  if (!positive) detail::fail("there must be sizes, all of them positive", shape_text(shape));
  return shape;
}

NormParameters make_parameters(const Scope& scope, const Shape& shape, bool scale, bool shift, double epsilon, DType dtype) {
  require_epsilon(epsilon);
  if (!is_float(dtype)) detail::fail("dtype must be a float", std::string(name_of(dtype)));
  NormParameters made;
  if (scale) made.scale = parameter(scope, "scale", shape, initializers::ones(), dtype);
  if (shift) made.shift = parameter(scope, "shift", shape, initializers::zeros(), dtype);
  return made;
}
NormParameters make_parameters(const char* layer, const Scope& scope, const std::vector<int64_t>& sizes, const NormLayerOptions& o,
                               std::source_location where) {
  const CallSite site(layer, where, scope.graph().data());
  return make_parameters(scope, sizes_shape(sizes), o.scale, o.shift, o.epsilon, o.dtype);
}
NormParameters make_channel_parameters(const char* layer, const Scope& scope, int64_t groups, int64_t channels, const NormLayerOptions& o,
                                       std::source_location where) {
  const CallSite site(layer, where, scope.graph().data());
  const Shape shape = per_channel_shape(channels);
  if (groups < 1 || channels % groups != 0)
    detail::fail("groups must divide the channels", std::to_string(groups) + " groups for " + std::to_string(channels) + " channels");
  return make_parameters(scope, shape, o.scale, o.shift, o.epsilon, o.dtype);
}

}  // namespace

Value batch_norm(Operand x, NormalizeOptions options) {
  const CallSite site("batch_norm", {x});
  require_input(x, 2);
  const Affine affine = Affine(x, options, {x.size(1)}).per_channel(x);
  const Moments m = moments(widened(x), all_but_channels(x));
  return cast(affine.of(m.deviation, sqrt(m.variance + options.epsilon)), x.dtype());
}

Value batch_norm(Operand x, Operand mean, Operand variance, NormalizeOptions options) {
  const CallSite site("batch_norm", {x});
  require_input(x, 2);
  const Named given{"mean", mean}, spread{"variance", variance}, input{"input", x};
  for (const Named& v : {given, spread}) {
    detail::require_float(v);
    detail::require_shape(v, {x.size(1)}, "mean and variance must have one element for each channel", {v, input});
  }
  const DType dtype = compute_type(x.dtype());
  const Affine affine = Affine(x, options, {x.size(1)}).per_channel(x);
  const Value deviation = widened(x) - along_channels(cast(mean, dtype), x);
  return cast(affine.of(deviation, sqrt(along_channels(cast(variance, dtype), x) + options.epsilon)), x.dtype());
}

Value layer_norm(Operand x, int64_t axes, NormalizeOptions options) {
  const CallSite site("layer_norm", {x});
  require_input(x, 1);
  const Affine affine(x, options, last_sizes(x, axes));
  return cast(applied_last(affine, normalized(widened(x), axes_from(x.rank() - axes, x.rank()), options.epsilon)), x.dtype());
}

Value group_norm(Operand x, int64_t groups, NormalizeOptions options) {
  const CallSite site("group_norm", {x});
  require_input(x, 2);
  const Dim channels = x.size(1);
  if (!channels.is_number() || groups < 1 || channels.number() % groups != 0)
    detail::fail("groups must divide the channels", std::to_string(groups) + " groups for " + x.type().text(), {{"input", x}});
  const Affine affine = Affine(x, options, {channels}).per_channel(x);
  Shape grouped = {x.size(0), groups, channels.number() / groups};
  grouped.insert(grouped.end(), x.shape().begin() + 2, x.shape().end());
  const Value y = normalized(reshape(widened(x), grouped), axes_from(2, x.rank() + 1), options.epsilon);
  return cast(applied_last(affine, reshape(y, x.shape())), x.dtype());
}

Value instance_norm(Operand x, NormalizeOptions options) {
  const CallSite site("instance_norm", {x});
  require_input(x, 3);
  const Affine affine = Affine(x, options, {x.size(1)}).per_channel(x);
  const Moments m = moments(widened(x), axes_from(2, x.rank()));
  return cast(affine.of(m.deviation, sqrt(m.variance + options.epsilon)), x.dtype());
}

Value rms_norm(Operand x, int64_t axes, NormalizeOptions options) {
  const CallSite site("rms_norm", {x});
  require_input(x, 1);
  if (options.shift) detail::fail("there must be no shift", options.shift->type().text(), {{"shift", *options.shift}, {"input", x}});
  const Affine affine(x, options, last_sizes(x, axes));
  const Value wide = widened(x);
  const Value squares = mean(square(wide), {.axes = axes_from(x.rank() - axes, x.rank()), .keep = true});
  return cast(applied_last(affine, wide / sqrt(squares + options.epsilon)), x.dtype());
}

BatchNorm::BatchNorm(const Scope& scope, int64_t channels, BatchNormOptions options, std::source_location where)
    : BatchNorm(CallSite("BatchNorm", where, scope.graph().data()), scope, channels, options) {}

BatchNorm::BatchNorm(const CallSite&, const Scope& scope, int64_t channels, const BatchNormOptions& o)
    : NormParameters(make_parameters(scope, per_channel_shape(channels), o.scale, o.shift, o.epsilon, o.dtype)),
      running_mean(state(scope, "running_mean", {channels}, initializers::zeros(), compute_type(o.dtype))),
      running_variance(state(scope, "running_variance", {channels}, initializers::ones(), compute_type(o.dtype))), scope_(scope.path()),
      epsilon_(o.epsilon), momentum_(o.momentum), dtype_(o.dtype) {
  if (!(momentum_ >= 0 && momentum_ <= 1)) detail::fail("momentum must be in [0, 1]", number_text(momentum_));
}

Value BatchNorm::operator()(Operand x, Mode mode, BatchNormCall call) const {
  const CallSite site("BatchNorm", {x}, scope_);
  require_channels(x, running_mean.size(0).number(), dtype_, 2);
  const NormalizeOptions options{epsilon_, scale, shift};
  if (mode == Mode::inference) return batch_norm(x, running_mean, running_variance, options);

  const ReduceAttrs attrs{.axes = all_but_channels(x), .keep = true};
  const Dim n = reduced_count(x.shape(), attrs);
  require_dim_at_most(x, 2, n, "training needs two elements or more per channel", n.text() + " of " + x.type().text());
  const Affine affine = Affine(x, options, {x.size(1)}).per_channel(x);
  const Moments m = moments(widened(x), attrs.axes);
  const Value y = cast(affine.of(m.deviation, sqrt(m.variance + epsilon_)), dtype_);
  if (!call.update) return y;

  const Value elements = dim_value(x.graph(), n, m.variance.dtype());
  const Value unbiased = m.variance * (elements / (elements - 1));
  const auto blend = [&](const Value& running, const Value& batch) { return (1 - momentum_) * running + momentum_ * reshape(batch, running.shape()); };
  return with_update(with_update(y, running_mean, blend(running_mean, m.mean)), running_variance, blend(running_variance, unbiased));
}

LayerNorm::LayerNorm(const Scope& scope, const std::vector<int64_t>& sizes, NormLayerOptions o, std::source_location where)
    : NormParameters(make_parameters("LayerNorm", scope, sizes, o, where)), scope_(scope.path()), sizes_(sizes), epsilon_(o.epsilon), dtype_(o.dtype) {}

Value LayerNorm::operator()(Operand x) const {
  const CallSite site("LayerNorm", {x}, scope_);
  require_sizes(x, sizes_, dtype_);
  return layer_norm(x, static_cast<int64_t>(sizes_.size()), {epsilon_, scale, shift});
}

GroupNorm::GroupNorm(const Scope& scope, int64_t groups, int64_t channels, NormLayerOptions o, std::source_location where)
    : NormParameters(make_channel_parameters("GroupNorm", scope, groups, channels, o, where)), scope_(scope.path()), groups_(groups),
      channels_(channels), epsilon_(o.epsilon), dtype_(o.dtype) {}

Value GroupNorm::operator()(Operand x) const {
  const CallSite site("GroupNorm", {x}, scope_);
  require_channels(x, channels_, dtype_, 2);
  return group_norm(x, groups_, {epsilon_, scale, shift});
}

InstanceNorm::InstanceNorm(const Scope& scope, int64_t channels, NormLayerOptions o, std::source_location where)
    : NormParameters(make_channel_parameters("InstanceNorm", scope, 1, channels, o, where)), scope_(scope.path()), channels_(channels),
      epsilon_(o.epsilon), dtype_(o.dtype) {}

Value InstanceNorm::operator()(Operand x) const {
  const CallSite site("InstanceNorm", {x}, scope_);
  require_channels(x, channels_, dtype_, 3);
  return instance_norm(x, {epsilon_, scale, shift});
}

RmsNorm::RmsNorm(const Scope& scope, const std::vector<int64_t>& sizes, RmsNormOptions o, std::source_location where)
    : scale(make_parameters("RmsNorm", scope, sizes, {.epsilon = o.epsilon, .scale = o.scale, .shift = false, .dtype = o.dtype}, where).scale),
      scope_(scope.path()), sizes_(sizes), epsilon_(o.epsilon), dtype_(o.dtype) {}

Value RmsNorm::operator()(Operand x) const {
  const CallSite site("RmsNorm", {x}, scope_);
  require_sizes(x, sizes_, dtype_);
  return rms_norm(x, static_cast<int64_t>(sizes_.size()), {.epsilon = epsilon_, .scale = scale});
}

}  // namespace lanc::models
