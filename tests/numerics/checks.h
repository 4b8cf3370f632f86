// tests/numerics/checks.h: derivatives against central differences, the CPU backend against the reference.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc::numerics {

using Build = std::function<Value(const Value&)>;

inline Tensor filled(DType dtype, Sizes sizes, const std::function<double(int64_t)>& f) {
  Tensor t(dtype, std::move(sizes));
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, f(i));
  return t;
}
inline double wave(int64_t i) { return std::sin(0.7 * static_cast<double>(i) + 0.3) + 0.05 * static_cast<double>(i % 7); }

inline Value weights(const Value& like, double phase) {
  Sizes sizes;
  for (const Dim& d : like.shape()) sizes.push_back(d.number());
  return constant(like.graph(), filled(f64, sizes, [&](int64_t i) { return std::cos(1.3 * static_cast<double>(i) + phase); }));
}

/// First and second derivative of a weighted sum of build(x) at x (f64), element by element.
inline void expect_derivatives(const Build& build, const Tensor& at, double tolerance = 1e-6) {
  Graph g;
  Shape shape(at.sizes().begin(), at.sizes().end());
  const Value x = g.input("x", f64, shape);
  const Value y = build(x);
  const Value loss = sum(y * weights(y, 0.2));
  const Value first = gradient(loss, x);
  const Value directed = sum(first * weights(x, 0.9));
  const Value second = gradient(directed, x, Unreached::zeros);
  const Function f = Session(g, {.verify_passes = true}).function({x}, {loss, directed, first, second});
  const Results exact = f(at);
  const Tensor d1 = exact[2].clone(), d2 = exact[3].clone();
  const double h = 1e-5;
  for (int64_t i = 0; i < at.numel(); ++i) {
    Tensor up = at.clone(), down = at.clone();
    up.set(i, at.at(i) + h);
    down.set(i, at.at(i) - h);
    const Results above = f(up);
    const double loss_up = above[0].item<double>(), directed_up = above[1].item<double>();
    const Results below = f(down);
    EXPECT_NEAR(d1.at(i), (loss_up - below[0].item<double>()) / (2 * h), tolerance * (1 + std::abs(d1.at(i)))) << "first derivative, element " << i;
    EXPECT_NEAR(d2.at(i), (directed_up - below[1].item<double>()) / (2 * h), tolerance * (1 + std::abs(d2.at(i)))) << "second derivative, element " << i;
  }
}

/// The value of build(x) on the CPU backend.
inline Tensor value_of(const Build& build, const Tensor& at, const SessionOptions& options = {}) {
  Graph g;
  const Value x = g.input("x", at.dtype(), Shape(at.sizes().begin(), at.sizes().end()));
  return Session(g, options).eval({build(x)}, {{x, at}})[0];
}

/// The CPU backend against the reference, relative to the size of the element; 0: the same bits.
inline void expect_reference(const Build& build, const Tensor& at, double tolerance) {
  const Tensor fast = value_of(build, at), slow = value_of(build, at, {.device = Device::reference()});
  ASSERT_EQ(fast.type_text(), slow.type_text());
  if (tolerance == 0) {
    EXPECT_TRUE(identical(fast, slow)) << at.type_text();
    return;
  }
  for (int64_t i = 0; i < fast.numel(); ++i) {
    if (std::isnan(slow.at(i))) EXPECT_TRUE(std::isnan(fast.at(i))) << i;
    else if (std::isinf(slow.at(i))) EXPECT_EQ(fast.at(i), slow.at(i)) << i;
    else ASSERT_NEAR(fast.at(i), slow.at(i), tolerance * (1 + std::abs(slow.at(i)))) << at.type_text() << " element " << i;
  }
}

}  // namespace lanc::numerics
