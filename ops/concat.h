// ops/concat.h: values one behind the other along an axis, and what is made of it and of repetition.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/graph/operands.h>

namespace lanc {

struct ConcatAttrs {
  int64_t axis = 0;  // from 0 on
  void fields(auto& visit) { visit("axis", axis); }
};
extern const OpDef concat_op;

/// Values one behind the other along an axis that they have; all other sizes equal. They meet in the promoted dtype (graph/dtype.h).
/// UserError: none, another rank, other sizes, an axis out of range.
Value concat(Operands values, int64_t axis = 0);
/// Values of one shape side by side along a new axis at this place of the result. UserError: none, other shapes, an axis out of range.
/// (std::stack is a class, hence the name.)
Value stack_of(Operands values, int64_t axis = 0);

/// x laid `times` times along each axis: y[i] = x[i mod n]. One number for each axis; symbols welcome. Any dtype.
/// UserError: another number of times than of axes, a negative number.
Value tile(Operand x, std::vector<Dim> times);
/// Each element `times` times in a row along the axis: y[i] = x[i / times]. Any dtype. UserError: a negative number, an axis out of range.
Value repeat(Operand x, Dim times, int64_t axis);

}  // namespace lanc
