// Each rule of the algebra pass: the ops that it takes away, and that the values stay.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <lanc/graph/rewrite.h>
#include <lanc/graph/text.h>
#include <lanc/lanc.h>
#include <lanc/passes/passes.h>

namespace lanc {
namespace {

struct Rule {
  const char* name;
  std::function<Value(const Value& x, const Value& y)> build;  // both f64[2,3,4], values in (0, 2)
  const char* gone;                                            // an op that is there before and not after
};

std::vector<Rule> rules() {
  return {
      {"x + -0", [](auto& x, auto&) { return x + -0.0; }, "add"},
      {"-0 + x", [](auto& x, auto&) { return -0.0 + x; }, "add"},
      {"x - 0", [](auto& x, auto&) { return x - 0.0; }, "sub"},
      {"x * 1", [](auto& x, auto&) { return x * 1.0; }, "mul"},
      {"x * -1", [](auto& x, auto&) { return x * -1.0; }, "mul"},
      {"x / 1", [](auto& x, auto&) { return x / 1.0; }, "div"},
      {"x / 4", [](auto& x, auto&) { return x / 4.0; }, "div"},
      {"x / -0.5", [](auto& x, auto&) { return x / -0.5; }, "div"},
      {"x + -y", [](auto& x, auto& y) { return x + -y; }, "neg"},
      {"x - -y", [](auto& x, auto& y) { return x - -y; }, "neg"},
      {"-(-x)", [](auto& x, auto&) { return -(-x); }, "neg"},
      {"log(exp(x))", [](auto& x, auto&) { return log(exp(x)); }, "log"},
      {"log(exp(x) / y)", [](auto& x, auto& y) { return log(exp(x) / y); }, "exp"},
      {"log(1 + exp(x))", [](auto& x, auto&) { return log(1.0 + exp(x)); }, "log"},
      {"log1p(exp(x))", [](auto& x, auto&) { return log1p(exp(x)); }, "log1p"},
      {"log(sigmoid(x))", [](auto& x, auto&) { return log(sigmoid(x)); }, "sigmoid"},
      {"sqrt(square(x - 1))", [](auto& x, auto&) { return sqrt(square(x - 1.0)); }, "sqrt"},
      {"a transpose of a transpose", [](auto& x, auto&) { return permute(permute(x, {1, 2, 0}), {1, 2, 0}); }, ""},
      {"a transpose of a transpose of equal sizes",
       [](auto& x, auto&) { return permute(permute(slice_of(x, {{0, 2}, {0, 2}, {0, 2}}), {1, 2, 0}), {1, 2, 0}); }, ""},
      {"a transpose and back", [](auto& x, auto&) { return permute(permute(x, {1, 2, 0}), {2, 0, 1}); }, "transpose"},
      {"the sum of a repetition", [](auto& x, auto&) { return sum(broadcast_to(x, {5, 2, 3, 4}), {.axes = {0}}); }, "sum"},
      {"the sum of a repetition between axes", [](auto& x, auto&) { return sum(broadcast_to(x, {2, 3, 7, 4}, {0, 1, 3}), {.axes = {2}, .keep = true}); }, "sum"},
      {"a repetition of a repetition", [](auto& x, auto&) { return broadcast_to(broadcast_to(x, {2, 5, 3, 4}, {0, 2, 3}), {2, 5, 3, 6, 4}, {0, 1, 2, 4}); }, ""},
  };
}

Tensor values(double phase) {
  Tensor t(f64, {2, 3, 4});
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 1.0 + 0.9 * std::sin(1.3 * static_cast<double>(i) + phase));
  return t;
}

size_t count(const Graph& g, std::string_view op) {
  size_t n = 0;
  for (uint32_t id : canonical_order(g, g.data()->outputs)) n += g.node(id).op->name == op;
  return n;
}

TEST(Algebra, EachRuleTakesItsOpsAway) {
  for (const Rule& rule : rules()) {
    Graph g;
    const Value x = g.input("x", f64, {2, 3, 4}), y = g.input("y", f64, {2, 3, 4});
    const Graph before = expand(extract(g, {x, y}, {rule.build(x, y)}, {}), {});
    const Graph after = algebra(before, {}), strict = algebra(before, {.evaluate = {}, .capabilities = {}, .strict = true});
    const std::string op = rule.gone;
    if (op.empty()) {
      EXPECT_LT(count(after, "transpose") + count(after, "broadcast"), count(before, "transpose") + count(before, "broadcast")) << rule.name;
      continue;
    }
    EXPECT_GT(count(before, op), 0u) << rule.name << "\n" << to_text(before);
    EXPECT_EQ(count(after, op), 0u) << rule.name << "\n" << to_text(after);
    EXPECT_EQ(count(strict, op), count(before, op)) << rule.name << " although strict";
  }
}

TEST(Algebra, EachRuleKeepsTheValues) {
  for (const Rule& rule : rules()) {
    Graph g;
    const Value x = g.input("x", f64, {2, 3, 4}), y = g.input("y", f64, {2, 3, 4});
    const Value z = rule.build(x, y);
    const Feeds feeds = {{x, values(0.1)}, {y, values(0.8)}};
    const Tensor with = Session(g, {.verify_passes = true}).eval({z}, feeds)[0];
    const Tensor without = Session(g, {.device = Device::reference(), .disabled_passes = {"algebra"}}).eval({z}, feeds)[0];
    ASSERT_EQ(with.type_text(), without.type_text()) << rule.name;
    for (int64_t i = 0; i < with.numel(); ++i) ASSERT_NEAR(with.at(i), without.at(i), 1e-13 * (1 + std::abs(without.at(i)))) << rule.name << ", element " << i;
  }
}

}  // namespace
}  // namespace lanc
