// schedule/memory.h: where in one block of memory every buffer lies, so that buffers that live at the same time never overlap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lanc {

/// A buffer that is live from section `first` to section `last`, both included.
struct MemoryInterval {
  int64_t bytes = 0;
  int first = 0, last = 0;
  int64_t alignment = 0;  // of the offset, a power of two; 0: 64, and 4096 (a page) from 2 MiB on. Below 64 it counts as 64
};

struct MemoryPlan {
  std::vector<int64_t> offsets;    // one per interval; 0 for an empty one
  int64_t total_bytes = 0;         // largest offset + bytes, rounded up to 64
  int64_t largest_live_bytes = 0;  // max over time of the bytes that are live, each buffer rounded up to 64: no placement needs less
};

/// Offline placement, greedy by four orders and two rules, the best of which is improved by a random search with a fixed seed where it
/// needs more than 1.03 of the bound. The same intervals give the same plan on every machine. O(n^2) up to 16,384 intervals (about
/// half a second for 10,000), above that only the largest ones get that care.
///
/// Greedy by size: Pisarchyk, Lee, Efficient Memory Management for Deep Neural Net Inference, 2020, arXiv:2001.03288.
/// InternalError: bytes < 0, last < first, an alignment that is no power of two. BackendError: the sum of all bytes exceeds 63 bits.
MemoryPlan plan_memory(std::span<const MemoryInterval> intervals);

}  // namespace lanc
