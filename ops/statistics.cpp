#include <lanc/ops/statistics.h>

#include <algorithm>
#include <cmath>
#include <string>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

DType result_dtype(DType t) { return is_float(t) ? t : f32; }

// f32 for all but f64.
Value widened(const Value& x) { return cast(x, compute_type(result_dtype(x.dtype()))); }

// f(x) where x > 0, 0 with derivative 0 where x is 0: f' is infinite or undefined there. NaN stays.
template <class F>
Value zero_at_0(const Value& x, F f) {
  const Value zero = equal(x, 0);
  return where(zero, 0, f(where(zero, 1, x)));
}

Value variance_of(const Value& x, const VarianceOptions& options) {
  if (!std::isfinite(options.correction)) refuse("correction must be finite", number_text(options.correction));
  const Value deviation = x - mean(x, {.axes = options.axes, .keep = true});
  const ReduceAttrs attrs{options.axes, options.keep};
  const Value total = sum(square(deviation), attrs);
  const Dim n = reduced_count(x.shape(), attrs);
  if (n.is_number()) return total / std::max(0.0, static_cast<double>(n.number()) - options.correction);
  return total / max(dim_value(x.graph(), n, x.dtype()) - options.correction, 0);
}

}  // namespace

Value variance(Operand x, VarianceOptions options) {
  CallSite site("variance", {x});
  require_axes(x, options.axes);
  return cast(variance_of(widened(x), options), result_dtype(x.dtype()));
}

Value standard_deviation(Operand x, VarianceOptions options) {
  CallSite site("standard_deviation", {x});
  require_axes(x, options.axes);
  return cast(zero_at_0(variance_of(widened(x), options), [](const Value& v) { return sqrt(v); }), result_dtype(x.dtype()));
}

Value norm(Operand x, NormOptions options) {
  CallSite site("norm", {x});
  require_axes(x, options.axes);
  const double p = options.p;
  if (!(p > 0)) refuse("p must be positive", number_text(p));
  const ReduceAttrs attrs{options.axes, options.keep};
  const Value size = abs(widened(x));
  const auto result = [&]() -> Value {
    if (std::isinf(p)) return max(reduce_max(size, attrs), 0);  // 0 and not -inf over no elements
    if (p == 1) return sum(size, attrs);
    if (p == 2) return zero_at_0(sum(square(size), attrs), [](const Value& s) { return sqrt(s); });
    const Value powers = zero_at_0(size, [&](const Value& v) { return pow(v, p); });
    return zero_at_0(sum(powers, attrs), [&](const Value& s) { return pow(s, 1 / p); });
  };
  return cast(result(), result_dtype(x.dtype()));
}

}  // namespace lanc
