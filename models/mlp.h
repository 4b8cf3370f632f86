// models/mlp.h: a feed-forward network: dense layers with an activation between them.
#pragma once

#include <concepts>
#include <functional>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/models/dense.h>
#include <lanc/ops/elementwise.h>

namespace lanc::models {

/// A function of one value: relu, tanh, an op of elementwise(...), or a lambda.
class Activation {
 public:
  Activation(Value (*function)(Operand)) : function_([function](const Value& x) { return function(x); }) {}
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Activation> && std::is_invocable_r_v<Value, const F&, const Value&>)
  Activation(F function) : function_(std::move(function)) {}
  Value operator()(Operand x) const;

 private:
  std::function<Value(const Value&)> function_;
};

/// x, for a layer without an activation.
Value linear(Operand x);

struct MlpOptions {
  Activation output = linear;  // after the last layer
  bool bias = true;
  Initializer weight_initializer = initializers::glorot_uniform();
  Initializer bias_initializer = initializers::zeros();
  DType dtype = f32;
};

/// Mlp(scope, {784, 256, 10}, relu): {..., 784} -> {..., 10}, layers scope/layer0, scope/layer1, ...; the activation stands between layers.
/// UserError: fewer than two sizes.
class Mlp {
 public:
  Mlp(const Scope& scope, const std::vector<int64_t>& sizes, Activation activation = relu, MlpOptions options = {},
      std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

  std::vector<Dense> layers;

 private:
  std::string scope_;
  Activation activation_, output_;
};

}  // namespace lanc::models
