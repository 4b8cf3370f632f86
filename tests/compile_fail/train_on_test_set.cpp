// expect: TrainingData
#include <lanc/train/batches.h>

using namespace lanc;

int64_t examples_seen(const data::Parts<2>& parts) {
  int64_t seen = 0;
#ifdef MISTAKE
  for (auto [images, labels] : data::batches(parts.test, 128, {.epoch = 0, .seed = 42})) seen += labels.numel();
#else
  for (auto [images, labels] : data::batches(parts.training, 128, {.epoch = 0, .seed = 42})) seen += labels.numel();
#endif
  return seen;
}
