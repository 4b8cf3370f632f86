// backends/cond_kernel.h: a cond as one step of a plan: the plans of both branches, of which one is run, on the same backend.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc {

/// Null when the node is no cond. `backend` must outlive the kernel.
std::unique_ptr<Kernel> make_cond_kernel(const Node& node, const Backend& backend);

}  // namespace lanc
