// The scalar functions of two and three arguments: every row of ops/scalar/table.cpp by a torch expression, broadcast, at every pair of the
// points where functions break, and on integers.
#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using Function = Value (*)(Operand, Operand);

struct Row {
  const char* name;
  Function call;
  const char* torch;
  double lo, hi;  // of the first operand, smooth inside
  double second_lo, second_hi;
  std::vector<double> first_points = {}, second_points = {};
};

template <const char* name>
Value by_name(Operand x, Operand y) {
  return apply_elementwise(static_op(scalar_op(name)), {x, y});
}
constexpr char guarded_mul[] = "guarded_mul", polygamma[] = "polygamma", exclusive_or[] = "xor";
constexpr char bit_and_of[] = "bit_and_of", bit_or_of[] = "bit_or_of", bit_xor_of[] = "bit_xor_of", shift_left[] = "shift_left",
               shift_right[] = "shift_right";

const std::vector<double> special = {0.0, -0.0, 1, -1, infinity, -infinity, not_a_number, 2.5, -3, 0x1p100, -0x1p-130};

const Row number_rows[] = {
    {"add", [](Operand x, Operand y) { return x + y; }, "num(x[0]) + num(x[1])", -4, 4, -4, 4},
    {"sub", [](Operand x, Operand y) { return x - y; }, "num(x[0]) - num(x[1])", -4, 4, -4, 4},
    {"mul", [](Operand x, Operand y) { return x * y; }, "num(x[0]) * num(x[1])", -4, 4, -4, 4},
    {"div", [](Operand x, Operand y) { return x / y; }, "quotient(x[0], x[1])", -4, 4, 0.3, 4},
    {"guarded_mul", by_name<guarded_mul>, "torch.where(x[0] == 0, 0, num(x[0]) * num(x[1]))", -4, 4, -4, 4},
    {"min", [](Operand x, Operand y) { return min(x, y); }, "torch.minimum(num(x[0]), num(x[1]))", -4, 4, -4, 4},
    {"max", [](Operand x, Operand y) { return max(x, y); }, "torch.maximum(num(x[0]), num(x[1]))", -4, 4, -4, 4},
    {"fmod", fmod, "modulus(x[0], x[1], 'trunc')", 5, 9, 2, 4},
    {"remainder", remainder, "modulus(x[0], x[1])", 5, 9, 2, 4},
    {"floor_div", floor_div, "quotient(x[0], x[1], 'floor')", 5, 9, 2, 4},
};

const Row real_rows[] = {
    {"pow", pow, "torch.pow(x[0].double(), x[1].double())", 0.3, 3, -2, 2},
    {"atan2", atan2, "torch.atan2(x[0].double(), x[1].double())", 0.3, 4, -4, 4},
    {"hypot", hypot, "torch.hypot(x[0].double(), x[1].double())", 0.3, 4, -4, 4},
    {"copysign",
     copysign,
     "torch.copysign(x[0].double(), x[1].double())",
     -4,
     4,
     -4,
     4,
     special,
     {0.0, -0.0, 1, -1, infinity, -infinity, 2.5, -3, 0x1p100}},
    {"logaddexp", logaddexp, "torch.logaddexp(x[0].double(), x[1].double())", -4, 4, -4, 4},
    {"xlogy", xlogy, "torch.where((x[0] == 0) , 0.0, torch.xlogy(x[0].double(), x[1].double()))", -4, 4, 0.3, 4},
    {"leaky_relu", leaky_relu, "torch.where(x[0] > 0, x[0].double(), x[0].double() * x[1].double())", -4, 4, 0.01, 0.5},
    {"elu", elu, "torch.where(x[0] > 0, x[0].double(), x[1] * torch.expm1(torch.minimum(x[0].double(), torch.zeros(()))))", -4, 4, 0.5, 2},
    {"polygamma",
     by_name<polygamma>,
     "by_element(lambda n, v: mpmath.psi(int(n), v) if v > 0 or v != int(v) else np.inf if n % 2 else -np.copysign(np.inf, v) if v == 0 "
     "else np.nan, x[0], x[1])",
     1,
     2,
     0.3,
     8,
     {0, 1, 2, 3, 4},
     {0.5, 1, 2, 30.5, 171, -0.25, -2.75, -1000.25, -1, -2, 0x1p100}},
};

const Row comparison_rows[] = {
    {"equal", equal, "x[0] == x[1]", -4, 4, -4, 4},
    {"not_equal", not_equal, "x[0] != x[1]", -4, 4, -4, 4},
    {"less_than", less_than, "x[0] < x[1]", -4, 4, -4, 4},
    {"less_or_equal", less_or_equal, "x[0] <= x[1]", -4, 4, -4, 4},
    {"greater_than", greater_than, "x[0] > x[1]", -4, 4, -4, 4},
    {"greater_or_equal", greater_or_equal, "x[0] >= x[1]", -4, 4, -4, 4},
    {"and", [](Operand x, Operand y) { return x && y; }, "(x[0] != 0) & (x[1] != 0)", -2, 2, -2, 2},
    {"or", [](Operand x, Operand y) { return x || y; }, "(x[0] != 0) | (x[1] != 0)", -2, 2, -2, 2},
    {"xor", by_name<exclusive_or>, "(x[0] != 0) ^ (x[1] != 0)", -2, 2, -2, 2},
};

const Row bit_rows[] = {
    {"bit_and_of", by_name<bit_and_of>, "x[0] & x[1]", 0, 200, 0, 200},
    {"bit_or_of", by_name<bit_or_of>, "x[0] | x[1]", 0, 200, 0, 200},
    {"bit_xor_of", by_name<bit_xor_of>, "x[0] ^ x[1]", 0, 200, 0, 200},
    {"shift_left", by_name<shift_left>, "num(x[0]) << num(x[1])", 0, 20, 0, 3},
    {"shift_right", by_name<shift_right>, "num(x[0]) >> num(x[1])", 0, 200, 0, 3},
};

Sample sample_of(const Row& row, const char* name, Fed first, Fed second) {
  const auto call = row.call;
  return {.name = name,
          .inputs = {std::move(first), std::move(second)},
          .build = [call](const auto& x) { return call(x[0], x[1]); },
          .torch = row.torch,
          .by_element = true};
}

// Every special point against every other.
Sample special_of(const Row& row) {
  const auto& first = row.first_points.empty() ? special : row.first_points;
  const auto& second = row.second_points.empty() ? special : row.second_points;
  Sample sample = sample_of(row, "special points", values({static_cast<int64_t>(first.size()), 1}, first),
                            values({static_cast<int64_t>(second.size())}, second));
  sample.derivatives = false;
  return sample;
}

OpCases table_of(const Row& row, std::vector<DType> dtypes) {
  const auto first = [&](Sizes sizes) { return uniform(std::move(sizes), row.lo, row.hi); };
  const auto second = [&](Sizes sizes) { return uniform(std::move(sizes), row.second_lo, row.second_hi); };
  return {.op = row.name,
          .dtypes = std::move(dtypes),
          .samples = {sample_of(row, "two matrices", first({3, 4}), second({3, 4})),
                      sample_of(row, "a column and a row", first({3, 1}), second({4})),
                      sample_of(row, "a scalar and a matrix", first({}), second({2, 3})),
                      sample_of(row, "a batch and a matrix", first({2, 3, 2}), second({3, 2})),
                      sample_of(row, "two scalars", first({}), second({})), sample_of(row, "no elements", zeros({0, 3}), second({3})),
                      special_of(row)},
          .form = binary(row.call)};
}

// Whole numbers of either sign, zeros among the divisors.
Sample whole_numbers(const Row& row) {
  Sample sample = sample_of(row, "whole numbers", values({10, 1}, {-128, -7, -3, -1, 0, 1, 2, 5, 100, 0x1p31 - 1}),
                            values({8}, {-5, -2, -1, 0, 1, 3, 4, 120}));
  sample.derivatives = false;
  sample.dtypes = {i64, i32, u8, boolean, f64, f32};
  return sample;
}

OpCases bits_table(const Row& row) {
  const auto whole = [](Sizes sizes, double lo, double hi) {
    return integers(std::move(sizes), static_cast<int64_t>(lo), static_cast<int64_t>(hi));
  };
  const auto first = [&](Sizes sizes) { return whole(std::move(sizes), row.lo, row.hi); };
  const auto second = [&](Sizes sizes) { return whole(std::move(sizes), row.second_lo, row.second_hi); };
  const auto call = row.call;
  return {.op = row.name,
          .dtypes = {i64, i32, u8, boolean},
          .samples = {sample_of(row, "two matrices", first({3, 4}), second({3, 4})),
                      sample_of(row, "a column and a row", first({3, 1}), second({4})),
                      sample_of(row, "a scalar and a matrix", first({}), second({2, 3})),
                      sample_of(row, "two scalars", first({}), second({})), sample_of(row, "no elements", zeros({0, 3}), second({3})),
                      sample_of(row, "the ends", values({6, 1}, {0, 1, 127, 255, 0x1p31 - 1, 0x1p30}), values({3}, {0, 1, 2}))},
          .errors = {{"a float", [call](Graph& g) { call(g.input("x", i32, {2}), g.input("y", f32, {2})); },
                      "operands must be integers or bools, got i32 and f32"}},
          .form = binary(call)};
}

OpCases clamp_table() {
  const auto build = [](const auto& x) { return clamp(x[0], x[1], x[2]); };
  const std::string torch = "torch.minimum(torch.maximum(num(x[0]), num(x[1])), num(x[2]))";
  const auto sample = [&](const char* name, Fed x, Fed lo, Fed hi) {
    return Sample{.name = name, .inputs = {std::move(x), std::move(lo), std::move(hi)}, .build = build, .torch = torch, .by_element = true};
  };
  Sample points = sample("special points", values({7, 1}, {0.0, -0.0, 2.5, -3, infinity, -infinity, not_a_number}),
                         values({3}, {-1, not_a_number, -infinity}), values({3}, {1, 2, infinity}));
  points.derivatives = false;
  return {.op = "clamp",
          .dtypes = everything(),
          .samples = {sample("a matrix", uniform({3, 4}, -4, 4), uniform({3, 4}, -3, -1), uniform({3, 4}, 1, 3)),
                      sample("scalar limits", uniform({3, 4}, -4, 4), values({}, {-1}), values({}, {2})),
                      sample("crossed limits give the upper", uniform({3, 4}, -4, 4), values({}, {2}), values({}, {-1})),
                      sample("three scalars", uniform({}, -4, 4), values({}, {-1}), values({}, {2})),
                      sample("no elements", zeros({0, 3}), zeros({3}), zeros({})),
                      sample("all three broadcast", uniform({2, 1, 1}, -4, 4), uniform({3, 1}, -3, -1), uniform({4}, 1, 3)), points},
          .form = ternary([](Operand x, Operand lo, Operand hi) { return clamp(x, lo, hi); })};
}

OpCases where_table() {
  const auto build = [](const auto& x) { return where(x[0], x[1], x[2]); };
  const auto sample = [&](const char* name, Fed condition, Fed x, Fed y) {
    return Sample{.name = name,
                  .inputs = {std::move(condition), std::move(x), std::move(y)},
                  .build = build,
                  .torch = "torch.where(x[0] != 0, x[1], x[2])",
                  .by_element = true};
  };
  const auto mask = [](Sizes sizes) { return integers(std::move(sizes), 0, 1).as(boolean); };
  Sample points = sample("the other branch is not looked at", values({4, 1}, {0, 1, 1, 0}).as(boolean),
                         values({4}, {infinity, not_a_number, 1, -infinity}), values({4}, {not_a_number, 1, infinity, 0}));
  points.derivatives = false;
  return {.op = "where",
          .dtypes = everything(),
          .samples = {sample("a mask", mask({3, 4}), uniform({3, 4}, -4, 4), uniform({3, 4}, -4, 4)),
                      sample("a row for a mask", mask({4}), uniform({3, 4}, -4, 4), uniform({3, 1}, -4, 4)),
                      sample("a scalar mask", mask({}), uniform({2, 3}, -4, 4), uniform({}, -4, 4)),
                      sample("a number is true unless 0", values({4}, {0, 1, -2, 0.5}).as(f32), uniform({4}, -4, 4), uniform({4}, -4, 4)),
                      sample("no elements", mask({0, 3}), uniform({3}, -4, 4), uniform({}, -4, 4)), points},
          .form = ternary([](Operand c, Operand x, Operand y) { return where(c, x, y); })};
}

}  // namespace

std::vector<OpCases> elementwise_binary_cases() {
  std::vector<OpCases> tables;
  for (const Row& row : number_rows) {
    tables.push_back(table_of(row, everything()));
    tables.back().samples.push_back(whole_numbers(row));
    if (std::string_view("min max fmod remainder").find(row.name) != std::string_view::npos)
      for (size_t i : {1, 3}) tables.back().samples[i].smooth = false;  // some pairs meet, or divide without rest
  }
  for (const Row& row : real_rows) {
    tables.push_back(table_of(row, everything()));
    tables.back().samples.back().dtypes = floats();  // integers are taken as f32, which has not the largest of them
    if (tables.back().op == polygamma)
      for (Sample& s : tables.back().samples)
        if (s.derivatives) s.inputs[0] = integers(s.inputs[0].sizes, 1, 3).as(i32);  // the order is a number, not a variable
  }
  for (const Row& row : comparison_rows) tables.push_back(table_of(row, everything()));
  for (const Row& row : bit_rows) tables.push_back(bits_table(row));
  tables.push_back(clamp_table());
  tables.push_back(where_table());
  return with_symbols(std::move(tables));
}

}  // namespace lanc::cases
