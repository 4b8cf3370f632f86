// Reference kernels of reading and writing by index: one element at a time, in row-major order of what is read or written.
#include <lanc/backends/reference/reference.h>

#include <cstring>
#include <type_traits>

#include <lanc/graph/error.h>
#include <lanc/ops/index.h>
#include <lanc/ops/scatter.h>

namespace lanc {
namespace {

// The index at a position, from the front. UserError: out of range.
int64_t checked_index(const Tensor& indices, int64_t position, int64_t size, const IndexAttrs& attrs) {
  const auto value = load<int64_t>(indices, position);
  const int64_t index = attrs.from_end && value < 0 ? value + size : value;
  if (index < 0 || index >= size) throw UserError(index_failure(attrs, size, value, position, indices.sizes()));
  return index;
}

// Calls each(element of x, element of the gathered side) for all elements of the gathered side, when all indices are good.
template <class F>
void for_each_indexed(const Tensor& x, const Tensor& indices, const Sizes& gathered, const IndexAttrs& attrs, F each) {
  const auto axis = static_cast<size_t>(attrs.axis < 0 ? attrs.axis + x.rank() : attrs.axis);
  const int64_t size = x.sizes()[axis];
  for (int64_t i = 0; i < indices.numel(); ++i) checked_index(indices, i, size, attrs);
  const Sizes strides = row_major(x.sizes());
  const bool pick = !attrs.slices && indices.rank() < x.rank();
  const size_t replaced = attrs.slices ? indices.sizes().size() : pick ? 0 : 1;  // axes of the gathered side in the place of `axis`
  const Sizes index_strides = row_major(indices.sizes());
  for_each_index(gathered, [&](int64_t i, const Sizes& at) {
    int64_t position = 0, element = 0;
    if (attrs.slices)
      for (size_t a = 0; a < replaced; ++a) position += at[axis + a] * index_strides[a];
    else
      position = i;
    for (size_t a = 0; a < axis; ++a) element += at[a] * strides[a];
    for (size_t a = axis + 1; a < strides.size(); ++a) element += at[a - 1 + replaced] * strides[a];
    each(element + checked_index(indices, position, size, attrs) * strides[axis], i);
  });
}

void gather_kernel(const ReferenceCall& call) {
  const Tensor& x = call.inputs[0];
  Tensor& y = call.outputs[0];
  for_storage(x.dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(x.data());
    T* to = reinterpret_cast<T*>(y.data());
    for_each_indexed(x, call.inputs[1], y.sizes(), call.attrs<IndexAttrs>(), [&](int64_t element, int64_t i) { to[i] = from[element]; });
  });
}

// y = x in the type of arithmetic, met by the updates one after the other, rounded once.
template <class Meet>
void scatter_kernel(const ReferenceCall& call, Meet meet) {
  const Tensor &x = call.inputs[0], &updates = call.inputs[2];
  Tensor& y = call.outputs[0];
  for_compute(x.dtype(), [&]<class T>() {
    std::vector<T> values(static_cast<size_t>(x.numel()));
    for (int64_t i = 0; i < x.numel(); ++i) values[static_cast<size_t>(i)] = load<T>(x, i);
    for_each_indexed(x, call.inputs[1], updates.sizes(), call.attrs<IndexAttrs>(), [&](int64_t element, int64_t i) {
      T& value = values[static_cast<size_t>(element)];
      value = meet(value, load<T>(updates, i));
    });
    for (int64_t i = 0; i < x.numel(); ++i) store(y, i, values[static_cast<size_t>(i)]);
  });
}

void scatter_set_kernel(const ReferenceCall& call) {
  const Tensor &x = call.inputs[0], &updates = call.inputs[2];
  Tensor& y = call.outputs[0];
  if (x.bytes() > 0 && y.data() != x.data()) std::memcpy(y.data(), x.data(), static_cast<size_t>(x.bytes()));
  for_storage(x.dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(updates.data());
    T* to = reinterpret_cast<T*>(y.data());
    for_each_indexed(x, call.inputs[1], updates.sizes(), call.attrs<IndexAttrs>(), [&](int64_t element, int64_t i) { to[element] = from[i]; });
  });
}

void scatter_add_kernel(const ReferenceCall& call) {
  scatter_kernel(call, []<class T>(T a, T b) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));  // wraps
    else return a + b;
  });
}

void scatter_max_kernel(const ReferenceCall& call) {
  scatter_kernel(call, []<class T>(T a, T b) { return b != b || b > a ? b : a; });  // NaN wins
}

}  // namespace

void add_reference_index(ReferenceTable& table);
void add_reference_index(ReferenceTable& table) {
  table.add(gather_op, gather_kernel);
  table.add(pick_op, gather_kernel);
  table.add(scatter_set_op, scatter_set_kernel);
  table.add(scatter_add_op, scatter_add_kernel);
  table.add(scatter_max_op, scatter_max_kernel);
}

}  // namespace lanc
