// ops/pad.h: a value with other elements around and between its own.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// The primitive: operands x and a fill value of rank 0; element i of x along an axis is element starts + i * steps of the result, all
/// others are the fill value. Steps as in SliceAttrs (ops/slice.h). With distinct positions it is the adjoint of the slice.
struct PadAttrs {
  std::vector<Dim> starts = {};
  Shape shape = {};
  std::vector<Dim> steps = {};
  void fields(auto& visit) {
    visit("starts", starts);
    visit("shape", shape);
    visit("steps", steps);
  }
};
extern const OpDef pad_op;
/// UserError: a position outside of the shape; a fill value that is not of rank 0 and of x's dtype. x itself when it fills the shape.
Value strided_pad(Operand x, PadAttrs attrs, Operand value);

/// Elements added to one axis: before the first, after the last, and between each two neighbours.
struct Padding {
  Dim low = 0;
  Dim high = 0;
  Dim interior = 0;
};
/// x with `value` added around and between its elements, one Padding for each axis: pad(x, {{1, 1}, {.high = 2}}). Any dtype; symbols
/// welcome. An axis of size 0 has nothing in between. The derivative by `value` is the sum of dy over the added elements.
/// UserError: another number of paddings than of axes; a negative number; a value of another dtype or of rank above 0.
Value pad(Operand x, std::vector<Padding> paddings, Operand value = 0);

/// What is added around: the elements mirrored at the border, which is not repeated (reflect) or is (symmetric); the border's
/// element (edge); the elements of the other end (wrap).
enum class PadMode : uint8_t { reflect, symmetric, edge, wrap };
/// x continued beyond its ends. UserError: interior padding; more than is there to mirror (reflect: size - 1; symmetric, wrap: size);
/// edge: an axis of size 0.
Value pad(Operand x, std::vector<Padding> paddings, PadMode mode);

}  // namespace lanc
