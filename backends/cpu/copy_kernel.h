// backends/cpu/copy_kernel.h: slices, pads, concatenations, transposes and broadcasts as strided copies.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null when the node is none of them. Any dtype; every element of the result is written once (twice by a pad with gaps).
std::unique_ptr<Kernel> make_copy_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
