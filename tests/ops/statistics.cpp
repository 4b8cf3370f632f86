// Variance, standard deviation, norms.
#include <lanc/ops/statistics.h>

#include <cmath>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using VarianceOp = Value (*)(Operand, VarianceOptions);

OpCases variance_table(const std::string& op, VarianceOp call, const std::string& torch) {
  const auto with = [call](VarianceOptions options) { return [=](const std::vector<Value>& x) { return call(x[0], options); }; };
  const auto expression = [&](const std::string& options) { return "torch." + torch + "(x[0].double(), " + options + ")"; };
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"all", {uniform({3, 4}, -2, 2)}, with({}), expression("(0, 1)")},
                      {"rows", {uniform({3, 4}, -2, 2)}, with({.axes = {1}}), expression("1")},
                      {"of the whole population", {integers({3, 4}, -9, 9)}, with({.axes = {0}, .correction = 0}), expression("0, correction=0")},
                      {"outer axes kept", {uniform({2, 3, 4}, -2, 2)}, with({.axes = {0, -1}, .keep = true}), expression("(0, 2), keepdim=True")},
                      {"far from 0", {uniform({2, 5}, 96, 104)}, with({.axes = {1}}), expression("1")},
                      {"two elements", {values({2}, {1, 4})}, with({}), expression("0")},
                      {"of one element is NaN", {values({2, 1}, {1, 2})}, with({.axes = {1}}), "torch.full((2,), torch.nan)", {}, false, {f32}},
                      {"of one element without correction is 0", {values({2, 1}, {1, 2})}, with({.axes = {1}, .correction = 0}), "torch.zeros(2)", {}, false},
                      {"of a scalar without correction is 0", {uniform({}, -2, 2)}, with({.correction = 0}), "torch.zeros(())", {}, false},
                      {"of nothing is NaN", {zeros({2, 0})}, with({.axes = {1}}), "torch.full((2,), torch.nan)", {}, false}},
          .errors = {{"a correction that is not finite", [call](Graph& g) { call(g.input("x", f32, {3}), {.correction = infinity}); },
                      op + ": correction must be finite, got inf"}},
          .form = reduction([call](Operand x, std::vector<int64_t> axes) { return call(x, {.axes = std::move(axes)}); })};
}

OpCases norm_table() {
  const auto with = [](NormOptions options) { return [=](const std::vector<Value>& x) { return norm(x[0], options); }; };
  const auto expression = [](const std::string& options) { return "torch.linalg.vector_norm(x[0].double(), " + options + ")"; };
  const auto mistake = [](std::string name, double p, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { norm(g.input("x", f32, {3}), {.p = p}); }, std::move(message)};
  };
  return {.op = "norm",
          .dtypes = everything(),
          .samples = {{"of all", {uniform({3, 4}, -2, 2)}, with({}), expression("2")},
                      {"of rows", {uniform({3, 4}, -2, 2)}, with({.axes = {1}}), expression("2, 1")},
                      {"p 1", {uniform({3, 4}, 0.25, 2)}, with({.p = 1, .axes = {0}}), expression("1, 0")},
                      {"p 3, kept", {uniform({3, 4}, 0.5, 2)}, with({.p = 3, .axes = {0}, .keep = true}), expression("3, 0, keepdim=True")},
                      {"p 1.5", {uniform({3, 4}, 0.5, 2)}, with({.p = 1.5, .axes = {1}}), expression("1.5, 1")},
                      {"p infinite", {distinct({3, 4}, -9, 9)}, with({.p = infinity, .axes = {1}}), expression("torch.inf, 1")},
                      {"of zeros", {zeros({2, 3})}, with({.axes = {1}}), expression("2, 1"), {}, false},
                      {"of zeros, p 1.5", {zeros({2, 3})}, with({.p = 1.5, .axes = {1}}), expression("1.5, 1"), {}, false},
                      {"of an axis of one", {uniform({3, 1}, 0.5, 2)}, with({.axes = {1}}), expression("2, 1")},
                      {"of nothing", {zeros({2, 0})}, with({.axes = {1}}), expression("2, 1")},
                      {"of a scalar", {uniform({}, 0.5, 2)}, with({}), "x[0].double()"}},
          .errors = {mistake("a negative p", -2, "norm: p must be positive, got -2"), mistake("p of 0", 0, "norm: p must be positive, got 0"),
                     mistake("p that is NaN", not_a_number, "norm: p must be positive, got nan")},
          .form = reduction([](Operand x, std::vector<int64_t> axes) { return norm(x, {.axes = std::move(axes)}); })};
}

}  // namespace

std::vector<OpCases> statistics_cases() {
  return {variance_table("variance", variance, "var"), variance_table("standard_deviation", standard_deviation, "std"), norm_table()};
}

}  // namespace lanc::cases
