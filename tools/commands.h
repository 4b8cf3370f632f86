// tools/commands.h: the commands of the program `lanc`. Each adds itself to the command line and runs when it was asked for.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

namespace lanc::tools {

/// A check that leaves the help short; the message of a wrong value says the range.
template <class T>
CLI::Validator between(T low, T high) {
  const auto check = [low, high](std::string& text) {
    T value;
    if (CLI::detail::lexical_cast(text, value) && value >= low && value <= high) return std::string();  // not NaN
    return fmt::format("the value must be in [{}, {}], got '{}'", low, high, text);
  };
  return CLI::Validator(check, "", "between");
}
/// The names stand in the help in the option's own text.
inline CLI::Validator one_of(const std::vector<std::string>& names) { return CLI::IsMember(names); }

void add_train(CLI::App& app);
void add_ops(CLI::App& app);
void add_graph(CLI::App& app);
void add_devices(CLI::App& app);

}  // namespace lanc::tools
