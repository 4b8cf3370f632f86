// Reference kernels of pools.
#include <lanc/backends/reference/reference.h>

#include <cmath>
#include <type_traits>

#include <lanc/ops/pool.h>

namespace lanc {
namespace {

// The windows over x {N, C, spatial...} that make y.
struct Pool {
  const PoolAttrs& attrs;
  Sizes x, y, strides = row_major(x);
  Sizes low = {}, high = {};
  Pool(const PoolAttrs& a, const Sizes& of_x, const Sizes& of_y) : attrs(a), x(of_x), y(of_y) {
    for (const Margin& m : attrs.padding) low.push_back(m.low.number()), high.push_back(m.high.number());
  }
  // Calls each(element of x, position in its plane) for what is in the window of y's element `index`.
  template <class F>
  void for_each_in(const Sizes& index, F each) const {
    for_each_index(attrs.kernel, [&](int64_t, const Sizes& k) {
      int64_t position = 0;
      for (size_t a = 0; a < k.size(); ++a) {
        const int64_t at = index[a + 2] * attrs.strides[a] - low[a] + k[a] * attrs.dilations[a];
        if (at < 0 || at >= x[a + 2]) return;
        position += at * strides[a + 2];
      }
      each(index[0] * strides[0] + index[1] * strides[1] + position, position);
    });
  }
  // By what the sum over the window is divided.
  double count(const Sizes& index) const {
    int64_t inside = 0;
    for_each_in(index, [&](int64_t, int64_t) { ++inside; });
    return static_cast<double>(attrs.count_padding ? numel_of(attrs.kernel) : inside);
  }
};

void max_pool_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  const Pool pool(call.attrs<PoolAttrs>(), x.sizes(), call.outputs[0].sizes());
  for_compute(x.dtype(), [&]<class C>() {
    for_each_index(pool.y, [&](int64_t i, const Sizes& index) {
      int64_t found = -1;
      C best{};
      pool.for_each_in(index, [&](int64_t element, int64_t position) {
        const C v = load<C>(x, element);
        bool better = found < 0 || v > best;
        if constexpr (std::is_floating_point_v<C>) better = better || (std::isnan(v) && !std::isnan(best));
        if (better) best = v, found = position;
      });
      store(call.outputs[0], i, best);
      store(call.outputs[1], i, found);
    });
  });
}

// Accumulated in f64 and rounded once.
void average_pool_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  const Pool pool(call.attrs<PoolAttrs>(), x.sizes(), call.outputs[0].sizes());
  for_each_index(pool.y, [&](int64_t i, const Sizes& index) {
    double total = 0;
    pool.for_each_in(index, [&](int64_t element, int64_t) { total += load<double>(x, element); });
    store(call.outputs[0], i, total / pool.count(index));
  });
}

void average_pool_gradient_kernel(const ReferenceCall& call) {
  const Tensor& dy = call.inputs[0];
  Tensor& dx = call.outputs[0];
  const Pool pool(call.attrs<PoolAttrs>(), dx.sizes(), dy.sizes());
  std::vector<double> totals(static_cast<size_t>(dx.numel()));
  for_each_index(pool.y, [&](int64_t i, const Sizes& index) {
    const double each = load<double>(dy, i) / pool.count(index);
    pool.for_each_in(index, [&](int64_t element, int64_t) { totals[static_cast<size_t>(element)] += each; });
  });
  for (int64_t i = 0; i < dx.numel(); ++i) store(dx, i, totals[static_cast<size_t>(i)]);
}

}  // namespace

void add_reference_pool(ReferenceTable& table);
void add_reference_pool(ReferenceTable& table) {
  table.add(max_pool_op, max_pool_kernel);
  table.add(average_pool_op, average_pool_kernel);
  table.add(average_pool_gradient_op, average_pool_gradient_kernel);
}

}  // namespace lanc
