// models/resnet.h: the residual networks for small images: ResNet-20 and its deeper relatives (He, Zhang, Ren and Sun 2016, section 4.2).
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/models/conv.h>
#include <lanc/models/dense.h>
#include <lanc/models/norms.h>

namespace lanc::models {

/// relu(x' + f(x)), f two 3 x 3 convolutions with batch norm, the first of which moves by `stride`. x' is x at every stride-th place, with channels of
/// zeros where there are more outputs than inputs: a way past without parameters.
class ResidualBlock {
 public:
  ResidualBlock(const Scope& scope, int64_t inputs, int64_t outputs, int64_t stride = 1, DType dtype = f32,
                std::source_location where = std::source_location::current());
  Value operator()(Operand x, Mode mode) const;

  Conv conv1, conv2;
  BatchNorm norm1, norm2;

 private:
  std::string scope_;
  int64_t added_channels_, stride_;
  ResidualBlock(const CallSite& site, const Scope& scope, int64_t inputs, int64_t outputs, int64_t stride, DType dtype);
};

struct ResNetOptions {
  int64_t blocks = 3;  // of each stage; the network has 6 * blocks + 2 layers: 3 make ResNet-20
  std::vector<int64_t> widths = {16, 32, 64};  // outputs of the stages' convolutions; each stage but the first halves the sizes
  int64_t channels = 3;
  int64_t classes = 10;
  DType dtype = f32;
};

/// {N, channels, height, width} -> logits {N, classes}; sizes may be symbols. ResNet-20 of colour images has 269,722 parameters. UserError: no blocks, no
/// widths, widths that fall; what the layers ask for.
class ResNet {
 public:
  ResNet(const Scope& scope, ResNetOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand images, Mode mode) const;

  Conv conv;
  BatchNorm norm;
  std::vector<ResidualBlock> blocks;
  Dense out;

 private:
  std::string scope_;
  ResNet(const CallSite& site, const Scope& scope, const ResNetOptions& options);
};

}  // namespace lanc::models
