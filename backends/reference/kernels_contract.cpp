// Reference kernel of the generalized matrix product.
#include <lanc/backends/reference/reference.h>

#include <algorithm>
#include <type_traits>

#include <lanc/ops/contract.h>

namespace lanc {
namespace {

struct Side {
  Sizes batch, free, contracted;                       // strides
  Sizes batch_sizes, free_sizes, contracted_sizes;
};

Side side_of(const Tensor& x, const std::vector<int64_t>& contracted, const std::vector<int64_t>& batch) {
  Side side;
  const Sizes strides = row_major(x.sizes());
  const auto add = [&](Sizes& to, Sizes& sizes, int64_t axis) {
    to.push_back(strides[static_cast<size_t>(axis)]);
    sizes.push_back(x.sizes()[static_cast<size_t>(axis)]);
  };
  for (int64_t a : batch) add(side.batch, side.batch_sizes, a);
  for (int64_t a : contracted) add(side.contracted, side.contracted_sizes, a);
  for (int64_t a : free_axes(x.sizes().size(), contracted, batch)) add(side.free, side.free_sizes, a);
  return side;
}

int64_t offset(const Sizes& index, const Sizes& strides) {
  int64_t at = 0;
  for (size_t i = 0; i < index.size(); ++i) at += index[i] * strides[i];
  return at;
}

// Floats are accumulated in f64 and rounded once; integers wrap.
void contract_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<ContractAttrs>();
  const Tensor &x = call.inputs[0], &w = call.inputs[1];
  const Side a = side_of(x, attrs.lhs, attrs.lhs_batch), b = side_of(w, attrs.rhs, attrs.rhs_batch);
  const auto fill = [&]<class Acc>() {
    int64_t out = 0;
    for_each_index(a.batch_sizes, [&](int64_t, const Sizes& batch) {
      const int64_t xb = offset(batch, a.batch), wb = offset(batch, b.batch);
      for_each_index(a.free_sizes, [&](int64_t, const Sizes& row) {
        const int64_t xr = xb + offset(row, a.free);
        for_each_index(b.free_sizes, [&](int64_t, const Sizes& column) {
          const int64_t wc = wb + offset(column, b.free);
          Acc total = 0;
          for_each_index(a.contracted_sizes, [&](int64_t, const Sizes& k) {
            total += load<Acc>(x, xr + offset(k, a.contracted)) * load<Acc>(w, wc + offset(k, b.contracted));
          });
          if constexpr (std::is_floating_point_v<Acc>) store(call.outputs[0], out++, total);
          else store(call.outputs[0], out++, static_cast<int64_t>(total));
        });
      });
    });
  };
  if (is_float(x.dtype())) fill.template operator()<double>();
  else fill.template operator()<uint64_t>();
}

}  // namespace

void add_reference_contract(ReferenceTable& table);
void add_reference_contract(ReferenceTable& table) { table.add(contract_op, contract_kernel); }

}  // namespace lanc
