// tests/support/tolerances.h: what must be equal, and how nearly: the table of docs/design.md as numbers. All tests take theirs from here.
#pragma once

#include <lanc/graph/dtype.h>

namespace lanc::tolerance {

/// One unit in the last place of a number near 1.
constexpr double ulp_of(DType t) {
  switch (t) {
    case DType::f64: return 0x1p-52;
    case DType::f32: return 0x1p-23;
    case DType::bf16: return 0x1p-7;
    case DType::f16: return 0x1p-10;
    default: return 0;
  }
}
/// Below it nothing is asked: f64, f32 and bf16 flush denormals, f16 has steps of 2^-24.
constexpr double smallest_of(DType t) {
  switch (t) {
    case DType::f64: return 0x1p-1022;
    case DType::f16: return 0x1p-24;
    default: return 0x1p-126;
  }
}

/// Two orders of the same arithmetic (a pass on and off, one library and another, an independent system), relative to the norm of the
/// tensor, times the square root of the contracted length. For 16-bit floats 2 ULP of storage. Integers and bools: equal.
constexpr double reordered(DType t) {
  switch (t) {
    case DType::f64: return 1e-12;
    case DType::f32: return 1e-5;
    case DType::bf16:
    case DType::f16: return 2 * ulp_of(t);
    default: return 0;
  }
}

/// A gradient of several nodes in 16-bit storage, fused against not: each rounding that fusion drops may be carried on, and 1 - r loses digits
/// where r is near 1. Relative to the norm; without fusion gradients are held to `reordered`.
constexpr double dropped_roundings(DType t) { return is_storage_only(t) ? 16 * ulp_of(t) : reordered(t); }

/// An analytic derivative against central differences, f64, relative to the norms of gradient and direction.
inline constexpr double numerical_derivative = 1e-6;
/// <c, J d> by jvp against <J^T c, d> by vjp, f64.
inline constexpr double jvp_against_vjp = 1e-10;

}  // namespace lanc::tolerance
