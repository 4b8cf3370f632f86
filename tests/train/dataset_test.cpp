#include <lanc/train/dataset.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include <lanc/train/batches.h>
#include <lanc/train/early_stopping.h>
#include <lanc/train/order.h>
#include <lanc/train/standardize.h>
#include <lanc/tests/train/files.h>

namespace lanc::data {
namespace {

using Rows = std::vector<int64_t>;

// n examples: image i is {10i, 10i + 1}, label i.
Table<2> numbered(int64_t n) {
  Tensor images(f32, {n, 2}), labels(i32, {n});
  for (int64_t i = 0; i < n; ++i) {
    images.set(2 * i, static_cast<double>(10 * i));
    images.set(2 * i + 1, static_cast<double>(10 * i + 1));
    labels.set(i, static_cast<double>(i));
  }
  return Table(images, labels);
}

Rows values_of(const Tensor& t) {
  Rows values;
  for (int64_t i = 0; i < t.numel(); ++i) values.push_back(static_cast<int64_t>(t.at(i)));
  return values;
}

template <class Set>
Rows labels_seen(const Set& set, int64_t batch_size, const BatchOptions& options) {
  Rows seen;
  for (auto [images, labels] : batches(set, batch_size, options)) {
    const Rows part = values_of(labels);
    for (size_t i = 0; i < part.size(); ++i) EXPECT_EQ(images.at(2 * static_cast<int64_t>(i)), 10.0 * static_cast<double>(part[i]));
    seen.insert(seen.end(), part.begin(), part.end());
  }
  return seen;
}

TEST(Order, IsAPermutation) {
  for (int64_t n : {0, 1, 2, 3, 10, 1000}) {
    Rows order = permutation(n, 42, 3);
    std::sort(order.begin(), order.end());
    Rows all(static_cast<size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(order, all);
  }
}

TEST(Order, DependsOnSeedEpochAndPurposeAndNothingElse) {
  const Rows order = permutation(100, 42, 3);
  EXPECT_EQ(order, permutation(100, 42, 3));
  EXPECT_NE(order, permutation(100, 43, 3));
  EXPECT_NE(order, permutation(100, 42, 4));
  EXPECT_NE(order, permutation(100, 42, 3, OrderOf::split));
  EXPECT_NE(order, permutation(100, 42 + (int64_t{1} << 32), 3));
  EXPECT_NE(order, permutation(100, 42, 3 + (int64_t{1} << 32)));
}

// 24 orders of 4, 24,000 seeds: each within 5 standard deviations (31) of 1,000.
TEST(Order, AllPermutationsAreEquallyLikely) {
  int counts[256] = {};
  for (int64_t seed = 0; seed < 24000; ++seed) {
    const Rows p = permutation(4, seed);
    ++counts[p[0] * 64 + p[1] * 16 + p[2] * 4 + p[3]];
  }
  int seen = 0;
  for (int count : counts) {
    if (count == 0) continue;
    ++seen;
    EXPECT_NEAR(count, 1000, 155);
  }
  EXPECT_EQ(seen, 24);
}

// Computed with Python's integers from the formula of order.h. A change of the order breaks runs that resume.
TEST(Order, IsTheSameOnEveryMachine) {
  EXPECT_EQ(permutation(10, 42, 3), (Rows{4, 1, 7, 6, 8, 2, 0, 3, 9, 5}));
  EXPECT_EQ(permutation(5, -1, 0, OrderOf::split), (Rows{0, 4, 1, 2, 3}));
}

TEST(Order, ASizeBeyondItsBoundIsRefused) {
  EXPECT_EQ(message_before_line([] { permutation(-1, 0); }), "permutation: 0 to 2^32 elements, got -1");
}

TEST(Table, GivesExamplesWithoutCopies) {
  const Table table = numbered(3);
  const auto [image, label] = table.get(2);
  EXPECT_TRUE(identical(image, Tensor::of<float>({2}, {20, 21})));
  EXPECT_EQ(label.item<int>(), 2);
  EXPECT_EQ(image.data(), table.column(0).data() + 2 * 2 * 4);
  EXPECT_EQ(message_before_line([&] { table.get(3); }), "data set: example must be in [0, 3), got 3");
}

TEST(Table, GathersRowsLikeALoopOverGet) {
  const Table table = numbered(9);
  const Rows rows = {3, 4, 5, 0, 8, 8, 1};
  Table<2>::Row batch;
  table.gather(rows, batch);
  for (size_t i = 0; i < rows.size(); ++i)
    for (size_t c = 0; c < 2; ++c) {
      const Tensor want = table.get(rows[i])[c];
      EXPECT_TRUE(identical(batch[c].part(static_cast<int64_t>(i) * want.numel(), want.sizes()), want));
    }
  const Rows outside = {1, 9};
  EXPECT_EQ(message_before_line([&] { table.gather(outside, batch); }), "data set: example must be in [0, 9), got 9");
}

TEST(Table, ColumnsMustAgree) {
  EXPECT_EQ(message_before_line([] { Table(Tensor(f32, {3, 2}), Tensor(i32, {4})); }),
            "table: columns must have one number of examples, got f32[3,2] in column 0 and i32[4] in column 1");
  EXPECT_EQ(message_before_line([] { Table(Tensor(f32, {3}), Tensor(i32, {})); }),
            "table: the first axis of a column is the example, got i32[] in column 1");
  EXPECT_EQ(message_before_line([] { static_cast<void>(numbered(3).column(2)); }), "data set: column must be in [0, 2), got 2");
}

TEST(Table, IsReshapedWithoutACopy) {
  const Table images(Tensor(f32, {5, 4, 6}), Tensor(i32, {5}));
  EXPECT_EQ(images.flattened().column(0).sizes(), (Sizes{5, 24}));
  EXPECT_EQ(images.reshaped({1, 4, 6}).column(0).sizes(), (Sizes{5, 1, 4, 6}));
  EXPECT_EQ(TestSet(images).flattened().column(0).data(), images.column(0).data());
  EXPECT_EQ(ValidationSet(images).reshaped({2, 12}).column(0).sizes(), (Sizes{5, 2, 12}));
}

TEST(Split, PartsAreDisjointCompleteAndInTheTablesOrder) {
  const auto [training, validation, test] = split(numbered(100), {0.8, 0.1, 0.1}, 42);
  Rows all;
  for (const Rows& part : {values_of(training.column(1)), values_of(validation.column(1)), values_of(test.column(1))}) {
    EXPECT_TRUE(std::is_sorted(part.begin(), part.end()));
    all.insert(all.end(), part.begin(), part.end());
  }
  EXPECT_EQ(training.size(), 80);
  EXPECT_EQ(validation.size(), 10);
  EXPECT_EQ(test.size(), 10);
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, values_of(numbered(100).column(1)));
}

TEST(Split, IsAFunctionOfTheSeed) {
  const Fractions f = {0.8, 0.1, 0.1};
  const auto test_of = [&](int64_t seed) { return values_of(split(numbered(100), f, seed).test.column(1)); };
  EXPECT_EQ(test_of(1), test_of(1));
  EXPECT_NE(test_of(1), test_of(2));
}

TEST(Split, SizesFollowTheLargestRemainders) {
  const auto sizes_of = [](int64_t n, const Fractions& f) {
    const auto parts = split(numbered(n), f, 0);
    return Rows{parts.training.size(), parts.validation.size(), parts.test.size()};
  };
  EXPECT_EQ(sizes_of(10, {0.8, 0.1, 0.1}), (Rows{8, 1, 1}));
  EXPECT_EQ(sizes_of(15, {0.8, 0.1, 0.1}), (Rows{12, 2, 1}));   // 12, 1.5, 1.5: a tie goes to the earlier part
  EXPECT_EQ(sizes_of(7, {0.5, 0.3, 0.2}), (Rows{4, 2, 1}));     // 3.5, 2.1, 1.4
  EXPECT_EQ(sizes_of(10, {0.7, 0.15, 0.15}), (Rows{7, 2, 1}));
  EXPECT_EQ(sizes_of(5, {0.34, 0.33, 0.33}), (Rows{2, 2, 1}));  // 1.7, 1.65, 1.65: nobody gets both seats that are left
  EXPECT_EQ(sizes_of(3, {1, 0, 0}), (Rows{3, 0, 0}));
  EXPECT_EQ(sizes_of(0, {0.8, 0.1, 0.1}), (Rows{0, 0, 0}));
}

TEST(Split, FractionsMustSumToOne) {
  const Table table = numbered(3);
  EXPECT_EQ(message_before_line([&] { split(table, {0.8, 0.1, 0.2}, 0); }), "split: fractions must sum to 1, got 0.8 + 0.1 + 0.2 = 1.1");
  EXPECT_EQ(message_before_line([&] { split(table, {1.1, -0.1, 0}, 0); }), "split: fractions must be in [0, 1], got 1.1");
}

TEST(Split, JoinedPutsTrainingAndValidationTogether) {
  const auto parts = split(numbered(10), {0.5, 0.3, 0.2}, 7);
  const Table both = joined(parts.training, parts.validation);
  EXPECT_EQ(both.size(), 8);
  EXPECT_EQ(values_of(both.get(5)[1]), values_of(parts.validation.get(0)[1]));
  const ValidationSet other(Table(Tensor(f32, {1, 3}), Tensor(i32, {1})));
  EXPECT_EQ(message_before_line([&] { joined(parts.training, other); }), "joined: examples must have one type, got f32[5,2] and f32[1,3]");
}

TEST(Batches, SeeEveryExampleOnceInTheDocumentedOrder) {
  const Table table = numbered(10);
  EXPECT_EQ(labels_seen(table, 4, {.epoch = 3, .seed = 42}), permutation(10, 42, 3));
  EXPECT_EQ(labels_seen(table, 4, {.shuffle = false}), (Rows{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Batches, TheLastOneIsSmallerOrDropped) {
  const Table table = numbered(10);
  EXPECT_EQ(batches(table, 4).size(), 3);
  EXPECT_EQ(batches(table, 4)[2][0].sizes(), (Sizes{2, 2}));
  EXPECT_EQ(batches(table, 4, {.drop_last = true}).size(), 2);
  EXPECT_EQ(labels_seen(table, 4, {.drop_last = true}).size(), 8u);
  EXPECT_EQ(batches(table, 5, {.drop_last = true}).size(), 2);
  EXPECT_EQ(labels_seen(numbered(0), 4, {}), Rows{});
}

TEST(Batches, ResumeAtAnyBatch) {
  const Table table = numbered(23);
  const Rows whole = labels_seen(table, 4, {.epoch = 2, .seed = 9});
  for (int64_t first = 0; first <= 6; ++first) {
    const Rows rest(whole.begin() + std::min<int64_t>(4 * first, 23), whole.end());
    EXPECT_EQ(labels_seen(table, 4, {.epoch = 2, .seed = 9, .first_batch = first}), rest);
  }
  const auto range = batches(table, 4, {.epoch = 2, .seed = 9, .first_batch = 5});
  EXPECT_EQ(range.size(), 1);
  EXPECT_EQ(range.batches_per_epoch(), 6);
  EXPECT_EQ(values_of(range[0][1]), Rows(whole.begin(), whole.begin() + 4));
}

TEST(Batches, MemoryIsReusedUnlessSomebodyHoldsIt) {
  const Table table = numbered(12);
  std::set<const std::byte*> places;
  for (const auto& [images, labels] : batches(table, 4)) places.insert(images.data());
  EXPECT_EQ(places.size(), 1u);
  std::vector<Tensor> kept;
  for (auto [images, labels] : batches(table, 4, {.shuffle = false})) kept.push_back(labels);
  for (int64_t b = 0; b < 3; ++b) EXPECT_EQ(kept[static_cast<size_t>(b)].at(0), 4.0 * static_cast<double>(b));
}

struct PairOfTensors {
  Tensor input, target;
};
struct Squares {  // a user's data set of a struct; size() of an unsigned type
  size_t size() const { return 7; }
  PairOfTensors get(int64_t i) const {
    return {Tensor::of<float>({1}, {static_cast<float>(i)}), Tensor::scalar(static_cast<float>(i * i))};
  }
};
struct Lines {  // and of single tensors whose types differ at example 3
  int64_t size() const { return 5; }
  Tensor get(int64_t i) const { return Tensor(f32, {i == 3 ? 4 : 2}); }
};
struct Tuples {
  int64_t size() const { return 2; }
  std::tuple<Tensor, Tensor, Tensor> get(int64_t i) const { return {Tensor::scalar(i), Tensor(f32, {2}), Tensor(u8, {0})}; }
};

TEST(Batches, StackTheExamplesOfAnyDataSet) {
  const Squares squares;
  std::vector<double> targets;
  for (auto [input, target] : batches(squares, 3, {.shuffle = false})) {
    EXPECT_EQ(input.rank(), 2);
    for (int64_t i = 0; i < target.numel(); ++i) targets.push_back(target.at(i));
  }
  EXPECT_EQ(targets, (std::vector<double>{0, 1, 4, 9, 16, 25, 36}));
  const Tuples tuples;
  const auto [a, b, c] = in_order(tuples, 2)[0];
  EXPECT_TRUE(identical(a, Tensor::of<int64_t>({2}, {0, 1})));
  EXPECT_EQ(b.sizes(), (Sizes{2, 2}));
  EXPECT_EQ(c.sizes(), (Sizes{2, 0}));
}

TEST(Batches, OfATableEqualThoseOfTheSameExamplesOneByOne) {
  struct OneByOne {
    Table<2> table;
    int64_t size() const { return table.size(); }
    std::array<Tensor, 2> get(int64_t i) const { return table.get(i); }
  };
  const OneByOne slow = {numbered(11)};
  const auto fast_range = batches(slow.table, 3, {.seed = 5});
  const auto slow_range = batches(slow, 3, {.seed = 5});
  for (int64_t b = 0; b < 4; ++b)
    for (size_t c = 0; c < 2; ++c) EXPECT_TRUE(identical(fast_range[b][c], slow_range[b][c]));
}

TEST(Batches, ExamplesOfDifferentTypesAreNamed) {
  const Lines lines;
  EXPECT_EQ(message_before_line([&] { in_order(lines, 5)[0]; }),
            "batches: examples must have one type, got f32[2] at example 0 and f32[4] at example 3");
}

TEST(Batches, MistakesNameTheLineOfTheCall) {
  const Table table = numbered(10);
  int line = 0;
  const std::function<void()> calls[] = {
      [&] { line = __LINE__; batches(table, 0); },
      [&] { line = __LINE__; in_order(table, 0); },
      [&] { line = __LINE__; split(table, {0.8, 0.1, 0.2}, 0); },
      [&] { line = __LINE__; fit_standardization(Table(Tensor(f32, {0, 2}))); },
      [&] { line = __LINE__; fit_standardization(Table(Tensor(f32, {2, 3}))).apply(Tensor(f32, {2, 4})); },
      [&] { line = __LINE__; EarlyStopping({.patience = 0}); },
      [&] { line = __LINE__; GradientNormStop({.threshold = 0}); },
      [&] { line = __LINE__; ReduceOnPlateau(0); }};
  for (const auto& call : calls) {
    const std::string text = message_of(call), end = " at dataset_test.cpp:" + std::to_string(line);
    EXPECT_EQ(text.substr(text.size() - std::min(text.size(), end.size())), end) << text;
  }
}

TEST(Batches, OptionsAreChecked) {
  const Table table = numbered(10);
  EXPECT_EQ(message_before_line([&] { batches(table, 0); }), "batches: batch_size must be >= 1, got 0");
  EXPECT_EQ(message_before_line([&] { batches(table, 1, {.epoch = -1}); }), "batches: epoch must be >= 0, got -1");
  EXPECT_EQ(message_before_line([&] { batches(table, 4, {.first_batch = 4}); }), "batches: first_batch must be in [0, 3], got 4");
  EXPECT_EQ(message_before_line([&] { batches(table, 4)[3]; }), "data set: batch must be in [0, 3), got 3");
}

TEST(Batches, InOrderTakesEveryPart) {
  const Table table = numbered(5);
  const TestSet test(table);
  const ValidationSet validation(table);
  Rows seen;
  for (auto [images, labels] : in_order(test, 2)) seen.push_back(labels.numel());
  for (auto [images, labels] : in_order(validation, 5)) seen.push_back(labels.numel());
  EXPECT_EQ(seen, (Rows{2, 2, 1, 5}));
}

// What must not compile; tests/train/compile_fail has the same as a user writes it.
template <class Set>
constexpr bool can_train_on = requires(const Set& set) { batches(set, 1); };
template <class Set>
constexpr bool can_fit_on = requires(const Set& set) { fit_standardization(set); };
using Images = Table<2>;
static_assert(can_train_on<Images> && can_train_on<Squares>);
static_assert(!can_train_on<TestSet<Images>> && !can_train_on<ValidationSet<Images>> && !can_train_on<TestSet<Squares>>);
static_assert(can_fit_on<Images> && !can_fit_on<TestSet<Images>> && !can_fit_on<ValidationSet<Images>>);
static_assert(DataSet<TestSet<Images>> && !TrainingData<TestSet<Images>>);
static_assert(!std::convertible_to<TestSet<Images>, Images> && !std::constructible_from<Images, TestSet<Images>>);
static_assert(!std::constructible_from<ValidationSet<Images>, TestSet<Images>>);
template <class Set>
constexpr bool takes_temporary = requires { batches(std::declval<Set>(), 1); };
static_assert(!takes_temporary<Images>);  // it would be gone
static_assert(!DataSet<int> && !DataSet<Tensor> && !Example<int> && Example<Tensor> && Example<PairOfTensors>);
struct NotOnlyTensors {
  Tensor a;
  int b;
};
static_assert(!Example<NotOnlyTensors>);

TEST(Standardize, IsByFeatureWithNMinusOne) {
  // Columns 1 2 3 4 (mean 2.5, variance 5/3) and 10 10 10 10 (constant: scale 1).
  const Table training(Tensor::of<double>({4, 2}, {1, 10, 2, 10, 3, 10, 4, 10}));
  const Standardization s = fit_standardization(training);
  EXPECT_TRUE(identical(s.mean, Tensor::of<double>({2}, {2.5, 10})));
  EXPECT_DOUBLE_EQ(s.scale.at(0), std::sqrt(5.0 / 3));
  EXPECT_EQ(s.scale.at(1), 1);
  const Tensor x = s.apply(training).column(0);
  EXPECT_DOUBLE_EQ(x.at(0), -1.5 / std::sqrt(5.0 / 3));
  EXPECT_EQ(x.at(1), 0);
}

TEST(Standardize, AsAWholeHasOneMean) {
  const Table training(Tensor::of<float>({2, 2}, {0, 2, 4, 6}));
  const Standardization s = fit_standardization(training, {.per = Per::whole});
  EXPECT_EQ(s.mean.item<double>(), 3);
  EXPECT_DOUBLE_EQ(s.scale.item<double>(), std::sqrt(20.0 / 3));
  EXPECT_EQ(s.apply(Tensor::of<float>({3}, {3, 3, 3})).at(0), 0);
}

TEST(Standardize, AConstantThatIsNoBinaryFractionHasScaleOne) {
  const Table training(Tensor::of<float>({3, 1}, {0.1f, 0.1f, 0.1f}));
  const Standardization s = fit_standardization(training);
  EXPECT_EQ(s.scale.at(0), 1);
  EXPECT_EQ(s.apply(training).column(0).at(2), 0);
  EXPECT_EQ(fit_standardization(Table(Tensor::of<float>({1, 1}, {5}))).scale.at(0), 1);
}

TEST(Standardize, AllPartsUseTheTrainingPartsFigures) {
  const Parts<1> parts = {Table(Tensor::of<float>({2, 1}, {0, 2})), ValidationSet(Table(Tensor::of<float>({1, 1}, {1}))),
                          TestSet(Table(Tensor::of<float>({1, 1}, {3})))};
  const auto [training, validation, test] = standardize(parts);
  EXPECT_FLOAT_EQ(training.column(0).span<float>()[0], static_cast<float>(-std::sqrt(0.5)));
  EXPECT_EQ(validation.column(0).at(0), 0);
  EXPECT_FLOAT_EQ(test.column(0).span<float>()[0], static_cast<float>(std::sqrt(2.0)));
  static_assert(std::same_as<std::remove_cvref_t<decltype(test)>, TestSet<Table<1>>>);
}

TEST(Standardize, SaysWhatItNeeds) {
  EXPECT_EQ(message_before_line([] { fit_standardization(Table(Tensor(u8, {2, 2}))); }), "standardize: values must be f32 or f64, got u8[2,2]");
  EXPECT_EQ(message_before_line([] { fit_standardization(Table(Tensor(f32, {0, 2}))); }),
            "standardize: at least one value is needed to fit, got f32[0,2]");
  EXPECT_EQ(message_before_line([] { fit_standardization(Table(Tensor::of<float>({2, 2}, {0, 1, 2, NAN}))); }),
            "standardize: values must be finite, got nan in example 1, feature 1");
  const Standardization s = fit_standardization(Table(Tensor(f32, {2, 3})));
  EXPECT_EQ(message_before_line([&] { s.apply(Tensor(f32, {2, 4})); }),
            "standardize: examples must be as those fitted, f32[3], got f32[2,4] with the example as first axis");
}

// A tolerance in proportion to the rows made room for one too many.
TEST(Split, SizesOfManyRowsSumToThem) {
  const double third = 0.3333333333;
  for (const int64_t n : {int64_t{1} << 29, int64_t{1} << 40, (int64_t{1} << 29) + 1, int64_t{1'000'000'007}})
    for (const Fractions& f : {Fractions{1.0 / 3, 1.0 / 3, 1.0 / 3}, Fractions{third, third, third + 1e-10}, Fractions{0.5, 0.5, 9e-10}, Fractions{0, 0, 1}, Fractions{2.0 / 3, 1.0 / 3, 0}}) {
      const auto [training, validation, test] = detail::split_sizes(n, f);
      EXPECT_EQ(training + validation + test, n);
      EXPECT_GE(std::min({training, validation, test}), 0);
      EXPECT_NEAR(static_cast<double>(training), f.training * static_cast<double>(n), 1 + 1e-9 * static_cast<double>(n));
    }
}

}  // namespace
}  // namespace lanc::data
