// expect: TrainingData
#include <lanc/train/loop.h>

using namespace lanc;

int64_t steps(const data::Parts<2>& parts) {
  const auto train = [](const Tensor& images, const Tensor&) { return std::vector<Tensor>{images}; };
#ifdef MISTAKE
  return fit(train, parts.validation, {.epochs = 1}).steps;
#else
  return fit(train, parts.training, {.epochs = 1}).steps;
#endif
}
