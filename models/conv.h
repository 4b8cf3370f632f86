// models/conv.h: a layer that moves one set of weights over all places of a signal, an image or a volume.
#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/models/initializers.h>
#include <lanc/ops/windows.h>

namespace lanc::models {

/// One kernel size for each spatial axis: {5}, {3, 3} or {3, 3, 3}. The other lists are those of conv (ops/conv.h): one entry for each axis, one for all, or none.
struct ConvLayerOptions {
  std::vector<int64_t> kernel = {};
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  bool same = false;  // padding such that the result has ceil(size / stride) elements along each axis
  std::vector<int64_t> dilations = {};
  int64_t groups = 1;
  bool bias = true;
  Initializer weight_initializer = initializers::he_normal();
  Initializer bias_initializer = initializers::zeros();
  DType dtype = f32;
};

/// y = conv(x, W) + b: {N, inputs, spatial...} -> {N, outputs, spatial...}, sizes as in conv. The parameters are scope/weight {outputs, inputs / groups,
/// kernel...} and scope/bias {outputs}; two calls share them. UserError: no kernel, more than three sizes or one below 1; inputs or outputs that are not
/// positive or that groups do not divide; padding given and same; x of another dtype, rank or number of channels; what conv refuses.
class Conv {
 public:
  Conv(const Scope& scope, int64_t inputs, int64_t outputs, ConvLayerOptions options,
       std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

  Value weight;
  std::optional<Value> bias;

 private:
  std::string scope_;
  std::vector<int64_t> strides_, dilations_;
  std::vector<Margin> padding_;
  bool same_;
  int64_t groups_;
  Conv(const CallSite& site, const Scope& scope, int64_t inputs, int64_t outputs, const ConvLayerOptions& options);
};

/// {N, ...} -> {N, the product of the others}: what stands between convolutions and dense layers. UserError: rank 0.
Value flatten(Operand x);

}  // namespace lanc::models
