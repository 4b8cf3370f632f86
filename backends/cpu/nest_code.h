// backends/cpu/nest_code.h: compiled loop nests, shared by all sessions of the process and kept on disk for the next one.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <lanc/backends/cpu/fused_spec.h>
#include <lanc/backends/cpu/jit_library.h>
#include <lanc/backends/cpu/nest_ir.h>

namespace lanc::cpu {

/// The code of one nest, compiled once whoever asks first.
class NestCode {
 public:
  enum class Origin { none, compiled, disk };

  NestCode(std::string ir, CpuTier tier) : ir_(std::move(ir)), tier_(tier) {}
  /// Null before make() and where it failed: the interpreter runs then.
  NestFunction function() const { return function_.load(std::memory_order_acquire); }
  /// Is there code, or was make() not called yet?
  bool available() const { return !failed_.load(std::memory_order_acquire); }
  /// Compiles or reads it if nobody has done so yet. Gives how this call got it; none when it was there already or cannot be had, which is
  /// told once on stderr.
  Origin make();
  const std::string& ir() const { return ir_; }

 private:
  std::string ir_;
  CpuTier tier_;
  std::mutex mutex_;
  bool tried_ = false;
  LinkedCode code_;
  std::atomic<NestFunction> function_ = nullptr;
  std::atomic<bool> failed_ = false;
};

/// The code for a nest, shared with everybody who asked for the same text; not made yet. Null where there is no LLVM.
std::shared_ptr<NestCode> nest_code(const NestShape& shape);

inline constexpr size_t max_nest_lanes = 128;  // operands and results of a compiled nest; run_nest keeps their addresses on the stack

/// What the nest's code depends on; none where the compiled tier does not do it.
std::optional<NestShape> nest_shape(const Spec& spec);

/// Runs the nest over outermost indices [begin, end). bases: of each operand, then of each result, at the origin of the iteration space.
void run_nest(NestFunction function, const Spec& spec, const std::byte* const* inputs, std::byte* const* outputs, int64_t begin, int64_t end);

/// The codes that a plan waits for, made side by side on up to `threads` threads. Thread-safe.
class CompileQueue {
 public:
  void add(std::shared_ptr<NestCode> code);
  void make_all(int threads);
  /// How many were compiled here, that is, found neither in memory nor on disk.
  int64_t compiled() const { return compiled_.load(); }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<NestCode>> waiting_;
  std::atomic<int64_t> compiled_ = 0;
};

}  // namespace lanc::cpu
