// ops/reduce.h: sum, mean, max, ... of a value over some of its axes.
//
// All take {.axes = {...}, .keep = false}: axes may be negative (from the end), none means all. Results have the other axes, and with
// `keep` the reduced ones too, with size 1. Any rank, symbolic dims. UserError: an axis out of range or named twice.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

struct ReduceAttrs {
  std::vector<int64_t> axes = {};  // empty: all axes
  bool keep = false;               // keep reduced axes with size 1
  void fields(auto& visit) {
    visit("axes", axes);
    visit("keep", keep);
  }
};

extern const OpDef sum_op;
extern const OpDef prod_op;
extern const OpDef reduce_max_op;
extern const OpDef reduce_min_op;
extern const OpDef argmax_op;
extern const OpDef argmin_op;

/// y = sum of x over `axes`; 0 over no elements. Any dtype; bool and u8 count in i64, integers wrap. f32 is summed in blocks
/// (ops/fused.h), 16-bit floats in f32 and rounded once.
Value sum(Operand x, ReduceAttrs attrs = {});
/// y = product of x over `axes`; 1 over no elements. Any dtype; bool and u8 in i64, integers wrap; f32 and 16-bit floats are multiplied in
/// f64 and rounded once. Derivatives of any order are exact where elements are 0 (one or several).
Value prod(Operand x, ReduceAttrs attrs = {});
/// Largest element, of x's dtype; NaN wins. Over no elements: -inf (floats), the dtype's lowest value (integers), false. The derivative is
/// shared equally among ties.
Value reduce_max(Operand x, ReduceAttrs attrs = {});
/// Smallest element; NaN wins. Over no elements: inf, the dtype's largest value, true.
Value reduce_min(Operand x, ReduceAttrs attrs = {});
/// sum / number of elements; NaN over no elements. Integers and bools give f32; 16-bit floats are summed and divided in f32.
Value mean(Operand x, ReduceAttrs attrs = {});
/// Is any (every) element not 0? bool; NaN is not 0. Over no elements: false (true).
Value reduce_any(Operand x, ReduceAttrs attrs = {});
Value reduce_all(Operand x, ReduceAttrs attrs = {});
/// How many elements are not 0 (true): i64. NaN is not 0.
Value count(Operand x, ReduceAttrs attrs = {});
/// Position (i64) of the largest (smallest) element: its index along the reduced axis, or the row-major index over several reduced axes (none
/// given: into the flattened value). The first of equal ones; the first NaN wins over all numbers. No derivative: a position is piecewise
/// constant. UserError also: no elements along the reduced axes.
Value argmax(Operand x, ReduceAttrs attrs = {});
Value argmin(Operand x, ReduceAttrs attrs = {});

/// For functions made of several reductions: UserError, in the name of the open call site, unless the axes are good for x.
void require_axes(const Operand& x, const std::vector<int64_t>& axes);
/// How many elements are reduced into one, as a dim.
Dim reduced_count(const Shape& shape, const ReduceAttrs& attrs);
/// The same as an operand: a number where the dims are numbers, else dim_value of this dtype.
Operand reduced_count_value(const Value& x, const ReduceAttrs& attrs, DType dtype);
/// A reduced value with its axes back at size 1, repeated to the shape before the reduction.
Value broadcast_over(Operand reduced, const Shape& shape, const ReduceAttrs& attrs);
/// A dim as a rank-0 value of this dtype: known when the dims are bound.
Value dim_value(Graph graph, const Dim& dim, DType dtype);
struct DimValueAttrs {
  Dim dim = {};
  DType dtype = DType::f32;
  void fields(auto& visit) {
    visit("dim", dim);
    visit("dtype", dtype);
  }
};
extern const OpDef dim_value_op;

}  // namespace lanc
