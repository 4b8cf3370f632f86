// sum, mean and the extremes.
#include <lanc/ops/reduce.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const auto sum_form = [](Operand x, std::vector<int64_t> axes) { return sum(x, {.axes = std::move(axes)}); };

OpCases sum_table() {
  return {.op = "sum",
          .dtypes = everything(),
          .samples = {{"all", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return sum(x[0]); }, "torch.sum(x[0])"},
                      {"rows", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return sum(x[0], {.axes = {1}}); }, "torch.sum(x[0], 1)"},
                      {"columns kept", {integers({3, 4}, -90, 90)}, [](const auto& x) { return sum(x[0], {.axes = {0}, .keep = true}); },
                       "torch.sum(x[0], 0, keepdim=True)"},
                      {"outer axes from behind", {uniform({2, 3, 4}, -2, 2)}, [](const auto& x) { return sum(x[0], {.axes = {-1, 0}}); },
                       "torch.sum(x[0], (0, 2))"},
                      {"a scalar", {uniform({}, -2, 2)}, [](const auto& x) { return sum(x[0]); }, "x[0] + 0"},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, [](const auto& x) { return sum(x[0], {.axes = {1}}); }, "torch.sum(x[0], 1)"},
                      {"an empty axis gives 0", {zeros({0, 4})}, [](const auto& x) { return sum(x[0], {.axes = {0}}); }, "torch.sum(x[0], 0)"},
                      {"nothing of nothing", {zeros({0, 4})}, [](const auto& x) { return sum(x[0], {.axes = {1}}); }, "torch.sum(x[0], 1)"},
                      {"a long row", {uniform({2, 301}, 0, 1)}, [](const auto& x) { return sum(x[0], {.axes = {1}}); }, "torch.sum(x[0], 1)"}},
          .form = reduction(sum_form)};
}

OpCases mean_table() {
  return {.op = "mean",
          .dtypes = numbers(),
          .samples = {{"all", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return mean(x[0]); }, "torch.mean(x[0].double())"},
                      {"rows", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return mean(x[0], {.axes = {1}}); }, "torch.mean(x[0].double(), 1)"},
                      {"columns kept", {integers({3, 4}, -90, 90)}, [](const auto& x) { return mean(x[0], {.axes = {0}, .keep = true}); },
                       "torch.mean(x[0].double(), 0, keepdim=True)"},
                      {"a scalar", {uniform({}, -2, 2)}, [](const auto& x) { return mean(x[0]); }, "x[0].double()"},
                      {"of nothing is NaN", {zeros({2, 0})}, [](const auto& x) { return mean(x[0], {.axes = {1}}); }, "torch.mean(x[0].double(), 1)", {}, false}},
          .form = reduction([](Operand x, std::vector<int64_t> axes) { return mean(x, {.axes = std::move(axes)}); })};
}

// The two extremes differ in a name only.
OpCases extreme_table(const std::string& op, Value (*reduce)(Operand, ReduceAttrs), const std::string& torch) {
  const auto rows = [reduce](const auto& x) { return reduce(x[0], {.axes = {1}}); };
  const std::string lowest = torch == "amax" ? "-torch.inf)" : "torch.inf)";
  const std::string by_row = "torch." + torch + "(x[0], 1)";
  return {.op = op,
          .dtypes = numbers(),
          .samples = {{"all", {distinct({3, 4}, -2, 2)}, [reduce](const auto& x) { return reduce(x[0], {}); }, "torch." + torch + "(x[0])"},
                      {"rows", {distinct({3, 4}, -40, 40)}, rows, by_row},
                      {"outer axes kept", {distinct({2, 3, 4}, -2, 2)}, [reduce](const auto& x) { return reduce(x[0], {.axes = {0, -1}, .keep = true}); },
                       "torch." + torch + "(x[0], (0, 2), keepdim=True)"},
                      {"ties", {values({2, 4}, {1, 3, 3, 1, 2, 2, 2, 2})}, rows, by_row, {}, false},
                      {"NaN wins", {values({2, 3}, {1, not_a_number, 2, -infinity, 0, infinity})}, rows, by_row, {}, false, floats()},
                      {"a scalar", {uniform({}, -2, 2)}, [reduce](const auto& x) { return reduce(x[0], {}); }, "x[0] + 0"},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, rows, by_row},
                      {"of nothing is the lowest or largest", {zeros({2, 0})}, rows, "torch.full((2,), " + lowest, {}, false, floats()}},
          .form = reduction([reduce](Operand x, std::vector<int64_t> axes) { return reduce(x, {.axes = std::move(axes)}); })};
}

}  // namespace

std::vector<OpCases> reduce_cases() {
  return {sum_table(), mean_table(), extreme_table("reduce_max", reduce_max, "amax"), extreme_table("reduce_min", reduce_min, "amin")};
}

}  // namespace lanc::cases
