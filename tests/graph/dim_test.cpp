// Dims: normal form, three-valued questions, binding, and text that reads back.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <lanc/graph/dim.h>
#include <lanc/graph/error.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

const Dim b = Dim::symbol("b"), t = Dim::symbol("t");

TEST(Dim, EqualExpressionsAreEqualObjects) {
  EXPECT_EQ((b + 1) * 2, 2 * b + 2);
  EXPECT_EQ((b + t) * (b - t), b * b - t * t);
  EXPECT_EQ(b - b, Dim(0));
  EXPECT_EQ(floordiv(4 * b, 2), 2 * b);
  EXPECT_EQ(smaller_of(b, t), smaller_of(t, b));
  EXPECT_FALSE(b == t);
}

TEST(Dim, AQuestionIsTrueFalseOrUnknown) {
  EXPECT_EQ(equal_dims(b + 1, 1 + b), Truth::yes);
  EXPECT_EQ(equal_dims(3, 4), Truth::no);
  EXPECT_EQ(equal_dims(b, b + 1), Truth::no);  // whatever b is
  EXPECT_EQ(equal_dims(b, t), Truth::unknown);
  EXPECT_EQ(equal_dims(b, 4), Truth::unknown);
  EXPECT_EQ(equal_dims(b + 5, 4), Truth::no);  // symbols are >= 0
  EXPECT_EQ(at_most(b, b + t), Truth::yes);
  EXPECT_EQ(at_most(b + 1, b), Truth::no);
  EXPECT_EQ(at_most(b, t), Truth::unknown);
}

// What is said without knowing the sizes holds for each of them; and what could be either is not said.
TEST(Dim, AnswersHoldForEverySizeOfTheSymbols) {
  const std::vector<Dim> dims = {0, 3, b, t, b + 1, b - 1, 2 * b, b * t, b * t + t, floordiv(b, 2), ceildiv(b + 3, 4), smaller_of(b, t), larger_of(b - 4, t), larger_of(b, 1)};
  for (const Dim& x : dims)
    for (const Dim& y : dims) {
      const Truth least = at_most(x, y), same = equal_dims(x, y);
      for (int64_t i = 0; i < 7; ++i)
        for (int64_t j = 0; j < 7; ++j) {
          const Bindings sizes = {{"b", i}, {"t", j}};
          const int64_t m = x.bind(sizes), n = y.bind(sizes);
          const std::string where = x.text() + " and " + y.text() + " for b = " + std::to_string(i) + ", t = " + std::to_string(j);
          EXPECT_TRUE(least == Truth::unknown || (m <= n) == (least == Truth::yes)) << where;
          EXPECT_TRUE(same == Truth::unknown || (m == n) == (same == Truth::yes)) << where;
        }
    }
  EXPECT_EQ(at_most(b, 0), Truth::unknown);
  EXPECT_EQ(at_most(0, larger_of(b - 4, t)), Truth::yes);
  EXPECT_EQ(at_most(0, smaller_of(b - 4, t)), Truth::unknown);
}

TEST(Dim, DivisionsRoundDownAndUpWhateverTheSigns) {
  for (int64_t x = -9; x <= 9; ++x)
    for (int64_t y : {-4, -3, -1, 1, 2, 3, 4}) {
      const double exact = static_cast<double>(x) / static_cast<double>(y);
      EXPECT_EQ(floordiv(Dim(x), y), Dim(static_cast<int64_t>(std::floor(exact)))) << x << " / " << y;
      EXPECT_EQ(ceildiv(Dim(x), y), Dim(static_cast<int64_t>(std::ceil(exact)))) << x << " / " << y;
      EXPECT_EQ(floordiv(b - 20, y).bind({{"b", x + 20}}), static_cast<int64_t>(std::floor(exact))) << x << " / " << y;
      EXPECT_EQ(ceildiv(b - 20, y).bind({{"b", x + 20}}), static_cast<int64_t>(std::ceil(exact))) << x << " / " << y;
    }
}

TEST(Dim, BindsToNumbers) {
  const Bindings bindings = {{"b", 7}, {"t", 3}};
  EXPECT_EQ((2 * b + t).bind(bindings), 17);
  EXPECT_EQ(floordiv(b, t).bind(bindings), 2);
  EXPECT_EQ(ceildiv(b, t).bind(bindings), 3);
  EXPECT_EQ(smaller_of(b, t).bind(bindings), 3);
  EXPECT_EQ(larger_of(b, t + 10).bind(bindings), 13);
  EXPECT_EQ((b * t).substitute({{"t", 2}}), 2 * b);
}

TEST(Dim, ReadsBackWhatItPrints) {
  for (const Dim& d : {Dim(5), b, 2 * b + 1, b * t - 3, floordiv(b + 1, 2), ceildiv(b, 4) * t, smaller_of(b, t) + larger_of(b, 2)})
    EXPECT_EQ(parse_dim(d.text()), d) << d.text();
}

TEST(Dim, MistakesAreNamed) {
  EXPECT_EQ(message_of([] { (b + t).bind({{"b", 1}}); }).find("no error"), std::string::npos);
  EXPECT_NE(message_of([] { (b + t).bind({{"b", 1}}); }).find("t"), std::string::npos);
  EXPECT_EQ(message_of([] { floordiv(b, 0); }), "dim: a divisor must not be 0, got 0");
  EXPECT_EQ(message_of([] { Dim(int64_t{1} << 62) * 4; }), "dim: sizes must fit in 64 bits, got an expression that does not");
  EXPECT_EQ(message_of([] { (b * (int64_t{1} << 40)).bind({{"b", int64_t{1} << 40}}); }), "dim: sizes must fit in 64 bits, got an expression that does not");
  EXPECT_EQ(message_of([] { parse_dim("2*"); }), "dim: expected a number or a name at character 3 of '2*'");
  EXPECT_EQ(message_of([] { parse_dim("median(a, b)"); }), "dim: expected floordiv, ceildiv, min or max at character 13 of 'median(a, b)'");
  EXPECT_EQ(message_of([] { parse_dim(std::string(200, '-')); }).find("no error"), std::string::npos);
}

TEST(Dim, TheOneQuotientThatDoesNotFitIsRefused) {
  const Dim least = std::numeric_limits<int64_t>::min();
  using Divide = Dim (*)(const Dim&, const Dim&);
  for (const Divide divide : {Divide([](const Dim& x, const Dim& y) { return floordiv(x, y); }), Divide([](const Dim& x, const Dim& y) { return ceildiv(x, y); })}) {
    EXPECT_EQ(message_of([&] { divide(least, -1); }), "dim: sizes must fit in 64 bits, got an expression that does not");
    EXPECT_EQ(message_of([&] { divide(least * b, -1); }), "dim: sizes must fit in 64 bits, got an expression that does not");
    EXPECT_EQ(message_of([&] { divide(least * b * t, -1 * b); }), "dim: sizes must fit in 64 bits, got an expression that does not");
    EXPECT_EQ(divide(least + 1, -1), Dim(std::numeric_limits<int64_t>::max()));
    EXPECT_EQ(divide(4 * b, -1), -4 * b);
  }
}

TEST(Dim, OfAnUnsignedNumberIsThatNumberOrRefused) {
  EXPECT_EQ(Dim((uint64_t{1} << 63) - 1), Dim(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(message_of([] { Dim(uint64_t{1} << 63); }), "dim: sizes must be below 2^63, got a number that is not");
}

// Without a limit the text of round k has more than 2^k characters.
TEST(Dim, WhoseTextDoublesEachRoundIsRefused) {
  Dim n = b;
  const std::string message = message_of([&] {
    for (int round = 0; round < 30; ++round) n = floordiv(n + 1, 2) + floordiv(n + 2, 3);
  });
  EXPECT_EQ(message, "dim: the text of an expression must have at most 10000 characters, got more");
  EXPECT_GT(n.text().size(), 1000u);
  EXPECT_EQ(parse_dim(n.text()), n);
  Dim power = b + t + 1;
  EXPECT_NE(message_of([&] { for (int round = 0; round < 10; ++round) power = power * power; }), "no error");
}

}  // namespace
}  // namespace lanc
