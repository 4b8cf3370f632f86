// Which dtype comes out: the promotion table, the functions' signatures, and literals that follow what they meet.
#include <array>
#include <functional>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include <lanc/autodiff/gradients.h>
#include <lanc/graph/error.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/runtime/session.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

// Rows and columns in the order of all_dtypes: f64, f32, bf16, f16, i64, i32, u8, bool. As in docs/design.md and torch's table, but for
// integers against floats, which give the float, and bf16 against f16, which give f32.
constexpr DType promotion[8][8] = {
    {f64, f64, f64, f64, f64, f64, f64, f64}, {f64, f32, f32, f32, f32, f32, f32, f32},     {f64, f32, bf16, f32, bf16, bf16, bf16, bf16},
    {f64, f32, f32, f16, f16, f16, f16, f16}, {f64, f32, bf16, f16, i64, i64, i64, i64},    {f64, f32, bf16, f16, i64, i32, i32, i32},
    {f64, f32, bf16, f16, i64, i32, u8, u8},  {f64, f32, bf16, f16, i64, i32, u8, boolean},
};

DType float_of(DType t) { return is_float(t) ? t : f32; }
DType number_of(DType t) { return t == boolean ? i32 : t; }

class EachPair : public testing::Test {
 protected:
  template <class F>
  void all(F check) {
    for (size_t a = 0; a < 8; ++a)
      for (size_t b = 0; b < 8; ++b) {
        Graph g;
        const Value x = g.input("x", all_dtypes[a], {2}), y = g.input("y", all_dtypes[b], {2});
        SCOPED_TRACE(std::string(name_of(all_dtypes[a])) + " with " + std::string(name_of(all_dtypes[b])));
        check(x, y, promotion[a][b]);
      }
  }
};

TEST_F(EachPair, PromotesByTheTableAndItsMirror) {
  all([](const Value& x, const Value& y, DType t) {
    EXPECT_EQ(promote(x.dtype(), y.dtype()), t);
    EXPECT_EQ(promote(y.dtype(), x.dtype()), t);
  });
}

TEST_F(EachPair, OfNumbersGivesThePromotedNumber) {
  all([](const Value& x, const Value& y, DType t) {
    EXPECT_EQ((x + y).dtype(), number_of(t));
    EXPECT_EQ((x * y).dtype(), number_of(t));
    EXPECT_EQ((x / y).dtype(), number_of(t));
    EXPECT_EQ(max(x, y).dtype(), number_of(t));
    EXPECT_EQ(remainder(x, y).dtype(), number_of(t));
  });
}

TEST_F(EachPair, OfRealFunctionsGivesThePromotedFloatAndF32ForIntegers) {
  all([](const Value& x, const Value& y, DType t) {
    EXPECT_EQ(pow(x, y).dtype(), float_of(t));
    EXPECT_EQ(atan2(x, y).dtype(), float_of(t));
  });
}

TEST_F(EachPair, OfComparisonsAndLogicGivesBool) {
  all([](const Value& x, const Value& y, DType) {
    EXPECT_EQ(less_than(x, y).dtype(), boolean);
    EXPECT_EQ(equal(x, y).dtype(), boolean);
    EXPECT_EQ((x && y).dtype(), boolean);
  });
}

TEST_F(EachPair, OfBranchesGivesTheirPromotedDtype) {
  all([](const Value& x, const Value& y, DType t) { EXPECT_EQ(where(equal(x, x), x, y).dtype(), t); });
}

TEST_F(EachPair, IsHeldByAFormulaAsByTheGraph) {
  const auto sum = elementwise("sum_of_two", [](auto a, auto b) { return a + b; });
  const auto power = elementwise("power_of_two", [](auto a, auto b) { return pow(a, b); });
  all([&](const Value& x, const Value& y, DType t) {
    EXPECT_EQ(sum(x, y).dtype(), number_of(t));
    EXPECT_EQ(power(x, y).dtype(), float_of(t));
  });
}

// Values, not only types: 3 + 2 in every pair of dtypes, on both backends.
TEST_F(EachPair, ComputesTheSameSum) {
  all([](const Value& x, const Value& y, DType t) {
    Graph g = x.graph();
    Tensor a(x.dtype(), {2}), b(y.dtype(), {2});
    for (int64_t i = 0; i < 2; ++i) {
      a.set(i, 3);
      b.set(i, 2);
    }
    const double want = (x.dtype() == boolean ? 1 : 3) + (y.dtype() == boolean ? 1 : 2);
    const Value sum = x + y;
    for (const Device device : {Device::cpu(), Device::reference()}) {
      const Tensor got = Session(g, {.device = device, .jit = false}).eval({sum}, {{x, a}, {y, b}})[0];
      EXPECT_EQ(got.dtype(), number_of(t));
      EXPECT_EQ(got.at(1), want);
    }
  });
}

TEST(Cast, CarriesTheCotangentBackInTheOperandsDtype) {
  Graph g;
  const Value x = g.input("x", f32, {2}), w = g.input("w", f64, {2});
  const Value dx = gradient(sum(cast(x, f64) * w), x);
  EXPECT_EQ(dx.dtype(), f32);
  const Tensor got = Session(g).eval({dx}, {{x, Tensor(f32, {2})}, {w, Tensor::of<double>({2}, {0.5, 0.1})}})[0];
  EXPECT_EQ(got.at(0), 0.5);
  EXPECT_EQ(got.span<float>()[1], 0.1f);
}

TEST(Cast, ToAnIntegerHasNoDerivative) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  EXPECT_THROW(gradient(sum(cast(cast(x, i32), f32)), x), UserError);
}

// Above and below the range the nearest end of it, NaN 0; 2^31 and 2^63 are floats, the largest integers below them are not.
TEST(Cast, ToAnIntegerTruncatesAndSaturates) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> numbers = {-infinity, -0x1p63, -0x1p31, -300, -1.9, -0.5, 0.5, 1.9, 255, 256, 0x1p31, 0x1p63, infinity, std::numeric_limits<double>::quiet_NaN()};
  constexpr int32_t low = INT32_MIN, high = INT32_MAX;
  const std::vector<int32_t> as_i32 = {low, low, low, -300, -1, 0, 0, 1, 255, 256, high, high, high, 0};
  const std::vector<int64_t> as_i64 = {INT64_MIN, INT64_MIN, low, -300, -1, 0, 0, 1, 255, 256, int64_t{1} << 31, INT64_MAX, INT64_MAX, 0};
  const std::vector<uint8_t> as_u8 = {0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255, 255, 0};
  const auto n = static_cast<int64_t>(numbers.size());
  for (DType t : {f32, f64}) {
    Graph g;
    const Value x = g.input("x", t, {n});
    for (const Device device : {Device::cpu(), Device::reference()}) {
      const Results got = Session(g, {.device = device}).eval({cast(x, i32), cast(x, i64), cast(x, u8)}, {{x, Tensor::of<double>({n}, numbers).to(t)}});
      EXPECT_TRUE(identical(got[0], Tensor::of<int32_t>({n}, as_i32))) << to_text(got[0]);
      EXPECT_TRUE(identical(got[1], Tensor::of<int64_t>({n}, as_i64))) << to_text(got[1]);
      EXPECT_TRUE(identical(got[2], Tensor::of<uint8_t>({n}, as_u8))) << to_text(got[2]);
    }
  }
}

TEST(Division, OfIntegersByZeroIsZeroAndByMinusOneWraps) {
  Graph g;
  const Value x = g.input("x", i32, {6}), y = g.input("y", i32, {6});
  const Feeds feeds = {{x, Tensor::of<int32_t>({6}, {7, INT32_MIN, INT32_MIN, -7, 0, 7})}, {y, Tensor::of<int32_t>({6}, {0, 0, -1, 2, 0, -2})}};
  for (const Device device : {Device::cpu(), Device::reference()}) {
    const Results got = Session(g, {.device = device}).eval({x / y, fmod(x, y)}, feeds);
    EXPECT_TRUE(identical(got[0], Tensor::of<int32_t>({6}, {0, 0, INT32_MIN, -3, 0, -3}))) << to_text(got[0]);
    EXPECT_TRUE(identical(got[1], Tensor::of<int32_t>({6}, {0, 0, 0, -1, 0, 1}))) << to_text(got[1]);
  }
}

class Literals : public testing::Test {
 protected:
  Graph g;
  Value of(DType t) { return g.input("x" + std::to_string(g.size()), t, {2}); }
};

TEST_F(Literals, OfRealsTakeTheFloatTheyMeet) {
  for (const DType t : {f64, f32, bf16, f16}) {
    EXPECT_EQ((of(t) * 1e-4).dtype(), t);
    EXPECT_EQ((2.5 - of(t)).dtype(), t);
    EXPECT_EQ(where(equal(of(t), of(t)), of(t), 0.5).dtype(), t);
  }
}

TEST_F(Literals, OfRealsMakeIntegersF32) {
  for (const DType t : {i64, i32, u8, boolean}) EXPECT_EQ((of(t) * 0.5).dtype(), f32);
}

TEST_F(Literals, OfIntegersBesideTruthsAreNumbers) {
  const Value x = of(boolean);
  const Value is_two = apply_formula(record<1>([](Scalar truth) { return truth == 2; }), {x});
  const Value is_one = apply_formula(record<1>([](Scalar truth) { return truth == 1; }), {x});
  // As nodes of their own, and as the formula that they were written in.
  for (const bool expanded : {true, false}) {
    SessionOptions options;
    if (!expanded) options.disabled_passes = {"expand"};
    const Results got = Session(g, options).eval({is_two, is_one}, {{x, Tensor::of<bool>({2}, {true, false})}});
    EXPECT_TRUE(identical(got[0], Tensor::of<bool>({2}, {false, false})));
    EXPECT_TRUE(identical(got[1], Tensor::of<bool>({2}, {true, false})));
  }
}

TEST_F(Literals, OfIntegersKeepTheDtypeTheyMeet) {
  for (const DType t : {f64, f32, bf16, f16, i64, i32, u8}) EXPECT_EQ((of(t) + 3).dtype(), t);
  EXPECT_EQ((of(boolean) + 3).dtype(), i64);
}

TEST_F(Literals, OfIntegersAreExactInI64) {
  const Value x = g.input("x", i64, {});
  const int64_t big = (int64_t{1} << 62) + 1;
  const Tensor got = Session(g).eval({x + big}, {{x, Tensor::scalar<int64_t>(1)}})[0];
  EXPECT_EQ(got.span<int64_t>()[0], big + 1);
}

TEST_F(Literals, InAFormulaAreWeakToo) {
  const auto half = elementwise("half", [](auto x) { return x * 0.5; });
  const auto next = elementwise("next", [](auto x) { return x + 1; });
  for (const DType t : {f64, f32, bf16, f16}) EXPECT_EQ(half(of(t)).dtype(), t);
  EXPECT_EQ(half(of(i32)).dtype(), f32);
  for (const DType t : {f64, bf16, i64, i32, u8}) EXPECT_EQ(next(of(t)).dtype(), t);
}

// Wrapped or saturated it would be another number.
TEST_F(Literals, MustFitTheDtypeThatTheyMeet) {
  const auto refused = [](const std::function<void()>& build, const std::string& got) {
    const std::string text = message_of(build);
    EXPECT_NE(text.find("a literal must fit the dtype that it meets, got " + got), std::string::npos) << text;
    EXPECT_NE(text.find("promotion_test.cpp:"), std::string::npos) << text;
  };
  const int64_t big = 5'000'000'000;
  refused([&] { of(u8) + 300; }, "300 for u8");
  refused([&] { of(u8) + (-1); }, "-1 for u8");
  refused([&] { equal(of(u8), 256); }, "256 for u8");
  refused([&] { of(i32) + big; }, "5000000000 for i32");
  refused([&] { less_than(of(i32), big); }, "5000000000 for i32");
  refused([&] { elementwise("far", [](auto x) { return x + 300; })(of(u8)); }, "300 for u8");
  EXPECT_EQ((of(u8) + 255).dtype(), u8);
  EXPECT_EQ((of(i64) + big).dtype(), i64);
  EXPECT_EQ((of(boolean) + 300).dtype(), i64);
  EXPECT_EQ((of(bf16) + big).dtype(), bf16);
  refused([&] { of(f32) * 1e300; }, "1e+300 for f32");
  refused([&] { of(f16) + 1e5; }, "1e+05 for f16");
  refused([&] { elementwise("large", [](auto x) { return x * 1e300; })(of(f32)); }, "1e+300 for f32");
  EXPECT_EQ((of(f32) * std::numeric_limits<double>::infinity()).dtype(), f32);
  EXPECT_THROW(of(i64) + (uint64_t{1} << 63), UserError);
}

// 0.1 has no end in binary: its f64 digits survive where it meets f64, though a product of literals stands between.
TEST_F(Literals, KeepTheirDigitsUntilTheyMeetAValue) {
  const auto f = elementwise("tenth", [](auto x) { return x * 0.1; });
  const Value x = g.input("x", f64, {});
  EXPECT_EQ(Session(g).eval({f(x)}, {{x, Tensor::scalar(1.0)}})[0].item<double>(), 0.1);
  FormulaBuilder builder;
  Literal a, b;
  a.real = 0.1;
  b.real = 0.3;
  const ScalarFunction& mul = *scalar_function("mul");
  const int product = builder.call(mul, {builder.literal(a), builder.literal(b)});
  EXPECT_EQ(builder.node(product).kind, FormulaNode::Kind::literal);
  EXPECT_EQ(builder.node(product).literal.real, 0.1 * 0.3);
}

TEST_F(Literals, FoldAsIntegersAmongThemselves) {
  FormulaBuilder builder;
  const auto integer = [&](int64_t v) {
    Literal l;
    l.kind = Literal::Kind::integer;
    l.integer = v;
    l.real = static_cast<double>(v);
    return builder.literal(l);
  };
  const auto folded = [&](const char* f, int64_t x, int64_t y) {
    return builder.node(builder.call(*scalar_function(f), {integer(x), integer(y)})).literal;
  };
  EXPECT_EQ(folded("div", 7, -2).integer, -3);
  EXPECT_EQ(folded("floor_div", 7, -2).integer, -4);
  EXPECT_EQ(folded("div", 7, 0).integer, 0);
  EXPECT_EQ(folded("add", int64_t{1} << 62, 1).integer, (int64_t{1} << 62) + 1);
  EXPECT_EQ(folded("less_than", 1, 2).kind, Literal::Kind::truth);
  EXPECT_EQ(folded("pow", 2, -1).real, 0.5);
}

}  // namespace
}  // namespace lanc
