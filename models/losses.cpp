#include <lanc/models/losses.h>

#include <limits>
#include <vector>

#include <lanc/autodiff/gradients.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>

namespace lanc::losses {
namespace {

using models::detail::fail;
using models::detail::Named;

// Prediction and target, checked; 16-bit floats in f32.
struct Pair {
  Value prediction;
  Value target;  // a number: of rank 0
};

Pair paired(const char* name, const Operand& prediction, const Operand& target) {
  const Named p{name, prediction};
  models::detail::require_float(p);
  const Value x = cast(prediction, compute_type(prediction.dtype()));
  if (target.is_literal()) {
    Tensor number(x.dtype(), {});
    number.set(0, target.literal().real);
    return {x, constant(x.graph(), number)};
  }
  models::detail::require_same_shape(p, {"target", target});
  return {x, cast(target, compute_type(target.dtype()))};
}

std::vector<int64_t> feature_axes(const Value& x) {
  std::vector<int64_t> axes;
  for (int64_t i = 1; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}
Value sum_per_example(const Value& x) { return x.rank() < 2 ? x : sum(x, {.axes = feature_axes(x)}); }
Value mean_per_example(const Value& x) { return x.rank() < 2 ? x : mean(x, {.axes = feature_axes(x)}); }

// One loss per example to what the options ask for.
Value reduced(Value loss, const LossOptions& options) {
  const Value plain = loss;
  std::optional<Value> weights;
  if (options.weights) {
    models::detail::require_same_shape({"the examples' losses", plain}, {"weights", *options.weights});
    weights = cast(*options.weights, loss.dtype());
    loss = *weights * loss;
  }
  if (options.mask) {
    if (options.mask->dtype() != boolean) fail("mask must be bool", options.mask->type().text(), {{"mask", *options.mask}});
    models::detail::require_same_shape({"the examples' losses", plain}, {"mask", *options.mask});
    loss = where(*options.mask, loss, 0.0);
    weights = weights ? where(*options.mask, *weights, 0.0) : cast(*options.mask, loss.dtype());
  }
  if (options.reduction == Reduction::none) return loss;
  if (options.reduction == Reduction::sum) return sum(loss);
  if (!weights) return mean(loss);
  const Value total = sum(*weights);
  return sum(loss) / where(equal(total, 0.0), 1.0, total);
}

// Number of classes: the last axis.
int64_t class_count(const Named& x) {
  models::detail::require_float(x);
  if (x.value.rank() < 1 || !x.value.size(-1).is_number() || x.value.size(-1).number() < 1)
    fail(std::string(x.name) + " must have the classes as last axis, their count a positive number", x.value.type().text(), {x});
  return x.value.size(-1).number();
}

Shape without_classes(const Value& x) { return {x.shape().begin(), x.shape().end() - 1}; }

void require_labels(const Named& x, const Named& labels) {
  models::detail::require_shape(labels, without_classes(x.value), "labels must have the shape of the " + std::string(x.name) + " without their last axis",
                                {x, labels});
}

// x[..., label]; NaN where the label is not in [0, classes).
Value at_label(const Value& x, const Value& labels, const LossOptions& options) {
  const int64_t classes = x.size(-1).number();
  // What a masked example holds (often a label of -1) must not matter.
  const Value label = options.mask && options.mask->shape() == labels.shape() ? where(*options.mask, labels, 0) : labels;
  std::vector<int32_t> numbers;
  for (int64_t i = 0; i < classes; ++i) numbers.push_back(static_cast<int32_t>(i));
  const Value index = constant(x.graph(), Tensor::of<int32_t>({classes}, numbers));
  const Value hit = equal(expand_dims(label, {label.rank()}), index);
  const Value in_range = greater_or_equal(label, 0) && less_than(label, classes);
  return where(in_range, sum(where(hit, x, 0.0), {.axes = {-1}}), std::numeric_limits<double>::quiet_NaN());
}

bool are_labels(const Value& target) { return is_integer(target.dtype()); }

}  // namespace

Value half_squared_error(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("half_squared_error", {prediction, target});
  const auto [p, t] = paired("prediction", prediction, target);
  return reduced(0.5 * sum_per_example(square(p - t)), options);
}

Value mse(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("mse", {prediction, target});
  const auto [p, t] = paired("prediction", prediction, target);
  return reduced(mean_per_example(square(p - t)), options);
}

Value mae(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("mae", {prediction, target});
  const auto [p, t] = paired("prediction", prediction, target);
  return reduced(mean_per_example(abs(p - t)), options);
}

Value l1(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("l1", {prediction, target});
  const auto [p, t] = paired("prediction", prediction, target);
  return reduced(sum_per_example(abs(p - t)), options);
}

Value huber(Operand prediction, Operand target, Operand delta, LossOptions options) {
  const CallSite site("huber", {prediction, target, delta});
  if (delta.is_literal() && !(delta.literal().real > 0)) fail("delta must be positive", number_text(delta.literal().real));
  if (!delta.is_literal() && delta.rank() != 0) fail("delta must be a number or of rank 0", delta.type().text(), {{"delta", delta}});
  const auto [p, t] = paired("prediction", prediction, target);
  const Value d = p - t, size = abs(d);
  return reduced(mean_per_example(where(less_or_equal(size, delta), 0.5 * square(d), delta * (size - 0.5 * delta))), options);
}

Value bce_with_logits(Operand logits, Operand target, LossOptions options) {
  const CallSite site("bce_with_logits", {logits, target});
  const auto [x, t] = paired("logits", logits, target);
  // -log s(x) = softplus(-x) and -log(1 - s(x)) = softplus(x): nothing cancels for t in [0, 1].
  return reduced(mean_per_example(t * softplus(-x) + (1.0 - t) * softplus(x)), options);
}

Value hinge(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("hinge", {prediction, target});
  const auto [p, t] = paired("prediction", prediction, target);
  return reduced(mean_per_example(relu(1.0 - t * p)), options);
}

Value softmax_cross_entropy(Operand logits, Operand target, LossOptions options) {
  const CallSite site("softmax_cross_entropy", {logits, target});
  const Named x{"logits", logits}, t{"target", target};
  class_count(x);
  if (!are_labels(t.value) && !(is_float(t.value.dtype()) && t.value.rank() == x.value.rank()))
    fail("the target must be integer labels, one per example, or a float distribution of the logits' shape", models::detail::types_text({x, t}), {x, t});
  if (are_labels(t.value)) require_labels(x, {"labels", target});
  else models::detail::require_same_shape(x, t);
  // Shifted by the largest logit, which changes nothing but keeps exp finite.
  const Value wide = cast(logits, compute_type(logits.dtype()));
  const Value z = wide - stop_gradient(reduce_max(wide, {.axes = {-1}, .keep = true}));
  const Value total = log(sum(exp(z), {.axes = {-1}}));
  if (are_labels(t.value)) return reduced(total - at_label(z, t.value, options), options);
  const Value q = cast(t.value, compute_type(t.value.dtype()));
  return reduced(sum(q * (expand_dims(total, {total.rank()}) - z), {.axes = {-1}}), options);
}

Value nll(Operand log_probabilities, Operand labels, LossOptions options) {
  const CallSite site("nll", {log_probabilities, labels});
  const Named p{"log_probabilities", log_probabilities}, label{"labels", labels};
  class_count(p);
  if (!are_labels(label.value)) fail("labels must be integers, one per example", models::detail::types_text({p, label}), {p, label});
  require_labels(p, label);
  const Value wide = cast(log_probabilities, compute_type(log_probabilities.dtype()));
  return reduced(-at_label(wide, label.value, options), options);
}

Value kl_divergence(Operand log_prediction, Operand target, LossOptions options) {
  const CallSite site("kl_divergence", {log_prediction, target});
  const Named p{"log_prediction", log_prediction}, t{"target", target};
  class_count(p);
  models::detail::require_float(t);
  models::detail::require_same_shape(p, t);
  const Value x = cast(log_prediction, compute_type(log_prediction.dtype())), q = cast(target, compute_type(target.dtype()));
  return reduced(sum(xlogy(q, q) - q * x, {.axes = {-1}}), options);
}

}  // namespace lanc::losses
