// ops/statistics.h: variance, standard deviation and norms of a value over some of its axes.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

struct VarianceOptions {
  std::vector<int64_t> axes = {};  // empty: all axes
  bool keep = false;               // keep reduced axes with size 1
  double correction = 1;           // taken from the number of elements: 1 the sample's estimate (as PyTorch), 0 the mean square deviation
};

/// sum of (x - mean)^2 / (n - correction) over `axes`, in two passes; NaN where n <= correction. Integers give f32; 16-bit floats are computed
/// in f32. UserError: an axis out of range or named twice, a correction that is not finite.
Value variance(Operand x, VarianceOptions options = {});
/// Square root of the variance; where that is 0 the derivative is 0 (it has none there: the limits from the sides differ).
Value standard_deviation(Operand x, VarianceOptions options = {});

struct NormOptions {
  double p = 2;                    // > 0, may be infinity
  std::vector<int64_t> axes = {};  // empty: all axes
  bool keep = false;
};

/// (sum of |x|^p)^(1/p) over `axes`; p infinite: the largest |x|. 0 over no elements. Integers give f32; 16-bit floats are computed in f32. The
/// sum of powers is not scaled: with p = 2, f32 elements beyond 1e19 give infinity. Derivative: 0 where all elements are 0, where it does
/// not exist, and for an element that is 0 (p < 2); shared among ties for p infinite. UserError: p not positive, an axis out of range
/// or named twice.
Value norm(Operand x, NormOptions options = {});

}  // namespace lanc
