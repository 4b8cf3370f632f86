// How tensors are printed: as NumPy 2.4 prints arrays with its default options (8 digits, 75 columns, at most 1,000 elements in full).
#include <lanc/graph/tensor.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>
#include <string>
#include <vector>

namespace lanc {
namespace {

constexpr int64_t threshold = 1000;  // elements; above it each axis shows its ends only
constexpr int64_t edge_items = 3;
constexpr int line_width = 75;
constexpr int precision = 8;         // digits after the point

// The decimal digits of |x| and the power of ten of the first one: 0.00123 is {"123", -3}.
struct Decimal {
  std::string digits;
  int exponent = 0;
};

Decimal decimal_of(const char* begin, const char* end) {  // "1.23e-03"
  Decimal d;
  const char* e = std::find(begin, end, 'e');
  for (const char* c = begin; c != e; ++c)
    if (*c >= '0' && *c <= '9') d.digits += *c;
  int exponent = 0;
  std::from_chars(e + 1 + (e[1] == '+'), end, exponent);
  d.exponent = exponent;
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  return d;
}

// The double as `digits` decimal digits, correctly rounded (halves to even).
Decimal rounded(double x, int digits) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, std::abs(x), std::chars_format::scientific, digits - 1);
  return decimal_of(buffer, result.ptr);
}

// bf16 counts as f32: NumPy has none.
DType printed_as(DType dtype) { return dtype == DType::bf16 ? DType::f32 : dtype; }

double nearest(DType dtype, double x) {
  Tensor t(dtype, {});
  t.set(0, x);
  return t.at(0);
}

// The fewest digits that read back as the same number of this dtype.
Decimal shortest(DType dtype, double x) {
  char buffer[64];
  if (dtype == DType::f64 || dtype == DType::f32) {
    const double size = std::abs(x);
    const auto result = dtype == DType::f64 ? std::to_chars(buffer, buffer + sizeof buffer, size, std::chars_format::scientific)
                                            : std::to_chars(buffer, buffer + sizeof buffer, static_cast<float>(size), std::chars_format::scientific);
    return decimal_of(buffer, result.ptr);
  }
  for (int digits = 1;; ++digits) {
    const auto result = std::to_chars(buffer, buffer + sizeof buffer, std::abs(x), std::chars_format::scientific, digits - 1);
    double back = 0;
    std::from_chars(buffer, result.ptr, back);
    if (nearest(dtype, back) == std::abs(x) || digits == 17) return decimal_of(buffer, result.ptr);
  }
}

// Shortest, but with at most so many digits after the point. One that is cut is rounded from the exact value, not from the shortest digits.
Decimal positional_digits(DType dtype, double x, int after_point) {
  Decimal d = shortest(dtype, x);
  const int wanted = d.exponent + 1 + after_point;  // digits up to the last place shown
  if (static_cast<int>(d.digits.size()) <= wanted) return d;
  return rounded(x, wanted);  // numbers below 1e-4 are printed with an exponent, so that there is a digit to show
}

Decimal scientific_digits(DType dtype, double x, int after_point) {
  Decimal d = shortest(dtype, x);
  return static_cast<int>(d.digits.size()) <= after_point + 1 ? d : rounded(x, after_point + 1);
}

// A number taken apart as it will be printed: "-12", "5" or with exponent "-1", "25", "+03".
struct Parts {
  std::string whole, fraction, exponent;
};

Parts positional_parts(const Decimal& d, bool negative) {
  Parts p;
  p.whole = negative ? "-" : "";
  for (int i = 0; i <= d.exponent; ++i) p.whole += i < static_cast<int>(d.digits.size()) ? d.digits[static_cast<size_t>(i)] : '0';
  if (d.exponent < 0) p.whole += '0';
  if (d.digits == "0") return p;
  p.fraction.assign(static_cast<size_t>(std::max(0, -d.exponent - 1)), '0');
  for (size_t i = static_cast<size_t>(std::max(0, d.exponent + 1)); i < d.digits.size(); ++i) p.fraction += d.digits[i];
  return p;
}

Parts scientific_parts(const Decimal& d, bool negative) {
  Parts p{(negative ? "-" : "") + d.digits.substr(0, 1), d.digits.substr(1), d.exponent < 0 ? "-" : "+"};
  const std::string size = std::to_string(std::abs(d.exponent));
  p.exponent += (size.size() < 2 ? "0" : "") + size;
  return p;
}

std::string padded(const std::string& text, size_t width) { return std::string(width > text.size() ? width - text.size() : 0, ' ') + text; }

int64_t integer_at(const Tensor& t, int64_t i) {
  switch (t.dtype()) {
    case DType::i64: return t.span<int64_t>()[static_cast<size_t>(i)];
    case DType::i32: return t.span<int32_t>()[static_cast<size_t>(i)];
    default: return static_cast<int64_t>(t.at(i));
  }
}

// The largest number below which NumPy prints every element without an exponent: ten to the dtype's decimal digits, 10^8 at most.
double positional_limit(DType dtype) { return dtype == DType::f64 ? 1e8 : dtype == DType::f16 ? 1e3 : 1e6; }

// All elements that are shown get one format: it is chosen from them.
class Format {
 public:
  Format(const Tensor& tensor, const std::vector<int64_t>& shown) : tensor_(tensor), dtype_(printed_as(tensor.dtype())) {
    if (tensor.dtype() == DType::boolean) return;
    if (is_integer(tensor.dtype())) {
      for (int64_t i : shown) width_ = std::max(width_, std::to_string(integer_at(tensor, i)).size());
      return;
    }
    choose_exponents(shown);
    measure(shown);
  }

  std::string operator()(int64_t i) const {
    if (tensor_.dtype() == DType::boolean) return tensor_.at(i) != 0 ? " True" : "False";
    if (is_integer(tensor_.dtype())) return padded(std::to_string(integer_at(tensor_, i)), width_);
    const double x = tensor_.at(i);
    if (!std::isfinite(x)) return padded(std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf", whole_ + 1 + right_);
    // Beside an exponent all have the digits of the longest: those of the exact value, as far as the shortest ones do not reach.
    const Parts p = exponents_ ? scientific_parts(rounded(x, static_cast<int>(fraction_) + 1), std::signbit(x)) : parts(x);
    const std::string fill(fraction_ - p.fraction.size(), exponents_ ? '0' : ' ');
    const std::string out = padded(p.whole, whole_) + "." + p.fraction + fill;
    if (!exponents_) return out;
    const std::string size = p.exponent.substr(1);
    return out + "e" + p.exponent[0] + std::string(exponent_ - size.size(), '0') + size;
  }

 private:
  Parts parts(double x) const {
    return exponents_ ? scientific_parts(scientific_digits(dtype_, x, precision), std::signbit(x))
                      : positional_parts(positional_digits(dtype_, x, precision), std::signbit(x));
  }

  void choose_exponents(const std::vector<int64_t>& shown) {
    double largest = 0, smallest = 0;
    for (int64_t i : shown) {
      const double size = std::abs(tensor_.at(i));
      if (!std::isfinite(size) || size == 0) continue;
      largest = std::max(largest, size);
      smallest = smallest == 0 ? size : std::min(smallest, size);
    }
    // The quotient is one of the dtype's: in f16 it overflows, or rounds to 1000 exactly.
    exponents_ = largest > 0 && (largest >= positional_limit(dtype_) || smallest < nearest(dtype_, 1e-4) ||
                                 nearest(dtype_, largest / smallest) > 1000);
  }

  void measure(const std::vector<int64_t>& shown) {
    bool finite = false, negative_infinity = false, not_finite = false;
    for (int64_t i : shown) {
      const double x = tensor_.at(i);
      if (!std::isfinite(x)) {
        not_finite = true;
        negative_infinity |= std::isinf(x) && x < 0;
        continue;
      }
      finite = true;
      const Parts p = parts(x);
      whole_ = std::max(whole_, p.whole.size());
      fraction_ = std::max(fraction_, p.fraction.size());
      if (exponents_) exponent_ = std::max(exponent_, p.exponent.size() - 1);
    }
    right_ = exponents_ && finite ? exponent_ + 2 + fraction_ : fraction_;
    if (!not_finite) return;
    const size_t longest = negative_infinity ? 4 : 3;
    if (longest > right_ + 1) whole_ = std::max(whole_, longest - right_ - 1);
  }

  const Tensor& tensor_;
  DType dtype_;
  bool exponents_ = false;
  size_t width_ = 0;                                        // of integers
  size_t whole_ = 0, fraction_ = 0, exponent_ = 0, right_ = 0;  // characters before the point, after it, of the exponent, of all behind the point
};

bool cut(const Tensor& t, int64_t axis) { return t.numel() > threshold && t.sizes()[static_cast<size_t>(axis)] > 2 * edge_items; }

// Calls each(position along the axis); -1 stands for what is left out.
template <class F>
void along(const Tensor& t, int64_t axis, F each) {
  const int64_t size = t.sizes()[static_cast<size_t>(axis)];
  for (int64_t i = 0; i < size; ++i) {
    if (cut(t, axis) && i == edge_items) {
      each(int64_t{-1});
      i = size - edge_items;
    }
    each(i);
  }
}

void collect(const Tensor& t, const Sizes& strides, int64_t axis, int64_t start, std::vector<int64_t>& shown) {
  if (axis == t.rank()) return shown.push_back(start);
  along(t, axis, [&](int64_t i) {
    if (i >= 0) collect(t, strides, axis + 1, start + i * strides[static_cast<size_t>(axis)], shown);
  });
}

void end_line(std::string& text, std::string& line, const std::string& indent) {
  line.erase(line.find_last_not_of(' ') + 1);
  text += line + "\n";
  line = indent;
}

// One innermost row, wrapped where it would pass the width.
std::string row(const Tensor& t, const Format& format, int64_t start, const std::string& indent, int width) {
  std::string text, line = indent;
  bool first = true;
  along(t, t.rank() - 1, [&](int64_t i) {
    const std::string word = i < 0 ? "..." : format(start + i);
    if (!first) line += ' ';
    if (line.size() + word.size() > static_cast<size_t>(width) && line.size() > indent.size()) end_line(text, line, indent);
    line += word;
    first = false;
  });
  return "[" + (text + line).substr(indent.size()) + "]";
}

std::string block(const Tensor& t, const Format& format, const Sizes& strides, int64_t axis, int64_t start, const std::string& indent, int width) {
  // Each bracket that closes behind a row takes a column of it.
  if (axis == t.rank() - 1) return row(t, format, start, indent, width - 1);
  std::string text;
  along(t, axis, [&](int64_t i) {
    if (!text.empty()) text += std::string(static_cast<size_t>(t.rank() - axis - 1), '\n') + indent;
    text += i < 0 ? "..." : block(t, format, strides, axis + 1, start + i * strides[static_cast<size_t>(axis)], indent + " ", width - 1);
  });
  return "[" + text + "]";
}

// A number by itself: all its digits; with an exponent below 1e-4 and from where not all whole numbers are shown: 10^16, 10^6, 10^3.
std::string scalar_text(const Tensor& t) {
  if (t.dtype() == DType::boolean) return t.at(0) != 0 ? "True" : "False";
  if (is_integer(t.dtype())) return std::to_string(integer_at(t, 0));
  const double x = t.at(0), size = std::abs(x);
  if (!std::isfinite(x)) return std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
  const Decimal d = shortest(printed_as(t.dtype()), x);
  const double limit = t.dtype() == DType::f64 ? 1e16 : positional_limit(t.dtype());
  if (size == 0 || (size >= 1e-4 && size < limit)) {
    const Parts p = positional_parts(d, std::signbit(x));
    return p.whole + "." + (p.fraction.empty() ? "0" : p.fraction);
  }
  const Parts p = scientific_parts(d, std::signbit(x));
  return p.whole + (p.fraction.empty() ? "" : "." + p.fraction) + "e" + p.exponent;
}

}  // namespace

std::string to_text(const Tensor& tensor) {
  if (tensor.rank() == 0) return scalar_text(tensor);
  if (tensor.numel() == 0) return "[]";
  const Sizes strides = row_major(tensor.sizes());
  std::vector<int64_t> shown;
  collect(tensor, strides, 0, 0, shown);
  return block(tensor, Format(tensor, shown), strides, 0, 0, " ", line_width);
}

std::ostream& operator<<(std::ostream& out, const Tensor& tensor) { return out << to_text(tensor); }

}  // namespace lanc
