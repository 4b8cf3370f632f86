// What moves elements without computing.
#include <lanc/ops/layout.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

OpCases broadcast_table() {
  const auto to = [](Shape shape, std::vector<int64_t> axes) {
    return [=](const std::vector<Value>& x) { return broadcast_to(x[0], shape, axes); };
  };
  const auto mistake = [](std::string name, Shape from, Shape shape, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { broadcast_to(g.input("x", f32, from), shape, axes); }, std::move(message)};
  };
  return {
      .op = "broadcast",
      .dtypes = everything(),
      .samples = {{"a scalar", {uniform({}, -2, 2)}, to({2, 3}, {}), "x[0].expand(2, 3)"},
                  {"a row", {uniform({3}, -2, 2)}, to({2, 3}, {1}), "x[0].expand(2, 3)"},
                  {"an axis from behind", {uniform({2}, -2, 2)}, to({2, 3}, {-2}), "x[0][:, None].expand(2, 3)"},
                  {"a column", {uniform({2}, -2, 2)}, to({2, 3}, {0}), "x[0][:, None].expand(2, 3)"},
                  {"an axis of one", {uniform({2, 1}, -2, 2)}, to({2, 3, 4}, {0, 2}), "x[0][:, None, :].expand(2, 3, 4)"},
                  {"a matrix", {uniform({2, 3}, -2, 2)}, to({2, 4, 3}, {0, 2}), "x[0][:, None].expand(2, 4, 3)"},
                  {"no elements", {zeros({0, 1})}, to({2, 0, 3}, {1, 2}), "x[0].expand(2, 0, 3)"},
                  {"to no elements", {uniform({1, 2}, -2, 2)}, to({0, 2}, {0, 1}), "x[0].expand(0, 2)"}},
      .errors = {
          mistake("a size that is not one", {2}, {3}, {0},
                  "broadcast_to: a size must be 1 or that of the result [3], got f32[2] (2 and 3)"),
          mistake("an axis too few", {2, 3}, {2, 3, 4}, {0},
                  "broadcast_to: one axis of the result for each axis of the operand, got f32[2,3]"),
          mistake("axes that descend", {2, 3}, {3, 2}, {1, 0}, "broadcast_to: axes must ascend within the result's rank 2, got axis 0"),
          mistake("an axis out of range", {2}, {3, 2}, {2}, "broadcast_to: axes must ascend within the result's rank 2, got axis 2"),
          mistake("an axis before the first", {2}, {3, 2}, {-3}, "broadcast_to: axes must ascend within the result's rank 2, got axis -1"),
          {"a shape of fewer axes", [](Graph& g) { broadcast_to(g.input("x", f32, {2, 3}), {3}); },
           "broadcast_to: the shape must have at least the operand's 2 axes, got [3] for f32[2,3]"}}};
}

OpCases reshape_table() {
  const auto to = [](Shape shape) { return [=](const std::vector<Value>& x) { return reshape(x[0], shape); }; };
  const auto mistake = [](std::string name, Shape from, Shape shape, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { reshape(g.input("x", f32, from), shape); }, std::move(message)};
  };
  return {
      .op = "reshape",
      .dtypes = everything(),
      .samples = {{"rows to columns", {uniform({2, 6}, -2, 2)}, to({4, 3}), "x[0].reshape(4, 3)"},
                  {"an inferred size", {uniform({2, 6}, -2, 2)}, to({3, -1, 2}), "x[0].reshape(3, -1, 2)"},
                  {"to a scalar", {uniform({1, 1}, -2, 2)}, to({}), "x[0].reshape(())"},
                  {"from a scalar", {uniform({}, -2, 2)}, to({1}), "x[0].reshape(1)"},
                  {"no elements", {zeros({0, 3})}, to({3, 0, 2}), "x[0].reshape(3, 0, 2)"},
                  {"a size beside no elements", {zeros({0, 3})}, to({0, -1}), "x[0].reshape(0, 3)"}},
      .errors = {
          mistake("another number of elements", {2, 3}, {7}, "reshape: the number of elements must stay, to [7], got f32[2,3] (6 and 7)"),
          mistake("a size that does not divide", {2, 3}, {4, -1},
                  "reshape: the sizes beside -1 must divide the number of elements 6, got [4,-1] for f32[2,3]"),
          mistake("a size to infer beside 0", {3, 2}, {0, -1}, "reshape: no size can be -1 beside a size of 0, got [0,-1] for f32[3,2]"),
          mistake("to nothing", {2, 3}, {0}, "reshape: the number of elements must stay, to [0], got f32[2,3] (6 and 0)"),
          mistake("two inferred sizes", {2, 6}, {-1, -1},
                  "reshape: sizes must be at least 0, one of them may be -1 (inferred), got [-1,-1] for f32[2,6]"),
          mistake("a negative size", {2, 6}, {-2, -6},
                  "reshape: sizes must be at least 0, one of them may be -1 (inferred), got [-2,-6] for f32[2,6]")}};
}

OpCases transpose_table() {
  const auto by = [](std::vector<int64_t> axes) { return [=](const std::vector<Value>& x) { return permute(x[0], axes); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { permute(g.input("x", f32, from), axes); }, std::move(message)};
  };
  return {
      .op = "transpose",
      .dtypes = everything(),
      .samples = {{"a matrix", {uniform({2, 3}, -2, 2)}, [](const auto& x) { return transpose(x[0]); }, "x[0].T"},
                  {"the last two axes", {uniform({2, 3, 4}, -2, 2)}, [](const auto& x) { return transpose(x[0]); }, "x[0].transpose(1, 2)"},
                  {"three axes round", {uniform({2, 3, 4}, -2, 2)}, by({2, 0, 1}), "x[0].permute(2, 0, 1)"},
                  {"axes from behind", {uniform({2, 3, 4}, -2, 2)}, by({-1, 1, 0}), "x[0].permute(2, 1, 0)"},
                  {"sizes of one", {uniform({1, 3, 1}, -2, 2)}, by({2, 1, 0}), "x[0].permute(2, 1, 0)"},
                  {"a scalar", {uniform({}, -2, 2)}, by({}), "x[0] + 0"},
                  {"no elements", {zeros({0, 3})}, by({1, 0}), "x[0].T"}},
      .errors = {
          mistake("an axis too few", {2, 3}, {0}, "permute: axes must be a permutation of the operand's 2 axes, got [0] for f32[2,3]"),
          mistake("an axis too many", {2, 3}, {0, 1, 2}, "permute: axes must be a permutation of the operand's 2 axes, got [0,1,2]"),
          mistake("an axis twice", {2, 3}, {1, 1}, "permute: axes must be a permutation of the operand's 2 axes, got [1,1]"),
          mistake("an axis out of range", {2, 3}, {0, 2}, "permute: axes must be a permutation of the operand's 2 axes, got [0,2]"),
          {"the transpose of a vector", [](Graph& g) { transpose(g.input("x", f32, {3})); },
           "transpose: the operand must have at least two axes, got f32[3]"}}};
}

OpCases expand_dims_table() {
  const auto at = [](std::vector<int64_t> axes) { return [=](const std::vector<Value>& x) { return expand_dims(x[0], axes); }; };
  const auto mistake = [](std::string name, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { expand_dims(g.input("x", f32, {2, 3}), axes); }, std::move(message)};
  };
  return {.op = "expand_dims",
          .dtypes = everything(),
          .samples = {{"in front", {uniform({2, 3}, -2, 2)}, at({0}), "x[0][None]"},
                      {"behind and between", {uniform({2, 3}, -2, 2)}, at({-1, 1}), "x[0][:, None, :, None]"},
                      {"a scalar", {uniform({}, -2, 2)}, at({0}), "x[0][None]"},
                      {"a size of one", {uniform({1, 2}, -2, 2)}, at({0}), "x[0][None]"},
                      {"no elements", {zeros({0, 2})}, at({1}), "x[0][:, None]"}},
          .errors = {mistake("beyond the last", {3}, "expand_dims: axes must differ and be in [-3, 3), got 3"),
                     mistake("before the first", {-4}, "expand_dims: axes must differ and be in [-3, 3), got -4"),
                     mistake("twice", {1, 1}, "expand_dims: axes must differ and be in [-4, 4), got 1"),
                     mistake("twice from both ends", {0, -4}, "expand_dims: axes must differ and be in [-4, 4), got -4"),
                     {"a number", [](Graph&) { expand_dims(2, {0}); }, "expand_dims: the operand must be a Value, got the number 2"}}};
}

OpCases squeeze_table() {
  const auto at = [](std::vector<int64_t> axes) { return [=](const std::vector<Value>& x) { return squeeze(x[0], axes); }; };
  const auto mistake = [](std::string name, std::vector<int64_t> axes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { squeeze(g.input("x", f32, {1, 3}), axes); }, std::move(message)};
  };
  return {.op = "squeeze",
          .dtypes = everything(),
          .samples = {{"all", {uniform({1, 3, 1}, -2, 2)}, at({}), "x[0].squeeze()"},
                      {"one", {uniform({1, 3, 1}, -2, 2)}, at({-1}), "x[0].squeeze(2)"},
                      {"to a scalar", {uniform({1, 1}, -2, 2)}, at({}), "x[0].squeeze()"},
                      {"nothing to do", {uniform({2, 3}, -2, 2)}, at({}), "x[0] + 0"},
                      {"a scalar", {uniform({}, -2, 2)}, at({}), "x[0] + 0"},
                      {"no elements", {zeros({1, 0})}, at({0}), "x[0].squeeze(0)"}},
          .errors = {mistake("a size that is not one", {1}, "squeeze: axes must have size 1, got axis 1 of f32[1,3]"),
                     mistake("beyond the last", {2}, "squeeze: axis must be in [-2, 2), got 2 for f32[1,3]"),
                     mistake("before the first", {-3}, "squeeze: axis must be in [-2, 2), got -3 for f32[1,3]"),
                     mistake("twice", {0, -2}, "squeeze: axes must be named once, got axis 0 twice"),
                     {"a number", [](Graph&) { squeeze(2); }, "squeeze: the operand must be a Value, got the number 2"}}};
}

OpCases swap_axes_table() {
  const auto both = [](int64_t a, int64_t b) { return [=](const std::vector<Value>& x) { return swap_axes(x[0], a, b); }; };
  const auto mistake = [](std::string name, Shape from, int64_t a, int64_t b, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { swap_axes(g.input("x", f32, from), a, b); }, std::move(message)};
  };
  return {.op = "swap_axes",
          .dtypes = everything(),
          .samples = {{"the outer axes", {uniform({2, 3, 4}, -2, 2)}, both(0, -1), "x[0].transpose(0, 2)"},
                      {"an axis with itself", {uniform({2, 3}, -2, 2)}, both(1, 1), "x[0] + 0"},
                      {"a size of one", {uniform({1, 3}, -2, 2)}, both(0, 1), "x[0].T"},
                      {"no elements", {zeros({0, 3})}, both(0, 1), "x[0].T"}},
          .errors = {mistake("beyond the last", {2, 3}, 0, 2, "swap_axes: axis must be in [-2, 2), got 2 for f32[2,3]"),
                     mistake("before the first", {2, 3}, -3, 0, "swap_axes: axis must be in [-2, 2), got -3 for f32[2,3]"),
                     mistake("a scalar", {}, 0, 0, "swap_axes: the operand must have at least one axis, got f32[]"),
                     mistake("a vector's second", {3}, 0, 1, "swap_axes: axis must be in [-1, 1), got 1 for f32[3]"),
                     {"a number", [](Graph&) { swap_axes(2, 0, 1); }, "swap_axes: the operand must be a Value, got the number 2"}},
          .without = {{Kind::rank_0, "needs an axis"}}};
}

}  // namespace

std::vector<OpCases> layout_cases() {
  return {swap_axes_table(), broadcast_table(), reshape_table(), transpose_table(), expand_dims_table(), squeeze_table()};
}

}  // namespace lanc::cases
