// ops/scalar/rules.h: how the functions that are not one machine instruction are computed: polynomials in f32, shared routines in f64.
#pragma once

#include <span>

#include <lanc/ops/scalar/program.h>

namespace lanc::rules {

using Args = std::span<const M>;

// Errors in ULP: the `accuracy` of each row of the table, held by tests/scalar/accuracy_test.cpp over the whole range in f32.
M exp(Args x);     // < -87.33 gives 0 (denormals are flushed), > 88.72 infinity
M exp2(Args x);
M expm1(Args x);
M log(Args x);  // denormals count as 0
M log2(Args x);
M log10(Args x);
M log1p(Args x);
M tanh(Args x);
M sigmoid(Args x);
M erf(Args x);
M sin(Args x);     // beyond 1e5 by a scalar routine with the exact reduction
M cos(Args x);     // likewise

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
