#include <lanc/train/metrics.h>

#include <cmath>
#include <limits>

#include <lanc/tests/train/files.h>

namespace lanc {
namespace {


TEST(Accuracy, OfScoresTakesTheLargestAndTheFirstOfEquals) {
  const Tensor scores = Tensor::of<float>({4, 3}, {0, 1, 2, 5, 5, 1, -3, -1, -2, 0, 0, 0});
  EXPECT_EQ(classes_of(scores), (std::vector<int64_t>{2, 0, 1, 0}));
  EXPECT_EQ(accuracy(scores, Tensor::of<int32_t>({4}, {2, 1, 1, 0})), 0.75);
}

TEST(Accuracy, OfClassIdsComparesThem) {
  EXPECT_EQ(accuracy(Tensor::of<int64_t>({4}, {1, 2, 3, 4}), Tensor::of<uint8_t>({4}, {1, 2, 4, 3})), 0.5);
}

TEST(Accuracy, ARowWithANanIsWrong) {
  EXPECT_EQ(accuracy(Tensor::of<float>({2, 2}, {NAN, 1, 0, 1}), Tensor::of<int32_t>({2}, {1, 1})), 0.5);
  EXPECT_EQ(accuracy(Tensor::of<float>({1, 2}, {NAN, NAN}), Tensor::of<int32_t>({1}, {0})), 0);
}

TEST(Accuracy, SaysWhatItNeeds) {
  const Tensor scores(f32, {2, 3}), labels(i32, {2});
  EXPECT_EQ(message_of([&] { accuracy(Tensor(f32, {2}), labels); }),
            "classes_of: predictions must be scores (floats of sizes [n,classes]) or class ids (integers of sizes [n]), got f32[2]");
  EXPECT_EQ(message_of([&] { accuracy(scores, Tensor(f32, {2})); }), "accuracy: labels must be integers of sizes [n], got f32[2]");
  EXPECT_EQ(message_of([&] { accuracy(scores, Tensor(i32, {3})); }), "accuracy: predictions and labels must be equally many, got 2 and 3");
  EXPECT_EQ(message_of([&] { accuracy(scores, Tensor::of<int32_t>({2}, {0, 3})); }),
            "accuracy: labels must be in [0, 3), got 3 at example 1");
  EXPECT_EQ(message_of([&] { accuracy(Tensor(f32, {0, 3}), Tensor(i32, {0})); }), "accuracy: at least one example is needed, got none");
}

TEST(RunningMean, IsTheMeanOfWhatWasAdded) {
  RunningMean mean;
  EXPECT_EQ(mean.value(), 0);
  for (double x : {1.0, 2.0, 6.0}) mean.add(x);
  EXPECT_DOUBLE_EQ(mean.value(), 3);
  EXPECT_EQ(mean.count(), 3);
  mean.reset();
  for (int i = 0; i < 1000; ++i) mean.add(0.1);
  EXPECT_EQ(mean.value(), 0.1);
}

// Three classes; counts and figures worked out by hand:
//   actual 0: 2 right, 1 as class 1;  actual 1: 1 right;  actual 2: 1 as class 0, none right.
ConfusionMatrix worked_example() {
  ConfusionMatrix matrix({"cat", "dog", "yak"});
  matrix.add(Tensor::of<int32_t>({5}, {0, 0, 1, 1, 0}), Tensor::of<int32_t>({5}, {0, 0, 0, 1, 2}));
  return matrix;
}

TEST(ConfusionMatrix, CountsAndItsFiguresAreThoseOfTheDefinition) {
  const ConfusionMatrix matrix = worked_example();
  EXPECT_EQ(matrix.count(0, 0), 2);
  EXPECT_EQ(matrix.count(0, 1), 1);
  EXPECT_EQ(matrix.count(2, 0), 1);
  EXPECT_EQ(matrix.total(), 5);
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 3.0 / 5);
  EXPECT_DOUBLE_EQ(matrix.precision(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.recall(0), 2.0 / 3);
  EXPECT_DOUBLE_EQ(matrix.precision(1), 1.0 / 2);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 1);
  EXPECT_DOUBLE_EQ(matrix.f1(1), 2.0 / 3);
  EXPECT_EQ(matrix.precision(2), 0);  // never predicted
  EXPECT_EQ(matrix.f1(2), 0);
  EXPECT_DOUBLE_EQ(matrix.macro_f1(), (2.0 / 3 + 2.0 / 3 + 0) / 3);
}

TEST(ConfusionMatrix, TakesScores) {
  ConfusionMatrix matrix(2);
  matrix.add(Tensor::of<float>({2, 2}, {0, 1, 1, 0}), Tensor::of<int32_t>({2}, {1, 1}));
  EXPECT_EQ(matrix.count(1, 1), 1);
  EXPECT_EQ(matrix.count(1, 0), 1);
}

TEST(ConfusionMatrix, PrintsAnAlignedTable) {
  EXPECT_EQ(worked_example().text(),
            "actual \\ predicted  cat  dog  yak  precision  recall     F1\n"
            "               cat    2    1    0      0.667   0.667  0.667\n"
            "               dog    0    1    0      0.500   1.000  0.667\n"
            "               yak    1    0    0      0.000   0.000  0.000\n"
            "accuracy 0.600 of 5\n");
}

TEST(ConfusionMatrix, AnErrorLeavesItAsItWas) {
  ConfusionMatrix matrix(2);
  const Tensor labels = Tensor::of<int32_t>({2}, {0, 2});
  EXPECT_EQ(message_of([&] { matrix.add(Tensor::of<int32_t>({2}, {0, 1}), labels); }),
            "confusion matrix: labels must be in [0, 2), got 2 at example 1");
  EXPECT_EQ(message_of([&] { matrix.add(labels, Tensor::of<int32_t>({2}, {0, 1})); }),
            "confusion matrix: predictions must be in [0, 2), got 2 at example 1");
  EXPECT_EQ(message_of([&] { matrix.add(Tensor(f32, {2, 3}), labels); }),
            "confusion matrix: scores must have one column for each of the 2 classes, got f32[2,3]");
  EXPECT_EQ(message_of([&] { matrix.add(Tensor::of<float>({1, 2}, {0, NAN}), Tensor(i32, {1})); }),
            "confusion matrix: scores must not be NaN, got one at example 0");
  EXPECT_EQ(message_of([] { ConfusionMatrix(0); }), "confusion matrix: 1 to 16384 classes, got 0");
  EXPECT_EQ(message_of([] { ConfusionMatrix(std::vector<std::string>{}); }), "confusion matrix: at least one class, got 0");
  EXPECT_EQ(matrix.total(), 0);
}

}  // namespace
}  // namespace lanc
