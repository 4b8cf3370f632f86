// backends/cpu/contract_kernel.h: contract on the CPU: one-thread matrix products over a partition that depends on sizes only.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null when the dtype has no product (bool).
std::unique_ptr<Kernel> make_contract_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
