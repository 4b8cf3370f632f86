#include <lanc/train/batches.h>

#include <algorithm>
#include <numeric>
#include <string>

#include <lanc/graph/error.h>
#include <lanc/train/order.h>

namespace lanc::data::detail {

BatchOrder::BatchOrder(int64_t examples, int64_t batch_size, const BatchOptions& options)
    : batch_size_(batch_size), first_(options.first_batch) {
  if (batch_size < 1) throw UserError("batches: batch_size must be >= 1, got " + std::to_string(batch_size));
  if (options.epoch < 0) throw UserError("batches: epoch must be >= 0, got " + std::to_string(options.epoch));
  batches_ = examples / batch_size + (!options.drop_last && examples % batch_size != 0 ? 1 : 0);
  if (first_ < 0 || first_ > batches_)
    throw UserError("batches: first_batch must be in [0, " + std::to_string(batches_) + "], got " + std::to_string(first_));
  if (options.shuffle) {
    order_ = permutation(examples, options.seed, options.epoch);
  } else {
    order_.resize(static_cast<size_t>(examples));
    std::iota(order_.begin(), order_.end(), int64_t{0});
  }
}

std::span<const int64_t> BatchOrder::rows(int64_t b) const {
  if (b < 0 || b >= batches_) throw_out_of_range("batch", b, batches_);
  const size_t from = static_cast<size_t>(b * batch_size_);
  return std::span(order_).subspan(from, std::min(static_cast<size_t>(batch_size_), order_.size() - from));
}

}  // namespace lanc::data::detail
