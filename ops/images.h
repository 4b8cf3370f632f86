// ops/images.h: moves of the elements of images {N, C, spatial...}: windows side by side and back, channels into places, other sizes.
#pragma once

#include <cstdint>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/windows.h>

namespace lanc {

/// Lists have one entry for each spatial axis; one entry stands for all axes, none for 1 (strides, dilations) or 0 (padding).
struct UnfoldOptions {
  std::vector<int64_t> kernel = {};
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  std::vector<int64_t> dilations = {};
};
/// The windows of x, padded with zeros, side by side: {N, C, spatial...} -> {N, C * elements of a window, windows}, channels slowest, as PyTorch's
/// unfold (im2col) has it. Any dtype; sizes may be symbols. UserError: rank other than 3, 4 or 5, no kernel, entries below 1, a negative padding,
/// a dilated kernel larger than the padded input.
Value unfold(Operand x, UnfoldOptions options);
/// The adjoint of unfold: elements of windows added up at their places in planes of these sizes (col2im): {N, C * elements of a window, windows} ->
/// {N, C, plane...}. Any number dtype; 16-bit floats are added in f32. UserError: another rank than 3, channels or windows that do not fit, entries as for unfold.
Value fold(Operand x, std::vector<int64_t> plane, UnfoldOptions options);

/// {N, C * r * r, H, W} -> {N, C, H * r, W * r}: y[n, c, h r + i, w r + j] = x[n, (c r + i) r + j, h, w]. Any dtype. UserError: another rank than
/// 4, a factor below 1, channels that r * r does not divide.
Value pixel_shuffle(Operand x, int64_t factor);
/// The other way round. UserError: another rank than 4, a factor below 1, sizes that it does not divide.
Value pixel_unshuffle(Operand x, int64_t factor);

/// Each element `factors` times along each spatial axis (one factor for all, or one for each). Any dtype; sizes may be symbols. UserError: rank
/// other than 3, 4 or 5, a factor below 1.
Value upsample_nearest(Operand x, std::vector<int64_t> factors);
/// Planes of these sizes (one for all spatial axes, or one for each): element i of m comes from element floor(i n / m) of n, as in PyTorch's mode
/// "nearest". Any dtype. UserError: sizes below 1, sizes of x that are symbols, an axis without elements.
Value resize_nearest(Operand x, std::vector<int64_t> sizes);

struct ResizeOptions {
  bool align_corners = false;  // the first and last elements keep their places; else the edges of the planes do
};
/// Planes of these sizes by linear interpolation along each spatial axis (bilinear for two): element i of m lies between the elements of n around
/// (i + 1/2) n / m - 1/2, or i (n - 1) / (m - 1) with aligned corners; outside of them stands the nearest. Floats; 16-bit ones in f32, rounded
/// once. UserError: as resize_nearest, an operand that is not of a float dtype.
Value resize_linear(Operand x, std::vector<int64_t> sizes, ResizeOptions options = {});
/// The same to sizes times `factors`.
Value upsample_linear(Operand x, std::vector<int64_t> factors, ResizeOptions options = {});

}  // namespace lanc
