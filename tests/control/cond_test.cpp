// cond: the branch that is taken is run, alone, with derivatives of any order; mistakes.
#include <gtest/gtest.h>

#include <lanc/graph/parse.h>
#include <lanc/lanc.h>
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;
using Values = std::vector<Value>;

std::string at(int line) { return "cond_test.cpp:" + std::to_string(line); }
Tensor truth(bool b) { return Tensor::of<bool>({}, {b}); }

class CondOn : public testing::TestWithParam<bool> {
 protected:
  SessionOptions options() const { return {.device = GetParam() ? Device::cpu() : Device::reference(), .seed = 3}; }
};
INSTANTIATE_TEST_SUITE_P(, CondOn, testing::Values(true, false), [](const testing::TestParamInfo<bool>& c) { return std::string(c.param ? "Cpu" : "Reference"); });

struct Chosen {
  Graph g;
  Value choose = g.input("choose", boolean, {}), x = g.input("x", f64, {3}), w = g.input("w", f64, {3, 3});
  Value then() const { return tanh(matmul(x, w)); }
  Value otherwise() const { return x * x * sin(x); }
};

TEST_P(CondOn, IsTheBranchThatIsTakenWithItsDerivatives) {
  const Chosen c;
  const Value y = cond(c.choose, [&] { return Values{c.then()}; }, [&] { return Values{c.otherwise()}; })[0];
  const auto all = [&](const Value& v, Unreached u) {
    const Value loss = sum(v * v);
    const Value gx = gradient(loss, c.x), gw = gradient(loss, c.w, u);
    return Values{v, gx, gw, gradient(sum(gx * gx), c.x), jvp({v}, {c.x}, {c.x})[0]};
  };
  Values both = all(y, Unreached::error);
  for (const Values& more : {all(c.then(), Unreached::zeros), all(c.otherwise(), Unreached::zeros)}) both.insert(both.end(), more.begin(), more.end());
  const Function f = Session(c.g, options()).function({c.choose, c.x, c.w}, both);
  for (bool choose : {true, false}) {
    const Results got = f({truth(choose), wave({3}, 0), wave({3, 3}, 1)});
    for (size_t i = 0; i < 5; ++i) expect_near({got[i]}, {got[(choose ? 5 : 10) + i]}, 1e-13);
  }
}

// The other branch would fail.
TEST_P(CondOn, RunsOneBranchOnly) {
  Graph g;
  const Value choose = g.input("choose", boolean, {}), x = g.input("x", f64, {3}), i = g.input("i", i64, {1});
  const Value y = cond(choose, [&] { return Values{sum(take(x, i))}; }, [&] { return Values{sum(x)}; })[0];
  const Function f = Session(g, options()).function({choose, x, i}, {y});
  const Tensor at = Tensor::of<int64_t>({1}, {7});
  EXPECT_NEAR(f({truth(false), wave({3}, 0), at})[0].item<double>(), inner({wave({3}, 0)}, {Tensor::of<double>({3}, {1, 1, 1})}), 1e-15);
  const std::string text = message_of([&] { f({truth(true), wave({3}, 0), at}); });
  EXPECT_NE(text.find("7"), std::string::npos) << text;
  EXPECT_NE(text.find("cond_test.cpp:"), std::string::npos) << text;
}

TEST_P(CondOn, StandsInAScanAndHoldsOne) {
  Graph g;
  const Value x = g.input("x", f64, {6}), h = g.input("h", f64, {});
  const auto step = [&](const Value& c, const Value& e) {
    return cond(greater_than(e, 0.0), [&] { return Values{c * cos(e)}; },
                [&] { return Values{scan({.init = {c}, .length = 2}, [&](const Values& inner, const Values&) { return ScanStep{{sin(inner[0] + e)}, {}}; }).carries[0]}; })[0];
  };
  const Value last = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) { return ScanStep{{step(c[0], e[0])}, {}}; }).carries[0];
  Value c = h;
  for (int64_t t = 0; t < 6; ++t) {
    const Value e = reshape(slice_of(x, {{t, t + 1}}), {});
    c = where(greater_than(e, 0.0), c * cos(e), sin(sin(c + e) + e));
  }
  Values both = gradients(last, {x, h});
  both.push_back(last);
  for (const Value& v : gradients(c, {x, h})) both.push_back(v);
  both.push_back(c);
  const Results got = Session(g, options()).function({x, h}, both)({wave({6}, 0), Tensor::scalar(0.3)});
  for (size_t i = 0; i < 3; ++i) expect_near({got[i]}, {got[i + 3]}, 1e-13);
}

TEST(Cond, TextReadsBack) {
  const Chosen c;
  const Value y = cond(c.choose, [&] { return Values{c.then()}; }, [&] { return Values{c.otherwise()}; })[0];
  const std::string text = to_text({y, gradient(sum(y), c.x)}, {.lines = false});
  EXPECT_EQ(to_text(parse_graph(text, all_ops()), {.lines = false}), text);
}

TEST(CondErrors, NameTheLine) {
  const Chosen c;
  const int line = __LINE__ + 1;
  EXPECT_EQ(message_of([&] { cond(c.x, [&] { return Values{c.x}; }, [&] { return Values{c.x}; }); }).rfind("cond: the condition must be bool[], got f64[3]", 0), 0u);
  const std::string types = message_of([&] { cond(c.choose, [&] { return Values{c.x}; }, [&] { return Values{c.w}; }); });
  EXPECT_EQ(types, "cond: both branches must return the same types, got f64[3] and f64[3,3]\n  cond at " + at(line + 1));
  const std::string none = message_of([&] { cond(c.choose, [&] { return Values{}; }, [&] { return Values{}; }); });
  EXPECT_EQ(none, "cond: branches must return at least one value, got none\n  cond at " + at(line + 3));
}

}  // namespace
}  // namespace lanc
