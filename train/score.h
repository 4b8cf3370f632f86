// train/score.h: a figure together with the part of the data that it was measured on, so that nothing is chosen by looking at test data.
#pragma once

#include <cstdint>
#include <utility>

#include <lanc/graph/error.h>
#include <lanc/train/batches.h>
#include <lanc/train/call.h>
#include <lanc/train/dataset.h>
#include <lanc/train/metrics.h>

namespace lanc {

/// A number measured on the training, validation or test part. `ValidationScore(validation, 0.87)` takes the data set as evidence: a
/// score on a TestSet is a TestScore, and neither converts to the other.
template <data::Part P>
class Score {
 public:
  template <data::DataSet D>
    requires(data::part_of<D> == P)
  Score(const D&, double value) : value_(value) {}
  double value() const { return value_; }

 private:
  double value_;
};

using TrainingScore = Score<data::Part::training>;
using ValidationScore = Score<data::Part::validation>;
using TestScore = Score<data::Part::test>;

/// The accuracy of predict(inputs) on any data set of (inputs, labels); `predict` returns a Tensor of scores or class ids as
/// accuracy() takes them, or a list whose first element is one, as a Function does. Of a ValidationSet it is a ValidationScore, of a
/// TestSet a TestScore. UserError: no examples, and those of accuracy().
template <class Predict, data::DataSet D>
Score<data::part_of<D>> evaluate_accuracy(Predict&& predict, const D& set, int64_t batch_size = 1000,
                                           std::source_location where = std::source_location::current()) {
  int64_t right = 0, examples = 0;
  for (const auto& batch : data::in_order(set, batch_size, where)) {
    const auto& [inputs, labels] = batch;
    auto result = detail::called_from(where, predict, inputs);
    const int64_t n = labels.numel();
    double share = 0;
    if constexpr (requires { Tensor(result); }) share = accuracy(result, labels);
    else {
      if (result.empty()) throw UserError("evaluate_accuracy: predict must return scores or class ids, got no results");
      share = accuracy(result[0], labels);
    }
    right += static_cast<int64_t>(share * static_cast<double>(n) + 0.5);
    examples += n;
  }
  if (examples == 0) return {set, accuracy(Tensor(i32, {0}), Tensor(i32, {0}))};  // says what is missing
  return {set, static_cast<double>(right) / static_cast<double>(examples)};
}

}  // namespace lanc
