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

/// t is the step. A rate is at least 0 and finite, a count of steps at least 1. UserError, with the line of the call: a number out of its range.
namespace lanc::schedules {

/// The value at every step; a rate.
Schedule constant(double value, std::source_location where = std::source_location::current());

struct StepDecayOptions {
  double initial = 0.1;  // a rate
  double factor = 0.1;   // > 0, finite
  int64_t every = 1000;  // steps, >= 1
};
/// initial * factor^floor(t / every).
Schedule step_decay(StepDecayOptions options, std::source_location where = std::source_location::current());

struct ExponentialOptions {
  double initial = 0.1;   // a rate
  double factor = 0.999;  // per step, > 0, finite
};
/// initial * factor^t.
Schedule exponential(ExponentialOptions options, std::source_location where = std::source_location::current());

struct CosineOptions {
  double initial = 1e-3;  // after the warm-up; a rate
  int64_t steps = 1000;   // in all, the warm-up included; >= 1
  double end = 0;         // a rate
  int64_t warmup = 0;     // steps from initial / warmup up to initial, linearly; in [0, steps)
};
/// end + (initial - end) (1 + cos(pi u)) / 2 with u = (t - warmup) / (steps - warmup) (Loshchilov and Hutter 2017); `end` after the last step; before
/// the warm-up's end initial (t + 1) / warmup.
Schedule cosine(CosineOptions options, std::source_location where = std::source_location::current());

/// rate(t) * min(1, (t + 1) / steps): a warm-up of any schedule, or of a number, a rate. steps >= 1.
Schedule linear_warmup(int64_t steps, Schedule rate, std::source_location where = std::source_location::current());
Schedule linear_warmup(int64_t steps, double rate, std::source_location where = std::source_location::current());

struct OneCycleOptions {
  double peak = 0.1;            // > 0, finite
  int64_t steps = 1000;         // >= 2
  double rising = 0.3;          // part of the steps before the peak, with 1 < rising * steps < steps
  double start_divisor = 25;    // begins at peak / start_divisor; > 0, finite
  double end_divisor = 1e4;     // ends at peak / start_divisor / end_divisor; > 0, finite
};
/// Up and down again by half cosines (Smith and Topin 2018), as PyTorch's OneCycleLR: the peak stands at t = rising * steps - 1, the end at steps - 1.
Schedule one_cycle(OneCycleOptions options, std::source_location where = std::source_location::current());

}  // namespace lanc::schedules
