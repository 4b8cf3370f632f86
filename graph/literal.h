// graph/literal.h: plain numbers among values: they take the dtype of the values they meet.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include <lanc/graph/dtype.h>

namespace lanc {

class Tensor;

/// A number whose dtype follows the values it meets.
struct Literal {
  enum class Kind : uint8_t { integer, real, truth };
  Kind kind = Kind::real;
  double real = 0;       // the value as a double, whatever the kind
  int64_t integer = 0;   // exact, for integers and booleans

  Literal() = default;
  /// UserError: an unsigned number beyond what i64 holds.
  template <class T>
    requires std::is_arithmetic_v<T>
  explicit Literal(T number)
      : kind(std::same_as<T, bool> ? Kind::truth : std::integral<T> ? Kind::integer : Kind::real), real(static_cast<double>(number)) {
    if constexpr (std::unsigned_integral<T> && sizeof(T) == 8) integer = signed_of(number);
    else if constexpr (std::integral<T>) integer = static_cast<int64_t>(number);
  }
  /// "300", "0.5".
  std::string text() const;

 private:
  static int64_t signed_of(uint64_t number);
};

/// The dtype that a literal takes beside values of this dtype; beside literals alone it is f32, i64 or bool.
DType literal_dtype(const Literal& literal, std::optional<DType> met);

/// Can this dtype hold the number? Floats hold, rounded, what does not go beyond their largest; the others what they have.
bool holds(DType dtype, const Literal& number);

/// The number as a tensor of rank 0; whole numbers stay exact in i64.
Tensor literal_tensor(const Literal& literal, DType dtype);

}  // namespace lanc
