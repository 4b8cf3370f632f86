#include <lanc/models/schedules.h>

#include <cmath>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>

namespace lanc {

Value Schedule::operator()(Operand step, DType dtype) const {
  const CallSite site("schedule", {step});
  const Value& t = step;
  if (t.rank() != 0) models::detail::fail("the step must be of rank 0", t.type().text(), {{"step", t}});
  const Value result = build_(cast(t, f64));
  if (result.rank() != 0) models::detail::fail("its value must be of rank 0", result.type().text(), {{"value", result}});
  return cast(result, dtype);
}

}  // namespace lanc

namespace lanc::schedules {
namespace {

using models::detail::fail;

constexpr double pi = 3.14159265358979323846;

void require_positive(const char* what, double value) {
  if (!(value > 0) || !std::isfinite(value)) fail(std::string(what) + " must be positive and finite", number_text(value));
}
void require_rate(const char* what, double value) {
  if (!(value >= 0) || !std::isfinite(value)) fail(std::string(what) + " must be at least 0 and finite", number_text(value));
}

// From a to b by half a cosine, u in [0, 1].
Value half_cosine(double a, double b, const Value& u) { return b + (0.5 * (a - b)) * (1.0 + cos(pi * clamp(u, 0.0, 1.0))); }

}  // namespace

Schedule constant(double value, std::source_location line) {
  const CallSite site("constant", line);
  require_rate("value", value);
  // 0 * t keeps it a value of the step's graph.
  return [value](const Value& t) { return 0.0 * t + value; };
}

Schedule step_decay(StepDecayOptions o, std::source_location line) {
  const CallSite site("step_decay", line);
  require_rate("initial", o.initial);
  require_positive("every", static_cast<double>(o.every));
  require_positive("factor", o.factor);
  return [o](const Value& t) { return o.initial * exp(std::log(o.factor) * floor(t / static_cast<double>(o.every))); };
}

Schedule exponential(ExponentialOptions o, std::source_location line) {
  const CallSite site("exponential", line);
  require_rate("initial", o.initial);
  require_positive("factor", o.factor);
  return [o](const Value& t) { return o.initial * exp(std::log(o.factor) * t); };
}

Schedule cosine(CosineOptions o, std::source_location line) {
  const CallSite site("cosine", line);
  require_rate("initial", o.initial);
  require_rate("end", o.end);
  require_positive("steps", static_cast<double>(o.steps));
  if (o.warmup < 0 || o.warmup >= o.steps)
    fail("warmup must be in [0, steps)", std::to_string(o.warmup) + " of " + std::to_string(o.steps) + " steps");
  return [o](const Value& t) {
    const auto warmup = static_cast<double>(o.warmup), steps = static_cast<double>(o.steps);
    const Value decay = half_cosine(o.initial, o.end, (t - warmup) / (steps - warmup));
    return o.warmup == 0 ? decay : where(less_than(t, warmup), (o.initial / warmup) * (t + 1.0), decay);
  };
}

Schedule linear_warmup(int64_t steps, Schedule rate, std::source_location line) {
  const CallSite site("linear_warmup", line);
  require_positive("steps", static_cast<double>(steps));
  return [steps, rate](const Value& t) { return rate(t, f64) * min((t + 1.0) / static_cast<double>(steps), 1.0); };
}
Schedule linear_warmup(int64_t steps, double rate, std::source_location line) {
  const CallSite site("linear_warmup", line);
  require_rate("rate", rate);
  return linear_warmup(steps, constant(rate, line), line);
}

Schedule one_cycle(OneCycleOptions o, std::source_location line) {
  const CallSite site("one_cycle", line);
  if (o.steps < 2) fail("steps must be at least 2", std::to_string(o.steps));
  require_positive("peak", o.peak);
  require_positive("start_divisor", o.start_divisor);
  require_positive("end_divisor", o.end_divisor);
  const auto last = static_cast<double>(o.steps - 1), top = o.rising * static_cast<double>(o.steps) - 1;
  if (!(o.rising > 0 && o.rising <= 1) || !(top > 0) || !(top < last))
    fail("rising must put the peak between the first and the last step", number_text(o.rising) + " of " + std::to_string(o.steps) + " steps");
  return [=](const Value& t) {
    const double start = o.peak / o.start_divisor;
    const Value up = half_cosine(start, o.peak, t / top), down = half_cosine(o.peak, start / o.end_divisor, (t - top) / (last - top));
    return where(less_or_equal(t, top), up, down);
  };
}

}  // namespace lanc::schedules
