// train/program_options.h: the few options of a training program, read from the command line: --epochs 12, --seed=3, --help.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lanc {

/// Each option is declared by asking for its value; exit_code() then says whether the program should go on:
///     ProgramOptions options(argc, argv, "Trains a network.");
///     const int64_t epochs = options.integer("epochs", 12, "passes over the training part", 1);
///     if (const auto code = options.exit_code()) return *code;
/// Programs with commands of their own use a library for it; tools/ does.
class ProgramOptions {
 public:
  ProgramOptions(int argc, const char* const* argv, std::string about);

  /// The value after --name, or the fallback; one that is not a whole number from `at_least` to `at_most` is a mistake.
  int64_t integer(std::string_view name, int64_t fallback, std::string_view help, int64_t at_least = std::numeric_limits<int64_t>::min(),
                  int64_t at_most = std::numeric_limits<int64_t>::max());
  double number(std::string_view name, double fallback, std::string_view help);
  std::string text(std::string_view name, std::string_view fallback, std::string_view help);

  /// To be called when all options are declared. 0 after --help, whose text went to the standard output; 2 when an option is not known, has no value
  /// or a wrong one, which is then said on the standard error; none: go on.
  std::optional<int> exit_code() const;
  /// What --help prints.
  std::string help() const;
  /// The first mistake; empty when there is none.
  std::string mistake() const;

 private:
  std::optional<std::string> take(std::string_view name, std::string_view fallback, std::string_view help);
  void wrong(std::string_view name, std::string_view requirement, const std::string& got);

  std::string program_, about_;
  std::vector<std::string> given_;                               // arguments that no declaration has taken yet
  std::vector<std::pair<std::string, std::string>> declared_;    // "--epochs 12", what it is
  std::string mistake_;
  bool help_ = false;
};

}  // namespace lanc
