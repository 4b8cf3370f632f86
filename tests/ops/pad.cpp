// A value with elements around and between its own.
#include <lanc/ops/pad.h>

#include <lanc/ops/reduce.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

OpCases pad_table() {
  const auto by = [](std::vector<Padding> paddings) { return [=](const std::vector<Value>& x) { return pad(x[0], paddings); }; };
  const auto with = [](std::vector<Padding> paddings) { return [=](const std::vector<Value>& x) { return pad(x[0], paddings, x[1]); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<Padding> paddings, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { pad(g.input("x", f32, from), paddings); }, std::move(message)};
  };
  return {.op = "pad",
          .dtypes = everything(),
          .samples = {{"zeros around", {uniform({2, 3}, -2, 2)}, by({{1, 2}, {0, 1}}), "F.pad(x[0], (0, 1, 1, 2))"},
                      {"a value around", {uniform({2, 3}, -2, 2), uniform({}, 1, 2)}, with({{1, 0}, {2, 1}}), "F.pad(x[0], (2, 1, 1, 0), value=x[1].item())"},
                      {"between", {uniform({3}, -2, 2), uniform({}, 1, 2)}, with({{1, 0, 2}}),
                       "torch.stack([x[1], x[0][0], x[1], x[1], x[0][1], x[1], x[1], x[0][2]])"},
                      {"between and around", {uniform({2, 2}, -2, 2)}, by({{.high = 1, .interior = 1}, {.low = 1, .interior = 1}}),
                       "torch.stack([torch.stack([x[0][0, 0] * 0, x[0][0, 0], x[0][0, 0] * 0, x[0][0, 1]]), torch.zeros(4).to(x[0].dtype),"
                       " torch.stack([x[0][0, 0] * 0, x[0][1, 0], x[0][0, 0] * 0, x[0][1, 1]]), torch.zeros(4).to(x[0].dtype)])"},
                      {"the middle axis", {uniform({2, 2, 3}, -2, 2)}, by({{}, {1, 1}, {}}), "F.pad(x[0], (0, 0, 1, 1))"},
                      {"a vector", {uniform({3}, -2, 2)}, by({{2, 1}}), "F.pad(x[0], (2, 1))"},
                      {"nothing", {uniform({2, 3}, -2, 2)}, by({{}, {}}), "x[0] + 0"},
                      {"a scalar", {uniform({}, -2, 2)}, by({}), "x[0] + 0"},
                      {"of no elements", {zeros({0, 2})}, by({{1, 1, 3}, {1, 0}}), "torch.zeros(2, 3)"},
                      {"a size of one with interior", {uniform({1}, -2, 2)}, by({{1, 1, 5}}), "F.pad(x[0], (1, 1))"}},
          .errors = {mistake("a padding too few", {2, 3}, {{1, 1}}, "pad: there must be one padding for each axis, got 1 for f32[2,3]"),
                     mistake("a padding too many", {3}, {{1, 1}, {}}, "pad: there must be one padding for each axis, got 2 for f32[3]"),
                     mistake("a negative padding", {3}, {{1, -1}}, "pad: paddings must be >= 0, got -1 for axis 0 of f32[3]"),
                     mistake("a negative interior", {2, 3}, {{}, {0, 0, -1}}, "pad: paddings must be >= 0, got -1 for axis 1 of f32[2,3]"),
                     {"a value of another dtype", [](Graph& g) { pad(g.input("x", i32, {3}), {{1, 1}}, 0.5); },
                      "pad: the fill value must be of rank 0 and of the operand's dtype, got lhs i32[3] and rhs f32[]"},
                     {"a value that is a vector", [](Graph& g) { pad(g.input("x", f32, {3}), {{1, 1}}, g.input("v", f32, {1})); },
                      "pad: the fill value must be of rank 0 and of the operand's dtype, got lhs f32[3] and rhs f32[1]"},
                     {"a number", [](Graph&) { pad(2, {}); }, "pad: the operand must be a Value, got the number 2"}}};
}

OpCases pad_mode_table() {
  const auto by = [](std::vector<Padding> paddings, PadMode mode) { return [=](const std::vector<Value>& x) { return pad(x[0], paddings, mode); }; };
  const auto mistake = [](std::string name, Shape from, std::vector<Padding> paddings, PadMode mode, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { pad(g.input("x", f32, from), paddings, mode); }, std::move(message)};
  };
  return {.op = "pad by mode",
          .dtypes = everything(),
          .samples = {{"reflect", {uniform({3, 4}, -2, 2)}, by({{2, 1}, {0, 3}}, PadMode::reflect), "torch.tensor(np.pad(x[0].numpy(), ((2, 1), (0, 3)), 'reflect'))"},
                      {"symmetric", {uniform({3, 4}, -2, 2)}, by({{3, 1}, {0, 2}}, PadMode::symmetric), "torch.tensor(np.pad(x[0].numpy(), ((3, 1), (0, 2)), 'symmetric'))"},
                      {"edge", {uniform({3, 4}, -2, 2)}, by({{2, 0}, {1, 5}}, PadMode::edge), "torch.tensor(np.pad(x[0].numpy(), ((2, 0), (1, 5)), 'edge'))"},
                      {"wrap", {uniform({3, 4}, -2, 2)}, by({{2, 1}, {4, 0}}, PadMode::wrap), "torch.tensor(np.pad(x[0].numpy(), ((2, 1), (4, 0)), 'wrap'))"},
                      {"the edge of one", {uniform({1}, -2, 2)}, by({{2, 1}}, PadMode::edge), "x[0].expand(4)"},
                      {"a scalar", {uniform({}, -2, 2)}, by({}, PadMode::edge), "x[0] + 0"},
                      {"no elements", {zeros({0, 2})}, by({{}, {1, 0}}, PadMode::wrap), "torch.zeros(0, 3)"}},
          .errors = {mistake("more than there is to reflect", {3}, {{3, 0}}, PadMode::reflect, "pad: paddings must be at most 2 in this mode, got 3 and 0 for axis 0 of f32[3]"),
                     mistake("more than there is to mirror", {3}, {{0, 4}}, PadMode::symmetric, "pad: paddings must be at most 3 in this mode, got 0 and 4"),
                     mistake("more than round", {3}, {{4, 0}}, PadMode::wrap, "pad: paddings must be at most 3 in this mode, got 4 and 0"),
                     mistake("the edge of nothing", {0}, {{1, 0}}, PadMode::edge, "pad: an axis must have an element to repeat, got 1 and 0 for axis 0 of f32[0]"),
                     mistake("interior", {3}, {{1, 1, 1}}, PadMode::edge, "pad: interior padding must be 0 in this mode, got 1 for axis 0"),
                     mistake("a padding too few", {3, 3}, {{1, 1}}, PadMode::edge, "pad: there must be one padding for each axis, got 1 for f32[3,3]")}};
}

}  // namespace

std::vector<OpCases> pad_cases() { return {pad_table(), pad_mode_table()}; }

}  // namespace lanc::cases
