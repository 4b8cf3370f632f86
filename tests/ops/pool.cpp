// Pools: the largest and the mean element of windows, and back.
#include <lanc/ops/pool.h>

#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

const std::string ranks = "the operand must have one, two or three spatial axes behind two others, got ";
const Without no_rank_0{Kind::rank_0, "needs a batch, channels and a spatial axis"};

// PyTorch has not all of them for integers: in f64, which holds these whole numbers.
std::string in_reals(const std::string& call) { return "(lambda a: " + call + ")(x[0].double()).to(x[0].dtype)"; }

OpCases max_pool_table() {
  const auto with = [](PoolOptions options) { return [options](const std::vector<Value>& x) { return max_pool(x[0], options); }; };
  const auto mistake = [](std::string name, Shape x, PoolOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { max_pool(g.input("x", f32, x), options); }, "max_pool: " + std::move(message)};
  };
  return {.op = "max_pool",
          .dtypes = numbers(),
          .samples = {{"side by side", {distinct({2, 2, 4, 6}, -60, 60)}, with({.kernel = {2}}), in_reals("F.max_pool2d(a, 2)")},
                      {"windows that overlap", {distinct({1, 2, 5, 6}, -60, 60)}, with({.kernel = {3, 2}, .strides = {1, 2}}), in_reals("F.max_pool2d(a, (3, 2), stride=(1, 2))")},
                      {"padding is never the largest", {distinct({1, 2, 5, 4}, -60, -1)}, with({.kernel = {3}, .strides = {2}, .padding = {1}}),
                       in_reals("F.max_pool2d(a, 3, stride=2, padding=1)"), {}, true, {f64, f32, bf16, f16, i64, i32}},
                      {"uneven padding", {distinct({1, 2, 5}, -60, 60)}, with({.kernel = {3}, .strides = {2}, .padding = {{0, 2}}}),
                       in_reals("F.max_pool1d(F.pad(a, (0, 2), value=-1000.0), 3, stride=2)")},
                      {"dilations", {distinct({1, 2, 7, 6}, -60, 60)}, with({.kernel = {2, 3}, .strides = {1}, .padding = {{1, 1}, {0, 0}}, .dilations = {3, 2}}),
                       in_reals("F.max_pool2d(F.pad(a, (0, 0, 1, 1), value=-1000.0), (2, 3), stride=1, dilation=(3, 2))")},
                      {"one axis", {distinct({2, 3, 7}, -60, 60)}, with({.kernel = {3}}), in_reals("F.max_pool1d(a, 3)")},
                      {"three axes", {distinct({1, 2, 4, 3, 4}, -60, 60)}, with({.kernel = {2, 3, 2}, .strides = {2, 1, 1}}), in_reals("F.max_pool3d(a, (2, 3, 2), stride=(2, 1, 1))")},
                      {"windows of one element", {distinct({2, 1, 3, 4}, -60, 60)}, with({.kernel = {1}, .strides = {2}}), in_reals("F.max_pool2d(a, 1, stride=2)")},
                      {"an empty batch", {zeros({0, 2, 4, 4})}, with({.kernel = {2}}), "torch.zeros(0, 2, 2, 2)"},
                      {"the first of equal ones has the derivative", {values({1, 1, 6}, {1, 3, 3, 2, 2, 2})}, with({.kernel = {3}}), in_reals("F.max_pool1d(a, 3)"), {}, false},
                      {"NaN wins", {values({1, 1, 6}, {1, not_a_number, 3, not_a_number, 2, not_a_number})}, with({.kernel = {2}}), "F.max_pool1d(x[0], 2)", {}, false, floats()},
                      {"nothing but -inf", {values({1, 1, 4}, {-infinity})}, with({.kernel = {2}}), "F.max_pool1d(x[0], 2)", {}, false, floats()}},
          .errors = {mistake("no windows", {1, 2, 4}, {}, "windows must have a size, got none"),
                     mistake("a window larger than its input", {1, 2, 4, 5}, {.kernel = {2, 6}}, "a window must not be larger than the padded input, got 6 over 5 for spatial axis 1 of f32[1,2,4,5]"),
                     mistake("a window of nothing", {1, 2, 4}, {.kernel = {0}, .strides = {1}}, "a window must have at least one element, got 0"),
                     mistake("a stride of 0", {1, 2, 4}, {.kernel = {2}, .strides = {0}}, "strides must be at least 1, got 0 for spatial axis 0"),
                     mistake("a negative dilation", {1, 2, 4}, {.kernel = {2}, .dilations = {-1}}, "dilations must be at least 1, got -1 for spatial axis 0"),
                     mistake("a negative padding", {1, 2, 4}, {.kernel = {2}, .padding = {{0, -1}}}, "paddings must be >= 0, got -1 for spatial axis 0"),
                     mistake("windows within padding", {1, 2, 4}, {.kernel = {2}, .padding = {2}}, "paddings must be below the size of the window, got 2 for 2 for spatial axis 0"),
                     mistake("windows that step over the input", {1, 2, 2}, {.kernel = {2}, .padding = {3}, .dilations = {4}}, "a dilation must not be above the size where there is padding, got 4 for 2"),
                     mistake("sizes for other axes", {1, 2, 4, 4}, {.kernel = {2, 2, 2}}, "window sizes must be one for all spatial axes or one for each, got 3 for 2 axes"),
                     mistake("no spatial axis", {1, 2}, {.kernel = {2}}, ranks + "f32[1,2]"),
                     {"bools", [](Graph& g) { max_pool(g.input("x", boolean, {1, 2, 4}), {.kernel = {2}}); }, "max_pool: operands must be numbers, got bool[1,2,4]"}},
          .without = {no_rank_0}};
}

OpCases max_pool_with_positions_table() {
  const auto both = [](PoolOptions options) {
    return [options](const std::vector<Value>& x) {
      const std::vector<Value> both_of_them = max_pool_with_positions(x[0], options);
      return std::vector<Value>{both_of_them[0], cast(both_of_them[1], i64)};
    };
  };
  const auto mistake = [](std::string name, Shape x, PoolOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { max_pool_with_positions(g.input("x", f32, x), options); }, "max_pool_with_positions: " + std::move(message)};
  };
  return {.op = "max_pool_with_positions",
          .dtypes = floats(),
          .samples = {{"side by side", {distinct({2, 2, 4, 6}, -60, 60)}, both({.kernel = {2}}), "F.max_pool2d(x[0], 2, return_indices=True)"},
                      {"overlapping and padded", {distinct({1, 2, 5, 4}, -60, 60)}, both({.kernel = {3}, .strides = {2}, .padding = {1}}),
                       "F.max_pool2d(x[0], 3, stride=2, padding=1, return_indices=True)"},
                      {"three axes", {distinct({1, 1, 3, 3, 4}, -60, 60)}, both({.kernel = {2}, .strides = {1}}), "F.max_pool3d(x[0], 2, stride=1, return_indices=True)"},
                      {"the first of equal ones", {values({1, 1, 6}, {1, 3, 3, 2, 2, 2})}, both({.kernel = {3}}), "F.max_pool1d(x[0], 3, return_indices=True)", {}, false},
                      {"an empty batch", {zeros({0, 2, 4})}, both({.kernel = {2}}), "(torch.zeros(0, 2, 2), torch.zeros(0, 2, 2).long())"}},
          .errors = {mistake("no windows", {1, 2, 4}, {}, "windows must have a size, got none"),
                     mistake("a window larger than its input", {1, 2, 4}, {.kernel = {5}}, "a window must not be larger than the padded input, got 5 over 4"),
                     mistake("a stride of 0", {1, 2, 4}, {.kernel = {2}, .strides = {0}}, "strides must be at least 1, got 0"),
                     mistake("no spatial axis", {1, 2}, {.kernel = {2}}, ranks + "f32[1,2]"),
                     {"bools", [](Graph& g) { max_pool_with_positions(g.input("x", boolean, {1, 2, 4}), {.kernel = {2}}); }, "max_pool_with_positions: operands must be numbers, got bool[1,2,4]"}},
          .without = {no_rank_0, {Kind::dtypes, "max_pool's table has them"}}};
}

OpCases max_unpool_table() {
  const auto to = [](Shape plane) { return [plane](const std::vector<Value>& x) { return max_unpool(x[0], x[1], plane); }; };
  const auto mistake = [](std::string name, Shape x, DType dtype, Shape positions, Shape plane, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { max_unpool(g.input("x", f32, x), g.input("p", dtype, positions), plane); }, "max_unpool: " + std::move(message)};
  };
  return {.op = "max_unpool",
          .dtypes = numbers(),
          .samples = {{"one axis", {uniform({2, 1, 3}, -2, 2), values({2, 1, 3}, {1, 2, 5, 0, 3, 4}).as(i32)}, to({6}), "torch.zeros(2, 1, 6).to(x[0].dtype).scatter_add(2, x[1], x[0])"},
                      {"two axes", {uniform({1, 2, 2, 2}, -2, 2), values({1, 2, 2, 2}, {0, 3, 9, 11, 1, 2, 8, 10}).as(i64)}, to({3, 4}),
                       "torch.zeros(1, 2, 12).to(x[0].dtype).scatter_add(2, x[1].reshape(1, 2, 4), x[0].reshape(1, 2, 4)).reshape(1, 2, 3, 4)"},
                      {"places that come twice add up", {uniform({1, 1, 3}, -2, 2), values({1, 1, 3}, {1, 1, 0}).as(i32)}, to({2}),
                       "torch.zeros(1, 1, 2).to(x[0].dtype).scatter_add(2, x[1], x[0])"},
                      {"an empty batch", {zeros({0, 2, 3}), zeros({0, 2, 3}).as(i32)}, to({6}), "torch.zeros(0, 2, 6)"}},
          .errors = {mistake("another shape", {1, 2, 3}, i32, {1, 2, 4}, {6}, "there must be a position for each element, got x f32[1,2,3] and positions i32[1,2,4]"),
                     mistake("another rank", {1, 2, 3}, i32, {1, 2, 3, 1}, {6}, "there must be a position for each element, got x f32[1,2,3] and positions i32[1,2,3,1]"),
                     mistake("positions that are no integers", {1, 2, 3}, f32, {1, 2, 3}, {6}, "positions must be i32 or i64, got f32[1,2,3]"),
                     mistake("a plane of other axes", {1, 2, 3}, i32, {1, 2, 3}, {6, 6}, "the plane must have as many axes as the operand has spatial ones, got [6,6] for f32[1,2,3]"),
                     mistake("a plane of negative size", {1, 2, 3}, i32, {1, 2, 3}, {-1}, "sizes must be >= 0, got [1,2,-1]"),
                     mistake("no spatial axis", {1, 2}, i32, {1, 2}, {}, ranks + "f32[1,2]"),
                     {"two graphs", [](Graph& g) { max_unpool(g.input("x", f32, {1, 2, 3}), Graph().input("p", i32, {1, 2, 3}), {6}); }, "max_unpool: operands must belong to one graph, got values of two graphs"}},
          .without = {no_rank_0, {Kind::broadcast, "operands are of one shape"}}};
}

OpCases average_pool_table() {
  const auto with = [](PoolOptions options) { return [options](const std::vector<Value>& x) { return average_pool(x[0], options); }; };
  const auto mistake = [](std::string name, Shape x, PoolOptions options, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { average_pool(g.input("x", f32, x), options); }, "average_pool: " + std::move(message)};
  };
  return {.op = "average_pool",
          .samples = {{"side by side", {uniform({2, 2, 4, 6}, -2, 2)}, with({.kernel = {2}}), "F.avg_pool2d(x[0], 2)"},
                      {"windows that overlap", {uniform({1, 2, 5, 6}, -2, 2)}, with({.kernel = {3, 2}, .strides = {1, 2}}), "F.avg_pool2d(x[0], (3, 2), stride=(1, 2))"},
                      {"padding that counts", {uniform({1, 2, 5, 4}, -2, 2)}, with({.kernel = {3}, .strides = {2}, .padding = {1}}), "F.avg_pool2d(x[0], 3, stride=2, padding=1)"},
                      {"padding that does not count", {uniform({1, 2, 5, 4}, -2, 2)}, with({.kernel = {3}, .strides = {2}, .padding = {1}, .count_padding = false}),
                       "F.avg_pool2d(x[0], 3, stride=2, padding=1, count_include_pad=False)"},
                      {"uneven padding", {uniform({1, 2, 5}, -2, 2)}, with({.kernel = {3}, .strides = {2}, .padding = {{0, 2}}}), "F.avg_pool1d(F.pad(x[0], (0, 2)), 3, stride=2)"},
                      {"dilations", {uniform({1, 1, 6}, -2, 2)}, with({.kernel = {2}, .strides = {1}, .dilations = {3}}), "(x[0][..., :-3] + x[0][..., 3:]) / 2"},
                      {"three axes", {uniform({1, 2, 4, 3, 4}, -2, 2)}, with({.kernel = {2, 3, 2}, .strides = {2, 1, 1}}), "F.avg_pool3d(x[0], (2, 3, 2), stride=(2, 1, 1))"},
                      {"windows of one element", {uniform({2, 1, 3}, -2, 2)}, with({.kernel = {1}, .strides = {2}}), "F.avg_pool1d(x[0], 1, stride=2)"},
                      {"an empty batch", {zeros({0, 2, 4})}, with({.kernel = {2}}), "torch.zeros(0, 2, 2)"}},
          .errors = {mistake("no windows", {1, 2, 4}, {}, "windows must have a size, got none"),
                     mistake("a window larger than its input", {1, 2, 4}, {.kernel = {5}}, "a window must not be larger than the padded input, got 5 over 4"),
                     mistake("a stride of 0", {1, 2, 4}, {.kernel = {2}, .strides = {0}}, "strides must be at least 1, got 0"),
                     mistake("windows within padding", {1, 2, 4}, {.kernel = {2}, .padding = {2}}, "paddings must be below the size of the window, got 2 for 2"),
                     mistake("no spatial axis", {1, 2}, {.kernel = {2}}, ranks + "f32[1,2]"),
                     {"integers", [](Graph& g) { average_pool(g.input("x", i32, {1, 2, 4}), {.kernel = {2}}); }, "average_pool: operands must be of a float dtype, got i32[1,2,4]"}},
          .without = {no_rank_0}};
}

OpCases average_pool_gradient_table() {
  const auto attrs = [](Shape shape, std::vector<int64_t> strides = {2}) {
    return PoolAttrs{.kernel = {3}, .strides = std::move(strides), .padding = {1}, .dilations = {1}, .count_padding = false, .shape = std::move(shape)};
  };
  const auto with = [=](Shape shape) { return [=](const std::vector<Value>& x) { return average_pool_gradient(x[0], attrs(shape)); }; };
  const auto mistake = [=](std::string name, Shape dy, PoolAttrs a, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { average_pool_gradient(g.input("dy", f32, dy), a); }, "average_pool_gradient: " + std::move(message)};
  };
  // Of windows -1..1, 1..3 and 3..5 over five elements: divided by 2, 3 and 2.
  const auto back = "torch.stack([x[0][..., 0] / 2, x[0][..., 0] / 2 + x[0][..., 1] / 3, x[0][..., 1] / 3, x[0][..., 1] / 3 + x[0][..., 2] / 2, x[0][..., 2] / 2], -1)";
  return {.op = "average_pool_gradient",
          .samples = {{"windows that overlap", {uniform({2, 2, 3}, -2, 2)}, with({2, 2, 5}), back},
                      {"one channel", {uniform({3, 1, 3}, -2, 2)}, with({3, 1, 5}), back},
                      {"an empty batch", {zeros({0, 2, 3})}, with({0, 2, 5}), "torch.zeros(0, 2, 5)"}},
          .errors = {mistake("another size", {1, 2, 3}, attrs({1, 2, 7}), "there must be one element for each window, got f32[1,2,3] (3 and 4)"),
                     mistake("other channels", {1, 2, 3}, attrs({1, 3, 5}), "batch and channels must be those of the result, got f32[1,2,3] (2 and 3)"),
                     mistake("no shape", {1, 2, 3}, attrs({}), "the result must have as many axes as the operand, got [] for f32[1,2,3]"),
                     mistake("no strides", {1, 2, 3}, attrs({1, 2, 5}, {}), "needs a stride, a padding and a dilation for each of 1 spatial axes, got 0, 1 and 1"),
                     mistake("a window for other axes", {1, 2, 3, 3}, attrs({1, 2, 5, 5}), "needs a size of the window for each of 2 spatial axes, got 1"),
                     {"integers", [=](Graph& g) { average_pool_gradient(g.input("dy", i32, {1, 2, 3}), attrs({1, 2, 5})); }, "average_pool_gradient: operands must be of a float dtype, got i32[1,2,3]"}},
          .without = {no_rank_0}};
}

// Mistakes that all pools of whole planes share.
template <class Call>
std::vector<ErrorCase> plane_mistakes(const char* op, Call call) {
  const std::string title = std::string(op) + ": ";
  return {{"no spatial axis", [=](Graph& g) { call(g.input("x", f32, {1, 2})); }, title + ranks + "f32[1,2]"},
          {"four spatial axes", [=](Graph& g) { call(g.input("x", f32, {1, 2, 3, 3, 3, 3})); }, title + ranks + "f32[1,2,3,3,3,3]"},
          {"a number", [=](Graph&) { call(2); }, title + "the operand must be a Value, got the number 2"}};
}

OpCases global_table(const char* op, Value (*pool)(Operand), const char* torch, bool floats_only) {
  return {.op = op,
          .dtypes = floats_only ? floats() : everything(),
          .samples = {{"two axes", {distinct({2, 3, 4, 3}, -60, 60)}, [=](const auto& x) { return pool(x[0]); }, torch},
                      {"one axis", {distinct({2, 1, 5}, -60, 60)}, [=](const auto& x) { return pool(x[0]); }, torch},
                      {"three axes", {distinct({1, 2, 2, 3, 2}, -60, 60)}, [=](const auto& x) { return pool(x[0]); }, torch},
                      {"an empty batch", {zeros({0, 2, 4})}, [=](const auto& x) { return pool(x[0]); }, "x[0].sum(-1, keepdim=True)"}},
          .errors = plane_mistakes(op, [pool](Operand x) { pool(x); }),
          .without = floats_only ? std::vector<Without>{no_rank_0, {Kind::dtypes, "mean's table has them"}} : std::vector<Without>{no_rank_0}};
}

OpCases adaptive_table(const char* op, Value (*pool)(Operand, std::vector<int64_t>), const std::string& torch, bool floats_only) {
  const auto to = [pool](std::vector<int64_t> sizes) { return [=](const std::vector<Value>& x) { return pool(x[0], sizes); }; };
  const auto call = [&](const std::string& axes, const std::string& sizes) { return in_reals("F.adaptive_" + torch + "_pool" + axes + "d(a, " + sizes + ")"); };
  const auto mistake = [=](std::string name, Shape x, std::vector<int64_t> sizes, std::string message) {
    return ErrorCase{std::move(name), [=](Graph& g) { pool(g.input("x", f32, x.empty() ? Shape{1, 2, g.dim("n")} : x), sizes); }, std::string(op) + ": " + std::move(message)};
  };
  OpCases table{.op = op,
                .dtypes = floats_only ? floats() : numbers(),
                .samples = {{"equal windows", {distinct({2, 2, 4, 6}, -60, 60)}, to({2, 3}), call("2", "(2, 3)")},
                            {"windows that overlap", {distinct({1, 2, 7, 5}, -60, 60)}, to({3, 4}), call("2", "(3, 4)")},
                            {"one window", {distinct({2, 2, 3, 4}, -60, 60)}, to({1}), call("2", "1")},
                            {"one window along one axis", {distinct({2, 2, 3, 4}, -60, 60)}, to({1, 3}), call("2", "(1, 3)")},
                            {"more windows than elements", {distinct({1, 2, 3}, -60, 60)}, to({5}), call("1", "5")},
                            {"as they are", {distinct({1, 2, 3}, -60, 60)}, to({3}), call("1", "3")},
                            {"three axes", {distinct({1, 1, 4, 3, 5}, -60, 60)}, to({2, 2, 1}), call("3", "(2, 2, 1)")},
                            {"an empty batch", {zeros({0, 2, 5})}, to({2}), "torch.zeros(0, 2, 2)"}},
                .errors = {mistake("no windows", {1, 2, 4}, {0}, "sizes must be at least 1, got 0 for spatial axis 0"),
                           mistake("sizes for other axes", {1, 2, 4}, {1, 2}, "sizes must be one for all spatial axes or one for each, got 2 for 1 axes"),
                           mistake("no elements", {1, 2, 0}, {1}, "there must be elements along each axis, got f32[1,2,0]"),
                           mistake("a symbol", {}, {2}, "sizes of the operand must be numbers where more than one window is wanted, got f32[1,2,n]"),
                           mistake("no spatial axis", {1, 2}, {1}, ranks + "f32[1,2]")},
                .without = {no_rank_0}};
  return table;
}

}  // namespace

std::vector<OpCases> pool_cases() {
  const auto average_over = "x[0].mean(list(range(2, x[0].dim())), keepdim=True)", max_over = "x[0].amax(list(range(2, x[0].dim())), keepdim=True)";
  std::vector<OpCases> tables = with_symbols({max_pool_table(), max_pool_with_positions_table(), average_pool_table(),
                                              global_table("global_average_pool", global_average_pool, average_over, true),
                                              global_table("global_max_pool", global_max_pool, max_over, false)});
  tables.push_back(max_unpool_table());
  tables.push_back(average_pool_gradient_table());
  tables.push_back(adaptive_table("adaptive_average_pool", adaptive_average_pool, "avg", true));
  tables.push_back(adaptive_table("adaptive_max_pool", adaptive_max_pool, "max", false));
  return tables;
}

}  // namespace lanc::cases
