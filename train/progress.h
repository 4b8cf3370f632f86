// train/progress.h: shows how training goes: a bar with loss, rate and remaining time on a terminal, one line per epoch elsewhere.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include <lanc/train/metrics.h>

namespace lanc {

enum class Terminal : uint8_t { detect, yes, no };

struct ProgressOptions {
  /// Where to write; null: the standard output.
  std::ostream* stream = nullptr;
  /// detect: only the standard output can be one.
  Terminal terminal = Terminal::detect;
  /// Columns of the terminal; 0: ask it.
  int64_t width = 0;
  /// Seconds of a steady clock; null: the system's.
  double (*seconds)() = nullptr;
};

/// `Progress progress(epochs); ... progress(epoch, loss)` after each step. On a terminal the line is redrawn at most 10 times a second:
///     epoch  3/10 [=========>          ]  48%  loss 0.3123  1843 steps/s  ETA 0:12
/// and everywhere an epoch ends with a line that stays:
///     epoch  3/10  loss 0.3087  1838 steps/s  0.2 s  validation accuracy 87.12 %
/// The loss is the mean over the epoch's steps, the rate that of the epoch, ETA the time to the end of all epochs at the pace so far.
/// Without batches_per_epoch the bar comes with the second epoch, when the number of steps is known.
class Progress {
 public:
  /// UserError: epochs < 1, batches_per_epoch < 0.
  explicit Progress(int64_t epochs, int64_t batches_per_epoch = 0, const ProgressOptions& options = {});
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// After a step. Epochs count from 0 and do not go back. UserError: an epoch outside [0, epochs) or before the last one.
  void operator()(int64_t epoch, double loss);
  /// The mean loss over the epoch's steps so far.
  double loss() const { return loss_.value(); }
  /// After the last step of an epoch: ends its line with this text ("validation accuracy 87.12 %"). At other times: a line of its own.
  void note(std::string_view text);
  /// Ends the last epoch's line; the destructor does it too.
  void finish();

 private:
  double now() const;
  void draw();
  void end_epoch(std::string_view text);
  void replace_line(const std::string& line, bool stays);
  std::string epoch_text() const;

  int64_t epochs_, batches_per_epoch_;
  ProgressOptions options_;
  std::ostream* stream_;
  bool terminal_ = false, open_ = false;
  int64_t width_ = 80, drawn_columns_ = 0;
  int64_t epoch_ = -1, steps_ = 0;              // of the running epoch
  int64_t all_steps_ = 0;
  double start_, epoch_start_, last_step_, last_event_, last_draw_ = 0;
  RunningMean loss_;
};

}  // namespace lanc
