// models/vgg.h: a plain stack of small convolutions (Simonyan and Zisserman 2015), with batch normalization.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/models/conv.h>
#include <lanc/models/dense.h>
#include <lanc/models/dropout.h>
#include <lanc/models/norms.h>

namespace lanc::models {

struct VggOptions {
  std::vector<std::vector<int64_t>> stages = {{16, 16}, {32, 32}, {64, 64}};  // outputs of the convolutions; behind each stage sizes are halved
  int64_t channels = 1;
  int64_t size = 28;  // of images size x size
  int64_t hidden = 128;
  int64_t classes = 10;
  double keep = 0.5;  // of the hidden layer's elements
  DType dtype = f32;
};

/// Stages of 3 x 3 convolutions, each with batch norm and relu, a 2 x 2 max pool behind each stage; then a hidden layer with dropout, and logits:
/// {N, channels, size, size} -> {N, classes}. Two calls in Mode::training need two of them (see Dropout), unless keep is 1. UserError: no stages, an
/// empty one, more of them than the size can be halved; what the layers ask for.
class Vgg {
 public:
  Vgg(const Scope& scope, VggOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand images, Mode mode) const;

  struct Step {
    Conv conv;
    BatchNorm norm;
  };
  std::vector<std::vector<Step>> stages;
  Dense hidden, out;
  Dropout dropout;

 private:
  std::string scope_;
  Vgg(const CallSite& site, const Scope& scope, const VggOptions& options);
};

}  // namespace lanc::models
