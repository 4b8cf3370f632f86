// Initial values: their distribution, bounds, orthogonality, and that they depend on seed and path and nothing else.
#include <lanc/tests/models/support.h>

#include <algorithm>
#include <functional>
#include <numbers>
#include <numeric>

namespace lanc {
namespace {

using testing_models::numbers;

Tensor drawn(const Initializer& initializer, Shape shape, DType dtype = f32, int64_t seed = 1, const std::string& path = "w", Device device = Device::cpu()) {
  Graph g;
  const Value p = parameter(g.root(), path, std::move(shape), initializer, dtype);
  return Session(g, {.device = device, .seed = seed}).get(p);
}

struct Moments {
  double mean = 0, variance = 0, low = 0, high = 0;
};
Moments moments_of(const std::vector<double>& x) {
  Moments m;
  const auto n = static_cast<double>(x.size());
  m.mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  for (double v : x) m.variance += (v - m.mean) * (v - m.mean) / (n - 1);
  m.low = *std::min_element(x.begin(), x.end());
  m.high = *std::max_element(x.begin(), x.end());
  return m;
}

// Kolmogorov and Smirnov's sqrt(n) sup |F_n - F|: above 2.2 with probability 1e-4.
double distance(std::vector<double> x, const std::function<double(double)>& cdf) {
  std::sort(x.begin(), x.end());
  double d = 0;
  const auto n = static_cast<double>(x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    const double f = cdf(x[i]), at = static_cast<double>(i);
    d = std::max({d, f - at / n, (at + 1) / n - f});
  }
  return d * std::sqrt(n);
}
double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

struct Law {
  std::string name;
  Initializer initializer;
  double variance;
  bool uniform;
};

// {200, 300}: fan_in 300, fan_out 200.
std::vector<Law> laws() {
  using namespace initializers;
  return {{"glorot_uniform", glorot_uniform(), 2.0 / 500, true}, {"glorot_normal", glorot_normal(), 2.0 / 500, false},
          {"he_uniform", he_uniform(), 2.0 / 300, true},         {"he_normal", he_normal(), 2.0 / 300, false},
          {"lecun_uniform", lecun_uniform(), 1.0 / 300, true},   {"lecun_normal", lecun_normal(), 1.0 / 300, false},
          {"normal", normal(), 1e-6, false},                     {"uniform", uniform(-0.5, 0.5), 1.0 / 12, true}};
}

TEST(Initializer, HasItsLawsDistribution) {
  for (const Law& law : laws())
    for (const DType dtype : {f32, f64}) {
      const std::vector<double> x = numbers(drawn(law.initializer, {200, 300}, dtype));
      const Moments m = moments_of(x);
      const double deviation = std::sqrt(law.variance), n = 60000;
      EXPECT_NEAR(m.mean, 0, 4 * deviation / std::sqrt(n)) << law.name;
      EXPECT_NEAR(m.variance / law.variance, 1, 4 * std::sqrt((law.uniform ? 0.8 : 2.0) / n)) << law.name;
      if (law.uniform) {
        const double limit = std::sqrt(3 * law.variance);
        EXPECT_LE(std::max(-m.low, m.high), limit * (1 + 1e-7)) << law.name;
        EXPECT_GE(std::min(-m.low, m.high), limit * (1 - 20 / n)) << law.name;
        EXPECT_LT(distance(x, [&](double v) { return (v / limit + 1) / 2; }), 2.2) << law.name;
      } else {
        EXPECT_GT(std::min(-m.low, m.high), 3.5 * deviation) << law.name;
        EXPECT_LT(distance(x, [&](double v) { return normal_cdf(v / deviation); }), 2.2) << law.name;
      }
    }
}

TEST(Initializer, NormalAndUniformTakeTheirParameters) {
  const std::vector<double> normal = numbers(drawn(initializers::normal(3, 0.5), {50000}, f64)), uniform = numbers(drawn(initializers::uniform(2, 6), {50000}, f64));
  EXPECT_LT(distance(normal, [](double x) { return normal_cdf((x - 3) / 0.5); }), 2.2);
  EXPECT_LT(distance(uniform, [](double x) { return (x - 2) / 4; }), 2.2);
}

TEST(Initializer, NeighboursAreNotCorrelated) {
  const std::vector<double> x = numbers(drawn(initializers::normal(0, 1), {100000}, f64));
  for (const size_t lag : {1u, 2u, 3u, 4u, 1000u}) {
    double sum = 0;
    for (size_t i = lag; i < x.size(); ++i) sum += x[i] * x[i - lag];
    EXPECT_LT(std::abs(sum / std::sqrt(static_cast<double>(x.size()))), 4) << lag;
  }
}

TEST(Initializer, FansAreThoseOfAUnit) {
  const auto expect = [](const Shape& shape, int64_t in, int64_t out) {
    EXPECT_EQ(fans_of(shape).in, in) << shape_text(shape);
    EXPECT_EQ(fans_of(shape).out, out) << shape_text(shape);
  };
  expect({}, 1, 1);
  expect({7}, 7, 7);
  expect({10, 784}, 784, 10);      // {outputs, inputs}
  expect({64, 32, 3, 5}, 32 * 15, 64 * 15);  // OIHW
  // he_normal of a convolution's weight: variance 2 / (32 * 15)
  EXPECT_NEAR(moments_of(numbers(drawn(initializers::he_normal(), {64, 32, 3, 5}))).variance * 480 / 2, 1, 4 * std::sqrt(2.0 / 30720));
}

TEST(Initializer, ConstantsFillEveryDtype) {
  for (const DType dtype : {f64, f32, bf16, f16, i64, i32, u8, boolean}) {
    Graph g;
    const Value one = state(g.root(), "one", {2}, initializers::ones(), dtype), zero = state(g.root(), "zero", {}, initializers::zeros(), dtype);
    const Session session(g);
    EXPECT_EQ(numbers(session.get(one)), (std::vector<double>{1, 1})) << name_of(dtype);
    EXPECT_EQ(numbers(session.get(zero)), (std::vector<double>{0})) << name_of(dtype);
    EXPECT_EQ(session.get(one).dtype(), dtype);
  }
  EXPECT_EQ(numbers(drawn(initializers::constant(0.01), {3}, f64)), (std::vector<double>{0.01, 0.01, 0.01}));
}

double distance_from_orthonormal(const Tensor& q, int64_t rows, int64_t columns, double gain) {
  const int64_t k = std::min(rows, columns), n = std::max(rows, columns);
  double worst = 0;
  for (int64_t a = 0; a < k; ++a)
    for (int64_t b = 0; b < k; ++b) {
      double dot = 0;
      for (int64_t i = 0; i < n; ++i) dot += rows < columns ? q.at(a * columns + i) * q.at(b * columns + i) : q.at(i * columns + a) * q.at(i * columns + b);
      worst = std::max(worst, std::abs(dot / (gain * gain) - (a == b ? 1 : 0)));
    }
  return worst;
}

TEST(Orthogonal, HasOrthonormalRowsOrColumns) {
  for (const auto& [rows, columns] : std::vector<std::pair<int64_t, int64_t>>{{1, 1}, {2, 2}, {3, 5}, {5, 3}, {1, 9}, {9, 1}, {64, 64}, {100, 37}, {65, 200}})
    for (const double gain : {1.0, 1.5}) {
      EXPECT_LT(distance_from_orthonormal(drawn(initializers::orthogonal(gain), {rows, columns}, f64), rows, columns, gain), 1e-13) << rows << "x" << columns;
      EXPECT_LT(distance_from_orthonormal(drawn(initializers::orthogonal(gain), {rows, columns}, f32), rows, columns, gain), 1e-6) << rows << "x" << columns;
    }
  EXPECT_LT(distance_from_orthonormal(drawn(initializers::orthogonal(), {8, 3, 2, 2}, f64), 8, 12, 1), 1e-13);
}

// Haar: every entry of a 3 x 3 has mean 0 and variance 1/3; the trace has mean 0 and variance 1; determinants of both signs are equally many.
TEST(Orthogonal, IsUniformOverAllRotationsAndReflections) {
  constexpr int n = 600;
  double trace = 0, squared_trace = 0, positive = 0;
  std::vector<double> sum(9), squares(9);
  for (int seed = 0; seed < n; ++seed) {
    const std::vector<double> q = numbers(drawn(initializers::orthogonal(), {3, 3}, f64, seed, "w", Device::reference()));
    for (size_t i = 0; i < 9; ++i) sum[i] += q[i] / n, squares[i] += q[i] * q[i] / n;
    const double t = q[0] + q[4] + q[8];
    trace += t / n;
    squared_trace += t * t / n;
    const double det = q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) + q[2] * (q[3] * q[7] - q[4] * q[6]);
    EXPECT_NEAR(std::abs(det), 1, 1e-12);
    positive += det > 0 ? 1.0 / n : 0;
  }
  const double root = std::sqrt(double{n});
  for (size_t i = 0; i < 9; ++i) {
    EXPECT_NEAR(sum[i], 0, 4 * std::sqrt(1.0 / 3) / root) << i;
    EXPECT_NEAR(squares[i], 1.0 / 3, 4 * std::sqrt(4.0 / 45) / root) << i;  // q^2 of a Haar entry: variance 1/5 - 1/9
  }
  EXPECT_NEAR(trace, 0, 4 / root);
  EXPECT_NEAR(squared_trace, 1, 4 * std::sqrt(2.0) / root);
  EXPECT_NEAR(positive, 0.5, 4 * 0.5 / root);
}

TEST(Initializer, IsAFunctionOfSeedAndPathOnly) {
  for (const Initializer& i : {initializers::normal(), initializers::glorot_uniform(), initializers::orthogonal()}) {
    const Tensor one = drawn(i, {8, 8});
    EXPECT_TRUE(identical(one, drawn(i, {8, 8})));
    EXPECT_FALSE(identical(one, drawn(i, {8, 8}, f32, 2)));
    EXPECT_FALSE(identical(one, drawn(i, {8, 8}, f32, 1, "v")));
    EXPECT_TRUE(identical(one, drawn(i, {8, 8}, f32, 1, "w", Device::reference())));
  }
  // others, and the order in which they were made, do not matter
  Graph g;
  const models::Dense later(g.scope("b"), 4, 3), sooner(g.scope("a"), 3, 4);
  Graph h;
  const models::Dense first(h.scope("a"), 3, 4);
  const Value draw = random_normal(h.scope("noise"), {3});
  const models::Dense second(h.scope("b"), 4, 3);
  const Session one(g, {.seed = 7}), other(h, {.seed = 7});
  other.eval({draw});
  for (const char* path : {"a/weight", "b/weight"}) EXPECT_TRUE(identical(one.get(path), other.get(path))) << path;
  EXPECT_FALSE(identical(one.get("a/weight").reshaped({12}), one.get("b/weight").reshaped({12})));
}

TEST(Initializer, IsDrawnWhenFirstUsedAndNotAgain) {
  Graph g;
  const models::Dense layer(g.scope("layer"), 2, 2);
  const Value x = g.input("x", f32, {1, 2}), loss = losses::mse(layer(x), 1);
  const Session session(g, {.seed = 3});
  const Tensor before = session.get(layer.weight);
  session.function({x}, {}, optimizers::sgd().minimize(loss))(Tensor::of<float>({1, 2}, {1, 2}));
  const Tensor after = session.get(layer.weight);
  EXPECT_FALSE(identical(before, after));
  const Function predict = session.function({x}, {layer(x)});  // made later, shares the state
  EXPECT_TRUE(identical(session.get(layer.weight), after));
  EXPECT_EQ(session.get(*layer.bias).numel(), 2);
}

TEST(Initializer, OfNarrowDtypesIsTheRoundedDraw) {
  for (const DType dtype : {bf16, f16}) {
    const Tensor wide = drawn(initializers::glorot_normal(), {16, 16}, f32), narrow = drawn(initializers::glorot_normal(), {16, 16}, dtype);
    EXPECT_TRUE(identical(narrow, wide.to(dtype))) << name_of(dtype);
  }
}

TEST(Initializer, OfAnEmptyShapeIsEmpty) {
  for (const Law& law : laws()) EXPECT_EQ(drawn(law.initializer, {0, 3}).numel(), 0) << law.name;
  EXPECT_EQ(drawn(initializers::orthogonal(), {0, 3}).numel(), 0);
}

TEST(Initializer, SaysWhatItNeeds) {
  Graph g;
  const auto expect = [](const std::string& text, const std::function<void()>& f) { EXPECT_HOLDS(message_of(f), text); };
  expect("parameter: an orthogonal initial value must be of rank 2 or more, got [3]\n  parameter at initializers_test.cpp:", [&] { parameter(g.root(), "a", {3}, initializers::orthogonal()); });
  expect("state: an initial value that is drawn must be of a float dtype, got i32\n  state at initializers_test.cpp:", [&] { state(g.root(), "b", {3}, initializers::normal(), i32); });
  expect("parameter 'net/c': sizes must be numbers, got [n]\n  parameter at initializers_test.cpp:", [&] { parameter(g.scope("net"), "c", {g.dim("n")}, initializers::zeros()); });
  const Initializer wrong = [](Graph body, const Shape&, DType dtype, uint64_t) { return constant(body, Tensor(dtype, {2})); };
  expect("parameter: an initial value must be f32[3] in the body graph, got f32[2]\n  parameter at initializers_test.cpp:", [&] { parameter(g.root(), "d", {3}, wrong); });
  expect("parameter 'e': a path must be created once, got it a second time\n  first at initializers_test.cpp:", [&] {
    parameter(g.root(), "e", {}, initializers::zeros());
    parameter(g.root(), "e", {}, initializers::zeros());
  });
  EXPECT_EQ(g.parameters().size(), 1u);
}

TEST(Dense, IsXWTransposedPlusB) {
  Graph g;
  const models::Dense layer(g.scope("layer"), 3, 2, {.bias_initializer = initializers::constant(0.5), .dtype = f64});
  const Value x = g.input("x", f64, {g.dim("n"), 4, 3});
  const Value y = layer(x);
  EXPECT_EQ(y.type().text(), "f64[n,4,2]");
  const Session session(g);
  const Tensor input = testing_models::wave(f64, {2, 4, 3}), w = session.get(layer.weight), got = session.eval({y}, {{x, input}})[0];
  for (int64_t row = 0; row < 8; ++row)
    for (int64_t o = 0; o < 2; ++o) {
      double sum = 0.5;
      for (int64_t i = 0; i < 3; ++i) sum += input.at(3 * row + i) * w.at(3 * o + i);
      EXPECT_NEAR(got.at(2 * row + o), sum, 1e-14);
    }
  const models::Dense bare(g.scope("bare"), 3, 2, {.bias = false});
  EXPECT_FALSE(bare.bias.has_value());
  EXPECT_EQ(g.parameters("bare/**").size(), 1u);
}

TEST(Dense, SaysWhatItNeeds) {
  Graph g;
  const auto expect = [](const std::string& text, const std::function<void()>& f) { EXPECT_HOLDS(message_of(f), text); };
  const models::Dense layer(g.scope("layer"), 3, 2);
  const Value wrong = g.input("wrong", f32, {5, 4}), ints = g.input("ints", i32, {5, 3}), scalar = g.input("scalar", f32, {});
  expect("Dense: the input must be f32[...,3], got f32[5,4]\n  input built at initializers_test.cpp:", [&] { layer(wrong); });
  expect("Dense: the input must be f32[...,3], got i32[5,3]", [&] { layer(ints); });
  expect("Dense: the input must be f32[...,3], got f32[]", [&] { layer(scalar); });
  expect("Dense: inputs and outputs must be positive, got 0 inputs and 2 outputs", [&] { models::Dense(g.scope("zero"), 0, 2); });
  expect("Mlp: sizes must be at least inputs and outputs, got 1 sizes", [&] { models::Mlp(g.scope("one"), {3}); });
  const size_t before = g.size();
  expect("parameter 'layer/weight': a path must be created once, got it a second time", [&] { models::Dense(g.scope("layer"), 3, 2); });
  EXPECT_EQ(g.size(), before);
}

TEST(Mlp, AppliesTheActivationBetweenLayersAndTheOutputsAtTheEnd) {
  Graph g;
  const Value x = g.input("x", f64, {5, 3});
  const models::Mlp net(g.scope("net"), {3, 4, 4, 2}, [](const Value& v) { return max(v, 0.1 * v); }, {.output = sigmoid, .dtype = f64});
  ASSERT_EQ(net.layers.size(), 3u);
  const auto leaky = [](const Value& v) { return max(v, 0.1 * v); };
  const Value by_hand = sigmoid(net.layers[2](leaky(net.layers[1](leaky(net.layers[0](x))))));
  const Results r = testing_models::evaluate({net(x), by_hand}, {{x, testing_models::wave(f64, {5, 3})}});
  EXPECT_TRUE(identical(r[0], r[1]));
  std::vector<std::string> paths;
  for (const Value& p : g.parameters()) paths.push_back(p.node().attrs<NamedAttrs>().name);
  EXPECT_EQ(paths, (std::vector<std::string>{"net/layer0/bias", "net/layer0/weight", "net/layer1/bias", "net/layer1/weight", "net/layer2/bias", "net/layer2/weight"}));
}

}  // namespace
}  // namespace lanc
