// Schedules against closed forms and PyTorch's schedulers, at every step; ReduceOnPlateau against PyTorch's.
#include <lanc/tests/models/support.h>

#include <functional>
#include <limits>
#include <numbers>

namespace lanc {
namespace {

using testing_models::numbers;
using testing_models::stored;

// The rate at steps 0 ... n-1.
std::vector<double> rates(const Schedule& schedule, int64_t n) {
  Graph g;
  const Value t = g.input("t", i64, {});
  const Function f = Session(g).function({t}, {schedule(t, f64)});
  std::vector<double> out;
  for (int64_t i = 0; i < n; ++i) out.push_back(f(Tensor::scalar<int64_t>(i))[0].item<double>());
  return out;
}

// Relative to the largest rate: a cosine near its zero has no more digits than that.
void expect_rates(const Schedule& schedule, const std::vector<double>& expected, double largest) {
  const std::vector<double> got = rates(schedule, static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-14 * largest) << "step " << i;
}

std::vector<double> torch(const char* name) {
  static const nlohmann::json data = stored("schedules.json");
  return data[name].get<std::vector<double>>();
}

TEST(Schedule, ConstantIsItsValue) { expect_rates(schedules::constant(0.3), {0.3, 0.3, 0.3}, 0.3); }

TEST(Schedule, StepDecayIsTorchs) { expect_rates(schedules::step_decay({.initial = 0.5, .factor = 0.3, .every = 7}), torch("step_decay"), 0.5); }

TEST(Schedule, ExponentialIsTorchs) { expect_rates(schedules::exponential({.initial = 0.5, .factor = 0.97}), torch("exponential"), 0.5); }

TEST(Schedule, CosineIsTorchs) { expect_rates(schedules::cosine({.initial = 0.4, .steps = 50, .end = 0.01}), torch("cosine"), 0.4); }

TEST(Schedule, CosineRisesLinearlyThenFallsAndStaysAtItsEnd) {
  std::vector<double> expected;
  for (int t = 0; t < 30; ++t) {
    const double u = std::min(1.0, (t - 5) / 15.0);
    expected.push_back(t < 5 ? 2.0 * (t + 1) / 5 : 0.5 + 1.5 * (1 + std::cos(std::numbers::pi * u)) / 2);
  }
  expect_rates(schedules::cosine({.initial = 2, .steps = 20, .end = 0.5, .warmup = 5}), expected, 2);
  EXPECT_DOUBLE_EQ(expected[4], 2);
  EXPECT_DOUBLE_EQ(expected[25], 0.5);
}

// Torch's LinearLR rises from start_factor = 1/8 to 1 in 7 steps: (t + 1) / 8.
TEST(Schedule, WarmupOfANumberIsTorchs) { expect_rates(schedules::linear_warmup(8, 0.4), torch("linear_warmup"), 0.4); }

TEST(Schedule, WarmupMultipliesAnySchedule) {
  std::vector<double> expected;
  for (int t = 0; t < 9; ++t) expected.push_back(std::pow(0.9, t) * std::min(1.0, (t + 1) / 4.0));
  expect_rates(schedules::linear_warmup(4, schedules::exponential({.initial = 1, .factor = 0.9})), expected, 1);
}

TEST(Schedule, OneCycleIsTorchs) {
  expect_rates(schedules::one_cycle({.peak = 0.4, .steps = 60}), torch("one_cycle"), 0.4);
  expect_rates(schedules::one_cycle({.peak = 2, .steps = 11, .rising = 0.5, .start_divisor = 4, .end_divisor = 10}), torch("one_cycle_2"), 2);
}

TEST(Schedule, MayBeAnyFunctionOfTheStep) {
  expect_rates([](const Value& t) { return 0.1 / sqrt(1 + t); }, {0.1, 0.1 / std::sqrt(2.0), 0.1 / std::sqrt(3.0)}, 0.1);
}

TEST(Schedule, IsExactAtStepsThatF32CannotTell) {
  Graph g;
  const Value t = g.input("t", i64, {});
  const Schedule step = [](const Value& s) { return s; };
  const Results r = testing_models::evaluate({step(t, f64), step(t)}, {{t, Tensor::scalar<int64_t>(16777217)}});
  EXPECT_EQ(r[0].item<double>(), 16777217);
  EXPECT_EQ(r[1].dtype(), f32);
}

TEST(Schedule, DrivesAnOptimizerAtItsDtype) {
  Graph g;
  const Value p = parameter(g.root(), "p", {}, initializers::zeros(), f64);
  const Session session(g);
  const Function step = session.function({}, {}, optimizers::sgd({.learning_rate = schedules::exponential({.initial = 1, .factor = 0.7})}).minimize(1.0 * p));
  double expected = 0;
  for (int t = 0; t < 20; ++t) {
    step();
    expected -= std::pow(0.7, t);
  }
  EXPECT_NEAR(session.get(p).item<double>(), expected, 1e-14);
}

TEST(Schedule, SaysWhatItNeeds) {
  using namespace schedules;
  const auto expect = [](const std::string& text, const std::function<void()>& f) { EXPECT_HOLDS(message_of(f), text); };
  expect("step_decay: every must be positive and finite, got 0", [] { step_decay({.every = 0}); });
  expect("exponential: factor must be positive and finite, got -1", [] { exponential({.factor = -1}); });
  expect("cosine: warmup must be in [0, steps), got 10 of 10 steps", [] { cosine({.steps = 10, .warmup = 10}); });
  expect("cosine: steps must be positive and finite, got 0", [] { cosine({.steps = 0}); });
  expect("cosine: initial must be at least 0 and finite, got -1", [] { cosine({.initial = -1}); });
  expect("constant: value must be at least 0 and finite, got nan", [] { constant(std::nan("")); });
  expect("linear_warmup: rate must be at least 0 and finite, got -1", [] { linear_warmup(5, -1.0); });
  expect("cosine: end must be at least 0 and finite, got inf", [] { cosine({.end = std::numeric_limits<double>::infinity()}); });
  expect("one_cycle: start_divisor must be positive and finite, got 0", [] { one_cycle({.start_divisor = 0}); });
  const int line = __LINE__ + 1;
  const std::function<void()> calls[] = {[] { linear_warmup(5, -1.0); }, [] { constant(-1); }, [] { cosine({.steps = 0}); }, [] { one_cycle({.steps = 1}); }};
  for (const auto& call : calls) EXPECT_HOLDS(message_of(call), " at schedules_test.cpp:" + std::to_string(line));
  expect("linear_warmup: steps must be positive and finite, got 0", [] { linear_warmup(0, 1.0); });
  expect("one_cycle: steps must be at least 2, got 1", [] { one_cycle({.steps = 1}); });
  expect("one_cycle: rising must put the peak between the first and the last step, got 1.5 of 10 steps", [] { one_cycle({.steps = 10, .rising = 1.5}); });
  expect("one_cycle: peak must be positive and finite, got 0", [] { one_cycle({.peak = 0}); });
  Graph g;
  const Value vector = g.input("v", f32, {2}), t = g.input("t", i64, {});
  expect("schedule: the step must be of rank 0, got f32[2]", [&] { schedules::constant(1)(vector); });
  expect("schedule: its value must be of rank 0, got f64[2]", [&] { Schedule([&](const Value& s) { return s + vector; })(t); });
}

TEST(ReduceOnPlateau, IsTorchs) {
  const auto run = [](const ReduceOnPlateauOptions& options) {
    ReduceOnPlateau controller(1, options);
    std::vector<double> out;
    for (const double loss : torch("losses")) out.push_back(controller(loss));
    return out;
  };
  EXPECT_EQ(run({.factor = 0.1, .patience = 2}), torch("plateau"));
  EXPECT_EQ(run({.factor = 0.5, .patience = 1, .cooldown = 2, .min_rate = 0.2, .min_delta = 0.02}), torch("plateau_cooldown"));
}

}  // namespace
}  // namespace lanc
