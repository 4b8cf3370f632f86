// Values made of a shape. The dtype under test is that of an operand that they do not read.
#include <lanc/ops/constructors.h>

#include <limits>

#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

// What names the dtype.
Fed like() { return zeros({1}); }

std::vector<Without> reads_nothing() { return {{Kind::transposed, "reads no operand"}, {Kind::strided, "reads no operand"}}; }
std::vector<Without> one_axis_of_nothing() {
  std::vector<Without> list = reads_nothing();
  list.push_back({Kind::rank_0, "a sequence has an axis"});
  return list;
}

template <class F>
Build of_dtype(F make) {
  return [make](Graph& g, const std::vector<Value>& x) { return make(g, x[0].dtype()); };
}

OpCases full_table() {
  const auto mistake = [](std::string name, Shape shape, Operand value, std::optional<DType> dtype, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { full(g, shape, value, dtype); }, std::move(message)};
  };
  return {.op = "full",
          .dtypes = everything(),
          .samples = {{"a matrix", {like()}, of_dtype([](Graph& g, DType t) { return full(g, {2, 3}, 1, t); }), "torch.full((2, 3), 1.)"},
                      {"a scalar", {like()}, of_dtype([](Graph& g, DType t) { return full(g, {}, 1, t); }), "torch.tensor(1.)"},
                      {"no elements", {like()}, of_dtype([](Graph& g, DType t) { return full(g, {2, 0}, 1, t); }), "torch.zeros(2, 0)"},
                      {"of a value", {uniform({}, 1, 2)}, [](Graph& g, const auto& x) { return full(g, {2, 2}, x[0]); }, "x[0].expand(2, 2)"},
                      {"an exact whole number", {like()}, [](Graph& g, const auto&) { return full(g, {1}, int64_t{9007199254740993}, i64); },
                       "torch.tensor([9007199254740993])", {}, true, {i64}}},
          .errors = {mistake("a negative size", {2, -1}, 0, {}, "full: sizes must be >= 0, got [2,-1]"),
                     mistake("an undeclared dim", {Dim::symbol("n")}, 0, {}, "full: dims must be declared by graph.dim(name), got 'n' in [n]"),
                     mistake("a number that is too large", {2}, 300, u8, "full: the dtype must hold the number, got 300 for u8"),
                     mistake("a number with a fraction", {2}, 0.5, i32, "full: the dtype must hold the number, got 0.5 for i32"),
                     {"a value that is a vector", [](Graph& g) { full(g, {2}, g.input("x", f32, {2})); }, "full: the value must be of rank 0, got f32[2]"},
                     {"a value of another graph", [](Graph& g) { full(g, {2}, Graph().input("x", f32, {})); },
                      "full: the value must belong to the graph, got a value of another graph"}},
          .without = {{Kind::transposed, "the value is of rank 0"}, {Kind::strided, "the value is of rank 0"}},
          .makes_values = true};
}

OpCases filled_table(const std::string& op, Value (*make)(Graph, Shape, DType, std::source_location), int number) {
  const auto mistake = [&](std::string name, Shape shape, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { make(g, shape, f32, std::source_location::current()); }, op + ": " + message};
  };
  const auto samples = [&](Shape shape) {
    return of_dtype([=](Graph& g, DType t) { return make(g, shape, t, std::source_location::current()); });
  };
  const std::string torch = number == 0 ? "torch.zeros" : "torch.ones";
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"a matrix", {like()}, samples({2, 3}), torch + "(2, 3)"},
                      {"a scalar", {like()}, samples({}), torch + "(())"},
                      {"a size of one", {like()}, samples({1, 2}), torch + "(1, 2)"},
                      {"no elements", {like()}, samples({0}), torch + "(0)"}},
          .errors = {mistake("a negative size", {-1}, "sizes must be >= 0, got [-1]"),
                     mistake("a negative size behind", {2, -2}, "sizes must be >= 0, got [2,-2]"),
                     mistake("a surely negative size", {Dim(-1) - Dim::symbol("n")}, "sizes must be >= 0, got [-n - 1]"),
                     mistake("an undeclared dim", {Dim::symbol("n")}, "dims must be declared by graph.dim(name), got 'n' in [n]"),
                     mistake("an undeclared dim in a sum", {2, Dim::symbol("n") + 1}, "dims must be declared by graph.dim(name), got 'n' in [2,n + 1]")},
          .without = reads_nothing(),
          .makes_values = true};
}

OpCases like_table(const std::string& op, std::function<Value(Operand)> make, const std::string& torch) {
  const auto made = [make](const std::vector<Value>& x) { return make(x[0]); };
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"a matrix", {uniform({2, 3}, -2, 2)}, made, torch + "(2, 3)"},
                      {"a scalar", {uniform({}, -2, 2)}, made, torch + "(())"},
                      {"a size of one", {uniform({3, 1}, -2, 2)}, made, torch + "(3, 1)"},
                      {"no elements", {zeros({0, 2})}, made, torch + "(0, 2)"}},
          .form = unary([make](Operand x) { return make(x); })};
}

OpCases iota_table() {
  return {.op = "iota",
          .dtypes = numbers(),
          .samples = {{"a few", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 5, t); }), "torch.arange(5.)"},
                      {"more than a byte holds", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 300, t); }), "torch.arange(300)"},
                      {"one", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 1, t); }), "torch.arange(1)"},
                      {"none", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 0, t); }), "torch.arange(0)"}},
          .errors = {{"a negative number", [](Graph& g) { arange(g, -1); }, "arange: sizes must be >= 0, got [-1]"},
                     {"a truth value", [](Graph& g) { arange(g, 3, boolean); }, "arange: dtype must be a number, got bool"},
                     {"an undeclared dim", [](Graph& g) { arange(g, Dim::symbol("n")); }, "arange: dims must be declared by graph.dim(name), got 'n' in [n]"},
                     {"a surely negative size", [](Graph& g) { arange(g, Dim(-1) - g.dim("n")); }, "arange: sizes must be >= 0, got [-n - 1]"},
                     {"an undeclared dim in a sum", [](Graph& g) { arange(g, 2 * Dim::symbol("n")); }, "arange: dims must be declared by graph.dim(name), got 'n' in [2*n]"}},
          .without = one_axis_of_nothing(),
          .no_derivative = "a sequence has no operands",
          .makes_values = true};
}

OpCases arange_table() {
  const auto of = [](int64_t start, int64_t stop, int64_t step) { return of_dtype([=](Graph& g, DType t) { return arange(g, start, stop, step, t); }); };
  return {.op = "arange",
          .dtypes = numbers(),
          .samples = {{"from two", {like()}, of(2, 7, 1), "torch.arange(2., 7.)"},
                      {"every third", {like()}, of(1, 9, 3), "torch.arange(1., 9., 3.)"},
                      {"down", {like()}, of(9, 1, -2), "torch.arange(9., 1., -2.)"},
                      {"one", {like()}, of(3, 4, 1), "torch.arange(3., 4.)"},
                      {"none", {like()}, of(4, 4, -1), "torch.arange(0)"},
                      {"real numbers", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 0.5, 2.0, 0.3, t); }), "torch.arange(0.5, 2.0, 0.3)", {}, true, floats()},
                      {"one real number among whole ones", {like()}, of_dtype([](Graph& g, DType t) { return arange(g, 0, 1, 0.25, t); }), "torch.arange(0, 1, 0.25)", {}, true,
                       floats()}},
          .errors = {{"the least step", [](Graph& g) { arange(g, 0, 3, std::numeric_limits<int64_t>::min()); },
                      "arange: step must be above -2^63, got -9223372036854775808"},
                     {"the least offset", [](Graph& g) { diagonal(g.input("x", f32, {2, 2}), std::numeric_limits<int64_t>::min()); },
                      "diagonal: offset must be above -2^63, got -9223372036854775808"},
                     {"the least offset of a vector", [](Graph& g) { diag(g.input("x", f32, {2}), std::numeric_limits<int64_t>::min()); },
                      "diag: offset must be above -2^63, got -9223372036854775808"},
                     {"a step of zero", [](Graph& g) { arange(g, 0, 3, 0); }, "arange: step must not be 0, got 0"},
                     {"a real step of zero", [](Graph& g) { arange(g, 0, 3, 0.0); }, "arange: step must not be 0, got 0"},
                     {"the wrong direction", [](Graph& g) { arange(g, 3, 0); }, "arange: stop must lie on the side of start to which the step leads, got 3 to 0 by 1"},
                     {"the wrong direction of reals", [](Graph& g) { arange(g, 0.0, 3.0, -0.5); },
                      "arange: stop must lie on the side of start to which the step leads, got 0 to 3 by -0.5"},
                     {"truth values", [](Graph& g) { arange(g, 0, 3, 1, boolean); }, "arange: dtype must be a number, got bool"},
                     {"reals of whole numbers", [](Graph& g) { arange(g, 0.0, 3.0, 0.5, i32); }, "arange: dtype must be a float for real numbers, got i32"},
                     {"no end", [](Graph& g) { arange(g, 0.0, infinity, 0.5); }, "arange: numbers must be finite, got 0 to inf by 0.5"}},
          .without = one_axis_of_nothing(),
          .makes_values = true};
}

OpCases linspace_table() {
  const auto of = [](double start, double stop, int64_t count) { return of_dtype([=](Graph& g, DType t) { return linspace(g, start, stop, count, t); }); };
  const auto mistake = [](std::string name, Operand start, Operand stop, Dim count, DType dtype, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { linspace(g, start, stop, count, dtype); }, std::move(message)};
  };
  return {.op = "linspace",
          .samples = {{"up", {like()}, of(-1, 2, 7), "torch.linspace(-1, 2, 7)"},
                      {"down", {like()}, of(1, 0.1, 4), "torch.linspace(1, 0.1, 4)"},
                      {"one", {like()}, of(3, 4, 1), "torch.linspace(3, 4, 1)"},
                      {"none", {like()}, of(3, 4, 0), "torch.zeros(0)"},
                      {"of values", {uniform({}, -2, -1), uniform({}, 1, 2)},
                       [](Graph& g, const auto& x) { return linspace(g, x[0], x[1], 5, x[0].dtype()); }, "x[0] + (x[1] - x[0]) * torch.arange(5.) / 4"},
                      {"from a value to a number", {uniform({}, -2, -1)}, [](Graph& g, const auto& x) { return linspace(g, x[0], 1, 4, x[0].dtype()); },
                       "x[0] + (1 - x[0]) * torch.arange(4.) / 3"}},
          .errors = {mistake("a negative count", 0, 1, -1, f32, "linspace: sizes must be >= 0, got [-1]"),
                     mistake("an integer dtype", 0, 1, 3, i32, "linspace: dtype must be a float, got i32"),
                     mistake("truth values", 0, 1, 3, boolean, "linspace: dtype must be a float, got bool"),
                     mistake("an undeclared dim", 0, 1, Dim::symbol("n"), f32, "linspace: dims must be declared by graph.dim(name), got 'n' in [n]"),
                     {"a start that is a vector", [](Graph& g) { linspace(g, g.input("x", f32, {2}), 1, 3); }, "linspace: start and stop must be of rank 0, got f32[2]"}},
          .without = {{Kind::rank_0, "a sequence has an axis"}, {Kind::broadcast, "operands are of rank 0"},
                      {Kind::transposed, "operands are of rank 0"}, {Kind::strided, "operands are of rank 0"}},
          .makes_values = true};
}

OpCases eye_table() {
  const auto of = [](int64_t rows, int64_t columns, int64_t offset) { return of_dtype([=](Graph& g, DType t) { return eye(g, rows, columns, offset, t); }); };
  const auto mistake = [](std::string name, Dim rows, Dim columns, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { eye(g, rows, columns); }, std::move(message)};
  };
  return {.op = "eye",
          .dtypes = everything(),
          .samples = {{"square", {like()}, of_dtype([](Graph& g, DType t) { return eye(g, 3, t); }), "torch.eye(3)"},
                      {"wide", {like()}, of(2, 4, 0), "torch.eye(2, 4)"},
                      {"above", {like()}, of(3, 4, 1), "torch.tensor(np.eye(3, 4, 1))"},
                      {"below", {like()}, of(4, 3, -2), "torch.tensor(np.eye(4, 3, -2))"},
                      {"beyond", {like()}, of(2, 2, 5), "torch.zeros(2, 2)"},
                      {"one row", {like()}, of(1, 3, 0), "torch.eye(1, 3)"},
                      {"no elements", {like()}, of(0, 3, 0), "torch.zeros(0, 3)"}},
          .errors = {mistake("a negative size", -1, 2, "eye: sizes must be >= 0, got [-1,2]"),
                     mistake("a negative second size", 2, -1, "eye: sizes must be >= 0, got [2,-1]"),
                     mistake("two negative sizes", -1, -1, "eye: sizes must be >= 0, got [-1,-1]"),
                     mistake("an undeclared dim", Dim::symbol("n"), 2, "eye: dims must be declared by graph.dim(name), got 'n' in [n,2]"),
                     mistake("an undeclared second dim", 2, Dim::symbol("n"), "eye: dims must be declared by graph.dim(name), got 'n' in [2,n]")},
          .without = {{Kind::transposed, "reads no operand"}, {Kind::strided, "reads no operand"}, {Kind::rank_0, "is a matrix"}},
          .makes_values = true};
}

OpCases triangle_table(const std::string& op, Value (*make)(Operand, int64_t)) {
  const auto by = [make](int64_t offset) { return [=](const std::vector<Value>& x) { return make(x[0], offset); }; };
  const auto mistake = [&](std::string name, Shape from, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { make(g.input("x", f32, from), 0); }, op + ": " + message};
  };
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"square", {uniform({3, 3}, -2, 2)}, by(0), "x[0]." + op + "()"},
                      {"above", {uniform({3, 4}, -2, 2)}, by(1), "x[0]." + op + "(1)"},
                      {"below", {uniform({4, 3}, -2, 2)}, by(-2), "x[0]." + op + "(-2)"},
                      {"a batch", {uniform({2, 3, 3}, -2, 2)}, by(0), "x[0]." + op + "()"},
                      {"not a number outside and inside", {values({2, 2}, {not_a_number, not_a_number, not_a_number, not_a_number})}, by(0),
                       "x[0]." + op + "()", {}, false, floats()},
                      {"a column", {uniform({3, 1}, -2, 2)}, by(0), "x[0]." + op + "()"},
                      {"no elements", {zeros({0, 3})}, by(0), "x[0] + 0"}},
          .errors = {mistake("a vector", {3}, "the operand must have at least two axes, got f32[3]"),
                     mistake("a scalar", {}, "the operand must have at least two axes, got f32[]")},
          .form = unary([make](Operand x) { return make(x, 0); }),
          .without = {{Kind::rank_0, "needs two axes"}}};
}

OpCases diag_table() {
  const auto by = [](int64_t offset) { return [=](const std::vector<Value>& x) { return diag(x[0], offset); }; };
  const auto mistake = [](std::string name, Shape from, int64_t offset, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { diag(g.input("x", f32, from), offset); }, std::move(message)};
  };
  return {.op = "diag",
          .dtypes = everything(),
          .samples = {{"of a vector", {uniform({3}, -2, 2)}, by(0), "x[0].diag()"},
                      {"of a vector, above", {uniform({3}, -2, 2)}, by(2), "x[0].diag(2)"},
                      {"of a vector, below", {uniform({3}, -2, 2)}, by(-1), "x[0].diag(-1)"},
                      {"of one element", {uniform({1}, -2, 2)}, by(0), "x[0].diag()"},
                      {"of no elements", {zeros({0})}, by(1), "torch.zeros(1, 1)"},
                      {"of a matrix", {uniform({3, 3}, -2, 2)}, by(0), "x[0].diag()"},
                      {"of a wide matrix, above", {uniform({3, 5}, -2, 2)}, by(3), "x[0].diag(3)"},
                      {"of a high matrix, below", {uniform({5, 3}, -2, 2)}, by(-1), "x[0].diag(-1)"},
                      {"of a corner", {uniform({2, 3}, -2, 2)}, by(-2), "torch.zeros(0)"}},
          .errors = {mistake("three axes", {2, 2, 2}, 0, "diag: the operand must be a vector or a matrix, got f32[2,2,2]"),
                     mistake("a scalar", {}, 0, "diag: the operand must be a vector or a matrix, got f32[]"),
                     mistake("an offset above", {2, 3}, 4, "diag: offset must be in [-2, 3], got 4 for f32[2,3]"),
                     mistake("an offset below", {2, 3}, -3, "diag: offset must be in [-2, 3], got -3 for f32[2,3]"),
                     {"a number", [](Graph&) { diag(2); }, "diag: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs a vector or a matrix"}}};
}

OpCases diagonal_table() {
  const auto by = [](int64_t offset) { return [=](const std::vector<Value>& x) { return diagonal(x[0], offset); }; };
  const auto mistake = [](std::string name, Shape from, int64_t offset, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { diagonal(g.input("x", f32, from), offset); }, std::move(message)};
  };
  return {.op = "diagonal",
          .dtypes = everything(),
          .samples = {{"a batch", {uniform({2, 3, 3}, -2, 2)}, by(0), "x[0].diagonal(0, 1, 2)"},
                      {"above", {uniform({2, 3, 4}, -2, 2)}, by(2), "x[0].diagonal(2, 1, 2)"},
                      {"below", {uniform({2, 3, 4}, -2, 2)}, by(-1), "x[0].diagonal(-1, 1, 2)"},
                      {"of columns", {uniform({2, 3, 1}, -2, 2)}, by(-1), "x[0].diagonal(-1, 1, 2)"},
                      {"no elements", {zeros({2, 0, 3})}, by(0), "torch.zeros(2, 0)"}},
          .errors = {mistake("a vector", {2}, 0, "diagonal: the operand must have at least two axes, got f32[2]"),
                     mistake("a scalar", {}, 0, "diagonal: the operand must have at least two axes, got f32[]"),
                     mistake("an offset above", {2, 2, 3}, 4, "diagonal: offset must be in [-2, 3], got 4 for f32[2,2,3]"),
                     mistake("an offset below", {2, 2, 3}, -3, "diagonal: offset must be in [-2, 3], got -3 for f32[2,2,3]"),
                     {"a number", [](Graph&) { diagonal(2); }, "diagonal: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs two axes"}}};
}

OpCases trace_table() {
  const auto by = [](int64_t offset) { return [=](const std::vector<Value>& x) { return trace(x[0], offset); }; };
  const auto mistake = [](std::string name, Shape from, int64_t offset, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { trace(g.input("x", f32, from), offset); }, std::move(message)};
  };
  return {.op = "trace",
          .dtypes = everything(),
          .samples = {{"square", {uniform({3, 3}, 1, 2)}, by(0), "x[0].diagonal().sum()"},
                      {"a batch of wide ones", {uniform({2, 3, 4}, 1, 2)}, by(1), "x[0].diagonal(1, 1, 2).sum(-1)"},
                      {"a column", {uniform({3, 1}, 1, 2)}, by(0), "x[0].diagonal().sum()"},
                      {"no elements", {zeros({0, 0})}, by(0), "torch.tensor(0.)"}},
          .errors = {mistake("a vector", {2}, 0, "trace: the operand must have at least two axes, got f32[2]"),
                     mistake("a scalar", {}, 0, "trace: the operand must have at least two axes, got f32[]"),
                     mistake("an offset above", {2, 3}, 4, "trace: offset must be in [-2, 3], got 4 for f32[2,3]"),
                     mistake("an offset below", {2, 3}, -3, "trace: offset must be in [-2, 3], got -3 for f32[2,3]"),
                     {"a number", [](Graph&) { trace(2); }, "trace: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs two axes"}}};
}

OpCases meshgrid_table() {
  const auto by = [](Indexing indexing) { return [=](const std::vector<Value>& x) { return meshgrid(x, indexing); }; };
  return {.op = "meshgrid",
          .dtypes = everything(),
          .samples = {{"two", {uniform({2}, -2, 2), uniform({3}, -2, 2)}, by(Indexing::ij), "torch.meshgrid(x, indexing='ij')"},
                      {"two, Cartesian", {uniform({2}, -2, 2), uniform({3}, -2, 2)}, by(Indexing::xy), "torch.meshgrid(x, indexing='xy')"},
                      {"three, Cartesian", {uniform({2}, -2, 2), uniform({3}, -2, 2), uniform({1}, -2, 2)}, by(Indexing::xy), "torch.meshgrid(x, indexing='xy')"},
                      {"one", {uniform({2}, -2, 2)}, by(Indexing::xy), "x[0] + 0"},
                      {"no elements", {zeros({0}), uniform({2}, -2, 2)}, by(Indexing::ij), "torch.meshgrid(x, indexing='ij')"}},
          .errors = {{"a matrix", [](Graph& g) { meshgrid({g.input("x", f32, {2, 3})}); }, "meshgrid: operands must be vectors, got f32[2,3]"},
                     {"a scalar", [](Graph& g) { meshgrid({g.input("x", f32, {})}); }, "meshgrid: operands must be vectors, got f32[]"},
                     {"a scalar behind a vector", [](Graph& g) { meshgrid({g.input("x", f32, {2}), g.input("y", f32, {})}); }, "meshgrid: operands must be vectors, got f32[]"},
                     {"two graphs", [](Graph& g) { meshgrid({g.input("x", f32, {2}), Graph().input("y", f32, {2})}); }, "meshgrid: operands must belong to one graph, got values of two graphs"},
                     {"a number", [](Graph& g) { meshgrid({g.input("x", f32, {2}), 2}); }, "meshgrid: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "operands are vectors"}, {Kind::transposed, "operands are vectors"}}};
}

}  // namespace

std::vector<OpCases> constructors_cases() {
  return {full_table(), filled_table("zeros", lanc::zeros, 0), filled_table("ones", ones, 1),
          like_table("zeros_like", zeros_like, "torch.zeros"), like_table("ones_like", ones_like, "torch.ones"),
          like_table("full_like", [](Operand x) { return full_like(x, 1); }, "torch.ones"),
          iota_table(), arange_table(), linspace_table(), eye_table(), triangle_table("tril", tril), triangle_table("triu", triu),
          diag_table(), diagonal_table(), trace_table(), meshgrid_table()};
}

}  // namespace lanc::cases
