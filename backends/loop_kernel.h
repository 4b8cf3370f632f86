// backends/loop_kernel.h: a loop as one step of a plan: the plan of its body, run once per iteration on the same backend.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc {

/// Null when the node is no loop. `backend` must outlive the kernel.
std::unique_ptr<Kernel> make_loop_kernel(const Node& node, const Backend& backend);

}  // namespace lanc
