// backends/cpu/random_kernel.h: uniform draws by ranges of elements, permutations.
#pragma once

#include <cstddef>
#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// For random_uniform and random_permutation; null for other ops. A draw writes each byte once; the bits are those of ops/philox.h.
std::unique_ptr<Kernel> make_random_kernel(const Graph& graph, const Node& node);

/// As fill_uniform of ops/philox.h, 8 counters side by side.
void fill_uniform_avx2(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out);

}  // namespace lanc::cpu
