// softmax, log_softmax, logsumexp.
#include <lanc/ops/softmax.h>

#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using SoftmaxOp = Value (*)(Operand, SoftmaxAttrs);

OpCases softmax_table(const std::string& op, SoftmaxOp call) {
  const auto along = [call](int64_t axis) { return [=](const std::vector<Value>& x) { return call(x[0], {.axis = axis}); }; };
  const std::string torch = "torch." + op;
  const auto mistake = [&](std::string name, DType dtype, Shape shape, int64_t axis, const std::string& message) {
    return ErrorCase{std::move(name), [=](Graph& g) { call(g.input("x", dtype, shape), {.axis = axis}); }, op + ": " + message};
  };
  return {.op = op,
          .samples = {{"rows", {uniform({3, 4}, -2, 2)}, along(-1), torch + "(x[0], 1)"},
                      {"columns", {uniform({3, 4}, -2, 2)}, along(0), torch + "(x[0], 0)"},
                      {"the middle axis", {uniform({2, 3, 2}, -2, 2)}, along(1), torch + "(x[0], 1)"},
                      {"one class", {uniform({3, 1}, -2, 2)}, along(1), torch + "(x[0], 1)"},
                      {"large logits", {values({2, 3}, {1e4, -1e4, 0, -1e4, -1e4, -9984})}, along(1), torch + "(x[0], 1)", {}, false},
                      {"a masked class", {values({2, 3}, {-infinity, 0, 1, 2, -infinity, -infinity})}, along(1), torch + "(x[0], 1)", {}, false,
                       op == "softmax" ? floats() : std::vector<DType>{f64}},
                      {"no rows", {zeros({0, 4})}, along(1), torch + "(x[0], 1)"},
                      {"no classes", {zeros({2, 0})}, along(1), torch + "(x[0], 1)"}},
          .errors = {mistake("integers", i32, {3}, -1, "operands must be of a float dtype, got i32[3]"),
                     mistake("bools", boolean, {3}, -1, "operands must be of a float dtype, got bool[3]"),
                     mistake("a scalar", f32, {}, -1, "rank must be at least 1, got f32[]"),
                     mistake("an axis beyond the last", f32, {3, 4}, 2, "axis must be in [-2, 2), got 2"),
                     mistake("an axis before the first", f32, {3, 4}, -3, "axis must be in [-2, 2), got -3"),
                     {"a number", [=](Graph&) { call(2.5, {}); }, op + ": at least one operand must be a Value, got only numbers"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases logsumexp_table() {
  const auto over = [](ReduceAttrs attrs) { return [=](const std::vector<Value>& x) { return logsumexp(x[0], attrs); }; };
  return {.op = "logsumexp",
          .samples = {{"all", {uniform({3, 4}, -2, 2)}, over({}), "torch.logsumexp(x[0], (0, 1))"},
                      {"rows", {uniform({3, 4}, -2, 2)}, over({.axes = {1}}), "torch.logsumexp(x[0], 1)"},
                      {"outer axes kept", {uniform({2, 3, 2}, -2, 2)}, over({.axes = {0, -1}, .keep = true}), "torch.logsumexp(x[0], (0, 2), keepdim=True)"},
                      {"a scalar", {uniform({}, -2, 2)}, over({}), "x[0] + 0"},
                      {"large numbers", {values({2, 3}, {1e4, 1e4, 0, -1e4, -1e4, -9984})}, over({.axes = {1}}), "torch.logsumexp(x[0], 1)", {}, false},
                      {"infinities", {values({3, 2}, {-infinity, -infinity, -infinity, 1, infinity, 0})}, over({.axes = {1}}), "torch.logsumexp(x[0], 1)", {},
                       false, {f32, bf16, f16}},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, over({.axes = {1}}), "torch.logsumexp(x[0], 1)"},
                      {"of nothing is -inf", {zeros({2, 0})}, over({.axes = {1}}), "torch.full((2,), -torch.inf)", {}, false}},
          .errors = {{"integers", [](Graph& g) { logsumexp(g.input("x", i64, {3})); }, "logsumexp: operands must be of a float dtype, got i64[3]"}},
          .form = reduction([](Operand x, std::vector<int64_t> axes) { return logsumexp(x, {.axes = std::move(axes)}); })};
}

}  // namespace

std::vector<OpCases> softmax_cases() { return {softmax_table("softmax", softmax), softmax_table("log_softmax", log_softmax), logsumexp_table()}; }

}  // namespace lanc::cases
