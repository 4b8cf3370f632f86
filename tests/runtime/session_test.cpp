// The whole way on both devices: build, differentiate, compile, train.
#include <gtest/gtest.h>

#include <cmath>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

float train_xor(Device device) {
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 2});
  const Value y = g.input("y", f32, {batch, 1});
  const models::Dense hidden(g.scope("hidden"), 2, 8), out(g.scope("out"), 8, 1);
  const Value loss = mean(square(out(tanh(hidden(x))) - y));
  const Session session(g, {.device = device, .seed = 1, .verify_passes = true});
  const Function train = session.function({x, y}, {loss}, optimizers::adam({.learning_rate = 0.05}).minimize(loss));
  const Tensor inputs = Tensor::of<float>({4, 2}, {0, 0, 0, 1, 1, 0, 1, 1}), targets = Tensor::of<float>({4, 1}, {0, 1, 1, 0});
  float last = 1;
  for (int i = 0; i < 400; ++i) last = train(inputs, targets)[0].item<float>();
  return last;
}

TEST(Session, LearnsXorOnTheCpu) { EXPECT_LT(train_xor(Device::cpu()), 1e-2f); }
TEST(Session, LearnsXorOnTheReference) { EXPECT_LT(train_xor(Device::reference()), 1e-2f); }

// d/dx of x^3 at 2 is 12, d2/dx2 is 12, d3/dx3 is 6.
TEST(Gradient, OfAnyOrderIsGraph) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value y = x * x * x;
  const Value d1 = gradient(y, x), d2 = gradient(d1, x), d3 = gradient(d2, x);
  const Session session(g);
  const Results r = session.eval({d1, d2, d3}, {{x, Tensor::scalar(2.0)}});
  EXPECT_DOUBLE_EQ(r[0].item<double>(), 12);
  EXPECT_DOUBLE_EQ(r[1].item<double>(), 12);
  EXPECT_DOUBLE_EQ(r[2].item<double>(), 6);
}

TEST(Gradient, OfAUsersFormulaEqualsItsClosedForm) {
  const auto swish = elementwise("swish", [](auto x) { return x / (1 + exp(-x)); });
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Value dx = gradient(sum(swish(x)), x);
  const Session session(g);
  const Tensor at = Tensor::of<double>({3}, {-1.5, 0.0, 2.0});
  const Results r = session.eval({dx}, {{x, at}});
  for (int64_t i = 0; i < 3; ++i) {
    const double s = 1 / (1 + std::exp(-at.at(i)));
    EXPECT_NEAR(r[0].at(i), s + at.at(i) * s * (1 - s), 1e-12);
  }
}

TEST(Gradient, OfABranchNotTakenIsZeroAndNotNan) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value dx = gradient(where(greater_than(x, 0), sqrt(x), 0), x);
  EXPECT_EQ(Session(g).eval({dx}, {{x, Tensor::scalar(0.0)}})[0].item<double>(), 0);
}

TEST(Cpu, GivesTheReferencesResults) {
  Graph g;
  const Dim n = g.dim("n");
  const Value x = g.input("x", f32, {n, 37});
  const Value w = g.input("w", f32, {37, 50});
  const Value h = matmul(x, w);
  const Value p = exp(h - reduce_max(h, {.axes = {1}, .keep = true}));
  const std::vector<Value> outputs = {sum(p, {.axes = {1}}), sum(tanh(h), {.axes = {0}}), transpose(sigmoid(h)), log(1 + exp(h)), mean(sin(h) * cos(h))};
  std::vector<float> xs(33 * 37), ws(37 * 50);
  for (size_t i = 0; i < xs.size(); ++i) xs[i] = std::sin(static_cast<float>(i));
  for (size_t i = 0; i < ws.size(); ++i) ws[i] = std::cos(static_cast<float>(3 * i));
  const Feeds feeds = {{x, Tensor::of<float>({33, 37}, xs)}, {w, Tensor::of<float>({37, 50}, ws)}};
  const Results fast = Session(g).eval(outputs, feeds), slow = Session(g, {.device = Device::reference()}).eval(outputs, feeds);
  for (size_t k = 0; k < outputs.size(); ++k) {
    ASSERT_EQ(fast[k].sizes(), slow[k].sizes());
    for (int64_t i = 0; i < fast[k].numel(); ++i) ASSERT_NEAR(fast[k].at(i), slow[k].at(i), 2e-5 * (1 + std::abs(slow[k].at(i)))) << k << " " << i;
  }
}

// 16-bit floats are rounded after every op, and nothing is simplified.
TEST(Cpu, GivesTheReferencesBitsWhereStrict) {
  Graph g;
  const Value x = g.input("x", bf16, {100});
  const Value y = log(exp(x * 1.01 * 1.01 - 0.3)) * 3.0;
  Tensor at(bf16, {100});
  for (int64_t i = 0; i < 100; ++i) at.set(i, 0.013 * static_cast<double>(i));
  const auto value = [&](const SessionOptions& options) { return Session(g, options).function({x}, {y})(at)[0]; };
  const Tensor want = value({.device = reference, .strict = true});
  EXPECT_TRUE(identical(value({.strict = true}), want));
  EXPECT_TRUE(identical(value({.jit = false, .strict = true}), want));
  EXPECT_FALSE(identical(value({}), want));
}

TEST(Function, MakesOnePlanForEachBindingOfTheDims) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Function f = Session(g).function({x}, {sum(x)});
  for (int round = 0; round < 3; ++round)
    for (int64_t n : {0, 1, 5}) EXPECT_EQ(f(Tensor(f32, {n}))[0].item<float>(), 0);
  EXPECT_EQ(f.stats().plans_made, 3);
  EXPECT_EQ(f.stats().calls, 9);
}

TEST(Errors, NameTheRequirementAndTheUsersLine) {
  Graph g;
  const Value x = g.input("x", f32, {3, 784}), w = g.input("w", f32, {512, 10});
  const std::string line = "session_test.cpp:" + std::to_string(__LINE__ + 1);
  const std::string text = message_of([&] { matmul(x, w); });
  EXPECT_NE(text.find("matmul: inner dimensions must be equal, got lhs f32[3,784] and rhs f32[512,10] (784 and 512)"), std::string::npos) << text;
  EXPECT_NE(text.find("matmul at " + line), std::string::npos) << text;
}

TEST(Errors, OfAFailedBuilderLeaveTheGraphAsItWas) {
  Graph g;
  const Value x = g.input("x", f32, {3, 4}), y = g.input("y", f32, {5});
  const size_t before = g.size();
  EXPECT_NE(message_of([&] { x + y; }).find("add: shapes must be equal or broadcast"), std::string::npos);
  EXPECT_EQ(g.size(), before);
}

TEST(Text, IsOneLineANode) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 2});
  EXPECT_EQ(to_text({sum(x, {.axes = {1}})}, {.lines = false}),
            "graph\ndims n\n%x = input \"x\" : f32[n,2]\n%0 = sum(%x) {axes = [1], keep = false} : f32[n]\noutput %0\n");
}

TEST(Formula, TextReadsBack) {
  const auto f = elementwise("f", [](auto x, auto y) { return where(x > 0, x * exp(-y), 2.5); });
  EXPECT_EQ(Formula::parse(f.formula().text()).text(), f.formula().text());
}

TEST(Session, InitialValuesMayHoldComposites) {
  Graph g;
  const Initializer probabilities = [](Graph body, const Shape& shape, DType dtype, uint64_t) { return softmax(full(body, shape, 1, dtype)); };
  const Value w = parameter(g.root(), "w", {4}, probabilities);
  EXPECT_EQ(Session(g).eval({w}, {})[0].at(3), 0.25);
}

}  // namespace
}  // namespace lanc
