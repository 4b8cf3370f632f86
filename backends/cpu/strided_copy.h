// backends/cpu/strided_copy.h: the one loop nest behind slices, pads, concatenations, transposes and broadcasts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <lanc/graph/tensor.h>

namespace lanc::cpu {

/// to[to_start + sum of i_a * to_strides[a]] = from[from_start + sum of i_a * from_strides[a]] for all i in sizes, in elements. Strides of
/// either sign; one of 0 in `from` repeats. The target's elements are different ones, and not the source's.
struct StridedCopy {
  Sizes sizes = {};
  Sizes from_strides = {}, to_strides = {};
  int64_t from_start = 0, to_start = 0;
  int64_t elements() const { return numel_of(sizes); }
};

/// The same copy with as few axes as possible: sizes of one dropped, the target walked upwards, axes that are one run joined, the
/// target's smallest stride last. Without elements: rank 1, size 0.
StridedCopy simplified(StridedCopy copy);

/// Cut along one axis into copies of about this many elements, at most `most`. Depends on the copy only, so that threads never show.
std::vector<StridedCopy> cut(const StridedCopy& copy, int64_t elements, int64_t most);

/// Runs a simplified copy; elements of 1, 2, 4 or 8 bytes. Rows that are dense on both sides are moved by memcpy, repeated elements are
/// filled, rows that are columns of the source are moved in tiles of 64 bytes, all else goes element by element.
void run(const StridedCopy& copy, int64_t element_bytes, const std::byte* from, std::byte* to);

}  // namespace lanc::cpu
