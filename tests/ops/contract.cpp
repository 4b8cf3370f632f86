// The generalized matrix product and what is built on it.
#include <lanc/ops/contract.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

OpCases contract_table() {
  const auto with = [](ContractAttrs attrs) { return [attrs](const std::vector<Value>& x) { return contract(x[0], x[1], attrs); }; };
  const auto mistake = [](std::string name, Shape a, Shape b, ContractAttrs attrs, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { contract(g.input("a", f32, a), g.input("b", f32, b), attrs); }, std::move(message)};
  };
  return {.op = "contract",
          .dtypes = numbers(),
          .samples = {{"rows with columns", {uniform({3, 4}, -2, 2), uniform({4, 5}, -2, 2)}, with({.lhs = {1}, .rhs = {0}}), "x[0] @ x[1]"},
                      {"both transposed", {uniform({4, 3}, -2, 2), uniform({5, 4}, -2, 2)}, with({.lhs = {0}, .rhs = {1}}), "x[0].T @ x[1].T"},
                      {"two axes at once", {uniform({2, 3, 4}, -2, 2), uniform({4, 3, 5}, -2, 2)}, with({.lhs = {1, 2}, .rhs = {1, 0}}),
                       "torch.einsum('abc,cbd->ad', x[0], x[1])"},
                      {"a batch in the middle", {uniform({3, 2, 4}, -2, 2), uniform({4, 5, 2}, -2, 2)},
                       with({.lhs = {2}, .rhs = {0}, .lhs_batch = {1}, .rhs_batch = {2}}), "torch.einsum('abc,cdb->bad', x[0], x[1])"},
                      {"only batches", {uniform({2, 3}, -2, 2), uniform({2, 3}, -2, 2)}, with({.lhs_batch = {0, 1}, .rhs_batch = {0, 1}}), "x[0] * x[1]"},
                      {"two scalars", {uniform({}, -2, 2), uniform({}, -2, 2)}, with({}), "x[0] * x[1]"},
                      {"an empty contraction gives 0", {zeros({2, 0}), zeros({0, 3})}, with({.lhs = {1}, .rhs = {0}}), "x[0] @ x[1]"},
                      {"no rows", {zeros({0, 2}), uniform({2, 3}, -2, 2)}, with({.lhs = {1}, .rhs = {0}}), "x[0] @ x[1]"},
                      {"sizes of one", {uniform({1, 1}, -2, 2), uniform({1, 1}, -2, 2)}, with({.lhs = {1}, .rhs = {0}}), "x[0] @ x[1]"}},
          .errors = {mistake("inner sizes differ", {3, 4}, {5, 6}, {.lhs = {1}, .rhs = {0}}, "contract: inner dimensions must be equal, got lhs f32[3,4] and rhs f32[5,6] (4 and 5)"),
                     mistake("batch sizes differ", {3, 4}, {5, 4}, {.lhs = {1}, .rhs = {1}, .lhs_batch = {0}, .rhs_batch = {0}}, "contract: batch dimensions must be equal, got lhs f32[3,4] and rhs f32[5,4] (3 and 5)"),
                     mistake("an axis out of range", {3, 4}, {4, 6}, {.lhs = {2}, .rhs = {0}}, "contract: axes must lie in [0, 2), got 2"),
                     mistake("an axis twice", {3, 4}, {4, 4}, {.lhs = {1, 1}, .rhs = {0, 1}}, "contract: an axis must be used once, got axis 1 twice"),
                     mistake("axes without partners", {3, 4}, {4, 6}, {.lhs = {0, 1}, .rhs = {0}}, "contract: axes must come in pairs, got 2 and 1"),
                     {"two dtypes", [](Graph& g) { contract(g.input("a", f32, {3, 4}), g.input("b", f64, {4}), {.lhs = {1}, .rhs = {0}}); },
                      "contract: operands must be of one dtype, got lhs f32[3,4] and rhs f64[4]"},
                     {"bools", [](Graph& g) { contract(g.input("a", boolean, {4}), g.input("b", boolean, {4}), {.lhs = {0}, .rhs = {0}}); },
                      "contract: operands must be numbers, got lhs bool[4] and rhs bool[4]"}},
          .without = {{Kind::broadcast, "axes are paired by attributes"}}};
}

OpCases matmul_table() {
  const auto product = [](const auto& x) { return matmul(x[0], x[1]); };
  const auto mistake = [](std::string name, Shape a, Shape b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { matmul(g.input("a", f32, a), g.input("b", f32, b)); }, std::move(message)};
  };
  return {.op = "matmul",
          .dtypes = numbers(),
          .samples = {{"matrices", {uniform({3, 4}, -2, 2), uniform({4, 2}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"a matrix and a vector", {uniform({3, 4}, -2, 2), uniform({4}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"a vector and a matrix", {uniform({4}, -2, 2), uniform({4, 2}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"vectors", {uniform({4}, -2, 2), uniform({4}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"batches broadcast", {uniform({2, 1, 2, 3}, -2, 2), uniform({4, 3, 2}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"a vector before batches", {uniform({3}, -2, 2), uniform({2, 3, 2}, -2, 2)}, product, "x[0] @ x[1]"},
                      {"an odd size", {uniform({17, 33}, -1, 1), uniform({33, 9}, -1, 1)}, product, "x[0] @ x[1]"},
                      {"an empty contraction gives 0", {zeros({2, 0}), zeros({0, 3})}, product, "x[0] @ x[1]"},
                      {"two dtypes", {uniform({3, 4}, -2, 2), uniform({4, 2}, -2, 2).as(f64)}, product, "x[0].double() @ x[1]", {}, true, floats()}},
          .errors = {mistake("inner sizes differ", {3, 784}, {512, 10}, "matmul: inner dimensions must be equal, got lhs f32[3,784] and rhs f32[512,10] (784 and 512)"),
                     mistake("a scalar on the left", {}, {3}, "matmul: operands must have at least one axis, got lhs f32[] and rhs f32[3]"),
                     mistake("a scalar on the right", {3}, {}, "matmul: operands must have at least one axis, got lhs f32[3] and rhs f32[]"),
                     mistake("batches that do not meet", {2, 3, 4}, {3, 4, 5}, "matmul: batch dimensions must be equal or 1, got lhs f32[2,3,4] and rhs f32[3,4,5] (2 and 3)"),
                     {"a number", [](Graph& g) { matmul(g.input("a", f32, {3}), 2); }, "matmul: the operand must be a Value, got the number 2"},
                     {"two graphs", [](Graph& g) { matmul(g.input("a", f32, {3}), Graph().input("b", f32, {3})); },
                      "matmul: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases dot_table() {
  const auto mistake = [](std::string name, Shape a, Shape b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { dot(g.input("a", f32, a), g.input("b", f32, b)); }, std::move(message)};
  };
  return {.op = "dot",
          .dtypes = numbers(),
          .samples = {{"vectors", {uniform({5}, -2, 2), uniform({5}, -2, 2)}, [](const auto& x) { return dot(x[0], x[1]); }, "x[0] @ x[1]"},
                      {"one element", {uniform({1}, -2, 2), uniform({1}, -2, 2)}, [](const auto& x) { return dot(x[0], x[1]); }, "x[0] @ x[1]"},
                      {"no elements give 0", {zeros({0}), zeros({0})}, [](const auto& x) { return dot(x[0], x[1]); }, "x[0] @ x[1]"},
                      {"long", {uniform({259}, -1, 1), uniform({259}, -1, 1)}, [](const auto& x) { return dot(x[0], x[1]); }, "x[0] @ x[1]"}},
          .errors = {mistake("sizes differ", {3}, {4}, "dot: inner dimensions must be equal, got lhs f32[3] and rhs f32[4] (3 and 4)"),
                     mistake("a matrix on the left", {3, 4}, {4}, "dot: operands must be vectors, got lhs f32[3,4] and rhs f32[4]"),
                     mistake("a matrix on the right", {3}, {3, 4}, "dot: operands must be vectors, got lhs f32[3] and rhs f32[3,4]"),
                     mistake("a scalar", {}, {4}, "dot: operands must be vectors, got lhs f32[] and rhs f32[4]"),
                     {"two graphs", [](Graph& g) { dot(g.input("a", f32, {3}), Graph().input("b", f32, {3})); }, "dot: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "operands are vectors"}, {Kind::broadcast, "operands are of one size"}, {Kind::transposed, "operands are vectors"}}};
}

OpCases outer_table() {
  const auto mistake = [](std::string name, Shape a, Shape b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { outer(g.input("a", f32, a), g.input("b", f32, b)); }, std::move(message)};
  };
  const auto product = [](const auto& x) { return outer(x[0], x[1]); };
  const auto batched = "x[0][..., :, None] * x[1][..., None, :]";
  return {.op = "outer",
          .dtypes = numbers(),
          .samples = {{"vectors", {uniform({3}, -2, 2), uniform({4}, -2, 2)}, product, "torch.outer(x[0], x[1])"},
                      {"one element", {uniform({1}, -2, 2), uniform({4}, -2, 2)}, product, "torch.outer(x[0], x[1])"},
                      {"no elements", {zeros({0}), uniform({4}, -2, 2)}, product, "torch.outer(x[0], x[1])"},
                      {"batches", {uniform({2, 3}, -2, 2), uniform({2, 2}, -2, 2)}, product, batched},
                      {"batches that broadcast", {uniform({2, 1, 2}, -2, 2), uniform({3, 2}, -2, 2)}, product, batched}},
          .errors = {mistake("batches that do not meet", {3, 4}, {2, 4}, "outer: shapes must be equal or broadcast (a size of 1, axes aligned at the end), got lhs f32[3,4,1] and rhs f32[2,1,4] (3 and 2)"),
                     mistake("a scalar on the left", {}, {4}, "outer: operands must have at least one axis, got lhs f32[] and rhs f32[4]"),
                     mistake("a scalar on the right", {4}, {}, "outer: operands must have at least one axis, got lhs f32[4] and rhs f32[]"),
                     {"bools", [](Graph& g) { outer(g.input("a", boolean, {3}), g.input("b", boolean, {3})); },
                      "outer: operands must be numbers, got lhs bool[3] and rhs bool[3]"},
                     {"a number", [](Graph& g) { outer(2, g.input("b", f32, {3})); }, "outer: the operand must be a Value, got the number 2"},
                     {"two graphs", [](Graph& g) { outer(g.input("a", f32, {3}), Graph().input("b", f32, {3})); }, "outer: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases kron_table() {
  const auto product = [](const auto& x) { return kron(x[0], x[1]); };
  const auto mistake = [](std::string name, DType a, DType b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { kron(g.input("a", a, {3}), g.input("b", b, {3})); }, std::move(message)};
  };
  return {.op = "kron",
          .dtypes = numbers(),
          .samples = {{"matrices", {uniform({2, 3}, -2, 2), uniform({3, 2}, -2, 2)}, product, "torch.kron(x[0], x[1])"},
                      {"vectors", {uniform({2}, -2, 2), uniform({3}, -2, 2)}, product, "torch.kron(x[0], x[1])"},
                      {"a matrix and a vector", {uniform({2, 3}, -2, 2), uniform({2}, -2, 2)}, product, "torch.kron(x[0], x[1])"},
                      {"a scalar and a matrix", {uniform({}, -2, 2), uniform({2, 3}, -2, 2)}, product, "torch.kron(x[0], x[1])"},
                      {"sizes of one", {uniform({1, 2}, -2, 2), uniform({2, 1}, -2, 2)}, product, "torch.kron(x[0], x[1])"},
                      {"no elements", {zeros({0, 2}), uniform({2, 2}, -2, 2)}, product, "torch.zeros(0, 4)"}},
          .errors = {mistake("bools", boolean, boolean, "kron: operands must be numbers, got lhs bool[3] and rhs bool[3]"),
                     mistake("a bool on the left", boolean, f32, "kron: operands must be numbers, got lhs bool[3] and rhs f32[3]"),
                     mistake("a bool on the right", f32, boolean, "kron: operands must be numbers, got lhs f32[3] and rhs bool[3]"),
                     {"a number", [](Graph& g) { kron(2, g.input("b", f32, {3})); }, "kron: the operand must be a Value, got the number 2"},
                     {"two graphs", [](Graph& g) { kron(g.input("a", f32, {3}), Graph().input("b", f32, {3})); }, "kron: operands must belong to one graph, got values of two graphs"}}};
}

OpCases tensordot_table() {
  const auto over = [](int64_t axes) { return [axes](const std::vector<Value>& x) { return tensordot(x[0], x[1], axes); }; };
  const auto mistake = [](std::string name, Shape a, Shape b, int64_t axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { tensordot(g.input("a", f32, a), g.input("b", f32, b), axes); }, std::move(message)};
  };
  const auto listed = [](std::string name, std::vector<int64_t> a, std::vector<int64_t> b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { tensordot(g.input("a", f32, {2, 3}), g.input("b", f32, {3, 4}), a, b); }, std::move(message)};
  };
  return {.op = "tensordot",
          .dtypes = numbers(),
          .samples = {{"two axes", {uniform({2, 3, 4}, -2, 2), uniform({3, 4, 2}, -2, 2)}, over(2), "torch.tensordot(x[0], x[1], 2)"},
                      {"one axis", {uniform({2, 3}, -2, 2), uniform({3, 2}, -2, 2)}, over(1), "torch.tensordot(x[0], x[1], 1)"},
                      {"no axis", {uniform({2}, -2, 2), uniform({3}, -2, 2)}, over(0), "torch.tensordot(x[0], x[1], 0)"},
                      {"lists of axes", {uniform({2, 3, 4}, -2, 2), uniform({4, 2, 2}, -2, 2)}, [](const auto& x) { return tensordot(x[0], x[1], {0, -1}, {2, 0}); },
                       "torch.tensordot(x[0], x[1], ([0, 2], [2, 0]))"},
                      {"a scalar", {uniform({}, -2, 2), uniform({3}, -2, 2)}, over(0), "torch.tensordot(x[0], x[1], 0)"},
                      {"sizes of one", {uniform({1, 1}, -2, 2), uniform({1, 2}, -2, 2)}, over(1), "x[0] @ x[1]"},
                      {"an empty contraction gives 0", {zeros({2, 0}), zeros({0, 3})}, over(1), "x[0] @ x[1]"},
                      {"empty lists", {uniform({2}, -2, 2), uniform({3}, -2, 2)}, [](const auto& x) { return tensordot(x[0], x[1], {}, {}); },
                       "torch.tensordot(x[0], x[1], 0)"}},
          .errors = {mistake("sizes differ", {2, 3}, {4, 2}, 1, "tensordot: inner dimensions must be equal, got lhs f32[2,3] and rhs f32[4,2] (3 and 4)"),
                     mistake("more axes than there are", {2, 3}, {3}, 2, "tensordot: axes must be in [0, 1], got 2"),
                     mistake("a negative number of axes", {2, 3}, {3}, -1, "tensordot: axes must be in [0, 1], got -1"),
                     mistake("an axis of a scalar", {}, {3}, 1, "tensordot: axes must be in [0, 0], got 1"),
                     listed("an axis out of range", {1}, {3}, "tensordot: axis must be in [-2, 2), got 3 for rhs f32[3,4]"),
                     listed("lists of different length", {1}, {0, 1}, "tensordot: axes must come in pairs, got 1 and 2"),
                     listed("an axis twice", {1, -1}, {0, 1}, "tensordot: an axis must be used once, got axis 1 twice"),
                     listed("sizes of listed axes differ", {0}, {0}, "tensordot: inner dimensions must be equal, got lhs f32[2,3] and rhs f32[3,4] (2 and 3)"),
                     {"two graphs", [](Graph& g) { tensordot(g.input("a", f32, {3}), Graph().input("b", f32, {3}), 1); },
                      "tensordot: operands must belong to one graph, got values of two graphs"}}};
}

}  // namespace

std::vector<OpCases> contract_cases() {
  return with_symbols({contract_table(), matmul_table(), dot_table(), outer_table(), kron_table(), tensordot_table()});
}

}  // namespace lanc::cases
