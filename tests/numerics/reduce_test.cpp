// Reductions and what runs along an axis: exact derivatives at zeros, accuracy of long sums, stable forms, both backends.
#include <limits>
#include <vector>

#include <lanc/tests/numerics/checks.h>

namespace lanc::numerics {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

Tensor zeros_at(Sizes sizes, std::vector<int64_t> zeros) {
  Tensor t = filled(f64, std::move(sizes), [](int64_t i) { return 0.5 + std::abs(wave(i)); });
  for (int64_t i : zeros) t.set(i, 0);
  return t;
}

TEST(Prod, HasExactDerivativesWhereElementsAreZero) {
  for (const std::vector<int64_t>& zeros : {std::vector<int64_t>{}, {1}, {1, 2}, {0, 1, 3}})
    for (const ReduceAttrs& attrs : {ReduceAttrs{}, ReduceAttrs{.axes = {0}}, ReduceAttrs{.axes = {-1}, .keep = true}, ReduceAttrs{.axes = {0, 2}}})
      expect_derivatives([&](const Value& x) { return prod(x, attrs); }, zeros_at({2, 2, 3}, zeros));
}

// y = a b c at (0, 0, 5): only d2/da db = c is not 0.
TEST(Prod, HasASecondDerivativeAtTwoZeros) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Value first = gradient(prod(x), x);
  const Value second = gradient(sum(first * constant(g, Tensor::of<double>({3}, {1, 0, 0}))), x);
  const Results r = Session(g).eval({first, second}, {{x, Tensor::of<double>({3}, {0, 0, 5})}});
  EXPECT_TRUE(identical(r[0], Tensor::of<double>({3}, {0, 0, 0})));
  EXPECT_TRUE(identical(r[1], Tensor::of<double>({3}, {0, 5, 0})));
}

TEST(Cumulative, HasExactDerivativesWhereElementsAreZero) {
  for (int kind = 0; kind < 8; ++kind) {
    const CumulativeAttrs attrs{.axis = kind / 4, .exclusive = (kind & 1) != 0, .reversed = (kind & 2) != 0};
    for (const std::vector<int64_t>& zeros : {std::vector<int64_t>{}, {1}, {1, 2, 4}}) {
      expect_derivatives([&](const Value& x) { return cumprod(x, attrs); }, zeros_at({3, 4}, zeros));
      expect_derivatives([&](const Value& x) { return square(cumsum(x, attrs)); }, zeros_at({3, 4}, zeros));
    }
  }
}

TEST(LinearRecurrence, HasExactDerivativesInEveryForm) {
  for (RecurrenceForm form : {RecurrenceForm::plain, RecurrenceForm::lagged, RecurrenceForm::exclusive})
    for (bool reversed : {false, true})
      for (int64_t axis : {0, 1})
        expect_derivatives([&](const Value& x) { return linear_recurrence(x, 1 - square(x), {axis, form, reversed}); }, zeros_at({3, 4}, {1, 5}));
}

TEST(LinearRecurrence, GivesItsThreeForms) {
  Graph g;
  const Value a = g.input("a", f64, {4}), b = g.input("b", f64, {4});
  const auto at = [&](RecurrenceForm form, bool reversed) { return linear_recurrence(a, b, {.axis = 0, .form = form, .reversed = reversed}); };
  const Results r = Session(g).eval({at(RecurrenceForm::plain, false), at(RecurrenceForm::lagged, false), at(RecurrenceForm::exclusive, false),
                                     at(RecurrenceForm::plain, true)},
                                    {{a, Tensor::of<double>({4}, {2, 3, 5, 7})}, {b, Tensor::of<double>({4}, {1, 10, 100, 1000})}});
  EXPECT_TRUE(identical(r[0], Tensor::of<double>({4}, {1, 13, 165, 2155})));
  EXPECT_TRUE(identical(r[1], Tensor::of<double>({4}, {1, 12, 136, 1680})));
  EXPECT_TRUE(identical(r[2], Tensor::of<double>({4}, {0, 1, 13, 165})));
  EXPECT_TRUE(identical(r[3], Tensor::of<double>({4}, {1 + 2 * (10 + 3 * 5100.0), 10 + 3 * 5100.0, 5100, 1000})));
}

TEST(Statistics, HaveTheDerivativesOfTheirFormulas) {
  const Tensor at = zeros_at({3, 4}, {});
  for (double correction : {0.0, 1.0, 0.5}) {
    expect_derivatives([&](const Value& x) { return variance(x, {.axes = {1}, .correction = correction}); }, at);
    expect_derivatives([&](const Value& x) { return standard_deviation(x, {.axes = {0}, .keep = true, .correction = correction}); }, at);
  }
  for (double p : {1.0, 1.5, 2.0, 3.0, inf}) expect_derivatives([&](const Value& x) { return norm(x, {.p = p, .axes = {1}}); }, at);
  expect_derivatives([](const Value& x) { return logsumexp(x, {.axes = {1}}); }, at);
  expect_derivatives([](const Value& x) { return softmax(x, {.axis = 0}); }, at);
  expect_derivatives([](const Value& x) { return log_softmax(x); }, at);
}

TEST(Norm, HasDerivativeZeroWhereAllIsZero) {
  for (double p : {0.5, 1.0, 1.5, 2.0, 3.0, inf}) {
    Graph g;
    const Value x = g.input("x", f64, {3});
    const Value y = norm(x, {.p = p});
    const Results r = Session(g).eval({y, gradient(y, x)}, {{x, Tensor(f64, {3})}});
    EXPECT_EQ(r[0].item<double>(), 0) << p;
    EXPECT_TRUE(identical(r[1], Tensor(f64, {3}))) << p;
  }
  EXPECT_EQ(value_of([](const Value& x) { return norm(x, {.p = inf}); }, Tensor(f32, {0})).item<float>(), 0);
}

TEST(StandardDeviation, OfEqualElementsHasDerivativeZero) {
  Graph g;
  const Value x = g.input("x", f32, {4});
  const Value y = standard_deviation(x);
  const Results r = Session(g).eval({y, gradient(y, x)}, {{x, filled(f32, {4}, [](int64_t) { return 3; })}});
  EXPECT_EQ(r[0].item<float>(), 0);
  EXPECT_TRUE(identical(r[1], Tensor(f32, {4})));
}

TEST(Variance, OfNoMoreElementsThanItsCorrectionIsNan) {
  const auto nan_at = [](Sizes sizes) { return std::isnan(value_of([](const Value& x) { return variance(x); }, Tensor(f32, std::move(sizes))).item<double>()); };
  EXPECT_TRUE(nan_at({0}));
  EXPECT_TRUE(nan_at({1}));
  EXPECT_FALSE(nan_at({2}));
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Function f = Session(g).function({x}, {variance(x), variance(x, {.correction = 0})});
  EXPECT_TRUE(std::isnan(f(Tensor(f32, {1}))[0].item<float>()));
  EXPECT_EQ(f(Tensor(f32, {1}))[1].item<float>(), 0);
  EXPECT_EQ(f(Tensor::of<float>({4}, {1, 2, 3, 4}))[1].item<float>(), 1.25f);
}

// Adding one after the other would be wrong by 8.7 % here. In blocks (ops/fused.h) an element goes through 8 additions in its lane, 5 of lanes,
// at most 2,442 of blocks and 16 of parts, all rounded the same way in this worst case: 2471 * 2^-24 = 1.5e-4.
TEST(Sum, OfTenMillionTenthsIsNearlyAMillion) {
  const Tensor x = filled(f32, {10'000'000}, [](int64_t) { return 0.1f; });
  const double exact = 1e7 * static_cast<double>(0.1f);
  EXPECT_NEAR(value_of([](const Value& v) { return sum(v); }, x).item<double>(), exact, 1.5e-4 * exact);
  EXPECT_NEAR(value_of([](const Value& v) { return mean(v); }, x).item<double>(), static_cast<double>(0.1f), 1.5e-4 * 0.1);
  // The last of the running sums is rounded once.
  const Tensor running = value_of([](const Value& v) { return cumsum(v); }, x);
  EXPECT_EQ(running.at(9'999'999), static_cast<double>(static_cast<float>(exact)));
  for (DType t : {bf16, f16}) {
    const Tensor half = x.to(t);
    EXPECT_NEAR(value_of([](const Value& v) { return mean(v); }, half).item<double>(), half.at(0), 1e-3 * half.at(0)) << name_of(t);
  }
}

TEST(Positions, GoToTheFirstOfEqualOnesAndToNanFirst) {
  const Tensor x = Tensor::of<double>({3, 4}, {1, 3, 3, 2, nan, 5, nan, 9, -inf, -inf, -inf, -inf});
  for (const SessionOptions& options : {SessionOptions{}, SessionOptions{.device = Device::reference()}}) {
    EXPECT_TRUE(identical(value_of([](const Value& v) { return argmax(v, {.axes = {1}}); }, x, options), Tensor::of<int64_t>({3}, {1, 0, 0})));
    EXPECT_TRUE(identical(value_of([](const Value& v) { return argmin(v, {.axes = {1}}); }, x, options), Tensor::of<int64_t>({3}, {0, 0, 0})));
    EXPECT_TRUE(identical(value_of([](const Value& v) { return argmin(v, {.axes = {0}}); }, x, options), Tensor::of<int64_t>({4}, {1, 2, 1, 2})));
    EXPECT_EQ(value_of([](const Value& v) { return argmax(v); }, x, options).item<int64_t>(), 4);
  }
}

TEST(Softmax, StaysFiniteForLargeLogits) {
  for (const SessionOptions& options : {SessionOptions{}, SessionOptions{.device = Device::reference()}, SessionOptions{.disabled_passes = {"algebra"}}}) {
    Graph g;
    const Value x = g.input("x", f32, {3});
    const Value y = log(softmax(x));
    const Value dx = gradient(sum(y * constant(g, Tensor::of<float>({3}, {1, 2, 3}))), x);
    const Results r = Session(g, options).eval({y, dx, logsumexp(x)}, {{x, Tensor::of<float>({3}, {1e4f, -1e4f, 0})}});
    EXPECT_TRUE(identical(r[0], Tensor::of<float>({3}, {0, -2e4f, -1e4f})));
    EXPECT_TRUE(identical(r[1], Tensor::of<float>({3}, {1 - 6, 2, 3})));
    EXPECT_EQ(r[2].item<float>(), 1e4f);
  }
}

TEST(Softmax, OfARowOfMinusInfinityIsNanAndItsLogsumexpIsMinusInfinity) {
  const Tensor x = filled(f32, {2}, [](int64_t) { return -inf; });
  EXPECT_TRUE(std::isnan(value_of([](const Value& v) { return softmax(v); }, x).at(0)));
  EXPECT_TRUE(std::isnan(value_of([](const Value& v) { return log_softmax(v); }, x).at(0)));
  EXPECT_EQ(value_of([](const Value& v) { return logsumexp(v); }, x).at(0), -inf);
  EXPECT_EQ(value_of([](const Value& v) { return logsumexp(v); }, Tensor(f32, {0})).at(0), -inf);
  EXPECT_TRUE(identical(value_of([](const Value& v) { return gradient(logsumexp(v), v); }, x), Tensor(f32, {2})));
  // -inf beside numbers is probability 0.
  const Tensor mixed = Tensor::of<float>({3}, {-std::numeric_limits<float>::infinity(), 0, 0});
  EXPECT_TRUE(identical(value_of([](const Value& v) { return softmax(v); }, mixed), Tensor::of<float>({3}, {0, 0.5, 0.5})));
}

struct Named {
  const char* name;
  Build build;
  bool exact;  // the same bits on both backends
};

std::vector<Named> reductions(const ReduceAttrs& attrs) {
  return {{"sum", [=](const Value& x) { return sum(x, attrs); }, false},
          {"prod", [=](const Value& x) { return prod(x, attrs); }, false},
          {"reduce_max", [=](const Value& x) { return reduce_max(x, attrs); }, true},
          {"reduce_min", [=](const Value& x) { return reduce_min(x, attrs); }, true},
          {"argmax", [=](const Value& x) { return argmax(x, attrs); }, true},
          {"argmin", [=](const Value& x) { return argmin(x, attrs); }, true},
          {"mean", [=](const Value& x) { return mean(x, attrs); }, false},
          {"count", [=](const Value& x) { return count(x, attrs); }, true},
          {"reduce_any", [=](const Value& x) { return reduce_any(x, attrs); }, true},
          {"reduce_all", [=](const Value& x) { return reduce_all(x, attrs); }, true}};
}

double tolerance_of(DType t) { return t == f64 ? 1e-12 : t == bf16 ? 1.6e-2 : t == f16 ? 2e-3 : 1e-5; }

TEST(Cpu, ReducesLikeTheReference) {
  const std::vector<ReduceAttrs> choices = {{}, {.axes = {0}}, {.axes = {-1}, .keep = true}, {.axes = {1}}, {.axes = {0, 2}}, {.axes = {1, 2}}};
  // Small, odd, wide enough for several columns at a time, long enough for several parts, and one of size 1.
  for (const Sizes& sizes : {Sizes{2, 3, 4}, Sizes{5, 1, 37}, Sizes{3, 700, 33}, Sizes{1, 40'001, 1}, Sizes{4, 17, 1300}})
    for (DType t : all_dtypes) {
      const Tensor x = filled(f64, sizes, [&](int64_t i) { return is_float(t) ? 1 + 0.01 * wave(i) : std::floor(100 + 20 * wave(i)); }).to(t);
      for (const ReduceAttrs& attrs : choices)
        for (const Named& r : reductions(attrs)) {
          SCOPED_TRACE(r.name);
          expect_reference(r.build, x, r.exact || !is_float(t) ? 0 : tolerance_of(t));
          if (HasFatalFailure()) return;
        }
    }
}

TEST(Cpu, RunsAlongAxesWithTheReferencesBits) {
  for (const Sizes& sizes : {Sizes{2, 3, 4}, Sizes{19, 300}, Sizes{3, 20, 300}, Sizes{9000}, Sizes{64, 257, 2}})
    for (DType t : all_dtypes) {
      const Tensor x = filled(f64, sizes, [&](int64_t i) { return is_float(t) ? wave(i) : std::floor(3 + 2 * wave(i)); }).to(t);
      for (int64_t axis = 0; axis < x.rank(); ++axis)
        for (int kind = 0; kind < 4; ++kind) {
          const bool flag = (kind & 1) != 0, reversed = (kind & 2) != 0;
          expect_reference([&](const Value& v) { return cumsum(v, {axis, flag, reversed}); }, x, 0);
          expect_reference([&](const Value& v) { return cumprod(v, {axis, flag, reversed}); }, x, 0);
          if (t == boolean) continue;
          for (RecurrenceForm form : {RecurrenceForm::plain, RecurrenceForm::lagged, RecurrenceForm::exclusive})
            expect_reference([&](const Value& v) { return linear_recurrence(v, v, {axis, form, reversed}); }, x, 0);
        }
    }
}

TEST(Cpu, GivesSpecialValuesLikeTheReference) {
  const Tensor x = Tensor::of<double>({3, 4}, {1, nan, 3, 2, inf, 5, -inf, 9, 0, -0.0, 0, 0});
  for (DType t : {f64, f32, bf16, f16})
    for (const ReduceAttrs& attrs : {ReduceAttrs{}, ReduceAttrs{.axes = {0}}, ReduceAttrs{.axes = {1}}})
      for (const Named& r : reductions(attrs)) {
        SCOPED_TRACE(r.name);
        expect_reference(r.build, x.to(t), r.exact ? 1e-300 : tolerance_of(t));
      }
}

TEST(Extremes, ShareTheirDerivativeEquallyAmongTies) {
  Graph g;
  const Value x = g.input("x", f64, {2, 4});
  const std::vector<Value> d = {gradient(sum(3.0 * reduce_max(x, {.axes = {1}})), x), gradient(reduce_min(x), x), gradient(sum(max(x, 2.0)), x)};
  const Results r = Session(g).eval(d, {{x, Tensor::of<double>({2, 4}, {1, 2, 2, 2, 5, 1, 1, 5})}});
  EXPECT_EQ(to_text(r[0]), "[[0.  1.  1.  1. ]\n [1.5 0.  0.  1.5]]");
  for (int64_t i = 0; i < 8; ++i) EXPECT_DOUBLE_EQ(r[1].at(i), i == 0 || i == 5 || i == 6 ? 1.0 / 3 : 0) << i;
  EXPECT_EQ(to_text(r[2]), "[[0.  0.5 0.5 0.5]\n [1.  0.  0.  1. ]]");
}

// x - q y with the quotient rounded to zero or down: the derivative by y is -q.
TEST(Remainders, HaveTheirQuotientAsDerivativeWhateverTheSigns) {
  for (double a : {-7.5, -1.5, 1.5, 7.5})
    for (double b : {-2.0, 2.0}) {
      Graph g;
      const Value x = g.input("x", f64, {}), y = g.input("y", f64, {});
      const Results r = Session(g).eval({gradient(fmod(x, y), y), gradient(remainder(x, y), y), gradient(fmod(x, y), x), gradient(remainder(x, y), x)},
                                        {{x, Tensor::scalar(a)}, {y, Tensor::scalar(b)}});
      EXPECT_EQ(r[0].item<double>(), -std::trunc(a / b)) << a << " " << b;
      EXPECT_EQ(r[1].item<double>(), -std::floor(a / b)) << a << " " << b;
      EXPECT_EQ(r[2].item<double>(), 1);
      EXPECT_EQ(r[3].item<double>(), 1);
    }
}

TEST(Sum, OfBytesAndTruthsIsCountedInI64) {
  Graph g;
  const Value x = g.input("x", u8, {300, 10});
  EXPECT_EQ(sum(x).dtype(), i64);
  EXPECT_EQ(sum(equal(x, x)).dtype(), i64);
  EXPECT_EQ(prod(x).dtype(), i64);
  const Results r = Session(g).eval({sum(x), sum(x, {.axes = {0}}), sum(greater_than(x, 100))}, {{x, filled(u8, {300, 10}, [](int64_t i) { return i % 10 == 3 ? 1 : 255; })}});
  EXPECT_EQ(r[0].item<int64_t>(), 300 * (9 * 255 + 1));
  EXPECT_EQ(r[1].at(0), 300 * 255);
  EXPECT_EQ(r[1].at(3), 300);
  EXPECT_EQ(r[2].item<int64_t>(), 2700);
}

// A maximum within a nest that is run in parts: each part's result meets the others'.
TEST(Cpu, KeepsANanOfAnyPartOfAFusedMaximum) {
  constexpr int64_t n = 1 << 18;
  for (DType t : {f64, f32}) {
    Graph g;
    const Value x = g.input("x", t, {n});
    const Function f = Session(g).function({x}, {reduce_max(x * 2.0 + 1.0), reduce_min(x * 2.0 + 1.0), sum(x * 2.0 + 1.0)});
    EXPECT_NE(f.plan_text({}).find(" parts"), std::string::npos) << f.plan_text({});
    for (int64_t at : {int64_t{0}, n / 2, n - 1}) {
      Tensor values = filled(t, {n}, wave);
      values.set(at, std::numeric_limits<double>::quiet_NaN());
      for (const Tensor& r : f(values)) EXPECT_TRUE(std::isnan(r.at(0))) << name_of(t) << " NaN at " << at;
    }
  }
}

TEST(Cpu, ReducesNothingToTheIdentity) {
  for (DType t : all_dtypes)
    for (const ReduceAttrs& attrs : {ReduceAttrs{.axes = {1}}, ReduceAttrs{}})
      for (const Named& r : reductions(attrs)) {
        SCOPED_TRACE(r.name);
        if (std::string_view(r.name).substr(0, 3) != "arg") expect_reference(r.build, Tensor(t, {3, 0}), 1e-300);
      }
}

TEST(Threads, DoNotChangeReductions) {
  const Tensor x = filled(f32, {7, 3001, 5}, wave);
  for (const ReduceAttrs& attrs : {ReduceAttrs{}, ReduceAttrs{.axes = {1}}, ReduceAttrs{.axes = {0, 2}}})
    for (const Named& r : reductions(attrs)) {
      const Tensor one = value_of(r.build, x, {.threads = 1});
      for (int threads : {2, 3, 4}) EXPECT_TRUE(identical(value_of(r.build, x, {.threads = threads}), one)) << r.name << " " << threads;
    }
}

TEST(Errors, OfReductionsNameTheRequirement) {
  Graph g;
  const Value x = g.input("x", f32, {2, 3}), e = g.input("e", f32, {2, 0}), b = g.input("b", boolean, {2}), s = g.input("s", f32, {});
  const auto expect = [](const std::string& text, const std::string& part) { EXPECT_NE(text.find(part), std::string::npos) << text; };
  expect(message_of([&] { prod(x, {.axes = {2}}); }), "prod: axis must be in [-2, 2), got 2");
  expect(message_of([&] { variance(x, {.axes = {0, -2}}); }), "variance: axes must be named once, got axis 0 twice");
  expect(message_of([&] { argmax(e, {.axes = {1}}); }), "argmax: at least one element is needed along the reduced axes, got f32[2,0]");
  expect(message_of([&] { cumsum(s); }), "cumsum: rank must be at least 1, got f32[]");
  expect(message_of([&] { softmax(b); }), "softmax: operands must be of a float dtype, got bool[2]");
  expect(message_of([&] { norm(x, {.p = -1}); }), "norm: p must be positive, got -1");
  expect(message_of([&] { linear_recurrence(x, e); }), "linear_recurrence: shapes must be equal, got lhs f32[2,3] and rhs f32[2,0] (3 and 0)");
  expect(message_of([&] { gradient(sum(cast(argmax(x), f32)), x); }), "gradients: the output must depend on every wanted value");
  // Known at run time only.
  const Value n = g.input("n", f32, {g.dim("n")});
  for (const Device device : {Device::cpu(), Device::reference()})
    expect(message_of([&] { Session(g, {.device = device}).eval({argmax(n)}, {{n, Tensor(f32, {0})}}); }),
           "argmax: at least one element is needed along the reduced axes, got none");
}

}  // namespace
}  // namespace lanc::numerics
