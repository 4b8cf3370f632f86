// ops/reduce.h: sum, mean, max, ... of a value over some of its axes.
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

/// y = sum of x over `axes`. Any numeric dtype; bool and u8 count in i64. f32 is summed in blocks, 16-bit floats in f32.
/// UserError: an axis out of range or named twice.
Value sum(Operand x, ReduceAttrs attrs = {});
/// Product; derivative dy * (product of the others), exact where elements are 0.
Value prod(Operand x, ReduceAttrs attrs = {});
/// Largest element; NaN wins. Over no elements: the dtype's lowest value (-inf). The derivative is shared equally among ties.
Value reduce_max(Operand x, ReduceAttrs attrs = {});
/// Smallest element; NaN wins. Over no elements: the dtype's largest value (inf).
Value reduce_min(Operand x, ReduceAttrs attrs = {});
/// sum / number of elements; integers give f32.
Value mean(Operand x, ReduceAttrs attrs = {});

/// How many elements are reduced into one, as a dim.
Dim reduced_count(const Shape& shape, const ReduceAttrs& attrs);
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
