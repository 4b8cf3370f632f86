// models/sequential.h: layers one after another.
#pragma once

#include <concepts>
#include <functional>
#include <utility>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/models/mode.h>

namespace lanc::models {

/// A function of one value, or of a value and the mode: a layer of models/, relu, flatten, a lambda. It holds a copy, and so the parameters.
class Layer {
 public:
  Layer(Value (*function)(Operand)) : function_([function](const Value& x, Mode) { return function(x); }) {}
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Layer> &&
             (std::is_invocable_r_v<Value, const F&, const Value&> || std::is_invocable_r_v<Value, const F&, const Value&, Mode>))
  Layer(F function)
      : function_([function = std::move(function)](const Value& x, Mode mode) -> Value {
          if constexpr (std::is_invocable_r_v<Value, const F&, const Value&, Mode>) return function(x, mode);
          else return function(x);
        }) {}
  Value operator()(Operand x, Mode mode) const;

 private:
  std::function<Value(const Value&, Mode)> function_;
};

/// Sequential({conv, norm, relu, flatten, dense})(x, Mode::training): each layer is applied to what the one before it gives; x where there is none.
class Sequential {
 public:
  Sequential(std::vector<Layer> layers);
  Value operator()(Operand x, Mode mode) const;

 private:
  std::vector<Layer> layers_;
};

}  // namespace lanc::models
