#include <cmath>
#include <limits>

#include <lanc/models/optimizers.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>

namespace lanc::optimizers {
namespace {

using models::detail::fail;

constexpr double infinity = std::numeric_limits<double>::infinity();

// A number must lie in [low, high); what is known only when the graph runs is the host's care.
void require_range(const char* what, const Hyperparameter& h, double low, double high) {
  const auto n = h.number();
  if (!n || (*n >= low && *n < high)) return;
  fail(std::string(what) + (high == infinity ? " must be at least " + number_text(low) : " must be in [" + number_text(low) + ", " + number_text(high) + ")"),
       number_text(*n));
}
void require_rate(const Hyperparameter& rate) { require_range("learning_rate", rate, 0, infinity); }
void require_decay(const Hyperparameter& decay) { require_range("weight_decay", decay, 0, infinity); }
void require_unit(const char* what, const Hyperparameter& h) { require_range(what, h, 0, 1); }
void require_epsilon(const Hyperparameter& epsilon) { require_range("epsilon", epsilon, 0, infinity); }

// Numbers are combined on the host, in double.
Operand product(const Operand& a, const Operand& b) {
  if (a.is_literal() && b.is_literal()) return a.literal().real * b.literal().real;
  return a * b;
}
Operand one_minus(const Operand& a) {
  if (a.is_literal()) return 1 - a.literal().real;
  return 1.0 - a;
}

// beta x + (1 - beta) y.
Value mixed(const Operand& beta, const Value& x, const Value& y) { return beta * x + one_minus(beta) * y; }

// 1 - beta^t = -expm1(t log beta).
Value bias_correction(const Operand& beta, const Value& t) {
  if (beta.is_literal()) return -expm1(t * std::log(beta.literal().real));
  return -expm1(t * log(beta));
}

// The gradient with weight decay coupled in.
Value decayed(const RuleArgs& args, const Hyperparameter& weight_decay) {
  if (weight_decay.is_zero()) return args.gradient();
  return args.gradient() + args(weight_decay) * args.parameter();
}

struct Moments {
  Value first, second, change;
};

// Adam's moments, and rate * M / (sqrt(V) + epsilon) in the order of PyTorch's operations.
template <class Options>
Moments adam_moments(const RuleArgs& args, const Options& o, const Value& g) {
  const Operand beta1 = args(o.beta1), beta2 = args(o.beta2);
  const Value m = mixed(beta1, args.slot(0), g), v = mixed(beta2, args.slot(1), square(g));
  const Value t = args.count();
  const Value rate = args(o.learning_rate) / bias_correction(beta1, t), correction = bias_correction(beta2, t);
  const Value scale = o.epsilon_place == Epsilon::outside ? sqrt(v) / sqrt(correction) + args(o.epsilon) : sqrt(v / correction + args(o.epsilon));
  return {m, v, rate * m / scale};
}

template <class Options>
void require_adam(const Options& o) {
  require_rate(o.learning_rate);
  require_unit("beta1", o.beta1);
  require_unit("beta2", o.beta2);
  require_epsilon(o.epsilon);
  require_decay(o.weight_decay);
}

}  // namespace

Optimizer sgd(SgdOptions o, StepOptions step, std::source_location where) {
  const CallSite site("sgd", where);
  require_rate(o.learning_rate);
  require_decay(o.weight_decay);
  return Optimizer({o.name, {}, [o](const RuleArgs& args) {
    return RuleResult{args.parameter() - args(o.learning_rate) * decayed(args, o.weight_decay)};
  }}, std::move(step), where);
}

Optimizer momentum(MomentumOptions o, StepOptions step, std::source_location where) {
  const CallSite site("momentum", where);
  require_rate(o.learning_rate);
  require_unit("momentum", o.momentum);
  require_decay(o.weight_decay);
  return Optimizer({o.name, {{"m"}}, [o](const RuleArgs& args) {
    const Value m = args(o.momentum) * args.slot(0) + decayed(args, o.weight_decay);
    return RuleResult{args.parameter() - args(o.learning_rate) * m, {m}};
  }}, std::move(step), where);
}

Optimizer nesterov(NesterovOptions o, StepOptions step, std::source_location where) {
  const CallSite site("nesterov", where);
  require_rate(o.learning_rate);
  require_unit("momentum", o.momentum);
  require_decay(o.weight_decay);
  return Optimizer({o.name, {{"m"}}, [o](const RuleArgs& args) {
    const Value g = decayed(args, o.weight_decay);
    const Operand mu = args(o.momentum);
    const Value m = mu * args.slot(0) + g;
    return RuleResult{args.parameter() - args(o.learning_rate) * (g + mu * m), {m}};
  }}, std::move(step), where);
}

Optimizer adagrad(AdagradOptions o, StepOptions step, std::source_location where) {
  const CallSite site("adagrad", where);
  require_rate(o.learning_rate);
  require_epsilon(o.epsilon);
  require_decay(o.weight_decay);
  require_range("initial_accumulator", o.initial_accumulator, 0, infinity);
  return Optimizer({o.name, {{"s", o.initial_accumulator}}, [o](const RuleArgs& args) {
    const Value g = decayed(args, o.weight_decay);
    const Value s = args.slot(0) + square(g);
    return RuleResult{args.parameter() - args(o.learning_rate) * g / (sqrt(s) + args(o.epsilon)), {s}};
  }}, std::move(step), where);
}

Optimizer rmsprop(RmspropOptions o, StepOptions step, std::source_location where) {
  const CallSite site("rmsprop", where);
  require_rate(o.learning_rate);
  require_unit("decay", o.decay);
  require_epsilon(o.epsilon);
  require_unit("momentum", o.momentum);
  require_decay(o.weight_decay);
  const bool has_momentum = !o.momentum.is_zero();
  std::vector<Slot> slots = {{"s"}};
  if (o.centered) slots.push_back({"a"});
  if (has_momentum) slots.push_back({"m"});
  return Optimizer({o.name, slots, [o, has_momentum](const RuleArgs& args) {
    const Value g = decayed(args, o.weight_decay);
    const Operand decay = args(o.decay);
    std::vector<Value> next = {mixed(decay, args.slot(0), square(g))};
    Value v = next[0];
    if (o.centered) {
      next.push_back(mixed(decay, args.slot(1), g));
      v = max(v - square(next[1]), 0.0);
    }
    Value u = g / (sqrt(v) + args(o.epsilon));
    if (has_momentum) {
      u = args(o.momentum) * args.slot(next.size()) + u;
      next.push_back(u);
    }
    return RuleResult{args.parameter() - args(o.learning_rate) * u, next};
  }}, std::move(step), where);
}

Optimizer adadelta(AdadeltaOptions o, StepOptions step, std::source_location where) {
  const CallSite site("adadelta", where);
  require_rate(o.learning_rate);
  require_unit("decay", o.decay);
  require_epsilon(o.epsilon);
  require_decay(o.weight_decay);
  return Optimizer({o.name, {{"s"}, {"d"}}, [o](const RuleArgs& args) {
    const Value g = decayed(args, o.weight_decay);
    const Operand decay = args(o.decay), epsilon = args(o.epsilon);
    const Value s = mixed(decay, args.slot(0), square(g));
    const Value u = sqrt(args.slot(1) + epsilon) / sqrt(s + epsilon) * g;
    return RuleResult{args.parameter() - args(o.learning_rate) * u, {s, mixed(decay, args.slot(1), square(u))}};
  }}, std::move(step), where);
}

Optimizer adam(AdamOptions o, StepOptions step, std::source_location where) {
  const CallSite site("adam", where);
  require_adam(o);
  return Optimizer({o.name, {{"m"}, {"v"}}, [o](const RuleArgs& args) {
    const Moments next = adam_moments(args, o, decayed(args, o.weight_decay));
    return RuleResult{args.parameter() - next.change, {next.first, next.second}};
  }}, std::move(step), where);
}

Optimizer adamw(AdamwOptions o, StepOptions step, std::source_location where) {
  const CallSite site("adamw", where);
  require_adam(o);
  return Optimizer({o.name, {{"m"}, {"v"}}, [o](const RuleArgs& args) {
    const Moments next = adam_moments(args, o, args.gradient());
    const Value kept = one_minus(product(args(o.learning_rate), args(o.weight_decay))) * args.parameter();
    return RuleResult{kept - next.change, {next.first, next.second}};
  }}, std::move(step), where);
}

Optimizer lion(LionOptions o, StepOptions step, std::source_location where) {
  const CallSite site("lion", where);
  require_rate(o.learning_rate);
  require_unit("beta1", o.beta1);
  require_unit("beta2", o.beta2);
  require_decay(o.weight_decay);
  return Optimizer({o.name, {{"m"}}, [o](const RuleArgs& args) {
    const Value& g = args.gradient();
    Value direction = sign(mixed(args(o.beta1), args.slot(0), g));
    if (!o.weight_decay.is_zero()) direction = direction + args(o.weight_decay) * args.parameter();
    return RuleResult{args.parameter() - args(o.learning_rate) * direction, {mixed(args(o.beta2), args.slot(0), g)}};
  }}, std::move(step), where);
}

}  // namespace lanc::optimizers
