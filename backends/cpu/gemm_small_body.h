// Matrix products that are too small for a library call, included by one file per instruction set. Multiplication and addition are rounded
// apart and their order depends on the sizes only, so every instruction set gives the same bits.
#pragma once

#include <cstring>

#include <lanc/backends/cpu/gemm_small.h>

namespace lanc::cpu {
namespace {

template <class T, int64_t width>
struct Vector {
  typedef T type __attribute__((vector_size(width * sizeof(T)), aligned(sizeof(T)), may_alias));
};

// `rows` rows by `width` columns in registers, k in order; B's rows are `b_row` apart and have `width` elements at least.
template <class T, int64_t width, int64_t rows>
void tile(const GemmShape& s, const T* a, const T* b, int64_t b_row, T* c, int64_t columns) {
  using V = typename Vector<T, width>::type;
  V acc[rows] = {};
  for (int64_t k = 0; k < s.k; ++k) {
    const V row = *reinterpret_cast<const V*>(b + k * b_row);
    for (int64_t r = 0; r < rows; ++r) acc[r] += a[r * s.a_row + k * s.a_column] * row;
  }
  for (int64_t r = 0; r < rows; ++r) {
    if (columns == width) *reinterpret_cast<V*>(c + r * s.c_row) = acc[r];
    else std::memcpy(c + r * s.c_row, &acc[r], static_cast<size_t>(columns) * sizeof(T));
  }
}

// All rows of up to `width` columns; columns that are not dense, or fewer, are copied to `packed` first.
template <class T, int64_t width>
void columns_of(const GemmShape& s, const T* a, const T* b, T* c, int64_t columns, T* packed) {
  int64_t b_row = s.b_row;
  if (s.b_column != 1 || columns < width) {
    for (int64_t k = 0; k < s.k; ++k) {
      for (int64_t l = 0; l < columns; ++l) packed[k * width + l] = b[k * s.b_row + l * s.b_column];
      for (int64_t l = columns; l < width; ++l) packed[k * width + l] = T(0);
    }
    b = packed;
    b_row = width;
  }
  int64_t i = 0;
  const auto rows = [&]<int64_t count>() {
    for (; i + count <= s.m; i += count) tile<T, width, count>(s, a + i * s.a_row, b, b_row, c + i * s.c_row, columns);
  };
  rows.template operator()<8>();
  rows.template operator()<4>();
  rows.template operator()<1>();
}

// y[i] = sum over k of x[i, k] * v[k], rows of x and v dense: 8 lanes along k, added by halves.
template <class T, int64_t rows>
void dots(const T* x, int64_t x_row, const T* v, int64_t k, T* y) {
  using V = typename Vector<T, small_tile>::type;
  V acc[rows] = {};
  int64_t at = 0;
  for (; at + small_tile <= k; at += small_tile) {
    const V part = *reinterpret_cast<const V*>(v + at);
    for (int64_t r = 0; r < rows; ++r) acc[r] += *reinterpret_cast<const V*>(x + r * x_row + at) * part;
  }
  for (int64_t r = 0; r < rows; ++r) {
    T lanes[small_tile];
    std::memcpy(lanes, &acc[r], sizeof lanes);
    for (int64_t l = 0; at + l < k; ++l) lanes[l] += x[r * x_row + at + l] * v[at + l];
    for (int64_t half = small_tile / 2; half > 0; half /= 2)
      for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    y[r] = lanes[0];
  }
}

template <class T>
void product(const GemmShape& s, const T* a, const T* b, T* c, T* packed) {
  if (s.n == 1 && s.c_row == 1 && s.a_column == 1 && s.b_row == 1) {
    int64_t i = 0;
    for (; i + 4 <= s.m; i += 4) dots<T, 4>(a + i * s.a_row, s.a_row, b, s.k, c + i);
    for (; i < s.m; ++i) dots<T, 1>(a + i * s.a_row, s.a_row, b, s.k, c + i);
    return;
  }
  for (int64_t j = 0; j < s.n; j += small_tile) {
    const int64_t columns = s.n - j < small_tile ? s.n - j : small_tile;
    if (columns > 4) columns_of<T, 8>(s, a, b + j * s.b_column, c + j, columns, packed);
    else columns_of<T, 4>(s, a, b + j * s.b_column, c + j, columns, packed);
  }
}

}  // namespace
}  // namespace lanc::cpu
