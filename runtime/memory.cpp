#include <lanc/runtime/memory.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>
#include <optional>

namespace lanc {
namespace {

constexpr int64_t unknown = std::numeric_limits<int64_t>::max();

// The number in a file that holds just one; none for "max" and where there is no file.
std::optional<int64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  int64_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

// The number behind `key` in a file of "key value" lines.
std::optional<int64_t> number_at(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    int64_t value = 0;
    if (word == key && file >> value) return value;
  }
  return std::nullopt;
}

// Limit less use; file pages that nobody waits for are given back by the system, so they do not count as used.
int64_t left(const std::string& limit, const std::string& use, const std::string& stat, const std::string& file_pages) {
  const auto most = number_in(limit), used = number_in(use);
  if (!most || !used) return unknown;
  return std::max<int64_t>(0, *most - *used + number_at(stat, file_pages).value_or(0));
}

}  // namespace

int64_t available_memory() {
  int64_t bytes = unknown;
  if (const auto kib = number_at("/proc/meminfo", "MemAvailable:")) bytes = *kib * 1024;
  const std::string v2 = "/sys/fs/cgroup/", v1 = "/sys/fs/cgroup/memory/";
  bytes = std::min(bytes, left(v2 + "memory.max", v2 + "memory.current", v2 + "memory.stat", "inactive_file"));
  return std::min(bytes, left(v1 + "memory.limit_in_bytes", v1 + "memory.usage_in_bytes", v1 + "memory.stat", "total_inactive_file"));
}

std::string bytes_text(int64_t bytes) {
  constexpr const char* units[] = {"bytes", "KiB", "MiB", "GiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
  if (unit == 0) return std::to_string(bytes) + " bytes";
  char text[64];
  std::snprintf(text, sizeof text, "%.2f %s (%lld bytes)", value, units[unit], static_cast<long long>(bytes));
  return text;
}

}  // namespace lanc
