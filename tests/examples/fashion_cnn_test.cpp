// The convolutional example as a user meets it. That all its epochs reach 92 % is recorded by benchmarks/fashion_cnn.py.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include <lanc/tests/support/process.h>

namespace lanc {
namespace {

using testing_support::Finished;
using testing_support::run_program;

const std::string program = LANC_BINARY_DIR "/bin/fashion_cnn";

TEST(FashionCnn, HelpNamesItsOptions) {
  const Finished help = run_program({program, "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("--epochs 14"), std::string::npos) << help.out;
  EXPECT_NE(help.out.find("--seed 0"), std::string::npos) << help.out;
}

// One epoch, within which the rate falls to 0, gives 88.0 % with this seed.
TEST(FashionCnn, LearnsWithinOneEpoch) {
#ifdef LANC_SANITIZED
  GTEST_SKIP() << "54,000 images are too many for instrumented kernels";
#endif
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no dataset-fashion-mnist";
  const Finished finished = run_program({program, "--epochs", "1"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  EXPECT_NE(finished.out.find("66,394"), std::string::npos) << finished.out;  // at most 100,000 parameters
  const size_t at = finished.out.find("test accuracy ");
  ASSERT_NE(at, std::string::npos) << finished.out;
  EXPECT_GT(std::stod(finished.out.substr(at + 14)), 85) << finished.out;
}

}  // namespace
}  // namespace lanc
