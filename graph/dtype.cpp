#include <lanc/graph/dtype.h>

#include <bit>

namespace lanc {
namespace {

constexpr std::string_view names[] = {"f64", "f32", "bf16", "f16", "i64", "i32", "u8", "bool"};

// Place in the promotion lattice; bf16 and f16 stand side by side.
constexpr int rank_of(DType t) {
  constexpr int ranks[] = {6, 5, 4, 4, 3, 2, 1, 0};
  return ranks[static_cast<int>(t)];
}

}  // namespace

std::string_view name_of(DType t) { return names[static_cast<int>(t)]; }

std::optional<DType> dtype_named(std::string_view name) {
  for (DType t : all_dtypes)
    if (name_of(t) == name) return t;
  return std::nullopt;
}

DType promote(DType a, DType b) {
  if (a == b) return a;
  if (rank_of(a) == rank_of(b)) return DType::f32;
  return rank_of(a) > rank_of(b) ? a : b;
}

uint16_t to_bf16_bits(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40u);  // keep NaN a NaN
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

float from_bf16_bits(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t to_f16_bits(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint32_t sign = (bits >> 16) & 0x8000u;
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);  // rounds to 65536 or more
  if (magnitude >= 0x38800000u) {                                             // normal: rebias and round the mantissa
    const uint32_t rebiased = magnitude - 0x38000000u;
    return static_cast<uint16_t>(sign | ((rebiased + 0xfffu + ((rebiased >> 13) & 1u)) >> 13));
  }
  if (magnitude < 0x33000000u) return static_cast<uint16_t>(sign);  // below half of the smallest subnormal
  const uint32_t exponent = magnitude >> 23;                        // subnormal: shift the mantissa with its hidden one
  const uint32_t mantissa = (magnitude & 0x7fffffu) | 0x800000u;
  const uint32_t shift = 126u - exponent;
  const uint32_t half = 1u << (shift - 1u);
  const uint32_t kept = mantissa >> shift;
  const uint32_t rest = mantissa & ((1u << shift) - 1u);
  return static_cast<uint16_t>(sign | (kept + ((rest > half || (rest == half && (kept & 1u))) ? 1u : 0u)));
}

float from_f16_bits(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fu;
  const uint32_t mantissa = bits & 0x3ffu;
  if (exponent == 0x1fu) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112u) << 23) | (mantissa << 13));
  if (mantissa == 0) return std::bit_cast<float>(sign);
  const int shift = std::countl_zero(mantissa) - 21;  // brings the leading one to bit 10
  return std::bit_cast<float>(sign | (static_cast<uint32_t>(113 - shift) << 23) | (((mantissa << shift) & 0x3ffu) << 13));
}

}  // namespace lanc
