#include <lanc/models/sequential.h>

namespace lanc::models {

Value Layer::operator()(Operand x, Mode mode) const {
  const CallSite site(nullptr, {x});
  return function_(x, mode);
}

Sequential::Sequential(std::vector<Layer> layers) : layers_(std::move(layers)) {}

Value Sequential::operator()(Operand x, Mode mode) const {
  const CallSite site("Sequential", {x});
  Value y = x;
  for (const Layer& layer : layers_) y = layer(y, mode);
  return y;
}

}  // namespace lanc::models
