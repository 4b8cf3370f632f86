// graph/dim.h: a dimension of a shape: a number, a named symbol, or an expression of them in normal form.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lanc {

/// The answer to a question about shapes that may depend on dims that are not bound yet.
enum class Truth { no, yes, unknown };

/// What each symbol is bound to when a function is called.
using Bindings = std::map<std::string, int64_t>;

/// A sum of products of symbols and floordiv, ceildiv, min, max terms with integer coefficients, kept in a normal form, so that two
/// equal expressions are equal objects: (batch + 1) * 2 == 2 * batch + 2. Symbols stand for numbers >= 0. All arithmetic is checked
/// 64-bit: UserError when it overflows, or when the text of an expression would have more than 10,000 characters.
class Dim {
 public:
  template <std::integral T>
  Dim(T number) : number_(static_cast<int64_t>(number)) {
    if constexpr (std::unsigned_integral<T> && sizeof(T) >= sizeof(int64_t))
      if (number_ < 0) refuse_wide();
  }
  Dim() = default;
  static Dim symbol(std::string name);

  bool is_number() const { return expression_ == nullptr; }
  /// The number; InternalError when the dim has symbols.
  int64_t number() const;
  /// The value under these bindings; UserError that names the first symbol without one.
  int64_t bind(const Bindings& bindings) const;
  /// The same dim with the bound symbols replaced.
  Dim substitute(const Bindings& bindings) const;
  /// Names of the symbols in it, each once, sorted.
  std::vector<std::string> symbols() const;
  /// "batch", "2*batch + 1", "ceildiv(t, 4)".
  std::string text() const;

  friend bool operator==(const Dim& a, const Dim& b);
  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  /// Towards minus infinity; UserError when b is the number 0.
  friend Dim floordiv(const Dim& a, const Dim& b);
  friend Dim ceildiv(const Dim& a, const Dim& b);
  friend Dim smaller_of(const Dim& a, const Dim& b);
  friend Dim larger_of(const Dim& a, const Dim& b);

  struct Expression;

 private:
  friend struct DimBuilder;
  [[noreturn]] static void refuse_wide();
  int64_t number_ = 0;
  std::shared_ptr<const Expression> expression_;
};

/// Are they equal for every binding, for none, or is it not known yet?
Truth equal_dims(const Dim& a, const Dim& b);
/// Is a <= b for every binding, for none, or is it not known yet?
Truth at_most(const Dim& a, const Dim& b);
/// Reads the form that text() writes; UserError with the position where it departs from it.
Dim parse_dim(const std::string& text);

}  // namespace lanc
