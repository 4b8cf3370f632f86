// backends/cpu/jit_library.h: the library lanc_jit, loaded when it is first needed; where it is missing there is no LLVM and nothing breaks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace lanc::cpu {

/// Executable code; freed with its last holder.
struct LinkedCode {
  std::shared_ptr<void> keeper;
  void* entry = nullptr;
};

class JitLibrary {
 public:
  /// Null where it cannot be used: switched off (LANC_JIT=off), missing or broken; the latter two are told once on stderr. It is looked
  /// for at LANC_JIT_LIBRARY if that is set, else beside the file that this code is in, in ../lib of that, and where the system looks.
  static const JitLibrary* get();
  /// Loads this file. Null: `why` says it.
  static std::unique_ptr<JitLibrary> open(const std::string& path, std::string& why);
  ~JitLibrary();

  /// "llvm 19.1.7".
  const std::string& version() const { return version_; }
  /// The bytes of an object file; empty: `why`.
  std::string compile(const std::string& ir, const char* cpu, const char* features, std::string& why) const;
  /// Entry is null: `why`. Names are those of ir_symbols().
  LinkedCode link(const std::string& object, const char* entry, std::string& why) const;

 private:
  struct Functions;
  JitLibrary() = default;
  void* handle_ = nullptr;
  std::unique_ptr<Functions> functions_;
  std::string version_;
};

}  // namespace lanc::cpu
