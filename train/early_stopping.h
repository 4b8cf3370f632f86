// train/early_stopping.h: when to stop and when to slow down: early stopping, the gradient's norm, reduction on a plateau.
#pragma once

#include <cstdint>
#include <source_location>

#include <lanc/train/score.h>

namespace lanc {

enum class Better : uint8_t { higher, lower };

struct EarlyStoppingOptions {
  /// Stop after so many epochs in a row that are not better than the best one.
  int64_t patience = 5;
  /// Better means by more than this.
  double min_delta = 0;
  /// higher for an accuracy, lower for a loss.
  Better better = Better::higher;
};

/// Watches a figure of the validation set: `if (stop(epoch, evaluate_accuracy(predict, validation))) break;`. Takes a ValidationScore and
/// nothing else. A NaN is never better. UserError: patience < 1, min_delta < 0 or NaN.
class EarlyStopping {
 public:
  explicit EarlyStopping(const EarlyStoppingOptions& options = {}, std::source_location where = std::source_location::current());
  /// True when training should stop.
  bool operator()(int64_t epoch, ValidationScore score);
  /// Was the last score the best so far? Then is the time to save the parameters.
  bool improved() const { return bad_epochs_ == 0 && best_epoch_ >= 0; }
  /// -1 before the first score (that is not NaN).
  int64_t best_epoch() const { return best_epoch_; }
  double best_value() const { return best_value_; }
  int64_t bad_epochs() const { return bad_epochs_; }

 private:
  EarlyStoppingOptions options_;
  int64_t best_epoch_ = -1, bad_epochs_ = 0;
  double best_value_ = 0;
};

struct GradientNormStopOptions {
  double threshold = 1e-4;
};

/// Stops at a flat place: ||gradient|| < threshold, of the gradient over all parameters. A NaN does not stop. UserError: threshold <= 0.
class GradientNormStop {
 public:
  explicit GradientNormStop(const GradientNormStopOptions& options = {}, std::source_location where = std::source_location::current());
  bool operator()(double norm) const { return norm < options_.threshold; }

 private:
  GradientNormStopOptions options_;
};

struct ReduceOnPlateauOptions {
  double factor = 0.1;
  /// Reduce after more than so many values in a row that are not better than the best one.
  int64_t patience = 10;
  /// Values after a reduction that are not counted as bad.
  int64_t cooldown = 0;
  /// The rate does not go below this.
  double min_rate = 0;
  /// Better means by more than this.
  double min_delta = 0;
  Better better = Better::lower;
};

/// Tells what a rate that the host sets (a Knob) should be: `session.set(rate, controller(loss))`. The rule is that of PyTorch's
/// ReduceLROnPlateau with threshold_mode 'abs', threshold min_delta and eps 0, where a NaN counts as bad. Takes a ValidationScore or a
/// training loss.
/// UserError: rate <= 0, factor outside (0, 1), patience, cooldown, min_rate or min_delta < 0.
class ReduceOnPlateau {
 public:
  explicit ReduceOnPlateau(double rate, const ReduceOnPlateauOptions& options = {}, std::source_location where = std::source_location::current());
  /// The rate from now on.
  double operator()(double value);
  double operator()(const TrainingScore& score) { return (*this)(score.value()); }
  double operator()(const ValidationScore& score) { return (*this)(score.value()); }
  double operator()(const TestScore& score) = delete;
  double rate() const { return rate_; }
  /// What the last value multiplied the rate by; 1: nothing.
  double last_factor() const { return last_factor_; }

 private:
  ReduceOnPlateauOptions options_;
  double rate_, last_factor_ = 1, best_ = 0;
  bool any_ = false;
  int64_t bad_ = 0, cooling_ = 0;
};

}  // namespace lanc
