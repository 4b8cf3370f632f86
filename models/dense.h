// models/dense.h: a fully connected layer.
#pragma once

#include <optional>
#include <source_location>
#include <string>

#include <lanc/graph/graph.h>
#include <lanc/models/initializers.h>

namespace lanc::models {

struct DenseOptions {
  bool bias = true;
  Initializer weight_initializer = initializers::glorot_uniform();
  Initializer bias_initializer = initializers::zeros();
  DType dtype = f32;
};

/// y = x W^T + b: {..., inputs} -> {..., outputs}. The parameters are scope/weight {outputs, inputs} and scope/bias {outputs}; two calls share
/// them. UserError: inputs or outputs not positive; x of another dtype, or whose last axis is not `inputs`.
class Dense {
 public:
  Dense(const Scope& scope, int64_t inputs, int64_t outputs, DenseOptions options = {},
        std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

  Value weight;
  std::optional<Value> bias;

 private:
  std::string scope_;
  Dense(const CallSite& site, const Scope& scope, int64_t inputs, int64_t outputs, const DenseOptions& options);
};

}  // namespace lanc::models
