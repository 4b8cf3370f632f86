// Formulas: they are DAGs, they read back what they print, and their derivatives are those of the function.
#include <cmath>
#include <map>

#include <gtest/gtest.h>

#include <lanc/graph/error.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

size_t calls_of(const Formula& f) {
  size_t n = 0;
  for (const FormulaNode& node : f.nodes()) n += node.kind == FormulaNode::Kind::call;
  return n;
}

// The calls that the formula would have if nothing were shared.
double tree_of(const Formula& f) {
  std::vector<double> size;
  for (const FormulaNode& node : f.nodes()) {
    double n = node.kind == FormulaNode::Kind::call ? 1 : 0;
    for (int a : node.args) n += size[static_cast<size_t>(a)];
    size.push_back(n);
  }
  double total = 0;
  for (int o : f.outputs()) total += size[static_cast<size_t>(o)];
  return total;
}

// d/dx of a formula whose first input is x; the cotangents of the derivatives before are among the other inputs.
Formula derived(const Formula& f) {
  const auto d = derivative(f, 0, 0);
  EXPECT_TRUE(d.has_value());
  return *d;
}

double at(const Formula& f, double x) {
  std::vector<double> args(static_cast<size_t>(f.inputs()), 1.0);
  args[0] = x;
  return evaluate_f64(f, args);
}

const auto gelu_lambda = [](auto x) { return 0.5 * x * (1 + erf(x / 1.4142135623730951)); };

// phi(x) is the normal density: gelu''' = phi(x) (x^3 - 4 x).
TEST(Formula, OfTheThirdDerivativeOfGeluHasTensOfCalls) {
  const Formula third = derived(derived(derived(record<1>(gelu_lambda))));
  EXPECT_LE(calls_of(third), 52u);
  for (const double x : {-1.5, 0.0, 0.3, 2.0})
    EXPECT_NEAR(at(third, x), std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)) * (x * x * x - 4 * x), 1e-14);
}

TEST(Formula, OfAThirdDerivativeIsADagWhereATreeHasHundredsOfCalls) {
  const Formula third = derived(derived(derived(formula_of_definition(*scalar_function("gelu_tanh")))));
  EXPECT_LE(calls_of(third), 120u);
  EXPECT_GE(tree_of(third), 10 * static_cast<double>(calls_of(third)));
}

TEST(Formula, SharesEqualParts) {
  const Formula f = record<1>([](auto x) { return exp(x) * exp(x) + exp(x); });
  EXPECT_EQ(calls_of(f), 3u);
}

TEST(Formula, GrowsLinearlyWithTheOrderOfRepeatedSquares) {
  const Formula f = record<1>([](auto x) {
    auto y = x;
    for (int i = 0; i < 40; ++i) y = y * y + x;
    return y;
  });
  EXPECT_EQ(calls_of(f), 80u);
  EXPECT_LE(calls_of(derived(f)), 400u);  // a tree would have 2^40
}

TEST(Formula, OfTheTableReadsBackWhatItPrints) {
  for (const ScalarFunction& row : scalar_functions()) {
    if (row.signature == Signature::cast) continue;
    const Formula f = formula_of_row(row);
    EXPECT_EQ(Formula::parse(f.text()), f) << row.name;
    for (int i = 0; i < row.arity; ++i) {
      const auto d = derivative(f, 0, i);
      if (!d) continue;
      const Formula back = Formula::parse(d->text());
      EXPECT_EQ(back, *d) << row.name << " by argument " << i;
      EXPECT_EQ(calls_of(back), calls_of(*d)) << row.name;
    }
  }
}

TEST(Formula, KeepsLiteralsToTheLastBit) {
  for (const double v : {0.1, 1.0 / 3, 1e300, 4.9e-324, -0.0, HUGE_VAL, -HUGE_VAL, 12345678901234567890.0}) {
    const Formula f = record<1>([v](Scalar x) { return x + v; });
    const Formula back = Formula::parse(f.text());
    ASSERT_EQ(back, f);
    bool found = false;
    for (const FormulaNode& n : back.nodes())
      if (n.kind == FormulaNode::Kind::literal) {
        EXPECT_EQ(n.literal.real, v);
        EXPECT_EQ(std::signbit(n.literal.real), std::signbit(v));
        EXPECT_EQ(n.literal.kind, Literal::Kind::real);
        found = true;
      }
    EXPECT_TRUE(found);
  }
  static constexpr int64_t big = (int64_t{1} << 62) + 1;
  const Formula f = Formula::parse(record<1>([](Scalar x) { return x + big; }).text());
  EXPECT_EQ(f.nodes()[1].literal.integer, big);
}

TEST(Formula, RefusesTextThatIsNotOne) {
  for (const char* text : {"1", "1:", "1: t0 = exp(x0)", "1: t0 = exp(x0); t1", "1: t0 = nosuch(x0); t0", "1: t0 = exp(x0, x0); t0",
                           "1: t0 = exp(x1); t0", "1: t0 = exp(t0); t0", "1: t0 = exp(x0); t0 = exp(x0); t0", "-1: x0",
                           "99999999999999999999: x0", "1: t0 = cast(x0, f33); t0", "1: t0 = exp(x0); t0 trailing"})
    EXPECT_THROW(Formula::parse(text), UserError) << text;
}

// Cutting or changing any one character gives an error or another formula, never a crash.
TEST(Formula, SurvivesDamagedText) {
  const std::string text = derived(record<1>(gelu_lambda)).text();
  for (size_t i = 0; i < text.size(); ++i)
    for (const char c : {'\0', 't', '9', '(', ' '}) {
      std::string damaged = text;
      if (c == '\0')
        damaged.erase(i);
      else
        damaged[i] = c;
      try {
        Formula::parse(damaged);
      } catch (const UserError&) {}
    }
}

TEST(Formula, HasNoDerivativeWhereTheFunctionIsPiecewiseConstant) {
  for (const char* name : {"floor", "ceil", "round", "trunc", "sign", "floor_div", "equal", "less_than", "isnan"}) {
    const ScalarFunction& row = *scalar_function(name);
    EXPECT_FALSE(derivative(formula_of_row(row), 0, 0).has_value()) << name;
  }
}

// The branch that is not taken has an infinite derivative, or none: it must not show.
TEST(Derivative, OfABranchNotTakenDoesNotShow) {
  const auto slope = [](auto f, double x) { return at(derived(record<1>(f)), x); };
  EXPECT_EQ(slope([](auto x) { return where(x > 0, sqrt(x), 0.0 * x); }, 0.0), 0);
  EXPECT_EQ(slope([](auto x) { return where(x > 0, log(x), x); }, 0.0), 1);
  EXPECT_EQ(slope([](auto x) { return where(x > 0, 1 / x, x); }, 0.0), 1);
  EXPECT_EQ(slope([](auto x) { return where(x > 0, pow(x, 0.5), 2 * x); }, -1.0), 2);
  EXPECT_EQ(slope([](auto x) { return where(x == 0, 1 + 0 * x, sin(x) / x); }, 0.0), 0);
}

TEST(Derivative, AtKinksIsTheStatedOne) {
  const auto slope = [](auto f, double x) { return at(derived(record<1>(f)), x); };
  EXPECT_EQ(slope([](auto x) { return relu(x); }, 0.0), 0);
  EXPECT_EQ(slope([](auto x) { return abs(x); }, 0.0), 0);
  EXPECT_EQ(slope([](auto x) { return max(x, 1.0); }, 1.0), 0.5);
  EXPECT_EQ(slope([](auto x) { return min(x, 1.0); }, 1.0), 0.5);
  EXPECT_EQ(slope([](auto x) { return sqrt(x); }, 0.0), INFINITY);
  EXPECT_EQ(slope([](auto x) { return pow(x, 2.0); }, 0.0), 0);
  EXPECT_EQ(slope([](auto x) { return pow(x, 1.0); }, 0.0), 1);
  EXPECT_EQ(slope([](auto x) { return pow(x, 0.0); }, 0.0), 0);
  EXPECT_EQ(slope([](auto x) { return pow(2.0, x); }, 0.0), std::log(2.0));
}

// A power of a negative base has a derivative by the base, also of second order.
TEST(Derivative, OfAPowerOfANegativeBase) {
  const Formula cube = record<1>([](auto x) { return pow(x, 3.0); });
  EXPECT_DOUBLE_EQ(at(derived(cube), -2.0), 12);
  EXPECT_DOUBLE_EQ(at(derived(derived(cube)), -2.0), -12);
  EXPECT_DOUBLE_EQ(at(derived(derived(cube)), 0.0), 0);
}

}  // namespace
}  // namespace lanc
