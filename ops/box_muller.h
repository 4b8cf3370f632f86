// ops/box_muller.h: normal numbers from uniform ones.
#pragma once

#include <lanc/ops/elementwise.h>

namespace lanc {

/// Standard normal numbers from two independent uniform draws in [0, 1) (Box and Muller 1958): sqrt(-2 log(1 - u)) cos(2 pi v). 1 - u lies in
/// (0, 1], so that its logarithm is finite.
inline Value box_muller(const Value& u, const Value& v) {
  const Value radius = sqrt(-2.0 * log(1.0 - u));
  return radius * cos(6.283185307179586 * v);
}

}  // namespace lanc
