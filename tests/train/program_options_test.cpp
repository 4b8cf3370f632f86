// Options of a small program.
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include <lanc/train/program_options.h>

namespace lanc {
namespace {

ProgramOptions given(std::initializer_list<const char*> arguments) {
  std::vector<const char*> argv = {"/somewhere/train"};
  argv.insert(argv.end(), arguments);
  return {static_cast<int>(argv.size()), argv.data(), "Trains."};
}

TEST(ProgramOptions, KeepTheirFallbacksWhenNothingIsGiven) {
  ProgramOptions options = given({});
  EXPECT_EQ(options.integer("epochs", 12, "passes"), 12);
  EXPECT_EQ(options.number("rate", 0.5, "rate"), 0.5);
  EXPECT_EQ(options.text("data", "mnist", "set"), "mnist");
  EXPECT_EQ(options.exit_code(), std::nullopt);
}

TEST(ProgramOptions, TakeValuesWithASpaceOrAnEqualsSignAndTheLastOneWins) {
  ProgramOptions options = given({"--epochs", "3", "--rate=1e-3", "--epochs=4", "--shift", "-2"});
  EXPECT_EQ(options.integer("epochs", 12, "passes"), 4);
  EXPECT_EQ(options.number("rate", 0.5, "rate"), 1e-3);
  EXPECT_EQ(options.integer("shift", 0, "shift"), -2);
  EXPECT_EQ(options.exit_code(), std::nullopt);
}

std::string mistake(std::initializer_list<const char*> arguments) {
  ProgramOptions options = given(arguments);
  options.integer("epochs", 12, "passes", 1, 100);
  options.number("rate", 0.5, "rate");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(options.exit_code(), 2);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "train: " + options.mistake() + "\n");
  return options.mistake();
}

TEST(ProgramOptions, SayWhatIsWrong) {
  EXPECT_EQ(mistake({"--epoch", "3"}), "options must be among --epochs, --rate, --help, got '--epoch'");
  EXPECT_EQ(mistake({"3"}), "options must be among --epochs, --rate, --help, got '3'");
  EXPECT_EQ(mistake({"--epochs"}), "--epochs: a value must follow, got none");
  EXPECT_EQ(mistake({"--epochs", "three"}), "--epochs: the value must be a whole number >= 1 and <= 100, got 'three'");
  EXPECT_EQ(mistake({"--epochs", "3x"}), "--epochs: the value must be a whole number >= 1 and <= 100, got '3x'");
  EXPECT_EQ(mistake({"--epochs=0"}), "--epochs: the value must be a whole number >= 1 and <= 100, got '0'");
  EXPECT_EQ(mistake({"--epochs=99999999999999999999"}), "--epochs: the value must be a whole number >= 1 and <= 100, got '99999999999999999999'");
  EXPECT_EQ(mistake({"--rate", ""}), "--rate: the value must be a finite number, got ''");
}

TEST(ProgramOptions, HelpListsThemAndEndsWithZero) {
  ProgramOptions options = given({"--help", "--epochs", "nonsense"});
  options.integer("epochs", 12, "passes over the data");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(options.exit_code(), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(),
            "Trains.\n\nusage: train [options]\n  --epochs 12  passes over the data\n  --help       this text\n");
}

}  // namespace
}  // namespace lanc
