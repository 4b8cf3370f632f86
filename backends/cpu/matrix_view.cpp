#include <lanc/backends/cpu/matrix_view.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace lanc::cpu {
namespace {

void take(const Sizes& sizes, const Sizes& strides, const std::vector<int64_t>& axes, Sizes& to_sizes, Sizes& to_strides) {
  for (int64_t a : axes) {
    to_sizes.push_back(sizes[static_cast<size_t>(a)]);
    to_strides.push_back(strides[static_cast<size_t>(a)]);
  }
}

// Is the side usable as it lies: three collapsed groups, and unit stride along rows or columns?
bool usable(const OneAxis& batch, const OneAxis& rows, const OneAxis& columns) {
  if (!batch.possible || !rows.possible || !columns.possible) return false;
  const bool columns_dense = (columns.stride == 1 || columns.size == 1) && (rows.stride >= columns.size || rows.size == 1);
  const bool rows_dense = (rows.stride == 1 || rows.size == 1) && (columns.stride >= rows.size || columns.size == 1);
  return columns_dense || rows_dense;
}

struct Lie {
  bool pack = false;
  int64_t batch = 0, row = 1, column = 1;
};

Lie lie_of(const MatrixSide& side) {
  const OneAxis batch = collapse(side.batch_sizes, side.batch_strides), rows = collapse(side.row_sizes, side.row_strides),
                columns = collapse(side.column_sizes, side.column_strides);
  if (!usable(batch, rows, columns)) {
    const int64_t r = numel_of(side.row_sizes), c = numel_of(side.column_sizes);
    return {true, r * c, c, 1};
  }
  // A size of 1 has no stride of its own: give it one that keeps the pair (row, column) a plain matrix.
  Lie lie{false, batch.stride, rows.stride, columns.stride};
  if (columns.size == 1) lie.column = rows.stride == 1 ? rows.size : 1;
  if (rows.size == 1) lie.row = lie.column == 1 ? columns.size : 1;
  return lie;
}

}  // namespace

OneAxis collapse(const Sizes& sizes, const Sizes& strides) {
  OneAxis one{true, 1, 0};
  for (size_t i = sizes.size(); i-- > 0;) {
    if (sizes[i] == 1) continue;
    if (one.size == 1) one.stride = strides[i];
    else if (strides[i] != one.stride * one.size) return {false, 0, 0};
    one.size *= sizes[i];
  }
  return one;
}

MatrixProduct matrix_product(const Sizes& lhs, const Sizes& rhs, const ContractAttrs& attrs) {
  MatrixProduct p;
  const Sizes ls = row_major(lhs), rs = row_major(rhs);
  // Contracted axes in the order in which the lhs has them in memory.
  std::vector<size_t> order(attrs.lhs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t i, size_t j) { return attrs.lhs[i] < attrs.lhs[j]; });
  std::vector<int64_t> lc, rc;
  for (size_t i : order) {
    lc.push_back(attrs.lhs[i]);
    rc.push_back(attrs.rhs[i]);
  }
  take(lhs, ls, attrs.lhs_batch, p.a.batch_sizes, p.a.batch_strides);
  take(lhs, ls, free_axes(lhs.size(), attrs.lhs, attrs.lhs_batch), p.a.row_sizes, p.a.row_strides);
  take(lhs, ls, lc, p.a.column_sizes, p.a.column_strides);
  take(rhs, rs, attrs.rhs_batch, p.b.batch_sizes, p.b.batch_strides);
  take(rhs, rs, rc, p.b.row_sizes, p.b.row_strides);
  take(rhs, rs, free_axes(rhs.size(), attrs.rhs, attrs.rhs_batch), p.b.column_sizes, p.b.column_strides);
  p.batch = numel_of(p.a.batch_sizes);
  p.m = numel_of(p.a.row_sizes);
  p.k = numel_of(p.a.column_sizes);
  p.n = numel_of(p.b.column_sizes);
  const Lie a = lie_of(p.a), b = lie_of(p.b);
  p.pack_a = a.pack;
  p.a_batch = a.batch, p.a_row = a.row, p.a_column = a.column;
  p.pack_b = b.pack;
  p.b_batch = b.batch, p.b_row = b.row, p.b_column = b.column;
  return p;
}

void pack(const MatrixSide& side, int64_t element_bytes, const std::byte* from, std::byte* to) {
  Sizes sizes = side.batch_sizes, strides = side.batch_strides;
  sizes.insert(sizes.end(), side.row_sizes.begin(), side.row_sizes.end());
  sizes.insert(sizes.end(), side.column_sizes.begin(), side.column_sizes.end());
  strides.insert(strides.end(), side.row_strides.begin(), side.row_strides.end());
  strides.insert(strides.end(), side.column_strides.begin(), side.column_strides.end());
  const int64_t n = numel_of(sizes);
  Sizes index(sizes.size(), 0);
  int64_t at = 0;
  for (int64_t i = 0; i < n; ++i) {
    std::memcpy(to + i * element_bytes, from + at * element_bytes, static_cast<size_t>(element_bytes));
    for (size_t a = sizes.size(); a-- > 0;) {
      at += strides[a];
      if (++index[a] < sizes[a]) break;
      at -= strides[a] * sizes[a];
      index[a] = 0;
    }
  }
}

}  // namespace lanc::cpu
