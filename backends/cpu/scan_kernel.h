// backends/cpu/scan_kernel.h: what runs along an axis: cumulative sums and products, linear recurrences.
#pragma once

#include <memory>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

/// Null for other ops. Each line along the axis is walked in order, with the reference's bits; 8 lines at a time where they lie along memory, up
/// to 256 side by side where they lie across it. Parts are groups of lines: one long line alone runs on one thread.
std::unique_ptr<Kernel> make_scan_kernel(const Graph& graph, const Node& node);

}  // namespace lanc::cpu
