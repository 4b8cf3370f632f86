// Reference kernels of the ops that move elements.
#include <lanc/backends/reference/reference.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

void constant_kernel(const ReferenceCall& call) {
  for_storage(call.outputs[0].dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(call.attrs<ConstantAttrs>().value.data());
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    for (int64_t i = 0; i < call.outputs[0].numel(); ++i) to[i] = from[i];
  });
}

void dim_value_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<DimValueAttrs>();
  if (attrs.dtype == i64) call.outputs[0].span<int64_t>()[0] = attrs.dim.number();
  else call.outputs[0].set(0, static_cast<double>(attrs.dim.number()));
}

void broadcast_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<BroadcastAttrs>();
  const Tensor& x = call.inputs[0];
  const Sizes strides = row_major(x.sizes());
  for_storage(x.dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(x.data());
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    for_each_index(call.outputs[0].sizes(), [&](int64_t i, const Sizes& index) {
      int64_t at = 0;
      for (size_t a = 0; a < attrs.axes.size(); ++a)
        if (x.sizes()[a] != 1) at += index[static_cast<size_t>(attrs.axes[a])] * strides[a];
      to[i] = from[at];
    });
  });
}

void transpose_kernel(const ReferenceCall& call) {
  const auto& axes = call.attrs<TransposeAttrs>().axes;
  const Tensor& x = call.inputs[0];
  const Sizes strides = row_major(x.sizes());
  for_storage(x.dtype(), [&]<class T>() {
    const T* from = reinterpret_cast<const T*>(x.data());
    T* to = reinterpret_cast<T*>(call.outputs[0].data());
    for_each_index(call.outputs[0].sizes(), [&](int64_t i, const Sizes& index) {
      int64_t at = 0;
      for (size_t a = 0; a < axes.size(); ++a) at += index[a] * strides[static_cast<size_t>(axes[a])];
      to[i] = from[at];
    });
  });
}

}  // namespace

void add_reference_layout(ReferenceTable& table);
void add_reference_layout(ReferenceTable& table) {
  table.add(constant_op, constant_kernel);
  table.add(dim_value_op, dim_value_kernel);
  table.add(broadcast_op, broadcast_kernel);
  table.add(transpose_op, transpose_kernel);
}

}  // namespace lanc
