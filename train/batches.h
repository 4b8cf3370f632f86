// train/batches.h: a data set in batches, in an order that is a pure function of (seed, epoch, index): training can resume anywhere.
#pragma once

#include <cstdint>
#include <iterator>
#include <source_location>
#include <span>
#include <tuple>
#include <vector>

#include <lanc/graph/call_line.h>
#include <lanc/train/dataset.h>

namespace lanc::data {

struct BatchOptions {
  int64_t epoch = 0;
  int64_t seed = 0;
  /// In the order permutation(size, seed, epoch) of train/order.h; false: as they lie.
  bool shuffle = true;
  /// Leave out a last batch that is not full.
  bool drop_last = false;
  /// Start here, as after so many batches of this epoch: the batches that follow are the same as without a stop.
  int64_t first_batch = 0;
};

namespace detail {

/// Which examples are in which batch; knows nothing of what an example is.
class BatchOrder {
 public:
  /// UserError: batch_size < 1, epoch < 0, first_batch outside [0, number of batches].
  BatchOrder(int64_t examples, int64_t batch_size, const BatchOptions& options);
  int64_t first() const { return first_; }
  int64_t batches() const { return batches_; }
  /// Examples of batch b. UserError: b out of range.
  std::span<const int64_t> rows(int64_t b) const;

 private:
  int64_t batch_size_, first_, batches_;
  std::vector<int64_t> order_;
};

template <DataSet D>
void gather(const D& set, std::span<const int64_t> rows, ExampleOf<D>& into) {
  if constexpr (requires { set.gather(rows, into); }) {
    set.gather(rows, into);
  } else {
    constexpr size_t fields = std::tuple_size_v<decltype(tie_fields(into))>;
    std::vector<Tensor> tensors[fields];
    for (int64_t row : rows) {
      auto example = set.get(row);
      [&]<size_t... I>(std::index_sequence<I...>) {
        (tensors[I].push_back(std::get<I>(tie_fields(example))), ...);
      }(std::make_index_sequence<fields>());
    }
    [&]<size_t... I>(std::index_sequence<I...>) {
      (stack(tensors[I], rows, std::get<I>(tie_fields(into))), ...);
    }(std::make_index_sequence<fields>());
  }
}

}  // namespace detail

/// A range of batches. Its elements are of the example's type; a batch's memory is used again for the next one unless somebody still
/// holds the tensor. Refers to the data set, which must outlive it.
template <DataSet D>
class Batches {
 public:
  using Batch = ExampleOf<D>;

  Batches(const D& set, int64_t batch_size, const BatchOptions& options, std::source_location where = std::source_location::current())
      : set_(&set), order_(with_line("batches", where, [&] { return detail::BatchOrder(static_cast<int64_t>(set.size()), batch_size, options); })) {}

  /// Batches that the range runs over: those of the epoch less first_batch.
  int64_t size() const { return order_.batches() - order_.first(); }
  /// Batches of the whole epoch.
  int64_t batches_per_epoch() const { return order_.batches(); }
  /// Batch b of the epoch, whatever first_batch is.
  Batch operator[](int64_t b) const {
    Batch batch;
    detail::gather(*set_, order_.rows(b), batch);
    return batch;
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = Batch;
    using pointer = const Batch*;
    using reference = const Batch&;

    explicit Iterator(const Batches& range) : range_(&range), at_(range.order_.first()), end_(range.order_.batches()) { load(); }
    const Batch& operator*() const { return batch_; }
    const Batch* operator->() const { return &batch_; }
    Iterator& operator++() {
      ++at_;
      load();
      return *this;
    }
    void operator++(int) { ++*this; }
    /// Number of this batch within the epoch.
    int64_t index() const { return at_; }
    friend bool operator==(const Iterator& i, std::default_sentinel_t) { return i.at_ >= i.end_; }

   private:
    void load() {
      if (at_ < end_) detail::gather(*range_->set_, range_->order_.rows(at_), batch_);
    }
    const Batches* range_;
    int64_t at_, end_;
    Batch batch_ = {};
  };

  Iterator begin() const { return Iterator(*this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  const D* set_;
  detail::BatchOrder order_;
};

/// For training: `for (auto [images, labels] : data::batches(training, 128, {.epoch = epoch, .seed = 42}))`. Not for a ValidationSet or
/// a TestSet (does not compile): evaluate those with in_order. UserError: batch_size < 1, epoch < 0, first_batch beyond the epoch.
template <TrainingData D>
Batches<D> batches(const D& set, int64_t batch_size, const BatchOptions& options = {}, std::source_location where = std::source_location::current()) {
  return Batches<D>(set, batch_size, options, where);
}
template <TrainingData D>
Batches<D> batches(const D&& set, int64_t batch_size, const BatchOptions& options = {}) = delete;  // the set would be gone

/// For evaluation: every example once, as they lie, the last batch perhaps smaller. Any data set.
template <DataSet D>
Batches<D> in_order(const D& set, int64_t batch_size, std::source_location where = std::source_location::current()) {
  return Batches<D>(set, batch_size, {.shuffle = false}, where);
}
template <DataSet D>
Batches<D> in_order(const D&& set, int64_t batch_size) = delete;

}  // namespace lanc::data
