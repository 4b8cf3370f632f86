// graph/tensor.h: a dense array on the host: what is fed to functions, what comes out of them, and what a constant node holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <lanc/graph/dtype.h>

namespace lanc {

using Sizes = std::vector<int64_t>;

/// Number of elements; UserError when a size is negative, or the product of those that are not 0 is above 2^48.
int64_t numel_of(const Sizes& sizes);
/// Row-major strides in elements.
Sizes row_major(const Sizes& sizes);

/// A shared handle to a row-major array: copies mean the same memory. Memory is 64-byte aligned.
class Tensor {
 public:
  /// Empty: no memory, rank 1, size 0, f32.
  Tensor() = default;
  /// Zeros.
  Tensor(DType dtype, Sizes sizes);
  /// Memory that holds anything: for those who write every element.
  static Tensor uninitialized(DType dtype, Sizes sizes);
  /// A tensor of these values in row-major order; UserError when their number is not the shape's.
  template <class T>
  static Tensor of(Sizes sizes, const std::vector<T>& values);
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, {value});
  }
  /// The caller's memory, not copied; it must outlive every handle. Functions read it during the call only. Of const values: writing to it is
  /// a UserError.
  template <class T>
  static Tensor view(std::span<T> values, Sizes sizes) {
    Tensor t = wrap(DTypeOf<std::remove_const_t<T>>::value, std::move(sizes), const_cast<std::remove_const_t<T>*>(values.data()), values.size());
    t.constant_ = std::is_const_v<T>;
    return t;
  }
  /// The same over raw memory, for any dtype.
  static Tensor over(DType dtype, Sizes sizes, std::byte* memory);
  /// Part of another tensor's memory that starts at this element; keeps it alive.
  Tensor part(int64_t first_element, Sizes sizes) const;

  DType dtype() const { return dtype_; }
  const Sizes& sizes() const { return sizes_; }
  int64_t rank() const { return static_cast<int64_t>(sizes_.size()); }
  int64_t numel() const { return numel_; }
  int64_t bytes() const { return numel_ * size_of(dtype_); }

  std::byte* data() { return constant_ ? refuse_to_write() : data_; }
  const std::byte* data() const { return data_; }
  /// The elements; UserError when T is not the dtype's host type (float for f32, bool for bool, ...).
  template <class T>
  std::span<T> span() {
    check_host_type(DTypeOf<T>::value);
    return {reinterpret_cast<T*>(data()), static_cast<size_t>(numel_)};
  }
  template <class T>
  std::span<const T> span() const {
    check_host_type(DTypeOf<T>::value);
    return {reinterpret_cast<const T*>(data_), static_cast<size_t>(numel_)};
  }
  /// The only element, converted to T: exact between integers, floats to integers truncate. UserError: none or several; a value that an integer T
  /// cannot hold (300 for uint8_t, NaN).
  template <class T>
  T item() const {
    if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
      const WholeNumber whole = only_whole();
      constexpr int with_sign = std::is_signed_v<T> ? 1 : 0;
      constexpr uint64_t most = ~uint64_t{0} >> (64 - 8 * static_cast<int>(sizeof(T)) + with_sign), least = with_sign == 1 ? most + 1 : 0;  // magnitudes
      if (whole.magnitude > (whole.negative ? least : most)) refuse_item();
      return static_cast<T>(whole.negative ? 0 - whole.magnitude : whole.magnitude);
    } else {
      return static_cast<T>(only_element());
    }
  }
  /// Element i (row-major) as a double; exact but for large i64. UserError: beyond the end.
  double at(int64_t i) const;
  void set(int64_t i, double value);

  /// Converted element by element: float to integer truncates and saturates, NaN gives 0; to bool: not equal to 0.
  Tensor to(DType dtype) const;
  /// A copy with memory of its own.
  Tensor clone() const;
  /// The same memory with other sizes; UserError when the number of elements differs.
  Tensor reshaped(Sizes sizes) const;
  /// "f32[2,3]".
  std::string type_text() const;
  /// True when no other handle shares the memory; what other threads did by handles that are gone has happened before: it may be written.
  bool unique() const;
  /// The same dtype, sizes and bytes.
  friend bool identical(const Tensor& a, const Tensor& b);

 private:
  static Tensor wrap(DType dtype, Sizes sizes, void* data, size_t elements);
  void check_host_type(DType wanted) const;
  [[noreturn]] std::byte* refuse_to_write() const;
  [[noreturn]] void refuse_index(int64_t i) const;
  struct WholeNumber {
    bool negative = false;
    uint64_t magnitude = 0;
  };
  double only_element() const;
  WholeNumber only_whole() const;
  [[noreturn]] void refuse_item() const;

  DType dtype_ = DType::f32;
  Sizes sizes_ = {0};
  int64_t numel_ = 0;
  std::byte* data_ = nullptr;
  std::shared_ptr<void> memory_;
  bool constant_ = false;  // a view of const values
};

bool identical(const Tensor& a, const Tensor& b);

/// As NumPy 2.4 prints arrays: "[[1.  2.5]\n [3.  4. ]]", summarized beyond 1,000 elements, wrapped at 75 columns; a rank 0 as a number. bf16 as f32.
std::ostream& operator<<(std::ostream& out, const Tensor& tensor);
std::string to_text(const Tensor& tensor);

namespace detail {
void check_count(const Sizes& sizes, size_t values);
}

template <class T>
Tensor Tensor::of(Sizes sizes, const std::vector<T>& values) {
  detail::check_count(sizes, values.size());
  Tensor t = uninitialized(DTypeOf<T>::value, std::move(sizes));
  T* to = reinterpret_cast<T*>(t.data_);
  for (size_t i = 0; i < values.size(); ++i) to[i] = values[i];
  return t;
}

}  // namespace lanc
