// ops/scalar/float_environment.h: the floating-point environment in which all CPU code runs: round to nearest, denormals are zero.
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#define LANC_HAS_MXCSR 1
#else
#define LANC_HAS_MXCSR 0
#endif

namespace lanc {

/// Round to nearest, results and operands below the normal range are flushed to zero (FTZ, DAZ), no traps; the thread's own settings come
/// back at the end of the scope, also when an exception leaves it. Costs a few nanoseconds. Of the thread, not of the process.
///
/// It sets x86's MXCSR. Elsewhere it does nothing: the default there rounds to nearest but keeps denormals, so bits may differ
/// below 1e-38, and slow denormals stay slow.
class FloatEnvironment {
 public:
  FloatEnvironment() : saved_(control()) { set_control(wanted); }
  ~FloatEnvironment() { set_control(saved_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

  /// Is it set on this thread? True where there is nothing to set.
  static bool active() { return ((control() ^ wanted) & ~status_flags) == 0; }

 private:
  static constexpr uint32_t status_flags = 0x003f;            // sticky: what happened, not what is to happen
  static constexpr uint32_t flush_to_zero = 0x8000, denormals_are_zero = 0x0040, all_masked = 0x1f80;

#if LANC_HAS_MXCSR
  static constexpr uint32_t wanted = flush_to_zero | denormals_are_zero | all_masked;  // rounding bits 13 and 14 are 0: nearest
  static uint32_t control() { return _mm_getcsr(); }
  static void set_control(uint32_t value) { _mm_setcsr(value); }
#else
  static constexpr uint32_t wanted = 0;
  static uint32_t control() { return 0; }
  static void set_control(uint32_t) {}
#endif

  uint32_t saved_;
};

}  // namespace lanc

#undef LANC_HAS_MXCSR
