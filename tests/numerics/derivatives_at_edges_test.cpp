// Derivatives and rewritten formulas at kinks, infinities, zeros of either sign and the ends of a dtype's range.
#include <limits>
#include <vector>

#include <lanc/tests/numerics/checks.h>

namespace lanc::numerics {
namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

Tensor row(DType dtype, const std::vector<double>& values) {
  return filled(dtype, {static_cast<int64_t>(values.size())}, [&](int64_t i) { return values[static_cast<size_t>(i)]; });
}

// NaN equals NaN; relative, by default nearly to f32's precision.
void expect_values(const Tensor& got, const std::vector<double>& want, double tolerance = 3e-7) {
  ASSERT_EQ(got.numel(), static_cast<int64_t>(want.size()));
  for (int64_t i = 0; i < got.numel(); ++i) {
    const double w = want[static_cast<size_t>(i)];
    if (std::isnan(w)) EXPECT_TRUE(std::isnan(got.at(i))) << "element " << i << ": " << got.at(i);
    else if (std::isinf(w) || w == 0) EXPECT_EQ(got.at(i), w) << "element " << i;
    else EXPECT_NEAR(got.at(i), w, tolerance * std::abs(w)) << "element " << i;
  }
}

// The first and second derivative of each element by itself, on a backend.
Results slopes(const Build& build, const Tensor& at, const SessionOptions& options = {}) {
  Graph g;
  const Value x = g.input("x", at.dtype(), Shape(at.sizes().begin(), at.sizes().end()));
  const Value first = gradient(sum(build(x)), x);
  return Session(g, options).eval({first, gradient(sum(first), x, Unreached::zeros)}, {{x, at}});
}

std::vector<SessionOptions> backends() { return {{}, {.device = Device::reference()}}; }

// The gradient of sum(build(x, y)) by x and by y.
Results gradients(const std::function<Value(const Value&, const Value&)>& build, const Tensor& a, const Tensor& b, const SessionOptions& options = {}) {
  Graph g;
  const Value x = g.input("x", a.dtype(), Shape(a.sizes().begin(), a.sizes().end())), y = g.input("y", b.dtype(), Shape(b.sizes().begin(), b.sizes().end()));
  const Value loss = sum(build(x, y));
  return Session(g, options).eval({gradient(loss, x), gradient(loss, y)}, {{x, a}, {y, b}});
}

// At 0 both belong to the side of e^x, as in PyTorch and JAX (whose second derivative is alpha too; PyTorch's is 0).
TEST(Elu, AtZeroHasTheSlopeOfTheExponential) {
  for (const SessionOptions& options : backends())
    for (DType t : {f32, f64}) {
      const Tensor at = row(t, {0.0, -0.0, 1.0, -1.0});
      const Results elu2 = slopes([](const Value& x) { return elu(x, 2.0); }, at, options);
      expect_values(elu2[0], {2, 2, 1, 2 * std::exp(-1)});
      expect_values(elu2[1], {2, 2, 0, 2 * std::exp(-1)});
      constexpr double scale = 1.0507009873554805, alpha = 1.6732632423543772;
      const Results s = slopes([](const Value& x) { return selu(x); }, at, options);
      expect_values(s[0], {scale * alpha, scale * alpha, scale, scale * alpha * std::exp(-1)});
      expect_values(s[1], {scale * alpha, scale * alpha, 0, scale * alpha * std::exp(-1)});
    }
}

// Closed forms in 80 bits away from 0, the series -pi^2 x / 3 + pi^4 x^3 / 30 at it.
TEST(Sinc, HasDerivativesNearZero) {
  constexpr long double pi = 3.14159265358979323846L;
  for (const SessionOptions& options : backends())
    for (DType t : {f32, f64}) {
      std::vector<double> at, first, second;
      for (double x : {0.0, 1e-8, 1e-4, -1e-3, 0.03125, 0.2421875, 0.25, -0.2578125, 0.5, 1.75}) {
        at.push_back(row(t, {x}).at(0));
        const long double v = at.back(), a = pi * v;
        const bool small = std::abs(v) < 1e-2L;
        first.push_back(static_cast<double>(small ? -pi * pi * v / 3 + pi * pi * pi * pi * v * v * v / 30 : (std::cos(a) - std::sin(a) / a) / v));
        second.push_back(static_cast<double>(small ? -pi * pi / 3 + pi * pi * pi * pi * v * v / 10 - pi * pi * pi * pi * pi * pi * v * v * v * v / 168
                                                   : -pi * std::sin(a) / v - 2 * (std::cos(a) - std::sin(a) / a) / (v * v)));
      }
      const Results r = slopes([](const Value& x) { return sinc(x); }, row(t, at), options);
      expect_values(r[0], first, t == f32 ? 2e-6 : 1e-11);
      expect_values(r[1], second, t == f32 ? 2e-5 : 1e-9);
    }
}

// PyTorch gives the same.
TEST(LogSumExp, OfAnInfiniteElementGivesTheFiniteOnesNothing) {
  for (const SessionOptions& options : backends()) {
    const auto slope = [&](double a, double b) { return slopes([](const Value& x) { return logsumexp(x); }, row(f32, {a, b}), options)[0]; };
    expect_values(slope(inf, 3), {nan, 0});
    expect_values(slope(inf, inf), {nan, nan});
    expect_values(slope(-inf, 3), {0, 1});
    expect_values(slope(-inf, -inf), {0, 0});
    expect_values(slope(nan, 3), {nan, nan});
  }
}

TEST(Prod, WithAZeroHasDerivativesThoughTheOthersOverflow) {
  for (const SessionOptions& options : backends())
    for (DType t : {f32, bf16}) expect_values(slopes([](const Value& x) { return prod(x); }, row(t, {1e30, 1e30, 1, 0}), options)[0], {0, 0, 0, inf});
}

// 70,000 is beyond f16's 65,504. One unit of f16 at 8 / 70,000 is 6e-8.
TEST(Extremes, ShareAmongMoreTiesThanTheDtypeCounts) {
  constexpr int64_t n = 70000;
  const Tensor at(f16, {n});
  for (const Build& extreme : {Build([](const Value& x) { return reduce_max(x) * 8.0; }), Build([](const Value& x) { return reduce_min(x) * 8.0; })})
    EXPECT_NEAR(slopes(extreme, at)[0].at(0), 8.0 / n, 6e-8);
  const Results r = gradients([](const Value& x, const Value& u) { return scatter_max(x, zeros(x.graph(), {n}, i64), u, 0) * 8.0; }, Tensor(f16, {1}), at);
  EXPECT_NEAR(r[0].at(0), 8.0 / (n + 1), 6e-8);
  EXPECT_NEAR(r[1].at(n - 1), 8.0 / (n + 1), 6e-8);
}

TEST(Division, ByAPowerOfTwoIsExactToTheEndsOfTheRange) {
  struct Case {
    DType dtype;
    double x, divisor;
  };
  for (const Case& c : {Case{f32, 0x1p127, 0x1p127}, Case{f32, 0x1p100, 0x1p126}, Case{f32, 0x1p-126, 0x1p-126}, Case{f32, 3, -0x1p-127}, Case{f16, 0x1p-10, 0x1p-16},
                        Case{f16, 0x1p15, 0x1p15}, Case{bf16, 0x1p127, 0x1p127}, Case{f64, 0x1p1023, 0x1p1023}, Case{f64, 1, 0.25}})
    expect_values(value_of([&](const Value& x) { return x / c.divisor; }, row(c.dtype, {c.x})), {c.x == 3 ? -inf : c.x / c.divisor});
}

// A negative float is 0 as u8.
TEST(Casts, OfNumbersThatTheDtypeDoesNotHoldAreNotSeenThrough) {
  for (const SessionOptions& options : backends())
    for (double factor : {-1.0, 1.5, 257.0}) {
      const Tensor got = value_of([=](const Value& x) { return x * cast(full(x.graph(), {2}, factor, f32), u8); }, row(u8, {3, 4}), options);
      const double held = row(f32, {factor}).to(u8).at(0);
      expect_values(got, {std::fmod(3 * held, 256), std::fmod(4 * held, 256)});
    }
}

TEST(Sums, OfRepetitionsCountInF32AndOfNothingAreZero) {
  const auto repeated = [](int64_t n) { return [n](const Value& x) { return sum(broadcast_to(x, {n, 1}), {.axes = {0}}); }; };
  expect_values(value_of(repeated(100000), row(f16, {1e-3})), {row(f16, {100000 * row(f16, {1e-3}).at(0)}).at(0)});
  expect_values(value_of(repeated(0), row(f32, {inf})), {0});
}

TEST(Zeros, KeepTheirSigns) {
  for (const SessionOptions& options : backends()) {
    const auto of = [&](const Build& build, double x) { return value_of([&](const Value& v) { return 1 / build(v); }, row(f32, {x}), options); };
    expect_values(of([](const Value& x) { return x + 0.0; }, -0.0), {inf});
    expect_values(of([](const Value& x) { return 0.0 + x; }, -0.0), {inf});
    expect_values(of([](const Value& x) { return x + -0.0; }, -0.0), {-inf});
    expect_values(of([](const Value& x) { return x - 0.0; }, -0.0), {-inf});
    expect_values(of([](const Value& x) { return x - -0.0; }, -0.0), {inf});
    expect_values(of([](const Value& x) { return -(x - 1.0); }, 1.0), {-inf});
  }
}

TEST(Angles, HaveDerivativesWhereSquaresLeaveTheRange) {
  for (const SessionOptions& options : backends()) {
    for (double scale : {1e-25, 1e25}) {
      const Results r = gradients([](const Value& y, const Value& x) { return atan2(y, x); }, row(f32, {scale}), row(f32, {scale}), options);
      expect_values(r[0], {0.5 / scale});
      expect_values(r[1], {-0.5 / scale});
    }
    expect_values(slopes([](const Value& x) { return asinh(x); }, row(f32, {1e25, -1e25, 0, 1}), options)[0], {1e-25, 1e-25, 1, std::sqrt(0.5)});
    expect_values(slopes([](const Value& x) { return acosh(x); }, row(f32, {1e25, 1, 2}), options)[0], {1e-25, inf, 1 / std::sqrt(3.0)});
  }
}

// As PyTorch's, but that by y is 0 and not NaN where both are 0: x log(y) is 0 for every y there.
TEST(XLogY, HasFiniteDerivativesAtZero) {
  for (const SessionOptions& options : backends()) {
    const Results r = gradients([](const Value& x, const Value& y) { return xlogy(x, y); }, row(f32, {0, 0, 1, 0}), row(f32, {0, 1, 0, nan}), options);
    expect_values(r[0], {0, 0, -inf, nan});
    expect_values(r[1], {0, 0, inf, nan});
    const Results kl = gradients([](const Value& p, const Value& q) { return losses::kl_divergence(p, q); }, row(f32, {std::log(0.5), std::log(0.5)}),
                                 row(f32, {0, 1}), options);
    expect_values(kl[0], {0, -1});
    expect_values(kl[1], {-std::log(0.5), 1 - std::log(0.5)});
  }
}

// PyTorch and JAX give the same for what is -inf twice.
TEST(LogAddExp, HasTheSlopesOfASoftmax) {
  for (const SessionOptions& options : backends()) {
    const Results r = gradients([](const Value& x, const Value& y) { return logaddexp(x, y); }, row(f32, {-inf, -inf, inf, 0}), row(f32, {-inf, 1, 1, 0}), options);
    expect_values(r[0], {nan, 0, 1, 0.5});
    expect_values(r[1], {nan, 1, 0, 0.5});
  }
}

// y = softmax(x) = (1, 0) in f32. By x as log_softmax: dy - y sum(dy); by y itself dy / y.
TEST(LogOfSoftmax, IsStableAndReadsTheUsersSoftmax) {
  for (const SessionOptions& options : {SessionOptions{}, SessionOptions{.device = Device::reference()}, SessionOptions{.disabled_passes = {"algebra"}}})
    for (DType t : {f32, f16}) {
      Graph g;
      const Value x = g.input("x", t, {2});
      const Value y = softmax(x), z = log(y);
      const Value loss = sum(z * constant(g, row(t, {1, 2}))) + sum(y * constant(g, row(t, {4, 8})));
      const Value dx = gradient(loss, x);
      const Results r = Session(g, options).eval({z, dx, gradient(loss, y), gradient(sum(dx * constant(g, row(t, {1, 0}))), x)}, {{x, row(t, {1000, 0})}});
      expect_values(r[0], {0, -1000});
      expect_values(r[1], {1 - 3, 2});
      expect_values(r[2], {1 + 4, inf});
      expect_values(r[3], {0, 0});
      // Elsewhere, against finite differences.
      expect_derivatives([](const Value& v) { return log(softmax(v)) + softmax(v); }, filled(f64, {2, 3}, wave));
      expect_derivatives([](const Value& v) { const Value p = softmax(v); return log(p) * p + exp(p); }, filled(f64, {2, 3}, wave));
    }
}

}  // namespace
}  // namespace lanc::numerics
