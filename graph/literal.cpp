#include <lanc/graph/literal.h>

#include <cmath>
#include <limits>

#include <lanc/graph/attributes.h>
#include <lanc/graph/error.h>
#include <lanc/graph/tensor.h>

namespace lanc {

int64_t Literal::signed_of(uint64_t number) {
  if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    throw UserError("a literal must be at most 9223372036854775807 (i64), got " + std::to_string(number));
  return static_cast<int64_t>(number);
}

std::string Literal::text() const {
  return kind == Kind::real ? number_text(real) : kind == Kind::truth ? (integer != 0 ? "true" : "false") : std::to_string(integer);
}

DType literal_dtype(const Literal& literal, std::optional<DType> met) {
  const bool real = literal.kind == Literal::Kind::real, integer = literal.kind == Literal::Kind::integer;
  if (!met) return real ? f32 : integer ? i64 : boolean;
  if (real && !is_float(*met)) return f32;
  if (integer && *met == boolean) return i64;
  return *met;
}

bool holds(DType dtype, const Literal& number) {
  if (is_float(dtype)) {
    const double most = dtype == f16 ? 65504 : dtype == bf16 ? 0x1.fep127 : dtype == f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
    return !std::isfinite(number.real) || std::fabs(number.real) <= most;
  }
  const auto between = [&](double low, double high) {
    return number.kind == Literal::Kind::real ? number.real >= low && number.real < high + 1 && std::trunc(number.real) == number.real
                                              : number.real >= low && number.real <= high;
  };
  switch (dtype) {
    case DType::i32: return between(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
    case DType::u8: return between(0, 255);
    case DType::boolean: return between(0, 1);
    default: return number.kind != Literal::Kind::real || between(-0x1p63, 0x1p63 - 1025);
  }
}

Tensor literal_tensor(const Literal& literal, DType dtype) {
  Tensor t(dtype, {});
  if (dtype == i64 && literal.kind != Literal::Kind::real) t.span<int64_t>()[0] = literal.integer;
  else t.set(0, literal.real);
  return t;
}

}  // namespace lanc
