// models/schedules.h: hyperparameters that change with the optimizer's step, as graph.
#pragma once

#include <cstdint>
#include <functional>
#include <source_location>

#include <lanc/graph/graph.h>

namespace lanc {

/// A function of the optimizer's step t = 0, 1, ... (the number of updates made before): `adam({.learning_rate = schedules::cosine({...})})` gives it the
/// optimizer's own step; called with a step it is an f32 value of rank 0. Any function of such a value is a schedule:
///     Schedule rate = [](const Value& t) { return 0.1 / sqrt(1 + t); };
class Schedule {
 public:
  using Build = std::function<Value(const Value& step)>;  // step: f64[]
  template <class F>
    requires(!std::is_base_of_v<Schedule, std::remove_cvref_t<F>> && std::is_invocable_r_v<Value, F, const Value&>)
  Schedule(F build) : build_(std::move(build)) {}
  /// UserError: the step, or what the function gives, is not of rank 0.
  Value operator()(Operand step, DType dtype = f32) const;

 private:
  Build build_;
};

}  // namespace lanc

/// t is the step. UserError: counts that are not positive, numbers out of the range stated.
namespace lanc::schedules {

Schedule constant(double value, std::source_location where = std::source_location::current());

struct StepDecayOptions {
  double initial = 0.1;
  double factor = 0.1;
  int64_t every = 1000;  // steps
};
/// initial * factor^floor(t / every).
Schedule step_decay(StepDecayOptions options, std::source_location where = std::source_location::current());

struct ExponentialOptions {
  double initial = 0.1;
  double factor = 0.999;  // per step, > 0
};
/// initial * factor^t.
Schedule exponential(ExponentialOptions options, std::source_location where = std::source_location::current());

struct CosineOptions {
  double initial = 1e-3;  // after the warm-up
  int64_t steps = 1000;   // in all, the warm-up included
  double end = 0;
  int64_t warmup = 0;     // steps from initial / warmup up to initial, linearly
};
/// end + (initial - end) (1 + cos(pi u)) / 2 with u = (t - warmup) / (steps - warmup) (Loshchilov and Hutter 2017); `end` after the last step; before
/// the warm-up's end initial (t + 1) / warmup. UserError: warmup not below steps.
Schedule cosine(CosineOptions options, std::source_location where = std::source_location::current());

/// rate(t) * min(1, (t + 1) / steps): a warm-up of any schedule, or of a number.
Schedule linear_warmup(int64_t steps, Schedule rate, std::source_location where = std::source_location::current());
Schedule linear_warmup(int64_t steps, double rate, std::source_location where = std::source_location::current());

struct OneCycleOptions {
  double peak = 0.1;
  int64_t steps = 1000;
  double rising = 0.3;          // part of the steps before the peak
  double start_divisor = 25;    // begins at peak / start_divisor
  double end_divisor = 1e4;     // ends at peak / start_divisor / end_divisor
};
/// Up and down again by half cosines (Smith and Topin 2018), as PyTorch's OneCycleLR: the peak stands at t = rising * steps - 1, the end at steps - 1.
Schedule one_cycle(OneCycleOptions options, std::source_location where = std::source_location::current());

}  // namespace lanc::schedules
