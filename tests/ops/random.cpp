// Random draws against an independent Philox (scripts/reference/philox.py), whose numbers are those of seed 7, step 0; and their parameters'
// derivatives, by which a draw stands still.
#include <lanc/ops/random.h>

#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const std::vector<DType> narrow = {f32, bf16, f16};

// The same sample where draws are made in f64, and where they are made in f32. "#" in the expression stands for the bits.
std::vector<Sample> both(const std::string& name, std::vector<Fed> inputs, const Build& build, const std::string& expression) {
  const auto with = [&](const std::string& bits) {
    std::string out;
    for (const char c : expression) out += c == '#' ? bits : std::string(1, c);
    return out;
  };
  // f32: the logarithm of a number near 0 or 1, whose own rounding is large relative to it.
  return {{.name = name + " in f64", .inputs = inputs, .build = build, .torch = with("64"), .dtypes = {f64}, .condition = 10},
          {.name = name + " in f32", .inputs = inputs, .build = build, .torch = with("32"), .dtypes = narrow, .condition = 10}};
}
std::vector<Sample> joined(std::vector<std::vector<Sample>> lists) {
  std::vector<Sample> out;
  for (auto& list : lists) out.insert(out.end(), list.begin(), list.end());
  return out;
}

DrawOptions of(const Value& x, const std::string& name = "") { return {.name = name, .dtype = x.dtype()}; }

// The mistakes that all draws with a scope, a shape and a parameter share.
using Draw = std::function<Value(const Scope&, Shape, Operand, DrawOptions)>;
std::vector<ErrorCase> draw_errors(const std::string& op, const Draw& draw) {
  return {{"two without a name", [draw](Graph& g) { draw(g.scope("a"), {2}, 1.0, {}), draw(g.scope("a"), {3}, 1.0, {}); },
           op + ": draws of one scope must have different names, got '' twice in scope 'a'\n  first at random.cpp:"},
          {"two of one name", [draw](Graph& g) { draw(g.scope("a/b"), {2}, 1.0, {.name = "n"}), draw(g.scope("a/b"), {2}, 1.0, {.name = "n"}); },
           op + ": draws of one scope must have different names, got 'n' twice in scope 'a/b'"},
          {"integers", [draw](Graph& g) { draw(g.scope("a"), {2}, 1.0, {.dtype = i32}); }, op + ": dtype must be a float, got i32"},
          {"a negative size", [draw](Graph& g) { draw(g.scope("a"), {2, -1}, 1.0, {}); }, op + ": sizes must be >= 0, got [2,-1]"},
          {"a foreign symbol", [draw](Graph& g) { draw(g.scope("a"), {Graph().dim("k")}, 1.0, {}); }, op + ": dims must be declared by graph.dim(name), got 'k' in [k]"},
          {"a parameter that does not broadcast", [draw](Graph& g) { draw(g.scope("a"), {2}, g.input("x", f32, {3}), {}); }, op + (op == "random_bernoulli" ? ": p must broadcast to the draw's shape [2], got operand 0 i64[], operand 1 i64[] and operand 2 f32[3] (3 and 2)"
                                        : ": shapes must be equal or broadcast (a size of 1, axes aligned at the end), got lhs ")},
          {"an integer parameter", [draw](Graph& g) { draw(g.scope("a"), {2}, g.input("x", i32, {}), {}); }, "must be a number or a float, got i32[]"}};
}
ErrorCase larger_parameter(const std::string& op, const Draw& draw) {
  return {"a parameter of a larger shape", [draw](Graph& g) { draw(g.scope("a"), {2}, g.input("x", f32, {3, 2}), {}); },
          op + ": parameters must broadcast to the draw's shape [2], got a result of shape [3,2]"};
}
std::vector<ErrorCase> with(std::vector<ErrorCase> list, ErrorCase more) {
  list.push_back(std::move(more));
  return list;
}

OpCases uniform_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) { return random_uniform(s, std::move(shape), x, 2.0, std::move(o)); };  // the guilty call
  const Build bounds = [](Graph& g, const std::vector<Value>& x) { return random_uniform(g.scope("a/b"), {3, 4}, x[0], x[1], of(x[0])); };
  return {.op = "random_uniform",
          .samples = joined({both("bounds", {uniform({3, 4}, -2, 0), uniform({3, 4}, 1, 2)}, bounds, "x[0] + uniform(#, 'a/b', (3, 4)) * (x[1] - x[0])"),
                             both("bounds that broadcast", {uniform({4}, -2, 0), uniform({3, 1}, 1, 2)}, bounds, "x[0] + uniform(#, 'a/b', (3, 4)) * (x[1] - x[0])"),
                             both("a name", {uniform({}, -2, 0)},
                                  [](Graph& g, const auto& x) { return random_uniform(g.scope("a"), {5}, x[0], 3, of(x[0], "n")); }, "x[0] + uniform(#, 'a', (5,), 'n') * (3 - x[0])"),
                             both("a scalar", {uniform({}, 1, 2)}, [](Graph& g, const auto& x) { return random_uniform(g.scope("a"), {}, 0, x[0], of(x[0])); },
                                  "uniform(#, 'a', ()) * x[0]"),
                             both("numbers", {zeros({})}, [](Graph& g, const auto& x) { return x[0] + random_uniform(g.scope("a"), {2, 3}, -1, 3, of(x[0])); },
                                  "uniform(#, 'a', (2, 3)) * 4 - 1"),
                             both("a size of one", {uniform({1}, 1, 2)}, [](Graph& g, const auto& x) { return random_uniform(g.scope("a"), {2, 1}, 0, x[0], of(x[0])); },
                                  "uniform(#, 'a', (2, 1)) * x[0]"),
                             both("no elements", {zeros({0})}, [](Graph& g, const auto& x) { return random_uniform(g.scope("a"), {0}, x[0], 1, of(x[0])); }, "x[0]")}),
          .errors = with(draw_errors("random_uniform", draw), larger_parameter("random_uniform", draw)),
          .no_derivative = "a draw does not depend on its seed and step smoothly",
          .makes_values = true};
}

OpCases normal_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) { return random_normal(s, std::move(shape), x, 1.0, std::move(o)); };  // the guilty call
  return {.op = "random_normal",
          .samples = joined({both("mean and deviation", {uniform({3, 4}, -2, 2), uniform({3, 4}, 1, 2)},
                                  [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {3, 4}, x[0], x[1], of(x[0])); }, "x[0] + normal(#, 'a', (3, 4)) * x[1]"),
                             both("a mean of one element", {uniform({1}, -2, 2)},
                                  [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {5}, x[0], 0.5, of(x[0], "n")); }, "x[0] + normal(#, 'a', (5,), 'n') / 2"),
                             both("a scalar", {uniform({}, 1, 2)}, [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {}, 1, x[0], of(x[0])); },
                                  "1 + normal(#, 'a', ()) * x[0]"),
                             both("parameters that broadcast", {uniform({4}, -2, 2), uniform({3, 1}, 1, 2)},
                                  [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {3, 4}, x[0], x[1], of(x[0])); }, "x[0] + normal(#, 'a', (3, 4)) * x[1]"),
                             both("a size of one", {uniform({3, 1}, 1, 2)}, [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {3, 1}, 0, x[0], of(x[0])); },
                                  "normal(#, 'a', (3, 1)) * x[0]"),
                             both("no elements", {zeros({2, 0})}, [](Graph& g, const auto& x) { return random_normal(g.scope("a"), {2, 0}, x[0], 1, of(x[0])); }, "x[0]")}),
          .errors = with(draw_errors("random_normal", draw), larger_parameter("random_normal", draw)),
          .makes_values = true};
}

OpCases truncated_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) {
    return random_truncated_normal(s, std::move(shape), x, 1.0, {.name = o.name, .dtype = o.dtype});  // the guilty call
  };
  const auto cut = [](Shape shape, double low, double high) {
    return [=](Graph& g, const std::vector<Value>& x) { return random_truncated_normal(g.scope("a"), shape, x[0], x[1], {.low = low, .high = high, .dtype = x[0].dtype()}); };
  };
  const auto sample = [&](std::string name, double low, double high, std::string expression) {
    return Sample{.name = std::move(name), .inputs = {uniform({3, 4}, -2, 2), uniform({3, 4}, 1, 2)}, .build = cut({3, 4}, low, high), .torch = std::move(expression)};
  };
  const auto shaped = [&](std::string name, Shape shape, std::vector<Fed> inputs, std::string expression) {
    return Sample{.name = std::move(name), .inputs = std::move(inputs), .build = cut(std::move(shape), -2, 2), .torch = std::move(expression)};
  };
  const auto mistake = [](std::string name, double low, double high, std::string got) {
    return ErrorCase{std::move(name), [=](Graph& g) { random_truncated_normal(g.scope("a"), {2}, 0, 1, {.low = low, .high = high}); },
                     "random_truncated_normal: low must be below high, low at most 6 and high at least -6 deviations, got " + got};
  };
  OpCases table{.op = "random_truncated_normal",
                .samples = {sample("two deviations", -2, 2, "x[0] + truncated('a', (3, 4), -2, 2) * x[1]"), sample("one side", 0, infinity, "x[0] + truncated('a', (3, 4), 0, np.inf) * x[1]"),
                            sample("a tail", 3, 4, "x[0] + truncated('a', (3, 4), 3, 4) * x[1]"),
                            shaped("a scalar", {}, {uniform({}, -2, 2), uniform({}, 1, 2)}, "x[0] + truncated('a', (), -2, 2) * x[1]"),
                            shaped("parameters that broadcast", {3, 4}, {uniform({4}, -2, 2), uniform({3, 1}, 1, 2)}, "x[0] + truncated('a', (3, 4), -2, 2) * x[1]"),
                            shaped("a size of one", {3, 1}, {uniform({1}, -2, 2), uniform({3, 1}, 1, 2)}, "x[0] + truncated('a', (3, 1), -2, 2) * x[1]"),
                            shaped("no elements", {2, 0}, {zeros({2, 0}), zeros({})}, "x[0]")},
                .errors = draw_errors("random_truncated_normal", draw),
                .makes_values = true};
  // The inverse of the distribution function near 1 is worth what 1 - 3e-5 still has of f64's digits.
  for (Sample& s : table.samples) s.condition = 100;
  table.errors.push_back(larger_parameter("random_truncated_normal", draw));
  table.errors.push_back(mistake("bounds the wrong way round", 1, -1, "1 and -1"));
  table.errors.push_back(mistake("bounds that are equal", 1, 1, "1 and 1"));
  table.errors.push_back(mistake("a bound far above", 7, 8, "7 and 8"));
  table.errors.push_back(mistake("a bound that is NaN", not_a_number, 1, "nan and 1"));
  return table;
}

OpCases exponential_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) { return random_exponential(s, std::move(shape), x, std::move(o)); };  // the guilty call
  return {.op = "random_exponential",
          .samples = joined({both("a rate", {uniform({3, 4}, 0.5, 2)}, [](Graph& g, const auto& x) { return random_exponential(g.scope("a"), {3, 4}, x[0], of(x[0])); },
                                  "-torch.log1p(-uniform(#, 'a', (3, 4))) / x[0]"),
                             both("a rate per column", {uniform({1, 4}, 0.5, 2)}, [](Graph& g, const auto& x) { return random_exponential(g.scope("a"), {3, 4}, x[0], of(x[0], "n")); },
                                  "-torch.log1p(-uniform(#, 'a', (3, 4), 'n')) / x[0]"),
                             both("a scalar", {uniform({}, 1, 2)}, [](Graph& g, const auto& x) { return random_exponential(g.scope("a"), {}, x[0], of(x[0])); },
                                  "-torch.log1p(-uniform(#, 'a', ())) / x[0]"),
                             both("a size of one", {uniform({2, 1}, 0.5, 2)}, [](Graph& g, const auto& x) { return random_exponential(g.scope("a"), {2, 1}, x[0], of(x[0])); },
                                  "-torch.log1p(-uniform(#, 'a', (2, 1))) / x[0]"),
                             both("no elements", {zeros({0})}, [](Graph& g, const auto& x) { return random_exponential(g.scope("a"), {0}, x[0], of(x[0])); }, "x[0]")}),
          .errors = with(draw_errors("random_exponential", draw), larger_parameter("random_exponential", draw)),
          .makes_values = true};
}

OpCases gumbel_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) { return random_gumbel(s, std::move(shape), x, 1.0, std::move(o)); };  // the guilty call
  return {.op = "random_gumbel",
          .samples = joined({both("location and scale", {uniform({3, 4}, -2, 2), uniform({3, 4}, 1, 2)},
                                  [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {3, 4}, x[0], x[1], of(x[0])); }, "x[0] + gumbel(#, 'a', (3, 4)) * x[1]"),
                             both("a location per row", {uniform({3, 1}, -2, 2)}, [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {3, 4}, x[0], 2, of(x[0], "n")); },
                                  "x[0] + gumbel(#, 'a', (3, 4), 'n') * 2"),
                             both("a scalar", {uniform({}, 1, 2)}, [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {}, 1, x[0], of(x[0])); }, "1 + gumbel(#, 'a', ()) * x[0]"),
                             both("parameters that broadcast", {uniform({4}, -2, 2), uniform({3, 1}, 1, 2)},
                                  [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {3, 4}, x[0], x[1], of(x[0])); }, "x[0] + gumbel(#, 'a', (3, 4)) * x[1]"),
                             both("a size of one", {uniform({2, 1}, 1, 2)}, [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {2, 1}, 0, x[0], of(x[0])); },
                                  "gumbel(#, 'a', (2, 1)) * x[0]"),
                             both("no elements", {zeros({0})}, [](Graph& g, const auto& x) { return random_gumbel(g.scope("a"), {0}, x[0], 1, of(x[0])); }, "x[0]")}),
          .errors = with(draw_errors("random_gumbel", draw), larger_parameter("random_gumbel", draw)),
          .makes_values = true};
}

OpCases bernoulli_table() {
  const Draw draw = [](const Scope& s, Shape shape, Operand x, DrawOptions o) { return random_bernoulli(s, std::move(shape), x, std::move(o)); };  // the guilty call
  const auto at = [](Shape shape) { return [=](Graph& g, const std::vector<Value>& x) { return random_bernoulli(g.scope("a"), shape, x[0], of(x[0])); }; };
  auto errors = draw_errors("random_bernoulli", draw);
  errors.push_back({"a p of a larger shape", [](Graph& g) { random_bernoulli(g.scope("a"), {2}, g.input("x", f32, {3, 2})); },
                    "random_bernoulli: p must broadcast to the draw's shape [2], got f32[3,2]"});
  return {.op = "random_bernoulli",
          .samples = joined({both("p for each", {uniform({4, 5}, 0, 1)}, at({4, 5}), "uniform(#, 'a', (4, 5)) < x[0]"),
                             both("p for each column", {uniform({5}, 0, 1)}, at({4, 5}), "uniform(#, 'a', (4, 5)) < x[0]"),
                             both("one p", {values({}, {0.25})}, at({30}), "uniform(#, 'a', (30,)) < x[0]"),
                             both("a scalar", {uniform({}, 0, 1)}, at({}), "uniform(#, 'a', ()) < x[0]"),
                             both("a size of one", {uniform({3, 1}, 0, 1)}, at({3, 1}), "uniform(#, 'a', (3, 1)) < x[0]"),
                             both("no elements", {zeros({0})}, at({0}), "torch.zeros(0, dtype=torch.bool)"),
                             both("never", {zeros({})}, at({30}), "torch.zeros(30, dtype=torch.bool)"),
                             both("always", {values({}, {1})}, at({30}), "torch.ones(30, dtype=torch.bool)")}),
          .errors = std::move(errors),
          .no_derivative = "a draw that is true or false does not depend on p smoothly",
          .makes_values = true};
}

OpCases categorical_table() {
  const Build build = [](Graph& g, const std::vector<Value>& x) { return random_categorical(g.scope("a"), x[0]); };
  return {.op = "random_categorical",
          .samples = joined({both("rows", {uniform({6, 4}, -2, 2)}, build, "(x[0] + gumbel(#, 'a', (6, 4))).argmax(-1)"),
                             both("rows of rank 3", {uniform({2, 3, 5}, -2, 2)}, build, "(x[0] + gumbel(#, 'a', (2, 3, 5))).argmax(-1)"),
                             both("one draw", {uniform({7}, -2, 2)}, build, "(x[0] + gumbel(#, 'a', (7,))).argmax(-1)"),
                             both("one class", {uniform({3, 1}, -2, 2)}, build, "torch.zeros(3, dtype=torch.int64)"),
                             both("classes that cannot be", {values({2, 3}, {-infinity, 0, -infinity, 5, -infinity, -infinity})}, build, "torch.tensor([1, 0])"),
                             both("a NaN", {values({1, 3}, {1, 2, not_a_number})}, build, "torch.tensor([0])"),
                             both("no rows", {zeros({0, 3})}, build, "torch.zeros(0, dtype=torch.int64)")}),
          .errors = {{"integers", [](Graph& g) { random_categorical(g.scope("a"), g.input("x", i32, {3})); }, "random_categorical: logits must be floats, got i32[3]"},
                     {"a scalar", [](Graph& g) { random_categorical(g.scope("a"), g.input("x", f32, {})); },
                      "random_categorical: logits must have at least one class along their last axis, got f32[]"},
                     {"no classes", [](Graph& g) { random_categorical(g.scope("a"), g.input("x", f32, {2, 0})); },
                      "random_categorical: logits must have at least one class along their last axis, got f32[2,0]"},
                     {"two without a name", [](Graph& g) {
                       const Value x = g.input("x", f32, {3});
                       random_categorical(g.scope("a"), x), random_categorical(g.scope("a"), x);  // the guilty call
                     }, "random_categorical: draws of one scope must have different names, got '' twice in scope 'a'"},
                     {"logits of another graph", [](Graph& g) { random_categorical(g.scope("a"), Graph().input("x", f32, {3})); }, "random_categorical: operands must belong to one graph, got values of two graphs"},
                     {"a number", [](Graph& g) { random_categorical(g.scope("a"), 0.5); }, "random_categorical: the operand must be a Value, got the number 0.5"}},
          .without = {{Kind::rank_0, "needs an axis of classes"}},
          .no_derivative = "a class does not depend on its logits smoothly"};
}

OpCases permutation_table() {
  const auto of_size = [](int64_t n, const std::string& name) { return [=](Graph& g, const std::vector<Value>& x) { return random_permutation(g.scope("a"), n, name) + cast(x[0], i64); }; };
  const auto sample = [&](std::string name, int64_t n, std::string draw_name, std::string expression) {
    return Sample{.name = std::move(name), .inputs = {zeros({})}, .build = of_size(n, draw_name), .torch = std::move(expression)};
  };
  return {.op = "random_permutation",
          .dtypes = {i64, i32, u8, boolean},
          .samples = {sample("of seven", 7, "", "permutation('a', 7)"), sample("of a hundred", 100, "n", "permutation('a', 100, 'n')"),
                      sample("of one", 1, "", "torch.tensor([0])"), sample("of two", 2, "", "permutation('a', 2)"), sample("of none", 0, "", "torch.zeros(0, dtype=torch.int64)")},
          .errors = {{"a negative size", [](Graph& g) { random_permutation(g.scope("a"), -1); }, "random_permutation: sizes must be >= 0, got [-1]"},
                     {"a foreign symbol", [](Graph& g) { random_permutation(g.scope("a"), Graph().dim("k")); }, "random_permutation: dims must be declared by graph.dim(name), got 'k' in [k]"},
                     {"two without a name", [](Graph& g) { random_permutation(g.scope("a"), 3), random_permutation(g.scope("a"), 4); },
                      "random_permutation: draws of one scope must have different names, got '' twice in scope 'a'"},
                     {"two of one name", [](Graph& g) { random_permutation(g.scope("a"), 3, "p"), random_permutation(g.scope("a"), 3, "p"); },
                      "random_permutation: draws of one scope must have different names, got 'p' twice in scope 'a'"},
                     {"the name of another draw", [](Graph& g) { random_normal(g.scope("a"), {3}, 0, 1, {.name = "p"}), random_permutation(g.scope("a"), 3, "p"); },
                      "random_permutation: draws of one scope must have different names, got 'p' twice in scope 'a'"}},
          .without = {{Kind::transposed, "reads no operand"}, {Kind::strided, "reads no operand"}, {Kind::rank_0, "a permutation has an axis"}, {Kind::dtypes, "the result is i64 always"}},
          .no_derivative = "a permutation has no derivative",
          .makes_values = true};
}

}  // namespace

std::vector<OpCases> random_cases() {
  return {uniform_table(), normal_table(), truncated_table(), exponential_table(), gumbel_table(), bernoulli_table(), categorical_table(), permutation_table()};
}

}  // namespace lanc::cases
