#include <lanc/train/program_options.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include <lanc/graph/attributes.h>

namespace lanc {
namespace {

// All of the text as a number, or nothing.
template <class T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ProgramOptions::ProgramOptions(int argc, const char* const* argv, std::string about) : about_(std::move(about)) {
  program_ = argc > 0 ? argv[0] : "program";
  program_ = program_.substr(program_.rfind('/') + 1);
  for (int i = 1; i < argc; ++i) given_.emplace_back(argv[i]);
  const auto asked = std::find_if(given_.begin(), given_.end(), [](const std::string& a) { return a == "--help" || a == "-h"; });
  help_ = asked != given_.end();
}

std::optional<std::string> ProgramOptions::take(std::string_view name, std::string_view fallback, std::string_view help) {
  const std::string option = "--" + std::string(name);
  declared_.emplace_back(option + " " + std::string(fallback), help);
  std::optional<std::string> value;
  for (auto it = given_.begin(); it != given_.end();) {
    if (it->rfind(option + "=", 0) == 0) {
      value = it->substr(option.size() + 1);
      it = given_.erase(it);
    } else if (*it == option) {
      if (std::next(it) == given_.end()) {
        wrong(name, "a value must follow", "none");
        it = given_.erase(it);
      } else {
        value = *std::next(it);
        it = given_.erase(it, it + 2);
      }
    } else {
      ++it;
    }
  }
  return value;
}

void ProgramOptions::wrong(std::string_view name, std::string_view requirement, const std::string& got) {
  if (mistake_.empty()) mistake_ = "--" + std::string(name) + ": " + std::string(requirement) + ", got " + got;
}

int64_t ProgramOptions::integer(std::string_view name, int64_t fallback, std::string_view help, int64_t at_least, int64_t at_most) {
  const auto text = take(name, std::to_string(fallback), help);
  if (!text) return fallback;
  const auto value = parsed<int64_t>(*text);
  if (value && *value >= at_least && *value <= at_most) return *value;
  std::string range;
  if (at_least != std::numeric_limits<int64_t>::min()) range += " >= " + std::to_string(at_least);
  if (at_most != std::numeric_limits<int64_t>::max()) range += (range.empty() ? " <= " : " and <= ") + std::to_string(at_most);
  wrong(name, "the value must be a whole number" + range, "'" + *text + "'");
  return fallback;
}

double ProgramOptions::number(std::string_view name, double fallback, std::string_view help) {
  const auto text = take(name, number_text(fallback), help);
  if (!text) return fallback;
  if (const auto value = parsed<double>(*text); value && std::isfinite(*value)) return *value;
  wrong(name, "the value must be a finite number", "'" + *text + "'");
  return fallback;
}

std::string ProgramOptions::text(std::string_view name, std::string_view fallback, std::string_view help) {
  return take(name, fallback, help).value_or(std::string(fallback));
}

std::string ProgramOptions::mistake() const {
  if (!mistake_.empty()) return mistake_;
  if (given_.empty()) return "";
  std::string known;
  for (const auto& [option, what] : declared_) known += (known.empty() ? "" : ", ") + option.substr(0, option.find(' '));
  return "options must be among " + known + (known.empty() ? "" : ", ") + "--help, got '" + given_.front() + "'";
}

std::string ProgramOptions::help() const {
  size_t width = std::string("--help").size();
  for (const auto& [option, what] : declared_) width = std::max(width, option.size());
  std::string out = about_ + "\n\nusage: " + program_ + " [options]\n";
  const auto line = [&](const std::string& option, const std::string& what) {
    out += "  " + option + std::string(width - option.size() + 2, ' ') + what + "\n";
  };
  for (const auto& [option, what] : declared_) line(option, what);
  line("--help", "this text");
  return out;
}

std::optional<int> ProgramOptions::exit_code() const {
  if (help_) {
    std::fputs(help().c_str(), stdout);
    return 0;
  }
  const std::string message = mistake();
  if (message.empty()) return std::nullopt;
  std::fprintf(stderr, "%s: %s\n", program_.c_str(), message.c_str());
  return 2;
}

}  // namespace lanc
