// The examples as a user meets them: the quick start's program, and one with an op of its own. That one epoch reaches 84 % is checked by scripts/test.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <lanc/tests/support/process.h>

namespace lanc {
namespace {

using testing_support::Finished;
using testing_support::run_program;

const std::string program = LANC_BINARY_DIR "/bin/fashion_mlp";

TEST(FashionMlp, HelpNamesItsOptions) {
  const Finished help = run_program({program, "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("--epochs 12"), std::string::npos) << help.out;
  EXPECT_NE(help.out.find("--seed 0"), std::string::npos) << help.out;
}

TEST(FashionMlp, AnswersWrongOptionsWithAMessageAndExitCode2) {
  for (const auto& [option, message] : {std::pair{"--epoch=3", "options must be among --epochs, --seed, --help, got '--epoch=3'"},
                                        std::pair{"--epochs=0", "--epochs: the value must be a whole number >= 1, got '0'"}}) {
    const Finished finished = run_program({program, option});
    EXPECT_EQ(finished.code, 2);
    EXPECT_EQ(finished.err, std::string("fashion_mlp: ") + message + "\n");
    EXPECT_EQ(finished.out, "");
  }
}

// What a newcomer reads first: its length is a promise.
TEST(FashionMlp, IsAtMostFortyLinesOfCode) {
  std::ifstream file(LANC_SOURCE_DIR "/examples/fashion_mlp.cpp");
  int lines = 0;
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find_first_not_of(' ');
    if (first != std::string::npos && line.compare(first, 2, "//") != 0) ++lines;
  }
  EXPECT_GT(lines, 20);
  EXPECT_LE(lines, 40);
}

TEST(SwishMlp, TrainsWithAUsersOpAndArchitecture) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) GTEST_SKIP() << "no dataset-fashion-mnist";
  const Finished finished = run_program({LANC_BINARY_DIR "/bin/swish_mlp", "--epochs", "1"});
  ASSERT_EQ(finished.code, 0) << finished.err;
  const size_t at = finished.out.find("test accuracy ");
  ASSERT_NE(at, std::string::npos) << finished.out;
  EXPECT_GT(std::stod(finished.out.substr(at + 14)), 80) << finished.out;
}

}  // namespace
}  // namespace lanc
