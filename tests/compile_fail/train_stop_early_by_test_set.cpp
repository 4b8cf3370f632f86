// expect: TestScore
// expect: ValidationScore
#include <lanc/train/early_stopping.h>

using namespace lanc;

bool stop_after(EarlyStopping& stop, const data::Parts<2>& parts) {
  const auto predict = [](const Tensor& images) { return images; };
#ifdef MISTAKE
  const TestScore score = evaluate_accuracy(predict, parts.test);
  return stop(0, score);
#else
  const ValidationScore score = evaluate_accuracy(predict, parts.validation);
  return stop(0, score);
#endif
}
