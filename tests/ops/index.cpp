// Reading by index.
#include <lanc/ops/index.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const auto f = [](Graph g, Shape shape) { return g.input("x", f32, std::move(shape)); };
const auto i = [](Graph g, Shape shape) { return g.input("i", i64, std::move(shape)); };

OpCases take_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return take(x[0], x[1], axis); }; };
  const Fed four = values({4}, {2, 0, -1, 2}).as(i64);
  return {.op = "take",
          .dtypes = everything(),
          .samples = {{"rows", {uniform({3, 4}, -2, 2), four}, along(0), "x[0][x[1]]"},
                      {"columns", {uniform({2, 3}, -2, 2), four}, along(-1), "x[0][:, x[1]]"},
                      {"the middle axis", {uniform({2, 3, 2}, -2, 2), four}, along(1), "x[0][:, x[1]]"},
                      {"of a vector", {uniform({3}, -2, 2), four}, along(0), "x[0][x[1]]"},
                      {"i32 indices of rank 2", {uniform({3, 2}, -2, 2), values({2, 3}, {0, 1, 2, -3, -2, -1}).as(i32)}, along(0), "x[0][x[1]]"},
                      {"by one index", {uniform({3, 2}, -2, 2), values({}, {1}).as(i64)}, along(0), "x[0][x[1]]"},
                      {"by a number", {uniform({2, 3}, -2, 2)}, [](const auto& x) { return take(x[0], -1, 1); }, "x[0][:, -1]"},
                      {"by no indices", {uniform({3, 2}, -2, 2), zeros({0}).as(i64)}, along(0), "x[0][x[1]]"},
                      {"of slices without elements", {zeros({3, 0}), four}, along(0), "x[0][x[1]]"},
                      {"of an axis of one", {uniform({1, 3}, -2, 2), values({2}, {0, -1}).as(i64)}, along(0), "x[0][x[1]]"}},
          .errors = {{"an axis beyond the last", [](Graph& g) { take(f(g, {2, 3}), i(g, {1}), 2); }, "take: axis must be in [-2, 2), got 2"},
                     {"an axis before the first", [](Graph& g) { take(f(g, {2, 3}), i(g, {1}), -3); }, "take: axis must be in [-2, 2), got -3"},
                     {"of a scalar", [](Graph& g) { take(f(g, {}), i(g, {1})); }, "take: axis must be in [0, 0), got 0"},
                     {"real indices", [](Graph& g) { take(f(g, {2}), g.input("r", f32, {1})); }, "take: indices must be i32 or i64, got f32[1]"},
                     {"a real number as index", [](Graph& g) { take(f(g, {2}), 0.5); }, "take: indices must be i32 or i64, got the number 0.5"},
                     {"u8 indices", [](Graph& g) { take(f(g, {2}), g.input("r", u8, {1})); }, "take: indices must be i32 or i64, got u8[1]"},
                     {"a number to take from", [](Graph& g) { take(2.5, i(g, {1})); }, "take: the operand must be a Value, got the number 2.5"},
                     {"indices of another graph", [](Graph& g) { take(f(g, {2}), i(Graph(), {1})); }, "take: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::broadcast, "the indices' shape is free"}}};
}

OpCases gather_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return gather(x[0], x[1], axis); }; };
  return {.op = "gather",
          .dtypes = everything(),
          .samples = {{"along rows", {uniform({3, 4}, -2, 2), integers({2, 4}, 0, 2).as(i64)}, along(0), "x[0].gather(0, x[1])"},
                      {"along columns, from the end", {uniform({2, 3}, -2, 2), integers({2, 5}, -3, -1).as(i32)}, along(1), "x[0].gather(1, x[1] + 3)"},
                      {"along the middle", {uniform({2, 3, 2}, -2, 2), integers({2, 4, 2}, 0, 2).as(i64)}, along(-2), "x[0].gather(1, x[1])"},
                      {"of a vector", {uniform({4}, -2, 2), integers({3}, -4, 3).as(i64)}, along(0), "x[0].gather(0, x[1] % 4)"},
                      {"indices that broadcast", {uniform({3, 4}, -2, 2), values({2, 1}, {2, 0}).as(i64)}, along(0), "x[0].gather(0, x[1].expand(2, 4))"},
                      {"an operand that broadcasts", {uniform({1, 4}, -2, 2), integers({2, 3}, 0, 3).as(i64)}, along(1), "x[0].expand(2, 4).gather(1, x[1])"},
                      {"of no indices", {uniform({2, 3}, -2, 2), zeros({2, 0}).as(i64)}, along(1), "x[0].gather(1, x[1])"},
                      {"of no columns", {zeros({3, 0}), zeros({2, 0}).as(i64)}, along(0), "x[0].gather(0, x[1])"},
                      {"the same element again", {uniform({1, 2}, -2, 2), zeros({3, 2}).as(i32)}, along(0), "x[0].gather(0, x[1])"}},
          .errors = {{"ranks that differ", [](Graph& g) { gather(f(g, {2, 3}), i(g, {2}), 0); },
                      "gather: x and indices must have the same rank, got lhs f32[2,3] and rhs i64[2]"},
                     {"other sizes that differ", [](Graph& g) { gather(f(g, {2, 3}), i(g, {2, 4}), 0); },
                      "gather: x and indices must have the same sizes but along axis 0, got lhs f32[2,3] and rhs i64[2,4] (3 and 4)"},
                     {"an axis beyond the last", [](Graph& g) { gather(f(g, {2, 3}), i(g, {2, 3}), 2); }, "gather: axis must be in [-2, 2), got 2"},
                     {"real indices", [](Graph& g) { gather(f(g, {2}), g.input("r", f64, {1}), 0); }, "gather: indices must be i32 or i64, got f64[1]"},
                     {"bool indices", [](Graph& g) { gather(f(g, {2}), g.input("r", boolean, {1}), 0); }, "gather: indices must be i32 or i64, got bool[1]"},
                     {"of a scalar", [](Graph& g) { gather(f(g, {}), i(g, {}), 0); }, "gather: axis must be in [0, 0), got 0"},
                     {"a number to gather from", [](Graph& g) { gather(1, i(g, {1}), 0); }, "gather: the operand must be a Value, got the number 1"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases pick_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return pick(x[0], x[1], axis); }; };
  return {.op = "pick",
          .dtypes = everything(),
          .samples = {{"one of each row", {uniform({3, 4}, -2, 2), values({3}, {3, 0, 1}).as(i64)}, along(-1), "x[0].gather(1, x[1][:, None])[:, 0]"},
                      {"one of each column", {uniform({3, 4}, -2, 2), integers({4}, -3, 2).as(i32)}, along(0), "x[0].gather(0, (x[1] % 3)[None])[0]"},
                      {"in the middle", {uniform({2, 3, 2}, -2, 2), integers({2, 2}, 0, 2).as(i64)}, along(1), "x[0].gather(1, x[1][:, None])[:, 0]"},
                      {"one of a vector", {uniform({4}, -2, 2), values({}, {2}).as(i64)}, along(0), "x[0][2]"},
                      {"by a number", {uniform({4}, -2, 2)}, [](const auto& x) { return pick(x[0], -1); }, "x[0][3]"},
                      {"of no rows", {zeros({0, 3}), zeros({0}).as(i64)}, along(1), "x[0][:, 0]"},
                      {"of an axis of one", {uniform({2, 1}, -2, 2), values({2}, {0, -1}).as(i64)}, along(1), "x[0][:, 0]"}},
          .errors = {{"an index too many", [](Graph& g) { pick(f(g, {2, 3}), i(g, {3})); },
                      "pick: indices must have the shape of x without axis 1, got lhs f32[2,3] and rhs i64[3] (2 and 3)"},
                     {"indices of x's rank", [](Graph& g) { pick(f(g, {2, 3}), i(g, {2, 1})); }, "pick: indices must have the shape of x without axis 1, got lhs f32[2,3] and rhs i64[2,1]"},
                     {"an axis before the first", [](Graph& g) { pick(f(g, {2, 3}), i(g, {2}), -3); }, "pick: axis must be in [-2, 2), got -3"},
                     {"real indices", [](Graph& g) { pick(f(g, {2}), g.input("r", f32, {})); }, "pick: indices must be i32 or i64, got f32[]"},
                     {"of a scalar", [](Graph& g) { pick(f(g, {}), i(g, {})); }, "pick: axis must be in [0, 0), got -1"}},
          .without = {{Kind::broadcast, "the indices' shape is given by x"}}};
}

OpCases embedding_table() {
  const Build build = [](const std::vector<Value>& x) { return embedding(x[0], x[1]); };
  return {.op = "embedding",
          .dtypes = everything(),
          .samples = {{"a sequence", {uniform({5, 3}, -2, 2), integers({4}, 0, 4).as(i32)}, build, "F.embedding(x[1], x[0])"},
                      {"a batch of sequences", {uniform({5, 2}, -2, 2), integers({2, 3}, 0, 4).as(i64)}, build, "F.embedding(x[1], x[0])"},
                      {"one id", {uniform({5, 3}, -2, 2), values({}, {4}).as(i64)}, build, "F.embedding(x[1], x[0])"},
                      {"no ids", {uniform({5, 3}, -2, 2), zeros({0}).as(i32)}, build, "F.embedding(x[1], x[0])"},
                      {"a table of one row", {uniform({1, 3}, -2, 2), zeros({3}).as(i32)}, build, "F.embedding(x[1], x[0])"}},
          .errors = {{"a table that is a vector", [](Graph& g) { embedding(f(g, {5}), i(g, {2})); }, "embedding: the table must be a matrix of rows, got f32[5]"},
                     {"a table of rank 3", [](Graph& g) { embedding(f(g, {5, 2, 2}), i(g, {2})); }, "embedding: the table must be a matrix of rows, got f32[5,2,2]"},
                     {"real ids", [](Graph& g) { embedding(f(g, {5, 2}), g.input("r", f32, {2})); }, "embedding: ids must be i32 or i64, got f32[2]"},
                     {"u8 ids", [](Graph& g) { embedding(f(g, {5, 2}), g.input("r", u8, {2})); }, "embedding: ids must be i32 or i64, got u8[2]"},
                     {"a number as table", [](Graph& g) { embedding(1.5, i(g, {2})); }, "embedding: the operand must be a Value, got the number 1.5"},
                     {"ids of another graph", [](Graph& g) { embedding(f(g, {5, 2}), i(Graph(), {1})); }, "embedding: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::broadcast, "the ids' shape is free"}}};
}

OpCases one_hot_table() {
  const auto of = [](Dim classes, DType dtype, int64_t axis) { return [=](const std::vector<Value>& x) { return one_hot(x[0], classes, dtype, axis); }; };
  return {.op = "one_hot",
          .dtypes = {i64, i32, u8},
          .samples = {{"rows", {values({4}, {2, 0, 1, 2})}, of(3, f32, -1), "F.one_hot(x[0], 3).double()"},
                      {"columns", {values({3}, {1, 0, 3})}, of(4, f64, 0), "F.one_hot(x[0], 4).T.double()"},
                      {"one label", {values({}, {1})}, of(3, i32, -1), "F.one_hot(x[0], 3)"},
                      {"labels of rank 2", {integers({2, 3}, 0, 4)}, of(5, bf16, 1), "F.one_hot(x[0], 5).permute(0, 2, 1).double()"},
                      {"outside", {values({3}, {3, 1, 7})}, of(3, boolean, -1), "x[0][:, None] == torch.arange(3)"},
                      {"below", {values({3}, {-1, 1, -3})}, of(3, i64, -1), "(x[0][:, None] == torch.arange(3)).long()", {}, true, {i64, i32}},
                      {"more classes than u8 holds", {values({2}, {255, 0})}, of(300, u8, -1), "F.one_hot(x[0], 300)"},
                      {"a size of one", {values({1, 2}, {2, 0})}, of(3, f32, -1), "F.one_hot(x[0], 3).double()"},
                      {"no labels", {zeros({0})}, of(3, f32, -1), "F.one_hot(x[0], 3).double()"},
                      {"no classes", {zeros({2})}, of(0, f32, -1), "torch.zeros(2, 0)"}},
          .errors = {{"real labels", [](Graph& g) { one_hot(f(g, {2}), 3); }, "one_hot: labels must be integers, got f32[2]"},
                     {"bool labels", [](Graph& g) { one_hot(g.input("b", boolean, {2}), 3); }, "one_hot: labels must be integers, got bool[2]"},
                     {"a negative number of classes", [](Graph& g) { one_hot(i(g, {2}), -1); }, "one_hot: the number of classes must be at least 0, got -1"},
                     {"an axis beyond the last", [](Graph& g) { one_hot(i(g, {2}), 3, f32, 2); }, "one_hot: axis must be in [-2, 2), got 2"},
                     {"an axis before the first", [](Graph& g) { one_hot(i(g, {}), 3, f32, -2); }, "one_hot: axis must be in [-1, 1), got -2"},
                     {"a number", [](Graph&) { one_hot(2, 3); }, "one_hot: the operand must be a Value, got the number 2"}}};
}

}  // namespace

std::vector<OpCases> index_cases() { return {take_table(), gather_table(), pick_table(), embedding_table(), one_hot_table()}; }

}  // namespace lanc::cases
