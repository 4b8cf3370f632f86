// backends/cpu/elements.h: blocks of stored elements in the type in which they are computed, and back.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include <lanc/graph/dtype.h>

namespace lanc::cpu {

/// Both 16-bit floats without a branch, so that loops over them vectorize; the same values as graph/dtype.h gives.
inline float widened_bf16(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }
inline float widened_f16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
  const uint32_t normal = (magnitude << 13) + (112u << 23), special = (magnitude << 13) | 0x7f800000u;
  const uint32_t subnormal = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f);
  return std::bit_cast<float>(sign | (magnitude >= 0x7c00u ? special : magnitude >= 0x400u ? normal : subnormal));
}

/// Rounded to nearest, ties to even; NaN stays NaN.
inline uint16_t narrowed_bf16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x), rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16) | 0x40u : rounded);
}

/// n elements with this stride as a dense block of C; where they lie when that is what they are already, else in `buffer`.
template <class C>
const C* dense(DType stored, const std::byte* from, int64_t stride, int64_t n, C* buffer) {
  if (is_storage_only(stored)) {
    const auto* bits = reinterpret_cast<const uint16_t*>(from);
    if constexpr (std::is_floating_point_v<C>) {
      if (stored == DType::bf16)
        for (int64_t i = 0; i < n; ++i) buffer[i] = static_cast<C>(widened_bf16(bits[i * stride]));
      else
        for (int64_t i = 0; i < n; ++i) buffer[i] = static_cast<C>(widened_f16(bits[i * stride]));
    }
    return buffer;
  }
  const auto* values = reinterpret_cast<const C*>(from);
  if (stride == 1) return values;
  for (int64_t i = 0; i < n; ++i) buffer[i] = values[i * stride];
  return buffer;
}

/// One result, rounded to the stored dtype.
template <class V>
void put(DType stored, std::byte* to, int64_t i, V value) {
  switch (stored) {
    case DType::f64: reinterpret_cast<double*>(to)[i] = static_cast<double>(value); break;
    case DType::f32: reinterpret_cast<float*>(to)[i] = static_cast<float>(value); break;
    case DType::bf16: reinterpret_cast<uint16_t*>(to)[i] = to_bf16_bits(static_cast<float>(value)); break;
    case DType::f16: reinterpret_cast<uint16_t*>(to)[i] = to_f16_bits(static_cast<float>(value)); break;
    case DType::i64: reinterpret_cast<int64_t*>(to)[i] = static_cast<int64_t>(value); break;
    case DType::i32: reinterpret_cast<int32_t*>(to)[i] = static_cast<int32_t>(value); break;
    case DType::u8:
    case DType::boolean: reinterpret_cast<uint8_t*>(to)[i] = static_cast<uint8_t>(value); break;
  }
}

/// n results side by side.
template <class V>
void put_dense(DType stored, std::byte* to, const V* values, int64_t n) {
  const auto fill = [&]<class T>(T* out) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(values[i]);
  };
  if (stored == DType::f32) return fill(reinterpret_cast<float*>(to));
  if (stored == DType::f64) return fill(reinterpret_cast<double*>(to));
  if (stored == DType::i64) return fill(reinterpret_cast<int64_t*>(to));
  if (stored == DType::i32) return fill(reinterpret_cast<int32_t*>(to));
  if (stored == DType::bf16) {
    auto* out = reinterpret_cast<uint16_t*>(to);
    for (int64_t i = 0; i < n; ++i) out[i] = narrowed_bf16(static_cast<float>(values[i]));
    return;
  }
  for (int64_t i = 0; i < n; ++i) put(stored, to, i, values[i]);
}

}  // namespace lanc::cpu
