#include <cmath>
#include <set>

#include <lanc/autodiff/gradients.h>
#include <lanc/models/dense.h>
#include <lanc/models/mlp.h>
#include <lanc/models/parameter.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/reduce.h>

#include "run.h"

namespace lanc {
namespace {

using namespace models_test;

std::vector<std::string> paths(const std::vector<Value>& values) {
  std::vector<std::string> result;
  for (const Value& v : values) result.push_back(v.node().attrs<NamedAttrs>().name);
  return result;
}

TEST(Dense, IsXTimesWTransposedPlusB) {
  Graph g;
  const Value x = f64_of(g, {2, 3}, {1, 2, 3, 4, 5, 6});
  const models::Dense dense(g.scope("d"), 3, 2, {.dtype = f64});
  const Value y = dense(x);
  Named states = initial_states(g);
  states["d/weight"] = Tensor::of<double>({2, 3}, {1, 0, -1, 0.5, 0.5, 0.5});
  states["d/bias"] = Tensor::of<double>({2}, {10, 20});
  const std::vector<Value> slopes = gradients(sum(y * y), {dense.weight, *dense.bias});
  const std::vector<Tensor> r = Step(g, {}, {y, slopes[0], slopes[1]})(states);
  expect_near(r[0], {8, 23, 8, 27.5}, 0);
  expect_near(r[1], {80, 112, 144, 266, 367, 468}, 1e-12);  // 2 y^T x
  expect_near(r[2], {32, 101}, 0);
}

TEST(Dense, TakesAnyLeadingAxes) {
  Graph g;
  const Dim batch = g.dim("batch");
  const models::Dense dense(g.scope("d"), 3, 2);
  EXPECT_EQ(dense(g.input("a", f32, {3})).type().text(), "f32[2]");
  EXPECT_EQ(dense(g.input("b", f32, {batch, 5, 3})).type().text(), "f32[batch,5,2]");
}

TEST(Dense, HasItsParametersUnderItsScope) {
  Graph g;
  const models::Dense a(g.scope("net") / "a", 3, 2), b(g.scope("net") / "b", 2, 4, {.bias = false});
  EXPECT_EQ(paths(g.parameters()), (std::vector<std::string>{"net/a/bias", "net/a/weight", "net/b/weight"}));
  EXPECT_EQ(a.weight.type().text(), "f32[2,3]");
  EXPECT_EQ(a.bias->type().text(), "f32[2]");
  EXPECT_FALSE(b.bias.has_value());
}

TEST(Dense, ExplainsItsMistakes) {
  Graph g;
  const models::Dense dense(g.scope("d"), 3, 2);
  const Value x = g.input("x", f32, {g.dim("batch"), 4}), bytes = g.input("u", u8, {3}), scalar = g.input("s", f32, {});
  EXPECT_HAS(error_of([&] { dense(x); }), "Dense: the input must be f32[...,3], got f32[batch,4]\n  input built at layers_test.cpp:");
  EXPECT_HAS(error_of([&] { dense(bytes); }), "Dense: the input must be f32[...,3], got u8[3]");
  EXPECT_HAS(error_of([&] { dense(scalar); }), "Dense: the input must be f32[...,3], got f32[]");
  EXPECT_HAS(error_of([&] { models::Dense(g.scope("e"), 0, 2); }), "Dense: inputs and outputs must be positive, got 0 inputs and 2 outputs");
  const size_t before = g.size();
  const std::string twice = error_of([&] { models::Dense(g.scope("d"), 3, 2); });
  EXPECT_HAS(twice, "parameter 'd/weight': a path must be created once, got it a second time\n  first at layers_test.cpp:");
  EXPECT_HAS(twice, "; again at layers_test.cpp:");
  EXPECT_EQ(g.size(), before);
}

TEST(Mlp, IsItsLayersWithTheActivationBetween) {
  Graph g;
  const Value x = f64_of(g, {2, 3}, {1, 2, 3, 4, 5, 6});
  const models::Mlp net(g.scope("net"), {3, 4, 2}, tanh, {.dtype = f64});
  EXPECT_EQ(paths(g.parameters()), (std::vector<std::string>{"net/layer0/bias", "net/layer0/weight", "net/layer1/bias", "net/layer1/weight"}));
  const Value by_hand = net.layers[1](tanh(net.layers[0](x)));
  const std::vector<Tensor> r = values_of({net(x), by_hand});
  EXPECT_TRUE(identical(r[0], r[1]));
  EXPECT_HAS(error_of([&] { models::Mlp(g.scope("m"), {3}); }), "Mlp: sizes must be at least inputs and outputs, got 1 sizes");
}

TEST(Mlp, TakesAnyActivation) {
  Graph g;
  const Value x = f64_of(g, {1}, {0.5});
  const auto swish = elementwise("swish", [](auto v) { return v / (1 + exp(-v)); });
  const models::Mlp a(g.scope("a"), {1, 1, 1}, swish, {.dtype = f64}), b(g.scope("b"), {1, 1, 1}, [](Value v) { return leaky_relu(v, 0.2); }, {.output = sigmoid, .dtype = f64}),
      c(g.scope("c"), {1, 1}, relu, {.dtype = f64}), d(g.scope("d"), {1, 1}, models::identity, {.dtype = f64});
  EXPECT_EQ(a(x).type().text(), "f64[1]");
  EXPECT_EQ(b(x).node().op->name, "sigmoid");
  EXPECT_EQ(c(x).type().text(), "f64[1]");
  EXPECT_EQ(d(x).type().text(), "f64[1]");
}

TEST(Parameter, IsDrawnFromSeedAndPathAlone) {
  Graph a, b;
  parameter(b.scope("other"), "w", {5}, initializers::uniform(0, 1));
  parameter(a.scope("net"), "w", {5}, initializers::uniform(0, 1));
  parameter(b.scope("net"), "w", {5}, initializers::uniform(0, 1));
  EXPECT_TRUE(identical(initial_states(a, 3).at("net/w"), initial_states(b, 3).at("net/w")));
  EXPECT_FALSE(identical(initial_states(a, 3).at("net/w"), initial_states(a, 4).at("net/w")));
  EXPECT_FALSE(identical(initial_states(b, 3).at("net/w"), initial_states(b, 3).at("other/w")));
}

TEST(Parameter, NeedsSizesThatAreNumbers) {
  Graph g;
  EXPECT_HAS(error_of([&] { parameter(g.scope("net"), "w", {g.dim("n"), 3}, initializers::zeros()); }),
             "parameter 'net/w': sizes must be numbers, got [n,3]\n  parameter at layers_test.cpp:");
}

struct Statistics {
  double mean = 0, variance = 0, low = 0, high = 0;
};
Statistics statistics(const Tensor& t) {
  Statistics s;
  s.low = s.high = t.at(0);
  for (double x : doubles(t)) {
    s.mean += x;
    s.low = std::fmin(s.low, x);
    s.high = std::fmax(s.high, x);
  }
  s.mean /= static_cast<double>(t.numel());
  for (double x : doubles(t)) s.variance += (x - s.mean) * (x - s.mean);
  s.variance /= static_cast<double>(t.numel());
  return s;
}

Tensor drawn(const Initializer& initializer, Shape shape, DType dtype = f32) {
  Graph g;
  parameter(g.scope("net"), "w", std::move(shape), initializer, dtype);
  return initial_states(g, 1).at("net/w");
}

struct DrawCase {
  const char* name;
  Initializer initializer;
  double mean, variance;
  bool uniform;
};

const DrawCase draw_cases[] = {
    {"normal", initializers::normal(), 0, 1e-6, false},
    {"normal_shifted", initializers::normal(2, 0.5), 2, 0.25, false},
    {"uniform", initializers::uniform(-1, 3), 1, 16.0 / 12, true},
    {"glorot_uniform", initializers::glorot_uniform(), 0, 2.0 / 700, true},
    {"glorot_normal", initializers::glorot_normal(), 0, 2.0 / 700, false},
    {"he_uniform", initializers::he_uniform(), 0, 2.0 / 300, true},
    {"he_normal", initializers::he_normal(), 0, 2.0 / 300, false},
    {"lecun_uniform", initializers::lecun_uniform(), 0, 1.0 / 300, true},
    {"lecun_normal", initializers::lecun_normal(), 0, 1.0 / 300, false},
};

class Draw : public testing::TestWithParam<DrawCase> {};

// {400, 300}: 400 outputs, 300 inputs. Five standard errors of mean and variance of 120,000 draws.
TEST_P(Draw, HasItsMeanVarianceAndRange) {
  const DrawCase& c = GetParam();
  const Statistics s = statistics(drawn(c.initializer, {400, 300}));
  const double sd = std::sqrt(c.variance), n = 120000;
  EXPECT_NEAR(s.mean, c.mean, 5 * sd / std::sqrt(n));
  EXPECT_NEAR(s.variance / c.variance, 1, 5 * std::sqrt((c.uniform ? 0.8 : 2.0) / n));
  if (!c.uniform) return EXPECT_GT(s.high, c.mean + 3.5 * sd), void();
  EXPECT_GE(s.low, c.mean - std::sqrt(3.0) * sd * (1 + 1e-6));
  EXPECT_LE(s.high, c.mean + std::sqrt(3.0) * sd * (1 + 1e-6));
}
INSTANTIATE_TEST_SUITE_P(All, Draw, testing::ValuesIn(draw_cases), [](const auto& each) { return std::string(each.param.name); });

TEST(Initializer, CountsTheWindowOfAConvolution) {
  EXPECT_EQ(fans_of({8, 4, 3, 5}).in, 60);
  EXPECT_EQ(fans_of({8, 4, 3, 5}).out, 120);
  EXPECT_EQ(fans_of({7}).in, 7);
  EXPECT_EQ(fans_of({}).out, 1);
}

TEST(Initializer, ConstantsTakeAnyDtype) {
  expect_near(drawn(initializers::constant(3), {2}, i32), {3, 3}, 0);
  expect_near(drawn(initializers::ones(), {2}, bf16), {1, 1}, 0);
  expect_near(drawn(initializers::zeros(), {2}, f16), {0, 0}, 0);
  EXPECT_HAS(error_of([] { drawn(initializers::normal(), {2}, i32); }), "initializer: draws are of a float dtype, got i32");
  EXPECT_EQ(drawn(initializers::he_normal(), {2, 2}, f16).type_text(), "f16[2,2]");
}

TEST(Initializer, MayBeTheUsersOwn) {
  const Initializer halves = [](Graph body, const Shape& shape, DType dtype, uint64_t key) { return 0.5 * initializers::ones()(body, shape, dtype, key); };
  expect_near(drawn(halves, {2}), {0.5, 0.5}, 0);
  const Initializer wrong = [](Graph body, const Shape&, DType dtype, uint64_t key) { return initializers::ones()(body, {3}, dtype, key); };
  EXPECT_HAS(error_of([&] { drawn(wrong, {2}); }), "initializer: the value must be f32[2] in the body graph, got f32[3]");
}

// Q^T Q = 1 for the shorter side: 1e-6 in f32, rounding of f64 otherwise.
void expect_orthonormal(const Tensor& q, double gain, double tolerance) {
  const int64_t rows = q.sizes()[0], columns = q.numel() / rows, side = std::min(rows, columns);
  for (int64_t i = 0; i < side; ++i)
    for (int64_t j = 0; j <= i; ++j) {
      double dot = 0;
      for (int64_t k = 0; k < std::max(rows, columns); ++k) dot += rows < columns ? q.at(i * columns + k) * q.at(j * columns + k) : q.at(k * columns + i) * q.at(k * columns + j);
      ASSERT_NEAR(dot, i == j ? gain * gain : 0, tolerance) << i << ", " << j;
    }
}

TEST(Orthogonal, HasOrthonormalRowsOrColumns) {
  for (const Shape& shape : std::vector<Shape>{{1, 1}, {2, 2}, {3, 3}, {64, 64}, {40, 7}, {7, 40}, {1, 5}, {5, 1}, {6, 3, 2, 2}}) {
    SCOPED_TRACE(shape_text(shape));
    expect_orthonormal(drawn(initializers::orthogonal(), shape), 1, 1e-6);
    expect_orthonormal(drawn(initializers::orthogonal(2), shape, f64), 2, 1e-12);
  }
  EXPECT_HAS(error_of([] { drawn(initializers::orthogonal(), {3}); }), "orthogonal: rank must be at least 2, got [3]");
}

// Of a Haar matrix of size n: E q_ij = 0, E q_ij^2 = 1/n, E trace^2 = 1; both signs of the determinant are equally likely. 400 draws, five standard errors.
TEST(Orthogonal, IsUniformOverAllOrthogonalMatrices) {
  Graph g;
  for (int i = 0; i < 400; ++i) parameter(g.scope("net"), "w" + std::to_string(i), {3, 3}, initializers::orthogonal(), f64);
  const Named states = initial_states(g, 2);
  std::vector<double> mean(9), square(9);
  double trace = 0, determinant = 0;
  for (int i = 0; i < 400; ++i) {
    const std::vector<double> q = doubles(states.at("net/w" + std::to_string(i)));
    for (size_t k = 0; k < 9; ++k) {
      mean[k] += q[k] / 400;
      square[k] += q[k] * q[k] / 400;
    }
    trace += (q[0] + q[4] + q[8]) * (q[0] + q[4] + q[8]) / 400;
    determinant += (q[0] * (q[4] * q[8] - q[5] * q[7]) - q[1] * (q[3] * q[8] - q[5] * q[6]) + q[2] * (q[3] * q[7] - q[4] * q[6])) / 400;
  }
  for (size_t k = 0; k < 9; ++k) {
    EXPECT_NEAR(mean[k], 0, 5 * std::sqrt(1.0 / 3 / 400));
    EXPECT_NEAR(square[k], 1.0 / 3, 5 * std::sqrt(4.0 / 45 / 400));
  }
  EXPECT_NEAR(trace, 1, 5 * std::sqrt(2.0 / 400));
  EXPECT_NEAR(determinant, 0, 5 * std::sqrt(1.0 / 400));
}

}  // namespace
}  // namespace lanc
