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
/// x repeated to `shape`; operand axis i is result axis axes[i] (ascending). Any dtype. UserError: an axis whose size is neither 1 nor
/// the result's.
Value broadcast_to(Operand x, Shape shape, std::vector<int64_t> axes);
/// Axes aligned at the end, as NumPy does.
Value broadcast_to(Operand x, Shape shape);
/// The shape in which all meet: aligned at the end; a literal 1 broadcasts, a symbol never against a different dim.
/// UserError: shapes that do not meet. `origin` operands name the lines.
Shape broadcast_shapes(const std::vector<Value>& values);

struct ReshapeAttrs {
  Shape shape = {};
  void fields(auto& visit) { visit("shape", shape); }
};
extern const OpDef reshape_op;
/// The same elements in row-major order with another shape; one size may be -1 (inferred). UserError: another number of elements.
Value reshape(Operand x, Shape shape);

struct TransposeAttrs {
  std::vector<int64_t> axes = {};
  void fields(auto& visit) { visit("axes", axes); }
};
extern const OpDef transpose_op;
/// Axis i of the result is axis axes[i] of x. UserError: not a permutation.
Value permute(Operand x, std::vector<int64_t> axes);
/// The last two axes exchanged. UserError: rank below 2.
Value transpose(Operand x);

/// Adds axes of size 1 at these places of the result.
Value expand_dims(Operand x, std::vector<int64_t> axes);
/// Removes axes of size 1; empty: all that are surely 1.
Value squeeze(Operand x, std::vector<int64_t> axes = {});

}  // namespace lanc
