// tests/autodiff/support.h: what the tests of derivatives share: points, directions, central differences.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::testing_autodiff {

using Tensors = std::vector<Tensor>;

inline Tensor tensor(Sizes sizes, const std::vector<double>& values) { return Tensor::of<double>(std::move(sizes), values); }

/// Sines of the golden ratio's multiples: fixed, dense in [-0.9, 1.1], no two alike.
inline Tensor wave(Sizes sizes, double phase) {
  Tensor out(f64, std::move(sizes));
  for (int64_t i = 0; i < out.numel(); ++i) out.set(i, std::sin(phase += 1.618033988749895) + 0.1);
  return out;
}

inline double inner(const Tensors& a, const Tensors& b) {
  double total = 0;
  for (size_t k = 0; k < a.size(); ++k)
    for (int64_t i = 0; i < a[k].numel(); ++i) total += a[k].at(i) * b[k].at(i);
  return total;
}
inline double norm(const Tensors& a) { return std::sqrt(inner(a, a)); }

/// x + by * direction.
inline Tensors moved(const Tensors& x, const Tensors& direction, double by) {
  Tensors out;
  for (size_t k = 0; k < x.size(); ++k) {
    out.push_back(x[k].clone());
    for (int64_t i = 0; i < x[k].numel(); ++i) out[k].set(i, x[k].at(i) + by * direction[k].at(i));
  }
  return out;
}

/// d/ds f(x + s * direction) at 0 of a function that gives tensors: five points, error h^4 f^(5) / 30 + 1e-16 / h, about 1e-12 here.
template <class F>
Tensors difference(const F& f, const Tensors& x, const Tensors& direction) {
  constexpr double h = 1e-3;
  const Tensors a = f(moved(x, direction, h)), b = f(moved(x, direction, -h)), c = f(moved(x, direction, 2 * h)), d = f(moved(x, direction, -2 * h));
  Tensors out = moved(a, b, -1);
  const Tensors far = moved(c, d, -1);
  for (size_t k = 0; k < out.size(); ++k)
    for (int64_t i = 0; i < out[k].numel(); ++i) out[k].set(i, (8 * out[k].at(i) - far[k].at(i)) / (12 * h));
  return out;
}

/// Equal up to `relative` of the norm of what is expected.
inline void expect_near(const Tensors& got, const Tensors& expected, double relative) {
  ASSERT_EQ(got.size(), expected.size());
  const double allowed = relative * std::max(norm(expected), 1e-3);
  for (size_t k = 0; k < got.size(); ++k) {
    ASSERT_EQ(got[k].sizes(), expected[k].sizes()) << k;
    for (int64_t i = 0; i < got[k].numel(); ++i) EXPECT_NEAR(got[k].at(i), expected[k].at(i), allowed) << "tensor " << k << ", element " << i;
  }
}

/// A closed form: only roundings differ.
inline constexpr double closed_form = tolerance::reordered(f64);

inline bool begins(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }
inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace lanc::testing_autodiff
