// backends/cpu/fused_kernel.h: loop nests over the interpreter: fused groups, single elementwise nodes, reductions.
#pragma once

#include <memory>
#include <string>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

class CompileQueue;

/// Null when the node is none of them. With a queue the kernel is compiled when the queue makes its codes, where LLVM is found; until then,
/// and without a queue, it is interpreted: the same bits.
std::unique_ptr<Kernel> make_fused_kernel(const Graph& graph, const Node& node, CompileQueue* queue = nullptr);
/// "avx512", "avx2" or "portable": the widest vectors that kernels use here.
std::string instruction_set();

}  // namespace lanc::cpu
