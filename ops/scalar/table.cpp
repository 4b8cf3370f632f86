// The rows of the scalar table.
#include <lanc/ops/scalar/table.h>

#include <array>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/ops/scalar/rules.h>

namespace lanc {
namespace {

using X = std::span<const Scalar>;
using P = std::optional<Scalar>;

// (cos(pi x) - sinc(x)) / x, which cancels near 0: there its series, the sum over k >= 1 of (-1)^k 2k pi^2k x^(2k-1) / (2k + 1)!, whose
// first term left out is below 3e-18 at 1/4.
Scalar sinc_slope(const Scalar& x, const Scalar& r) {
  const Scalar near = abs(x) < 0.25, away = where(near, 1, x), u = square(where(near, 3.141592653589793 * x, 0));
  Scalar series = 2.0 * 8 / 355687428096000.0;  // 2k / (2k + 1)! at k = 8
  constexpr double factorials[] = {6, 120, 5040, 362880, 39916800, 6227020800, 1307674368000};
  for (int k = 7; k >= 1; --k) series = 2.0 * k / factorials[k - 1] - u * series;
  return where(near, -9.869604401089358 * x * series, (cos(3.141592653589793 * away) - r) / away);
}

// Arguments: x; result: r; derivative by argument i. In the rows `rule` is how the function is computed, `definition` makes it of others.
const ScalarFunction table[] = {
    {.name = "add", .arity = 2, .signature = Signature::number, .partial = [](X, const Scalar&, int) -> P { return Scalar(1.0); }, .rule = [](std::span<const M> x) { return machine(MachineOp::add, x[0], x[1]); }, .doc = "x + y"},
    {.name = "sub", .arity = 2, .signature = Signature::number, .partial = [](X, const Scalar&, int i) -> P { return i == 0 ? P(Scalar(1.0)) : P(Scalar(-1.0)); }, .rule = [](std::span<const M> x) { return machine(MachineOp::sub, x[0], x[1]); }, .doc = "x - y"},
    {.name = "mul", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(x[1]) : P(x[0]); }, .singular = true, .rule = [](std::span<const M> x) { return machine(MachineOp::mul, x[0], x[1]); }, .doc = "x * y"},
    {.name = "div", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar& r, int i) -> P { return i == 0 ? P(1 / x[1]) : P(-r / x[1]); }, .singular = true, .rule = rules::divide, .doc = "x / y; integers towards 0, by 0 gives 0"},
    {.name = "neg", .signature = Signature::number, .partial = [](X, const Scalar&, int) -> P { return Scalar(-1.0); }, .rule = [](std::span<const M> x) { return machine(MachineOp::neg, x[0]); }, .doc = "-x"},
    {.name = "guarded_mul", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(x[1]) : P(x[0]); }, .singular = true, .rule = rules::guarded_mul, .doc = "x * y, 0 where x is 0: a zero cotangent wins over an infinite derivative"},
    {.name = "pow", .arity = 2, .partial = [](X x, const Scalar& r, int i) -> P { return i == 0 ? P(where(x[1] == 0, 0, x[1] * pow(x[0], x[1] - 1))) : P(where(x[0] == 0, where(x[1] > 0, 0, r * log(x[0])), r * log(x[0]))); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_pow", x[0], x[1]); }, .accuracy = {0.51, 1}, .doc = "x^y"},
    {.name = "exp", .partial = [](X, const Scalar& r, int) -> P { return r; }, .singular = true, .rule = rules::exp, .accuracy = {2, 1}, .doc = "e^x"},
    {.name = "exp2", .partial = [](X, const Scalar& r, int) -> P { return r * 0.6931471805599453; }, .singular = true, .rule = rules::exp2, .accuracy = {2, 1}, .doc = "2^x"},
    {.name = "expm1", .partial = [](X, const Scalar& r, int) -> P { return r + 1; }, .singular = true, .rule = rules::expm1, .accuracy = {2, 1}, .doc = "e^x - 1, exact near 0"},
    {.name = "log", .partial = [](X x, const Scalar&, int) -> P { return 1 / x[0]; }, .singular = true, .rule = rules::log, .accuracy = {2, 1}, .doc = "natural logarithm"},
    {.name = "log2", .partial = [](X x, const Scalar&, int) -> P { return 1.4426950408889634 / x[0]; }, .singular = true, .rule = rules::log2, .accuracy = {2, 1}, .doc = "logarithm to base 2"},
    {.name = "log10", .partial = [](X x, const Scalar&, int) -> P { return 0.4342944819032518 / x[0]; }, .singular = true, .rule = rules::log10, .accuracy = {2, 2}, .doc = "logarithm to base 10"},
    {.name = "log1p", .partial = [](X x, const Scalar&, int) -> P { return 1 / (1 + x[0]); }, .singular = true, .rule = rules::log1p, .accuracy = {2, 1}, .doc = "log(1 + x), exact near 0"},
    {.name = "sqrt", .partial = [](X, const Scalar& r, int) -> P { return 0.5 / r; }, .singular = true, .rule = [](std::span<const M> x) { return machine(MachineOp::sqrt, x[0]); }, .doc = "square root"},
    {.name = "rsqrt", .partial = [](X x, const Scalar& r, int) -> P { return -0.5 * r / x[0]; }, .singular = true, .rule = [](std::span<const M> x) { return 1.0 / machine(MachineOp::sqrt, x[0]); }, .accuracy = {2, 2}, .doc = "1 / sqrt(x)"},
    {.name = "cbrt", .partial = [](X, const Scalar& r, int) -> P { return 1 / (3 * square(r)); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_cbrt", x[0]); }, .accuracy = {0.51, 3}, .doc = "cube root"},
    {.name = "square", .signature = Signature::number, .partial = [](X x, const Scalar&, int) -> P { return 2 * x[0]; }, .singular = true, .rule = [](std::span<const M> x) { return x[0] * x[0]; }, .doc = "x * x"},
    {.name = "reciprocal", .partial = [](X, const Scalar& r, int) -> P { return -square(r); }, .singular = true, .rule = [](std::span<const M> x) { return 1.0 / x[0]; }, .doc = "1 / x"},
    {.name = "sin", .partial = [](X x, const Scalar&, int) -> P { return cos(x[0]); }, .rule = rules::sin, .accuracy = {2, 1}, .doc = "sine, x in radians"},
    {.name = "cos", .partial = [](X x, const Scalar&, int) -> P { return -sin(x[0]); }, .rule = rules::cos, .accuracy = {2, 1}, .doc = "cosine, x in radians"},
    {.name = "tan", .partial = [](X, const Scalar& r, int) -> P { return 1 + square(r); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_tan", x[0]); }, .accuracy = {0.51, 1}, .doc = "tangent, x in radians"},
    {.name = "asin", .partial = [](X x, const Scalar&, int) -> P { return rsqrt(1 - square(x[0])); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_asin", x[0]); }, .accuracy = {0.51, 1}, .doc = "arc sine in radians"},
    {.name = "acos", .partial = [](X x, const Scalar&, int) -> P { return -rsqrt(1 - square(x[0])); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_acos", x[0]); }, .accuracy = {0.51, 1}, .doc = "arc cosine in radians"},
    {.name = "atan", .partial = [](X x, const Scalar&, int) -> P { return 1 / (1 + square(x[0])); }, .rule = [](std::span<const M> x) { return call("lanc_scalar_atan", x[0]); }, .accuracy = {0.51, 1}, .doc = "arc tangent in radians"},
    {.name = "atan2", .arity = 2, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(x[1] / hypot(x[0], x[1]) / hypot(x[0], x[1])) : P(-x[0] / hypot(x[0], x[1]) / hypot(x[0], x[1])); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_atan2", x[0], x[1]); }, .accuracy = {0.51, 1}, .doc = "atan2(y, x): the angle of the point (x, y)"},
    {.name = "sinh", .partial = [](X x, const Scalar&, int) -> P { return call_scalar("cosh", {x[0]}); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_sinh", x[0]); }, .accuracy = {0.51, 2}, .doc = "hyperbolic sine"},
    {.name = "cosh", .partial = [](X x, const Scalar&, int) -> P { return call_scalar("sinh", {x[0]}); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_cosh", x[0]); }, .accuracy = {0.51, 1}, .doc = "hyperbolic cosine"},
    {.name = "tanh", .partial = [](X, const Scalar& r, int) -> P { return 1 - square(r); }, .rule = rules::tanh, .accuracy = {2, 2}, .doc = "hyperbolic tangent"},
    {.name = "asinh", .partial = [](X x, const Scalar&, int) -> P { return 1 / hypot(x[0], 1.0); }, .rule = [](std::span<const M> x) { return call("lanc_scalar_asinh", x[0]); }, .accuracy = {0.51, 2}, .doc = "inverse hyperbolic sine"},
    {.name = "acosh", .partial = [](X x, const Scalar&, int) -> P { return rsqrt(x[0] - 1) * rsqrt(x[0] + 1); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_acosh", x[0]); }, .accuracy = {0.51, 2}, .doc = "inverse hyperbolic cosine"},
    {.name = "atanh", .partial = [](X x, const Scalar&, int) -> P { return 1 / (1 - square(x[0])); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_atanh", x[0]); }, .accuracy = {0.51, 2}, .doc = "inverse hyperbolic tangent"},
    {.name = "sinc", .partial = [](X x, const Scalar& r, int) -> P { return sinc_slope(x[0], r); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_sinc", x[0]); }, .accuracy = {0.51, 3}, .doc = "sin(pi x) / (pi x), 1 at 0"},
    {.name = "sigmoid", .partial = [](X, const Scalar& r, int) -> P { return r * (1 - r); }, .rule = rules::sigmoid, .accuracy = {3, 2}, .doc = "1 / (1 + e^-x)"},
    {.name = "logit", .partial = [](X x, const Scalar&, int) -> P { return 1 / (x[0] * (1 - x[0])); }, .singular = true, .definition = [](X x) { return where(x[0] < 0.25, log(x[0] / (1 - x[0])), log1p((2 * x[0] - 1) / (1 - x[0]))); }, .accuracy = {3, 2}, .doc = "log(x / (1 - x)), exact near 1/2"},
    {.name = "softplus", .partial = [](X x, const Scalar&, int) -> P { return sigmoid(x[0]); }, .definition = [](X x) { return max(x[0], 0.0) + log1p(exp(-abs(x[0]))); }, .accuracy = {2, 2}, .doc = "log(1 + e^x) = max(x, 0) + log1p(e^-|x|)"},
    {.name = "relu", .signature = Signature::number, .partial = [](X, const Scalar& r, int) -> P { return where(r > 0, 1.0, 0.0); }, .rule = rules::relu, .doc = "max(x, 0); derivative 0 at 0"},
    {.name = "leaky_relu", .arity = 2, .definition = [](X x) { return where(x[0] > 0, x[0], x[1] * x[0]); }, .doc = "x for x > 0, slope * x else"},
    {.name = "elu", .arity = 2, .definition = [](X x) { return where(x[0] > 0, x[0], x[1] * expm1(where(x[0] > 0, 0, x[0]))); }, .accuracy = {2, 2}, .doc = "x for x > 0, alpha (e^x - 1) else, derivatives at 0 too"},
    {.name = "selu", .definition = [](X x) { return 1.0507009873554805 * where(x[0] > 0, x[0], 1.6732632423543772 * expm1(where(x[0] > 0, 0, x[0]))); }, .accuracy = {2, 3}, .doc = "scaled elu (Klambauer et al. 2017)"},
    {.name = "gelu", .definition = [](X x) { return 0.5 * x[0] * erfc(x[0] * -0.7071067811865476); }, .accuracy = {80, 110}, .doc = "x * Phi(x) (Hendrycks and Gimpel 2016)"},
    {.name = "gelu_tanh", .definition = [](X x) { return x[0] * sigmoid(1.5957691216057308 * (x[0] + 0.044715 * x[0] * x[0] * x[0])); }, .accuracy = {75, 55}, .doc = "the tanh approximation of gelu: (1 + tanh(u)) / 2 = sigmoid(2 u)"},
    {.name = "silu", .definition = [](X x) { return x[0] * sigmoid(x[0]); }, .accuracy = {3, 2}, .doc = "x * sigmoid(x)"},
    {.name = "mish", .definition = [](X x) { return x[0] * tanh(softplus(x[0])); }, .accuracy = {3, 3}, .doc = "x * tanh(softplus(x)) (Misra 2019)"},
    {.name = "hardtanh", .definition = [](X x) { return clamp(x[0], -1.0, 1.0); }, .doc = "x limited to [-1, 1]"},
    {.name = "hardsigmoid", .definition = [](X x) { return clamp(x[0] * 0.16666666666666666 + 0.5, 0.0, 1.0); }, .accuracy = {1, 1, 1}, .doc = "x / 6 + 1 / 2 limited to [0, 1]"},
    {.name = "abs", .signature = Signature::number, .partial = [](X x, const Scalar&, int) -> P { return sign(x[0]); }, .rule = [](std::span<const M> x) { return machine(MachineOp::abs, x[0]); }, .doc = "absolute value; derivative 0 at 0"},
    {.name = "sign", .signature = Signature::number, .rule = rules::sign, .doc = "-1, 0 or 1; NaN stays"},
    {.name = "floor", .rule = [](std::span<const M> x) { return machine(MachineOp::floor, x[0]); }, .doc = "largest integer <= x"},
    {.name = "ceil", .rule = [](std::span<const M> x) { return machine(MachineOp::ceil, x[0]); }, .doc = "smallest integer >= x"},
    {.name = "round", .rule = [](std::span<const M> x) { return machine(MachineOp::rint, x[0]); }, .doc = "nearest integer, halves to even"},
    {.name = "trunc", .rule = [](std::span<const M> x) { return machine(MachineOp::trunc, x[0]); }, .doc = "towards 0"},
    {.name = "min", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(where(x[0] < x[1], 1.0, where(x[0] == x[1], 0.5, 0.0))) : P(where(x[1] < x[0], 1.0, where(x[0] == x[1], 0.5, 0.0))); }, .rule = rules::minimum, .doc = "the smaller; NaN wins; halved derivative at ties"},
    {.name = "max", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(where(x[0] > x[1], 1.0, where(x[0] == x[1], 0.5, 0.0))) : P(where(x[1] > x[0], 1.0, where(x[0] == x[1], 0.5, 0.0))); }, .rule = rules::maximum, .doc = "the larger; NaN wins; halved derivative at ties"},
    {.name = "clamp", .arity = 3, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(where(x[0] >= x[1] && x[0] <= x[2], 1.0, 0.0)) : i == 1 ? P(where(x[0] < x[1] && x[1] <= x[2], 1.0, 0.0)) : P(where(max(x[0], x[1]) > x[2], 1.0, 0.0)); }, .definition = [](X x) { return min(max(x[0], x[1]), x[2]); }, .doc = "min(max(x, lo), hi)"},
    {.name = "where", .arity = 3, .signature = Signature::select, .rule = rules::where, .doc = "x where the condition holds, else y"},
    {.name = "isnan", .signature = Signature::test, .rule = rules::isnan, .doc = "is it NaN"},
    {.name = "isinf", .signature = Signature::test, .rule = rules::isinf, .doc = "is it infinite"},
    {.name = "isfinite", .signature = Signature::test, .rule = rules::isfinite, .doc = "is it neither NaN nor infinite"},
    {.name = "equal", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::eq, x[0], x[1]); }, .doc = "x == y"},
    {.name = "not_equal", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::ne, x[0], x[1]); }, .doc = "x != y"},
    {.name = "less_than", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::lt, x[0], x[1]); }, .doc = "x < y"},
    {.name = "less_or_equal", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::le, x[0], x[1]); }, .doc = "x <= y"},
    {.name = "greater_than", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::gt, x[0], x[1]); }, .doc = "x > y"},
    {.name = "greater_or_equal", .arity = 2, .signature = Signature::comparison, .rule = [](std::span<const M> x) { return machine(MachineOp::ge, x[0], x[1]); }, .doc = "x >= y"},
    {.name = "and", .arity = 2, .signature = Signature::logical, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_and, x[0], x[1]); }, .doc = "both are not 0"},
    {.name = "or", .arity = 2, .signature = Signature::logical, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_or, x[0], x[1]); }, .doc = "either is not 0"},
    {.name = "xor", .arity = 2, .signature = Signature::logical, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_xor, x[0], x[1]); }, .doc = "exactly one is not 0"},
    {.name = "not", .signature = Signature::logical, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_not, x[0]); }, .doc = "is 0"},
    {.name = "bit_and_of", .arity = 2, .signature = Signature::bits, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_and, x[0], x[1]); }, .doc = "bits of integers: and"},
    {.name = "bit_or_of", .arity = 2, .signature = Signature::bits, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_or, x[0], x[1]); }, .doc = "bits of integers: or"},
    {.name = "bit_xor_of", .arity = 2, .signature = Signature::bits, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_xor, x[0], x[1]); }, .doc = "bits of integers: xor"},
    {.name = "bit_not_of", .signature = Signature::bits, .rule = [](std::span<const M> x) { return machine(MachineOp::bit_not, x[0]); }, .doc = "bits of an integer turned over"},
    {.name = "shift_left", .arity = 2, .signature = Signature::shift, .rule = [](std::span<const M> x) { return machine(MachineOp::shift_left, x[0], x[1]); }, .doc = "x << y, y modulo the width"},
    {.name = "shift_right", .arity = 2, .signature = Signature::shift, .rule = [](std::span<const M> x) { return machine(MachineOp::shift_right, x[0], x[1]); }, .doc = "x >> y with the sign, y modulo the width"},
    {.name = "erf", .partial = [](X x, const Scalar&, int) -> P { return 1.1283791670955126 * exp(-square(x[0])); }, .rule = rules::erf, .accuracy = {3, 1}, .doc = "error function"},
    {.name = "erfc", .partial = [](X x, const Scalar&, int) -> P { return -1.1283791670955126 * exp(-square(x[0])); }, .rule = [](std::span<const M> x) { return call("lanc_scalar_erfc", x[0]); }, .accuracy = {0.51, 2}, .doc = "1 - erf(x)"},
    {.name = "erfinv", .partial = [](X, const Scalar& r, int) -> P { return 0.8862269254527579 * exp(square(r)); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_erfinv", x[0]); }, .accuracy = {0.51, 2}, .doc = "inverse error function"},
    {.name = "lgamma", .partial = [](X x, const Scalar&, int) -> P { return digamma(x[0]); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_lgamma", x[0]); }, .accuracy = {0.51, 2}, .doc = "log |Gamma(x)|"},
    {.name = "digamma", .partial = [](X x, const Scalar&, int) -> P { return call_scalar("polygamma", {1.0, x[0]}); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_digamma", x[0]); }, .accuracy = {0.51, 8, 1}, .doc = "derivative of lgamma"},
    {.name = "polygamma", .arity = 2, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P() : P(call_scalar("polygamma", {x[0] + 1, x[1]})); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_polygamma", x[0], x[1]); }, .accuracy = {0.51, 8, 1}, .doc = "derivative of order n of digamma: polygamma(n, x), n a number"},
    {.name = "trigamma", .definition = [](X x) { return call_scalar("polygamma", {1.0, x[0]}); }, .accuracy = {0.51, 5}, .doc = "derivative of digamma"},
    {.name = "hypot", .arity = 2, .partial = [](X x, const Scalar& r, int i) -> P { return i == 0 ? P(x[0] / r) : P(x[1] / r); }, .singular = true, .rule = [](std::span<const M> x) { return call("lanc_scalar_hypot", x[0], x[1]); }, .accuracy = {0.51, 1}, .doc = "sqrt(x^2 + y^2) without overflow"},
    {.name = "copysign", .arity = 2, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(where(x[0] == 0, 0, sign(x[0]) * copysign(1.0, x[1]))) : P(); }, .rule = rules::copysign, .doc = "magnitude of x with the sign of y"},
    {.name = "fmod", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(Scalar(1.0)) : P(-trunc(x[0] / x[1])); }, .singular = true, .rule = rules::fmod, .doc = "remainder of x / y with the sign of x"},
    {.name = "remainder", .arity = 2, .signature = Signature::number, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(Scalar(1.0)) : P(-floor(x[0] / x[1])); }, .singular = true, .rule = rules::remainder, .doc = "x - floor(x / y) y"},
    {.name = "floor_div", .arity = 2, .signature = Signature::number, .rule = rules::floor_div, .doc = "floor(x / y)"},
    {.name = "logaddexp", .arity = 2, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(sigmoid(x[0] - x[1])) : P(sigmoid(x[1] - x[0])); }, .definition = [](X x) { return where(x[0] == x[1], x[0] + 0.6931471805599453, max(x[0], x[1]) + log1p(exp(-abs(x[0] - x[1])))); }, .accuracy = {2, 2, 1}, .doc = "log(e^x + e^y), stable"},
    {.name = "xlogy", .arity = 2, .partial = [](X x, const Scalar&, int i) -> P { return i == 0 ? P(where(x[0] == 0 && x[1] <= 0, 0, log(x[1]))) : P(where(x[0] == 0 && x[1] == 0, 0, x[0] / x[1])); }, .singular = true, .rule = rules::xlogy, .accuracy = {2, 2}, .doc = "x log(y), 0 where x is 0; derivatives 0 where y is 0 too"},
    {.name = "cast", .signature = Signature::cast, .rule = [](std::span<const M> x) { return x[0]; }, .doc = "conversion to a dtype"},
};

std::string dtypes_text(std::span<const DType> args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) out += (i ? " and " : "") + std::string(name_of(args[i]));
  return out;
}

DType promoted(std::span<const DType> args) {
  DType t = args[0];
  for (DType a : args) t = promote(t, a);
  return t;
}

}  // namespace

std::span<const ScalarFunction> scalar_functions() { return table; }

const ScalarFunction* scalar_function(std::string_view name) {
  static const std::map<std::string_view, const ScalarFunction*> by_name = [] {
    std::map<std::string_view, const ScalarFunction*> map;
    for (const ScalarFunction& f : table) map[f.name] = &f;
    return map;
  }();
  const auto found = by_name.find(name);
  return found == by_name.end() ? nullptr : found->second;
}

Formula formula_of_row(const ScalarFunction& row) {
  FormulaBuilder builder;
  std::vector<int> args;
  for (int i = 0; i < row.arity; ++i) args.push_back(builder.input(i));
  const int output[] = {builder.call(row, std::move(args))};
  return builder.finish(row.arity, output);
}

Formula formula_of_definition(const ScalarFunction& row) {
  FormulaBuilder builder;
  std::vector<Scalar> args;
  for (int i = 0; i < row.arity; ++i) args.emplace_back(&builder, builder.input(i));
  const int output[] = {row.definition(args).in(builder)};
  return builder.finish(row.arity, output);
}

DType operand_type(const ScalarFunction& row, std::span<const DType> args, DType) {
  switch (row.signature) {
    case Signature::real:
    case Signature::test: {
      const DType t = promoted(args);
      return is_float(t) ? t : f32;
    }
    case Signature::number: {
      const DType t = promoted(args);
      return t == boolean ? i32 : t;
    }
    case Signature::comparison: return promoted(args);
    case Signature::logical: return boolean;
    case Signature::bits:
    case Signature::shift: {
      const DType t = promoted(args);
      if (is_float(t)) throw UserError(std::string(row.name) + ": operands must be integers or bools, got " + dtypes_text(args));
      return row.signature == Signature::shift && t == boolean ? i32 : t;
    }
    case Signature::select: return promoted(args.subspan(1));
    case Signature::cast: return args[0];
  }
  throw InternalError("scalar table: unknown signature");
}

DType result_type(const ScalarFunction& row, std::span<const DType> args, DType cast_to) {
  switch (row.signature) {
    case Signature::comparison:
    case Signature::logical:
    case Signature::test: return boolean;
    case Signature::cast: return cast_to;
    default: return operand_type(row, args, cast_to);
  }
}

}  // namespace lanc
