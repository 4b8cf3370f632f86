#include <lanc/models/losses.h>

#include <vector>

#include <lanc/autodiff/gradients.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/index.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/softmax.h>

namespace lanc::losses {
namespace {

using models::detail::fail;
using models::detail::Named;

// Prediction and target, checked; 16-bit floats in f32.
struct Pair {
  Value prediction;
  Value target;  // a number: of rank 0
};

Value widened(const Value& x) { return cast(x, compute_type(x.dtype())); }

Pair paired(const char* name, const Operand& prediction, const Operand& target) {
  const Named p{name, prediction};
  models::detail::require_float(p);
  const Value x = widened(prediction);
  if (target.is_literal()) {
    Tensor number(x.dtype(), {});
    number.set(0, target.literal().real);
    return {x, constant(x.graph(), number)};
  }
  models::detail::require_same_shape(p, {"target", target});
  return {x, widened(target)};
}

std::vector<int64_t> feature_axes(const Value& x) {
  std::vector<int64_t> axes;
  for (int64_t i = 1; i < x.rank(); ++i) axes.push_back(i);
  return axes;
}
Value sum_per_example(const Value& x) { return x.rank() < 2 ? x : sum(x, {.axes = feature_axes(x)}); }
Value mean_per_example(const Value& x) { return x.rank() < 2 ? x : mean(x, {.axes = feature_axes(x)}); }
// The first axis of a prediction counts the examples; by class, all but the last do.
Shape first_axis(const Value& x) { return {x.shape().begin(), x.shape().begin() + (x.rank() < 2 ? x.rank() : 1)}; }
Shape without_classes(const Value& x) { return {x.shape().begin(), x.shape().end() - 1}; }

// Weights and mask, checked against the shape of the examples' losses.
class Examples {
 public:
  Examples(const LossOptions& options, const Shape& shape, const Named& prediction) : options_(options) {
    const std::string of_examples = " must have the shape of the examples' losses, " + shape_text(shape);
    if (options.weights) {
      const Named weights{"weights", *options.weights};
      if (weights.value.dtype() == boolean) fail("weights must be numbers (a bool is a mask)", weights.value.type().text(), {weights});
      models::detail::require_shape(weights, shape, "weights" + of_examples, {prediction, weights});
    }
    if (!options.mask) return;
    const Named mask{"mask", *options.mask};
    if (mask.value.dtype() != boolean) fail("the mask must be bool", mask.value.type().text(), {mask});
    models::detail::require_shape(mask, shape, "the mask" + of_examples, {prediction, mask});
  }

  // x where the mask lets its example through, else 0: what a masked example holds, a NaN even, reaches neither loss nor gradient.
  Value visible(const Value& x) const {
    if (!options_.mask || x.rank() < options_.mask->rank()) return x;
    std::vector<int64_t> axes;
    for (int64_t i = options_.mask->rank(); i < x.rank(); ++i) axes.push_back(i);
    return where(axes.empty() ? *options_.mask : expand_dims(*options_.mask, axes), x, 0);
  }

  // One loss per example to what the options ask for.
  Value reduced(const Value& loss) const {
    std::optional<Value> weights;
    if (options_.weights) weights = visible(cast(*options_.weights, loss.dtype()));
    const Value weighted = weights ? *weights * loss : visible(loss);
    if (options_.reduction == Reduction::none) return weighted;
    const Value total = sum(weighted);
    if (options_.reduction == Reduction::sum) return total;
    if (!weights && !options_.mask) {
      const Dim count = larger_of(loss.type().numel(), Dim(1));  // no example: 0
      return count.is_number() ? total / count.number() : total / dim_value(loss.graph(), count, loss.dtype());
    }
    const Value weight = sum(weights ? *weights : cast(*options_.mask, loss.dtype()));
    return total / where(equal(weight, 0.0), 1.0, weight);
  }

 private:
  const LossOptions& options_;
};

void require_classes(const Named& x) {
  models::detail::require_float(x);
  if (x.value.rank() < 1 || !x.value.size(-1).is_number() || x.value.size(-1).number() < 1)
    fail(std::string(x.name) + " must have the classes as last axis, their count a positive number", x.value.type().text(), {x});
}

void require_labels(const Named& x, const Named& labels) {
  models::detail::require_shape(labels, without_classes(x.value), "labels must have the shape of the " + std::string(x.name) + " without their last axis",
                                {x, labels});
}

// x[..., label]. A masked example often has a label of -1. u8 is no dtype of indices.
Value at_label(const Value& x, const Value& labels, const Examples& examples) {
  return detail::pick_with(x, examples.visible(labels.dtype() == u8 ? cast(labels, i32) : labels), {.axis = -1, .from_end = false, .what = "label"});
}

// q times a term that may be infinite; 0 where q is 0 and it is.
Value times_finite(const Value& q, const Value& term) { return where(equal(q, 0.0) && isinf(term), 0.0, q * term); }

bool are_labels(const Value& target) { return is_integer(target.dtype()); }

// The losses that compare element by element: prediction and target where the mask lets them through.
struct Elementwise {
  Elementwise(const char* name, const Operand& prediction, const Operand& target, const LossOptions& options)
      : given(paired(name, prediction, target)), examples(options, first_axis(given.prediction), {name, prediction}),
        p(examples.visible(given.prediction)), t(examples.visible(given.target)) {}
  Pair given;
  Examples examples;
  Value p, t;
};

}  // namespace

Value half_squared_error(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("half_squared_error", {prediction, target});
  const Elementwise e("prediction", prediction, target, options);
  return e.examples.reduced(0.5 * sum_per_example(square(e.p - e.t)));
}

Value mse(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("mse", {prediction, target});
  const Elementwise e("prediction", prediction, target, options);
  return e.examples.reduced(mean_per_example(square(e.p - e.t)));
}

Value mae(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("mae", {prediction, target});
  const Elementwise e("prediction", prediction, target, options);
  return e.examples.reduced(mean_per_example(abs(e.p - e.t)));
}

Value l1(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("l1", {prediction, target});
  const Elementwise e("prediction", prediction, target, options);
  return e.examples.reduced(sum_per_example(abs(e.p - e.t)));
}

Value huber(Operand prediction, Operand target, Operand delta, LossOptions options) {
  const CallSite site("huber", {prediction, target, delta});
  if (delta.is_literal() && !(delta.literal().real > 0)) fail("delta must be positive", number_text(delta.literal().real));
  if (!delta.is_literal() && delta.rank() != 0) fail("delta must be a number or of rank 0", delta.type().text(), {{"delta", delta}});
  const Elementwise e("prediction", prediction, target, options);
  const Value d = e.p - e.t, size = abs(d);
  const Operand half = delta.is_literal() ? Operand(0.5 * delta.literal().real) : Operand(0.5 * delta);
  return e.examples.reduced(mean_per_example(where(less_or_equal(size, delta), 0.5 * square(d), delta * (size - half))));
}

Value bce_with_logits(Operand logits, Operand target, LossOptions options) {
  const CallSite site("bce_with_logits", {logits, target});
  const Elementwise e("logits", logits, target, options);
  // -log s(x) = softplus(-x) and -log(1 - s(x)) = softplus(x): nothing cancels for t in [0, 1]. A sure answer that is right costs 0.
  return e.examples.reduced(mean_per_example(times_finite(e.t, softplus(-e.p)) + times_finite(1.0 - e.t, softplus(e.p))));
}

Value hinge(Operand prediction, Operand target, LossOptions options) {
  const CallSite site("hinge", {prediction, target});
  const Elementwise e("prediction", prediction, target, options);
  return e.examples.reduced(mean_per_example(relu(1.0 - e.t * e.p)));
}

Value softmax_cross_entropy(Operand logits, Operand target, LossOptions options) {
  const CallSite site("softmax_cross_entropy", {logits, target});
  const Named x{"logits", logits}, t{"target", target};
  require_classes(x);
  if (!are_labels(t.value) && !(is_float(t.value.dtype()) && t.value.rank() == x.value.rank()))
    fail("the target must be integer labels, one per example, or a float distribution of the logits' shape", models::detail::types_text({x, t}), {x, t});
  if (are_labels(t.value)) require_labels(x, {"labels", target});
  else models::detail::require_same_shape(x, t);
  const Examples examples(options, without_classes(x.value), x);
  const Value wide = examples.visible(widened(logits));
  if (!are_labels(t.value)) return examples.reduced(sum(times_finite(examples.visible(widened(t.value)), -log_softmax(wide)), {.axes = {-1}}));
  // log_softmax at the label alone: its logit is read where it lies, so that no other need be stored.
  const Value largest = stop_gradient(reduce_max(wide, {.axes = {-1}}));
  const Value total = log(sum(exp(wide - expand_dims(largest, {largest.rank()})), {.axes = {-1}}));
  return examples.reduced(total - (at_label(wide, t.value, examples) - largest));
}

Value nll(Operand log_probabilities, Operand labels, LossOptions options) {
  const CallSite site("nll", {log_probabilities, labels});
  const Named p{"log_probabilities", log_probabilities}, label{"labels", labels};
  require_classes(p);
  if (!are_labels(label.value)) fail("labels must be integers, one per example", models::detail::types_text({p, label}), {p, label});
  require_labels(p, label);
  const Examples examples(options, without_classes(p.value), p);
  return examples.reduced(-at_label(examples.visible(widened(log_probabilities)), label.value, examples));
}

Value kl_divergence(Operand log_prediction, Operand target, LossOptions options) {
  const CallSite site("kl_divergence", {log_prediction, target});
  const Named p{"log_prediction", log_prediction}, t{"target", target};
  require_classes(p);
  models::detail::require_float(t);
  models::detail::require_same_shape(p, t);
  const Examples examples(options, without_classes(p.value), p);
  const Value x = examples.visible(widened(log_prediction)), q = examples.visible(widened(target));
  return examples.reduced(sum(xlogy(q, q) - times_finite(q, x), {.axes = {-1}}));
}

}  // namespace lanc::losses
