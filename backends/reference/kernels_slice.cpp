// Reference kernels of slices, pads, concatenations and sequences.
#include <lanc/backends/reference/reference.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/slice.h>

namespace lanc {
namespace {

// Row-major position of starts + index * steps.
int64_t position(const Sizes& index, const std::vector<Dim>& starts, const std::vector<Dim>& steps, const Sizes& strides) {
  int64_t at = 0;
  for (size_t a = 0; a < index.size(); ++a) at += (starts[a].number() + index[a] * steps[a].number()) * strides[a];
  return at;
}

void slice_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<SliceAttrs>();
  const Sizes strides = row_major(call.inputs[0].sizes());
  for_storage(call.inputs[0].dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(call.inputs[0].data());
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    for_each_index(call.outputs[0].sizes(),
                   [&](int64_t i, const Sizes& index) { to[i] = from[position(index, attrs.starts, attrs.steps, strides)]; });
  });
}

void pad_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<PadAttrs>();
  const Sizes strides = row_major(call.outputs[0].sizes());
  for_storage(call.inputs[0].dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(call.inputs[0].data());
    const T fill = *reinterpret_cast<const T*>(call.inputs[1].data());
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    for (int64_t i = 0; i < call.outputs[0].numel(); ++i) to[i] = fill;
    for_each_index(call.inputs[0].sizes(),
                   [&](int64_t i, const Sizes& index) { to[position(index, attrs.starts, attrs.steps, strides)] = from[i]; });
  });
}

void concat_kernel(const ReferenceCall& call) {
  const auto axis = static_cast<size_t>(call.attrs<ConcatAttrs>().axis);
  const Sizes strides = row_major(call.outputs[0].sizes());
  for_storage(call.outputs[0].dtype(), [&]<class T>() {
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    int64_t start = 0;
    for (const Tensor& x : call.inputs) {
      const T* from = reinterpret_cast<const T*>(x.data());
      for_each_index(x.sizes(), [&](int64_t i, const Sizes& index) {
        int64_t at = start * strides[axis];
        for (size_t a = 0; a < index.size(); ++a) at += index[a] * strides[a];
        to[at] = from[i];
      });
      start += x.sizes()[axis];
    }
  });
}

void iota_kernel(const ReferenceCall& call) {
  Tensor& y = call.outputs[0];
  if (is_float(y.dtype()))
    for (int64_t i = 0; i < y.numel(); ++i) y.set(i, static_cast<double>(i));
  else
    for (int64_t i = 0; i < y.numel(); ++i) store(y, i, i);  // wraps
}

}  // namespace

void add_reference_slice(ReferenceTable& table);
void add_reference_slice(ReferenceTable& table) {
  table.add(slice_op, slice_kernel);
  table.add(pad_op, pad_kernel);
  table.add(concat_op, concat_kernel);
  table.add(iota_op, iota_kernel);
}

}  // namespace lanc
