// backends/cpu/index_kernel.h: gathers by rows of memory, scatters by regions of the result.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// For gather, pick and the scatters; null for other ops. An element of a scatter's result belongs to one part, which meets its updates in the
/// order of the indices: the same bits for any number of threads. Every index is checked before it is used; one out of range reads as zeros
/// and writes nothing. Bytes: what is gathered, twice; the result twice and the updates for a scatter.
std::unique_ptr<Kernel> make_index_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
