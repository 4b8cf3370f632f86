// Reference kernels of the reductions: one accumulator per result, elements in index order.
#include <lanc/backends/reduction_start.h>
#include <lanc/backends/reference/reference.h>

#include <cmath>
#include <type_traits>

#include <lanc/graph/error.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

// Calls each(element of x, element of y that it is reduced into).
template <class F>
void for_each_reduced(const Tensor& x, const ReduceAttrs& attrs, F each) {
  std::vector<char> reduced(x.sizes().size(), attrs.axes.empty() ? 1 : 0);
  for (int64_t a : attrs.axes) reduced[static_cast<size_t>(a < 0 ? a + x.rank() : a)] = 1;
  Sizes strides(x.sizes().size(), 0);
  int64_t stride = 1;
  for (size_t a = x.sizes().size(); a-- > 0;)
    if (!reduced[a]) {
      strides[a] = stride;
      stride *= x.sizes()[a];
    }
  for_each_index(x.sizes(), [&](int64_t i, const Sizes& index) {
    int64_t at = 0;
    for (size_t a = 0; a < index.size(); ++a) at += index[a] * strides[a];
    each(i, at);
  });
}

// Float sums are made in f64 and rounded once: nearer to the true sum than any backend's order.
void sum_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  Tensor& y = call.outputs[0];
  if (is_float(x.dtype())) {
    std::vector<double> totals(static_cast<size_t>(y.numel()), 0);
    for_each_reduced(x, call.attrs<ReduceAttrs>(), [&](int64_t i, int64_t at) { totals[static_cast<size_t>(at)] += x.at(i); });
    for (int64_t i = 0; i < y.numel(); ++i) y.set(i, totals[static_cast<size_t>(i)]);
    return;
  }
  std::vector<uint64_t> totals(static_cast<size_t>(y.numel()), 0);  // wraps
  for_each_reduced(x, call.attrs<ReduceAttrs>(),
                   [&](int64_t i, int64_t at) { totals[static_cast<size_t>(at)] += static_cast<uint64_t>(load<int64_t>(x, i)); });
  for (int64_t i = 0; i < y.numel(); ++i) store(y, i, static_cast<int64_t>(totals[static_cast<size_t>(i)]));
}

// Float products are made in f64 and rounded once; integers wrap.
void prod_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  Tensor& y = call.outputs[0];
  const auto fill = [&]<class Acc, class Stored>() {
    std::vector<Acc> products(static_cast<size_t>(y.numel()), 1);
    for_each_reduced(x, call.attrs<ReduceAttrs>(), [&](int64_t i, int64_t at) { products[static_cast<size_t>(at)] *= load<Acc>(x, i); });
    for (int64_t i = 0; i < y.numel(); ++i) store(y, i, static_cast<Stored>(products[static_cast<size_t>(i)]));
  };
  if (is_float(x.dtype())) fill.template operator()<double, double>();
  else fill.template operator()<uint64_t, int64_t>();
}

// The first element that none is better than; the first NaN before all numbers.
template <bool largest>
void position_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  Tensor& y = call.outputs[0];
  if (x.numel() == 0 && y.numel() > 0)
    throw UserError("at least one element is needed along the reduced axes, got none");
  for_compute(x.dtype(), [&]<class T>() {
    std::vector<T> best(static_cast<size_t>(y.numel()), 0);
    std::vector<int64_t> seen(static_cast<size_t>(y.numel()), 0);  // elements so far: the position within the reduced axes
    for_each_reduced(x, call.attrs<ReduceAttrs>(), [&](int64_t i, int64_t at) {
      const auto to = static_cast<size_t>(at);
      const T v = load<T>(x, i);
      const bool better = best[to] == best[to] && (v != v || (largest ? v > best[to] : v < best[to]));
      if (seen[to] == 0 || better) {
        best[to] = v;
        store(y, at, seen[to]);
      }
      ++seen[to];
    });
  });
}

template <bool largest>
void extreme_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  Tensor& y = call.outputs[0];
  for_compute(x.dtype(), [&]<class T>() {
    T start = largest ? maximum_start<T> : minimum_start<T>;
    if (x.dtype() == boolean) start = largest ? T(0) : T(1);
    std::vector<T> best(static_cast<size_t>(y.numel()), start);
    for_each_reduced(x, call.attrs<ReduceAttrs>(), [&](int64_t i, int64_t at) {
      const T v = load<T>(x, i);
      T& b = best[static_cast<size_t>(at)];
      if constexpr (std::is_floating_point_v<T>)
        if (std::isnan(v)) b = v;
      if (largest ? v > b : v < b) b = v;
    });
    for (int64_t i = 0; i < y.numel(); ++i) store(y, i, best[static_cast<size_t>(i)]);
  });
}

}  // namespace

void add_reference_reduce(ReferenceTable& table);
void add_reference_reduce(ReferenceTable& table) {
  table.add(sum_op, sum_kernel);
  table.add(prod_op, prod_kernel);
  table.add(argmax_op, position_kernel<true>);
  table.add(argmin_op, position_kernel<false>);
  table.add(reduce_max_op, extreme_kernel<true>);
  table.add(reduce_min_op, extreme_kernel<false>);
}

}  // namespace lanc
