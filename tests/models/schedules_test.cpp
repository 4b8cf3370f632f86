#include <cmath>

#include <lanc/models/knob.h>
#include <lanc/models/parameter.h>
#include <lanc/models/schedules.h>
#include <lanc/models/updates.h>
#include <lanc/autodiff/gradients.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>

#include "run.h"

namespace lanc {
namespace {

using namespace models_test;

double at(const Schedule& schedule, int64_t step) {
  Graph g;
  const Value rate = schedule(constant(g, Tensor::scalar<int64_t>(step)));
  EXPECT_EQ(rate.type().text(), "f32[]");
  return number_of(rate);
}

// f32, a few roundings.
void expect_rate(const Schedule& schedule, int64_t step, double wanted) { EXPECT_NEAR(at(schedule, step), wanted, 4e-7 * std::fmax(std::fabs(wanted), 1e-3)) << "step " << step; }

constexpr double pi = 3.14159265358979323846;

TEST(Schedule, ConstantIsAlwaysTheSame) {
  expect_rate(schedules::constant(0.1), 0, 0.1);
  expect_rate(schedules::constant(0.1), 100000, 0.1);
}

TEST(Schedule, StepDecayFallsEverySoManySteps) {
  const Schedule s = schedules::step_decay({.initial = 0.4, .factor = 0.5, .every = 10});
  expect_rate(s, 0, 0.4);
  expect_rate(s, 9, 0.4);
  expect_rate(s, 10, 0.2);
  expect_rate(s, 35, 0.05);
}

TEST(Schedule, ExponentialFallsWithEveryStep) {
  const Schedule s = schedules::exponential({.initial = 0.4, .factor = 0.9});
  expect_rate(s, 0, 0.4);
  expect_rate(s, 7, 0.4 * std::pow(0.9, 7));
}

TEST(Schedule, CosineWarmsUpAndFallsToItsEnd) {
  const Schedule plain = schedules::cosine({.initial = 0.1, .steps = 100, .end = 0.02});
  for (int64_t t : {0, 1, 50, 99, 100}) expect_rate(plain, t, 0.02 + 0.04 * (1 + std::cos(pi * static_cast<double>(t) / 100)));
  expect_rate(plain, 500, 0.02);
  const Schedule warm = schedules::cosine({.initial = 0.1, .steps = 110, .warmup = 10});
  expect_rate(warm, 0, 0.01);
  expect_rate(warm, 9, 0.1);
  expect_rate(warm, 10, 0.1);
  expect_rate(warm, 60, 0.05);
  expect_rate(warm, 110, 0);
}

TEST(Schedule, LinearWarmupGoesBeforeAnyOther) {
  const Schedule s = schedules::linear_warmup(4, schedules::exponential({.initial = 1, .factor = 0.5}));
  expect_rate(s, 0, 0.25);
  expect_rate(s, 2, 0.25 * 0.75);
  expect_rate(s, 5, std::pow(0.5, 5));
  expect_rate(schedules::linear_warmup(10, 0.2), 4, 0.1);
  expect_rate(schedules::linear_warmup(10, 0.2), 400, 0.2);
}

// The phases of torch.optim.lr_scheduler.OneCycleLR(max_lr=0.1, total_steps=100): [0, 29] up, [29, 99] down.
TEST(Schedule, OneCycleRisesAndFalls) {
  const Schedule s = schedules::one_cycle({.peak = 0.1, .steps = 100});
  const auto between = [](double a, double b, double u) { return b + (a - b) / 2 * (1 + std::cos(pi * u)); };
  expect_rate(s, 0, 0.004);
  expect_rate(s, 10, between(0.004, 0.1, 10.0 / 29));
  expect_rate(s, 29, 0.1);
  expect_rate(s, 64, between(0.1, 4e-7, 0.5));
  expect_rate(s, 99, 4e-7);
}

TEST(Schedule, ExplainsNumbersOutOfRange) {
  EXPECT_HAS(error_of([] { schedules::cosine({.steps = 10, .warmup = 10}); }), "cosine: warmup must be in [0, steps), got 10 of 10 steps\n  cosine at schedules_test.cpp:");
  EXPECT_HAS(error_of([] { schedules::step_decay({.every = 0}); }), "step_decay: every must be positive, got 0");
  EXPECT_HAS(error_of([] { schedules::exponential({.factor = 0}); }), "exponential: factor must be positive, got 0");
  EXPECT_HAS(error_of([] { schedules::linear_warmup(0, 0.1); }), "linear_warmup: steps must be positive, got 0");
  EXPECT_HAS(error_of([] { schedules::one_cycle({.steps = 1}); }), "one_cycle: steps must be at least 2, got 1");
  EXPECT_HAS(error_of([] { schedules::one_cycle({.rising = 1}); }), "one_cycle: rising must put the peak between the first and the last step, got 1 of 1000 steps");
  Graph g;
  EXPECT_HAS(error_of([&] { schedules::constant(1)(f64_of(g, {1}, {0})); }), "schedule: the step must be of rank 0, got f64[1]");
}

TEST(Knob, IsAStateOfRankZero) {
  Graph g;
  const Knob rate(g, "rate", 0.5);
  EXPECT_EQ(rate.type().text(), "f32[]");
  EXPECT_TRUE(*g.find("rate") == rate);
  EXPECT_EQ(number_of(rate * 3.0), 1.5);
  EXPECT_HAS(error_of([&] { Knob(g, "count", 1, i32); }), "Knob: dtype must be a float, got i32\n  Knob at schedules_test.cpp:");
  EXPECT_HAS(error_of([&] { Knob(g, "rate", 1); }), "state 'rate': a path must be created once, got it a second time\n  first at schedules_test.cpp:");
}

struct Running {
  Graph g;
  Value x = g.input("x", f64, {4});
  Value mean_state = state(g.scope("norm"), "mean", {}, initializers::zeros(), f64);
  Value layer(const Value& v) const {
    const Value m = mean(v);
    return with_update(v - m, mean_state, 0.5 * mean_state + 0.5 * m);
  }
  double after(const Updates& updates) const {
    Named states = initial_states(g);
    states["norm/mean"] = Tensor::scalar<double>(8);
    Step(g, {x}, {}, updates)(states, {{"x", Tensor::of<double>({4}, {1, 2, 3, 6})}});
    return states.at("norm/mean").item<double>();
  }
};

TEST(WithUpdate, IsReturnedByWhatReachesIt) {
  Running r;
  const Value y = r.layer(r.x), loss = sum(y * y);
  const Updates updates = updates_of(loss);
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_TRUE(updates[0].state == r.mean_state);
  EXPECT_EQ(r.after(updates), 5.5);  // 0.5 * 8 + 0.5 * 3
  EXPECT_TRUE(updates_of(sum(r.x)).empty());
  EXPECT_EQ(updates_of({r.x, loss}).size(), 1u);
}

TEST(WithUpdate, LetsGradientsThrough) {
  Running r;
  const Value y = with_update(r.x * r.x, r.mean_state, mean(r.x)), slope = gradient(sum(y), r.x);
  Named states = initial_states(r.g);
  expect_near(Step(r.g, {r.x}, {slope})(states, {{"x", Tensor::of<double>({4}, {1, 2, 3, 4})}})[0], {2, 4, 6, 8}, 0);
}

TEST(WithUpdate, OfOneStateTwiceChainsInCallOrder) {
  Running r;
  const Value a = r.layer(r.x), b = r.layer(10.0 * r.x);
  const Updates updates = updates_of(sum(b) + sum(a));  // the order of calls counts, not that of the sum
  ASSERT_EQ(updates.size(), 1u);
  EXPECT_EQ(r.after(updates), 17.75);  // 0.5 * (0.5 * 8 + 0.5 * 3) + 0.5 * 30
}

TEST(WithUpdate, OfOneStateInSeriesChains) {
  Running r;
  const Value a = r.layer(r.x), b = r.layer(a + 2.0);  // the mean of a + 2 is 2
  EXPECT_EQ(r.after(updates_of(sum(b))), 3.75);       // 0.5 * 5.5 + 0.5 * 2
}

TEST(WithUpdate, ExplainsWhatIsNoStateOrNoValueOfIt) {
  Running r;
  EXPECT_HAS(error_of([&] { with_update(r.x, r.x, r.x); }), "with_update: the state must be a state or parameter, got input");
  EXPECT_HAS(error_of([&] { with_update(r.x, r.mean_state, r.x); }), "with_update: the new value must have the state's type, got state f64[] and new value f64[4]");
}

}  // namespace
}  // namespace lanc
