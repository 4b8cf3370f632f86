// ops/conv.h: convolutions over one, two or three spatial axes, transposed ones, and the adjoints of which all their derivatives are made.
//
// Layouts are PyTorch's and ONNX's: x {N, C, spatial...}, weight {O, C / groups, kernel...}, y {N, O, spatial...}. As there, what is called a
// convolution is a cross-correlation: the kernel is not turned round.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/windows.h>

namespace lanc {

/// Of the nodes: one entry for each spatial axis.
struct ConvAttrs {
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  std::vector<int64_t> dilations = {};
  int64_t groups = 1;
  Shape shape = {};  // of the adjoints' results: x's or the weight's; conv has its own from the operands
  void fields(auto& visit) {
    visit("strides", strides);
    visit("padding", padding);
    visit("dilations", dilations);
    visit("groups", groups);
    visit("shape", shape);
  }
  Windows windows() const { return {strides, padding, dilations}; }
};
extern const OpDef conv_op;
extern const OpDef conv_input_gradient_op;
extern const OpDef conv_weight_gradient_op;

/// Lists have one entry for each spatial axis; one entry stands for all axes, none for 1 (strides, dilations) or 0 (padding).
struct ConvOptions {
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};    // {1}: one zero at every end; {{0, 1}, {2, 2}}: {low, high} of each axis
  bool same = false;                   // padding such that y has ceil(size / stride) elements along each axis, the smaller half in front
  std::vector<int64_t> dilations = {};
  int64_t groups = 1;
};
/// y[n, o, i] = sum over c and k of x[n, g C / groups + c, i * stride - low + k * dilation] * weight[o, c, k], g = floor(o groups / O) being o's
/// group, i and k running over all spatial axes, and x being 0 outside. The size of y along a spatial axis is
/// floor((size + low + high - dilation * (kernel - 1) - 1) / stride) + 1. Any number dtype (different ones are promoted); 16-bit floats
/// accumulate in f32, integers wrap. Batches may be empty; sizes may be symbols. UserError: operands of other ranks than 3, 4 or 5 or of two
/// ranks; channels that are not groups times the weight's; groups that do not divide channels or outputs; strides or dilations below 1; a
/// negative padding; a dilated kernel that is larger than the padded input; bool.
Value conv(Operand x, Operand weight, ConvOptions options = {});

struct ConvTransposeOptions {
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};  // taken off the result
  std::vector<int64_t> output_padding = {};  // added to the result at its end, in [0, stride): of the sizes that conv maps to x's, which one
  std::vector<int64_t> dilations = {};
  int64_t groups = 1;
};
/// The adjoint of conv by its input, PyTorch's conv_transpose: x {N, C, spatial...}, weight {C, O / groups, kernel...} -> {N, O, spatial...} with
/// sizes (size - 1) * stride - low - high + dilation * (kernel - 1) + 1 + output_padding. Dtypes and errors as conv; also a UserError: an
/// output padding outside of [0, stride), a result of negative size.
Value conv_transpose(Operand x, Operand weight, ConvTransposeOptions options = {});

/// The cotangent of conv's x: dy {N, O, spatial...}, weight {O, C / groups, kernel...} -> attrs.shape, x's.
Value conv_input_gradient(Operand dy, Operand weight, ConvAttrs attrs);
/// The cotangent of conv's weight: x {N, C, spatial...}, dy {N, O, spatial...} -> attrs.shape, the weight's.
Value conv_weight_gradient(Operand x, Operand dy, ConvAttrs attrs);

}  // namespace lanc
