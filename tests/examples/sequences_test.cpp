// The examples of recurrent nets, shortened.
#include <gtest/gtest.h>

#include <string>

#include <lanc/tests/support/process.h>

namespace lanc {
namespace {

using testing_support::Finished;
using testing_support::run_program;

double after(const Finished& finished, const std::string& words) {
  EXPECT_EQ(finished.code, 0) << finished.err;
  const size_t at = finished.out.find(words);
  EXPECT_NE(at, std::string::npos) << finished.out;
  return at == std::string::npos ? 0 : std::stod(finished.out.substr(at + words.size()));
}

// A net that knows nothing of the marks is no better than the constant, whose error is 1/6.
TEST(AddingProblem, IsLearnedOverFiftyElements) {
#ifdef LANC_SANITIZED
  GTEST_SKIP() << "sanitizer";
#endif
  const Finished finished = run_program({LANC_BINARY_DIR "/bin/adding_problem", "--length", "50", "--goal", "0.01", "--steps", "4000"});
  EXPECT_LT(after(finished, "test MSE "), 0.015) << finished.out;
  EXPECT_GT(after(finished, "of the constant 1: "), 0.15) << finished.out;
}

// Knowing nothing costs 4.3 nats, knowing the frequencies of characters 3.1; this reaches 1.9.
TEST(CharRnn, LearnsMoreThanTheFrequenciesOfCharacters) {
  const Finished finished = run_program({LANC_BINARY_DIR "/bin/char_rnn", "--text", LANC_SOURCE_DIR "/LICENSE", "--epochs", "15", "--batch", "4", "--hidden", "64", "--sample", "50"});
  EXPECT_LT(after(finished, "test "), 2.5) << finished.out;
}

TEST(CharRnn, SaysThatThereIsNoText) {
  const Finished finished = run_program({LANC_BINARY_DIR "/bin/char_rnn", "--text", "/nowhere"});
  EXPECT_EQ(finished.code, 1);
  EXPECT_EQ(finished.err, "--text: the file must hold at least 100 characters, got 0 in /nowhere\n");
}

}  // namespace
}  // namespace lanc
