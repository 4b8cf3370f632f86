// ops/layout.h: ops that move elements without computing: broadcast, reshape, transpose.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Axis i of the operand becomes axis `axes[i]` of the result; the other axes are new, and axes of size 1 are repeated.
struct BroadcastAttrs {
  Shape shape = {};
  std::vector<int64_t> axes = {};
  void fields(auto& visit) {
    visit("shape", shape);
    visit("axes", axes);
  }
};
extern const OpDef broadcast_op;
/// x repeated to `shape`; operand axis i is result axis axes[i] (ascending; negative counts from the end of the result). Any dtype.
/// UserError: an axis whose size is neither 1 nor the result's, another number of axes than x has, axes out of range or order.
Value broadcast_to(Operand x, Shape shape, std::vector<int64_t> axes);
/// Axes aligned at the end, as NumPy does. UserError: also fewer axes than x has.
Value broadcast_to(Operand x, Shape shape);
/// The shape in which all meet: aligned at the end; a literal 1 broadcasts, a symbol never against a different dim.
/// Nothing is refused: where sizes do not meet the first that is not 1 stands, and broadcast_to it then refuses the others.
Shape broadcast_shapes(const std::vector<Value>& values);

struct ReshapeAttrs {
  Shape shape = {};
  void fields(auto& visit) { visit("shape", shape); }
};
extern const OpDef reshape_op;
/// The same elements in row-major order with another shape. One size may be -1: it is inferred, also among symbols ({batch, -1}). Any
/// dtype. UserError: another number of elements; two sizes of -1, or one beside a size of 0 that x does not have.
Value reshape(Operand x, Shape shape);

struct TransposeAttrs {
  std::vector<int64_t> axes = {};
  void fields(auto& visit) { visit("axes", axes); }
};
extern const OpDef transpose_op;
/// Axis i of the result is axis axes[i] of x; negative counts from the end. Any dtype. UserError: not a permutation.
Value permute(Operand x, std::vector<int64_t> axes);
/// The last two axes exchanged. Any dtype. UserError: rank below 2.
Value transpose(Operand x);
/// Two axes exchanged. Any dtype. UserError: an axis out of range.
Value swap_axes(Operand x, int64_t a, int64_t b);

/// Adds axes of size 1 at these places of the result; negative counts from its end. Any dtype. UserError: out of range or named twice.
Value expand_dims(Operand x, std::vector<int64_t> axes);
/// Removes axes of size 1; empty: all that are surely 1. Any dtype. UserError: another size, an axis out of range or named twice.
Value squeeze(Operand x, std::vector<int64_t> axes = {});

}  // namespace lanc
