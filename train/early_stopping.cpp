#include <lanc/train/early_stopping.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include <lanc/graph/error.h>
#include <lanc/graph/location.h>

namespace lanc {
namespace {

bool is_better(double value, double best, double min_delta, Better better) {
  return better == Better::higher ? value > best + min_delta : value < best - min_delta;
}

std::string shown(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

void require(bool holds, const std::string& rule, double got, std::source_location where) {
  if (!holds) throw UserError(rule + ", got " + shown(got) + "\n  at " + SourceLine(where).text());
}

}  // namespace

EarlyStopping::EarlyStopping(const EarlyStoppingOptions& options, std::source_location where) : options_(options) {
  require(options.patience >= 1, "early stopping: patience must be >= 1", static_cast<double>(options.patience), where);
  require(options.min_delta >= 0, "early stopping: min_delta must be >= 0", options.min_delta, where);
}

bool EarlyStopping::operator()(int64_t epoch, ValidationScore score) {
  const double value = score.value();
  const bool first = best_epoch_ < 0 && !std::isnan(value);
  if (first || (best_epoch_ >= 0 && is_better(value, best_value_, options_.min_delta, options_.better))) {
    best_epoch_ = epoch;
    best_value_ = value;
    bad_epochs_ = 0;
  } else {
    ++bad_epochs_;
  }
  return bad_epochs_ >= options_.patience;
}

GradientNormStop::GradientNormStop(const GradientNormStopOptions& options, std::source_location where) : options_(options) {
  require(options.threshold > 0, "gradient norm stop: threshold must be > 0", options.threshold, where);
}

ReduceOnPlateau::ReduceOnPlateau(double rate, const ReduceOnPlateauOptions& options, std::source_location where) : options_(options), rate_(rate) {
  require(rate > 0, "reduce on plateau: rate must be > 0", rate, where);
  require(options.factor > 0 && options.factor < 1, "reduce on plateau: factor must be in (0, 1)", options.factor, where);
  require(options.patience >= 0, "reduce on plateau: patience must be >= 0", static_cast<double>(options.patience), where);
  require(options.cooldown >= 0, "reduce on plateau: cooldown must be >= 0", static_cast<double>(options.cooldown), where);
  require(options.min_rate >= 0, "reduce on plateau: min_rate must be >= 0", options.min_rate, where);
  require(options.min_delta >= 0, "reduce on plateau: min_delta must be >= 0", options.min_delta, where);
}

double ReduceOnPlateau::operator()(double value) {
  last_factor_ = 1;
  if ((!any_ && !std::isnan(value)) || (any_ && is_better(value, best_, options_.min_delta, options_.better))) {
    any_ = true;
    best_ = value;
    bad_ = 0;
  } else {
    ++bad_;
  }
  if (cooling_ > 0) {
    --cooling_;
    bad_ = 0;
  }
  if (bad_ > options_.patience) {
    const double reduced = std::max(rate_ * options_.factor, std::min(options_.min_rate, rate_));
    last_factor_ = reduced / rate_;
    rate_ = reduced;
    cooling_ = options_.cooldown;
    bad_ = 0;
  }
  return rate_;
}

}  // namespace lanc
