// backends/cpu/fused_kernel.h: loop nests over the interpreter: fused groups, single elementwise nodes, broadcasts, transposes, reductions.
#pragma once

#include <memory>
#include <string>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null when the node is none of them.
std::unique_ptr<Kernel> make_fused_kernel(const Graph& graph, const Node& node);
/// "avx512", "avx2" or "portable": the widest vectors that kernels use here.
std::string instruction_set();

}  // namespace lanc::cpu
