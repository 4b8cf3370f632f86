#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {

Fed Fed::as(DType fixed) const {
  Fed copy = *this;
  copy.dtype = fixed;
  return copy;
}

Fed uniform(Sizes sizes, double lo, double hi) { return {.kind = Fed::Kind::uniform, .sizes = std::move(sizes), .lo = lo, .hi = hi}; }

Fed integers(Sizes sizes, int64_t lo, int64_t hi) {
  return {.kind = Fed::Kind::integers, .sizes = std::move(sizes), .lo = static_cast<double>(lo), .hi = static_cast<double>(hi)};
}

Fed distinct(Sizes sizes, double lo, double hi) { return {.kind = Fed::Kind::distinct, .sizes = std::move(sizes), .lo = lo, .hi = hi}; }

Fed values(Sizes sizes, std::vector<double> elements) { return {.sizes = std::move(sizes), .listed = std::move(elements)}; }

Fed zeros(Sizes sizes) { return values(std::move(sizes), {0}); }

std::vector<OpCases> with_symbols(std::vector<OpCases> tables) {
  for (OpCases& table : tables) table.symbolic = true;
  return tables;
}

std::vector<DType> floats() { return {f64, f32, bf16, f16}; }
std::vector<DType> numbers() { return {f64, f32, bf16, f16, i64, i32, u8}; }
std::vector<DType> everything() { return {std::begin(all_dtypes), std::end(all_dtypes)}; }

}  // namespace lanc::cases
