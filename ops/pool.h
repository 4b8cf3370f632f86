// ops/pool.h: the largest or the mean element of each of the windows that move over one, two or three spatial axes, and what puts values back.
//
// x {N, C, spatial...}, y {N, C, windows...}; the number of windows along an axis is floor((size + low + high - dilation * (kernel - 1) - 1) /
// stride) + 1, as in conv. Sizes may be symbols, batches empty.
#pragma once

#include <cstdint>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/windows.h>

namespace lanc {

/// Of the nodes: one entry for each spatial axis.
struct PoolAttrs {
  std::vector<int64_t> kernel = {};
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  std::vector<int64_t> dilations = {};
  bool count_padding = true;  // of average pools
  Shape shape = {};           // of average_pool_gradient: x's
  void fields(auto& visit) {
    visit("kernel", kernel);
    visit("strides", strides);
    visit("padding", padding);
    visit("dilations", dilations);
    visit("count_padding", count_padding);
    visit("shape", shape);
  }
  Windows windows() const { return {strides, padding, dilations}; }
};
extern const OpDef max_pool_op;
extern const OpDef average_pool_op;
extern const OpDef average_pool_gradient_op;

/// Lists have one entry for each spatial axis; one entry stands for all axes. No strides: the kernel's sizes, so that windows lie side by side.
struct PoolOptions {
  std::vector<int64_t> kernel = {};
  std::vector<int64_t> strides = {};
  std::vector<Margin> padding = {};
  std::vector<int64_t> dilations = {};
  bool count_padding = true;  // average_pool: do added elements count as zeros (PyTorch's count_include_pad), or not at all?
};

/// The largest element of each window; added elements count as nothing. NaN wins; of equal ones the first, in row-major order, has the derivative.
/// Any number dtype. UserError: operands of other ranks than 3, 4 or 5, no kernel, entries below 1, a negative padding, a dilated kernel that is
/// larger than the padded input; windows in which nothing could be: a padding that is not below the dilated kernel's size, or a dilation above the
/// input's size.
Value max_pool(Operand x, PoolOptions options);

/// The same, and where in x's plane {spatial...} each was found, as a row-major position (i32): what max_unpool takes.
std::vector<Value> max_pool_with_positions(Operand x, PoolOptions options);

/// Zeros of x's batch and channels over planes of these sizes, x's elements added at their positions in them: the adjoint of max_pool. PyTorch's
/// max_unpool sets them instead, which differs where positions come twice. UserError: positions of another shape than x or of another dtype than
/// i32 and i64; when the function runs, a position outside of the plane (-1 is its last, as for all indices).
Value max_unpool(Operand x, Operand positions, Shape plane);

/// The mean of each window. Floats; 16-bit ones are summed and divided in f32. Errors as max_pool.
Value average_pool(Operand x, PoolOptions options);

/// The cotangent of average_pool's x: dy {N, C, windows...} -> attrs.shape.
Value average_pool_gradient(Operand dy, PoolAttrs attrs);

/// The mean (the largest element, NaN winning, the derivative shared among equal ones) of each channel: {N, C, spatial...} -> {N, C, 1...}.
/// UserError: rank below 3.
Value global_average_pool(Operand x);
Value global_max_pool(Operand x);

/// Windows that make planes of the wanted sizes (one for all axes, or one for each): window i of m over n elements is [floor(i n / m),
/// ceil((i + 1) n / m)), as PyTorch's adaptive pools have it. Sizes of x that are symbols go only where m = 1. UserError: rank below 3, m < 1, a
/// symbol for another m, an axis without elements.
Value adaptive_average_pool(Operand x, std::vector<int64_t> sizes);
Value adaptive_max_pool(Operand x, std::vector<int64_t> sizes);

}  // namespace lanc
