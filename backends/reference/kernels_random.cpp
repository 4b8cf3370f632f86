// Reference kernels of the random draws.
#include <lanc/backends/reference/reference.h>
#include <lanc/ops/philox.h>
#include <lanc/ops/random.h>

namespace lanc {
namespace {

void uniform_kernel(const ReferenceCall& call) {
  const auto& attrs = call.attrs<RandomAttrs>();
  fill_uniform(attrs.dtype, attrs.key, call.inputs[0].span<int64_t>()[0], call.inputs[1].span<int64_t>()[0], 0, call.outputs[0].numel(),
               call.outputs[0].data());
}

void permutation_kernel(const ReferenceCall& call) {
  std::vector<RandomPosition> work(static_cast<size_t>(call.outputs[0].numel()));
  fill_permutation(call.attrs<PermutationAttrs>().key, call.inputs[0].span<int64_t>()[0], call.inputs[1].span<int64_t>()[0], work,
                   call.outputs[0].span<int64_t>());
}

}  // namespace

void add_reference_random(ReferenceTable& table);
void add_reference_random(ReferenceTable& table) {
  table.add(random_uniform_op, uniform_kernel);
  table.add(random_permutation_op, permutation_kernel);
}

}  // namespace lanc
