#include <lanc/train/progress.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include <lanc/tests/train/files.h>

namespace lanc {
namespace {


double time_now = 0;  // the clock of these tests
double test_clock() { return time_now; }

ProgressOptions plain_to(std::ostream& out) { return {.stream = &out, .seconds = test_clock}; }
ProgressOptions terminal_to(std::ostream& out, int64_t width = 80) {
  return {.stream = &out, .terminal = Terminal::yes, .width = width, .seconds = test_clock};
}

void step(Progress& progress, int64_t epoch, double loss, double seconds) {
  time_now += seconds;
  progress(epoch, loss);
}

// What a terminal shows at the end: a carriage return goes back to the start of the line, which is then written over.
std::string screen(const std::string& written) {
  std::string all, line;
  size_t at = 0;
  for (char c : written) {
    if (c == '\n') {
      all += line + "\n";
      line.clear();
      at = 0;
    } else if (c == '\r') {
      at = 0;
    } else {
      if (at < line.size()) line[at] = c;
      else line += c;
      ++at;
    }
  }
  return all + line;
}

TEST(Progress, WithoutATerminalThereIsOneLinePerEpoch) {
  time_now = 100;
  std::ostringstream out;
  {
    Progress progress(10, 2, plain_to(out));
    step(progress, 0, 1.0, 0.25);
    step(progress, 0, 0.5, 0.25);
    step(progress, 1, 0.25, 0.5);
    EXPECT_EQ(out.str(), "epoch  1/10  loss 0.7500  4.00 steps/s  0.5 s\n");
    step(progress, 1, 0.25, 1.5);
  }
  EXPECT_EQ(out.str(), "epoch  1/10  loss 0.7500  4.00 steps/s  0.5 s\nepoch  2/10  loss 0.2500  1.00 steps/s  2.0 s\n");
}

TEST(Progress, ANoteEndsTheEpochsLine) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(2, 1, plain_to(out));
  step(progress, 0, 1, 0.01);
  time_now = 5;  // the evaluation is not counted as training
  progress.note("validation accuracy 87.12 %");
  step(progress, 1, 1, 0.001);
  progress.finish();
  EXPECT_EQ(out.str(),
            "epoch 1/2  loss 1.0000  100 steps/s  0.0 s  validation accuracy 87.12 %\nepoch 2/2  loss 1.0000  1000 steps/s  0.0 s\n");
}

TEST(Progress, ANoteWithinOrBeforeAnEpochIsALineOfItsOwn) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(1, 2, plain_to(out));
  progress.note("before");
  step(progress, 0, 1, 1);
  progress.note("within");
  step(progress, 0, 1, 1);
  progress.finish();
  progress.finish();
  EXPECT_EQ(out.str(), "before\nwithin\nepoch 1/1  loss 1.0000  1.00 steps/s  2.0 s\n");
}

TEST(Progress, ATerminalShowsABarWithLossRateAndEta) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(10, 100, terminal_to(out));
  for (int i = 0; i < 48; ++i) step(progress, 0, 0.3123, 0.125);
  // 952 steps are left at 1/8 s each.
  EXPECT_EQ(screen(out.str()), "epoch  1/10 [===========>           ]  48%  loss 0.3123  8.00 steps/s  ETA 1:59");
  EXPECT_LE(screen(out.str()).size(), 79u);
  for (int i = 0; i < 52; ++i) step(progress, 0, 0.3123, 0.125);
  progress.note("done");
  EXPECT_EQ(screen(out.str()).substr(0, 55), "epoch  1/10  loss 0.3123  8.00 steps/s  12.5 s  done   ");
}

TEST(Progress, WithoutBatchesPerEpochTheBarComesWithTheSecondEpoch) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(2, 0, terminal_to(out));
  step(progress, 0, 1, 1);
  EXPECT_EQ(screen(out.str()), "epoch 1/2  step 1  loss 1.0000  1.00 steps/s");
  step(progress, 0, 1, 1);
  step(progress, 1, 1, 1);
  EXPECT_NE(out.str().find("]  50%  loss 1.0000  1.00 steps/s  ETA 0:01"), std::string::npos);
}

TEST(Progress, IsDrawnAtMostTenTimesASecond) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(1, 1000, terminal_to(out));
  for (int i = 0; i < 1000; ++i) step(progress, 0, 1, 0.001);
  const std::string written = out.str();
  const auto draws = std::count(written.begin(), written.end(), '\r');
  EXPECT_GE(draws, 9);
  EXPECT_LE(draws, 11);
}

TEST(Progress, ANarrowTerminalIsNotOverrun) {
  time_now = 0;
  for (int64_t width : {1, 10, 40, 60}) {
    std::ostringstream out;
    Progress progress(10, 10, terminal_to(out, width));
    for (int i = 0; i < 5; ++i) step(progress, 0, 1, 1);
    EXPECT_LT(static_cast<int64_t>(screen(out.str()).size()), width);
  }
}

TEST(Progress, AClockThatStandsStillAndALossThatIsNanAreShown) {
  time_now = 0;
  std::ostringstream out;
  Progress progress(1, 1, plain_to(out));
  step(progress, 0, std::nan(""), 0);
  progress.finish();
  EXPECT_EQ(out.str(), "epoch 1/1  loss nan  - steps/s  0.0 s\n");
}

TEST(Progress, ChecksItsArguments) {
  std::ostringstream out;
  EXPECT_EQ(message_of([] { Progress(0); }), "progress: epochs must be >= 1, got 0");
  EXPECT_EQ(message_of([] { Progress(1, -1); }), "progress: batches_per_epoch must be >= 0, got -1");
  Progress progress(3, 0, plain_to(out));
  EXPECT_EQ(message_of([&] { progress(3, 0.5); }), "progress: epoch must be in [0, 3), got 3");
  progress(2, 0.5);
  EXPECT_EQ(message_of([&] { progress(1, 0.5); }), "progress: epochs must not go back, got 1 after 2");
}

}  // namespace
}  // namespace lanc
