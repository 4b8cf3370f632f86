// A user's op made of one lambda: the formula that is recorded from it must be the function that the lambda is on doubles.
#include <algorithm>
#include <cmath>

#include <lanc/ops/elementwise.h>
#include <lanc/tests/support/op_cases.h>

// Written as a user writes them, outside of the library's namespace: on doubles they find <cmath>'s functions.
namespace user {
using namespace lanc;

const auto swish = [](auto x) { return x / (1 + exp(-x)); };
const auto gaussian = [](auto x, auto mean, auto width) { return exp(-0.5 * square((x - mean) / width)) / width; };
const auto smooth_maximum = [](auto x, auto y) { return (x * exp(x) + y * exp(y)) / (exp(x) + exp(y)); };
const auto piecewise = [](auto x) { return where(x > 1, log(max(x, 1.0)), where(x < -1, sqrt(max(-x, 0.0)) - 1, x * x - 1)); };
const auto constant_part = [](auto x) { return pow(x, 2.0) + 2 * pow(x, 0.5) - 7; };
const auto shared_parts = [](auto x, auto y) {
  auto z = x * y;
  for (int i = 0; i < 5; ++i) z = 0.5 * z * z + x;
  return tanh(z);
};
const auto whole = [](auto x, auto y) { return x * x + 3 * y - where(x > y, x, y); };
const auto product = [](auto x, auto y) { return x * exp(y); };

}  // namespace user

namespace lanc::cases {
namespace {

// The lambda itself, element by element; operands are of one shape, or scalars.
template <class F>
Expect by_running(F f) {
  return [f](const std::vector<Tensor>& x) {
    Sizes sizes;
    for (const Tensor& t : x)
      if (t.rank() >= static_cast<int64_t>(sizes.size())) sizes = t.sizes();
    Tensor y(f64, sizes);
    const auto at = [&](size_t k, int64_t i) { return x[k].at(x[k].rank() == 0 ? 0 : i); };
    for (int64_t i = 0; i < y.numel(); ++i) {
      if constexpr (std::invocable<F, double, double, double>)
        y.set(i, f(at(0, i), at(1, i), at(2, i)));
      else if constexpr (std::invocable<F, double, double>)
        y.set(i, f(at(0, i), at(1, i)));
      else
        y.set(i, f(at(0, i)));
    }
    return std::vector<Tensor>{y};
  };
}

template <class F>
Sample running(const char* name, std::vector<Fed> inputs, F f, std::vector<DType> dtypes = {}) {
  const ElementwiseOp op = elementwise(name, f);
  return {.name = name,
          .inputs = std::move(inputs),
          .build =
              [op](const std::vector<Value>& x) {
                std::vector<Operand> operands;
                for (const Value& v : x) operands.push_back(v);
                return op(operands);
              },
          .expect = by_running(f),
          .dtypes = std::move(dtypes),
          .condition = 4};  // a formula of several steps may round at each of them
}

OpCases formulas_table() {
  const auto bits = elementwise("wants_bits", [](Scalar x) { return call_scalar("bit_not_of", {x}); });
  const auto pair = elementwise("pair", user::product);
  const auto single = elementwise("swish", user::swish);
  return {
      .op = "elementwise",
      .samples = {running("swish", {uniform({3, 4}, -4, 4)}, user::swish), running("swish_of_a_scalar", {uniform({}, -4, 4)}, user::swish),
                  running("swish_of_nothing", {zeros({0, 2})}, user::swish), running("swish_of_one", {uniform({1}, -4, 4)}, user::swish),
                  running("gaussian", {uniform({3, 4}, -2, 2), uniform({}, -1, 1), uniform({3, 4}, 0.5, 2)}, user::gaussian),
                  running("smooth_maximum", {uniform({2, 5}, -3, 3), uniform({2, 5}, -3, 3)}, user::smooth_maximum),
                  running("piecewise", {uniform({3, 4}, -3, 3)}, user::piecewise),
                  running("constant_part", {uniform({3, 4}, 0.5, 3)}, user::constant_part),
                  running("whole", {integers({3, 4}, 0, 5), integers({3, 4}, 0, 5)}, user::whole, {i64, i32, u8, boolean}),
                  // Not u8: its -x wraps.
                  running("swish_of_whole_numbers", {integers({5}, 0, 5)}, user::swish, {i64, i32, boolean}),
                  running("shared_parts", {uniform({3, 4}, -1, 1), uniform({3, 4}, -1, 1)}, user::shared_parts)},
      .errors = {
          {"shapes that do not meet", [pair](Graph& g) { pair(g.input("x", f32, {3}), g.input("y", f32, {4})); },
           "pair: shapes must be equal or broadcast (a size of 1, axes aligned at the end), got lhs f32[3] and rhs f32[4] (3 and 4)"},
          {"only numbers", [pair](Graph&) { pair(1, 2.5); }, "pair: at least one operand must be a Value, got only numbers"},
          {"two graphs", [pair](Graph& g) { pair(g.input("x", f32, {3}), Graph().input("y", f32, {3})); },
           "pair: operands must belong to one graph, got values of two graphs"},
          {"more operands than the lambda has", [single](Graph& g) { single(g.input("x", f32, {3}), g.input("y", f32, {3})); },
           "swish: needs 1 operands, got 2"},
          {"a dtype that a part does not take", [bits](Graph& g) { bits(g.input("x", f32, {3})); },
           "wants_bits: dtypes must suit the formula (bit_not_of: operands must be integers or bools, got f32), got f32[3]"}}};
}

// ---- cast ----

// The rules of ops/elementwise.h, by themselves: towards 0, saturating, NaN gives 0; to bool: not equal to 0.
Tensor converted(const Tensor& x, DType to) {
  if (is_float(to)) return x.clone();
  Tensor y(i64, x.sizes());
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double v = x.at(i);
    const double lo = to == i64 ? -0x1p63 : to == i32 ? -0x1p31 : 0, hi = to == i64 ? 0x1p63 : to == i32 ? 0x1p31 - 1 : 255;
    int64_t& r = y.span<int64_t>()[static_cast<size_t>(i)];
    if (to == boolean)
      r = v != 0 ? 1 : 0;
    else if (std::isnan(v))
      r = 0;
    else if (v >= 0x1p63)
      r = to == i64 ? std::numeric_limits<int64_t>::max() : static_cast<int64_t>(hi);
    else
      r = static_cast<int64_t>(std::trunc(std::clamp(v, lo, hi)));
  }
  return y;
}

std::vector<Value> to_all(const std::vector<Value>& x) {
  std::vector<Value> out;
  for (const DType t : all_dtypes) out.push_back(cast(x[0], t));
  return out;
}
std::vector<Tensor> all_converted(const std::vector<Tensor>& x) {
  std::vector<Tensor> out;
  for (const DType t : all_dtypes) out.push_back(converted(x[0], t));
  return out;
}

// Integers among themselves wrap: the comparison takes the expected number modulo the dtype's width.
std::vector<Tensor> all_wrapped(const std::vector<Tensor>& x) {
  std::vector<Tensor> out;
  for (const DType t : all_dtypes) out.push_back(is_float(t) ? x[0].clone() : t == boolean ? converted(x[0], t) : converted(x[0], i64));
  return out;
}

// Each sample goes from every dtype to every dtype. The derivative, a cast of the cotangent, is tested in tests/scalar.
OpCases cast_table() {
  const auto floating = [](const char* name, Fed fed) {
    return Sample{
        .name = name, .inputs = {std::move(fed)}, .build = to_all, .expect = all_converted, .by_element = true, .derivatives = false};
  };
  const auto whole = [](const char* name, Fed fed) {
    return Sample{.name = name,
                  .inputs = {std::move(fed)},
                  .build = to_all,
                  .expect = all_wrapped,
                  .dtypes = {i64, i32, u8, boolean},
                  .by_element = true};
  };
  return {.op = "cast",
          .samples = {floating("a matrix", uniform({3, 4}, -300, 300)), floating("a scalar", uniform({}, -3, 3)),
                      floating("no elements", zeros({0, 3})), floating("sizes of one", uniform({1, 1}, -3, 3)),
                      floating("special points", values({18}, {0.0, -0.0, 0.5, -0.5, 1.75, -1.75, 255.9, 256, -1, 65504, 3e9, -3e9, 1e30,
                                                               -1e30, infinity, -infinity, not_a_number, 0x1p-10})),
                      whole("whole numbers", integers({3, 4}, -300, 300)),
                      whole("the ends of integers", values({6}, {0x1p31 - 1, -0x1p31, 0x1p31, 0x1p53, -0x1p62, 1e30}))},
          .form = unary([](Operand x) { return cast(x, i32); })};
}

}  // namespace

std::vector<OpCases> elementwise_user_cases() { return with_symbols({formulas_table(), cast_table()}); }

}  // namespace lanc::cases
