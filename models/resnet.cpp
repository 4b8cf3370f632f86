#include <lanc/models/resnet.h>

#include <algorithm>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/pool.h>
#include <lanc/ops/slice.h>

namespace lanc::models {
namespace {

// The batch norm behind it has a shift: no bias.
ConvLayerOptions three_by_three(int64_t stride, DType dtype) {
  return {.kernel = {3, 3}, .strides = {stride}, .padding = {1}, .bias = false, .dtype = dtype};
}

const ResNetOptions& checked(const ResNetOptions& o) {
  if (o.blocks < 1 || o.widths.empty() || !std::is_sorted(o.widths.begin(), o.widths.end()))
    detail::fail("there must be blocks, and widths that do not fall", std::to_string(o.blocks) + " blocks of " + std::to_string(o.widths.size()) + " widths");
  return o;
}

}  // namespace

ResidualBlock::ResidualBlock(const Scope& scope, int64_t inputs, int64_t outputs, int64_t stride, DType dtype, std::source_location where)
    : ResidualBlock(CallSite("ResidualBlock", where, scope.graph().data()), scope, inputs, outputs, stride, dtype) {}

ResidualBlock::ResidualBlock(const CallSite&, const Scope& scope, int64_t inputs, int64_t outputs, int64_t stride, DType dtype)
    : conv1(scope / "conv1", inputs, outputs, three_by_three(stride, dtype)), conv2(scope / "conv2", outputs, outputs, three_by_three(1, dtype)),
      norm1(scope / "norm1", outputs, {.dtype = dtype}), norm2(scope / "norm2", outputs, {.dtype = dtype}), scope_(scope.path()),
      added_channels_(outputs - inputs), stride_(stride) {
  if (added_channels_ < 0 || stride < 1)
    detail::fail("outputs must not be fewer than inputs, and the stride at least 1",
                 std::to_string(inputs) + " inputs, " + std::to_string(outputs) + " outputs and stride " + std::to_string(stride));
}

Value ResidualBlock::operator()(Operand x, Mode mode) const {
  const CallSite site("ResidualBlock", {x}, scope_);
  const Value y = norm2(conv2(relu(norm1(conv1(x), mode))), mode);
  Value past = x;
  if (stride_ > 1) past = slice_of(past, {{}, {}, {.step = stride_}, {.step = stride_}});
  if (added_channels_ > 0) past = pad(past, {{}, {.low = added_channels_ / 2, .high = added_channels_ - added_channels_ / 2}, {}, {}});
  return relu(past + y);
}

ResNet::ResNet(const Scope& scope, ResNetOptions options, std::source_location where)
    : ResNet(CallSite("ResNet", where, scope.graph().data()), scope, options) {}

ResNet::ResNet(const CallSite&, const Scope& scope, const ResNetOptions& o)
    : conv(scope / "conv", o.channels, checked(o).widths[0], three_by_three(1, o.dtype)), norm(scope / "norm", o.widths[0], {.dtype = o.dtype}),
      out(scope / "out", o.widths.back(), o.classes, {.dtype = o.dtype}), scope_(scope.path()) {
  int64_t inputs = o.widths[0];
  for (size_t stage = 0; stage < o.widths.size(); ++stage)
    for (int64_t i = 0; i < o.blocks; ++i) {
      blocks.emplace_back(scope / ("block" + std::to_string(blocks.size())), inputs, o.widths[stage], stage > 0 && i == 0 ? 2 : 1, o.dtype);
      inputs = o.widths[stage];
    }
}

Value ResNet::operator()(Operand images, Mode mode) const {
  const CallSite site("ResNet", {images}, scope_);
  Value y = relu(norm(conv(images), mode));
  for (const ResidualBlock& block : blocks) y = block(y, mode);
  return out(flatten(global_average_pool(y)));
}

}  // namespace lanc::models
