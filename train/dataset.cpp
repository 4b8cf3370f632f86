#include <lanc/train/dataset.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include <lanc/graph/error.h>
#include <lanc/train/order.h>

namespace lanc::data {
namespace {

std::string short_number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

Sizes without_first(const Sizes& sizes) { return {sizes.begin() + 1, sizes.end()}; }

// `into` becomes {rows, sizes of an example...}.
void make_room(Tensor& into, DType dtype, int64_t rows, const Sizes& example) {
  Sizes sizes = {rows};
  sizes.insert(sizes.end(), example.begin(), example.end());
  if (into.dtype() == dtype && into.sizes() == sizes && into.unique()) return;
  into = Tensor::uninitialized(dtype, std::move(sizes));
}

}  // namespace

namespace detail {

// Moves rows * row_bytes bytes; runs of consecutive rows are one copy.
void gather_rows(const Tensor& source, std::span<const int64_t> rows, Tensor& into) {
  const Sizes example = without_first(source.sizes());
  const size_t row_bytes = static_cast<size_t>(numel_of(example) * size_of(source.dtype()));
  const int64_t size = source.sizes()[0];
  for (int64_t row : rows)
    if (row < 0 || row >= size) throw_out_of_range("example", row, size);
  make_room(into, source.dtype(), static_cast<int64_t>(rows.size()), example);
  if (row_bytes == 0) return;
  for (size_t i = 0; i < rows.size();) {
    size_t run = 1;
    while (i + run < rows.size() && rows[i + run] == rows[i] + static_cast<int64_t>(run)) ++run;
    std::memcpy(into.data() + i * row_bytes, source.data() + static_cast<size_t>(rows[i]) * row_bytes, run * row_bytes);
    i += run;
  }
}

void stack(std::span<const Tensor> examples, std::span<const int64_t> rows, Tensor& into) {
  const Tensor& first = examples[0];
  for (size_t i = 1; i < examples.size(); ++i)
    if (examples[i].dtype() != first.dtype() || examples[i].sizes() != first.sizes())
      throw UserError("batches: examples must have one type, got " + first.type_text() + " at example " + std::to_string(rows[0]) +
                      " and " + examples[i].type_text() + " at example " + std::to_string(rows[i]));
  make_room(into, first.dtype(), static_cast<int64_t>(examples.size()), first.sizes());
  const size_t bytes = static_cast<size_t>(first.bytes());
  if (bytes == 0) return;
  for (size_t i = 0; i < examples.size(); ++i) std::memcpy(into.data() + i * bytes, examples[i].data(), bytes);
}

void throw_columns_differ(const Tensor& first, const Tensor& other, size_t column) {
  throw UserError("table: columns must have one number of examples, got " + first.type_text() + " in column 0 and " +
                  other.type_text() + " in column " + std::to_string(column));
}

void throw_no_rows(const Tensor& column, size_t index) {
  throw UserError("table: the first axis of a column is the example, got " + column.type_text() + " in column " +
                  std::to_string(index));
}

void throw_out_of_range(const char* what, int64_t got, int64_t size) {
  throw UserError(std::string("data set: ") + what + " must be in [0, " + std::to_string(size) + "), got " + std::to_string(got));
}

std::array<int64_t, 3> split_sizes(int64_t n, const Fractions& fractions) {
  const double f[3] = {fractions.training, fractions.validation, fractions.test};
  for (double x : f)
    if (!(x >= 0 && x <= 1)) throw UserError("split: fractions must be in [0, 1], got " + short_number(x));
  constexpr double rounding = 1e-9;  // of decimal fractions such as 1/3 written with 10 digits
  if (std::abs(f[0] + f[1] + f[2] - 1) > rounding)
    throw UserError("split: fractions must sum to 1, got " + short_number(f[0]) + " + " + short_number(f[1]) + " + " +
                    short_number(f[2]) + " = " + short_number(f[0] + f[1] + f[2]));

  // Hamilton's method: everyone gets the floor, the seats left go to the largest remainders. What is nearly whole is whole; nearly: by less than
  // half a row, however many there are.
  const double nearly = std::min(rounding * static_cast<double>(n), 0.25);
  std::array<int64_t, 3> sizes;
  std::array<double, 3> remainders;
  int64_t left = n;
  for (size_t p = 0; p < 3; ++p) {
    const double exact = f[p] * static_cast<double>(n);
    const double nearest = std::round(exact);
    const double whole = std::abs(exact - nearest) <= nearly ? nearest : std::floor(exact);
    sizes[p] = static_cast<int64_t>(whole);
    remainders[p] = exact - whole;
    left -= sizes[p];
  }
  for (; left > 0; --left) {
    const size_t p = static_cast<size_t>(std::max_element(remainders.begin(), remainders.end()) - remainders.begin());
    ++sizes[p];
    remainders[p] -= 1;
  }
  for (; left < 0; ++left) {  // fractions that sum to a little more than 1
    size_t p = static_cast<size_t>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
    for (size_t q = 0; q < 3; ++q)
      if (sizes[q] > 0 && remainders[q] < remainders[p]) p = q;
    --sizes[p];
    remainders[p] += 1;
  }
  return sizes;
}

std::array<std::vector<int64_t>, 3> split_rows(int64_t n, const Fractions& fractions, int64_t seed) {
  const std::array<int64_t, 3> sizes = split_sizes(n, fractions);
  const std::vector<int64_t> order = permutation(n, seed, 0, OrderOf::split);
  std::array<std::vector<int64_t>, 3> rows;
  auto from = order.begin();
  for (size_t p = 0; p < 3; ++p) {
    rows[p].assign(from, from + sizes[p]);
    from += sizes[p];
    std::sort(rows[p].begin(), rows[p].end());
  }
  return rows;
}

Tensor joined_rows(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || without_first(a.sizes()) != without_first(b.sizes()))
    throw UserError("joined: examples must have one type, got " + a.type_text() + " and " + b.type_text());
  Sizes sizes = a.sizes();
  sizes[0] += b.sizes()[0];
  Tensor result = Tensor::uninitialized(a.dtype(), std::move(sizes));
  if (a.bytes() > 0) std::memcpy(result.data(), a.data(), static_cast<size_t>(a.bytes()));
  if (b.bytes() > 0) std::memcpy(result.data() + a.bytes(), b.data(), static_cast<size_t>(b.bytes()));
  return result;
}

}  // namespace detail
}  // namespace lanc::data
