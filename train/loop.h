// train/loop.h: the training loop: epochs of batches through a compiled step, with callbacks that watch it and may end it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <lanc/train/batches.h>
#include <lanc/train/early_stopping.h>
#include <lanc/train/progress.h>

namespace lanc {

/// What a callback sees after a step.
struct StepReport {
  int64_t epoch = 0;                     // from 0
  int64_t batch = 0;                     // within the epoch, from 0
  int64_t step = 0;                      // within this fit, from 0
  double loss = 0;                       // results[0]
  std::span<const Tensor> results = {};  // all that the step returned
};

/// What a callback sees after a whole epoch.
struct EpochReport {
  int64_t epoch = 0;
  int64_t steps = 0;    // of this epoch, since fit began
  double loss = 0;      // their mean
  double seconds = 0;   // of this epoch's steps and step callbacks
};

/// Is called after each step, each epoch, or both; true ends the loop. Callbacks are called in their order, all of them, also when an earlier
/// one wants to stop.
struct Callback {
  std::string name = "callback";
  std::function<bool(const StepReport&)> step = {};
  std::function<bool(const EpochReport&)> epoch = {};
};

namespace detail {
// "validation accuracy 87.12 %".
std::string accuracy_note(double accuracy);

template <class Report, class F>
std::function<bool(const Report&)> as_watcher(F f) {
  return [f = std::move(f)](const Report& report) mutable {
    if constexpr (std::is_void_v<std::invoke_result_t<F&, const Report&>>) {
      f(report);
      return false;
    } else {
      return static_cast<bool>(f(report));
    }
  };
}
}  // namespace detail

/// after_epoch([&](const EpochReport& e) { ... }): f returns nothing, or true to stop.
template <std::invocable<const EpochReport&> F>
Callback after_epoch(F f, std::string name = "after_epoch") {
  return {.name = std::move(name), .epoch = detail::as_watcher<EpochReport>(std::move(f))};
}
template <std::invocable<const StepReport&> F>
Callback after_step(F f, std::string name = "after_step") {
  return {.name = std::move(name), .step = detail::as_watcher<StepReport>(std::move(f))};
}

/// Shows loss, rate and remaining time; `progress` must outlive the loop.
Callback show(Progress& progress);
/// Ends the loop where the gradient vanishes: results[output] is its norm, optimizers::global_norm(gradients(loss, parameters)), of one batch.
/// UserError while training: no such result.
Callback stop_when_flat(GradientNormStop stop = GradientNormStop(), uint64_t output = 1);
/// Scores the validation part after each epoch by evaluate_accuracy(predict, validation), and ends the loop when `stop` says so. `stop`, the data
/// set and, when given, `progress`, which shows the score, must outlive the loop. A TestSet does not compile.
template <class Predict, data::DataSet D>
  requires(data::part_of<D> == data::Part::validation)
Callback stop_early(EarlyStopping& stop, Predict predict, const D& validation, Progress* progress = nullptr,
                    std::source_location where = std::source_location::current()) {
  return after_epoch(
      [&stop, predict = std::move(predict), &validation, progress, where](const EpochReport& report) {
        const ValidationScore score = evaluate_accuracy(predict, validation, 1000, where);
        if (progress != nullptr) progress->note(detail::accuracy_note(score.value()));
        return stop(report.epoch, score);
      },
      "early stopping");
}

struct FitOptions {
  int64_t epochs = 10;
  int64_t batch_size = 128;
  int64_t seed = 0;           // of the batches' order, with the epoch's number
  bool shuffle = true;
  bool drop_last = false;
  int64_t first_epoch = 0;    // to go on where a run ended: epochs first_epoch ... epochs - 1,
  int64_t first_batch = 0;    // the first of them from this batch
  bool require_finite = true; // a loss that is NaN or infinite is an error
};

struct FitResult {
  std::vector<double> losses;  // mean of each whole epoch
  int64_t steps = 0;
  int64_t next_epoch = 0;      // first_epoch and first_batch of a fit that goes on from here
  int64_t next_batch = 0;
  std::string stopped_by;      // the name of the callback that ended it; empty: all epochs ran
};

namespace detail {

// The loop's bookkeeping, which knows nothing of data sets.
class LoopRun {
 public:
  LoopRun(const FitOptions& options, std::vector<Callback> callbacks);
  /// False: the loop ends.
  bool step(int64_t epoch, int64_t batch, int64_t batches, std::span<const Tensor> results);
  /// The same. After a step that ended the loop the epoch counts only if that was its last.
  bool end_epoch(int64_t epoch);
  FitResult result() const { return result_; }

 private:
  double now() const;
  const FitOptions& options_;
  std::vector<Callback> callbacks_;
  FitResult result_;
  RunningMean loss_;
  double epoch_start_;
};

}  // namespace detail

/// Calls train(batch's tensors...) for every batch of every epoch; its first result is the loss, of rank 0:
///     fit(train, training, {.epochs = 10, .seed = 42}, {stop_early(stop, predict, validation, &progress), show(progress)});
/// `train` is a Function or anything callable that returns tensors. Not for a ValidationSet or a TestSet (does not compile). A step that throws ends
/// the loop with its error. UserError: epochs < 0, first_epoch outside [0, epochs], a loss that is not finite (with epoch and batch), no results;
/// those of batches and of `train`.
template <class Train, data::TrainingData D>
FitResult fit(const Train& train, const D& training, const FitOptions& options = {}, std::vector<Callback> callbacks = {},
              std::source_location where = std::source_location::current()) {
  detail::LoopRun run = with_line("fit", where, [&] { return detail::LoopRun(options, std::move(callbacks)); });
  for (int64_t epoch = options.first_epoch; epoch < options.epochs; ++epoch) {
    const auto range = data::batches(training, options.batch_size, {.epoch = epoch, .seed = options.seed, .shuffle = options.shuffle, .drop_last = options.drop_last,
                                                                    .first_batch = epoch == options.first_epoch ? options.first_batch : 0}, where);
    for (auto at = range.begin(); at != range.end(); ++at) {
      const std::vector<Tensor> results = std::apply([&](const auto&... tensors) { return detail::called_from(where, train, tensors...); }, data::detail::tie_fields(*at));
      if (!with_line("fit", where, [&] { return run.step(epoch, at.index(), range.batches_per_epoch(), results); })) break;
    }
    if (!run.end_epoch(epoch)) break;
  }
  return run.result();
}

}  // namespace lanc
