// Sums, products, means, extremes, their positions, truth and counts.
#include <lanc/ops/reduce.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const auto sum_form = [](Operand x, std::vector<int64_t> axes) { return sum(x, {.axes = std::move(axes)}); };

OpCases sum_table() {
  return {.op = "sum",
          .dtypes = everything(),
          .samples =
              {{"all", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return sum(x[0]); }, "torch.sum(x[0])"},
               {"rows", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return sum(x[0], {.axes = {1}}); }, "torch.sum(x[0], 1)"},
               {"columns kept",
                {integers({3, 4}, -90, 90)},
                [](const auto& x) { return sum(x[0], {.axes = {0}, .keep = true}); },
                "torch.sum(x[0], 0, keepdim=True)"},
               {"outer axes from behind",
                {uniform({2, 3, 4}, -2, 2)},
                [](const auto& x) {
                  return sum(x[0], {.axes = {-1, 0}});
                },
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
          .dtypes = everything(),
          .samples =
              {{"all", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return mean(x[0]); }, "torch.mean(x[0].double())"},
               {"rows", {uniform({3, 4}, -2, 2)}, [](const auto& x) { return mean(x[0], {.axes = {1}}); }, "torch.mean(x[0].double(), 1)"},
               {"columns kept",
                {integers({3, 4}, -90, 90)},
                [](const auto& x) { return mean(x[0], {.axes = {0}, .keep = true}); },
                "torch.mean(x[0].double(), 0, keepdim=True)"},
               {"a scalar", {uniform({}, -2, 2)}, [](const auto& x) { return mean(x[0]); }, "x[0].double()"},
               {"an axis of one", {uniform({3, 1}, -2, 2)}, [](const auto& x) { return mean(x[0], {.axes = {1}}); }, "torch.mean(x[0].double(), 1)"},
               {"of nothing is NaN",
                {zeros({2, 0})},
                [](const auto& x) { return mean(x[0], {.axes = {1}}); },
                "torch.mean(x[0].double(), 1)",
                {},
                false}},
          .form = reduction([](Operand x, std::vector<int64_t> axes) { return mean(x, {.axes = std::move(axes)}); })};
}

// The two extremes differ in a name only.
OpCases extreme_table(const std::string& op, Value (*reduce)(Operand, ReduceAttrs), const std::string& torch) {
  const auto rows = [reduce](const auto& x) { return reduce(x[0], {.axes = {1}}); };
  const std::string lowest = torch == "amax" ? "-torch.inf)" : "torch.inf)";
  const std::string by_row = "torch." + torch + "(x[0], 1)";
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"all", {distinct({3, 4}, -2, 2)}, [reduce](const auto& x) { return reduce(x[0], {}); }, "torch." + torch + "(x[0])"},
                      {"rows", {distinct({3, 4}, -40, 40)}, rows, by_row},
                      {"outer axes kept",
                       {distinct({2, 3, 4}, -2, 2)},
                       [reduce](const auto& x) {
                         return reduce(x[0], {.axes = {0, -1}, .keep = true});
                       },
                       "torch." + torch + "(x[0], (0, 2), keepdim=True)"},
                      {"ties", {values({2, 4}, {1, 3, 3, 1, 2, 2, 2, 2})}, rows, by_row, {}, false},
                      {"NaN wins", {values({2, 3}, {1, not_a_number, 2, -infinity, 0, infinity})}, rows, by_row, {}, false, floats()},
                      {"a scalar", {uniform({}, -2, 2)}, [reduce](const auto& x) { return reduce(x[0], {}); }, "x[0] + 0"},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, rows, by_row},
                      {"of nothing is the lowest or largest", {zeros({2, 0})}, rows, "torch.full((2,), " + lowest, {}, false, floats()}},
          .form = reduction([reduce](Operand x, std::vector<int64_t> axes) { return reduce(x, {.axes = std::move(axes)}); })};
}

OpCases prod_table() {
  const auto over = [](ReduceAttrs attrs) { return [=](const std::vector<Value>& x) { return prod(x[0], attrs); }; };
  return {.op = "prod",
          .dtypes = everything(),
          .samples = {{"all", {uniform({3, 4}, 0.5, 1.5)}, over({}), "torch.prod(x[0])"},
                      {"rows", {uniform({3, 4}, -2, 2)}, over({.axes = {1}}), "torch.prod(x[0], 1)"},
                      {"columns kept", {integers({3, 4}, -90, 90)}, over({.axes = {0}, .keep = true}), "torch.prod(x[0], 0, keepdim=True)"},
                      {"outer axes", {uniform({2, 3, 2}, -2, 2)}, over({.axes = {0, -1}}), "torch.prod(torch.prod(x[0], 2), 0)"},
                      {"zeros", {values({3, 4}, {1, 2, 0, 3, 0, 2, 0, 1, 0, 0, 0, 0})}, over({.axes = {1}}), "torch.prod(x[0], 1)"},
                      {"a scalar", {uniform({}, -2, 2)}, over({}), "x[0] * 1"},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, over({.axes = {1}}), "torch.prod(x[0], 1)"},
                      {"of nothing is 1", {zeros({2, 0})}, over({.axes = {1}}), "torch.prod(x[0], 1)"},
                      {"a long row", {uniform({2, 301}, 0.875, 1.125)}, over({.axes = {1}}), "torch.prod(x[0], 1)", {}, true, floats()}},
          .form = reduction([](Operand x, std::vector<int64_t> axes) { return prod(x, {.axes = std::move(axes)}); })};
}

OpCases position_table(const std::string& op, Value (*position)(Operand, ReduceAttrs)) {
  const auto over = [position](ReduceAttrs attrs) { return [=](const std::vector<Value>& x) { return position(x[0], attrs); }; };
  return {.op = op,
          .dtypes = numbers(),
          .samples = {{"all", {distinct({3, 4}, -40, 40)}, over({}), "torch." + op + "(x[0])"},
                      {"rows", {distinct({3, 4}, -40, 40)}, over({.axes = {1}}), "torch." + op + "(x[0], 1)"},
                      {"columns kept", {distinct({3, 4}, -40, 40)}, over({.axes = {-2}, .keep = true}), "torch." + op + "(x[0], 0, keepdim=True)"},
                      {"two axes", {distinct({2, 3, 4}, -40, 40)}, over({.axes = {1, 2}}), "torch." + op + "(x[0].flatten(1), 1)"},
                      {"the first of ties", {values({2, 4}, {1, 3, 3, 1, 2, 2, 2, 2})}, over({.axes = {1}}), "x[0].numpy()." + op + "(1)"},
                      {"the first NaN", {values({2, 4}, {1, not_a_number, 9, not_a_number, -infinity, 0, infinity, 1})}, over({.axes = {1}}),
                       "x[0].numpy()." + op + "(1)", {}, false, floats()},
                      {"a scalar", {uniform({}, -2, 2)}, over({}), "torch.tensor(0)"},
                      {"an axis of one", {distinct({3, 1}, -40, 40)}, over({.axes = {1}}), "torch." + op + "(x[0], 1)"},
                      {"truth values", {values({3, 3}, {0, 1, 1, 1, 0, 1, 0, 0, 0})}, over({.axes = {1}}), "x[0].numpy()." + op + "(1)", {}, true, {boolean}},
                      {"no rows", {zeros({0, 3})}, over({.axes = {1}}), "torch." + op + "(x[0], 1)"},
                      {"a long row", {distinct({2, 3000}, -120, 120)}, over({.axes = {1}}), "torch." + op + "(x[0], 1)", {}, true, {f64, f32}}},
          .errors = {{"no elements", [position](Graph& g) { position(g.input("x", f32, {2, 0}), {.axes = {1}}); },
                      op + ": at least one element is needed along the reduced axes, got f32[2,0]"}},
          .form = reduction([position](Operand x, std::vector<int64_t> axes) { return position(x, {.axes = std::move(axes)}); }),
          .no_derivative = "a position is piecewise constant"};
}

// reduce_any, reduce_all and count look at what is not 0.
OpCases truth_table(const std::string& op, Value (*reduce)(Operand, ReduceAttrs), const std::string& torch) {
  const auto over = [reduce](ReduceAttrs attrs) { return [=](const std::vector<Value>& x) { return reduce(x[0], attrs); }; };
  const auto of = [&](const std::string& axis) { return "torch." + torch + "(x[0] != 0" + axis + ")"; };
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"all", {integers({3, 4}, 0, 1)}, over({}), of("")},
                      {"rows", {values({3, 3}, {0, 0, 0, 0, 2, 0, 1, 3, 2})}, over({.axes = {1}}), of(", 1")},
                      {"columns kept", {integers({3, 4}, 0, 1)}, over({.axes = {0}, .keep = true}), of(", 0, keepdim=True")},
                      {"NaN is not 0", {values({2}, {not_a_number, not_a_number})}, over({}), of(""), {}, false, floats()},
                      {"a scalar", {values({}, {1})}, over({}), of("")},
                      {"an axis of one", {integers({3, 1}, 0, 1)}, over({.axes = {1}}), of(", 1")},
                      {"of nothing", {zeros({2, 0})}, over({.axes = {1}}), of(", 1")}},
          .form = reduction([reduce](Operand x, std::vector<int64_t> axes) { return reduce(x, {.axes = std::move(axes)}); })};
}

}  // namespace

std::vector<OpCases> reduce_cases() {
  return with_symbols({sum_table(), mean_table(), extreme_table("reduce_max", reduce_max, "amax"), extreme_table("reduce_min", reduce_min, "amin"), prod_table(),
          position_table("argmax", argmax), position_table("argmin", argmin), truth_table("reduce_any", reduce_any, "any"),
          truth_table("reduce_all", reduce_all, "all"), truth_table("count", count, "sum")});
}

}  // namespace lanc::cases
