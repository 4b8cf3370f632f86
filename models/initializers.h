// models/initializers.h: how parameters begin: draws and constants as small graphs that the session evaluates once, from seed and path.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <utility>

#include <lanc/graph/graph.h>

namespace lanc {

/// Builds an initial value of this shape and dtype in `body`, a graph of its own. Random numbers are drawn under `key` (and keys made from
/// it), which the parameter's path gives. A value type; any callable of this signature is one:
///     Initializer halves = [](Graph body, const Shape& shape, DType dtype, uint64_t key) { ... };
class Initializer {
 public:
  using Build = std::function<Value(Graph body, const Shape& shape, DType dtype, uint64_t key)>;
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Initializer> && std::is_invocable_r_v<Value, F, Graph, const Shape&, DType, uint64_t>)
  Initializer(F build) : build_(std::move(build)) {}

  /// UserError: the value built is not of this type, or belongs to another graph.
  Value operator()(Graph body, const Shape& shape, DType dtype, uint64_t key) const;

 private:
  Build build_;
};

/// The number of inputs and outputs of one unit. A weight is {outputs, inputs, window...}: a dense one {outputs, inputs}, that of a convolution
/// OIHW. fan_in = inputs * window, fan_out = outputs * window; both are n for shape {n} and 1 for rank 0.
struct Fans {
  int64_t in = 1;
  int64_t out = 1;
};
Fans fans_of(const Shape& shape);

}  // namespace lanc

/// Normal draws of 16-bit parameters are made in f32 and rounded.
namespace lanc::initializers {

Initializer zeros();
Initializer ones();
Initializer constant(double value);
/// N(mean, deviation^2). normal() is N(0, 0.001^2), which goes well with biases that begin at constant(0.01).
Initializer normal(double mean = 0, double deviation = 0.001);
/// Uniform in [low, high).
Initializer uniform(double low, double high);

/// Variance 2 / (fan_in + fan_out), for tanh and sigmoid: Glorot and Bengio 2010. Uniform: limit sqrt(6 / (fan_in + fan_out)).
Initializer glorot_uniform();
Initializer glorot_normal();
/// Variance 2 / fan_in, for relu: He et al. 2015. Uniform: limit sqrt(6 / fan_in).
Initializer he_uniform();
Initializer he_normal();
/// Variance 1 / fan_in, for selu: LeCun et al. 1998. Uniform: limit sqrt(3 / fan_in).
Initializer lecun_uniform();
Initializer lecun_normal();

/// gain * Q, where Q, seen as {shape[0], the rest}, has orthonormal rows (or columns, when there are more rows than columns), uniform over all
/// such matrices (Haar): Saxe et al. 2014. Made by k = min(rows, columns) Householder reflections (Stewart 1980) in their UT form, in f64, so that
/// Q Q^T = 1 to 1e-6 in f32. Costs about 2 log2(k) + 5 products of k x k and k x n matrices. UserError: rank below 2.
Initializer orthogonal(double gain = 1);

}  // namespace lanc::initializers
