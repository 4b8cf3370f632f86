// train/dataset.h: what a data set is, tables of tensors in memory, and the parts (training, validation, test) that types keep apart.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <source_location>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <lanc/graph/call_line.h>
#include <lanc/graph/tensor.h>

namespace lanc::data {

namespace detail {

struct AnyTensor {
  operator Tensor() const;
};
struct Anything {
  template <class T>
  operator T() const;
};

template <class T, class With, size_t... I>
constexpr bool made_of(std::index_sequence<I...>) {
  return requires { T{(static_cast<void>(I), With())...}; };
}
template <class T, size_t N>
constexpr bool has_fields = made_of<T, AnyTensor>(std::make_index_sequence<N>()) &&
                            !made_of<T, Anything>(std::make_index_sequence<N + 1>());

// Number of members of an aggregate of 1 to 6 Tensors; 0: something else.
template <class T>
constexpr size_t count_fields() {
  if constexpr (!std::is_aggregate_v<T> || std::is_array_v<T>) return 0;
  else if constexpr (has_fields<T, 1>) return 1;
  else if constexpr (has_fields<T, 2>) return 2;
  else if constexpr (has_fields<T, 3>) return 3;
  else if constexpr (has_fields<T, 4>) return 4;
  else if constexpr (has_fields<T, 5>) return 5;
  else if constexpr (has_fields<T, 6>) return 6;
  else return 0;
}

template <class T, size_t... I>
constexpr bool all_tensors(std::index_sequence<I...>) {
  return sizeof...(I) > 0 && (std::same_as<std::tuple_element_t<I, T>, Tensor> && ...);
}
template <class T>
constexpr bool is_tuple_of_tensors() {
  if constexpr (requires { std::tuple_size<T>::value; }) return all_tensors<T>(std::make_index_sequence<std::tuple_size_v<T>>());
  else return false;
}

// The tensors of an example as a tuple of references.
template <class T>
constexpr auto tie_fields(T& e) {
  using Plain = std::remove_const_t<T>;
  if constexpr (std::same_as<Plain, Tensor>) return std::tie(e);
  else if constexpr (is_tuple_of_tensors<Plain>()) return std::apply([](auto&... t) { return std::tie(t...); }, e);
  else {
    constexpr size_t n = count_fields<Plain>();
    if constexpr (n == 1) { auto& [a] = e; return std::tie(a); }
    else if constexpr (n == 2) { auto& [a, b] = e; return std::tie(a, b); }
    else if constexpr (n == 3) { auto& [a, b, c] = e; return std::tie(a, b, c); }
    else if constexpr (n == 4) { auto& [a, b, c, d] = e; return std::tie(a, b, c, d); }
    else if constexpr (n == 5) { auto& [a, b, c, d, f] = e; return std::tie(a, b, c, d, f); }
    else { auto& [a, b, c, d, f, g] = e; return std::tie(a, b, c, d, f, g); }
  }
}

// Rows of `source` (along its first axis) into `into`, whose memory is reused when nobody else holds it and type and sizes agree.
void gather_rows(const Tensor& source, std::span<const int64_t> rows, Tensor& into);
// Tensors of one type along a new first axis; `rows` are their numbers in the data set, for messages.
void stack(std::span<const Tensor> examples, std::span<const int64_t> rows, Tensor& into);
[[noreturn]] void throw_columns_differ(const Tensor& first, const Tensor& other, size_t column);
[[noreturn]] void throw_no_rows(const Tensor& column, size_t index);
[[noreturn]] void throw_out_of_range(const char* what, int64_t got, int64_t size);

}  // namespace detail

/// A Tensor, a std::tuple, std::pair or std::array of Tensors, or a plain struct of 1 to 6 Tensors. A batch of examples is of the same
/// type; its tensors have one axis more, in front.
template <class T>
concept Example = std::same_as<T, Tensor> || detail::is_tuple_of_tensors<T>() || (detail::count_fields<T>() > 0);

/// Anything with size() and get(i), i from 0 to size() - 1, that returns an example. get may be called in any order.
template <class T>
concept DataSet = requires(const T& set, int64_t i) {
  { set.size() } -> std::convertible_to<int64_t>;
  { set.get(i) } -> Example;
};

template <DataSet D>
using ExampleOf = std::remove_cvref_t<decltype(std::declval<const D&>().get(0))>;

/// What a data set may be used for. A plain data set is training data; ValidationSet and TestSet say otherwise.
enum class Part : uint8_t { training, validation, test };

template <class D>
inline constexpr Part part_of = [] {
  if constexpr (requires { D::part; }) return D::part;
  else return Part::training;
}();

/// A data set that parameters, standardizations and the like may be fitted to: not a ValidationSet, not a TestSet.
template <class D>
concept TrainingData = DataSet<D> && part_of<D> == Part::training;

/// Examples in memory: one tensor per column, whose first axis is the example. `Table(images, labels)` is a Table<2>, and its batches
/// bind to two names. Copies share the tensors.
template <size_t Columns>
class Table {
 public:
  using Row = std::array<Tensor, Columns>;

  /// UserError when the first axes differ or a tensor has none.
  template <std::same_as<Tensor>... T>
    requires(sizeof...(T) == Columns && Columns > 0)
  explicit Table(T... columns) : Table(Row{std::move(columns)...}) {}
  explicit Table(Row columns) : columns_(std::move(columns)) {
    for (size_t c = 0; c < Columns; ++c) {
      if (columns_[c].rank() == 0) detail::throw_no_rows(columns_[c], c);
      if (columns_[c].sizes()[0] != columns_[0].sizes()[0]) detail::throw_columns_differ(columns_[0], columns_[c], c);
    }
  }

  int64_t size() const { return columns_[0].sizes()[0]; }
  /// Example i, sharing the table's memory.
  Row get(int64_t i) const {
    if (i < 0 || i >= size()) detail::throw_out_of_range("example", i, size());
    Row row;
    for (size_t c = 0; c < Columns; ++c) {
      const Sizes& sizes = columns_[c].sizes();
      const Sizes rest(sizes.begin() + 1, sizes.end());
      row[c] = columns_[c].part(i * numel_of(rest), rest);
    }
    return row;
  }
  /// These examples, in this order, as one tensor per column. UserError: a row out of range.
  void gather(std::span<const int64_t> rows, Row& into) const {
    for (size_t c = 0; c < Columns; ++c) detail::gather_rows(columns_[c], rows, into[c]);
  }
  Table take(std::span<const int64_t> rows) const {
    Row row;
    gather(rows, row);
    return Table(std::move(row));
  }

  /// All examples at once: `auto [images, labels] = table.columns();`.
  const Row& columns() const { return columns_; }
  const Tensor& column(size_t c) const {
    if (c >= Columns) detail::throw_out_of_range("column", static_cast<int64_t>(c), static_cast<int64_t>(Columns));
    return columns_[c];
  }
  /// The same table with another tensor as this column.
  Table with_column(size_t c, Tensor column_values) const {
    static_cast<void>(column(c));
    Row row = columns_;
    row[c] = std::move(column_values);
    return Table(std::move(row));
  }
  /// The same table with other sizes of an example: table.reshaped({1, 28, 28}). Shares the memory.
  Table reshaped(Sizes example, size_t c = 0) const {
    example.insert(example.begin(), size());
    return with_column(c, column(c).reshaped(std::move(example)));
  }
  /// The same table with examples of rank 1.
  Table flattened(size_t c = 0) const {
    const Sizes& sizes = column(c).sizes();
    return reshaped({numel_of(Sizes(sizes.begin() + 1, sizes.end()))}, c);
  }

 private:
  Row columns_;
};

template <class... T>
Table(T...) -> Table<sizeof...(T)>;
template <size_t N>
Table(std::array<Tensor, N>) -> Table<N>;

template <class T>
inline constexpr bool is_table = false;
template <size_t N>
inline constexpr bool is_table<Table<N>> = true;

/// A data set that is held out: it can be read and evaluated on, and is not TrainingData.
template <TrainingData D>
class HeldOut {
 public:
  int64_t size() const { return static_cast<int64_t>(examples_.size()); }
  ExampleOf<D> get(int64_t i) const { return examples_.get(i); }
  void gather(std::span<const int64_t> rows, ExampleOf<D>& into) const
    requires requires(const D& d) { d.gather(rows, into); }
  {
    examples_.gather(rows, into);
  }
  const auto& columns() const
    requires is_table<D>
  {
    return examples_.columns();
  }
  const Tensor& column(size_t c) const
    requires is_table<D>
  {
    return examples_.column(c);
  }

 protected:
  explicit HeldOut(D examples) : examples_(std::move(examples)) {}
  D examples_;
};

/// Examples that choose between models: early stopping takes scores on them (ValidationScore), training does not take them.
template <TrainingData D>
class ValidationSet : public HeldOut<D> {
 public:
  static constexpr Part part = Part::validation;
  explicit ValidationSet(D examples) : HeldOut<D>(std::move(examples)) {}
  /// The validation set of f(examples): how a preparation that was fitted elsewhere is applied.
  template <class F>
  auto map(const F& f) const {
    return ValidationSet<std::remove_cvref_t<decltype(f(this->examples_))>>(f(this->examples_));
  }
  ValidationSet reshaped(const Sizes& example, size_t c = 0) const
    requires is_table<D>
  {
    return ValidationSet(this->examples_.reshaped(example, c));
  }
  ValidationSet flattened(size_t c = 0) const
    requires is_table<D>
  {
    return ValidationSet(this->examples_.flattened(c));
  }
};

/// Examples that are looked at once, at the end: neither training nor early stopping takes them, and no conversion leads back.
template <TrainingData D>
class TestSet : public HeldOut<D> {
 public:
  static constexpr Part part = Part::test;
  explicit TestSet(D examples) : HeldOut<D>(std::move(examples)) {}
  template <class F>
  auto map(const F& f) const {
    return TestSet<std::remove_cvref_t<decltype(f(this->examples_))>>(f(this->examples_));
  }
  TestSet reshaped(const Sizes& example, size_t c = 0) const
    requires is_table<D>
  {
    return TestSet(this->examples_.reshaped(example, c));
  }
  TestSet flattened(size_t c = 0) const
    requires is_table<D>
  {
    return TestSet(this->examples_.flattened(c));
  }
};

/// `auto [training, validation, test] = ...`.
template <size_t Columns>
struct Parts {
  Table<Columns> training;
  ValidationSet<Table<Columns>> validation;
  TestSet<Table<Columns>> test;
};

struct Fractions {
  double training = 0.8, validation = 0.1, test = 0.1;
};

namespace detail {
// How many of n rows go to training, validation and test; they sum to n.
std::array<int64_t, 3> split_sizes(int64_t n, const Fractions& fractions);
// Row numbers of the three parts: drawn by permutation(n, seed), each sorted.
std::array<std::vector<int64_t>, 3> split_rows(int64_t n, const Fractions& fractions, int64_t seed);
Tensor joined_rows(const Tensor& a, const Tensor& b);
}  // namespace detail

/// Divides a table that has no test part of its own: split(table, {0.8, 0.1, 0.1}, seed). Which examples go where is a function of size
/// and seed only; within a part they keep the table's order. Part sizes are n times the fractions, by largest remainders (ties: the
/// earlier part). UserError: a fraction outside [0, 1], or a sum other than 1.
template <size_t Columns>
Parts<Columns> split(const Table<Columns>& table, const Fractions& fractions, int64_t seed, std::source_location where = std::source_location::current()) {
  const auto rows = with_line("split", where, [&] { return detail::split_rows(table.size(), fractions, seed); });
  return {table.take(rows[0]), ValidationSet(table.take(rows[1])), TestSet(table.take(rows[2]))};
}

/// Training and validation examples in one table, for the last training after the choice is made.
template <size_t Columns>
Table<Columns> joined(const Table<Columns>& training, const ValidationSet<Table<Columns>>& validation) {
  std::array<Tensor, Columns> columns;
  for (size_t c = 0; c < Columns; ++c) columns[c] = detail::joined_rows(training.column(c), validation.column(c));
  return Table<Columns>(std::move(columns));
}

}  // namespace lanc::data
