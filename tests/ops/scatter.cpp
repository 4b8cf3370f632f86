// Writing by index. The closed form is a loop over the updates one by one, which says what several updates of one element give.
#include <lanc/ops/scatter.h>

#include <cmath>
#include <string_view>

#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
namespace {

using Function = Value (*)(Operand, Operand, Operand, int64_t);

// One update after the other in row-major order of the gathered side, computed in f64: independent of how the kernels divide it.
Expect written(int64_t axis, bool slices, double (*meet)(double, double)) {
  return [=](const std::vector<Tensor>& in) {
    Tensor y = in[0].clone();
    const Tensor &indices = in[1], &updates = in[2];
    const Sizes strides = row_major(y.sizes()), index_strides = row_major(indices.sizes()), update_strides = row_major(updates.sizes());
    const auto a = static_cast<size_t>(axis);
    Sizes shape = y.sizes();
    shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(a));
    const Sizes middle = slices ? indices.sizes() : Sizes{indices.sizes()[a]};
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(a), middle.begin(), middle.end());
    const int64_t n = numel_of(shape);
    for (int64_t i = 0; i < n; ++i) {
      Sizes at(shape.size());
      for (int64_t k = static_cast<int64_t>(shape.size()) - 1, rest = i; k >= 0; --k) {
        at[static_cast<size_t>(k)] = rest % shape[static_cast<size_t>(k)];
        rest /= shape[static_cast<size_t>(k)];
      }
      int64_t position = 0, element = 0, update = 0;
      for (size_t k = 0; k < indices.sizes().size(); ++k) position += (indices.sizes()[k] == 1 ? 0 : at[slices ? a + k : k]) * index_strides[k];
      auto index = static_cast<int64_t>(indices.at(position));
      if (index < 0) index += y.sizes()[a];
      for (size_t k = 0; k < strides.size(); ++k)
        element += strides[k] * (k == a ? index : at[k < a ? k : k - 1 + middle.size()]);
      const size_t offset = shape.size() - updates.sizes().size();
      for (size_t k = 0; k < updates.sizes().size(); ++k) update += (updates.sizes()[k] == 1 ? 0 : at[offset + k]) * update_strides[k];
      y.set(element, meet(y.at(element), updates.at(update)));
    }
    return std::vector<Tensor>{y};
  };
}
double set(double, double b) { return b; }
double add(double a, double b) { return a + b; }
double larger(double a, double b) { return std::isnan(b) || b > a ? b : a; }

// 0, 1, 2, ... shuffled, and 0.5, 1.5, ... in another order: a tie would be a kink of scatter_max.
Fed whole(Sizes sizes) {
  const auto n = static_cast<double>(numel_of(sizes));
  return distinct(std::move(sizes), 0, n);
}
Fed halves(Sizes sizes) {
  std::vector<double> elements;
  const int64_t n = numel_of(sizes);
  for (int64_t i = 0; i < n; ++i) elements.push_back(static_cast<double>(i * 7 % n) + 0.5);
  return values(std::move(sizes), elements);
}

std::vector<Sample> element_samples(Function f, double (*meet)(double, double)) {
  const auto along = [f](int64_t axis) { return [=](const std::vector<Value>& x) { return f(x[0], x[1], x[2], axis); }; };
  return {{"along rows", {whole({3, 2}), values({4, 2}, {0, 2, 1, 1, 0, 2, 0, 1}).as(i64), halves({4, 2})}, along(0), "", written(0, false, meet)},
          {"along columns, from the end", {whole({2, 3}), integers({2, 5}, -3, -1).as(i32), halves({2, 5})}, along(1), "", written(1, false, meet)},
          {"in the middle", {whole({2, 3, 2}), integers({2, 2, 2}, -3, 2).as(i64), halves({2, 2, 2})}, along(-2), "", written(1, false, meet)},
          {"a vector", {whole({4}), values({3}, {3, 0, 3}).as(i64), halves({3})}, along(0), "", written(0, false, meet)},
          {"indices and updates that broadcast", {whole({3, 2}), values({2, 1}, {2, 0}).as(i64), halves({2})}, along(0), "", written(0, false, meet)},
          {"nothing", {whole({3, 2}), zeros({0, 2}).as(i64), zeros({0, 2})}, along(0), "", written(0, false, meet)},
          {"into nothing", {zeros({2, 0}), zeros({3, 0}).as(i64), zeros({3, 0})}, along(0), "", written(0, false, meet)}};
}

std::vector<Sample> slice_samples(Function f, double (*meet)(double, double)) {
  const auto along = [f](int64_t axis) { return [=](const std::vector<Value>& x) { return f(x[0], x[1], x[2], axis); }; };
  return {{"rows", {whole({3, 2}), values({4}, {0, 2, 0, -1}).as(i64), halves({4, 2})}, along(0), "", written(0, true, meet)},
          {"columns", {whole({2, 3}), values({2}, {1, 1}).as(i32), halves({2, 2})}, along(-1), "", written(1, true, meet)},
          {"in the middle", {whole({2, 3, 2}), values({3}, {2, 0, 2}).as(i64), halves({2, 3, 2})}, along(1), "", written(1, true, meet)},
          {"by indices of rank 2", {whole({4, 2}), values({2, 2}, {3, 0, 3, 1}).as(i64), halves({2, 2, 2})}, along(0), "", written(0, true, meet)},
          {"by one index", {whole({3, 2}), values({}, {-2}).as(i64), halves({2})}, along(0), "", written(0, true, meet)},
          {"updates that broadcast", {whole({3, 2}), values({2}, {2, 1}).as(i64), values({}, {2.25})}, along(0), "", written(0, true, meet)},
          {"into an axis of one", {whole({1, 2}), values({2}, {0, -1}).as(i64), halves({2, 2})}, along(0), "", written(0, true, meet)},
          {"nothing", {whole({3, 2}), zeros({0}).as(i64), zeros({0, 2})}, along(0), "", written(0, true, meet)}};
}

std::vector<ErrorCase> scatter_errors(const std::string& op, Function f, bool slices) {
  const auto mistake = [&](std::string name, Type x, Type indices, Type updates, int64_t axis, const std::string& message) {
    return ErrorCase{std::move(name), [=](Graph& g) {
      const Value a = g.input("x", x.dtype, x.shape), b = g.input("i", indices.dtype, indices.shape), c = g.input("u", updates.dtype, updates.shape);
      f(a, b, c, axis);  // the guilty call
    }, op + ": " + message};
  };
  const Shape index = slices ? Shape{2} : Shape{2, 3};
  std::vector<ErrorCase> out = {
      mistake("an axis beyond the last", {f32, {4, 3}}, {i64, index}, {f32, {2, 3}}, 2, "axis must be in [-2, 2), got 2"),
      mistake("of a scalar", {f32, {}}, {i64, {}}, {f32, {}}, 0, "axis must be in [0, 0), got 0"),
      mistake("real indices", {f32, {4, 3}}, {f32, index}, {f32, {2, 3}}, 0, "indices must be i32 or i64, got f32["),
      mistake("updates of another dtype", {f32, {4, 3}}, {i64, index}, {f64, {2, 3}}, 0, "updates must have the dtype of x, got operand 0 f32[4,3]"),
      mistake("updates that do not fit", {f32, {4, 3}}, {i64, index}, {f32, {3, 3}}, 0, "updates must have the shape [2,3] or broadcast to it, got operand 0 f32[4,3]"),
      mistake("updates of a higher rank", {f32, {4, 3}}, {i64, index}, {f32, {1, 2, 3}}, 0, "updates must have the shape [2,3] or broadcast to it, got operand 0 f32[4,3]"),
      {"a number to write into", [f](Graph& g) { f(1.5, g.input("i", i64, {1}), 2, 0); }, op + ": the operand must be a Value, got the number 1.5"}};
  if (!slices) {
    out.push_back(mistake("ranks that differ", {f32, {4, 3}}, {i64, {2}}, {f32, {2, 3}}, 0, "x and indices must have the same rank, got operand 0 f32[4,3]"));
    out.push_back(mistake("other sizes that differ", {f32, {4, 3}}, {i64, {2, 4}}, {f32, {2, 4}}, 0, "x and indices must have the same sizes but along axis 0, got operand 0 f32[4,3]"));
  }
  return out;
}

OpCases table(const std::string& op, Function f, double (*meet)(double, double), bool slices) {
  OpCases cases{.op = op, .dtypes = numbers(), .samples = slices ? slice_samples(f, meet) : element_samples(f, meet), .errors = scatter_errors(op, f, slices)};
  if (meet != add) cases.dtypes = everything();
  if (!slices) cases.without = {{Kind::rank_0, "needs an axis"}};
  cases.samples.push_back({"a number", {whole({3, 2}), (slices ? values({2}, {2, 2}) : values({2, 2}, {2, 0, 2, 1})).as(i64)},
                           [f](const std::vector<Value>& x) { return f(x[0], x[1], 1, 0); }, "", [=](const std::vector<Tensor>& in) {
                             return written(0, slices, meet)({in[0], in[1], Tensor::scalar<double>(1)});
                           }});
  cases.samples.back().smooth = meet != larger;
  if (meet == add) cases.errors.push_back({"bools", [f, slices](Graph& g) {
    f(g.input("x", boolean, {3, 2}), g.input("i", i64, slices ? Shape{2} : Shape{2, 2}), g.input("u", boolean, {2, 2}), 0);  // the guilty call
  }, op + ": x must be of a number dtype, got operand 0 bool[3,2]"});
  if (meet == larger && !slices) {
    // The first element ties with one update, the second with two, the last takes a NaN: shared derivatives, and NaN wins.
    cases.samples.push_back({"ties", {values({3}, {2, 3, 1}), values({3}, {0, 1, 1}).as(i64), values({3}, {2, 3, 3})},
                             [f](const std::vector<Value>& x) { return f(x[0], x[1], x[2], 0); }, "", written(0, false, meet), false});
    cases.samples.push_back({"a NaN", {values({2}, {2, 3}), values({2}, {0, 0}).as(i64), values({2}, {not_a_number, 5})},
                             [f](const std::vector<Value>& x) { return f(x[0], x[1], x[2], 0); }, "", written(0, false, meet), false, {f32, bf16, f16}});
  }
  return cases;
}

}  // namespace

std::vector<OpCases> scatter_cases() {
  return {table("scatter_set", scatter_set, set, false), table("scatter_add", scatter_add, add, false), table("scatter_max", scatter_max, larger, false),
          table("index_set", index_set, set, true), table("index_add", index_add, add, true), table("index_max", index_max, larger, true)};
}

}  // namespace lanc::cases
