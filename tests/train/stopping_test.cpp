#include <lanc/train/early_stopping.h>

#include <cmath>
#include <vector>

#include <lanc/tests/train/files.h>

namespace lanc {
namespace {


const data::Table images(Tensor::of<float>({3, 2}, {0, 1, 1, 0, 0, 1}), Tensor::of<int32_t>({3}, {1, 0, 0}));
const data::ValidationSet validation(images);
const data::TestSet test(images);

ValidationScore score(double value) { return {validation, value}; }

// Feeds these values, one per epoch, until it stops; the epoch at which it did, or -1.
int64_t stops_at(EarlyStopping& stop, const std::vector<double>& values) {
  for (size_t e = 0; e < values.size(); ++e)
    if (stop(static_cast<int64_t>(e), score(values[e]))) return static_cast<int64_t>(e);
  return -1;
}

TEST(EarlyStopping, StopsAfterPatienceAndKeepsTheBestEpoch) {
  EarlyStopping stop({.patience = 2});
  EXPECT_EQ(stops_at(stop, {0.5, 0.7, 0.6, 0.8, 0.8, 0.79, 0.9}), 5);
  EXPECT_EQ(stop.best_epoch(), 3);
  EXPECT_EQ(stop.best_value(), 0.8);
  EXPECT_EQ(stop.bad_epochs(), 2);
}

TEST(EarlyStopping, SaysWhenToSave) {
  EarlyStopping stop;
  EXPECT_FALSE(stop.improved());
  EXPECT_EQ(stop.best_epoch(), -1);
  stop(0, score(0.5));
  EXPECT_TRUE(stop.improved());
  stop(1, score(0.4));
  EXPECT_FALSE(stop.improved());
}

TEST(EarlyStopping, LowerIsBetterForALossAndByMoreThanMinDelta) {
  EarlyStopping stop({.patience = 3, .min_delta = 0.125, .better = Better::lower});
  EXPECT_EQ(stops_at(stop, {1.0, 0.875, 0.75, 0.7, 0.65, 0.625}), 5);
  EXPECT_EQ(stop.best_epoch(), 2);
}

TEST(EarlyStopping, ANanIsNeverBetter) {
  EarlyStopping stop({.patience = 2});
  EXPECT_EQ(stops_at(stop, {NAN, 0.5, NAN, NAN}), 3);
  EXPECT_EQ(stop.best_epoch(), 1);
}

TEST(EarlyStopping, ChecksItsOptions) {
  EXPECT_EQ(message_before_line([] { EarlyStopping({.patience = 0}); }), "early stopping: patience must be >= 1, got 0");
  EXPECT_EQ(message_before_line([] { EarlyStopping({.min_delta = -1}); }), "early stopping: min_delta must be >= 0, got -1");
  EXPECT_EQ(message_before_line([] { EarlyStopping({.min_delta = NAN}); }), "early stopping: min_delta must be >= 0, got nan");
}

TEST(GradientNormStop, StopsBelowItsThreshold) {
  const GradientNormStop stop;
  EXPECT_FALSE(stop(1e-4));
  EXPECT_TRUE(stop(0.99e-4));
  EXPECT_FALSE(stop(NAN));
  EXPECT_EQ(message_before_line([] { GradientNormStop({.threshold = 0}); }), "gradient norm stop: threshold must be > 0, got 0");
}

// Hand-traced from the text of PyTorch 2's ReduceLROnPlateau.step (threshold_mode 'abs', threshold 0, eps 0).
TEST(ReduceOnPlateau, ReducesAfterMoreThanPatienceBadValues) {
  ReduceOnPlateau controller(1.0, {.factor = 0.5, .patience = 1});
  std::vector<double> rates;
  for (double loss : {3.0, 2.0, 2.0, 2.5, 2.0, 2.0, 1.0}) rates.push_back(controller(loss));
  EXPECT_EQ(rates, (std::vector<double>{1, 1, 1, 0.5, 0.5, 0.25, 0.25}));
}

TEST(ReduceOnPlateau, CountsNothingWhileItCoolsDown) {
  ReduceOnPlateau controller(1.0, {.factor = 0.5, .patience = 0, .cooldown = 2});
  std::vector<double> rates;
  for (int i = 0; i < 8; ++i) rates.push_back(controller(1.0));
  EXPECT_EQ(rates, (std::vector<double>{1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125}));
}

TEST(ReduceOnPlateau, SaysByWhichFactorAndStopsAtTheMinimum) {
  ReduceOnPlateau controller(1.0, {.factor = 0.5, .patience = 0, .min_rate = 0.4});
  controller(1.0);
  EXPECT_EQ(controller.last_factor(), 1);
  controller(1.0);
  EXPECT_EQ(controller.last_factor(), 0.5);
  controller(NAN);
  EXPECT_EQ(controller.rate(), 0.4);
  EXPECT_EQ(controller.last_factor(), 0.8);
  controller(1.0);
  EXPECT_EQ(controller.last_factor(), 1);
}

TEST(ReduceOnPlateau, ChecksItsOptions) {
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(0); }), "reduce on plateau: rate must be > 0, got 0");
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(1, {.factor = 1}); }), "reduce on plateau: factor must be in (0, 1), got 1");
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(1, {.patience = -1}); }), "reduce on plateau: patience must be >= 0, got -1");
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(1, {.cooldown = -1}); }), "reduce on plateau: cooldown must be >= 0, got -1");
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(1, {.min_rate = -1}); }), "reduce on plateau: min_rate must be >= 0, got -1");
  EXPECT_EQ(message_before_line([] { ReduceOnPlateau(1, {.min_delta = -1}); }), "reduce on plateau: min_delta must be >= 0, got -1");
}

// Scores know their part; tests/compile_fail shows what a user sees.
static_assert(std::constructible_from<ValidationScore, const decltype(validation)&, double>);
static_assert(!std::constructible_from<ValidationScore, const decltype(test)&, double>);
static_assert(!std::constructible_from<ValidationScore, const decltype(images)&, double>);
static_assert(!std::constructible_from<ValidationScore, double> && !std::convertible_to<TestScore, ValidationScore>);
static_assert(std::invocable<EarlyStopping&, int64_t, ValidationScore>);
static_assert(!std::invocable<EarlyStopping&, int64_t, TestScore> && !std::invocable<EarlyStopping&, int64_t, double>);
static_assert(std::invocable<ReduceOnPlateau&, ValidationScore> && !std::invocable<ReduceOnPlateau&, TestScore>);

TEST(EvaluateAccuracy, TakesEveryPartAndKnowsIt) {
  const auto predict = [](const Tensor& x) { return x; };  // the data are their own scores: right, right, wrong
  const ValidationScore on_validation = evaluate_accuracy(predict, validation, 2);
  const TestScore on_test = evaluate_accuracy(predict, test);
  const TrainingScore on_training = evaluate_accuracy(predict, images, 1);
  EXPECT_EQ(on_validation.value(), 2.0 / 3);
  EXPECT_EQ(on_test.value(), 2.0 / 3);
  EXPECT_EQ(on_training.value(), 2.0 / 3);
}

TEST(EvaluateAccuracy, TakesAListOfResultsAsAFunctionReturns) {
  const auto predict = [](const Tensor& x) { return std::vector<Tensor>{x}; };
  EXPECT_EQ(evaluate_accuracy(predict, test).value(), 2.0 / 3);
}

TEST(EvaluateAccuracy, NeedsExamples) {
  const data::TestSet none(data::Table(Tensor(f32, {0, 2}), Tensor(i32, {0})));
  EXPECT_EQ(message_before_line([&] { evaluate_accuracy([](const Tensor& x) { return x; }, none); }),
            "accuracy: at least one example is needed, got none");
}

}  // namespace
}  // namespace lanc
