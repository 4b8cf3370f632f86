// models/optimizers.h: how gradients become updates of parameters. An optimizer builds graph like everything else: its step is compiled with the model.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/models/schedules.h>

namespace lanc {

/// A number, a value of rank 0 (an input, a Knob), or a schedule, which gets the optimizer's step.
class Hyperparameter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  Hyperparameter(T number) : is_(static_cast<double>(number)) {}
  Hyperparameter(Value value) : is_(std::move(value)) {}
  Hyperparameter(Schedule schedule) : is_(std::move(schedule)) {}
  /// A function of the step: [](const Value& t) { return 0.1 / sqrt(1 + t); }.
  template <class F>
    requires std::is_invocable_r_v<Value, F, const Value&>
  Hyperparameter(F function) : is_(Schedule(std::move(function))) {}
  /// The number; none when it is not known before the graph runs.
  std::optional<double> number() const;
  bool is_zero() const { return number() == 0.0; }
  /// A number stays one; else a value of rank 0 and this dtype. `step` is the optimizer's. UserError: another rank, another graph.
  Operand at(const Value& step, DType dtype) const;

 private:
  std::variant<double, Value, Schedule> is_;
};

namespace optimizers {

/// What every optimizer can do around its rule, in this order: accumulate, clip by value, by each parameter's norm, by the norm of all, the rule, average.
struct StepOptions {
  /// Gradients are limited to [-clip_value, clip_value].
  std::optional<Hyperparameter> clip_value = {};
  /// Each parameter's gradient g becomes g * min(1, clip_norm / (||g|| + 1e-6)), as PyTorch's clip_grad_norm_.
  std::optional<Hyperparameter> clip_norm = {};
  /// The same with the norm of all gradients together (Pascanu et al. 2013).
  std::optional<Hyperparameter> clip_global_norm = {};
  /// The rule is applied in each n-th call, to the mean of n gradients: n equal micro-batches are one large batch. The optimizer's step counts what the rule
  /// was applied; declared running statistics are updated in every call.
  int64_t accumulate = 1;
  /// In (0, 1): a state "ema/<parameter>" with a' = ema * a + (1 - ema) * new parameter, that begins at the parameter (Polyak and Juditsky 1992).
  double ema = 0;
};

/// What a rule sees of one parameter. All values are in the compute type: f32 for 16-bit parameters, whose slots are f32, too.
class RuleArgs {
 public:
  RuleArgs(Value parameter, Value gradient, std::vector<Value> slots, Value step)
      : parameter_(std::move(parameter)), gradient_(std::move(gradient)), slots_(std::move(slots)), step_(std::move(step)) {}
  const Value& parameter() const { return parameter_; }
  const Value& gradient() const { return gradient_; }
  const Value& slot(size_t i) const { return slots_[i]; }
  /// A hyperparameter at this step.
  Operand operator()(const Hyperparameter& h) const { return h.at(step_, parameter_.dtype()); }
  /// t = 1, 2, ...: the number of this application of the rule.
  Value count() const;

 private:
  Value parameter_, gradient_;
  std::vector<Value> slots_;
  Value step_;
};

struct RuleResult {
  Value parameter;                  // the new value
  std::vector<Value> slots = {};    // the new values, in the rule's order
};

/// A slot has the parameter's shape; it is the state "<optimizer>/<parameter>/<name>".
struct Slot {
  std::string name;
  double initial = 0;
};

/// An update rule: ours below, or a user's own.
struct Rule {
  std::string name;                 // of the optimizer: "adam"
  std::vector<Slot> slots = {};
  std::function<RuleResult(const RuleArgs&)> apply;
};

/// A shared handle. The optimizer owns the states under its name: "<name>/step" (i64[], counts applications of the rule), its slots, and with
/// accumulation "<name>/micro". Used twice on one graph (two functions, say) it goes on with the same slots.
class Optimizer {
 public:
  explicit Optimizer(Rule rule, StepOptions options = {}, std::source_location where = std::source_location::current());

  /// Updates that make the loss smaller: of all trainable parameters of the graph, of the slots, of the step, and the running statistics that the
  /// loss depends on (models/updates.h). UserError: a loss that is not a float of rank 0; a parameter that the loss does not reach (the message
  /// suggests a pattern); an optimizer's name used by another one.
  Updates minimize(Operand loss) const;
  /// Of these parameters only: two optimizers with different names can share a graph (GANs).
  Updates minimize(Operand loss, const std::vector<Value>& parameters) const;
  /// Of the parameters whose path matches: "generator/**".
  Updates minimize(Operand loss, std::string_view pattern) const;
  /// The same from gradients of one's own, one per parameter and of its type; declared running statistics are not in it: see updates_of.
  Updates apply(const std::vector<Value>& parameters, const std::vector<Value>& gradients,
                std::source_location where = std::source_location::current()) const;

  /// "<name>/step" in this graph; made when there is none yet.
  Value step(const Graph& graph, std::source_location where = std::source_location::current()) const;
  /// The same, after the first use on a graph. UserError: none yet, or several graphs.
  Value step() const;
  /// The state of a slot. UserError: no such slot.
  Value slot(const Value& parameter, std::string_view name) const;
  /// The exponential moving average of a parameter: "ema/<parameter>". UserError: `.ema` is not set, or the parameter is not among those minimized over.
  Value average(const Value& parameter) const;
  const std::string& name() const;

 private:
  struct Data;
  Updates minimize_over(const Operand& loss, const std::vector<Value>& parameters) const;
  std::shared_ptr<Data> data_;
};

/// sqrt(sum of squares of all elements of all values), rank 0.
Value global_norm(const std::vector<Value>& values, std::source_location where = std::source_location::current());

// The rules. g is the gradient, after `+ weight_decay * p` where a rule has it (as PyTorch's; decoupled in adamw and lion); slots begin at 0.
// UserError from each: numbers out of range (rates >= 0, decays and momenta in [0, 1), epsilon >= 0).

struct SgdOptions {
  Hyperparameter learning_rate = 0.01;
  Hyperparameter weight_decay = 0;
  std::string name = "sgd";
};
/// p' = p - rate g.
Optimizer sgd(SgdOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct MomentumOptions {
  Hyperparameter learning_rate = 0.01;
  Hyperparameter momentum = 0.9;
  Hyperparameter weight_decay = 0;
  std::string name = "momentum";
};
/// m' = momentum m + g, p' = p - rate m' (Polyak 1964; PyTorch's SGD with momentum). Slot "m".
Optimizer momentum(MomentumOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct NesterovOptions {
  Hyperparameter learning_rate = 0.01;
  Hyperparameter momentum = 0.9;
  Hyperparameter weight_decay = 0;
  std::string name = "nesterov";
};
/// m' = momentum m + g, p' = p - rate (g + momentum m') (Sutskever et al. 2013; PyTorch's SGD with nesterov). Slot "m".
Optimizer nesterov(NesterovOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct AdagradOptions {
  Hyperparameter learning_rate = 0.01;
  Hyperparameter epsilon = 1e-10;
  Hyperparameter weight_decay = 0;
  double initial_accumulator = 0;
  std::string name = "adagrad";
};
/// s' = s + g^2, p' = p - rate g / (sqrt(s') + epsilon) (Duchi et al. 2011). Slot "s".
Optimizer adagrad(AdagradOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct RmspropOptions {
  Hyperparameter learning_rate = 0.01;
  Hyperparameter decay = 0.99;
  Hyperparameter epsilon = 1e-8;
  Hyperparameter momentum = 0;
  Hyperparameter weight_decay = 0;
  bool centered = false;
  std::string name = "rmsprop";
};
/// s' = decay s + (1 - decay) g^2; centered: a' = decay a + (1 - decay) g and v = max(s' - a'^2, 0), else v = s'; u = g / (sqrt(v) + epsilon);
/// m' = momentum m + u; p' = p - rate m' (Tieleman and Hinton 2012; centered: Graves 2013). Slots "s", "a", "m", those that are needed.
Optimizer rmsprop(RmspropOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct AdadeltaOptions {
  Hyperparameter learning_rate = 1.0;
  Hyperparameter decay = 0.9;
  Hyperparameter epsilon = 1e-6;
  Hyperparameter weight_decay = 0;
  std::string name = "adadelta";
};
/// s' = decay s + (1 - decay) g^2, u = g sqrt(d + epsilon) / sqrt(s' + epsilon), d' = decay d + (1 - decay) u^2, p' = p - rate u (Zeiler 2012). Slots "s", "d".
Optimizer adadelta(AdadeltaOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

enum class Epsilon : uint8_t { outside, inside };

struct AdamOptions {
  Hyperparameter learning_rate = 1e-3;
  Hyperparameter beta1 = 0.9;
  Hyperparameter beta2 = 0.999;
  Hyperparameter epsilon = 1e-8;
  Hyperparameter weight_decay = 0;
  Epsilon epsilon_place = Epsilon::outside;  // of the root
  std::string name = "adam";
};
/// m' = beta1 m + (1 - beta1) g, v' = beta2 v + (1 - beta2) g^2, with M = m' / (1 - beta1^t) and V = v' / (1 - beta2^t):
/// p' = p - rate M / (sqrt(V) + epsilon), or rate M / sqrt(V + epsilon) (Kingma and Ba 2015). Slots "m", "v". The corrections are computed as
/// -expm1(t log beta), which loses no digits.
Optimizer adam(AdamOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct AdamwOptions {
  Hyperparameter learning_rate = 1e-3;
  Hyperparameter beta1 = 0.9;
  Hyperparameter beta2 = 0.999;
  Hyperparameter epsilon = 1e-8;
  Hyperparameter weight_decay = 0.01;
  Epsilon epsilon_place = Epsilon::outside;
  std::string name = "adamw";
};
/// Adam from p (1 - rate weight_decay) (Loshchilov and Hutter 2019).
Optimizer adamw(AdamwOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

struct LionOptions {
  Hyperparameter learning_rate = 1e-4;
  Hyperparameter beta1 = 0.9;
  Hyperparameter beta2 = 0.99;
  Hyperparameter weight_decay = 0;
  std::string name = "lion";
};
/// p' = p - rate (sign(beta1 m + (1 - beta1) g) + weight_decay p), m' = beta2 m + (1 - beta2) g (Chen et al. 2023). Slot "m".
Optimizer lion(LionOptions options = {}, StepOptions step = {}, std::source_location where = std::source_location::current());

}  // namespace optimizers
}  // namespace lanc
