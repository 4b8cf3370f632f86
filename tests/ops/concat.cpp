// Values behind and beside one another, and repetition.
#include <lanc/ops/concat.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

OpCases concat_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return concat(x, axis); }; };
  const auto mistake = [](std::string name, std::vector<Shape> shapes, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) {
      std::vector<Value> x;
      for (const Shape& s : shapes) x.push_back(g.input("x" + std::to_string(x.size()), f32, s));
      concat(x, axis);  // the guilty call
    }, std::move(message)};
  };
  return {.op = "concat",
          .dtypes = everything(),
          .samples = {{"rows", {uniform({2, 3}, -2, 2), uniform({1, 3}, -2, 2)}, along(0), "torch.cat(x)"},
                      {"columns", {uniform({2, 3}, -2, 2), uniform({2, 1}, -2, 2), uniform({2, 2}, -2, 2)}, along(-1), "torch.cat(x, 1)"},
                      {"the middle axis", {uniform({2, 1, 3}, -2, 2), uniform({2, 2, 3}, -2, 2)}, along(1), "torch.cat(x, 1)"},
                      {"an empty one between", {uniform({2}, -2, 2), zeros({0}), uniform({1}, -2, 2)}, along(0), "torch.cat(x)"},
                      {"one alone", {uniform({2, 3}, -2, 2)}, along(1), "x[0] + 0"},
                      {"the same twice", {uniform({2, 3}, -2, 2)}, [](const auto& x) { return concat({x[0], x[0]}, 1); }, "torch.cat([x[0], x[0]], 1)"},
                      {"no elements", {zeros({0, 3}), zeros({0, 3})}, along(0), "torch.cat(x)"},
                      {"another dtype", {uniform({2}, -2, 2), values({2}, {1, 0}).as(boolean)}, along(0), "torch.cat([x[0], x[1].to(x[0].dtype)])"}},
          .errors = {mistake("another rank", {{2, 3}, {2}}, 0, "concat: operands must be of one rank, got lhs f32[2,3] and rhs f32[2]"),
                     mistake("another size", {{2, 3}, {2, 4}}, 0, "concat: sizes beside axis 0 must be equal, got lhs f32[2,3] and rhs f32[2,4] (3 and 4)"),
                     mistake("beyond the last axis", {{2}, {2}}, 1, "concat: axis must be in [-1, 1), got 1 for f32[2]"),
                     mistake("before the first axis", {{2}, {2}}, -2, "concat: axis must be in [-1, 1), got -2 for f32[2]"),
                     mistake("scalars", {{}, {}}, 0, "concat: the operand must have at least one axis, got f32[]"),
                     {"a number", [](Graph& g) { concat({g.input("x", f32, {2}), 2}); }, "concat: operands must be values, got a number"},
                     {"two graphs", [](Graph& g) { concat({g.input("x", f32, {2}), Graph().input("y", f32, {2})}); },
                      "concat: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases stack_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return stack_of(x, axis); }; };
  const auto mistake = [](std::string name, std::vector<Shape> shapes, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) {
      std::vector<Value> x;
      for (const Shape& s : shapes) x.push_back(g.input("x" + std::to_string(x.size()), f32, s));
      stack_of(x, axis);  // the guilty call
    }, std::move(message)};
  };
  return {.op = "stack_of",
          .dtypes = everything(),
          .samples = {{"in front", {uniform({2, 3}, -2, 2), uniform({2, 3}, -2, 2)}, along(0), "torch.stack(x)"},
                      {"behind", {uniform({2, 3}, -2, 2), uniform({2, 3}, -2, 2)}, along(-1), "torch.stack(x, -1)"},
                      {"scalars", {uniform({}, -2, 2), uniform({}, -2, 2), uniform({}, -2, 2)}, along(0), "torch.stack(x)"},
                      {"one alone", {uniform({2}, -2, 2)}, along(1), "torch.stack(x, 1)"},
                      {"a size of one", {uniform({1, 2}, -2, 2), uniform({1, 2}, -2, 2)}, along(1), "torch.stack(x, 1)"},
                      {"no elements", {zeros({0}), zeros({0})}, along(1), "torch.stack(x, 1)"}},
          .errors = {mistake("another shape", {{2, 3}, {2, 4}}, 0, "stack_of: operands must be of one shape, got f32[2,3] and f32[2,4]"),
                     mistake("another rank", {{2}, {}}, 0, "stack_of: operands must be of one shape, got f32[2] and f32[]"),
                     mistake("beyond the last axis", {{2}, {2}}, 2, "stack_of: axis must be in [-2, 2), got 2 for f32[2]"),
                     mistake("before the first axis", {{2}, {2}}, -3, "stack_of: axis must be in [-2, 2), got -3 for f32[2]"),
                     {"a number", [](Graph& g) { stack_of({g.input("x", f32, {}), 2}); }, "stack_of: operands must be values, got a number"}},
          .without = {{Kind::broadcast, "operands are of one shape"}}};
}

OpCases tile_table() {
  const auto by = [](std::vector<Dim> times) { return [=](const std::vector<Value>& x) { return tile(x[0], times); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<Dim> times, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { tile(g.input("x", f32, from), times); }, std::move(message)};
  };
  return {.op = "tile",
          .dtypes = everything(),
          .samples = {{"both axes", {uniform({2, 3}, -2, 2)}, by({2, 3}), "x[0].tile(2, 3)"},
                      {"one axis", {uniform({2, 3}, -2, 2)}, by({1, 2}), "x[0].tile(1, 2)"},
                      {"once", {uniform({2}, -2, 2)}, by({1}), "x[0] + 0"},
                      {"never", {uniform({2}, -2, 2)}, by({0}), "x[0][:0]"},
                      {"a size of one", {uniform({1, 2}, -2, 2)}, by({3, 1}), "x[0].tile(3, 1)"},
                      {"no elements", {zeros({0, 2})}, by({2, 3}), "x[0].tile(2, 3)"},
                      {"a scalar", {uniform({}, -2, 2)}, by({}), "x[0] + 0"}},
          .errors = {mistake("a number too few", {2, 3}, {2}, "tile: there must be one number of times for each axis, got 1 for f32[2,3]"),
                     mistake("a number too many", {2}, {2, 1}, "tile: there must be one number of times for each axis, got 2 for f32[2]"),
                     mistake("a negative number", {2}, {-1}, "tile: times must be >= 0, got [-1] for f32[2]"),
                     mistake("a surely negative symbol", {2}, {Dim(-2) * Dim::symbol("n") - 1}, "tile: times must be >= 0, got [-2*n - 1] for f32[2]"),
                     {"a number for the operand", [](Graph&) { tile(2, {}); }, "tile: the operand must be a Value, got the number 2"}}};
}

OpCases repeat_table() {
  const auto by = [](int64_t times, int64_t axis) { return [=](const std::vector<Value>& x) { return repeat(x[0], times, axis); }; };
  const auto mistake = [](std::string name, Shape from, int64_t times, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { repeat(g.input("x", f32, from), times, axis); }, std::move(message)};
  };
  return {.op = "repeat",
          .dtypes = everything(),
          .samples = {{"rows", {uniform({2, 3}, -2, 2)}, by(2, 0), "x[0].repeat_interleave(2, 0)"},
                      {"columns", {uniform({2, 3}, -2, 2)}, by(3, -1), "x[0].repeat_interleave(3, 1)"},
                      {"once", {uniform({2}, -2, 2)}, by(1, 0), "x[0] + 0"},
                      {"a size of one", {uniform({1, 2}, -2, 2)}, by(3, 0), "x[0].repeat_interleave(3, 0)"},
                      {"no elements", {zeros({0, 2})}, by(2, 0), "x[0] + 0"}},
          .errors = {mistake("a negative number", {2}, -1, 0, "repeat: times must be >= 0, got [-1] for f32[2]"),
                     mistake("beyond the last axis", {2}, 2, 1, "repeat: axis must be in [-1, 1), got 1 for f32[2]"),
                     mistake("before the first axis", {2}, 2, -2, "repeat: axis must be in [-1, 1), got -2 for f32[2]"),
                     mistake("a scalar", {}, 2, 0, "repeat: the operand must have at least one axis, got f32[]"),
                     {"a number for the operand", [](Graph&) { repeat(2, 2, 0); }, "repeat: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

}  // namespace

std::vector<OpCases> concat_cases() { return {concat_table(), stack_table(), tile_table(), repeat_table()}; }

}  // namespace lanc::cases
