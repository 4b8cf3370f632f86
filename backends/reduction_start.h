// backends/reduction_start.h: what a reduction begins with: the number that changes no other, which is its result over no elements.
// Data and no functions: files that are compiled for several instruction sets share it.
#pragma once

#include <limits>

namespace lanc {

template <class T>
inline constexpr T maximum_start = std::numeric_limits<T>::has_infinity ? static_cast<T>(-std::numeric_limits<T>::infinity()) : std::numeric_limits<T>::lowest();
template <class T>
inline constexpr T minimum_start = std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();

/// In the order of FusedKind (ops/fused.h): map, which reduces nothing, sum, max, min.
template <class T>
inline constexpr T reduction_start[] = {T(0), T(0), maximum_start<T>, minimum_start<T>};

}  // namespace lanc
