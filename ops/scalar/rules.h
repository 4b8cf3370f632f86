// ops/scalar/rules.h: how the functions that are not one machine instruction are computed: polynomials in f32, shared routines in f64.
#pragma once

#include <span>

#include <lanc/ops/scalar/program.h>

namespace lanc::rules {

using Args = std::span<const M>;

// Largest errors over the stated range, f32, measured by tests/scalar/accuracy.cpp, which fails beyond them.
M exp(Args x);       // 2 ULP; < -87.33 gives 0 (denormals are flushed), > 88.72 infinity
M exp2(Args x);      // 2 ULP
M expm1(Args x);     // 3 ULP
M log(Args x);       // 2 ULP; denormals count as 0
M log2(Args x);      // 3 ULP
M log10(Args x);     // 3 ULP
M log1p(Args x);     // 3 ULP
M tanh(Args x);      // 3 ULP
M sigmoid(Args x);   // 3 ULP
M erf(Args x);       // 4 ULP
M sin(Args x);       // 2 ULP up to 1e5 away from multiples of pi, beyond by a scalar routine
M cos(Args x);       // 2 ULP likewise

M minimum(Args x);   // NaN wins
M maximum(Args x);
M relu(Args x);      // likewise
M where(Args x);
M sign(Args x);
M isnan(Args x);
M isinf(Args x);
M isfinite(Args x);
M guarded_mul(Args x);
M divide(Args x);
M fmod(Args x);
M floor_div(Args x);
M remainder(Args x);
M copysign(Args x);
M xlogy(Args x);

/// An f32 rounded to the values of bf16 or f16, as to_bf16_bits and to_f16_bits do, and left in f32.
M rounded(M x, DType storage);

}  // namespace lanc::rules
