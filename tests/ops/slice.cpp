// Parts of a value: slices forwards and backwards, splits, rolls.
#include <lanc/ops/slice.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

OpCases slice_table() {
  const auto of = [](std::vector<Slice> slices) { return [=](const std::vector<Value>& x) { return slice_of(x[0], slices); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<Slice> slices, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { slice_of(g.input("x", f32, from), slices); }, std::move(message)};
  };
  return {.op = "slice",
          .dtypes = everything(),
          .samples = {{"a range", {uniform({5, 4}, -2, 2)}, of({{1, 4}}), "x[0][1:4]"},
                      {"both axes", {uniform({5, 4}, -2, 2)}, of({{1, 4}, {0, 2}}), "x[0][1:4, 0:2]"},
                      {"from the end", {uniform({5, 4}, -2, 2)}, of({{-3, -1}, {.start = -2}}), "x[0][-3:-1, -2:]"},
                      {"every second", {uniform({5, 4}, -2, 2)}, of({{.step = 2}, {1, {}, 2}}), "x[0][::2, 1::2]"},
                      {"every third, inside", {uniform({3, 11}, -2, 2)}, of({{}, {1, 9, 3}}), "x[0][:, 1:9:3]"},
                      {"backwards", {uniform({5, 4}, -2, 2)}, of({{.step = -1}}), "x[0].flip(0)"},
                      {"backwards by two", {uniform({5, 4}, -2, 2)}, of({{3, 0, -2}, {.step = -3}}), "x[0][[3, 1]][:, [3, 0]]"},
                      {"backwards to the front", {uniform({7}, -2, 2)}, of({{4, {}, -2}}), "x[0][[4, 2, 0]]"},
                      {"inner axes of three", {uniform({2, 3, 5}, -2, 2)}, of({{}, {1}, {.step = 2}}), "x[0][:, 1:, ::2]"},
                      {"one element", {uniform({5}, -2, 2)}, of({{2, 3}}), "x[0][2:3]"},
                      {"a size of one", {uniform({1, 3}, -2, 2)}, of({{.step = -1}, {.step = -1}}), "x[0].flip(1)"},
                      {"no elements", {uniform({5}, -2, 2)}, of({{2, 2}}), "x[0][2:2]"},
                      {"of no elements", {zeros({0, 3})}, of({{.step = -1}, {1}}), "x[0][:, 1:]"},
                      {"a scalar", {uniform({}, -2, 2)}, of({}), "x[0] + 0"},
                      {"of a slice", {uniform({12}, -2, 2)}, [](const auto& x) { return slice_of(slice_of(x[0], {{1, 11, 2}}), {{.step = -2}}); },
                       "x[0][[9, 5, 1]]"}},
          .errors = {mistake("too many slices", {3}, {{}, {}}, "slice_of: there must be at most one slice for each axis, got 2 for f32[3]"),
                     mistake("a step of zero", {3}, {{.step = 0}}, "slice_of: a step must be a number other than 0, or a dim that is at least 1, got 0 for axis 0 of f32[3]"),
                     mistake("a start beyond the end", {2, 3}, {{}, {4}}, "slice_of: start must be in [-3, 3], got 4 for axis 1 of f32[2,3]"),
                     mistake("a start before the front", {3}, {{-4}}, "slice_of: start must be in [-3, 3], got -4 for axis 0 of f32[3]"),
                     mistake("a stop beyond the end", {3}, {{0, 4}}, "slice_of: stop must be in [-3, 3], got 4 for axis 0 of f32[3]"),
                     mistake("a stop before the front", {3}, {{0, -4}}, "slice_of: stop must be in [-3, 3], got -4"),
                     mistake("a stop before the start", {5}, {{3, 1}}, "slice_of: start must not be above stop, got 3 and 1 for axis 0 of f32[5]"),
                     mistake("backwards from beyond the end", {3}, {{3, {}, -1}}, "slice_of: start must be in [-3, 2], got 3"),
                     mistake("backwards to what lies ahead", {5}, {{1, 3, -1}}, "slice_of: start must not be below stop where the step is negative, got 1 and 3"),
                     {"a number", [](Graph&) { slice_of(2, {{}}); }, "slice_of: the operand must be a Value, got the number 2"}}};
}

OpCases slice_axis_table() {
  const auto mistake = [](std::string name, Shape from, int64_t axis, Slice slice, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { slice_axis(g.input("x", f32, from), axis, slice); }, std::move(message)};
  };
  return {.op = "slice_axis",
          .dtypes = everything(),
          .samples = {{"the last axis", {uniform({2, 5}, -2, 2)}, [](const auto& x) { return slice_axis(x[0], -1, {1, 4, 2}); }, "x[0][:, 1:4:2]"},
                      {"a whole axis", {uniform({2, 5}, -2, 2)}, [](const auto& x) { return slice_axis(x[0], 0, {}); }, "x[0] + 0"},
                      {"the last element", {uniform({3}, -2, 2)}, [](const auto& x) { return slice_axis(x[0], 0, {-1}); }, "x[0][-1:]"},
                      {"a size of one", {uniform({1, 4}, -2, 2)}, [](const auto& x) { return slice_axis(x[0], 1, {.step = -1}); }, "x[0].flip(1)"},
                      {"no elements", {zeros({0, 3})}, [](const auto& x) { return slice_axis(x[0], 1, {1}); }, "x[0][:, 1:]"}},
          .errors = {mistake("beyond the last axis", {2, 3}, 2, {}, "slice_axis: axis must be in [-2, 2), got 2 for f32[2,3]"),
                     mistake("before the first axis", {2, 3}, -3, {}, "slice_axis: axis must be in [-2, 2), got -3 for f32[2,3]"),
                     mistake("a scalar", {}, 0, {}, "slice_axis: the operand must have at least one axis, got f32[]"),
                     mistake("a step of zero", {2, 3}, 1, {0, 2, 0}, "slice_axis: a step must be a number other than 0, or a dim that is at least 1, got 0 for axis 1 of f32[2,3]"),
                     mistake("a stop beyond the end", {2, 3}, 1, {0, 4}, "slice_axis: stop must be in [-3, 3], got 4 for axis 1 of f32[2,3]")},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases reverse_table() {
  const auto of = [](std::vector<int64_t> axes) { return [=](const std::vector<Value>& x) { return reverse(x[0], axes); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { reverse(g.input("x", f32, from), axes); }, std::move(message)};
  };
  return {.op = "reverse",
          .dtypes = everything(),
          .samples = {{"all axes", {uniform({2, 3}, -2, 2)}, of({}), "x[0].flip(0, 1)"},
                      {"the last axis", {uniform({2, 3}, -2, 2)}, of({-1}), "x[0].flip(1)"},
                      {"outer and inner", {uniform({2, 3, 4}, -2, 2)}, of({0, 2}), "x[0].flip(0, 2)"},
                      {"a size of one", {uniform({1}, -2, 2)}, of({0}), "x[0] + 0"},
                      {"a scalar", {uniform({}, -2, 2)}, of({}), "x[0] + 0"},
                      {"no elements", {zeros({0, 2})}, of({0, 1}), "x[0].flip(0, 1)"},
                      {"twice", {uniform({2, 3}, -2, 2)}, [](const auto& x) { return reverse(reverse(x[0], {0}), {0, 1}); }, "x[0].flip(1)"}},
          .errors = {mistake("beyond the last axis", {2, 3}, {2}, "reverse: axis must be in [-2, 2), got 2 for f32[2,3]"),
                     mistake("before the first axis", {2, 3}, {-3}, "reverse: axis must be in [-2, 2), got -3 for f32[2,3]"),
                     mistake("an axis of a scalar", {}, {0}, "reverse: the operand must have at least one axis, got f32[]"),
                     mistake("an axis twice", {2, 3}, {1, -1}, "reverse: axes must be named once, got axis 1 twice for f32[2,3]"),
                     {"a number", [](Graph&) { reverse(2); }, "reverse: the operand must be a Value, got the number 2"}}};
}

OpCases split_table() {
  const auto into = [](Shape sizes, int64_t axis) { return [=](const std::vector<Value>& x) { return split(x[0], sizes, axis); }; };
  const auto mistake = [](std::string name, Shape from, Shape sizes, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { split(g.input("x", f32, from), sizes, axis); }, std::move(message)};
  };
  return {.op = "split",
          .dtypes = everything(),
          .samples = {{"rows", {uniform({5, 2}, -2, 2)}, into({1, 3, 1}, 0), "torch.split(x[0], [1, 3, 1])"},
                      {"columns", {uniform({2, 5}, -2, 2)}, into({2, 3}, -1), "torch.split(x[0], [2, 3], 1)"},
                      {"with an empty part", {uniform({3}, -2, 2)}, into({0, 3}, 0), "torch.split(x[0], [0, 3])"},
                      {"no elements", {zeros({0})}, into({0, 0}, 0), "torch.split(x[0], [0, 0])"},
                      {"a size of one", {uniform({1, 3}, -2, 2)}, into({1, 2}, 1), "torch.split(x[0], [1, 2], 1)"},
                      {"only one of two is used", {uniform({4}, -2, 2)}, [](const auto& x) { return split(x[0], {1, 3})[1]; }, "x[0][1:]"}},
          .errors = {mistake("sizes that miss one", {5}, {2, 2}, 0, "split: sizes must add up to the axis' size 5, got [2,2] for axis 0 of f32[5]"),
                     mistake("a negative size", {5}, {6, -1}, 0, "split: sizes must be >= 0, got [6,-1]"),
                     mistake("no sizes", {0}, {}, 0, "split: there must be at least one size, got none"),
                     mistake("beyond the last axis", {5}, {5}, 1, "split: axis must be in [-1, 1), got 1 for f32[5]"),
                     mistake("a scalar", {}, {1}, 0, "split: the operand must have at least one axis, got f32[]")},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases split_equal_table() {
  const auto into = [](int64_t parts, int64_t axis) { return [=](const std::vector<Value>& x) { return split_equal(x[0], parts, axis); }; };
  const auto mistake = [](std::string name, Shape from, int64_t parts, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { split_equal(g.input("x", f32, from), parts, axis); }, std::move(message)};
  };
  return {.op = "split_equal",
          .dtypes = everything(),
          .samples = {{"columns", {uniform({2, 6}, -2, 2)}, into(3, 1), "x[0].chunk(3, 1)"},
                      {"one part", {uniform({2, 3}, -2, 2)}, into(1, 0), "x[0] + 0"},
                      {"a size of one", {uniform({1, 4}, -2, 2)}, into(2, 1), "x[0].chunk(2, 1)"},
                      {"no elements", {zeros({0, 2})}, into(2, 0), "(x[0], x[0])"}},
          .errors = {mistake("a size that is no multiple", {5}, 2, 0,
                             "split_equal: the axis' size must be a multiple of the number of parts, got 2 parts for axis 0 of f32[5]"),
                     mistake("no parts", {5}, 0, 0, "split_equal: the number of parts must be at least 1, got 0"),
                     mistake("a negative number", {5}, -1, 0, "split_equal: the number of parts must be at least 1, got -1"),
                     mistake("before the first axis", {5}, 5, -2, "split_equal: axis must be in [-1, 1), got -2 for f32[5]"),
                     mistake("a scalar", {}, 1, 0, "split_equal: the operand must have at least one axis, got f32[]")},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases unstack_table() {
  const auto along = [](int64_t axis) { return [=](const std::vector<Value>& x) { return unstack(x[0], axis); }; };
  const auto mistake = [](std::string name, Shape from, int64_t axis, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { unstack(g.input("x", f32, from), axis); }, std::move(message)};
  };
  return {.op = "unstack",
          .dtypes = everything(),
          .samples = {{"rows", {uniform({2, 3}, -2, 2)}, along(0), "x[0].unbind(0)"},
                      {"columns", {uniform({2, 3}, -2, 2)}, along(-1), "x[0].unbind(1)"},
                      {"elements", {uniform({2}, -2, 2)}, along(0), "x[0].unbind(0)"},
                      {"a size of one", {uniform({1, 3}, -2, 2)}, along(0), "x[0].unbind(0)"},
                      {"no elements", {zeros({2, 0})}, along(0), "x[0].unbind(0)"}},
          .errors = {mistake("beyond the last axis", {5}, 1, "unstack: axis must be in [-1, 1), got 1 for f32[5]"),
                     mistake("before the first axis", {5}, -2, "unstack: axis must be in [-1, 1), got -2 for f32[5]"),
                     mistake("a scalar", {}, 0, "unstack: the operand must have at least one axis, got f32[]"),
                     {"a symbolic size", [](Graph& g) { unstack(g.input("x", f32, {g.dim("n")})); },
                      "unstack: the axis' size must be a number, got n for axis 0 of f32[n]"},
                     {"a number", [](Graph&) { unstack(2); }, "unstack: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

OpCases roll_table() {
  const auto by = [](std::vector<int64_t> shifts, std::vector<int64_t> axes) { return [=](const std::vector<Value>& x) { return roll(x[0], shifts, axes); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<int64_t> shifts, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { roll(g.input("x", f32, from), shifts, axes); }, std::move(message)};
  };
  return {.op = "roll",
          .dtypes = everything(),
          .samples = {{"on", {uniform({5, 2}, -2, 2)}, [](const auto& x) { return roll(x[0], 2, 0); }, "x[0].roll(2, 0)"},
                      {"back", {uniform({5, 2}, -2, 2)}, by({-1}, {-1}), "x[0].roll(-1, 1)"},
                      {"more than round", {uniform({3}, -2, 2)}, by({8}, {0}), "x[0].roll(8, 0)"},
                      {"two axes", {uniform({3, 4}, -2, 2)}, by({1, -2}, {0, 1}), "x[0].roll((1, -2), (0, 1))"},
                      {"all round", {uniform({3}, -2, 2)}, by({-3}, {0}), "x[0] + 0"},
                      {"a size of one", {uniform({1, 3}, -2, 2)}, by({1, 1}, {0, 1}), "x[0].roll((1, 1), (0, 1))"},
                      {"no elements", {zeros({0, 2})}, by({1}, {0}), "x[0] + 0"}},
          .errors = {mistake("a shift too few", {3, 4}, {1}, {0, 1}, "roll: there must be one shift for each axis, got 1 shifts and 2 axes"),
                     mistake("beyond the last axis", {3}, {1}, {1}, "roll: axis must be in [-1, 1), got 1 for f32[3]"),
                     mistake("before the first axis", {3}, {1}, {-2}, "roll: axis must be in [-1, 1), got -2 for f32[3]"),
                     mistake("an axis twice", {3, 4}, {1, 1}, {1, -1}, "roll: axes must be named once, got axis 1 twice for f32[3,4]"),
                     mistake("a scalar", {}, {1}, {0}, "roll: the operand must have at least one axis, got f32[]"),
                     {"a number", [](Graph&) { roll(2, 1, 0); }, "roll: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

}  // namespace

std::vector<OpCases> slice_cases() {
  return {slice_table(), slice_axis_table(), reverse_table(), split_table(), split_equal_table(), unstack_table(), roll_table()};
}

}  // namespace lanc::cases
