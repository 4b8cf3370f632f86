#include <lanc/train/progress.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

constexpr double redraw_seconds = 0.1;

double steady_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

int64_t terminal_width() {
  winsize size = {};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

template <class... T>
std::string format(const char* pattern, T... values) {
  char text[128];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

// "0:12", "1:02:03".
std::string clock_text(double seconds) {
  if (!std::isfinite(seconds) || seconds > 359999) return "-:--";
  const long long s = std::llround(seconds);
  if (s < 3600) return format("%lld:%02lld", s / 60, s % 60);
  return format("%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
}

// Three significant digits: "1843", "18.4", "0.18".
std::string rate_text(double steps, double seconds) {
  if (!(seconds > 0)) return "- steps/s";
  const double rate = steps / seconds;
  return format(rate >= 100 ? "%.0f steps/s" : rate >= 10 ? "%.1f steps/s" : "%.2f steps/s", rate);
}

}  // namespace

Progress::Progress(int64_t epochs, int64_t batches_per_epoch, const ProgressOptions& options)
    : epochs_(epochs),
      batches_per_epoch_(batches_per_epoch),
      options_(options),
      stream_(options.stream != nullptr ? options.stream : &std::cout) {
  if (epochs < 1) throw UserError("progress: epochs must be >= 1, got " + std::to_string(epochs));
  if (batches_per_epoch < 0) throw UserError("progress: batches_per_epoch must be >= 0, got " + std::to_string(batches_per_epoch));
  terminal_ = options.terminal == Terminal::yes ||
              (options.terminal == Terminal::detect && stream_ == &std::cout && isatty(STDOUT_FILENO) == 1);
  width_ = options.width > 0 ? options.width : terminal_ ? terminal_width() : 80;
  start_ = epoch_start_ = last_step_ = last_event_ = now();
  last_draw_ = start_ - redraw_seconds;
}

Progress::~Progress() {
  try {
    finish();
  } catch (...) {  // a stream that throws must not end the program
  }
}

double Progress::now() const { return options_.seconds != nullptr ? options_.seconds() : steady_seconds(); }

void Progress::operator()(int64_t epoch, double loss) {
  if (epoch < 0 || epoch >= epochs_)
    throw UserError("progress: epoch must be in [0, " + std::to_string(epochs_) + "), got " + std::to_string(epoch));
  if (epoch < epoch_)
    throw UserError("progress: epochs must not go back, got " + std::to_string(epoch) + " after " + std::to_string(epoch_));
  if (epoch > epoch_) {
    end_epoch("");
    if (batches_per_epoch_ == 0) batches_per_epoch_ = steps_;
    epoch_ = epoch;
    epoch_start_ = last_event_;
    steps_ = 0;
    loss_.reset();
  }
  open_ = true;
  ++steps_;
  ++all_steps_;
  loss_.add(loss);
  last_step_ = last_event_ = now();
  if (terminal_ && last_step_ - last_draw_ >= redraw_seconds) draw();
}

std::string Progress::epoch_text() const {
  const std::string all = std::to_string(epochs_), one = std::to_string(epoch_ + 1);
  return "epoch " + std::string(all.size() - one.size(), ' ') + one + "/" + all;
}

void Progress::draw() {
  last_draw_ = last_step_;
  const std::string left = epoch_text();
  std::string right = "  loss " + format("%.4f", loss_.value()) + "  " + rate_text(static_cast<double>(steps_), last_step_ - epoch_start_);
  if (batches_per_epoch_ == 0) {
    replace_line(left + "  step " + std::to_string(steps_) + right, false);
    return;
  }
  const double done = std::min(1.0, static_cast<double>(steps_) / static_cast<double>(batches_per_epoch_));
  const double steps_left = std::max(0.0, (static_cast<double>(epochs_ - epoch_) - done) * static_cast<double>(batches_per_epoch_));
  right = format("%4lld%%", static_cast<long long>(100 * std::min(steps_, batches_per_epoch_) / batches_per_epoch_)) + right + "  ETA " +
          clock_text((last_step_ - start_) / static_cast<double>(all_steps_) * steps_left);
  const int64_t room = width_ - 1 - static_cast<int64_t>(left.size() + right.size() + 3);
  std::string bar;
  if (room >= 4) {
    const auto inside = static_cast<size_t>(std::min<int64_t>(room, 30));
    const auto full = static_cast<size_t>(done * static_cast<double>(inside));
    bar = " [" + std::string(full, '=') + (full < inside ? ">" + std::string(inside - full - 1, ' ') : "") + "]";
  }
  replace_line(left + bar + right, false);
}

// Writes over the line that was drawn. A line longer than the terminal would wrap and could not be written over: it is cut.
void Progress::replace_line(const std::string& line, bool stays) {
  const std::string shown = stays ? line : line.substr(0, static_cast<size_t>(std::max<int64_t>(width_ - 1, 0)));
  if (terminal_) *stream_ << '\r';
  *stream_ << shown;
  const int64_t columns = static_cast<int64_t>(shown.size());
  if (terminal_ && columns < drawn_columns_) *stream_ << std::string(static_cast<size_t>(drawn_columns_ - columns), ' ');
  if (stays) *stream_ << '\n';
  drawn_columns_ = stays ? 0 : columns;
  stream_->flush();
}

void Progress::end_epoch(std::string_view text) {
  if (!open_) return;
  open_ = false;
  const double seconds = last_step_ - epoch_start_;
  std::string line = epoch_text() + "  loss " + format("%.4f", loss_.value()) + "  " + rate_text(static_cast<double>(steps_), seconds) +
                     format("  %.1f s", seconds);
  if (!text.empty()) line += "  " + std::string(text);
  replace_line(line, true);
}

void Progress::note(std::string_view text) {
  const bool within = open_ && batches_per_epoch_ > 0 && steps_ < batches_per_epoch_;
  if (open_ && !within) end_epoch(text);
  else replace_line(std::string(text), true);
  last_event_ = now();
}

void Progress::finish() { end_epoch(""); }

}  // namespace lanc
