#include <lanc/graph/tensor.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

std::string list_of(const Sizes& sizes) {
  std::string out = "[";
  for (size_t i = 0; i < sizes.size(); ++i) out += (i ? "," : "") + std::to_string(sizes[i]);
  return out + "]";
}

std::shared_ptr<void> allocate(int64_t bytes) {
  constexpr size_t alignment = 64;
  const size_t rounded = (static_cast<size_t>(bytes) + alignment - 1) / alignment * alignment + alignment;  // a tail for wide loads
  void* memory = std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw BackendError("tensor: memory for " + std::to_string(bytes) + " bytes must be available, got none");
  return {memory, std::free};
}

template <class To>
To saturate(double x) {
  if (std::isnan(x)) return 0;
  if (x <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
  if (x >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
  return static_cast<To>(x);
}

int64_t integer_at(DType t, const std::byte* p, int64_t i) {
  switch (t) {
    case DType::i64: return reinterpret_cast<const int64_t*>(p)[i];
    case DType::i32: return reinterpret_cast<const int32_t*>(p)[i];
    default: return reinterpret_cast<const uint8_t*>(p)[i];
  }
}

}  // namespace

int64_t numel_of(const Sizes& sizes) {
  // A size of 0 does not make room for others: no product of some of the sizes, and so no stride, overflows.
  int64_t n = 1;
  bool none = false;
  for (int64_t s : sizes) {
    if (s < 0) throw UserError("tensor: sizes must be >= 0, got " + list_of(sizes));
    none |= s == 0;
    if (s != 0 && (__builtin_mul_overflow(n, s, &n) || n > (int64_t{1} << 48)))
      throw UserError("tensor: at most 2^48 elements, got sizes " + list_of(sizes) + (std::count(sizes.begin(), sizes.end(), 0) > 0 ? " (beside those of 0)" : ""));
  }
  return none ? 0 : n;
}

Sizes row_major(const Sizes& sizes) {
  Sizes strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  return strides;
}

namespace detail {
void check_count(const Sizes& sizes, size_t values) {
  if (numel_of(sizes) != static_cast<int64_t>(values))
    throw UserError("tensor: sizes " + list_of(sizes) + " need " + std::to_string(numel_of(sizes)) + " values, got " +
                    std::to_string(values));
}
}  // namespace detail

Tensor::Tensor(DType dtype, Sizes sizes) : Tensor(uninitialized(dtype, std::move(sizes))) {
  std::memset(data_, 0, static_cast<size_t>(bytes()));
}

Tensor Tensor::uninitialized(DType dtype, Sizes sizes) {
  Tensor t;
  t.dtype_ = dtype;
  t.numel_ = numel_of(sizes);
  t.sizes_ = std::move(sizes);
  t.memory_ = allocate(t.bytes());
  t.data_ = static_cast<std::byte*>(t.memory_.get());
  return t;
}

Tensor Tensor::wrap(DType dtype, Sizes sizes, void* data, size_t elements) {
  detail::check_count(sizes, elements);
  Tensor t;
  t.dtype_ = dtype;
  t.numel_ = static_cast<int64_t>(elements);
  t.sizes_ = std::move(sizes);
  t.data_ = static_cast<std::byte*>(data);
  return t;
}

Tensor Tensor::over(DType dtype, Sizes sizes, std::byte* memory) {
  const auto elements = static_cast<size_t>(numel_of(sizes));
  return wrap(dtype, std::move(sizes), memory, elements);
}

Tensor Tensor::part(int64_t first_element, Sizes sizes) const {
  const int64_t n = numel_of(sizes);
  if (first_element < 0 || first_element > numel_ - n)
    throw UserError("tensor: a part must lie within " + type_text() + ", got " + std::to_string(n) + " elements from " + std::to_string(first_element) + " on");
  Tensor t = *this;
  t.sizes_ = std::move(sizes);
  t.numel_ = n;
  t.data_ += first_element * size_of(dtype_);
  return t;
}

void Tensor::check_host_type(DType wanted) const {
  if (wanted != dtype_)
    throw UserError("tensor: span must ask for the tensor's own type, got " + std::string(name_of(wanted)) + " for " + type_text());
}

void Tensor::refuse_index(int64_t i) const {
  throw UserError("tensor: an element of " + type_text() + " must be in [0, " + std::to_string(numel_) + "), got " + std::to_string(i));
}

double Tensor::at(int64_t i) const {
  if (i < 0 || i >= numel_) refuse_index(i);
  switch (dtype_) {
    case DType::f64: return reinterpret_cast<const double*>(data_)[i];
    case DType::f32: return static_cast<double>(reinterpret_cast<const float*>(data_)[i]);
    case DType::bf16: return static_cast<double>(from_bf16_bits(reinterpret_cast<const uint16_t*>(data_)[i]));
    case DType::f16: return static_cast<double>(from_f16_bits(reinterpret_cast<const uint16_t*>(data_)[i]));
    default: return static_cast<double>(integer_at(dtype_, data_, i));
  }
}

std::byte* Tensor::refuse_to_write() const { throw UserError("tensor: memory must not be const where it is written, got a view of const " + type_text() + "; use clone()"); }

void Tensor::set(int64_t i, double value) {
  if (constant_) refuse_to_write();
  if (i < 0 || i >= numel_) refuse_index(i);
  switch (dtype_) {
    case DType::f64: reinterpret_cast<double*>(data_)[i] = value; break;
    case DType::f32: reinterpret_cast<float*>(data_)[i] = static_cast<float>(value); break;
    case DType::bf16: reinterpret_cast<uint16_t*>(data_)[i] = to_bf16_bits(static_cast<float>(value)); break;
    case DType::f16: reinterpret_cast<uint16_t*>(data_)[i] = to_f16_bits(static_cast<float>(value)); break;
    case DType::i64: reinterpret_cast<int64_t*>(data_)[i] = saturate<int64_t>(value); break;
    case DType::i32: reinterpret_cast<int32_t*>(data_)[i] = saturate<int32_t>(value); break;
    case DType::u8: reinterpret_cast<uint8_t*>(data_)[i] = saturate<uint8_t>(value); break;
    case DType::boolean: reinterpret_cast<uint8_t*>(data_)[i] = value != 0 ? 1 : 0; break;
  }
}

double Tensor::only_element() const {
  if (numel_ != 1) throw UserError("tensor: item needs a tensor of one element, got " + type_text());
  return at(0);
}

void Tensor::refuse_item() const {
  throw UserError("tensor: item must be asked for a type that holds the value, got an integer type for " + to_text(*this) + " of " + type_text());
}

Tensor::WholeNumber Tensor::only_whole() const {
  const double x = only_element();
  if (!is_float(dtype_)) {
    const int64_t n = integer_at(dtype_, data_, 0);
    return {n < 0, n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n)};
  }
  if (!(std::abs(x) < 0x1p64)) refuse_item();  // NaN too
  return {x < 0, static_cast<uint64_t>(std::abs(x))};
}

Tensor Tensor::to(DType dtype) const {
  if (dtype == dtype_) return *this;
  Tensor result = uninitialized(dtype, sizes_);
  const bool exact = !is_float(dtype_) && !is_float(dtype) && dtype != DType::boolean;
  for (int64_t i = 0; i < numel_; ++i) {
    if (!exact) {
      result.set(i, at(i));
      continue;
    }
    const int64_t value = integer_at(dtype_, data_, i);  // integers wrap, as C++ does
    if (dtype == DType::i64) reinterpret_cast<int64_t*>(result.data_)[i] = value;
    else if (dtype == DType::i32) reinterpret_cast<int32_t*>(result.data_)[i] = static_cast<int32_t>(value);
    else reinterpret_cast<uint8_t*>(result.data_)[i] = static_cast<uint8_t>(value);
  }
  return result;
}

Tensor Tensor::clone() const {
  Tensor result = uninitialized(dtype_, sizes_);
  if (bytes() > 0) std::memcpy(result.data_, data_, static_cast<size_t>(bytes()));
  return result;
}

Tensor Tensor::reshaped(Sizes sizes) const {
  if (numel_of(sizes) != numel_)
    throw UserError("tensor: reshaped keeps the number of elements, got " + type_text() + " to " + list_of(sizes));
  Tensor result = *this;
  result.sizes_ = std::move(sizes);
  return result;
}

// The count is read relaxed; the fence pairs with the release of the thread whose handle was the last but one.
bool Tensor::unique() const {
  if (memory_.use_count() != 1) return false;
  std::atomic_thread_fence(std::memory_order_acquire);
  return true;
}

std::string Tensor::type_text() const { return std::string(name_of(dtype_)) + list_of(sizes_); }

bool identical(const Tensor& a, const Tensor& b) {
  return a.dtype_ == b.dtype_ && a.sizes_ == b.sizes_ &&
         (a.bytes() == 0 || std::memcmp(a.data_, b.data_, static_cast<size_t>(a.bytes())) == 0);
}

}  // namespace lanc
