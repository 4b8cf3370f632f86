// ops/softmax.h: softmax, log_softmax and logsumexp: composites, so that a backend may have one kernel for each.
#pragma once

#include <lanc/graph/graph.h>
#include <lanc/ops/reduce.h>

namespace lanc {

struct SoftmaxAttrs {
  int64_t axis = -1;
  void fields(auto& visit) { visit("axis", axis); }
};
extern const OpDef softmax_op;
extern const OpDef log_softmax_op;
extern const OpDef logsumexp_op;

// Shifted by the largest element, so exp never overflows; 16-bit floats are computed in f32 and rounded once. A row that holds nothing but
// -inf has no softmax: it gives NaN (logsumexp: -inf, with derivative 0), as does one with +inf (logsumexp: inf, with derivative 0 by finite x and NaN
// by infinite ones). log(softmax(x)) is computed as log_softmax(x), finite where softmax(x) is 0 in floating point, and so are derivatives.

/// y_i = e^{x_i} / sum over j of e^{x_j} along `axis`. Float dtypes. UserError: another dtype, rank 0, an axis out of range.
Value softmax(Operand x, SoftmaxAttrs attrs = {});
/// y_i = x_i - log(sum over j of e^{x_j}) along `axis`. Float dtypes. UserError: another dtype, rank 0, an axis out of range.
Value log_softmax(Operand x, SoftmaxAttrs attrs = {});
/// log(sum of e^x) over `axes` (none: all); -inf over no elements. Float dtypes. UserError: another dtype, an axis out of range or named twice.
Value logsumexp(Operand x, ReduceAttrs attrs = {});

}  // namespace lanc
