// backends/cpu/conv_kernel.h: convolutions and their adjoints on the CPU: one-thread leaves over blocks of images.
#pragma once

#include <memory>
#include <vector>

#include <lanc/schedule/backend.h>

namespace lanc::cpu {

enum class ConvResult : uint8_t { y, x, weight };

/// How {images, channels, places...} lie in memory: one channel after the other, or the channels of one place side by side (NHWC).
enum class ImageLayout : uint8_t { channels_first, channels_last };

/// One convolution with bound sizes, whichever of y, x and weight is its result. Channels are those of one group; per spatial axis: sizes of x,
/// kernel and y, and how the kernel moves.
struct ConvProblem {
  ConvResult result = ConvResult::y;
  DType dtype = DType::f32;
  ImageLayout x_layout = ImageLayout::channels_first, y_layout = ImageLayout::channels_first;
  int64_t images = 0, groups = 1, inputs = 0, outputs = 0;
  Sizes x = {}, kernel = {}, y = {};
  Sizes strides = {}, dilations = {}, low = {}, high = {};

  int64_t x_places() const { return numel_of(x); }
  int64_t y_places() const { return numel_of(y); }
  int64_t taps() const { return numel_of(kernel); }
  int64_t x_elements() const { return groups * inputs * x_places(); }   // of one image
  int64_t y_elements() const { return groups * outputs * y_places(); }
  int64_t weights() const { return groups * outputs * inputs * taps(); }
  double flops() const { return 2.0 * static_cast<double>(weights()) * static_cast<double>(y_places()); }  // for one image
};
ConvProblem conv_problem(const Graph& graph, const Node& node);

/// Equal blocks of images, and ranges of blocks that are worth a thread's while. Functions of the sizes only.
struct ImageBlocks {
  int64_t images = 1;  // of one block
  int64_t blocks = 0;
  int parts = 1;
  int64_t first(int part) const { return blocks * part / parts; }
};
/// The weight gradient keeps a sum for each part and adds each block to it; other results need neither.
ImageBlocks image_blocks(const ConvProblem& problem, int64_t least_images);

/// Null for ops that are no convolutions.
std::unique_ptr<Kernel> make_conv_kernel(const Graph& graph, const Node& node);
/// oneDNN's convolutions: f32. Null where the build or the library has none, and where the environment says LANC_ONEDNN=off.
std::unique_ptr<Kernel> make_onednn_conv(const ConvProblem& problem);

}  // namespace lanc::cpu
