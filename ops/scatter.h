// ops/scatter.h: writing by index: a copy of x in which some elements (scatter_...) or slices (index_...) are set, added to or raised.
//
// x, indices and updates as in gather (scatter_...: y[a.., indices[a.., j, b..], b..] meets updates[a.., j, b..]) or in take (index_...:
// y[a.., indices[j..], b..] meets updates[a.., j.., b..]). Indices and what happens when they are out of range: ops/index.h. Updates may be a
// number and broadcast to the shape that the indices ask for; other axes of the indices broadcast too. Where an index comes several times, the
// updates meet the element in row-major order of the indices: the same bits on any number of threads.
// UserError of all: an axis out of range, indices that are not i32 or i64, updates of another dtype than x, shapes that do not fit.
#pragma once

#include <lanc/ops/index.h>

namespace lanc {

extern const OpDef scatter_set_op;
extern const OpDef scatter_add_op;
extern const OpDef scatter_max_op;

/// y = update; of several updates of one element the last wins, and only it has a derivative. Any dtype.
Value scatter_set(Operand x, Operand indices, Operand updates, int64_t axis);
/// y = x + sum of its updates, 16-bit floats added in f32 and rounded once. Any dtype but bool; integers wrap.
Value scatter_add(Operand x, Operand indices, Operand updates, int64_t axis);
/// y = max(x, its updates); NaN wins; the derivative is shared equally among ties. Any dtype.
Value scatter_max(Operand x, Operand indices, Operand updates, int64_t axis);

/// The same for whole slices.
Value index_set(Operand x, Operand indices, Operand updates, int64_t axis = 0);
Value index_add(Operand x, Operand indices, Operand updates, int64_t axis = 0);
Value index_max(Operand x, Operand indices, Operand updates, int64_t axis = 0);

}  // namespace lanc
