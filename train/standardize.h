// train/standardize.h: inputs brought to mean 0 and variance 1, by figures that come from the training part alone.
#pragma once

#include <cstdint>
#include <utility>

#include <lanc/train/dataset.h>

namespace lanc::data {

enum class Per : uint8_t {
  feature,  // one mean and scale for each element of an example
  whole,    // one for all: for images, whose rarely lit pixels would be blown up one by one
};

struct StandardizeOptions {
  Per per = Per::feature;
  uint64_t column = 0;
};

/// (x - mean) / scale.
struct Standardization {
  Tensor mean;   // f64, of an example's sizes, or a scalar
  Tensor scale;  // standard deviation with N - 1; 1 where all values are equal or there is one only
  uint64_t column = 0;

  /// Of x of sizes {n, example...}, or of any sizes when fitted as a whole; a new tensor of the same dtype (f32 or f64; computed in it).
  /// UserError: another dtype or other example sizes.
  Tensor apply(const Tensor& x, std::source_location where = std::source_location::current()) const;
  /// The data set with its column standardized; a ValidationSet stays one, a TestSet too.
  template <size_t N>
  Table<N> apply(const Table<N>& table) const {
    return table.with_column(column, apply(table.column(column)));
  }
  template <size_t N>
  ValidationSet<Table<N>> apply(const ValidationSet<Table<N>>& set) const {
    return set.map([this](const Table<N>& table) { return apply(table); });
  }
  template <size_t N>
  TestSet<Table<N>> apply(const TestSet<Table<N>>& set) const {
    return set.map([this](const Table<N>& table) { return apply(table); });
  }
};

namespace detail {
Standardization fit_standardization(const Tensor& x, const StandardizeOptions& options);
}

/// Fitted to a training table only: a ValidationSet or TestSet does not convert to one. Sums in f64, in two passes.
/// UserError: no examples, a dtype that is not f32 or f64, a value that is not finite (with its example and feature).
template <size_t N>
Standardization fit_standardization(const Table<N>& training, const StandardizeOptions& options = {}, std::source_location where = std::source_location::current()) {
  return with_line("fit_standardization", where, [&] {
    static_cast<void>(training.column(options.column));
    return detail::fit_standardization(training.columns()[options.column], options);
  });
}

/// All three parts, by the figures of the first: `auto [training, validation, test] = data::standardize(data::fashion_mnist());`.
template <size_t N>
Parts<N> standardize(const Parts<N>& parts, const StandardizeOptions& options = {}, std::source_location where = std::source_location::current()) {
  const Standardization s = fit_standardization(parts.training, options, where);
  return {s.apply(parts.training), s.apply(parts.validation), s.apply(parts.test)};
}

}  // namespace lanc::data
