// The scalar functions of one argument: every row of ops/scalar/table.cpp by a torch expression, over the domain in which it is smooth, and
// at the points where functions break.
#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using Function = Value (*)(Operand);

struct Row {
  const char* name;
  Function call;
  const char* torch;
  double lo, hi;                    // smooth inside
  std::vector<double> points = {};  // in the place of the special points, for functions with poles at them
};

// Zeros, ones, infinities, NaN, a number that f16 has not, denormals of f32 and of f64 (which count as 0), where exp leaves f16, f32 and
// f64.
const std::vector<double> special = {0.0,      -0.0,     1,         -1,        infinity, -infinity, not_a_number, 0x1p100,
                                     -0x1p100, 0x1p-130, -0x1p-130, 0x1p-1060, 0.5,      -0.5,      11.5,         -11.5,
                                     89.5,     -89.5,    720,       -720,      2.5,      -3.5,      0x1p-20,      -0x1p-20};
const std::vector<double> positive = {1, infinity, not_a_number, 0.5, 0x1p-20, 2, 3, 20.5, 171};

template <const char* name>
Value by_name(Operand x) {
  return apply_elementwise(static_op(scalar_op(name)), {x});
}
constexpr char bit_not_of[] = "bit_not_of", negated[] = "neg", inverted[] = "not";

OpCases table_of(const Row& row, std::vector<DType> dtypes) {
  const auto call = row.call;
  const auto build = [call](const auto& x) { return call(x[0]); };
  const auto sample = [&](const char* name, Fed fed) {
    return Sample{.name = name, .inputs = {std::move(fed)}, .build = build, .torch = row.torch, .by_element = true};
  };
  const auto& points = row.points.empty() ? special : row.points;
  OpCases table{.op = row.name,
                .dtypes = std::move(dtypes),
                .samples = {sample("a matrix", uniform({3, 5}, row.lo, row.hi)), sample("a scalar", uniform({}, row.lo, row.hi)),
                            sample("no elements", zeros({0, 3})), sample("sizes of one", uniform({1, 1}, row.lo, row.hi)),
                            sample("a long vector", uniform({37}, row.lo, row.hi)),
                            sample("special points", values({static_cast<int64_t>(points.size())}, points))},
                .form = unary(call)};
  table.samples.back().derivatives = false;
  return table;
}

// Smooth between the integers, of which some are among the special points.
OpCases between_integers(OpCases table) {
  table.samples[0].inputs = {
      values({3, 5}, {-2.75, -2.25, -1.625, -1.375, -0.75, -0.25, 0.25, 0.75, 1.375, 1.625, 2.25, 2.75, 100.25, -100.75, 7.25})};
  table.samples[1].inputs = {values({}, {-1.75})};
  table.samples[3].inputs = {values({1, 1}, {3.25})};
  table.samples[4].smooth = false;
  table.samples.push_back({.name = "halves go to the even neighbour",
                           .inputs = {values({8}, {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, -3.5})},
                           .build = table.samples[0].build,
                           .torch = table.samples[0].torch,
                           .smooth = false});
  return table;
}

const Row real_rows[] = {
    {"exp", exp, "torch.exp(x[0])", -4, 4},
    {"exp2", exp2, "torch.exp2(x[0])", -4, 4},
    {"expm1", expm1, "torch.expm1(x[0])", -2, 4},
    {"log", log, "torch.log(x[0])", 0.1, 8},
    {"log2", log2, "torch.log2(x[0])", 0.1, 8},
    {"log10", log10, "torch.log10(x[0])", 0.1, 8},
    {"log1p", log1p, "torch.log1p(x[0])", -0.9, 8},
    {"sqrt", sqrt, "torch.sqrt(x[0])", 0.1, 8},
    {"rsqrt", rsqrt, "torch.rsqrt(x[0])", 0.1, 8},
    {"cbrt", cbrt, "torch.as_tensor(np.cbrt(x[0].double().numpy()))", 0.1, 8},
    {"reciprocal", reciprocal, "1 / x[0].double()", 0.2, 8},
    {"sin", sin, "torch.sin(x[0])", -7, 7},
    {"cos", cos, "torch.cos(x[0])", -7, 7},
    {"tan", tan, "torch.tan(x[0])", -1.4, 1.4},
    {"asin", asin, "torch.asin(x[0])", -0.95, 0.95},
    {"acos", acos, "torch.acos(x[0])", -0.95, 0.95},
    {"atan", atan, "torch.atan(x[0])", -4, 4},
    {"sinh", sinh, "torch.sinh(x[0])", -4, 4},
    {"cosh", cosh, "torch.cosh(x[0])", -4, 4},
    {"tanh", tanh, "torch.tanh(x[0])", -4, 4},
    {"asinh", asinh, "torch.as_tensor(np.arcsinh(x[0].double().numpy()))", -4, 4},
    {"acosh", acosh, "torch.acosh(x[0])", 1.1, 8},
    {"atanh", atanh, "torch.atanh(x[0])", -0.95, 0.95},
    {"sinc",
     sinc,
     "by_element(lambda v: 0 if abs(v) == mpmath.inf else mpmath.sincpi(v), x[0])",
     -3,
     3,
     {0.0, -0.0, infinity, not_a_number, 0x1p-20, -0x1p-20, 0.5, -0.5, 0.25, 20.5, 0x1p-130, 0x1p-10, -0x1p-14}},
    {"sigmoid", sigmoid, "torch.sigmoid(x[0].double())", -8, 8},
    {"logit", logit, "torch.logit(x[0].double())", 0.05, 0.95},
    {"softplus", softplus, "torch.logaddexp(x[0].double(), torch.zeros(()))", -8, 8},
    {"selu", selu, "F.selu(x[0].double())", -4, 3.5},
    {"gelu", gelu, "0.5 * x[0] * torch.erfc(x[0] * -(0.5 ** 0.5))", -4, 4},
    {"gelu_tanh", gelu_tanh, "x[0] * torch.sigmoid(2 * (2 / np.pi) ** 0.5 * (x[0] + 0.044715 * x[0].double() ** 3))", -4, 4},
    {"silu", silu, "x[0] * torch.sigmoid(x[0].double())", -8, 8},
    {"mish", mish, "x[0] * torch.tanh(torch.logaddexp(x[0].double(), torch.zeros(())))", -8, 8},
    {"hardtanh", hardtanh, "F.hardtanh(x[0].double())", -2, 2},
    {"hardsigmoid", hardsigmoid, "torch.clamp(x[0].double() / 6 + 0.5, 0, 1)", -2.5, 2.5},
    {"erf", erf, "torch.erf(x[0])", -3, 3},
    {"erfc", erfc, "torch.erfc(x[0])", -3, 3},
    {"erfinv", erfinv, "torch.erfinv(x[0].double())", -0.95, 0.95},
    {"lgamma", lgamma, "torch.lgamma(x[0])", 0.3, 8},
    {"digamma",
     digamma,
     "torch.as_tensor(scipy.special.digamma(x[0].double().numpy()))",
     0.3,
     8,
     {0.0, -0.0, infinity, not_a_number, 0.5, -0.5, -3.25, -20.75, 171, 0x1p-20, 1, 2}},
    {"trigamma",
     trigamma,
     "by_element(lambda v: mpmath.inf if v <= 0 and v == int(v) else mpmath.psi(1, v), x[0])",
     0.3,
     8,
     {0.5, -0.5, -3.25, -20.75, 171, 0x1p-20, 1, 2, 0.0, -0.0}},
};

const Row number_rows[] = {
    {"neg", by_name<negated>, "-num(x[0])", -4, 4},
    {"square", square, "num(x[0]) * num(x[0])", -4, 4},
    {"relu", relu, "torch.clamp(num(x[0]), min=0)", -4, 4},
    {"abs", abs, "torch.abs(num(x[0]))", -4, 4},
    {"sign", sign, "torch.as_tensor(np.sign(num(x[0]).numpy()))", -4, 4},
};

const Row rounding_rows[] = {
    {"floor", floor, "torch.floor(x[0].double())", -4, 4},
    {"ceil", ceil, "torch.ceil(x[0].double())", -4, 4},
    {"round", round, "torch.round(x[0].double())", -4, 4},
    {"trunc", trunc, "torch.trunc(x[0].double())", -4, 4},
};

const Row test_rows[] = {
    {"isnan", isnan, "torch.isnan(x[0])", -4, 4},
    {"isinf", isinf, "torch.isinf(x[0])", -4, 4},
    {"isfinite", isfinite, "torch.isfinite(x[0])", -4, 4},
    {"not", by_name<inverted>, "x[0] == 0", -2, 2},
};

// Bits of integers: the numbers around the ends of each dtype.
OpCases bits_table() {
  const auto build = [](const auto& x) { return by_name<bit_not_of>(x[0]); };
  const auto sample = [&](const char* name, Fed fed) {
    return Sample{.name = name, .inputs = {std::move(fed)}, .build = build, .torch = "~x[0]"};
  };
  return {.op = "bit_not_of",
          .dtypes = {i64, i32, u8, boolean},
          .samples = {sample("a matrix", integers({3, 5}, 0, 200)), sample("a scalar", integers({}, 0, 9)),
                      sample("no elements", zeros({0, 3})), sample("sizes of one", integers({1, 1}, 1, 9)),
                      sample("the ends", values({6}, {0, -1, 255, 0x1p31 - 1, -0x1p31, 0x1p40}))},
          .errors = {{"a float", [](Graph& g) { by_name<bit_not_of>(g.input("x", f32, {2})); },
                      "bit_not_of: operands must be integers or bools, got f32"}},
          .form = unary(by_name<bit_not_of>)};
}

}  // namespace

std::vector<OpCases> elementwise_unary_cases() {
  std::vector<OpCases> tables;
  for (const Row& row : real_rows) {
    tables.push_back(table_of(row, everything()));
    tables.back().samples.back().dtypes = floats();  // integers are taken as f32, which has not the largest of them
    tables.back().samples.push_back(tables.back().samples[0]);
    tables.back().samples.back().name = "whole numbers";
    tables.back().samples.back().inputs = {values({7}, {0, 1, 2, 3, -1, -2, 20})};
    tables.back().samples.back().dtypes = {i64, i32, u8, boolean};
  }
  for (const Row& row : number_rows) tables.push_back(table_of(row, everything()));
  for (const Row& row : rounding_rows) tables.push_back(between_integers(table_of(row, everything())));
  for (const Row& row : test_rows) tables.push_back(table_of(row, everything()));
  tables.push_back(bits_table());
  return with_symbols(std::move(tables));
}

}  // namespace lanc::cases
