// ops/elementwise.h: functions of scalars applied to every element, from the table of the scalar language and from users' lambdas.
// Operands broadcast as in NumPy (a literal size 1 repeats; a symbol never against another dim) and promote by the table in
// graph/dtype.h; number operands take the others' dtype. Derivatives of any order come from the formula. Errors (UserError): shapes
// that do not meet, a dtype that the function does not take. ULP bounds and ranges: ops/scalar/table.h.
#pragma once

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/scalar/formula.h>

namespace lanc {

/// The op of a row of the scalar table. InternalError: no such row.
const OpDef& scalar_op(std::string_view name);
/// All of them, in the table's order.
const std::vector<OpRef>& scalar_ops();

/// Any formula as a node: what derivatives of elementwise ops are made of.
struct FormulaAttrs {
  Formula formula = {};
  void fields(auto& visit) { visit("formula", formula); }
};
extern const OpDef formula_op;
/// cast(x, dtype) is a row with the dtype as attribute.
struct CastAttrs {
  DType dtype = DType::f32;
  void fields(auto& visit) { visit("dtype", dtype); }
};
extern const OpDef cast_op;

/// Builds the node: literals become constants, operands are broadcast to the common shape.
Value apply_elementwise(OpRef op, std::vector<Operand> operands, Attributes attributes = {});
Value apply_formula(Formula formula, std::vector<Operand> operands);

/// The formula of an elementwise node; null for other nodes.
const Formula* formula_of(const OpDef& op, const Attributes& attributes);

/// A user's op made of one lambda: complete with derivatives of any order, on every backend.
///     inline const auto swish = elementwise("swish", [](auto x) { return x / (1 + exp(-x)); });
class ElementwiseOp {
 public:
  ElementwiseOp(std::string_view name, Formula formula);
  Value operator()(Operand a) const { return apply_elementwise(op_, {a}); }
  Value operator()(Operand a, Operand b) const { return apply_elementwise(op_, {a, b}); }
  Value operator()(Operand a, Operand b, Operand c) const { return apply_elementwise(op_, {a, b, c}); }
  Value operator()(Operand a, Operand b, Operand c, Operand d) const { return apply_elementwise(op_, {a, b, c, d}); }
  Value operator()(std::vector<Operand> operands) const { return apply_elementwise(op_, std::move(operands)); }
  const OpRef& op() const { return op_; }
  const Formula& formula() const;

 private:
  OpRef op_;
};

namespace detail {
template <class F, class... S>
consteval int lambda_arity() {
  if constexpr (std::is_invocable_v<F, S...>) return static_cast<int>(sizeof...(S));
  else {
    static_assert(sizeof...(S) < 8, "elementwise: the lambda must be callable with 1 to 8 scalars, as in [](auto x) { return x * x; }");
    return lambda_arity<F, S..., Scalar>();
  }
}
}  // namespace detail

/// The lambda takes scalars by `auto` (1 to 8) and must also run on double. `name` is the op's name in texts and files. UserError: a name that is
/// not made of letters, digits and '_', or that an op of the library has. Errors of the formula (a literal that a dtype cannot hold) come when it is applied.
template <class F>
ElementwiseOp elementwise(std::string_view name, F lambda) {
  return {name, record<detail::lambda_arity<F, Scalar>()>(lambda)};
}

// Operators. On integers `/` truncates and x / 0 is 0; comparisons are named functions, since == on Value is identity.
Value operator+(Operand a, Operand b);
Value operator-(Operand a, Operand b);
Value operator*(Operand a, Operand b);
Value operator/(Operand a, Operand b);
Value operator-(Operand a);
Value operator&&(Operand a, Operand b);
Value operator||(Operand a, Operand b);
Value operator!(Operand a);
/// Exactly one of them is true; numbers count as true where they are not 0.
Value logical_xor(Operand x, Operand y);
// Against the built-in operators, which would ask a Value for its truth. `!` has nothing to tell its line by: it takes its operand's.
Value operator&&(const Value& a, Operand b);
Value operator||(const Value& a, Operand b);
Value operator!(const Value& a);

/// e^x.
Value exp(Operand x);
/// 2^x.
Value exp2(Operand x);
/// e^x - 1, exact near 0.
Value expm1(Operand x);
/// natural logarithm; of a softmax: log_softmax (ops/softmax.h).
Value log(Operand x);
/// log(1 + x), exact near 0.
Value log1p(Operand x);
/// logarithm to base 2.
Value log2(Operand x);
/// logarithm to base 10.
Value log10(Operand x);
/// square root.
Value sqrt(Operand x);
/// 1 / sqrt(x).
Value rsqrt(Operand x);
/// cube root.
Value cbrt(Operand x);
/// x * x.
Value square(Operand x);
/// 1 / x.
Value reciprocal(Operand x);
/// sine, x in radians.
Value sin(Operand x);
/// cosine, x in radians.
Value cos(Operand x);
/// tangent, x in radians.
Value tan(Operand x);
/// arc sine in radians.
Value asin(Operand x);
/// arc cosine in radians.
Value acos(Operand x);
/// arc tangent in radians.
Value atan(Operand x);
/// hyperbolic sine.
Value sinh(Operand x);
/// hyperbolic cosine.
Value cosh(Operand x);
/// hyperbolic tangent.
Value tanh(Operand x);
/// inverse hyperbolic sine.
Value asinh(Operand x);
/// inverse hyperbolic cosine.
Value acosh(Operand x);
/// inverse hyperbolic tangent.
Value atanh(Operand x);
/// sin(pi x) / (pi x), 1 at 0.
Value sinc(Operand x);
/// 1 / (1 + e^-x).
Value sigmoid(Operand x);
/// log(x / (1 - x)).
Value logit(Operand x);
/// log(1 + e^x), stable.
Value softplus(Operand x);
/// max(x, 0); derivative 0 at 0.
Value relu(Operand x);
/// scaled exponential linear unit (Klambauer et al. 2017).
Value selu(Operand x);
/// x * Phi(x), by erf (Hendrycks and Gimpel 2016).
Value gelu(Operand x);
/// the tanh approximation of gelu.
Value gelu_tanh(Operand x);
/// x * sigmoid(x).
Value silu(Operand x);
/// x * tanh(softplus(x)) (Misra 2019).
Value mish(Operand x);
/// x limited to [-1, 1].
Value hardtanh(Operand x);
/// x / 6 + 1 / 2 limited to [0, 1].
Value hardsigmoid(Operand x);
/// absolute value; derivative 0 at 0.
Value abs(Operand x);
/// -1, 0 or 1; derivative 0.
Value sign(Operand x);
/// largest integer <= x.
Value floor(Operand x);
/// smallest integer >= x.
Value ceil(Operand x);
/// nearest integer, halves to even.
Value round(Operand x);
/// towards 0.
Value trunc(Operand x);
/// error function.
Value erf(Operand x);
/// 1 - erf(x).
Value erfc(Operand x);
/// inverse error function.
Value erfinv(Operand x);
/// log |Gamma(x)|.
Value lgamma(Operand x);
/// derivative of lgamma.
Value digamma(Operand x);
/// derivative of digamma.
Value trigamma(Operand x);
/// is it NaN (bool).
Value isnan(Operand x);
/// is it infinite (bool).
Value isinf(Operand x);
/// is it neither NaN nor infinite (bool).
Value isfinite(Operand x);

/// x^y.
Value pow(Operand x, Operand y);
/// angle of the point (x, y): atan2(y, x).
Value atan2(Operand y, Operand x);
/// sqrt(x^2 + y^2) without overflow.
Value hypot(Operand x, Operand y);
/// magnitude of x with the sign of y.
Value copysign(Operand x, Operand y);
/// remainder of x / y with the sign of x.
Value fmod(Operand x, Operand y);
/// x - floor(x / y) * y: the sign of y.
Value remainder(Operand x, Operand y);
/// floor(x / y).
Value floor_div(Operand x, Operand y);
/// log(e^x + e^y), stable.
Value logaddexp(Operand x, Operand y);
/// x * log(y), 0 where x is 0.
Value xlogy(Operand x, Operand y);
/// x == y.
Value equal(Operand x, Operand y);
/// x != y.
Value not_equal(Operand x, Operand y);
/// x < y.
Value less_than(Operand x, Operand y);
/// x <= y.
Value less_or_equal(Operand x, Operand y);
/// x > y.
Value greater_than(Operand x, Operand y);
/// x >= y.
Value greater_or_equal(Operand x, Operand y);

/// The larger (smaller) of two; NaN wins; the derivative is halved at ties. Exact overloads win over std::max and std::min.
Value max(Operand x, Operand y);
Value min(Operand x, Operand y);
Value max(const Value& x, const Value& y, std::source_location where = std::source_location::current());
Value min(const Value& x, const Value& y, std::source_location where = std::source_location::current());
/// min(max(x, lo), hi).
Value clamp(Operand x, Operand lo, Operand hi);
Value clamp(const Value& x, const Value& lo, const Value& hi, std::source_location where = std::source_location::current());
/// x where the condition holds, else y; the branch not taken gives no gradient, not even NaN.
Value where(Operand condition, Operand x, Operand y);
/// x for x > 0, slope * x else.
Value leaky_relu(Operand x, Operand slope = 0.01);
/// x for x > 0, alpha * (e^x - 1) else (Clevert et al. 2015).
Value elu(Operand x, Operand alpha = 1.0);
/// Converted: float to integer truncates and saturates, NaN gives 0, to bool: not equal to 0. Itself when it is of that dtype.
Value cast(Operand x, DType dtype);

}  // namespace lanc
