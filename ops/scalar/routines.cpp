// The scalar routines that every executor calls: libm in f64, and our own where libm has none.
#include <lanc/ops/scalar/program.h>

#include <cmath>
#include <limits>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

// Denormals count as 0, as in all arithmetic of ours; libm looks at bits and would see them.
double normal(double x) { return std::abs(x) < std::numeric_limits<double>::min() ? std::copysign(0.0, x) : x; }

constexpr double pi = 3.141592653589793;

// sin(pi x) by the distance to the nearest integer, which is exact.
double sin_pi(double x) {
  const double n = std::nearbyint(x);
  const double s = std::sin(pi * (x - n));
  return std::fmod(n, 2.0) == 0 ? s : -s;
}

double sigmoid_f64(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }

// Giles 2012, "Approximating the erfinv function", as a start; then Halley steps on erf.
double erfinv_f64(double x) {
  if (!(x > -1 && x < 1)) {
    if (x == 1) return std::numeric_limits<double>::infinity();
    if (x == -1) return -std::numeric_limits<double>::infinity();
    return std::numeric_limits<double>::quiet_NaN();
  }
  const double w = -std::log((1 - x) * (1 + x));
  double y = 0;
  if (w < 5) {
    const double v = w - 2.5;
    y = x * (1.50140941 + v * (0.246640727 + v * (-0.00417768164 + v * (-0.00125372503 + v * 0.00021858087))));
  } else {
    const double v = std::sqrt(w) - 3;
    y = x * (2.83297682 + v * (1.00167406 + v * (0.00943887047 + v * (-0.0076224613 + v * 0.00573950773))));
  }
  for (int i = 0; i < 3; ++i) {
    // The residual by erfc near 1, where erf loses its digits.
    const double residual = std::abs(x) > 0.5 ? (x > 0 ? (1 - x) - std::erfc(y) : std::erfc(-y) - (1 + x)) : std::erf(y) - x;
    const double step = residual / (1.1283791670955126 * std::exp(-y * y));
    y -= step / (1 + y * step);
  }
  return y;
}

// Bernoulli numbers B_2, B_4, ...
constexpr double bernoulli[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6, -3617.0 / 510};

// n! zeta(n + 1, q) = |psi^(n)(q)| for n >= 1, q > 0: recurrence up to q >= 20, then the asymptotic series (Abramowitz and Stegun 6.4.11).
double scaled_zeta(int n, double q) {
  double factorial = 1;
  for (int i = 2; i <= n; ++i) factorial *= i;
  double shift = 0;
  for (; q < 20; q += 1) shift += factorial / std::pow(q, n + 1);
  double sum = factorial / n / std::pow(q, n) + factorial / (2 * std::pow(q, n + 1));
  for (int k = 1; k <= 8; ++k) {
    double term = bernoulli[k - 1];
    for (int i = 2 * k + 1; i <= 2 * k + n - 1; ++i) term *= i;  // (2k + n - 1)! / (2k)!
    sum += term / std::pow(q, 2 * k + n);
  }
  return sum + shift;
}

// psi(x) for x > 0 by the same means (6.3.18).
double digamma_positive(double x) {
  double shift = 0;
  for (; x < 20; x += 1) shift += 1 / x;
  double sum = std::log(x) - 0.5 / x;
  double power = x * x;
  for (int k = 1; k <= 8; ++k, power *= x * x) sum -= bernoulli[k - 1] / (2 * k * power);
  return sum - shift;
}

constexpr int highest_order = 100;

// psi^(n)(x); NaN for orders that are not 0, 1, ..., 100. At a pole: infinity where both sides agree (odd n) or x is a signed 0, else NaN.
// For x < 0 the terms of n! sum 1 / (x + k)^(n + 1) left of 0 are a difference of two zetas of positive numbers.
double polygamma_f64(double order, double x) {
  if (!(order >= 0 && order <= highest_order && order == std::floor(order)) || std::isnan(x)) return std::numeric_limits<double>::quiet_NaN();
  const int n = static_cast<int>(order);
  if (x <= 0 && x == std::floor(x)) {
    if (n % 2 == 1) return std::numeric_limits<double>::infinity();
    return x == 0 ? -std::copysign(std::numeric_limits<double>::infinity(), x) : std::numeric_limits<double>::quiet_NaN();
  }
  if (n == 0) return x > 0 ? digamma_positive(x) : digamma_positive(1 - x) - pi / std::tan(pi * (x - std::nearbyint(x)));
  const double sign = n % 2 == 0 ? -1 : 1;
  if (x > 0) return sign * scaled_zeta(n, x);
  const double right = x - std::floor(x);  // the first number right of 0
  return sign * (scaled_zeta(n, right) + sign * (scaled_zeta(n, 1 - right) - scaled_zeta(n, 1 - x)));
}
double digamma_f64(double x) { return polygamma_f64(0, x); }
double lgamma_f64(double x) {
  int sign = 0;
  return ::lgamma_r(normal(x), &sign);
}
double remainder_f64(double x, double y) {
  const double r = std::fmod(normal(x), normal(y));
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
double sinc_f64(double x) { return x == 0 ? 1 : std::isinf(x) ? 0 : sin_pi(x) / (pi * x); }

#define LANC_LIBM(name) \
  { "lanc_scalar_" #name, [](double x) { return std::name(normal(x)); }, nullptr }
constexpr ScalarRoutine routines[] = {
    LANC_LIBM(exp), LANC_LIBM(exp2), LANC_LIBM(expm1), LANC_LIBM(log), LANC_LIBM(log2), LANC_LIBM(log10), LANC_LIBM(log1p), LANC_LIBM(cbrt),
    LANC_LIBM(sin), LANC_LIBM(cos), LANC_LIBM(tan), LANC_LIBM(asin), LANC_LIBM(acos), LANC_LIBM(atan), LANC_LIBM(sinh), LANC_LIBM(cosh),
    LANC_LIBM(tanh), LANC_LIBM(asinh), LANC_LIBM(acosh), LANC_LIBM(atanh), LANC_LIBM(erf), LANC_LIBM(erfc),
    {"lanc_scalar_sigmoid", sigmoid_f64, nullptr},
    {"lanc_scalar_erfinv", erfinv_f64, nullptr},
    {"lanc_scalar_lgamma", lgamma_f64, nullptr},
    {"lanc_scalar_digamma", digamma_f64, nullptr},
    {"lanc_scalar_sinc", sinc_f64, nullptr},
    {"lanc_scalar_pow", nullptr, [](double x, double y) { return std::pow(normal(x), normal(y)); }},
    {"lanc_scalar_atan2", nullptr, [](double y, double x) { return std::atan2(normal(y), normal(x)); }},
    {"lanc_scalar_hypot", nullptr, [](double x, double y) { return std::hypot(normal(x), normal(y)); }},
    {"lanc_scalar_fmod", nullptr, [](double x, double y) { return std::fmod(normal(x), normal(y)); }},
    {"lanc_scalar_remainder", nullptr, remainder_f64},
    {"lanc_scalar_polygamma", nullptr, polygamma_f64},
};
#undef LANC_LIBM

}  // namespace

std::span<const ScalarRoutine> scalar_routines() { return routines; }

const ScalarRoutine& scalar_routine(std::string_view symbol) {
  for (const ScalarRoutine& r : routines)
    if (r.symbol == symbol) return r;
  throw InternalError("there is no scalar routine '" + std::string(symbol) + "'");
}

}  // namespace lanc
