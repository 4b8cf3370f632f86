// Distributions, reproducibility and independence of draws. Seeds are fixed: a bound that a right generator misses once in a thousand runs is
// missed by these seeds or not. Values of single draws: tests/ops/random.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include <lanc/backends/cpu/random_kernel.h>
#include <lanc/lanc.h>
#include <lanc/ops/philox.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

constexpr int64_t many = 200'000;

std::vector<double> numbers(const Tensor& t) {
  std::vector<double> out(static_cast<size_t>(t.numel()));
  for (int64_t i = 0; i < t.numel(); ++i) out[static_cast<size_t>(i)] = t.at(i);
  return out;
}
using Draw = std::function<Value(const Scope&, DType)>;
std::vector<double> drawn(const Draw& draw, DType dtype, int64_t seed = 11) {
  Graph g;
  return numbers(Session(g, {.seed = seed}).eval({draw(g.scope("draw"), dtype)})[0]);
}
double mean_of(const std::vector<double>& x) {
  double total = 0;
  for (double v : x) total += v;
  return total / static_cast<double>(x.size());
}
double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const double mx = mean_of(x), my = mean_of(y);
  double xy = 0, xx = 0, yy = 0;
  for (size_t i = 0; i < x.size(); ++i) xy += (x[i] - mx) * (y[i] - my), xx += (x[i] - mx) * (x[i] - mx), yy += (y[i] - my) * (y[i] - my);
  return xy / std::sqrt(xx * yy);
}
// Kolmogorov and Smirnov's largest distance between the distribution functions, times sqrt(n): above 1.95 once in a thousand times.
double ks_statistic(std::vector<double> x, const std::function<double(double)>& distribution) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double f = distribution(x[i]);
    largest = std::max({largest, f - static_cast<double>(i) / n, (static_cast<double>(i) + 1) / n - f});
  }
  return largest * std::sqrt(n);
}
// Pearson's sum of (count - expected)^2 / expected.
double chi_square(const std::vector<int64_t>& counts, const std::vector<double>& probabilities) {
  double n = 0, total = 0;
  for (const int64_t c : counts) n += static_cast<double>(c);
  for (size_t k = 0; k < counts.size(); ++k) {
    const double expected = n * probabilities[k];
    total += (static_cast<double>(counts[k]) - expected) * (static_cast<double>(counts[k]) - expected) / expected;
  }
  return total;
}
// Above mean + 3.3 deviations about once in a thousand times, for the degrees of freedom here (3 to 23).
double chi_square_bound(double freedom) { return freedom + 3.8 * std::sqrt(2 * freedom); }
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

struct Distribution {
  std::string name;
  Draw draw;
  std::function<double(double)> function;
  double mean, variance, kurtosis;  // kurtosis: fourth central moment / variance^2
};
std::vector<Distribution> distributions() {
  const double inf = std::numeric_limits<double>::infinity(), euler = 0.5772156649015329, pi = 3.141592653589793;
  const double p2 = phi(2) - phi(-2), d2 = std::exp(-2.0) / std::sqrt(2 * pi);  // density at 2
  const double cut_variance = 1 - 4 * d2 / p2;
  return {{"uniform", [](const Scope& s, DType t) { return random_uniform(s, {many}, -1, 3, {.dtype = t}); }, [](double x) { return (x + 1) / 4; }, 1, 16.0 / 12, 1.8},
          {"normal", [](const Scope& s, DType t) { return random_normal(s, {many}, 2, 3, {.dtype = t}); }, [](double x) { return phi((x - 2) / 3); }, 2, 9, 3},
          {"truncated normal", [](const Scope& s, DType t) { return random_truncated_normal(s, {many}, 1, 2, {.dtype = t}); },
           [=](double x) { return (phi((x - 1) / 2) - phi(-2)) / p2; }, 1, 4 * cut_variance, 3},
          {"half of a normal", [=](const Scope& s, DType t) { return random_truncated_normal(s, {many}, 0, 1, {.low = 0, .high = inf, .dtype = t}); },
           [](double x) { return 2 * phi(x) - 1; }, std::sqrt(2 / pi), 1 - 2 / pi, 4},
          {"tail of a normal", [](const Scope& s, DType t) { return random_truncated_normal(s, {many}, 0, 1, {.low = 5, .high = 6, .dtype = t}); },
           [](double x) { return 1 - (phi(-x) - phi(-6)) / (phi(-5) - phi(-6)); }, 0, -1, 0},
          {"exponential", [](const Scope& s, DType t) { return random_exponential(s, {many}, 2, {.dtype = t}); }, [](double x) { return 1 - std::exp(-2 * x); }, 0.5, 0.25, 9},
          {"gumbel", [](const Scope& s, DType t) { return random_gumbel(s, {many}, 1, 2, {.dtype = t}); },
           [](double x) { return std::exp(-std::exp(-(x - 1) / 2)); }, 1 + 2 * euler, 4 * pi * pi / 6, 5.4}};
}

TEST(Distribution, IsThatOfItsFormula) {
  for (const Distribution& d : distributions())
    for (const DType dtype : {f32, f64}) EXPECT_LT(ks_statistic(drawn(d.draw, dtype), d.function), 1.95) << d.name << " in " << name_of(dtype);
}

TEST(Distribution, HasItsMeanAndVariance) {
  for (const Distribution& d : distributions()) {
    if (d.variance < 0) continue;
    const std::vector<double> x = drawn(d.draw, f32);
    const double m = mean_of(x), n = static_cast<double>(many);
    double variance = 0;
    for (const double v : x) variance += (v - m) * (v - m) / n;
    EXPECT_NEAR(m, d.mean, 4 * std::sqrt(d.variance / n)) << d.name;
    EXPECT_NEAR(variance, d.variance, 4 * d.variance * std::sqrt((d.kurtosis - 1) / n)) << d.name;
  }
}

TEST(Distribution, StaysWithinItsBounds) {
  for (const DType dtype : {f64, f32, bf16, f16}) {
    for (const double v : drawn([](const Scope& s, DType t) { return random_truncated_normal(s, {many}, 0, 1, {.low = -0.5, .high = 2, .dtype = t}); }, dtype))
      ASSERT_TRUE(v >= -0.5 && v <= 2) << v;
    for (const double v : drawn([](const Scope& s, DType t) { return random_gumbel(s, {many}, 0, 1, {.dtype = t}); }, dtype)) ASSERT_TRUE(std::isfinite(v));
    for (const double v : drawn([](const Scope& s, DType t) { return random_exponential(s, {many}, 1, {.dtype = t}); }, dtype)) ASSERT_TRUE(v >= 0 && std::isfinite(v));
  }
  for (const double v : drawn([](const Scope& s, DType t) { return random_uniform(s, {many}, 0, 1, {.dtype = t}); }, f32)) ASSERT_TRUE(v >= 0 && v < 1);
}

TEST(Distribution, OfBernoulliIsP) {
  for (const double p : {0.03, 0.5, 0.8}) {
    const std::vector<double> x = drawn([p](const Scope& s, DType) { return random_bernoulli(s, {many}, p); }, f32);
    EXPECT_NEAR(mean_of(x), p, 3.3 * std::sqrt(p * (1 - p) / many)) << p;
  }
}

TEST(Distribution, OfCategoricalIsTheSoftmax) {
  const std::vector<double> logits = {0, 1, -3, 2, -std::numeric_limits<double>::infinity(), 0.5};
  double total = 0;
  for (const double l : logits) total += std::exp(l);
  for (const DType dtype : {f32, f64}) {
    const std::vector<double> x = drawn([&](const Scope& s, DType t) {
      const Value row = constant(s.graph(), Tensor::of<double>({6}, logits).to(t));
      return random_categorical(s, broadcast_to(row, {many, 6}));
    }, dtype);
    std::vector<int64_t> counts(6);
    for (const double k : x) ++counts.at(static_cast<size_t>(k));
    EXPECT_EQ(counts[4], 0);
    std::vector<double> probabilities;
    for (const size_t k : {0u, 1u, 2u, 3u, 5u}) probabilities.push_back(std::exp(logits[k]) / total);
    counts.erase(counts.begin() + 4);
    EXPECT_LT(chi_square(counts, probabilities), chi_square_bound(4)) << name_of(dtype);
  }
}

TEST(Permutation, HoldsEachPositionOnceAndAllAreEquallyLikely) {
  std::map<std::vector<int64_t>, int64_t> counts;
  std::vector<RandomPosition> work(4);
  std::vector<int64_t> order(4);
  for (int64_t step = 0; step < 24000; ++step) {
    fill_permutation(random_key("draw", ""), 5, step, work, order);
    ++counts[order];
  }
  ASSERT_EQ(counts.size(), 24u);
  std::vector<int64_t> each;
  for (const auto& [permutation, count] : counts) {
    std::vector<int64_t> sorted = permutation;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(sorted, (std::vector<int64_t>{0, 1, 2, 3}));
    each.push_back(count);
  }
  EXPECT_LT(chi_square(each, std::vector<double>(24, 1.0 / 24)), chi_square_bound(23));
}

TEST(Permutation, OfASymbolHasItsSize) {
  Graph g;
  const Dim n = g.dim("n");
  const Value x = g.input("x", f32, {n});
  const Function f = Session(g).function({x}, {take(x, random_permutation(g.scope("order"), n))});
  const Tensor y = f(Tensor::of<float>({5}, {0, 1, 2, 3, 4}))[0];
  std::vector<double> sorted = numbers(y);
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, (std::vector<double>{0, 1, 2, 3, 4}));
}

// Random123's kat_vectors, philox4x32 with 10 rounds.
TEST(Philox, GivesItsAuthorsKnownAnswers) {
  struct Answer {
    uint64_t low, high, key;
    uint32_t words[4];
  };
  const Answer answers[] = {{0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                            {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                            {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const Answer& a : answers) {
    const Philox r = philox(a.low, a.high, a.key);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(r.words[k], a.words[k]);
  }
}

TEST(Philox, GivesTheSameBitsInEveryRangeAndVectorWidth) {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("avx2")) GTEST_SKIP() << "no AVX2";
  constexpr int64_t n = 1000;
  // The second start crosses the 32-bit word of the counter.
  for (const DType dtype : {f32, f64})
    for (const int64_t start : {int64_t{0}, (int64_t{1} << 32) * (dtype == f64 ? 2 : 4) - 500}) {
      Tensor want(dtype, {n});
      fill_uniform(dtype, 3, -4, 5, start, start + n, want.data() - start * size_of(dtype));
      for (const int64_t cut : {0, 1, 3, 63, 64, 65, 130, 999}) {
        Tensor got(dtype, {n});
        cpu::fill_uniform_avx2(dtype, 3, -4, 5, start, start + cut, got.data() - start * size_of(dtype));
        cpu::fill_uniform_avx2(dtype, 3, -4, 5, start + cut, start + n, got.data() - start * size_of(dtype));
        EXPECT_TRUE(identical(got, want)) << name_of(dtype) << " from " << start << " cut at " << cut;
      }
    }
#endif
}

TEST(Draw, IsTheSameOnEveryDeviceNumberOfThreadsAndWithEachPassOff) {
  for (const DType dtype : {f32, f64}) {
    Graph g;
    const std::vector<Value> values = {random_uniform(g.scope("u"), {300001}, 0, 1, {.dtype = dtype}), random_normal(g.scope("n"), {1000}, 0, 1, {.dtype = dtype}),
                                       random_bernoulli(g.scope("b"), {1000}, 0.3, {.dtype = dtype}), random_permutation(g.scope("p"), 1000)};
    const Results want = Session(g, {.device = Device::reference(), .seed = 9}).eval(values);
    std::vector<SessionOptions> all;
    for (const int threads : {1, 2, 3, 4}) all.push_back({.seed = 9, .threads = threads});
    for (const char* pass : {"compose", "expand", "fold", "algebra", "cse", "fuse", "contract_flags"})
      if (std::string(pass) != "compose") all.push_back({.seed = 9, .disabled_passes = {pass}});
    for (const SessionOptions& options : all) {
      const Results got = Session(g, options).eval(values);
      for (size_t k = 0; k < values.size(); ++k)
        EXPECT_TRUE(identical(got[k], want[k])) << "value " << k << ", threads " << options.threads << ", without " << (options.disabled_passes.empty() ? "nothing" : options.disabled_passes[0]);
    }
  }
}

TEST(Draw, StaysWhenSomethingElseIsBuiltBeforeIt) {
  const auto noise = [](bool more) {
    Graph g;
    if (more) {
      sum(random_normal(g.scope("other"), {7}) * 2.0);
      random_uniform(g.scope("noise") / "below", {3});
      random_uniform(g.scope("noise"), {3}, 0, 1, {.name = "second"});
    }
    const Value x = random_normal(g.scope("noise"), {100});
    return Session(g, {.seed = 4}).eval({x})[0];
  };
  EXPECT_TRUE(identical(noise(false), noise(true)));
}

TEST(Draw, IsOneWithinACallAndAnotherInTheNext) {
  Graph g;
  const Value x = random_uniform(g.scope("noise"), {1000}), y = x * 1.0, z = square(x);
  const Session session(g, {.seed = 4});
  const Function f = session.function({}, {x, y, z});
  const Results first = f(), second = f();
  EXPECT_TRUE(identical(first[0], first[1]));
  EXPECT_FALSE(identical(first[0], second[0]));
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(static_cast<float>(first[2].at(i)), static_cast<float>(first[0].at(i)) * static_cast<float>(first[0].at(i)));
  EXPECT_EQ(session.step(), 2);
  // Two sessions of one seed draw alike, step by step.
  const Function again = Session(g, {.seed = 4}).function({}, {x});
  EXPECT_TRUE(identical(again()[0], first[0]));
  EXPECT_TRUE(identical(again()[0], second[0]));
}

TEST(Draw, IsIndependentOfItsNeighboursNamesSeedsAndSteps) {
  const auto at = [](const std::string& scope, const std::string& name, int64_t seed, int step) {
    Graph g;
    const Function f = Session(g, {.seed = seed}).function({}, {random_uniform(g.scope(scope), {many}, 0, 1, {.name = name})});
    Results r = f();
    for (int i = 0; i < step; ++i) r = f();
    return numbers(r[0]);
  };
  const std::vector<double> x = at("a", "", 1, 0);
  std::vector<double> shifted = x;
  std::rotate(shifted.begin(), shifted.begin() + 1, shifted.end());
  const double bound = 3.3 / std::sqrt(static_cast<double>(many));
  EXPECT_LT(std::abs(correlation(x, shifted)), bound);
  EXPECT_LT(std::abs(correlation(x, at("b", "", 1, 0))), bound);
  EXPECT_LT(std::abs(correlation(x, at("a", "n", 1, 0))), bound);
  EXPECT_LT(std::abs(correlation(x, at("a", "", 2, 0))), bound);
  EXPECT_LT(std::abs(correlation(x, at("a", "", 1, 1))), bound);
}

TEST(Draw, KeysTellWhereTheScopeEndsAndTheNameBegins) {
  EXPECT_NE(random_key("a", "bc"), random_key("ab", "c"));
  EXPECT_NE(random_key("", "a"), random_key("a", ""));
}

TEST(Draw, OfATakenNameNamesBothLines) {
  Graph g;
  const Scope s = g.scope("noise");
  const int first = __LINE__ + 1;
  random_uniform(g.scope("noise"), {3});
  const size_t before = g.size();
  const int second = __LINE__ + 1;
  const std::string text = message_of([&] { random_normal(g.scope("noise"), {3}); });
  EXPECT_NE(text.find("random_normal: draws of one scope must have different names, got '' twice in scope 'noise'\n  first at random_test.cpp:" + std::to_string(first) +
                      "; again at random_test.cpp:" + std::to_string(second)), std::string::npos) << text;
  EXPECT_EQ(g.size(), before);
  EXPECT_NO_THROW(random_normal(g.scope("noise"), {3}, 0, 1, {.name = "free"}));
}

// A builder that throws gives the name back.
TEST(Draw, ThatWasRefusedLeavesItsNameFree) {
  Graph g;
  EXPECT_THROW(random_uniform(g.scope("a"), {2}, g.input("low", f32, {3, 2})), UserError);
  EXPECT_NO_THROW(random_uniform(g.scope("a"), {2}));
}

TEST(Draw, ThatIsNotSmoothSaysWhyItHasNoDerivative) {
  Graph g;
  const auto expect = [](const std::string& part, const std::function<void()>& f) {
    const std::string text = message_of(f);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const Value p = g.input("p", f32, {3}), logits = g.input("logits", f32, {3, 4});
  const int line = __LINE__ + 1;
  const Value kept = random_bernoulli(g.scope("keep"), {3}, p);
  const Value picked = random_categorical(g.scope("pick"), logits);
  expect("gradients: the output must depend on every wanted value, got 'p', whose way ends at random_bernoulli: a draw that is true or false does not depend on p smoothly",
         [&] { gradient(sum(cast(kept, f32)), p); });
  expect("random_bernoulli at random_test.cpp:" + std::to_string(line), [&] { gradient(sum(cast(kept, f32)), p); });
  expect("got 'logits', whose way ends at random_categorical: a class does not depend on its logits smoothly", [&] { gradient(sum(cast(picked, f32)), logits); });
  expect("got 'p', whose way ends at greater_than: its result is bool[3]", [&] { gradient(sum(where(greater_than(p, 0), 1.0, 2.0)), p); });
  expect("got 'p', whose way ends at stop_gradient: nothing flows back through it", [&] { gradient(sum(stop_gradient(p)), p); });
  EXPECT_EQ(shape_text(gradient(sum(cast(kept, f32) * p), p).shape()), "[3]");  // the other way is smooth
}

}  // namespace
}  // namespace lanc
