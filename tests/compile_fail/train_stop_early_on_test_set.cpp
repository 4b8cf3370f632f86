// expect: stop_early
// expect: TestSet
#include <lanc/train/loop.h>

using namespace lanc;

Callback watcher(EarlyStopping& stop, const data::Parts<2>& parts) {
  const auto predict = [](const Tensor& images) { return images; };
#ifdef MISTAKE
  return stop_early(stop, predict, parts.test);
#else
  return stop_early(stop, predict, parts.validation);
#endif
}
