// ops/contract.h: the generalized matrix product, and matmul, dot, outer, kron, tensordot on top of it (einsum: ops/einsum.h).
#pragma once

#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Pairs of axes: lhs[i] is contracted with rhs[i], lhs_batch[i] runs along with rhs_batch[i].
struct ContractAttrs {
  std::vector<int64_t> lhs = {};
  std::vector<int64_t> rhs = {};
  std::vector<int64_t> lhs_batch = {};
  std::vector<int64_t> rhs_batch = {};
  void fields(auto& visit) {
    visit("lhs", lhs);
    visit("rhs", rhs);
    visit("lhs_batch", lhs_batch);
    visit("rhs_batch", rhs_batch);
  }
};
extern const OpDef contract_op;

/// The axes of one side that are neither contracted nor batches, ascending.
std::vector<int64_t> free_axes(size_t rank, const std::vector<int64_t>& contracted, const std::vector<int64_t>& batch);

/// y[batch..., free of lhs..., free of rhs...] = sum over contracted axes of lhs * rhs. Both of one number dtype; 16-bit floats
/// accumulate in f32, integers wrap. UserError: sizes of paired axes differ, an axis out of range or used twice.
Value contract(Operand lhs, Operand rhs, ContractAttrs attrs);

/// Matrix product as NumPy's: {m,k} x {k,n}; rank 1 counts as a row (lhs) or a column (rhs); leading axes are batches and broadcast.
/// Operands of different dtypes are promoted first. UserError: inner sizes that differ, batches that do not meet, rank 0, bool.
Value matmul(Operand lhs, Operand rhs);
/// Sum of products of two vectors.
Value dot(Operand lhs, Operand rhs);
/// {..., m} and {..., n} -> {..., m, n}: all products of two vectors; leading axes are batches and broadcast. UserError: rank 0, batches that do
/// not meet, bool.
Value outer(Operand lhs, Operand rhs);
/// Kronecker product: axis by axis of size m p, element i p + k along it being lhs[i] * rhs[k]. The one of lower rank gets axes of size 1 in
/// front. UserError: bool.
Value kron(Operand lhs, Operand rhs);
/// The last `axes` axes of lhs with the first `axes` axes of rhs.
Value tensordot(Operand lhs, Operand rhs, int64_t axes);
/// lhs axis lhs_axes[i] with rhs axis rhs_axes[i], negative ones from the end. The result has lhs' other axes, then rhs'. UserError: lists of
/// different length, an axis out of range or named twice, sizes that differ, bool.
Value tensordot(Operand lhs, Operand rhs, std::vector<int64_t> lhs_axes, std::vector<int64_t> rhs_axes);

}  // namespace lanc
