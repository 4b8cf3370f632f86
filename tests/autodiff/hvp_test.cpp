// hvp: the Hessian times a direction, against closed forms and central differences of gradients.
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;

using Values = std::vector<Value>;

std::string at(int line) { return "hvp_test.cpp:" + std::to_string(line); }

// f = x' A x with an A that is not symmetric: H = A + A', whatever x is.
TEST(Hvp, OfAQuadraticFormIsItsSymmetricPartTwice) {
  constexpr int64_t n = 5;
  Graph g;
  const Value x = g.input("x", f64, {n}), v = g.input("v", f64, {n}), a = g.input("a", f64, {n, n});
  const Value hv = hvp(dot(x, matmul(a, x)), {x}, {v})[0];
  const Tensor matrix = wave({n, n}, 0.4), direction = wave({n}, 2);
  Tensor expected(f64, {n});
  for (int64_t i = 0; i < n; ++i) {
    double total = 0;
    for (int64_t j = 0; j < n; ++j) total += (matrix.at(i * n + j) + matrix.at(j * n + i)) * direction.at(j);
    expected.set(i, total);
  }
  for (const Device device : {Device::cpu(), Device::reference()})
    expect_near(Session(g, {.device = device}).eval({hv}, {{x, wave({n}, 1)}, {v, direction}, {a, matrix}}), {expected}, closed_form);
}

// f = sum x^2 y: H (u, v) = (2 y u + 2 x v, 2 x u).
TEST(Hvp, OfSeveralValuesHasTheirMixedDerivatives) {
  Graph g;
  const Value x = g.input("x", f64, {2, 2}), y = g.input("y", f64, {2, 2}), u = g.input("u", f64, {2, 2}), v = g.input("v", f64, {2, 2});
  const Values h = hvp(sum(x * x * y), {x, y}, {u, v});
  const Tensor tx = wave({2, 2}, 0), ty = wave({2, 2}, 1), tu = wave({2, 2}, 2), tv = wave({2, 2}, 3);
  Tensor by_x(f64, {2, 2}), by_y(f64, {2, 2});
  for (int64_t i = 0; i < 4; ++i) {
    by_x.set(i, 2 * ty.at(i) * tu.at(i) + 2 * tx.at(i) * tv.at(i));
    by_y.set(i, 2 * tx.at(i) * tu.at(i));
  }
  expect_near(Session(g).eval(h, {{x, tx}, {y, ty}, {u, tu}, {v, tv}}), {by_x, by_y}, closed_form);
}

// Rosenbrock's function at (1, 1), its minimum: H = [[802, -400], [-400, 200]].
TEST(Hvp, OfRosenbrocksFunctionAtItsMinimum) {
  Graph g;
  const Value x = g.input("x", f64, {}), y = g.input("y", f64, {}), one = g.input("one", f64, {}), none = g.input("none", f64, {});
  const Value f = square(1.0 - x) + 100.0 * square(y - x * x);
  const Values first = hvp(f, {x, y}, {one, none}), second = hvp(f, {x, y}, {none, one});
  const Results h = Session(g).eval({first[0], first[1], second[0], second[1]},
                                    {{x, Tensor::scalar(1.0)}, {y, Tensor::scalar(1.0)}, {one, Tensor::scalar(1.0)}, {none, Tensor::scalar(0.0)}});
  const double expected[] = {802, -400, -400, 200};
  for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(h[i].item<double>(), expected[i], 1e-10) << i;
}

TEST(Hvp, OfALinearFunctionIsZero) {
  Graph g;
  const Value x = g.input("x", f64, {3}), v = g.input("v", f64, {3});
  expect_near(Session(g).eval({hvp(sum(2.0 * x), {x}, {v})[0]}, {{x, wave({3}, 0)}, {v, wave({3}, 1)}}), {tensor({3}, {0, 0, 0})}, 0);
}

// Of a classifier with a smooth hidden layer: every weight and bias, along two directions.
struct Mlp {
  Graph g;
  Value x, y;
  Values weights;
  Value loss;
  Values along;  // inputs of the weights' types
};
Mlp mlp(bool gelu_layer) {
  Graph g;
  const Value x = g.input("x", f64, {4, 3}), y = g.input("y", i32, {4});
  const Values w = {g.input("w1", f64, {3, 5}), g.input("b1", f64, {5}), g.input("w2", f64, {5, 3}), g.input("b2", f64, {3})};
  const Value pre = matmul(x, w[0]) + w[1];
  const Value logits = matmul(gelu_layer ? gelu(pre) : tanh(pre), w[2]) + w[3];
  Values along;
  for (const Value& v : w) along.push_back(g.input("along_" + std::to_string(along.size()), f64, v.shape()));
  return {g, x, y, w, losses::softmax_cross_entropy(logits, y), along};
}
Tensors of_weights(double phase) { return {wave({3, 5}, phase), wave({5}, phase + 1), wave({5, 3}, phase + 2), wave({3}, phase + 3)}; }

class HvpOfAnMlp : public testing::TestWithParam<bool> {};

TEST_P(HvpOfAnMlp, IsTheDifferenceOfItsGradients) {
  const Mlp m = mlp(GetParam());
  const Values g = gradients(m.loss, m.weights), h = hvp(m.loss, m.weights, m.along);
  const Tensors data = {wave({4, 3}, 7), Tensor::of<int32_t>({4}, {0, 2, 1, 2})};
  const Tensors weights = of_weights(0.2), u = of_weights(10), v = of_weights(20);
  for (const Device device : {Device::cpu(), Device::reference()}) {
    const Session session(m.g, {.device = device});
    std::vector<Value> inputs = {m.x, m.y};
    inputs.insert(inputs.end(), m.weights.begin(), m.weights.end());
    const Function gradient = session.function(inputs, g);
    inputs.insert(inputs.end(), m.along.begin(), m.along.end());
    const Function hessian = session.function(inputs, h);
    const auto gradient_at = [&](const Tensors& w) { return gradient({data[0], data[1], w[0], w[1], w[2], w[3]}); };
    const auto times = [&](const Tensors& d) {
      return hessian({data[0], data[1], weights[0], weights[1], weights[2], weights[3], d[0], d[1], d[2], d[3]});
    };
    const Tensors hu = times(u), hv = times(v);
    expect_near(hu, difference(gradient_at, weights, u), tolerance::numerical_derivative);
    // A Hessian is symmetric, and the product linear in the direction.
    EXPECT_NEAR(inner(v, hu), inner(u, hv), tolerance::jvp_against_vjp * norm(u) * norm(hv));
    expect_near(times(moved(u, v, -3)), moved(hu, hv, -3), tolerance::jvp_against_vjp);
  }
}

INSTANTIATE_TEST_SUITE_P(, HvpOfAnMlp, testing::Values(false, true),
                         [](const testing::TestParamInfo<bool>& c) { return c.param ? std::string("Gelu") : std::string("Tanh"); });

TEST(Hvp, AnotherNumberOrTypeOfDirectionsNamesTheUsersLine) {
  Graph g;
  const Value x = g.input("x", f64, {3}), v = g.input("v", f64, {2});
  const Value loss = sum(x * x * x);
  const int line = __LINE__ + 1;
  EXPECT_EQ(message_of([&] { hvp(loss, {x}, {}); }), "hvp: one direction per value is needed, got 0 for 1\n  hvp at " + at(line));
  const std::string text = message_of([&] { hvp(loss, {x}, {v}); });
  EXPECT_EQ(text, "hvp: a direction must have its value's type f64[3], got f64[2]\n  hvp at " + at(line + 1));
  EXPECT_TRUE(hvp(loss, {}, {}).empty());
  EXPECT_TRUE(begins(message_of([&] { hvp(x, {x}, {x}); }), "gradients: a loss must be a float of rank 0, got f64[3]"));
}

}  // namespace
}  // namespace lanc
