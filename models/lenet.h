// models/lenet.h: LeNet-5, the first convolutional network that was put to use (LeCun, Bottou, Bengio and Haffner 1998).
#pragma once

#include <cstdint>
#include <source_location>
#include <string>

#include <lanc/models/conv.h>
#include <lanc/models/dense.h>

namespace lanc::models {

struct LeNetOptions {
  int64_t channels = 1;
  int64_t size = 28;  // of images size x size; even, 12 or more
  int64_t classes = 10;
  DType dtype = f32;
};

/// In its modern form: relu for tanh, largest elements for trained means, a linear output. {N, channels, size, size} -> logits {N, classes};
/// 61,706 parameters at 28 x 28. UserError: another size; what the layers ask for.
class LeNet {
 public:
  LeNet(const Scope& scope, LeNetOptions options = {}, std::source_location where = std::source_location::current());
  Value operator()(Operand images) const;

  Conv conv1, conv2;
  Dense dense1, dense2, dense3;

 private:
  std::string scope_;
  LeNet(const CallSite& site, const Scope& scope, const LeNetOptions& options);
};

}  // namespace lanc::models
