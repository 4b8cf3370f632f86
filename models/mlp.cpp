#include <lanc/models/mlp.h>

#include <lanc/models/requirements.h>

namespace lanc::models {

Value Activation::operator()(Operand x) const {
  const CallSite site(nullptr, {x});
  return function_(x);
}

Value linear(Operand x) { return x; }

Mlp::Mlp(const Scope& scope, const std::vector<int64_t>& sizes, Activation activation, MlpOptions options, std::source_location where)
    : scope_(scope.path()), activation_(std::move(activation)), output_(std::move(options.output)) {
  const CallSite site("Mlp", where, scope.graph().data());
  if (sizes.size() < 2) detail::fail("sizes must be at least inputs and outputs", std::to_string(sizes.size()) + " sizes");
  const DenseOptions dense{.bias = options.bias, .weight_initializer = options.weight_initializer,
                           .bias_initializer = options.bias_initializer, .dtype = options.dtype};
  for (size_t i = 0; i + 1 < sizes.size(); ++i)
    layers.emplace_back(scope / ("layer" + std::to_string(i)), sizes[i], sizes[i + 1], dense);
}

Value Mlp::operator()(Operand x) const {
  const CallSite site("Mlp", {x}, scope_);
  Value y = x;
  for (size_t i = 0; i < layers.size(); ++i) {
    y = layers[i](y);
    y = i + 1 < layers.size() ? activation_(y) : output_(y);
  }
  return y;
}

}  // namespace lanc::models
