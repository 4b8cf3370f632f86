// tests/train/files.h: temporary files and error texts for the tests of train/.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include <lanc/graph/error.h>

namespace lanc::testing_train {

/// A directory of its own that goes with the test.
class Directory {
 public:
  Directory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "lanc_train_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }
  std::string write(const std::string& name, std::string_view bytes) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return path;
  }

 private:
  std::string path_;
};

inline std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// One gzip member.
std::string gzipped(std::string_view bytes);

inline std::string big_endian(uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

/// The message of the E that f throws.
template <class E, class F>
std::string error_of(const F& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    ADD_FAILURE() << "another kind of error: " << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}
template <class F>
std::string whole_user_error(const F& f) {
  return error_of<UserError>(f);
}

/// Without its last line, the line of the call.
template <class F>
std::string user_error(const F& f) {
  const std::string text = whole_user_error(f);
  const size_t last = text.rfind("\n  ");
  return last != std::string::npos && text.find("_test.cpp:", last) != std::string::npos ? text.substr(0, last) : text;
}

/// A small generator for mutated inputs: SplitMix64.
struct Bits {
  uint64_t state;
  uint64_t operator()() {
    uint64_t z = (state += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t n) { return (*this)() % n; }
};

/// `bytes` with 1 to 4 bytes changed, taken out, put in, or cut off at the end.
inline std::string mutated(std::string bytes, Bits& bits) {
  for (uint64_t n = 1 + bits.below(4); n > 0; --n) {
    if (bytes.empty()) bytes = "x";
    const size_t at = bits.below(bytes.size());
    const char byte = static_cast<char>(bits());
    switch (bits.below(5)) {
      case 0: bytes.erase(at, 1); break;
      case 1: bytes.insert(at, 1, byte); break;
      case 2: bytes.resize(at); break;
      case 3: bytes[bits.below(bytes.size() < 24 ? bytes.size() : 24)] = byte; break;  // headers
      default: bytes[at] = byte;
    }
  }
  return bytes;
}

}  // namespace lanc::testing_train
