#include <lanc/train/standardize.h>

#include <cmath>
#include <string>
#include <vector>

#include <lanc/graph/error.h>

namespace lanc::data {
namespace {

void require_real(const Tensor& x) {
  if (x.dtype() != f32 && x.dtype() != f64) throw UserError("standardize: values must be f32 or f64, got " + x.type_text());
}

void require_like(const Tensor& x, const Tensor& mean) {
  require_real(x);
  const bool whole = mean.rank() == 0;
  if (!whole && (x.rank() == 0 || Sizes(x.sizes().begin() + 1, x.sizes().end()) != mean.sizes()))
    throw UserError("standardize: examples must be as those fitted, " + Tensor(x.dtype(), mean.sizes()).type_text() + ", got " +
                    x.type_text() + " with the example as first axis");
}

// Mean and scale of each of `features` values over the rows. Deviations are taken from the first row, so that equal values have a
// variance of exactly 0, whatever they are.
template <class T>
void fit(const T* x, int64_t rows, int64_t features, double* mean, double* scale) {
  const size_t width = static_cast<size_t>(features);
  std::vector<double> sum(width, 0.0);
  for (int64_t r = 0; r < rows; ++r)
    for (size_t f = 0; f < width; ++f) sum[f] += static_cast<double>(x[static_cast<size_t>(r) * width + f]) - static_cast<double>(x[f]);
  for (size_t f = 0; f < width; ++f) mean[f] = static_cast<double>(x[f]) + sum[f] / static_cast<double>(rows);

  std::vector<double> squares(width, 0.0);
  for (int64_t r = 0; r < rows; ++r)
    for (size_t f = 0; f < width; ++f) {
      const double d = static_cast<double>(x[static_cast<size_t>(r) * width + f]) - mean[f];
      squares[f] += d * d;
    }
  for (size_t f = 0; f < width; ++f) {
    const double deviation = rows > 1 ? std::sqrt(squares[f] / static_cast<double>(rows - 1)) : 0;
    scale[f] = deviation > 0 ? deviation : 1;
  }
}

template <class T>
void apply_to(const T* x, int64_t rows, int64_t features, const Tensor& mean, const Tensor& scale, T* out) {
  const size_t width = static_cast<size_t>(features);
  std::vector<T> m(width), s(width);
  for (size_t f = 0; f < width; ++f) {
    m[f] = static_cast<T>(mean.at(static_cast<int64_t>(f)));
    s[f] = static_cast<T>(scale.at(static_cast<int64_t>(f)));
  }
  if (width == 1) {
    const T m0 = m[0], s0 = s[0];
    for (int64_t r = 0; r < rows; ++r) out[r] = (x[r] - m0) / s0;
    return;
  }
  for (size_t i = 0, r = 0; r < static_cast<size_t>(rows); ++r)
    for (size_t f = 0; f < width; ++f, ++i) out[i] = (x[i] - m[f]) / s[f];
}

// Called when a mean is not finite: finds the first value that is to blame.
[[noreturn]] void throw_not_finite(const Tensor& x, int64_t example_size) {
  for (int64_t i = 0; i < x.numel(); ++i)
    if (!std::isfinite(x.at(i)))
      throw UserError("standardize: values must be finite, got " + std::to_string(x.at(i)) + " in example " +
                      std::to_string(i / example_size) + ", feature " + std::to_string(i % example_size));
  throw UserError("standardize: the sum of the values must be finite, got values that are too large");
}

}  // namespace

Standardization detail::fit_standardization(const Tensor& x, const StandardizeOptions& options) {
  require_real(x);
  if (x.numel() == 0) throw UserError("standardize: at least one value is needed to fit, got " + x.type_text());
  const Sizes example(x.sizes().begin() + 1, x.sizes().end());
  const bool whole = options.per == Per::whole;
  const int64_t features = whole ? 1 : numel_of(example);
  const int64_t rows = x.numel() / features;

  Standardization s = {Tensor(f64, whole ? Sizes{} : example), Tensor(f64, whole ? Sizes{} : example), options.column};
  double* mean = s.mean.span<double>().data();
  double* scale = s.scale.span<double>().data();
  if (x.dtype() == f32) fit(x.span<float>().data(), rows, features, mean, scale);
  else fit(x.span<double>().data(), rows, features, mean, scale);
  for (int64_t f = 0; f < features; ++f)
    if (!std::isfinite(mean[f]) || !std::isfinite(scale[f])) throw_not_finite(x, numel_of(example));
  return s;
}

Tensor Standardization::apply(const Tensor& x, std::source_location where) const {
  with_line("apply", where, [&] { require_like(x, mean); });
  const int64_t features = mean.numel();
  const int64_t rows = features == 0 ? 0 : x.numel() / features;
  Tensor out = Tensor::uninitialized(x.dtype(), x.sizes());
  if (x.dtype() == f32) apply_to(x.span<float>().data(), rows, features, mean, scale, out.span<float>().data());
  else apply_to(x.span<double>().data(), rows, features, mean, scale, out.span<double>().data());
  return out;
}

}  // namespace lanc::data
