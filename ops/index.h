// ops/index.h: reading by index: slices (take, embedding), single elements (gather, pick), and one_hot.
//
// Indices are i32 or i64, known only when a function runs. -1 is the last, -2 the one before, as in NumPy, except for embedding, whose ids are
// names. An index out of range is a UserError of the call: it names the value, the bound, the position among the indices and the user's line;
// nothing outside is read or written, and no later step of the call runs. Writing by index: ops/scatter.h.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Of gather and of the scatters alike.
struct IndexAttrs {
  int64_t axis = 0;
  bool slices = false;         // an index stands for a whole slice of x, not for one element
  bool from_end = true;        // negative indices count from the end
  std::string what = "index";  // what a message calls one
  void fields(auto& visit) {
    visit("axis", axis);
    visit("slices", slices);
    visit("from_end", from_end);
    visit("what", what);
  }
};
extern const OpDef gather_op;
extern const OpDef pick_op;

/// y = x with `axis` replaced by the indices' axes: y[a.., j.., b..] = x[a.., indices[j..], b..]: NumPy's take, PyTorch's index_select for
/// indices of any rank. A number as index removes the axis. Any dtype. The derivative adds up (index_add). UserError: an axis out of range,
/// indices that are not i32 or i64.
Value take(Operand x, Operand indices, int64_t axis = 0);

/// y has the indices' shape: y[a.., j, b..] = x[a.., indices[a.., j, b..], b..]: NumPy's take_along_axis, PyTorch's gather. The other axes
/// broadcast where one size is 1. Any dtype. The derivative adds up (scatter_add). UserError also: ranks that differ, other sizes that do.
Value gather(Operand x, Operand indices, int64_t axis);

/// One element per place of the other axes: y[a.., b..] = x[a.., indices[a.., b..], b..]. Any dtype. The derivative is dense and elementwise.
/// UserError also: indices whose shape is not that of x without the axis.
Value pick(Operand x, Operand indices, int64_t axis = -1);

/// Rows of a table {entries, features} by ids of any shape: {ids.., features}. Ids lie in [0, entries). UserError: a table that is not a matrix.
Value embedding(Operand table, Operand ids);

/// 1 where the new axis' position is the label, 0 elsewhere; a label outside [0, classes) gives zeros only, so that -1 can mean none. The new
/// axis is the last, or that of the result at which `axis` puts it. UserError: labels that are not integers, negative classes.
Value one_hot(Operand labels, Dim classes, DType dtype = f32, int64_t axis = -1);

/// The loops of an op over x[outer, size, inner] and indices[outer, count, inner] (slices: [count]).
struct IndexExtents {
  int64_t outer = 1, size = 1, count = 1, inner = 1;
  bool slices = false;
};
IndexExtents index_extents(const Sizes& x, const Sizes& indices, const IndexAttrs& attrs);
/// "index must be in [-5, 5), got 7 at [2,1]": for the index at a row-major position of indices with these sizes.
std::string index_failure(const IndexAttrs& attrs, int64_t size, int64_t value, int64_t position, const Sizes& indices);

namespace detail {
/// i32 or i64; a whole number becomes an i64 of rank 0. UserError: anything else.
Value index_operand(const Graph& graph, const Operand& indices);
/// gather, and embedding and losses with their own words for an index.
Value gather_with(const Value& x, const Value& indices, IndexAttrs attrs);
Value pick_with(const Value& x, const Value& indices, IndexAttrs attrs);
}  // namespace detail

}  // namespace lanc
