// Windows side by side and back, channels into places, other sizes of planes.
#include <lanc/ops/images.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const std::string ranks = "the operand must have one, two or three spatial axes behind two others, got ";
const Without no_rank_0{Kind::rank_0, "needs a batch, channels and a spatial axis"};

// PyTorch has not all of them for integers: in f64, which holds these whole numbers.
std::string in_reals(const std::string& call) { return "(lambda a: " + call + ")(x[0].double()).to(x[0].dtype)"; }

OpCases unfold_table() {
  const auto with = [](UnfoldOptions options) { return [options](const std::vector<Value>& x) { return unfold(x[0], options); }; };
  const auto mistake = [](std::string name, Shape x, UnfoldOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { unfold(g.input("x", f32, x), options); }, "unfold: " + std::move(message)};
  };
  return {.op = "unfold",
          .dtypes = everything(),
          .samples = {{"two axes", {distinct({2, 2, 4, 3}, -60, 60)}, with({.kernel = {2}}), in_reals("F.unfold(a, 2)")},
                      {"everything at once", {distinct({1, 2, 5, 6}, -60, 60)}, with({.kernel = {2, 3}, .strides = {2, 1}, .padding = {{1, 1}, {2, 2}}, .dilations = {2, 1}}),
                       in_reals("F.unfold(a, (2, 3), stride=(2, 1), padding=(1, 2), dilation=(2, 1))")},
                      {"uneven padding", {distinct({1, 2, 3, 4}, -60, 60)}, with({.kernel = {2}, .padding = {{0, 1}, {1, 0}}}), in_reals("F.unfold(F.pad(a, (1, 0, 0, 1)), 2)")},
                      {"one axis", {distinct({2, 1, 5}, -60, 60)}, with({.kernel = {3}}), "x[0].unfold(2, 3, 1).transpose(2, 3).reshape(2, 3, 3)"},
                      {"three axes", {distinct({1, 2, 3, 2, 4}, -60, 60)}, with({.kernel = {2, 1, 3}}),
                       "x[0].unfold(2, 2, 1).unfold(3, 1, 1).unfold(4, 3, 1).permute(0, 1, 5, 6, 7, 2, 3, 4).reshape(1, 12, 8)"},
                      {"an empty batch", {zeros({0, 2, 4, 3})}, with({.kernel = {2}}), "torch.zeros(0, 8, 6)"}},
          .errors = {mistake("no windows", {1, 2, 4}, {}, "windows must have a size, got none"),
                     mistake("a window larger than its input", {1, 2, 4}, {.kernel = {3}, .dilations = {2}}, "a window must not be larger than the padded input, got 5 over 4"),
                     mistake("a stride of 0", {1, 2, 4}, {.kernel = {2}, .strides = {0}}, "strides must be at least 1, got 0"),
                     mistake("a negative dilation", {1, 2, 4}, {.kernel = {2}, .dilations = {-2}}, "dilations must be at least 1, got -2"),
                     mistake("a negative padding", {1, 2, 4}, {.kernel = {2}, .padding = {{0, -1}}}, "paddings must be >= 0, got 0 and -1"),
                     mistake("a window of nothing", {1, 2, 4}, {.kernel = {0}}, "window sizes must be at least 1, got 0"),
                     mistake("no spatial axis", {1, 2}, {.kernel = {1}}, ranks + "f32[1,2]")},
          .without = {no_rank_0}};
}

OpCases fold_table() {
  const auto to = [](std::vector<int64_t> plane, UnfoldOptions options) { return [=](const std::vector<Value>& x) { return fold(x[0], plane, options); }; };
  const auto mistake = [](std::string name, Shape x, std::vector<int64_t> plane, UnfoldOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { fold(g.input("x", f32, x), plane, options); }, "fold: " + std::move(message)};
  };
  return {.op = "fold",
          .dtypes = numbers(),
          .samples = {{"two axes", {uniform({2, 8, 6}, -2, 2)}, to({4, 3}, {.kernel = {2}}), in_reals("F.fold(a, (4, 3), 2)")},
                      {"everything at once", {uniform({1, 12, 24}, -2, 2)}, to({5, 6}, {.kernel = {2, 3}, .strides = {2, 1}, .padding = {{1, 1}, {2, 2}}, .dilations = {2, 1}}),
                       in_reals("F.fold(a, (5, 6), (2, 3), stride=(2, 1), padding=(1, 2), dilation=(2, 1))")},
                      {"one axis", {uniform({2, 3, 3}, -2, 2)}, to({5}, {.kernel = {3}}), in_reals("F.fold(a, (5, 1), (3, 1)).squeeze(3)")},
                      {"one window", {uniform({2, 3, 1}, -2, 2)}, to({3}, {.kernel = {3}}), "x[0].reshape(2, 1, 3)"},
                      {"an empty batch", {zeros({0, 8, 6})}, to({4, 3}, {.kernel = {2}}), "torch.zeros(0, 2, 4, 3)"}},
          .errors = {mistake("another rank", {1, 2, 3, 4}, {5}, {.kernel = {2}}, "the operand must be {batch, channels * elements of a window, windows}, got f32[1,2,3,4]"),
                     {"bools", [](Graph& g) { fold(g.input("x", boolean, {1, 2, 3}), {4}, {.kernel = {2}}); }, "fold: the operand must be a number, got bool[1,2,3]"},
                     mistake("no plane", {1, 2, 3}, {}, {.kernel = {2}}, "there must be one, two or three spatial axes, got 0"),
                     mistake("a plane of nothing", {1, 2, 3}, {0}, {.kernel = {1}}, "sizes of the plane must be at least 1, got 0"),
                     mistake("channels that do not fit", {1, 3, 3}, {4}, {.kernel = {2}}, "the elements of a window must divide the channels, got 2 for 3 of f32[1,3,3]"),
                     mistake("another number of windows", {1, 4, 4}, {4}, {.kernel = {2}}, "there must be as many windows as the plane has, got 4 for 3"),
                     mistake("a stride of 0", {1, 4, 3}, {4}, {.kernel = {2}, .strides = {0}}, "strides must be at least 1, got 0")},
          .without = {no_rank_0}};
}

OpCases shuffle_table(const char* op, Value (*shuffle)(Operand, int64_t), const std::string& torch, std::vector<Sizes> sizes, ErrorCase left_over) {
  const auto by = [shuffle](int64_t factor) { return [=](const std::vector<Value>& x) { return shuffle(x[0], factor); }; };
  const auto call = [&](const char* factor) { return in_reals("F." + torch + "(a, " + factor + ")"); };
  const auto mistake = [=](std::string name, Shape x, int64_t factor, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { shuffle(g.input("x", f32, x), factor); }, std::string(op) + ": " + std::move(message)};
  };
  return {.op = op,
          .dtypes = everything(),
          .samples = {{"by two", {distinct(sizes[0], -60, 60)}, by(2), call("2")},
                      {"by three", {distinct(sizes[1], -60, 60)}, by(3), call("3")},
                      {"by one", {distinct({2, 1, 3, 2}, -60, 60)}, by(1), "x[0]"},
                      {"an empty batch", {zeros({0, 4, 2, 2})}, by(2), torch == "pixel_shuffle" ? "torch.zeros(0, 1, 4, 4)" : "torch.zeros(0, 16, 1, 1)"}},
          .errors = {mistake("another rank", {1, 4, 4}, 2, "the operand must be {batch, channels, height, width}, got f32[1,4,4]"),
                     mistake("a factor of 0", {1, 4, 4, 4}, 0, "factors must be at least 1, got 0"),
                     std::move(left_over),
                     {"a number", [=](Graph&) { shuffle(2, 2); }, std::string(op) + ": the operand must be a Value, got the number 2"}},
          .without = {no_rank_0}};
}

OpCases upsample_nearest_table() {
  const auto by = [](std::vector<int64_t> factors) { return [=](const std::vector<Value>& x) { return upsample_nearest(x[0], factors); }; };
  const auto mistake = [](std::string name, Shape x, std::vector<int64_t> factors, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { upsample_nearest(g.input("x", f32, x), factors); }, "upsample_nearest: " + std::move(message)};
  };
  return {.op = "upsample_nearest",
          .dtypes = everything(),
          .samples = {{"two axes", {distinct({2, 2, 2, 3}, -60, 60)}, by({2}), in_reals("F.interpolate(a, scale_factor=2)")},
                      {"a factor for each axis", {distinct({1, 2, 2, 3}, -60, 60)}, by({3, 1}), in_reals("F.interpolate(a, scale_factor=(3, 1))")},
                      {"one axis", {distinct({2, 1, 3}, -60, 60)}, by({3}), in_reals("F.interpolate(a, scale_factor=3)")},
                      {"an empty batch", {zeros({0, 2, 3})}, by({2}), "torch.zeros(0, 2, 6)"}},
          .errors = {mistake("a factor of 0", {1, 2, 3}, {0}, "factors must be at least 1, got 0"),
                     mistake("factors for other axes", {1, 2, 3}, {2, 2}, "factors must be one for all spatial axes or one for each, got 2 for 1 axes"),
                     mistake("no spatial axis", {1, 2}, {2}, ranks + "f32[1,2]"),
                     {"a number", [](Graph&) { upsample_nearest(2, {2}); }, "upsample_nearest: the operand must be a Value, got the number 2"}},
          .without = {no_rank_0}};
}

template <class Resize>
OpCases resize_table(const std::string& op, std::vector<DType> dtypes, Resize resize, const std::string& mode) {
  const auto to = [resize](std::vector<int64_t> sizes) { return [=](const std::vector<Value>& x) { return resize(x[0], sizes); }; };
  const auto call = [&](const std::string& sizes, const std::string& axes) { return in_reals("F.interpolate(a, size=" + sizes + ", mode='" + axes + mode + ")"); };
  const auto mistake = [=](std::string name, Shape x, std::vector<int64_t> sizes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { resize(g.input("x", f32, x.empty() ? Shape{1, 2, g.dim("n")} : x), sizes); }, op + ": " + std::move(message)};
  };
  const bool linear = op == "resize_linear";
  const std::string two = linear ? "bi" : "", three = linear ? "tri" : "";
  OpCases table{.op = op,
                .dtypes = std::move(dtypes),
                .samples = {{"larger", {distinct({2, 2, 3, 2}, -60, 60)}, to({6, 5}), call("(6, 5)", two)},
                            {"smaller", {distinct({1, 2, 7, 5}, -60, 60)}, to({3, 4}), call("(3, 4)", two)},
                            {"one axis", {distinct({2, 2, 4}, -60, 60)}, to({7}), call("7", "")},
                            {"three axes", {distinct({1, 1, 2, 3, 2}, -60, 60)}, to({3, 4, 5}), call("(3, 4, 5)", three)},
                            {"to one element", {distinct({1, 2, 4, 3}, -60, 60)}, to({1}), call("(1, 1)", two)},
                            {"as it is", {distinct({1, 2, 4}, -60, 60)}, to({4}), "x[0]"},
                            {"an empty batch", {zeros({0, 2, 3})}, to({5}), "torch.zeros(0, 2, 5)"}},
                .errors = {mistake("a size of 0", {1, 2, 3}, {0}, "sizes must be at least 1, got 0"),
                           mistake("sizes for other axes", {1, 2, 3}, {2, 2}, "sizes must be one for all spatial axes or one for each, got 2 for 1 axes"),
                           mistake("no elements", {1, 2, 0}, {2}, "there must be elements along each axis, got f32[1,2,0]"),
                           mistake("a symbol", {}, {2}, "sizes of the operand must be numbers, got f32[1,2,n]"),
                           mistake("no spatial axis", {1, 2}, {2}, ranks + "f32[1,2]")},
                .without = {no_rank_0}};
  return table;
}

OpCases upsample_linear_table() {
  const auto mistake = [](std::string name, Shape x, std::vector<int64_t> factors, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { upsample_linear(g.input("x", f32, x), factors); }, "upsample_linear: " + std::move(message)};
  };
  const auto aligned = [](const auto& x) { return upsample_linear(x[0], {3}, {.align_corners = true}); };
  return {.op = "upsample_linear",
          .samples = {{"two axes", {uniform({2, 2, 3, 2}, -2, 2)}, [](const auto& x) { return upsample_linear(x[0], {2}); }, "F.interpolate(x[0], scale_factor=2, mode='bilinear')"},
                      {"a factor for each axis", {uniform({1, 2, 3, 2}, -2, 2)}, [](const auto& x) { return upsample_linear(x[0], {1, 3}); },
                       "F.interpolate(x[0], scale_factor=(1, 3), mode='bilinear')"},
                      {"corners aligned", {uniform({1, 2, 3, 4}, -2, 2)}, aligned, "F.interpolate(x[0], scale_factor=3, mode='bilinear', align_corners=True)"},
                      {"corners aligned along one axis", {uniform({1, 2, 3}, -2, 2)}, aligned, "F.interpolate(x[0], scale_factor=3, mode='linear', align_corners=True)"},
                      {"an empty batch", {zeros({0, 2, 3})}, aligned, "torch.zeros(0, 2, 9)"}},
          .errors = {mistake("a factor of 0", {1, 2, 3}, {0}, "factors must be at least 1, got 0"),
                     mistake("factors for other axes", {1, 2, 3}, {2, 2}, "factors must be one for all spatial axes or one for each, got 2 for 1 axes"),
                     mistake("no elements", {1, 2, 0}, {2}, "there must be elements along each axis, got f32[1,2,0]"),
                     mistake("no spatial axis", {1, 2}, {2}, ranks + "f32[1,2]"),
                     {"a symbol", [](Graph& g) { upsample_linear(g.input("x", f32, {1, 2, g.dim("n")}), {2}); }, "upsample_linear: sizes of the operand must be numbers, got f32[1,2,n]"},
                     {"integers", [](Graph& g) { upsample_linear(g.input("x", i32, {1, 2, 3}), {2}); }, "upsample_linear: the operand must be of a float dtype, got i32[1,2,3]"}},
          .without = {no_rank_0}};
}

}  // namespace

std::vector<OpCases> images_cases() {
  const ErrorCase channels = {"channels left over", [](Graph& g) { pixel_shuffle(g.input("x", f32, {1, 6, 2, 2}), 2); }, "pixel_shuffle: the square of the factor must divide the channels, got 4 for 6 of f32[1,6,2,2]"};
  const ErrorCase rows = {"rows left over", [](Graph& g) { pixel_unshuffle(g.input("x", f32, {1, 2, 3, 2}), 2); }, "pixel_unshuffle: the factor must divide the sizes, got 2 for 3 of f32[1,2,3,2]"};
  std::vector<OpCases> tables =
      with_symbols({unfold_table(), shuffle_table("pixel_shuffle", pixel_shuffle, "pixel_shuffle", {{2, 8, 2, 3}, {1, 9, 2, 1}}, channels),
                    shuffle_table("pixel_unshuffle", pixel_unshuffle, "pixel_unshuffle", {{2, 2, 4, 6}, {1, 2, 3, 6}}, rows), upsample_nearest_table()});
  tables.push_back(fold_table());
  tables.push_back(resize_table("resize_nearest", everything(), [](Operand x, std::vector<int64_t> sizes) { return resize_nearest(x, sizes); }, "nearest'"));
  tables.push_back(resize_table("resize_linear", floats(), [](Operand x, std::vector<int64_t> sizes) { return resize_linear(x, sizes); }, "linear'"));
  tables.push_back(upsample_linear_table());
  return tables;
}

}  // namespace lanc::cases
