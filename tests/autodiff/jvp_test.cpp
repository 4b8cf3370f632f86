// jvp: the derivative along a direction, against differences, closed forms and vjp.
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;

using Values = std::vector<Value>;

std::string at(int line) { return "jvp_test.cpp:" + std::to_string(line); }

// Two outputs of three values that share parts.
struct Example {
  Graph g;
  Values wrt, outputs, tangents, cotangents;
};
Example example() {
  Graph g;
  const Values in = {g.input("x", f64, {4, 3}), g.input("w", f64, {3, 5}), g.input("b", f64, {5})};
  const Value hidden = tanh(matmul(in[0], in[1]) + in[2]);
  Example e{g, in, {softmax(hidden), sum(exp(in[0]), {.axes = {1}}) * mean(hidden)}, {}, {}};
  for (size_t i = 0; i < 3; ++i) e.tangents.push_back(g.input("t" + std::to_string(i), f64, in[i].shape()));
  for (size_t i = 0; i < 2; ++i) e.cotangents.push_back(g.input("c" + std::to_string(i), f64, e.outputs[i].shape()));
  return e;
}
Tensors point(double phase) { return {wave({4, 3}, phase), wave({3, 5}, phase + 1), wave({5}, phase + 2)}; }

class JvpOn : public testing::TestWithParam<bool> {
 protected:
  SessionOptions options() const { return {.device = GetParam() ? Device::cpu() : Device::reference()}; }
};
INSTANTIATE_TEST_SUITE_P(, JvpOn, testing::Values(true, false),
                         [](const testing::TestParamInfo<bool>& c) { return c.param ? std::string("Cpu") : std::string("Reference"); });

TEST_P(JvpOn, IsTheDifferenceOfTheOutputs) {
  const Example e = example();
  const Values along = jvp(e.outputs, e.wrt, e.tangents);
  const Session session(e.g, options());
  const Function f = session.function(e.wrt, e.outputs);
  const Function df = session.function({e.wrt[0], e.wrt[1], e.wrt[2], e.tangents[0], e.tangents[1], e.tangents[2]}, along);
  const Tensors x = point(0.1), t = point(5);
  expect_near(df({x[0], x[1], x[2], t[0], t[1], t[2]}), difference([&](const Tensors& p) { return f(p); }, x, t), tolerance::numerical_derivative);
}

// <c, J t> = <J' c, t> for three pairs.
TEST_P(JvpOn, IsTheTransposeOfVjp) {
  const Example e = example();
  Values both = jvp(e.outputs, e.wrt, e.tangents);
  const Values back = vjp(e.outputs, e.wrt, e.cotangents);
  both.insert(both.end(), back.begin(), back.end());
  const Function f = Session(e.g, options()).function({e.wrt[0], e.wrt[1], e.wrt[2], e.tangents[0], e.tangents[1], e.tangents[2], e.cotangents[0], e.cotangents[1]}, both);
  for (double phase : {0.0, 30.0, 60.0}) {
    const Tensors x = point(phase), t = point(phase + 5), c = {wave({4, 5}, phase + 10), wave({4}, phase + 11)};
    const Results r = f({x[0], x[1], x[2], t[0], t[1], t[2], c[0], c[1]});
    const Tensors forward = {r[0], r[1]}, backward = {r[2], r[3], r[4]};
    EXPECT_NEAR(inner(c, forward), inner(backward, t), tolerance::jvp_against_vjp * norm(c) * norm(forward)) << phase;
  }
}

// Euler: x . grad f = 2 f for a homogeneous f of degree 2; the tangent may be the value itself.
TEST(Jvp, AlongTheValueItselfOfAHomogeneousFunction) {
  Graph g;
  const Value x = g.input("x", f64, {4});
  const Value f = sum(x * reverse(x));
  const Results got = Session(g).eval({f, jvp({f}, {x}, {x})[0]}, {{x, wave({4}, 0)}});
  EXPECT_NEAR(got[1].item<double>(), 2 * got[0].item<double>(), 1e-14);
}

// A linear function is its own derivative: indices and conditions stand still.
TEST(Jvp, OfALinearFunctionIsItsValueAtTheTangent) {
  Graph g;
  const Value x = g.input("x", f64, {4, 2}), t = g.input("t", f64, {4, 2}), ids = g.input("ids", i64, {3}), keep = g.input("keep", boolean, {3, 2});
  const auto f = [&](const Value& v) { return where(keep, take(v, ids), 0.0); };
  const Results got = Session(g).eval({jvp({f(x)}, {x}, {t})[0], f(t)},
                                      {{x, wave({4, 2}, 0)},
                                       {t, wave({4, 2}, 1)},
                                       {ids, Tensor::of<int64_t>({3}, {3, 0, 3})},
                                       {keep, Tensor::of<bool>({3, 2}, {true, false, true, true, false, true})}});
  expect_near({got[0]}, {got[1]}, 0);
}

TEST(Jvp, OfWhatDoesNotDependOnTheValueIsZerosOfTheOutputsType) {
  Graph g;
  const Value x = g.input("x", f64, {3}), y = g.input("y", f32, {2, 2}), t = g.input("t", f64, {3});
  const Value n = g.input("n", i32, {2});
  const Values along = jvp({2.0 * y, x * x, cast(n, f64), sum(stop_gradient(x))}, {x}, {t});
  EXPECT_EQ(along[0].type().text(), "f32[2,2]");
  const Results got = Session(g).eval(along, {{x, wave({3}, 0)}, {t, wave({3}, 1)}, {y, wave({2, 2}, 2).to(f32)}, {n, Tensor::of<int32_t>({2}, {4, 5})}});
  EXPECT_TRUE(identical(got[0], Tensor(f32, {2, 2})));
  EXPECT_GT(norm({got[1]}), 0.1);
  EXPECT_TRUE(identical(got[2], Tensor(f64, {2})));
  EXPECT_EQ(got[3].item<double>(), 0);
}

// Along no value at all: the empty sum.
TEST(Jvp, WithoutValuesIsZero) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Values along = jvp({x * x}, {}, {});
  expect_near(Session(g).eval(along, {{x, wave({3}, 0)}}), {Tensor(f64, {3})}, 0);
}

// d/dx <grad f(x), v> = H v.
TEST(Jvp, CanBeDifferentiatedAgain) {
  Graph g;
  const Value x = g.input("x", f64, {4}), v = g.input("v", f64, {4});
  const Value f = mean(exp(x) * sin(reverse(x)));
  const Value twice = gradient(jvp({f}, {x}, {v})[0], x), hessian = hvp(f, {x}, {v})[0];
  const Value forward_twice = jvp({jvp({f}, {x}, {v})[0]}, {x}, {v})[0];
  const Results got = Session(g).eval({twice, hessian, forward_twice, sum(hessian * v)}, {{x, wave({4}, 0)}, {v, wave({4}, 1)}});
  expect_near({got[0]}, {got[1]}, tolerance::jvp_against_vjp);
  expect_near({got[2]}, {got[3]}, tolerance::jvp_against_vjp);
}

// y = 3 x as an op with a rule of its own, which says 5 in the test's place of 3: so it shows who was asked.
Types scaled_types(const InferArgs& args) { return {args.input(0)}; }
Tangents scaled_jvp(const JvpArgs& args) { return {*args.tangent() * 5.0}; }
Tangents wrong_jvp(const JvpArgs& args) { return {sum(*args.tangent())}; }
Cotangents scaled_vjp(const VjpArgs& args) { return {args.cotangent() * 3.0}; }
std::vector<Value> scaled_compose(const Values& inputs, const Attributes&, const OpDef&) { return {inputs[0] * 3.0}; }

TEST(Jvp, AsksAnOpsOwnRule) {
  static const OpDef own{.name = "own", .infer = scaled_types, .vjp = scaled_vjp, .jvp = scaled_jvp, .compose = scaled_compose};
  static const OpDef without{.name = "without", .infer = scaled_types, .vjp = scaled_vjp, .compose = scaled_compose};
  static const OpDef wrong{.name = "wrong", .infer = scaled_types, .vjp = scaled_vjp, .jvp = wrong_jvp, .compose = scaled_compose};
  Graph g;
  const Value x = g.input("x", f64, {3}), t = g.input("t", f64, {3});
  const Results got = Session(g).eval({jvp({apply(own, {x * 2.0})}, {x}, {t})[0], jvp({apply(without, {x * 2.0})}, {x}, {t})[0], t},
                                      {{x, wave({3}, 0)}, {t, wave({3}, 1)}});
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(got[0].at(i), 10 * got[2].at(i));
    EXPECT_EQ(got[1].at(i), 6 * got[2].at(i));
  }
  EXPECT_THROW(jvp({apply(wrong, {x})}, {x}, {t}), InternalError);
}

// A wanted value that lies on the way of another is moved by both.
TEST(Jvp, AddsTheTangentsOfAValueOnTheWay) {
  Graph g;
  const Value x = g.input("x", f64, {3}), t = g.input("t", f64, {3}), s = g.input("s", f64, {3});
  const Value h = x * x;
  const Value along = jvp({h * 2.0}, {x, h}, {t, s})[0];
  const Results got = Session(g).eval({along, 4.0 * x * t + 2.0 * s}, {{x, wave({3}, 0)}, {t, wave({3}, 1)}, {s, wave({3}, 2)}});
  expect_near({got[0]}, {got[1]}, 1e-15);
}

// A chain of n ops is walked once: the tangents of a long chain are not quadratic in its length.
TEST(Jvp, OfALongChainGrowsWithItsLength) {
  const auto nodes = [](int length) {
    Graph g;
    const Value x = g.input("x", f64, {3}), t = g.input("t", f64, {3});
    Value y = x;
    for (int i = 0; i < length; ++i) y = tanh(y * x);
    const size_t before = g.size();
    jvp({y}, {x}, {t});
    return g.size() - before;
  };
  EXPECT_EQ(nodes(400) - nodes(200), 2 * (nodes(200) - nodes(100)));
}

TEST(Jvp, MistakesNameTheUsersLine) {
  Graph g, other;
  const Value x = g.input("x", f64, {3}), n = g.input("n", i32, {3}), foreign = other.input("foreign", f64, {3});
  const Value y = x * x, count = n * 2, wrong = sum(x);
  const int line = __LINE__ + 1;
  EXPECT_EQ(message_of([&] { jvp({y}, {x}, {}); }), "jvp: one tangent per value is needed, got 0 for 1\n  jvp at " + at(line));
  EXPECT_EQ(message_of([&] { jvp({y}, {x}, {wrong}); }), "jvp: a tangent must have its value's type f64[3], got f64[]\n  jvp at " + at(line + 1));
  EXPECT_EQ(message_of([&] { jvp({count}, {x}, {x}); }), "jvp: outputs must be floats, got i32[3]\n  jvp at " + at(line + 2));
  const std::string integer = message_of([&] { jvp({y}, {n}, {n}); });
  EXPECT_EQ(integer, "gradients: a derivative needs a float value, got 'n' of i32[3]\n  built at " + at(line - 3) + "\n  jvp at " + at(line + 3));
  const std::string graphs = message_of([&] { jvp({y}, {x}, {foreign}); });
  EXPECT_EQ(graphs, "jvp: values must belong to one graph, got a value of another graph at " + at(line - 3) + "\n  jvp at " + at(line + 5));
}

}  // namespace
}  // namespace lanc
