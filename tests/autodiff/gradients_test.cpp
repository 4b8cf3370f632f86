// gradients and vjp: several values, what is not reached, derivatives of higher order, and ops whose gradient is known by hand.
#include <lanc/tests/autodiff/support.h>

#include <functional>

#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

using namespace testing_autodiff;

using Values = std::vector<Value>;

std::string at(int line) { return "gradients_test.cpp:" + std::to_string(line); }

// f = x y^2: values in any order, one of them twice.
TEST(Gradients, OfSeveralValuesComeInTheirOrder) {
  Graph g;
  const Value x = g.input("x", f64, {}), y = g.input("y", f64, {});
  const Results got = Session(g).eval(gradients(x * y * y, {y, x, y}), {{x, Tensor::scalar(3.0)}, {y, Tensor::scalar(5.0)}});
  EXPECT_EQ(got[0].item<double>(), 30);
  EXPECT_EQ(got[1].item<double>(), 25);
  EXPECT_EQ(got[2].item<double>(), 30);
}

// h = x^2, f = h x: by h is x, by x is 3 x^2 (all ways, also through h), by f is 1.
TEST(Gradients, ByAnIntermediateValueAndByTheLossItself) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value h = x * x;
  const Value f = h * x;
  const Results got = Session(g).eval(gradients(f, {h, x, f}), {{x, Tensor::scalar(4.0)}});
  EXPECT_EQ(got[0].item<double>(), 4);
  EXPECT_EQ(got[1].item<double>(), 48);
  EXPECT_EQ(got[2].item<double>(), 1);
}

TEST(Gradients, OfAReusedValueIsTheSumOverItsUses) {
  Graph g;
  const Value x = g.input("x", f64, {2});
  const Value y = x * x;
  const Value f = sum(y) + sum(3.0 * y) + sum(y * x) + sum(x);  // 2x + 6x + 3x^2 + 1
  expect_near(Session(g).eval({gradient(f, x)}, {{x, tensor({2}, {2, -1})}}), {tensor({2}, {16 + 12 + 1, -8 + 3 + 1})}, 0);
}

TEST(Gradients, OfAValueThatIsNotReachedMayBeZeros) {
  Graph g;
  const Value x = g.input("x", f64, {}), y = g.input("y", f32, {2, 3});
  const Values d = gradients(x * x, {x, y}, Unreached::zeros);
  EXPECT_EQ(d[1].type().text(), "f32[2,3]");
  const Results got = Session(g).eval(d, {{x, Tensor::scalar(3.0)}, {y, wave({2, 3}, 0).to(f32)}});
  EXPECT_EQ(got[0].item<double>(), 6);
  EXPECT_TRUE(identical(got[1], Tensor(f32, {2, 3})));
}

TEST(Gradients, OfAValueThatIsNotReachedNameItAndItsLine) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value y = g.input("y", f64, {2});
  const Value unused = y * 2.0;
  const Value loss = x * x;
  const int line = __LINE__;
  const std::string advice = "; take it out of the list, or ask for Unreached::zeros\n  gradients at ";
  const std::string input = message_of([&] { gradients(loss, {x, y}); });
  EXPECT_EQ(input,
            "gradients: the output must depend on every wanted value, got 'y' without a way to it\n  built at " + at(line - 3) + advice + at(line + 2));
  const std::string text = message_of([&] { gradients(loss, {unused}); });
  EXPECT_TRUE(begins(text, "gradients: the output must depend on every wanted value, got mul f64[2] without a way to it\n  built at " + at(line - 2))) << text;
}

TEST(Gradients, SayWhereTheWayOfAValueEnds) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Value best = argmax(x, {.axes = {0}});
  const Value loss = cast(best, f64);
  const int line = __LINE__;
  const std::string text = message_of([&] { gradient(loss, x); });
  EXPECT_TRUE(begins(text, "gradients: the output must depend on every wanted value, got 'x', whose way ends at argmax: ")) << text;
  EXPECT_TRUE(holds(text, "\n  built at " + at(line - 3) + "; argmax at " + at(line - 2))) << text;
}

TEST(Gradients, OfNoFloatOfRankZeroSayWhatToDo) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Value n = g.input("n", i32, {});
  const int line = __LINE__;
  const std::string text = message_of([&] { gradient(x, x); });
  EXPECT_EQ(text, "gradients: a loss must be a float of rank 0, got f64[3]\n  built at " + at(line - 2) +
                      "; take sum or mean of it, or use vjp with a cotangent\n  gradient at " + at(line + 1));
  EXPECT_TRUE(begins(message_of([&] { gradient(n, x); }), "gradients: a loss must be a float of rank 0, got i32[]"));
  EXPECT_TRUE(begins(message_of([&] { gradient(sum(x), n); }), "gradients: a derivative needs a float value, got 'n' of i32[]\n  built at " + at(line - 1)));
}

// One node that gives x y and x^2: d (3 x y + 5 x^2) / dx = 3 y + 10 x, by y it is 3 x.
TEST(Gradients, OfAFormulaWithSeveralResultsSumOverThem) {
  FormulaBuilder builder;
  const int x_node = builder.input(0), y_node = builder.input(1);
  const int outputs[] = {builder.call(*scalar_function("mul"), {x_node, y_node}), builder.call(*scalar_function("square"), {x_node})};
  Graph g;
  const Value x = g.input("x", f64, {2}), y = g.input("y", f64, {2});
  const Values both = apply_all(formula_op, {x, y}, FormulaAttrs{builder.finish(2, outputs)});
  const Values d = gradients(sum(3.0 * both[0]) + sum(5.0 * both[1]), {x, y});
  expect_near(Session(g).eval(d, {{x, tensor({2}, {1, -2})}, {y, tensor({2}, {7, 4})}}), {tensor({2}, {31, -8}), tensor({2}, {3, -6})}, 0);
}

// Cotangents of two outputs of which one is reached through the other.
TEST(Vjp, SumsOverItsOutputs) {
  Graph g;
  const Value x = g.input("x", f64, {2}), c = g.input("c", f64, {2}), d = g.input("d", f64, {2});
  const Value y = x * x;
  const Value z = y * 3.0;
  const Feeds feeds = {{x, tensor({2}, {2, 5})}, {c, tensor({2}, {1, 10})}, {d, tensor({2}, {100, 1})}};
  expect_near(Session(g).eval(vjp({y, z}, {x}, {c, d}), feeds), {tensor({2}, {4 * (1 + 300), 10 * (10 + 3)})}, 0);
  expect_near(Session(g).eval(vjp({z, y, y}, {x}, {d, c, c}), feeds), {tensor({2}, {4 * (2 + 300), 10 * (20 + 3)})}, 0);
}

TEST(Vjp, CotangentsMustHaveTheOutputsTypes) {
  Graph g;
  const Value x = g.input("x", f64, {2});
  const Value y = x * x, c = sum(x);
  const int line = __LINE__;
  EXPECT_EQ(message_of([&] { vjp({y}, {x}, {c}); }), "vjp: a cotangent must have its output's type f64[2], got f64[]\n  vjp at " + at(line + 1));
  EXPECT_EQ(message_of([&] { vjp({y}, {x}, {}); }), "vjp: one cotangent per output is needed, got 0 for 1\n  vjp at " + at(line + 2));
}

// Values of mpmath 1.3 with 40 digits, mp.diff(f, x, 3); gelu also by (x^3 - 4 x) phi(x).
TEST(ThirdDerivative, OfGeluAndTanhIsThatOfMpmath) {
  struct Row {
    double x, gelu, gelu_tanh, tanh;
  };
  const Row rows[] = {
      {-2.5, -0.0985966902763230227, -0.0981021707279818752, 0.102126027612830881}, {-1.0, 0.725912173557430049, 0.721720391788486427, 0.621626680771296263},
      {-0.25, 0.380626427477804688, 0.382191671712304082, -1.54170810063335383},    {0.0, 0.0, 0.0, -2.0},
      {0.5, -0.660122487683061521, -0.661217903326735194, -0.565209288259770361},   {1.5, -0.339983688622965785, -0.339621689467724301, 0.526897219588102805},
      {3.0, 0.0664777261790701076, 0.0696822183833200167, 0.0388801165256616823},
  };
  Graph g;
  const Value x = g.input("x", f64, {});
  const auto third = [&](Value f) {
    for (int order = 0; order < 3; ++order) f = gradient(f, x);
    return f;
  };
  const Values derivatives = {third(gelu(x)), third(gelu_tanh(x)), third(tanh(x))};
  for (const Device device : {Device::cpu(), Device::reference()}) {
    const Function f = Session(g, {.device = device}).function({x}, derivatives);
    for (const Row& row : rows) {
      const Results got = f(Tensor::scalar(row.x));
      EXPECT_NEAR(got[0].item<double>(), row.gelu, 1e-14) << row.x;
      EXPECT_NEAR(got[1].item<double>(), row.gelu_tanh, 1e-13) << row.x;  // sums of terms of size 10
      EXPECT_NEAR(got[2].item<double>(), row.tanh, 1e-14) << row.x;
    }
  }
}

// d/dx sum of weights * f(x), where it can be written down: the weights are 1, 2, 3, ... in the order of f's result.
struct MovedCase {
  const char* name;
  Sizes sizes;
  std::vector<double> x;
  std::function<Value(const Value&)> f;
  std::vector<double> gradient;
};
std::vector<MovedCase> moved_cases() {
  const std::vector<double> six = {1, 2, 3, 4, 5, 6};
  return {
      {"Reshape", {2, 3}, six, [](const Value& x) { return reshape(x, {3, 2}); }, {1, 2, 3, 4, 5, 6}},
      {"Transpose", {2, 3}, six, [](const Value& x) { return transpose(x); }, {1, 3, 5, 2, 4, 6}},
      {"Permute", {1, 2, 3}, six, [](const Value& x) { return permute(x, {2, 0, 1}); }, {1, 3, 5, 2, 4, 6}},
      {"BroadcastOfANewAxis", {3}, {1, 2, 3}, [](const Value& x) { return broadcast_to(x, {2, 3}); }, {1 + 4, 2 + 5, 3 + 6}},
      {"BroadcastOfAnAxisOfOne", {2, 1}, {1, 2}, [](const Value& x) { return broadcast_to(x, {2, 3}); }, {1 + 2 + 3, 4 + 5 + 6}},
      {"BroadcastByArithmetic", {3}, {1, 2, 3}, [](const Value& x) { return x + ones(x.graph(), {2, 3}, f64); }, {5, 7, 9}},
      {"Slice", {2, 3}, six, [](const Value& x) { return slice_of(x, {{}, {1, 3}}); }, {0, 1, 2, 0, 3, 4}},
      {"SliceBackwardsByTwo", {5}, {1, 2, 3, 4, 5}, [](const Value& x) { return slice_of(x, {{.step = -2}}); }, {3, 0, 2, 0, 1}},
      {"Concat", {2, 2}, {1, 2, 3, 4}, [](const Value& x) { return concat({x, 10.0 * x}, 1); }, {1 + 30, 2 + 40, 5 + 70, 6 + 80}},
      {"Stack", {2}, {1, 2}, [](const Value& x) { return stack_of({x, 10.0 * x}); }, {1 + 30, 2 + 40}},
      {"Where", {4}, {1, -2, 3, -4}, [](const Value& x) { return where(greater_than(x, 0.0), 5.0 * x, x); }, {5, 2, 15, 4}},
      {"MaxHalvedAtATie", {3}, {1, 2, 3}, [](const Value& x) { return max(x, full_like(x, 2.0)); }, {0, 1, 3}},
      {"MinHalvedAtATie", {3}, {1, 2, 3}, [](const Value& x) { return min(x, full_like(x, 2.0)); }, {1, 1, 0}},
      {"MaxOfTwoUses", {3}, {-1, 0, 1}, [](const Value& x) { return max(x, -x); }, {-1, 0, 3}},
      {"ReduceMaxSharedByTies", {2, 3}, {4, 1, 4, 0, 7, 2}, [](const Value& x) { return reduce_max(x, {.axes = {1}}); }, {0.5, 0, 0.5, 0, 2, 0}},
      {"Reverse", {3}, {1, 2, 3}, [](const Value& x) { return reverse(x); }, {3, 2, 1}},
      {"TakeOfOneRowTwice", {2, 2}, {1, 2, 3, 4}, [](const Value& x) { return take(x, constant(x.graph(), Tensor::of<int32_t>({3}, {1, 0, 1}))); }, {3, 4, 1 + 5, 2 + 6}},
  };
}

class GradientThrough : public testing::TestWithParam<MovedCase> {};

TEST_P(GradientThrough, IsWhatIsWrittenDown) {
  const MovedCase& c = GetParam();
  Graph g;
  Shape shape(c.sizes.begin(), c.sizes.end());
  const Value x = g.input("x", f64, shape);
  const Value y = c.f(x);
  const Value weights = reshape(arange(g, 1, y.type().numel() + 1, 1, f64), y.shape());
  const Value dx = gradient(sum(y * weights), x);
  for (const Device device : {Device::cpu(), Device::reference()})
    expect_near(Session(g, {.device = device}).eval({dx}, {{x, tensor(c.sizes, c.x)}}), {tensor(c.sizes, c.gradient)}, 0);
}

INSTANTIATE_TEST_SUITE_P(, GradientThrough, testing::ValuesIn(moved_cases()),
                         [](const testing::TestParamInfo<MovedCase>& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace lanc
