// graph/dtype.h: the eight element types, how they are named, promoted, stored and converted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lanc {

/// bf16 and f16 are storage types: arithmetic on them is done in f32. `boolean` is one byte, 0 or 1.
enum class DType : uint8_t { f64, f32, bf16, f16, i64, i32, u8, boolean };

inline constexpr DType f64 = DType::f64;
inline constexpr DType f32 = DType::f32;
inline constexpr DType bf16 = DType::bf16;
inline constexpr DType f16 = DType::f16;
inline constexpr DType i64 = DType::i64;
inline constexpr DType i32 = DType::i32;
inline constexpr DType u8 = DType::u8;
inline constexpr DType boolean = DType::boolean;

inline constexpr DType all_dtypes[] = {f64, f32, bf16, f16, i64, i32, u8, boolean};

constexpr bool is_float(DType t) { return t <= DType::f16; }
constexpr bool is_integer(DType t) { return t == DType::i64 || t == DType::i32 || t == DType::u8; }
constexpr bool is_storage_only(DType t) { return t == DType::bf16 || t == DType::f16; }

/// Bytes of one element.
constexpr int64_t size_of(DType t) {
  constexpr int64_t bytes[] = {8, 4, 2, 2, 8, 4, 1, 1};
  return bytes[static_cast<int>(t)];
}

/// "f32", ..., "bool".
std::string_view name_of(DType t);
std::optional<DType> dtype_named(std::string_view name);

/// The type in which two operands meet: the smallest type of the lattice bool < u8 < i32 < i64 < {bf16, f16} < f32 < f64 that
/// holds both (bf16 with f16 gives f32). The table is written out in docs/dtypes.md and tested in full.
DType promote(DType a, DType b);

/// The type in which arithmetic on `t` is done: f32 for bf16 and f16, `t` itself otherwise.
constexpr DType compute_type(DType t) { return is_storage_only(t) ? DType::f32 : t; }

// Round to nearest, ties to even; NaN stays NaN, overflow gives infinity.
uint16_t to_bf16_bits(float x);
uint16_t to_f16_bits(float x);
float from_bf16_bits(uint16_t bits);
float from_f16_bits(uint16_t bits);

/// The C++ type that holds one element on the host (16-bit floats as their bits).
template <class T>
struct DTypeOf;
template <>
struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr DType value = DType::i64;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::i32;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <>
struct DTypeOf<bool> {
  static constexpr DType value = DType::boolean;
};

}  // namespace lanc
