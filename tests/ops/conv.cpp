// Convolutions and their adjoints.
#include <lanc/ops/conv.h>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

// PyTorch has not all of them for integers: in f64, which holds these whole numbers.
std::string in_reals(const std::string& call) { return "(lambda a, b: " + call + ")(x[0].double(), x[1].double()).to(x[0].dtype)"; }

const std::string ranks = "operands must have one, two or three spatial axes behind two others, both as many, got ";

OpCases conv_table() {
  const auto with = [](ConvOptions options) { return [options](const std::vector<Value>& x) { return conv(x[0], x[1], options); }; };
  const auto mistake = [](std::string name, Shape x, Shape w, ConvOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { conv(g.input("x", f32, x), g.input("w", f32, w), options); }, "conv: " + std::move(message)};
  };
  return {.op = "conv",
          .dtypes = numbers(),
          .samples = {{"two axes", {uniform({2, 2, 5, 4}, -2, 2), uniform({3, 2, 3, 2}, -2, 2)}, with({}), in_reals("F.conv2d(a, b)")},
                      {"one axis", {uniform({2, 3, 7}, -2, 2), uniform({2, 3, 3}, -2, 2)}, with({.strides = {2}, .padding = {1}}), in_reals("F.conv1d(a, b, stride=2, padding=1)")},
                      {"three axes", {uniform({1, 2, 4, 3, 3}, -2, 2), uniform({2, 2, 2, 2, 3}, -2, 2)}, with({.padding = {{0, 0}, {1, 1}, {1, 1}}}),
                       in_reals("F.conv3d(a, b, padding=(0, 1, 1))")},
                      {"strides of each axis", {uniform({1, 2, 7, 6}, -2, 2), uniform({2, 2, 3, 2}, -2, 2)}, with({.strides = {3, 2}}), in_reals("F.conv2d(a, b, stride=(3, 2))")},
                      {"uneven padding", {uniform({2, 1, 4, 4}, -2, 2), uniform({2, 1, 3, 3}, -2, 2)}, with({.strides = {2}, .padding = {{0, 1}, {2, 1}}}),
                       in_reals("F.conv2d(F.pad(a, (2, 1, 0, 1)), b, stride=2)")},
                      {"dilations", {uniform({1, 2, 7, 8}, -2, 2), uniform({2, 2, 3, 2}, -2, 2)}, with({.strides = {1, 2}, .padding = {1}, .dilations = {2, 3}}),
                       in_reals("F.conv2d(a, b, stride=(1, 2), padding=1, dilation=(2, 3))")},
                      {"groups", {uniform({2, 4, 4, 3}, -2, 2), uniform({6, 2, 2, 2}, -2, 2)}, with({.groups = 2}), in_reals("F.conv2d(a, b, groups=2)")},
                      {"a group for each channel", {uniform({2, 3, 5, 5}, -2, 2), uniform({3, 1, 3, 3}, -2, 2)}, with({.strides = {2}, .padding = {1}, .groups = 3}),
                       in_reals("F.conv2d(a, b, stride=2, padding=1, groups=3)")},
                      {"padding beyond the kernel", {uniform({1, 1, 2, 3}, -2, 2), uniform({1, 1, 2, 2}, -2, 2)}, with({.strides = {2}, .padding = {3}}),
                       in_reals("F.conv2d(a, b, stride=2, padding=3)")},
                      {"the same size", {uniform({2, 2, 5, 4}, -2, 2), uniform({2, 2, 4, 3}, -2, 2)}, with({.same = true}), in_reals("F.conv2d(a, b, padding='same')")},
                      {"the same size over the stride", {uniform({1, 2, 5, 4}, -2, 2), uniform({2, 2, 3, 2}, -2, 2)}, with({.strides = {2}, .same = true, .dilations = {1, 2}}),
                       in_reals("F.conv2d(F.pad(a, (1, 1, 1, 1)), b, stride=2, dilation=(1, 2))")},
                      {"one element", {uniform({3, 4, 2, 2}, -2, 2), uniform({2, 4, 1, 1}, -2, 2)}, with({}), in_reals("F.conv2d(a, b)")},
                      {"places that no window reaches", {uniform({1, 1, 8}, -2, 2), uniform({1, 1, 2}, -2, 2)}, with({.strides = {3}}), in_reals("F.conv1d(a, b, stride=3)")},
                      {"an empty batch", {zeros({0, 2, 5, 4}), uniform({3, 2, 3, 2}, -2, 2)}, with({}), "torch.zeros(0, 3, 3, 3)"},
                      {"no channels give 0", {zeros({2, 0, 3}), zeros({3, 0, 2})}, with({}), "torch.zeros(2, 3, 2)"},
                      {"no outputs", {uniform({2, 2, 3}, -2, 2), zeros({0, 2, 2})}, with({}), "torch.zeros(2, 0, 2)"},
                      {"many channels", {uniform({2, 17, 6, 5}, -1, 1), uniform({19, 17, 3, 3}, -1, 1)}, with({.padding = {1}}), in_reals("F.conv2d(a, b, padding=1)"),
                       {}, true, {}, 12},
                      {"two dtypes", {uniform({2, 2, 4}, -2, 2), uniform({2, 2, 3}, -2, 2).as(f64)}, with({}), "F.conv1d(x[0], x[1])", {}, true, floats()}},
          .errors = {mistake("a kernel larger than its input", {1, 3, 4, 5}, {2, 3, 3, 7}, {}, "a window must not be larger than the padded input, got 7 over 5 for spatial axis 1 of lhs f32[1,3,4,5] and rhs f32[2,3,3,7]"),
                     mistake("a dilated kernel larger than its padded input", {1, 3, 4}, {2, 3, 3}, {.padding = {1}, .dilations = {3}}, "a window must not be larger than the padded input, got 7 over 6 for spatial axis 0"),
                     mistake("channels that differ", {1, 3, 4, 4}, {2, 4, 3, 3}, {}, "channels must be groups times the weight's, got lhs f32[1,3,4,4] and rhs f32[2,4,3,3] (4 and 3)"),
                     mistake("channels that do not fit the groups", {1, 4, 4}, {2, 4, 3}, {.groups = 2}, "channels must be groups times the weight's, got lhs f32[1,4,4] and rhs f32[2,4,3] (8 and 4)"),
                     mistake("groups that do not divide channels", {1, 3, 4}, {2, 1, 3}, {.groups = 2}, "groups must divide the channels, got 2 groups for 3 of lhs f32[1,3,4]"),
                     mistake("groups that do not divide outputs", {1, 4, 4}, {3, 2, 3}, {.groups = 2}, "groups must divide the outputs, got 2 groups for 3 of lhs f32[1,4,4] and rhs f32[3,2,3]"),
                     mistake("no groups", {1, 4, 4}, {3, 4, 3}, {.groups = 0}, "groups must be at least 1, got 0"),
                     mistake("a stride of 0", {1, 3, 4, 4}, {2, 3, 3, 3}, {.strides = {1, 0}}, "strides must be at least 1, got 0 for spatial axis 1"),
                     mistake("a negative stride", {1, 3, 4}, {2, 3, 3}, {.strides = {-1}}, "strides must be at least 1, got -1 for spatial axis 0"),
                     mistake("a dilation of 0", {1, 3, 4}, {2, 3, 3}, {.dilations = {0}}, "dilations must be at least 1, got 0 for spatial axis 0"),
                     mistake("a negative padding", {1, 3, 4}, {2, 3, 3}, {.padding = {{-1, 1}}}, "paddings must be >= 0, got -1 for spatial axis 0"),
                     mistake("a kernel of nothing", {1, 3, 4}, {2, 3, 0}, {}, "a window must have at least one element, got 0 for spatial axis 0"),
                     mistake("strides for other axes", {1, 3, 4, 4}, {2, 3, 3, 3}, {.strides = {1, 1, 1}}, "strides must be one for all spatial axes or one for each, got 3 for 2 axes"),
                     mistake("paddings for other axes", {1, 3, 4, 4, 4}, {2, 3, 3, 3, 3}, {.padding = {{1, 1}, {1, 1}}}, "paddings must be one for all spatial axes or one for each, got 2 for 3 axes"),
                     mistake("padding twice", {1, 3, 4}, {2, 3, 3}, {.padding = {1}, .same = true}, "padding must be given or be same, got both"),
                     mistake("no spatial axis", {1, 3}, {2, 3}, {}, ranks + "x f32[1,3] and weight f32[2,3]"),
                     mistake("four spatial axes", {1, 3, 2, 2, 2, 2}, {2, 3, 1, 1, 1, 1}, {}, ranks + "x f32[1,3,2,2,2,2] and weight"),
                     mistake("two ranks", {1, 3, 4, 4}, {2, 3, 3}, {}, ranks + "x f32[1,3,4,4] and weight f32[2,3,3]"),
                     {"bools", [](Graph& g) { conv(g.input("x", boolean, {1, 3, 4}), g.input("w", boolean, {2, 3, 3})); }, "conv: operands must be numbers, got lhs bool[1,3,4] and rhs bool[2,3,3]"},
                     {"a number", [](Graph& g) { conv(g.input("x", f32, {1, 3, 4}), 2); }, "conv: the operand must be a Value, got the number 2"},
                     {"two graphs", [](Graph& g) { conv(g.input("x", f32, {1, 3, 4}), Graph().input("w", f32, {2, 3, 3})); }, "conv: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs a batch, channels and a spatial axis"}, {Kind::broadcast, "axes are paired by their meaning"}}};
}

OpCases conv_transpose_table() {
  const auto with = [](ConvTransposeOptions options) { return [options](const std::vector<Value>& x) { return conv_transpose(x[0], x[1], options); }; };
  const auto mistake = [](std::string name, Shape x, Shape w, ConvTransposeOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { conv_transpose(g.input("x", f32, x), g.input("w", f32, w), options); }, "conv_transpose: " + std::move(message)};
  };
  return {.op = "conv_transpose",
          .dtypes = numbers(),
          .samples = {{"two axes", {uniform({2, 3, 3, 2}, -2, 2), uniform({3, 2, 3, 2}, -2, 2)}, with({}), in_reals("F.conv_transpose2d(a, b)")},
                      {"one axis", {uniform({2, 3, 4}, -2, 2), uniform({3, 2, 3}, -2, 2)}, with({.strides = {2}, .padding = {1}, .output_padding = {1}}),
                       in_reals("F.conv_transpose1d(a, b, stride=2, padding=1, output_padding=1)")},
                      {"three axes", {uniform({1, 2, 2, 3, 2}, -2, 2), uniform({2, 2, 2, 2, 3}, -2, 2)}, with({.strides = {1, 2, 3}, .output_padding = {0, 1, 2}}),
                       in_reals("F.conv_transpose3d(a, b, stride=(1, 2, 3), output_padding=(0, 1, 2))")},
                      {"uneven padding", {uniform({1, 2, 4}, -2, 2), uniform({2, 2, 3}, -2, 2)}, with({.strides = {2}, .padding = {{0, 2}}}),
                       in_reals("F.conv_transpose1d(a, b, stride=2)[..., :-2]")},
                      {"dilations", {uniform({1, 2, 3, 3}, -2, 2), uniform({2, 2, 2, 3}, -2, 2)}, with({.strides = {2, 3}, .padding = {1}, .dilations = {3, 2}}),
                       in_reals("F.conv_transpose2d(a, b, stride=(2, 3), padding=1, dilation=(3, 2))")},
                      {"groups", {uniform({2, 4, 3, 2}, -2, 2), uniform({4, 3, 2, 2}, -2, 2)}, with({.strides = {2}, .groups = 2}),
                       in_reals("F.conv_transpose2d(a, b, stride=2, groups=2)")},
                      {"one element", {uniform({3, 4, 2, 1}, -2, 2), uniform({4, 2, 1, 1}, -2, 2)}, with({.strides = {2}}), in_reals("F.conv_transpose2d(a, b, stride=2)")},
                      {"an empty batch", {zeros({0, 2, 3}), uniform({2, 3, 3}, -2, 2)}, with({}), "torch.zeros(0, 3, 5)"},
                      {"two dtypes", {uniform({2, 2, 4}, -2, 2), uniform({2, 2, 3}, -2, 2).as(f64)}, with({}), "F.conv_transpose1d(x[0], x[1])", {}, true, floats()}},
          .errors = {mistake("an output padding of the stride", {1, 3, 4}, {3, 2, 3}, {.strides = {2}, .output_padding = {2}}, "an output padding must be in [0, stride), got 2 for a stride of 2"),
                     mistake("a negative output padding", {1, 3, 4}, {3, 2, 3}, {.output_padding = {-1}}, "an output padding must be in [0, stride), got -1"),
                     mistake("nothing left", {1, 3, 2}, {3, 2, 2}, {.padding = {2}}, "sizes must be >= 0, got [1,2,-1] for lhs f32[1,3,2] and rhs f32[3,2,2]"),
                     mistake("channels that differ", {1, 3, 4}, {4, 2, 3}, {}, "outputs must be the weight's, got lhs f32[1,3,4] and rhs f32[4,2,3] (3 and 4)"),
                     mistake("groups that do not divide channels", {1, 3, 4}, {3, 2, 3}, {.groups = 2}, "groups must divide the outputs, got 2 groups for 3"),
                     mistake("a stride of 0", {1, 3, 4}, {3, 2, 3}, {.strides = {0}}, "strides must be at least 1, got 0 for spatial axis 0"),
                     mistake("output paddings for other axes", {1, 3, 4}, {3, 2, 3}, {.output_padding = {0, 0}}, "output paddings must be one for all spatial axes or one for each, got 2 for 1 axes"),
                     mistake("two ranks", {1, 3, 4, 4}, {3, 2, 3}, {}, ranks + "x f32[1,3,4,4] and weight f32[3,2,3]"),
                     {"bools", [](Graph& g) { conv_transpose(g.input("x", boolean, {1, 3, 4}), g.input("w", boolean, {3, 2, 3})); }, "conv_transpose: operands must be numbers, got lhs bool[1,3,4]"},
                     {"two graphs", [](Graph& g) { conv_transpose(g.input("x", f32, {1, 3, 4}), Graph().input("w", f32, {3, 2, 3})); }, "conv_transpose: operands must belong to one graph, got values of two graphs"}},
          .without = {{Kind::rank_0, "needs a batch, channels and a spatial axis"}, {Kind::broadcast, "axes are paired by their meaning"}}};
}

// Attributes of a node over one or two axes.
ConvAttrs attrs(std::vector<int64_t> strides, std::vector<Margin> padding, std::vector<int64_t> dilations, int64_t groups, Shape shape) {
  return {.strides = std::move(strides), .padding = std::move(padding), .dilations = std::move(dilations), .groups = groups, .shape = std::move(shape)};
}

OpCases input_gradient_table() {
  const auto with = [](ConvAttrs a) { return [a](const std::vector<Value>& x) { return conv_input_gradient(x[0], x[1], a); }; };
  const auto mistake = [](std::string name, Shape dy, Shape w, ConvAttrs a, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { conv_input_gradient(g.input("dy", f32, dy), g.input("w", f32, w), a); }, "conv_input_gradient: " + std::move(message)};
  };
  return {.op = "conv_input_gradient",
          .dtypes = numbers(),
          .samples = {{"one axis", {uniform({2, 3, 4}, -2, 2), uniform({3, 2, 3}, -2, 2)}, with(attrs({2}, {1}, {1}, 1, {2, 2, 8})),
                       in_reals("torch.nn.grad.conv1d_input((2, 2, 8), b, a, stride=2, padding=1)")},
                      {"two axes", {uniform({2, 4, 3, 3}, -2, 2), uniform({4, 1, 3, 2}, -2, 2)}, with(attrs({2, 1}, {1, 0}, {1, 2}, 2, {2, 2, 5, 5})),
                       in_reals("torch.nn.grad.conv2d_input((2, 2, 5, 5), b, a, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)")},
                      {"places that no window reaches", {uniform({1, 2, 2}, -2, 2), uniform({2, 2, 1}, -2, 2)}, with(attrs({3}, {0}, {1}, 1, {1, 2, 6})),
                       in_reals("torch.nn.grad.conv1d_input((1, 2, 6), b, a, stride=3)")},
                      {"an empty batch", {zeros({0, 3, 4}), uniform({3, 2, 3}, -2, 2)}, with(attrs({1}, {0}, {1}, 1, {0, 2, 6})), "torch.zeros(0, 2, 6)"},
                      {"no outputs give 0", {zeros({2, 0, 4}), zeros({0, 2, 3})}, with(attrs({1}, {0}, {1}, 1, {2, 2, 6})), "torch.zeros(2, 2, 6)"}},
          .errors = {mistake("another size", {2, 3, 4}, {3, 2, 3}, attrs({2}, {1}, {1}, 1, {2, 2, 9}), "there must be one output for each place of the kernel, got lhs f32[2,3,4] and rhs f32[3,2,3] (4 and 5)"),
                     mistake("another batch", {2, 3, 4}, {3, 2, 3}, attrs({1}, {0}, {1}, 1, {3, 2, 6}), "batches must be equal, got lhs f32[2,3,4] and rhs f32[3,2,3] (2 and 3)"),
                     mistake("other channels", {2, 3, 4}, {3, 2, 3}, attrs({1}, {0}, {1}, 1, {2, 3, 6}), "channels must be groups times the weight's, got lhs f32[2,3,4] and rhs f32[3,2,3] (2 and 3)"),
                     mistake("other outputs", {2, 3, 4}, {4, 2, 3}, attrs({1}, {0}, {1}, 1, {2, 2, 6}), "outputs must be the weight's, got lhs f32[2,3,4] and rhs f32[4,2,3] (3 and 4)"),
                     mistake("no shape", {2, 3, 4}, {3, 2, 3}, attrs({1}, {0}, {1}, 1, {}), "the result must have as many axes as the operands, got [] for lhs f32[2,3,4] and rhs f32[3,2,3]"),
                     mistake("no strides", {2, 3, 4}, {3, 2, 3}, attrs({}, {0}, {1}, 1, {2, 2, 6}), "needs a stride, a padding and a dilation for each of 1 spatial axes, got 0, 1 and 1"),
                     mistake("two ranks", {2, 3, 4}, {3, 2, 3, 3}, attrs({1}, {0}, {1}, 1, {2, 2, 6}), ranks + "lhs f32[2,3,4] and rhs f32[3,2,3,3]"),
                     {"two dtypes", [](Graph& g) { conv_input_gradient(g.input("dy", f32, {2, 3, 4}), g.input("w", f64, {3, 2, 3}), attrs({1}, {0}, {1}, 1, {2, 2, 6})); },
                      "conv_input_gradient: operands must be of one dtype, got lhs f32[2,3,4] and rhs f64[3,2,3]"}},
          .without = {{Kind::rank_0, "needs a batch, channels and a spatial axis"}, {Kind::broadcast, "axes are paired by their meaning"}}};
}

OpCases weight_gradient_table() {
  const auto with = [](ConvAttrs a) { return [a](const std::vector<Value>& x) { return conv_weight_gradient(x[0], x[1], a); }; };
  const auto mistake = [](std::string name, Shape x, Shape dy, ConvAttrs a, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { conv_weight_gradient(g.input("x", f32, x), g.input("dy", f32, dy), a); }, "conv_weight_gradient: " + std::move(message)};
  };
  return {.op = "conv_weight_gradient",
          .dtypes = numbers(),
          .samples = {{"one axis", {uniform({2, 2, 8}, -2, 2), uniform({2, 3, 4}, -2, 2)}, with(attrs({2}, {1}, {1}, 1, {3, 2, 3})),
                       in_reals("torch.nn.grad.conv1d_weight(a, (3, 2, 3), b, stride=2, padding=1)")},
                      {"two axes", {uniform({2, 2, 5, 5}, -2, 2), uniform({2, 4, 3, 3}, -2, 2)}, with(attrs({2, 1}, {1, 0}, {1, 2}, 2, {4, 1, 3, 2})),
                       in_reals("torch.nn.grad.conv2d_weight(a, (4, 1, 3, 2), b, stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=2)")},
                      {"three axes", {uniform({2, 1, 3, 4, 3}, -2, 2), uniform({2, 2, 2, 2, 3}, -2, 2)}, with(attrs({1, 2, 1}, {0, 0, 1}, {1, 1, 1}, 1, {2, 1, 2, 2, 3})),
                       in_reals("torch.nn.grad.conv3d_weight(a, (2, 1, 2, 2, 3), b, stride=(1, 2, 1), padding=(0, 0, 1))")},
                      {"an empty batch gives 0", {zeros({0, 2, 6}), zeros({0, 3, 4})}, with(attrs({1}, {0}, {1}, 1, {3, 2, 3})), "torch.zeros(3, 2, 3)"},
                      {"many images", {uniform({37, 2, 4}, -1, 1), uniform({37, 3, 3}, -1, 1)}, with(attrs({1}, {0}, {1}, 1, {3, 2, 2})),
                       in_reals("torch.nn.grad.conv1d_weight(a, (3, 2, 2), b)"), {}, true, {}, 10}},
          .errors = {mistake("another size", {2, 2, 9}, {2, 3, 4}, attrs({2}, {1}, {1}, 1, {3, 2, 3}), "there must be one output for each place of the kernel, got lhs f32[2,2,9] and rhs f32[2,3,4] (4 and 5)"),
                     mistake("another batch", {3, 2, 6}, {2, 3, 4}, attrs({1}, {0}, {1}, 1, {3, 2, 3}), "batches must be equal, got lhs f32[3,2,6] and rhs f32[2,3,4] (2 and 3)"),
                     mistake("other channels", {2, 2, 6}, {2, 3, 4}, attrs({1}, {0}, {1}, 1, {3, 4, 3}), "channels must be groups times the weight's, got lhs f32[2,2,6] and rhs f32[2,3,4] (4 and 2)"),
                     mistake("other outputs", {2, 2, 6}, {2, 3, 4}, attrs({1}, {0}, {1}, 1, {4, 2, 3}), "outputs must be the weight's, got lhs f32[2,2,6] and rhs f32[2,3,4] (3 and 4)"),
                     mistake("no shape", {2, 2, 6}, {2, 3, 4}, attrs({1}, {0}, {1}, 1, {}), "the result must have as many axes as the operands, got [] for lhs f32[2,2,6] and rhs f32[2,3,4]"),
                     mistake("a kernel that is too large", {2, 2, 6}, {2, 3, 1}, attrs({1}, {0}, {1}, 1, {3, 2, 7}), "a window must not be larger than the padded input, got 7 over 6"),
                     {"two dtypes", [](Graph& g) { conv_weight_gradient(g.input("x", f32, {2, 2, 6}), g.input("dy", f64, {2, 3, 4}), attrs({1}, {0}, {1}, 1, {3, 2, 3})); },
                      "conv_weight_gradient: operands must be of one dtype, got lhs f32[2,2,6] and rhs f64[2,3,4]"}},
          .without = {{Kind::rank_0, "needs a batch, channels and a spatial axis"}, {Kind::broadcast, "axes are paired by their meaning"}}};
}

}  // namespace

std::vector<OpCases> conv_cases() {
  std::vector<OpCases> tables = with_symbols({conv_table(), conv_transpose_table()});
  tables.push_back(input_gradient_table());
  tables.push_back(weight_gradient_table());
  return tables;
}

}  // namespace lanc::cases
