#include <lanc/ops/scalar/rules.h>

#include <limits>

#include <lanc/graph/error.h>

namespace lanc::rules {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool is_f64(Args x) { return x[0].type() == f64; }

// 2^n for n in [-150, 150] as a product of two powers, so that neither leaves the range; n integral, f32.
M scaled(M y, M n) {
  const M i = convert(n, i32);
  const M half = machine(MachineOp::shift_right, i, i.integer(1));
  const M rest = i - half;
  const auto power = [](M k) { return bitcast(machine(MachineOp::shift_left, k + k.integer(127), k.integer(23)), f32); };
  return y * power(half) * power(rest);
}

// e^r for |r| <= ln(2)/2: 1 + r + r^2 P(r); relative error 3e-9 before rounding (least squares on Chebyshev nodes, reweighted to minimax).
M exp_reduced(M r) {
  const M p = polynomial(r, {0.5, 0.16666513681411743, 0.0416661873459816, 0.008369590155780315, 0.0013951704604551196});
  return fma(r * r, p, r) + 1.0;
}

M clamped(M x, double lo, double hi) {
  const M low = select(x < lo, x.constant(lo), x);
  return select(low > hi, x.constant(hi), low);
}

constexpr double ln2_high = 0.693359375, ln2_low = -2.12194440e-4;

struct LogParts {
  M exponent, fraction;  // x = 2^exponent * (1 + fraction), 1 + fraction in [sqrt(1/2), sqrt(2))
};
LogParts split_log(M x) {
  const M bits = bitcast(x, i32);
  const M e = machine(MachineOp::shift_right, bits - bits.integer(0x3f3504f3), bits.integer(23));
  const M m = bitcast(bits - machine(MachineOp::shift_left, e, e.integer(23)), f32);
  return {convert(e, f32), m - 1.0};
}
// log(1 + f) = f - f^2/2 + f^3 P(f); absolute error 7e-10 relative to f before rounding.
M log_fraction_tail(M f) {
  const M p = polynomial(f, {0.3333331048488617, -0.24999986588954926, 0.20002226531505585, -0.16669251024723053, 0.14218658208847046,
                             -0.12384343147277832, 0.11872965842485428, -0.1178983524441719, 0.06915424764156342});
  const M f2 = f * f;
  return fma(f2 * f, p, f2 * -0.5);
}
M log_special(M x, M y) {
  const M positive = select(x == infinity, x, y);
  return select(x > 0.0, positive, select(x == 0.0, x.constant(-infinity), x.constant(nan)));
}
M log_f32(M x) {
  const LogParts parts = split_log(x);
  const M tail = fma(parts.exponent, x.constant(ln2_low), log_fraction_tail(parts.fraction));
  return log_special(x, fma(parts.exponent, x.constant(ln2_high), parts.fraction + tail));
}
M exp_f32(M x) {
  const M y = clamped(x, -104.0, 89.0);
  const M n = machine(MachineOp::rint, y * 1.4426950408889634);
  const M r = fma(n, y.constant(-ln2_low), fma(n, y.constant(-ln2_high), y));
  const M e = scaled(exp_reduced(r), n);
  // Above, the product overflows to infinity just where e^x does (tried for all floats); NaN comes through by itself.
  return select(x < -87.33654475, x.constant(0), e);
}

// Quadrant and remainder of x by pi/2, in three parts of pi/2 (Cody and Waite 1980): with fma, x - n c1 is exact (a multiple of 2^-24 below 1),
// and each later step rounds once, relative to what is left.
struct Quadrant {
  M n, r;
};
Quadrant quadrant_of(M x) {
  const M n = machine(MachineOp::rint, x * 0.6366197723675814);
  M r = fma(n, x.constant(-1.57079637050628662), x);
  r = fma(n, x.constant(4.37113882867379e-08), r);
  r = fma(n, x.constant(1.7151245100058819e-15), r);
  return {convert(n, i32), r};
}
M sin_reduced(M r) {
  const M t = r * r;
  return fma(r * t, polynomial(t, {-0.16666655242443085, 0.008332150988280773, -0.00019513521692715585}), r);
}
M cos_reduced(M r) {
  const M t = r * r;
  return fma(t * t, polynomial(t, {0.04166664555668831, -0.0013887331588193774, 2.4434213628410362e-05}), fma(t, t.constant(-0.5), t.constant(1)));
}
M is_bit_set(M i, int64_t bit) { return machine(MachineOp::ne, machine(MachineOp::bit_and, i, i.integer(bit)), i.integer(0)); }

// sin(x + quadrants * pi/2); the routine takes over beyond 1e5.
M sin_shifted(M x, int64_t quadrants, const char* routine) {
  const auto [n, r] = quadrant_of(clamped(x, -1e5, 1e5));
  const M q = n + n.integer(quadrants);
  const M value = select(is_bit_set(q, 1), cos_reduced(r), sin_reduced(r));
  const M signed_value = select(is_bit_set(q, 2), -value, value);
  return rare_call(routine, x, signed_value, machine(MachineOp::bit_not, machine(MachineOp::abs, x) <= 1e5));
}

}  // namespace

M exp(Args x) { return is_f64(x) ? call("lanc_scalar_exp", x[0]) : exp_f32(x[0]); }

M exp2(Args x) {
  if (is_f64(x)) return call("lanc_scalar_exp2", x[0]);
  const M y = clamped(x[0], -151.0, 129.0);
  const M n = machine(MachineOp::rint, y);
  const M e = scaled(exp_reduced((y - n) * 0.6931471805599453), n);
  return select(x[0] < -126.0, x[0].constant(0), e);  // above 128, and for NaN, as in exp
}

// |x| < 1/2: x + x^2 P(x); else e^x - 1.
M expm1(Args x) {
  if (is_f64(x)) return call("lanc_scalar_expm1", x[0]);
  const M v = x[0];
  const M p = polynomial(v, {0.5, 0.1666666716337204, 0.0416666679084301, 0.00833314098417759, 0.0013888543471693993, 0.000199740199605003,
                             2.4970260710688308e-05});
  const M near = fma(v * v, p, v);
  return select(machine(MachineOp::abs, v) < 0.5, near, exp_f32(v) - 1.0);
}

M log(Args x) { return is_f64(x) ? call("lanc_scalar_log", x[0]) : log_f32(x[0]); }

// The exponent enters exactly; only the fraction's logarithm is rounded.
M log2(Args x) {
  if (is_f64(x)) return call("lanc_scalar_log2", x[0]);
  const LogParts parts = split_log(x[0]);
  const M tail = log_fraction_tail(parts.fraction);
  const M scaled_fraction = fma(parts.fraction, x[0].constant(1.44269502162933349609375), fma(parts.fraction, x[0].constant(1.92596299e-8), tail * 1.4426950408889634));
  return log_special(x[0], parts.exponent + scaled_fraction);
}

M log10(Args x) {
  if (is_f64(x)) return call("lanc_scalar_log10", x[0]);
  const LogParts parts = split_log(x[0]);
  const M tail = log_fraction_tail(parts.fraction);
  const M fraction = fma(parts.fraction, x[0].constant(0.4342944920063018798828125), fma(parts.fraction, x[0].constant(-1.0103050118726031e-08), tail * 0.4342944819032518));
  // log10(2) in two parts, the first with trailing zeros.
  return log_special(x[0], fma(parts.exponent, x[0].constant(0.301025390625), fma(parts.exponent, x[0].constant(4.605038981195214e-06), fraction)));
}

// log(u) + (x - (u - 1)) / u with u = 1 + x rounded (the correction of Kahan).
M log1p(Args x) {
  if (is_f64(x)) return call("lanc_scalar_log1p", x[0]);
  const M v = x[0];
  const M u = v + 1.0;
  const M correction = (v - (u - 1.0)) / u;
  const M y = log_f32(u) + correction;
  return select(u == infinity, u, select(u == 0.0, v.constant(-infinity), select(u == 1.0, v, y)));
}

// |x| < 0.625: x + x^3 P(x^2); else 1 - 2 / (e^2|x| + 1) with the sign of x.
M tanh(Args x) {
  if (is_f64(x)) return call("lanc_scalar_tanh", x[0]);
  const M v = x[0];
  const M t = v * v;
  const M p = polynomial(t, {-0.3333333134651184, 0.13333210349082947, -0.05394720286130905, 0.021702969446778297, -0.008182677440345287,
                             0.0021475397516041994});
  const M near = fma(v * t, p, v);
  const M a = machine(MachineOp::abs, v);
  const M far = 1.0 - 2.0 / (exp_f32(a + a) + 1.0);
  return select(a < 0.625, near, select(v < 0.0, -far, far));
}

M sigmoid(Args x) {
  if (is_f64(x)) return call("lanc_scalar_sigmoid", x[0]);
  return 1.0 / (exp_f32(-x[0]) + 1.0);
}

// |x| < 1: x P(x^2); else 1 - e^-Q(|x|), 1 beyond 4.
M erf(Args x) {
  if (is_f64(x)) return call("lanc_scalar_erf", x[0]);
  const M v = x[0];
  const M near = v * polynomial(v * v, {1.128379225730896, -0.37612637877464294, 0.11283782869577408, -0.02686544507741928, 0.005221074912697077,
                                        -0.0008484711870551109, 0.00011270545655861497, -9.68013955571223e-06});
  const M a = machine(MachineOp::abs, v);
  const M limited = select(a > 4.0, v.constant(4.0), a);
  const M q = polynomial(limited, {-8.594062819611281e-05, 1.1289796829223633, 0.6347535848617554, 0.10616730153560638, -0.023122625425457954,
                                   0.00294059282168746, 5.953482468612492e-05, -0.00010340871813241392, 1.7862661479739472e-05,
                                   -1.1107856607850408e-06});
  const M far = 1.0 - exp_f32(-q);
  return select(v != v, v, select(a < 1.0, near, select(v < 0.0, -far, far)));
}

M sin(Args x) { return is_f64(x) ? call("lanc_scalar_sin", x[0]) : sin_shifted(x[0], 0, "lanc_scalar_sin"); }
M cos(Args x) { return is_f64(x) ? call("lanc_scalar_cos", x[0]) : sin_shifted(x[0], 1, "lanc_scalar_cos"); }

M minimum(Args x) { return select(is_float(x[0].type()) ? (x[0] < x[1]) | (x[0] != x[0]) : x[0] < x[1], x[0], x[1]); }
M maximum(Args x) { return select(is_float(x[0].type()) ? (x[0] > x[1]) | (x[0] != x[0]) : x[0] > x[1], x[0], x[1]); }
M relu(Args x) {
  const M of[] = {x[0], x[0].constant(0)};
  return maximum(of);
}
M where(Args x) { return select(x[0], x[1], x[2]); }

M sign(Args x) {
  const M v = x[0];
  const M one = v.constant(1), zero_or_nan = v;
  if (v.type() == u8) return select(v > 0.0, one, v);
  return select(v > 0.0, one, select(v < 0.0, v.constant(-1), zero_or_nan));
}

M isnan(Args x) { return x[0] != x[0]; }
M isinf(Args x) { return machine(MachineOp::abs, x[0]) == infinity; }
M isfinite(Args x) { return machine(MachineOp::abs, x[0]) < infinity; }

M guarded_mul(Args x) { return select(x[0] == 0.0, x[0].constant(0), x[0] * x[1]); }

M divide(Args x) { return is_float(x[0].type()) ? x[0] / x[1] : machine(MachineOp::int_div, x[0], x[1]); }
M fmod(Args x) {
  if (!is_float(x[0].type())) return machine(MachineOp::int_rem, x[0], x[1]);
  return call("lanc_scalar_fmod", x[0], x[1]);
}
M floor_div(Args x) {
  if (is_float(x[0].type())) return machine(MachineOp::floor, x[0] / x[1]);
  const M q = machine(MachineOp::int_div, x[0], x[1]);
  if (x[0].type() == u8) return q;
  const M inexact = q * x[1] != x[0];
  const M opposite = machine(MachineOp::ne, x[0] < 0.0, x[1] < 0.0);
  const M defined = x[1] != x[1].constant(0);
  return select((inexact & opposite) & defined, q - x[0].integer(1), q);
}
M remainder(Args x) {
  if (is_float(x[0].type())) return call("lanc_scalar_remainder", x[0], x[1]);
  const M r = machine(MachineOp::int_rem, x[0], x[1]);
  if (x[0].type() == u8) return r;
  const M opposite = machine(MachineOp::ne, r < 0.0, x[1] < 0.0);
  return select((r != r.constant(0)) & opposite, r + x[1], r);
}
M copysign(Args x) {
  const DType bits = x[0].type() == f64 ? i64 : i32;
  const M magnitude = bitcast(machine(MachineOp::abs, x[0]), bits);
  const M sign_bit = magnitude.integer(bits == i64 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int32_t>::min());
  return bitcast(magnitude | machine(MachineOp::bit_and, bitcast(x[1], bits), sign_bit), x[0].type());
}
// Drops `bits` bits of the mantissa, ties to even: adds just below half of the last kept bit, and that bit.
M without_low_bits(M x, int64_t bits) {
  const M i = bitcast(x, i32);
  const M last = machine(MachineOp::bit_and, machine(MachineOp::shift_right_logical, i, i.integer(bits)), i.integer(1));
  const M up = i + (last + i.integer((int64_t{1} << (bits - 1)) - 1));
  return bitcast(machine(MachineOp::bit_and, up, i.integer(-(int64_t{1} << bits))), f32);
}
M rounded(M x, DType storage) {
  if (storage == bf16) return select(x != x, x, without_low_bits(x, 16));
  // f16: from 65520 on infinity; below 2^-14 multiples of 2^-24.
  const M a = machine(MachineOp::abs, x);
  const M subnormal = machine(MachineOp::rint, x * 16777216.0) * 5.9604644775390625e-08;
  const M finite = select(a < 6.103515625e-05, subnormal, without_low_bits(x, 13));
  return select(a >= 65520.0, x * infinity, select(x != x, x, finite));
}

M xlogy(Args x) {
  const M logarithm[] = {x[1]};
  return select(x[0] == 0.0, x[0].constant(0), x[0] * log(logarithm));
}

}  // namespace lanc::rules
