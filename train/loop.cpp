#include <lanc/train/loop.h>

#include <chrono>
#include <cmath>
#include <cstdio>

#include <lanc/graph/error.h>

namespace lanc {

Callback show(Progress& progress) {
  return after_step([&progress](const StepReport& report) { progress(report.epoch, report.loss); }, "show");
}

Callback stop_when_flat(GradientNormStop stop, uint64_t output) {
  return after_step(
      [stop, output](const StepReport& report) {
        if (output >= report.results.size())
          throw UserError("stop_when_flat: the step must return the gradient's norm as result " + std::to_string(output) + ", got " +
                          std::to_string(report.results.size()) + " results");
        return stop(report.results[output].item<double>());
      },
      "gradient norm");
}

namespace detail {

std::string accuracy_note(double accuracy) {
  char text[64];
  std::snprintf(text, sizeof text, "validation accuracy %.2f %%", 100 * accuracy);
  return text;
}

LoopRun::LoopRun(const FitOptions& options, std::vector<Callback> callbacks) : options_(options), callbacks_(std::move(callbacks)), epoch_start_(now()) {
  if (options.epochs < 0) throw UserError("fit: epochs must be >= 0, got " + std::to_string(options.epochs));
  if (options.first_epoch < 0 || options.first_epoch > options.epochs)
    throw UserError("fit: first_epoch must be in [0, " + std::to_string(options.epochs) + "], got " + std::to_string(options.first_epoch));
  result_.next_epoch = options.first_epoch;
  result_.next_batch = options.first_batch;
}

double LoopRun::now() const { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

bool LoopRun::step(int64_t epoch, int64_t batch, int64_t batches, std::span<const Tensor> results) {
  if (results.empty()) throw UserError("fit: the step must return the loss as its first result, got no results");
  const StepReport report{.epoch = epoch, .batch = batch, .step = result_.steps, .loss = results[0].item<double>(), .results = results};
  if (options_.require_finite && !std::isfinite(report.loss))
    throw UserError("fit: the loss must be finite, got " + std::to_string(report.loss) + " in epoch " + std::to_string(epoch) + ", batch " +
                    std::to_string(batch) + "; lower the learning rate, clip the gradients, or set .require_finite = false");
  loss_.add(report.loss);
  ++result_.steps;
  result_.next_epoch = batch + 1 < batches ? epoch : epoch + 1;
  result_.next_batch = batch + 1 < batches ? batch + 1 : 0;
  for (const Callback& callback : callbacks_)
    if (callback.step && callback.step(report) && result_.stopped_by.empty()) result_.stopped_by = callback.name;
  return result_.stopped_by.empty();
}

bool LoopRun::end_epoch(int64_t epoch) {
  if (!result_.stopped_by.empty() && result_.next_epoch != epoch + 1) return false;
  const double end = now();
  const EpochReport report{.epoch = epoch, .steps = loss_.count(), .loss = loss_.value(), .seconds = end - epoch_start_};
  result_.losses.push_back(report.loss);
  result_.next_epoch = epoch + 1;
  result_.next_batch = 0;
  loss_.reset();
  for (const Callback& callback : callbacks_)
    if (callback.epoch && callback.epoch(report) && result_.stopped_by.empty()) result_.stopped_by = callback.name;
  epoch_start_ = now();
  return result_.stopped_by.empty();
}

}  // namespace detail
}  // namespace lanc
