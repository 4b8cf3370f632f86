// models/norms.h: layers that bring values to mean 0 and variance 1, over a batch, an example or a part of it, and then scale and shift them.
//
// The functions compute y = (x - mean) / sqrt(variance + epsilon) * scale + shift; variance is the mean square deviation (no correction). Layers own
// scale and shift as parameters scope/scale and scope/shift, which begin at 1 and 0. x is of a float dtype (the layer's); 16-bit floats are computed in
// f32 and rounded once. Batch and sizes may be symbols. UserError: another dtype, too few axes, channels or sizes other than the layer's.
#pragma once

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/models/mode.h>

namespace lanc::models {

struct NormLayerOptions {
  double epsilon = 1e-5;  // > 0
  bool scale = true;      // is there such a parameter?
  bool shift = true;
  DType dtype = f32;
};

/// What the functions do with normalized values. Scale and shift are of x's dtype: {channels}, or the normalized sizes (layer_norm, rms_norm).
struct NormalizeOptions {
  double epsilon = 1e-5;
  std::optional<Value> scale = {};
  std::optional<Value> shift = {};
};

// The functions. Axis 1 is that of the channels: x {N, C, ...}.

/// With the mean and variance of each channel over all other axes (Ioffe and Szegedy 2015).
Value batch_norm(Operand x, NormalizeOptions options = {});
/// With this mean and variance {C} of each channel.
Value batch_norm(Operand x, Operand mean, Operand variance, NormalizeOptions options = {});
/// Over the last `axes` axes (Ba, Kiros and Hinton 2016). UserError also: axes outside [1, rank].
Value layer_norm(Operand x, int64_t axes = 1, NormalizeOptions options = {});
/// Over each of `groups` groups of neighbouring channels of an example (Wu and He 2018). UserError also: groups that do not divide the channels.
Value group_norm(Operand x, int64_t groups, NormalizeOptions options = {});
/// Over the spatial axes of each channel of an example (Ulyanov, Vedaldi and Lempitsky 2016): x of rank 3 or more.
Value instance_norm(Operand x, NormalizeOptions options = {});
/// x / sqrt(mean of x^2 + epsilon) * scale over the last `axes` axes (Zhang and Sennrich 2019). UserError also: a shift, axes outside [1, rank].
Value rms_norm(Operand x, int64_t axes = 1, NormalizeOptions options = {});

/// Scale and shift, where a layer has them.
struct NormParameters {
  std::optional<Value> scale;
  std::optional<Value> shift;
};

struct BatchNormOptions {
  double epsilon = 1e-5;
  double momentum = 0.1;  // of the new: running' = (1 - momentum) running + momentum * that of the batch
  bool scale = true;
  bool shift = true;
  DType dtype = f32;
};
struct BatchNormCall {
  bool update = true;  // false: the running statistics stay as they are
};

/// batch_norm of x {N, channels, ...}: in Mode::training with the batch's statistics, which go into scope/running_mean and scope/running_variance
/// {channels} (f32 for 16-bit floats; they begin at 0 and 1), in Mode::inference with these. As in PyTorch the running variance is that with n - 1 in
/// the denominator. The layer declares it (models/updates.h): minimize(loss) and updates_of(y) hold it; two calls in one function chain in call order.
/// UserError also: a momentum outside [0, 1]; Mode::training with one element per channel, of which there is no variance.
class BatchNorm : public NormParameters {
 public:
  BatchNorm(const Scope& scope, int64_t channels, BatchNormOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand x, Mode mode, BatchNormCall call = {}) const;

  Value running_mean, running_variance;

 private:
  std::string scope_;
  double epsilon_, momentum_;
  DType dtype_;
  BatchNorm(const CallSite& site, const Scope& scope, int64_t channels, const BatchNormOptions& options);
};

/// layer_norm over the last axes, which have these sizes: LayerNorm(scope, {64}). UserError also: no sizes, one below 1.
class LayerNorm : public NormParameters {
 public:
  LayerNorm(const Scope& scope, const std::vector<int64_t>& sizes, NormLayerOptions options = {},
            std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

 private:
  std::string scope_;
  std::vector<int64_t> sizes_;
  double epsilon_;
  DType dtype_;
};

/// group_norm of `channels` channels.
class GroupNorm : public NormParameters {
 public:
  GroupNorm(const Scope& scope, int64_t groups, int64_t channels, NormLayerOptions options = {},
            std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

 private:
  std::string scope_;
  int64_t groups_, channels_;
  double epsilon_;
  DType dtype_;
};

/// instance_norm of `channels` channels.
class InstanceNorm : public NormParameters {
 public:
  InstanceNorm(const Scope& scope, int64_t channels, NormLayerOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

 private:
  std::string scope_;
  int64_t channels_;
  double epsilon_;
  DType dtype_;
};

struct RmsNormOptions {
  double epsilon = 1e-6;
  bool scale = true;
  DType dtype = f32;
};
/// rms_norm over the last axes, which have these sizes. It has no shift.
class RmsNorm {
 public:
  RmsNorm(const Scope& scope, const std::vector<int64_t>& sizes, RmsNormOptions options = {},
          std::source_location where = std::source_location::current());
  Value operator()(Operand x) const;

  std::optional<Value> scale;

 private:
  std::string scope_;
  std::vector<int64_t> sizes_;
  double epsilon_;
  DType dtype_;
};

}  // namespace lanc::models
