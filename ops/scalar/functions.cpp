// The table's functions as C++ functions of Scalar, and of double where <cmath> has none.
#include <lanc/ops/scalar/formula.h>

#include <algorithm>
#include <cmath>

#include <lanc/ops/scalar/program.h>

namespace lanc {

Scalar operator+(Scalar a, Scalar b) { return call_scalar("add", {a, b}); }
Scalar operator-(Scalar a, Scalar b) { return call_scalar("sub", {a, b}); }
Scalar operator*(Scalar a, Scalar b) { return call_scalar("mul", {a, b}); }
Scalar operator/(Scalar a, Scalar b) { return call_scalar("div", {a, b}); }
Scalar operator<(Scalar a, Scalar b) { return call_scalar("less_than", {a, b}); }
Scalar operator<=(Scalar a, Scalar b) { return call_scalar("less_or_equal", {a, b}); }
Scalar operator>(Scalar a, Scalar b) { return call_scalar("greater_than", {a, b}); }
Scalar operator>=(Scalar a, Scalar b) { return call_scalar("greater_or_equal", {a, b}); }
Scalar operator==(Scalar a, Scalar b) { return call_scalar("equal", {a, b}); }
Scalar operator!=(Scalar a, Scalar b) { return call_scalar("not_equal", {a, b}); }
Scalar operator-(Scalar a) { return call_scalar("neg", {a}); }
Scalar operator&&(const Scalar& a, const Scalar& b) { return call_scalar("and", {a, b}); }
Scalar operator||(const Scalar& a, const Scalar& b) { return call_scalar("or", {a, b}); }
Scalar operator!(const Scalar& a) { return call_scalar("not", {a}); }

Scalar exp(Scalar x) { return call_scalar("exp", {x}); }
Scalar exp2(Scalar x) { return call_scalar("exp2", {x}); }
Scalar expm1(Scalar x) { return call_scalar("expm1", {x}); }
Scalar log(Scalar x) { return call_scalar("log", {x}); }
Scalar log1p(Scalar x) { return call_scalar("log1p", {x}); }
Scalar log2(Scalar x) { return call_scalar("log2", {x}); }
Scalar log10(Scalar x) { return call_scalar("log10", {x}); }
Scalar sqrt(Scalar x) { return call_scalar("sqrt", {x}); }
Scalar rsqrt(Scalar x) { return call_scalar("rsqrt", {x}); }
Scalar cbrt(Scalar x) { return call_scalar("cbrt", {x}); }
Scalar square(Scalar x) { return call_scalar("square", {x}); }
Scalar reciprocal(Scalar x) { return call_scalar("reciprocal", {x}); }
Scalar sin(Scalar x) { return call_scalar("sin", {x}); }
Scalar cos(Scalar x) { return call_scalar("cos", {x}); }
Scalar tan(Scalar x) { return call_scalar("tan", {x}); }
Scalar asin(Scalar x) { return call_scalar("asin", {x}); }
Scalar acos(Scalar x) { return call_scalar("acos", {x}); }
Scalar atan(Scalar x) { return call_scalar("atan", {x}); }
Scalar sinh(Scalar x) { return call_scalar("sinh", {x}); }
Scalar cosh(Scalar x) { return call_scalar("cosh", {x}); }
Scalar tanh(Scalar x) { return call_scalar("tanh", {x}); }
Scalar asinh(Scalar x) { return call_scalar("asinh", {x}); }
Scalar acosh(Scalar x) { return call_scalar("acosh", {x}); }
Scalar atanh(Scalar x) { return call_scalar("atanh", {x}); }
Scalar sigmoid(Scalar x) { return call_scalar("sigmoid", {x}); }
Scalar logit(Scalar x) { return call_scalar("logit", {x}); }
Scalar softplus(Scalar x) { return call_scalar("softplus", {x}); }
Scalar relu(Scalar x) { return call_scalar("relu", {x}); }
Scalar gelu(Scalar x) { return call_scalar("gelu", {x}); }
Scalar silu(Scalar x) { return call_scalar("silu", {x}); }
Scalar abs(Scalar x) { return call_scalar("abs", {x}); }
Scalar sign(Scalar x) { return call_scalar("sign", {x}); }
Scalar floor(Scalar x) { return call_scalar("floor", {x}); }
Scalar ceil(Scalar x) { return call_scalar("ceil", {x}); }
Scalar round(Scalar x) { return call_scalar("round", {x}); }
Scalar trunc(Scalar x) { return call_scalar("trunc", {x}); }
Scalar erf(Scalar x) { return call_scalar("erf", {x}); }
Scalar erfc(Scalar x) { return call_scalar("erfc", {x}); }
Scalar erfinv(Scalar x) { return call_scalar("erfinv", {x}); }
Scalar lgamma(Scalar x) { return call_scalar("lgamma", {x}); }
Scalar digamma(Scalar x) { return call_scalar("digamma", {x}); }
Scalar pow(Scalar x, Scalar y) { return call_scalar("pow", {x, y}); }
Scalar atan2(Scalar y, Scalar x) { return call_scalar("atan2", {y, x}); }
Scalar hypot(Scalar x, Scalar y) { return call_scalar("hypot", {x, y}); }
Scalar copysign(Scalar x, Scalar y) { return call_scalar("copysign", {x, y}); }
Scalar fmod(Scalar x, Scalar y) { return call_scalar("fmod", {x, y}); }
Scalar xlogy(Scalar x, Scalar y) { return call_scalar("xlogy", {x, y}); }
Scalar logaddexp(Scalar x, Scalar y) { return call_scalar("logaddexp", {x, y}); }
Scalar max(const Scalar& x, const Scalar& y) { return call_scalar("max", {x, y}); }
Scalar min(const Scalar& x, const Scalar& y) { return call_scalar("min", {x, y}); }
Scalar max(Scalar x, double y) { return call_scalar("max", {x, y}); }
Scalar max(double x, Scalar y) { return call_scalar("max", {x, y}); }
Scalar min(Scalar x, double y) { return call_scalar("min", {x, y}); }
Scalar min(double x, Scalar y) { return call_scalar("min", {x, y}); }
Scalar clamp(const Scalar& x, const Scalar& lo, const Scalar& hi) { return call_scalar("clamp", {x, lo, hi}); }
Scalar where(Scalar condition, Scalar x, Scalar y) { return call_scalar("where", {condition, x, y}); }

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double logit(double x) { return std::log(x / (1 - x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double relu(double x) { return x > 0 ? x : 0; }
double gelu(double x) { return 0.5 * x * std::erfc(-x * 0.7071067811865476); }
double silu(double x) { return x * sigmoid(x); }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double square(double x) { return x * x; }
double reciprocal(double x) { return 1 / x; }
double sign(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }
double erfinv(double x) { return scalar_routine("lanc_scalar_erfinv").unary(x); }
double digamma(double x) { return scalar_routine("lanc_scalar_digamma").unary(x); }
double xlogy(double x, double y) { return x == 0 ? 0 : x * std::log(y); }
double logaddexp(double x, double y) { return std::max(x, y) + std::log1p(std::exp(-std::abs(x - y))); }
double max(double x, double y) { return std::isnan(x) || x > y ? x : y; }
double min(double x, double y) { return std::isnan(x) || x < y ? x : y; }
double where(bool condition, double x, double y) { return condition ? x : y; }

}  // namespace lanc
