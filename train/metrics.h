// train/metrics.h: how good predictions are: accuracy, the confusion matrix and its figures, running means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <lanc/graph/tensor.h>

namespace lanc {

/// The class of each example: of scores {n, classes} (f32, f64, bf16, f16) the column of the largest, the first one when several are,
/// and -1 for a row with a NaN; of class ids {n} (integers) themselves. UserError: another rank or dtype, no classes.
std::vector<int64_t> classes_of(const Tensor& predictions);

/// The share of examples whose predicted class (classes_of) is the label {n}; in [0, 1].
/// UserError: other sizes, no example, labels that are not integers or outside [0, classes) of the scores (with the position).
double accuracy(const Tensor& predictions, const Tensor& labels);

/// The mean of the numbers added, by Welford's update: it does not overflow and is exact for equal numbers. 0 before the first.
class RunningMean {
 public:
  void add(double value) {
    ++count_;
    mean_ += (value - mean_) / static_cast<double>(count_);
  }
  double value() const { return mean_; }
  int64_t count() const { return count_; }
  void reset() { *this = {}; }

 private:
  double mean_ = 0;
  int64_t count_ = 0;
};

/// Counts of (actual class, predicted class). Ratios without a denominator are 0, as in scikit-learn.
class ConfusionMatrix {
 public:
  /// UserError: fewer than one class.
  explicit ConfusionMatrix(int64_t classes);
  explicit ConfusionMatrix(std::vector<std::string> names);

  /// Of a batch, as for accuracy(). Scores must have one column per class; an id or label out of range is a UserError and nothing of the
  /// batch is counted. A row of scores with a NaN is a UserError too.
  void add(const Tensor& predictions, const Tensor& labels);
  void add(int64_t predicted, int64_t actual);

  int64_t classes() const { return static_cast<int64_t>(names_.size()); }
  int64_t count(int64_t actual, int64_t predicted) const;
  int64_t total() const;
  double accuracy() const;
  /// Of those predicted as class c, the share that is.
  double precision(int64_t c) const;
  /// Of those that are class c, the share predicted as such.
  double recall(int64_t c) const;
  /// Harmonic mean of precision and recall.
  double f1(int64_t c) const;
  /// Unweighted mean of f1 over the classes.
  double macro_f1() const;
  /// An aligned table: one line per actual class with its counts, precision, recall and F1, then the accuracy.
  std::string text() const;

 private:
  void check(const char* what, int64_t c) const;
  int64_t row_sum(int64_t actual) const;
  int64_t column_sum(int64_t predicted) const;
  std::vector<std::string> names_;
  std::vector<int64_t> counts_;
};

}  // namespace lanc
