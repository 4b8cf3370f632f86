// backends/reference/reference.h: one obvious loop per op, for any dtype: slow, trusted, the oracle of every other backend.
#pragma once

#include <map>
#include <span>
#include <string_view>
#include <vector>

#include <lanc/schedule/backend.h>

namespace lanc {

/// One node with bound sizes; outputs are allocated already.
struct ReferenceCall {
  const Node& node;
  std::span<const Tensor> inputs;
  std::span<Tensor> outputs;
  template <class T>
  const T& attrs() const {
    return node.attributes.as<T>();
  }
};
/// May throw UserError for a mistake in the data: an index out of range.
using ReferenceKernel = void (*)(const ReferenceCall& call);

/// By op name; an elementwise op needs none, its formula is the kernel.
class ReferenceTable {
 public:
  void add(const OpDef& op, ReferenceKernel kernel) { kernels_[op.name] = kernel; }
  ReferenceKernel find(const Node& node) const;

 private:
  std::map<std::string_view, ReferenceKernel> kernels_;
};
const ReferenceTable& reference_table();

/// Each file backends/reference/kernels_NAME.cpp defines `void add_reference_NAME(ReferenceTable&)`; the list is made at configure time.
void add_all_reference_kernels(ReferenceTable& table);

/// Results of one node on the host.
std::vector<Tensor> evaluate_node(const Node& node, std::span<const Tensor> inputs);
/// Results of the graph's outputs, node by node. States and inputs are looked up by name.
std::vector<Tensor> evaluate_graph(const Graph& graph, const std::map<std::string, Tensor>& named);

/// Every op by its reference kernel, one after the other.
class ReferenceBackend : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  Capabilities capabilities() const override { return {}; }
  std::unique_ptr<Kernel> select(const Graph& graph, const Node& node) const override;
  void run(Plan& plan) const override;
};

/// Calls `each(linear index, multi-index)` for every element of `sizes` in row-major order.
template <class F>
void for_each_index(const Sizes& sizes, F each) {
  const int64_t n = numel_of(sizes);
  Sizes index(sizes.size(), 0);
  for (int64_t i = 0; i < n; ++i) {
    each(i, index);
    for (size_t axis = sizes.size(); axis-- > 0;) {
      if (++index[axis] < sizes[axis]) break;
      index[axis] = 0;
    }
  }
}

/// Calls f with a host pointer pair of the storage type: f.template operator()<T>(). 16-bit floats as uint16_t.
template <class F>
void for_storage(DType dtype, F f) {
  switch (size_of(dtype)) {
    case 8: f.template operator()<uint64_t>(); break;
    case 4: f.template operator()<uint32_t>(); break;
    case 2: f.template operator()<uint16_t>(); break;
    default: f.template operator()<uint8_t>(); break;
  }
}

/// Calls f with the type in which arithmetic on the dtype is done (double, float, int64_t, int32_t, uint8_t) and with functions that
/// read and write element i of a tensor in it.
template <class F>
void for_compute(DType dtype, F f) {
  switch (dtype) {
    case DType::f64: f.template operator()<double>(); break;
    case DType::f32:
    case DType::bf16:
    case DType::f16: f.template operator()<float>(); break;
    case DType::i64: f.template operator()<int64_t>(); break;
    case DType::i32: f.template operator()<int32_t>(); break;
    case DType::u8:
    case DType::boolean: f.template operator()<uint8_t>(); break;
  }
}
template <class T>
T load(const Tensor& t, int64_t i) {
  const std::byte* p = t.data();
  switch (t.dtype()) {
    case DType::f64: return static_cast<T>(reinterpret_cast<const double*>(p)[i]);
    case DType::f32: return static_cast<T>(reinterpret_cast<const float*>(p)[i]);
    case DType::bf16: return static_cast<T>(from_bf16_bits(reinterpret_cast<const uint16_t*>(p)[i]));
    case DType::f16: return static_cast<T>(from_f16_bits(reinterpret_cast<const uint16_t*>(p)[i]));
    case DType::i64: return static_cast<T>(reinterpret_cast<const int64_t*>(p)[i]);
    case DType::i32: return static_cast<T>(reinterpret_cast<const int32_t*>(p)[i]);
    default: return static_cast<T>(reinterpret_cast<const uint8_t*>(p)[i]);
  }
}
template <class T>
void store(Tensor& t, int64_t i, T value) {
  std::byte* p = t.data();
  switch (t.dtype()) {
    case DType::f64: reinterpret_cast<double*>(p)[i] = static_cast<double>(value); break;
    case DType::f32: reinterpret_cast<float*>(p)[i] = static_cast<float>(value); break;
    case DType::bf16: reinterpret_cast<uint16_t*>(p)[i] = to_bf16_bits(static_cast<float>(value)); break;
    case DType::f16: reinterpret_cast<uint16_t*>(p)[i] = to_f16_bits(static_cast<float>(value)); break;
    case DType::i64: reinterpret_cast<int64_t*>(p)[i] = static_cast<int64_t>(value); break;
    case DType::i32: reinterpret_cast<int32_t*>(p)[i] = static_cast<int32_t>(value); break;
    default: reinterpret_cast<uint8_t*>(p)[i] = static_cast<uint8_t>(value); break;
  }
}

/// A host tensor over memory that is not ours, for kernels that run inside a plan.
Tensor tensor_over(const Type& type, const std::byte* memory);

}  // namespace lanc
