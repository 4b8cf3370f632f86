// Looking inside: print and probe, eval of any value, one function on the reference backend.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

const Tensor input = Tensor::of<float>({2, 2}, {-1, 2, 3, -4});

TEST(Probe, ShowsAValueInsideAFusedChainAfterEachCall) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 2});
  const Value h = probe(relu(x), "h");
  const Function f = Session(g).function({x}, {sum(exp(h) * 2.0)});
  f(input);
  EXPECT_EQ(to_text(f.probe("h")), "[[0. 2.]\n [3. 0.]]");
  f(Tensor::of<float>({1, 2}, {5, -5}));
  EXPECT_EQ(to_text(f.probe("h")), "[[5. 0.]]");
  ASSERT_EQ(f.probes().size(), 1u);
  EXPECT_EQ(f.probes()[0].name, "h");
}

TEST(Probe, RunsAsAStatementInEveryFunctionThatComputesItsOperand) {
  Graph g;
  const Value x = g.input("x", f32, {2, 2});
  const Value h = relu(x), other = x * 3.0;
  probe(h, "h");
  const Session session(g);
  const Function with = session.function({x}, {sum(h)}), without = session.function({x}, {other});
  with(input);
  without(input);
  EXPECT_EQ(to_text(session.probe("h")), "[[0. 2.]\n [3. 0.]]");
  EXPECT_TRUE(without.probes().empty());
}

TEST(Probe, LeavesResultsAndGradientsAsTheyAre) {
  for (const Device device : {Device::cpu(), Device::reference()}) {
    Graph g;
    const Value x = g.input("x", f64, {3});
    const auto net = [&](bool probed) {
      const Value h = tanh(x * 2.0);
      const Value seen = probed ? probe(h, "h") : h;
      return sum(seen * seen);
    };
    const Value plain = net(false), probed = net(true);
    const Tensor at = Tensor::of<double>({3}, {0.1, -0.7, 2});
    const Results r = Session(g, {.device = device, .verify_passes = true}).eval({plain, probed, gradient(plain, x), gradient(probed, x)}, {{x, at}});
    EXPECT_TRUE(identical(r[0], r[1]));
    EXPECT_TRUE(identical(r[2], r[3]));
  }
}

TEST(Probe, OfAStateShowsItBeforeTheUpdateAndOfTheNewValueAfterIt) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(1.0));
  const Value next = w * 3.0;
  probe(w, "before");
  probe(next, "after");
  const Session session(g);
  const Function f = session.function({}, {}, {{w, next}});
  f();
  f();
  EXPECT_EQ(to_text(f.probe("before")), "[3. 3.]");
  EXPECT_EQ(to_text(f.probe("after")), "[9. 9.]");
  EXPECT_EQ(to_text(session.get(w)), "[9. 9.]");
}

TEST(Probe, WithoutANameIsCalledByItsLine) {
  Graph g;
  const Value x = g.input("x", f32, {2, 2});
  const std::string line = "probe_test.cpp:" + std::to_string(__LINE__ + 1);
  const Function f = Session(g).function({x}, {sum(probe(relu(x)))});
  f(input);
  EXPECT_EQ(f.probes()[0].name, line);
  EXPECT_EQ(f.probes()[0].line, line);
}

TEST(Probe, OfAValueHeldByTheUserIsNotWrittenAgain) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Function f = Session(g).function({x}, {sum(probe(x + 1.0, "h"))});
  f(Tensor::of<float>({2}, {1, 2}));
  const Tensor held = f.probe("h");
  f(Tensor::of<float>({2}, {5, 6}));
  EXPECT_EQ(to_text(held), "[2. 3.]");
  EXPECT_EQ(to_text(f.probe("h")), "[6. 7.]");
}

TEST(Probe, SaysWhatIsMissing) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  probe(x, "h");
  const Session session(g);
  const Function f = session.function({x}, {sum(x)}, {}, {.name = "predict"});
  EXPECT_EQ(message_of([&] { f.probe("h"); }), "function 'predict': probes must be read after a call, got none that was completed");
  EXPECT_EQ(message_of([&] { session.probe("h"); }), "session.probe: a call must have run a probe of this name, got none of 'h'");
  f(Tensor(f32, {2}));
  EXPECT_EQ(message_of([&] { f.probe("g"); }),
            "function 'predict': a probe of this name must be on the way to the results, got 'g'; there are: 'h'");
}

TEST(Probe, OfOneNameTwiceIsAnErrorWithBothLines) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Value y = x * 2.0;
  const int line = __LINE__ + 1;
  probe(x, "h");
  probe(y, "h");
  const Session session(g);
  EXPECT_EQ(message_of([&] { session.function({x}, {sum(x)}); }), "no error");  // this one does not compute y
  EXPECT_EQ(message_of([&] { session.function({x}, {y}); }), "function: probes must have different names, got two of 'h'\n  at probe_test.cpp:" +
                                                                std::to_string(line) + " and at probe_test.cpp:" + std::to_string(line + 1));
}

TEST(Print, WritesNameTypeLineAndValuesInTheOrderOfTheSteps) {
  Graph g;
  const Value x = g.input("x", f32, {2, 2});
  std::ostringstream out;
  const int line = __LINE__ + 1;
  const Value h = print(relu(x), "h");
  const Value y = sum(h);
  print(y, "loss");
  const Function f = Session(g, {.print_to = &out}).function({x}, {y});
  EXPECT_EQ(out.str(), "");
  f(input);
  EXPECT_EQ(out.str(), "h = f32[2,2] at probe_test.cpp:" + std::to_string(line) + "\n[[0. 2.]\n [3. 0.]]\nloss = f32[] at probe_test.cpp:" +
                           std::to_string(line + 2) + "\n5.0\n");
}

TEST(Print, MayHaveTheNameOfAnother) {
  Graph g;
  const Value x = g.input("x", f32, {});
  std::ostringstream out;
  const Value y = print(exp(print(x, "h")), "h");
  EXPECT_EQ(Session(g, {.print_to = &out}).function({x}, {y})(Tensor::scalar(0.0f))[0].item<float>(), 1);
  const std::string text = out.str();
  EXPECT_NE(text.find("h = f32[] at probe_test.cpp:"), text.rfind("h = f32[] at probe_test.cpp:")) << text;
}

TEST(Print, GoesToTheStandardErrorByDefault) {
  Graph g;
  const Value x = g.input("x", i32, {2});
  const Function f = Session(g).function({x}, {print(x, "labels")});
  ::testing::internal::CaptureStderr();
  f(Tensor::of<int32_t>({2}, {3, 4}));
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(said.rfind("labels = i32[2] at probe_test.cpp:", 0), 0u) << said;
  EXPECT_NE(said.find("\n[3 4]\n"), std::string::npos) << said;
}

TEST(Eval, GivesAnyValueAndChangesNoState) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(2.0));
  const Value noise = random_uniform(g.scope("noise"), {2});
  const Value loss = sum(w * x) + sum(noise * 0.0);
  const Session session(g);
  const Tensor at = Tensor::of<float>({2}, {3, 4});
  const Results r = session.eval({loss, gradient(loss, w), w}, {{x, at}});
  EXPECT_EQ(r[0].item<float>(), 14);
  EXPECT_EQ(to_text(r[1]), "[3. 4.]");
  EXPECT_EQ(to_text(r[2]), "[2. 2.]");
  EXPECT_EQ(session.step(), 0);
  EXPECT_TRUE(identical(session.eval({noise})[0], session.eval({noise})[0]));  // the step did not move
}

TEST(Backend, OfOneFunctionCanBeTheReference) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 2});
  const Value y = tanh(matmul(x, transpose(x)));
  const Session session(g);
  const Function slow = session.function({x}, {y}, {}, {.backend = reference}), fast = session.function({x}, {y});
  for (int64_t i = 0; i < 4; ++i) EXPECT_NEAR(slow(input)[0].at(i), fast(input)[0].at(i), 1e-6);
  const std::string plan = slow.plan_text({{"n", 2}});
  EXPECT_NE(plan.find(": reference tanh"), std::string::npos) << plan;
  EXPECT_NE(plan.find(": reference contract"), std::string::npos) << plan;
}

}  // namespace
}  // namespace lanc
