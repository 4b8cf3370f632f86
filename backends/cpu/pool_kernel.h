// backends/cpu/pool_kernel.h: pools on the CPU, plane by plane.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null for ops that are no pools.
std::unique_ptr<Kernel> make_pool_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
