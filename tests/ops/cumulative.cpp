// Running sums and products, and the linear recurrence.
#include <lanc/ops/cumulative.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using CumulativeOp = Value (*)(Operand, CumulativeAttrs);

std::vector<ErrorCase> axis_mistakes(const std::string& op, CumulativeOp call) {
  const auto mistake = [&](std::string name, Shape shape, int64_t axis, const std::string& message) {
    return ErrorCase{std::move(name), [=](Graph& g) { call(g.input("x", f32, shape), {.axis = axis}); }, op + ": " + message};
  };
  return {mistake("an axis beyond the last", {3, 4}, 2, "axis must be in [-2, 2), got 2"),
          mistake("an axis before the first", {3, 4}, -3, "axis must be in [-2, 2), got -3"),
          mistake("a far axis", {3}, 100, "axis must be in [-1, 1), got 100"),
          mistake("a scalar", {}, -1, "rank must be at least 1, got f32[]"),
          {"a number", [=](Graph&) { call(2.5, {}); }, op + ": at least one operand must be a Value, got only numbers"}};
}

OpCases cumulative_table(const std::string& op, CumulativeOp call, const std::string& start) {
  const auto along = [call](CumulativeAttrs attrs) { return [=](const std::vector<Value>& x) { return call(x[0], attrs); }; };
  const std::string torch = "torch." + op;
  // What stands before each element: the running result shifted by one.
  const std::string shifted = "torch.cat([torch.full_like(x[0][:, :1], " + start + "), " + torch + "(x[0], 1)[:, :-1]], 1)";
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"rows", {uniform({3, 4}, -2, 2)}, along({}), torch + "(x[0], 1)"},
                      {"columns", {integers({3, 4}, -3, 3)}, along({.axis = 0}), torch + "(x[0], 0)"},
                      {"the middle axis", {uniform({2, 3, 4}, -2, 2)}, along({.axis = -2}), torch + "(x[0], 1)"},
                      {"reversed", {uniform({3, 4}, -2, 2)}, along({.reversed = true}), torch + "(x[0].flip(1), 1).flip(1)"},
                      {"exclusive", {uniform({3, 4}, -2, 2)}, along({.exclusive = true}), shifted},
                      {"with zeros", {values({3, 4}, {1, 0, 2, 3, 0, 2, 0, 1, 0, 0, 0, 0})}, along({.axis = 1}), torch + "(x[0], 1)"},
                      {"exclusive and reversed with a zero", {values({4}, {3, 0, 2, 1})}, along({.exclusive = true, .reversed = true}),
                       torch + "(torch.cat([torch.full_like(x[0][:1], " + start + "), x[0].flip(0)])[:-1], 0).flip(0)"},
                      {"an axis of one", {uniform({3, 1}, -2, 2)}, along({}), torch + "(x[0], 1)"},
                      {"no elements", {zeros({2, 0})}, along({}), torch + "(x[0], 1)"},
                      {"a long row", {uniform({2, 301}, 0.875, 1.125)}, along({}), torch + "(x[0], 1)", {}, true, floats()}},
          .errors = axis_mistakes(op, call),
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases recurrence_table() {
  const auto with = [](RecurrenceAttrs attrs) { return [=](const std::vector<Value>& x) { return linear_recurrence(x[0], x[1], attrs); }; };
  const auto mistake = [](std::string name, Shape a, Shape b, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { linear_recurrence(g.input("a", f32, a), g.input("b", f32, b), {.axis = axis}); },
                     "linear_recurrence: " + std::move(message)};
  };
  // y_t = f_t y_{t-1} + b_t as a product with the matrix of the products of factors, row by row.
  const auto by_loop = [](RecurrenceForm form, bool reversed) {
    return [=](const std::vector<Tensor>& x) {
      const int64_t rows = x[0].sizes()[0], n = x[0].sizes()[1];
      Tensor y(f64, x[0].sizes());
      for (int64_t r = 0; r < rows; ++r) {
        const auto at = [&](int64_t t) { return r * n + (reversed ? n - 1 - t : t); };
        for (int64_t t = 0; t < n; ++t) {
          double total = 0;  // sum over s of b_s times the factors between s and t
          const int64_t last = form == RecurrenceForm::exclusive ? t - 1 : t;
          for (int64_t s = 0; s <= last; ++s) {
            double factors = 1;
            for (int64_t k = s + 1; k <= last; ++k) factors *= x[0].at(at(form == RecurrenceForm::lagged ? k - 1 : k));
            total += factors * x[1].at(at(s));
          }
          y.set(at(t), total);
        }
      }
      return std::vector<Tensor>{y};
    };
  };
  const auto inputs = [](int64_t rows, int64_t n) { return std::vector<Fed>{uniform({rows, n}, -1.5, 1.5), uniform({rows, n}, -2, 2)}; };
  const auto sample = [&](std::string name, std::vector<Fed> fed, RecurrenceForm form, bool reversed) {
    return Sample{std::move(name), std::move(fed), with({.axis = 1, .form = form, .reversed = reversed}), "", by_loop(form, reversed)};
  };
  return {.op = "linear_recurrence",
          .dtypes = numbers(),
          .samples = {sample("plain", inputs(3, 5), RecurrenceForm::plain, false), sample("lagged", inputs(3, 5), RecurrenceForm::lagged, false),
                      sample("exclusive", inputs(3, 5), RecurrenceForm::exclusive, false),
                      sample("plain reversed", inputs(2, 4), RecurrenceForm::plain, true),
                      sample("lagged reversed", inputs(2, 4), RecurrenceForm::lagged, true),
                      sample("exclusive reversed", inputs(2, 4), RecurrenceForm::exclusive, true),
                      sample("whole numbers", {integers({2, 5}, 0, 2), integers({2, 5}, 0, 4)}, RecurrenceForm::lagged, false),
                      sample("one element", inputs(3, 1), RecurrenceForm::plain, false),
                      sample("no elements", {zeros({2, 0}), zeros({2, 0})}, RecurrenceForm::lagged, false),
                      sample("factors of 0", {values({1, 4}, {2, 0, 0, 3}), uniform({1, 4}, -2, 2)}, RecurrenceForm::plain, false)},
          .errors = {mistake("sizes differ", {3, 4}, {3, 5}, 1, "shapes must be equal, got lhs f32[3,4] and rhs f32[3,5] (4 and 5)"),
                     mistake("ranks differ", {3, 4}, {4}, 1, "shapes must be equal, got lhs f32[3,4] and rhs f32[4]"),
                     mistake("scalars", {}, {}, -1, "rank must be at least 1, got lhs f32[] and rhs f32[]"),
                     mistake("an axis beyond the last", {3, 4}, {3, 4}, 2, "axis must be in [-2, 2), got 2"),
                     {"bools", [](Graph& g) { linear_recurrence(g.input("a", boolean, {4}), g.input("b", boolean, {4})); },
                      "linear_recurrence: operands must be numbers, got lhs bool[4] and rhs bool[4]"},
                     {"two graphs", [](Graph& g) { linear_recurrence(g.input("a", f32, {3}), Graph().input("b", f32, {3})); },
                      "linear_recurrence: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs an axis"}, {Kind::broadcast, "operands are of one shape"}}};
}

}  // namespace

std::vector<OpCases> cumulative_cases() {
  return {cumulative_table("cumsum", cumsum, "0"), cumulative_table("cumprod", cumprod, "1"), recurrence_table()};
}

}  // namespace lanc::cases
