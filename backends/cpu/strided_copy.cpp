#include <lanc/backends/cpu/strided_copy.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

namespace lanc::cpu {
namespace {

void erase_axis(StridedCopy& copy, size_t axis) {
  const auto at = static_cast<std::ptrdiff_t>(axis);
  for (Sizes* list : {&copy.sizes, &copy.from_strides, &copy.to_strides}) list->erase(list->begin() + at);
}

// The target's strides positive and descending.
void order_axes(StridedCopy& copy) {
  for (size_t a = 0; a < copy.sizes.size(); ++a) {
    if (copy.to_strides[a] >= 0) continue;
    copy.to_start += (copy.sizes[a] - 1) * copy.to_strides[a];
    copy.from_start += (copy.sizes[a] - 1) * copy.from_strides[a];
    copy.to_strides[a] = -copy.to_strides[a];
    copy.from_strides[a] = -copy.from_strides[a];
  }
  std::vector<size_t> order(copy.sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return copy.to_strides[a] != copy.to_strides[b] ? copy.to_strides[a] > copy.to_strides[b] : a < b;
  });
  StridedCopy ordered{.from_start = copy.from_start, .to_start = copy.to_start};
  for (size_t a : order) {
    ordered.sizes.push_back(copy.sizes[a]);
    ordered.from_strides.push_back(copy.from_strides[a]);
    ordered.to_strides.push_back(copy.to_strides[a]);
  }
  copy = std::move(ordered);
}

// Rows of fewer bytes are not worth a call of memcpy.
constexpr int64_t short_row = 64;

template <class T>
void move_row(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t n) {
  if (to_stride == 1 && from_stride == 1) {
    if (n * static_cast<int64_t>(sizeof(T)) > short_row) std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
    else
      for (int64_t i = 0; i < n; ++i) to[i] = from[i];
  } else if (to_stride == 1 && from_stride == 0) {
    const T value = *from;
    for (int64_t i = 0; i < n; ++i) to[i] = value;
  } else if (to_stride == 1 && from_stride == -1) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[-i];
  } else if (to_stride == 1 && from_stride == 2) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[2 * i];
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * to_stride] = from[i * from_stride];
  }
}

// Rows of the target are columns of the source: to[r * to_stride + c] = from[c * from_stride + r]. A tile has one cache line each way.
template <class T>
void move_tile(const T* from, int64_t from_stride, T* to, int64_t to_stride) {
  constexpr int64_t side = 64 / sizeof(T);
  T tile[side][side];
  for (int64_t c = 0; c < side; ++c)
    for (int64_t r = 0; r < side; ++r) tile[r][c] = from[c * from_stride + r];
  for (int64_t r = 0; r < side; ++r) std::memcpy(to + r * to_stride, tile[r], sizeof(tile[r]));
}

template <class T>
void move_columns(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t rows, int64_t columns) {
  constexpr int64_t side = 64 / sizeof(T);
  for (int64_t r = 0; r < rows; r += side)
    for (int64_t c = 0; c < columns; c += side) {
      if (r + side <= rows && c + side <= columns) {
        move_tile(from + c * from_stride + r, from_stride, to + r * to_stride + c, to_stride);
        continue;
      }
      for (int64_t i = r; i < std::min(r + side, rows); ++i)
        for (int64_t k = c; k < std::min(c + side, columns); ++k) to[i * to_stride + k] = from[k * from_stride + i];
    }
}

constexpr size_t most_axes = 16;

// Calls each(from offset, to offset) for every index of the axes that are not `skipped`.
template <class F>
void for_each_outer(const StridedCopy& copy, size_t skipped_a, size_t skipped_b, F each) {
  int64_t index[most_axes] = {};
  int64_t from = copy.from_start, to = copy.to_start;
  for (;;) {
    each(from, to);
    size_t a = copy.sizes.size();
    while (a-- > 0) {
      if (a == skipped_a || a == skipped_b) continue;
      from += copy.from_strides[a];
      to += copy.to_strides[a];
      if (++index[a] < copy.sizes[a]) break;
      from -= copy.sizes[a] * copy.from_strides[a];
      to -= copy.sizes[a] * copy.to_strides[a];
      index[a] = 0;
    }
    if (a == static_cast<size_t>(-1)) return;
  }
}

// The axis along which the source is dense while the innermost one is not; the rank when there is none.
size_t column_axis(const StridedCopy& copy) {
  const size_t rank = copy.sizes.size(), inner = rank - 1;
  if (copy.to_strides[inner] != 1 || std::abs(copy.from_strides[inner]) < 2) return rank;
  for (size_t a = 0; a < inner; ++a)
    if (copy.from_strides[a] == 1 && copy.sizes[a] > 1) return a;
  return rank;
}

template <class T>
void run_typed(const StridedCopy& copy, const T* from, T* to) {
  const size_t rank = copy.sizes.size(), inner = rank - 1, column = column_axis(copy);
  if (column < rank) {
    for_each_outer(copy, inner, column, [&](int64_t f, int64_t t) {
      move_columns(from + f, copy.from_strides[inner], to + t, copy.to_strides[column], copy.sizes[column], copy.sizes[inner]);
    });
    return;
  }
  for_each_outer(copy, inner, inner, [&](int64_t f, int64_t t) {
    move_row(from + f, copy.from_strides[inner], to + t, copy.to_strides[inner], copy.sizes[inner]);
  });
}

}  // namespace

StridedCopy simplified(StridedCopy copy) {
  if (copy.elements() == 0) return {.sizes = {0}, .from_strides = {0}, .to_strides = {1}};
  for (size_t a = copy.sizes.size(); a-- > 0;)
    if (copy.sizes[a] == 1) erase_axis(copy, a);
  order_axes(copy);
  for (size_t a = copy.sizes.size(); a-- > 1;) {
    const int64_t n = copy.sizes[a];
    if (copy.from_strides[a - 1] != copy.from_strides[a] * n || copy.to_strides[a - 1] != copy.to_strides[a] * n) continue;
    copy.sizes[a - 1] *= n;
    copy.from_strides[a - 1] = copy.from_strides[a];
    copy.to_strides[a - 1] = copy.to_strides[a];
    erase_axis(copy, a);
  }
  if (copy.sizes.empty()) return {.sizes = {1}, .from_strides = {0}, .to_strides = {1}, .from_start = copy.from_start, .to_start = copy.to_start};
  return copy;
}

std::vector<StridedCopy> cut(const StridedCopy& copy, int64_t elements, int64_t most) {
  const int64_t total = copy.elements();
  const int64_t wanted = std::min(most, total / elements);
  if (wanted < 2) return {copy};
  // The outermost axis that is long enough, else the longest.
  size_t axis = 0;
  while (axis < copy.sizes.size() && copy.sizes[axis] < wanted) ++axis;
  if (axis == copy.sizes.size()) axis = static_cast<size_t>(std::max_element(copy.sizes.begin(), copy.sizes.end()) - copy.sizes.begin());
  const int64_t n = copy.sizes[axis], parts = std::min(wanted, n);
  // Long axes are cut at multiples of 64 elements, so that tiles and cache lines stay whole.
  const int64_t grain = n >= 64 * parts ? 64 : 1;
  std::vector<StridedCopy> out;
  for (int64_t k = 0, begin = 0; k < parts; ++k) {
    const int64_t end = k + 1 == parts ? n : n * (k + 1) / parts / grain * grain;
    StridedCopy part = copy;
    part.sizes[axis] = end - begin;
    part.from_start += begin * copy.from_strides[axis];
    part.to_start += begin * copy.to_strides[axis];
    out.push_back(std::move(part));
    begin = end;
  }
  return out;
}

void run(const StridedCopy& copy, int64_t element_bytes, const std::byte* from, std::byte* to) {
  if (copy.elements() == 0) return;
  const auto typed = [&]<class T>() { run_typed(copy, reinterpret_cast<const T*>(from), reinterpret_cast<T*>(to)); };
  switch (element_bytes) {
    case 8: typed.template operator()<uint64_t>(); break;
    case 4: typed.template operator()<uint32_t>(); break;
    case 2: typed.template operator()<uint16_t>(); break;
    default: typed.template operator()<uint8_t>(); break;
  }
}

}  // namespace lanc::cpu
