// backends/cpu/reduce_kernel.h: the reductions that the fused kernels have no accumulator for: products, positions, and sums and extremes of
// 16-bit floats, i32, u8 and bool.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null for other ops. Work is cut into at most 16 parts by the sizes only: along the results where there are enough of them, else along the
/// reduced elements, whose partial results are combined in index order.
std::unique_ptr<Kernel> make_reduce_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
