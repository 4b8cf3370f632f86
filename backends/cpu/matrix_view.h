// backends/cpu/matrix_view.h: a contraction seen as a batch of matrix products over strided memory.
#pragma once

#include <cstdint>
#include <vector>

#include <lanc/graph/tensor.h>
#include <lanc/ops/contract.h>

namespace lanc::cpu {

/// Axes of one operand in the order (batch, rows, columns), and how each of the three groups lies in memory.
struct MatrixSide {
  Sizes batch_sizes, batch_strides;
  Sizes row_sizes, row_strides;        // lhs: free axes; rhs: contracted axes
  Sizes column_sizes, column_strides;  // lhs: contracted axes; rhs: free axes
};

/// A group of axes as one: possible when each stride is the next one's times its size.
struct OneAxis {
  bool possible = false;
  int64_t size = 1;
  int64_t stride = 0;
};
OneAxis collapse(const Sizes& sizes, const Sizes& strides);

/// C[b,m,n] = sum over k of A[b,m,k] * B[b,k,n], C dense. Strides in elements; one of each pair is 1 (or the size is 1).
struct MatrixProduct {
  int64_t batch = 1, m = 1, n = 1, k = 1;
  int64_t a_batch = 0, a_row = 1, a_column = 1;
  int64_t b_batch = 0, b_row = 1, b_column = 1;
  bool pack_a = false, pack_b = false;  // not one matrix as it lies: copied to scratch first, dense
  MatrixSide a, b;
};
MatrixProduct matrix_product(const Sizes& lhs, const Sizes& rhs, const ContractAttrs& attrs);

/// Copies a side that is not one matrix as it lies into dense (batch, rows, columns) order.
void pack(const MatrixSide& side, int64_t element_bytes, const std::byte* from, std::byte* to);

}  // namespace lanc::cpu
