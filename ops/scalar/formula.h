// ops/scalar/formula.h: a scalar formula, recorded once from a lambda and kept as a hash-consed DAG: equal parts are one node.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <lanc/graph/dtype.h>
#include <lanc/graph/value.h>

namespace lanc {

struct ScalarFunction;  // a row of the table, table.h

struct FormulaNode {
  enum class Kind : uint8_t { input, literal, call };
  Kind kind = Kind::input;
  int input = 0;                             // of an input
  Literal literal = {};                      // weakly typed: takes the dtype of what it meets
  const ScalarFunction* function = nullptr;  // of a call
  DType cast_to = DType::f32;                // of a call of `cast`
  std::vector<int> args = {};                // earlier nodes
};

/// An immutable value; copies share.
class Formula {
 public:
  Formula();
  int inputs() const;
  std::span<const FormulaNode> nodes() const;
  std::span<const int> outputs() const;
  /// One line that parse() reads back: "t0 = neg(x0); t1 = exp(t0); t2 = add(1, t1); 1: div(x0, t2)".
  const std::string& text() const;
  /// UserError with the position. Bounded: at most 10,000 nodes.
  static Formula parse(const std::string& text);
  friend bool operator==(const Formula& a, const Formula& b) { return a.text() == b.text(); }

  /// The dtype of each output for operands of these dtypes. UserError: a function does not take its operand's dtype.
  std::vector<DType> result_types(std::span<const DType> inputs) const;
  /// The dtype of every node; a literal has that of the call that reads it, which may differ from call to call: it is given as nullopt.
  std::vector<std::optional<DType>> node_types(std::span<const DType> inputs) const;

 private:
  friend class FormulaBuilder;
  struct Data;
  explicit Formula(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

/// Makes formulas node by node; equal nodes are made once.
class FormulaBuilder {
 public:
  FormulaBuilder();
  ~FormulaBuilder();
  FormulaBuilder(const FormulaBuilder&) = delete;
  FormulaBuilder& operator=(const FormulaBuilder&) = delete;
  int input(int index);
  int literal(const Literal& value);
  int call(const ScalarFunction& function, std::vector<int> args, DType cast_to = DType::f32);
  /// All nodes of `formula` with `inputs` in the place of its inputs; its outputs as nodes here.
  std::vector<int> splice(const Formula& formula, std::span<const int> inputs);
  const FormulaNode& node(int id) const;
  /// Nodes that the outputs do not need are left out.
  Formula finish(int inputs, std::span<const int> outputs) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A scalar inside a lambda that is being recorded: a number or a node.
class Scalar {
 public:
  template <class T>
    requires std::is_arithmetic_v<T>
  Scalar(T number) : literal_(number) {}
  Scalar(FormulaBuilder* builder, int node) : builder_(builder), node_(node) {}
  FormulaBuilder* builder() const { return builder_; }
  /// The node in this builder; numbers become literals.
  int in(FormulaBuilder& builder) const { return builder_ == nullptr ? builder.literal(literal_) : node_; }
  bool is_number() const { return builder_ == nullptr || builder_->node(node_).kind == FormulaNode::Kind::literal; }

  template <class T>
    requires std::same_as<T, bool>
  explicit operator T() const {
    static_assert(!std::same_as<T, bool>, "a formula is recorded once: use where(condition, a, b) in the place of `if` and `?:`");
    return false;
  }

 private:
  FormulaBuilder* builder_ = nullptr;
  int node_ = -1;
  Literal literal_;
};

/// A call of a table function by name, on scalars. UserError when all are numbers.
Scalar call_scalar(std::string_view function, std::initializer_list<Scalar> args);
Scalar cast(Scalar x, DType dtype);

namespace detail {
template <int N, class F, size_t... I>
auto call_with_inputs(FormulaBuilder& builder, F& f, std::index_sequence<I...>) {
  return f(Scalar(&builder, builder.input(static_cast<int>(I)))...);
}
}  // namespace detail

/// Records f(x0, ..., xN-1).
template <int N, class F>
Formula record(F f) {
  FormulaBuilder builder;
  const Scalar result = detail::call_with_inputs<N>(builder, f, std::make_index_sequence<N>());
  const int output[] = {result.in(builder)};
  return builder.finish(N, output);
}

/// Reverse mode over the DAG: a formula of (x0, ..., xn-1, dy) that gives dy * d output / d x_wrt; none when it is 0 everywhere. A zero
/// cotangent wins over an infinite derivative, so that the branch of `where` that is not taken gives 0 and not NaN.
std::optional<Formula> derivative(const Formula& formula, int output, int wrt);

// Functions of the table on Scalar, and on double where <cmath> has none; documented in table.cpp.
Scalar operator+(Scalar a, Scalar b);
Scalar operator-(Scalar a, Scalar b);
Scalar operator*(Scalar a, Scalar b);
Scalar operator/(Scalar a, Scalar b);
Scalar operator-(Scalar a);
Scalar operator<(Scalar a, Scalar b);
Scalar operator<=(Scalar a, Scalar b);
Scalar operator>(Scalar a, Scalar b);
Scalar operator>=(Scalar a, Scalar b);
Scalar operator==(Scalar a, Scalar b);
Scalar operator!=(Scalar a, Scalar b);
Scalar operator&&(const Scalar& a, const Scalar& b);
Scalar operator||(const Scalar& a, const Scalar& b);
Scalar operator!(const Scalar& a);
Scalar exp(Scalar x);
Scalar exp2(Scalar x);
Scalar expm1(Scalar x);
Scalar log(Scalar x);
Scalar log1p(Scalar x);
Scalar log2(Scalar x);
Scalar log10(Scalar x);
Scalar sqrt(Scalar x);
Scalar rsqrt(Scalar x);
Scalar cbrt(Scalar x);
Scalar square(Scalar x);
Scalar reciprocal(Scalar x);
Scalar sin(Scalar x);
Scalar cos(Scalar x);
Scalar tan(Scalar x);
Scalar asin(Scalar x);
Scalar acos(Scalar x);
Scalar atan(Scalar x);
Scalar sinh(Scalar x);
Scalar cosh(Scalar x);
Scalar tanh(Scalar x);
Scalar asinh(Scalar x);
Scalar acosh(Scalar x);
Scalar atanh(Scalar x);
Scalar sigmoid(Scalar x);
Scalar logit(Scalar x);
Scalar softplus(Scalar x);
Scalar relu(Scalar x);
Scalar gelu(Scalar x);
Scalar silu(Scalar x);
Scalar abs(Scalar x);
Scalar sign(Scalar x);
Scalar floor(Scalar x);
Scalar ceil(Scalar x);
Scalar round(Scalar x);
Scalar trunc(Scalar x);
Scalar erf(Scalar x);
Scalar erfc(Scalar x);
Scalar erfinv(Scalar x);
Scalar lgamma(Scalar x);
Scalar digamma(Scalar x);
Scalar pow(Scalar x, Scalar y);
Scalar atan2(Scalar y, Scalar x);
Scalar hypot(Scalar x, Scalar y);
Scalar copysign(Scalar x, Scalar y);
Scalar fmod(Scalar x, Scalar y);
Scalar xlogy(Scalar x, Scalar y);
Scalar logaddexp(Scalar x, Scalar y);
Scalar max(const Scalar& x, const Scalar& y);
Scalar min(const Scalar& x, const Scalar& y);
Scalar max(Scalar x, double y);
Scalar max(double x, Scalar y);
Scalar min(Scalar x, double y);
Scalar min(double x, Scalar y);
Scalar clamp(const Scalar& x, const Scalar& lo, const Scalar& hi);
Scalar where(Scalar condition, Scalar x, Scalar y);

double sigmoid(double x);
double logit(double x);
double softplus(double x);
double relu(double x);
double gelu(double x);
double silu(double x);
double rsqrt(double x);
double square(double x);
double reciprocal(double x);
double sign(double x);
double erfinv(double x);
double digamma(double x);
double xlogy(double x, double y);
double logaddexp(double x, double y);
double max(double x, double y);
double min(double x, double y);
double where(bool condition, double x, double y);

}  // namespace lanc
