#include <lanc/train/metrics.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

constexpr int64_t not_a_class = -1;

double ratio(int64_t part, int64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); }

int64_t largest_of(const Tensor& scores, int64_t row) {
  const int64_t classes = scores.sizes()[1];
  int64_t best = 0;
  double best_score = scores.at(row * classes);
  for (int64_t c = 0; c < classes; ++c) {
    const double score = scores.at(row * classes + c);
    if (std::isnan(score)) return not_a_class;
    if (score > best_score) best = c, best_score = score;
  }
  return best;
}

std::vector<int64_t> labels_of(const char* op, const Tensor& labels, size_t examples) {
  if (labels.rank() != 1 || !is_integer(labels.dtype()))
    throw UserError(std::string(op) + ": labels must be integers of sizes [n], got " + labels.type_text());
  if (static_cast<size_t>(labels.numel()) != examples)
    throw UserError(std::string(op) + ": predictions and labels must be equally many, got " + std::to_string(examples) + " and " +
                    std::to_string(labels.numel()));
  return classes_of(labels);
}

void check_range(const char* op, const char* what, const std::vector<int64_t>& ids, int64_t classes) {
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= classes)
      throw UserError(std::string(op) + ": " + what + " must be in [0, " + std::to_string(classes) + "), got " +
                      std::to_string(ids[i]) + " at example " + std::to_string(i));
}

std::string aligned(const std::string& text, size_t width) {
  // A UTF-8 name is as wide as it has characters.
  const auto characters = std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
  const size_t wide = static_cast<size_t>(characters);
  return std::string(wide < width ? width - wide : 0, ' ') + text;
}

std::string three_digits(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", x);
  return text;
}

std::vector<std::string> numbered(int64_t classes) {
  constexpr int64_t most = 1 << 14;  // 2 GiB of counts
  if (classes < 1 || classes > most)
    throw UserError("confusion matrix: 1 to " + std::to_string(most) + " classes, got " + std::to_string(classes));
  std::vector<std::string> names;
  for (int64_t c = 0; c < classes; ++c) names.push_back(std::to_string(c));
  return names;
}

}  // namespace

std::vector<int64_t> classes_of(const Tensor& predictions) {
  const bool ids = predictions.rank() == 1 && is_integer(predictions.dtype());
  const bool scores = predictions.rank() == 2 && is_float(predictions.dtype()) && predictions.sizes()[1] > 0;
  if (!ids && !scores)
    throw UserError("classes_of: predictions must be scores (floats of sizes [n,classes]) or class ids (integers of sizes [n]), got " +
                    predictions.type_text());
  std::vector<int64_t> classes(static_cast<size_t>(predictions.sizes()[0]));
  for (size_t i = 0; i < classes.size(); ++i) {
    const int64_t row = static_cast<int64_t>(i);
    classes[i] = scores ? largest_of(predictions, row) : static_cast<int64_t>(predictions.at(row));
  }
  return classes;
}

double accuracy(const Tensor& predictions, const Tensor& labels) {
  const std::vector<int64_t> predicted = classes_of(predictions);
  const std::vector<int64_t> actual = labels_of("accuracy", labels, predicted.size());
  if (actual.empty()) throw UserError("accuracy: at least one example is needed, got none");
  if (predictions.rank() == 2) check_range("accuracy", "labels", actual, predictions.sizes()[1]);
  int64_t right = 0;
  for (size_t i = 0; i < actual.size(); ++i) right += predicted[i] == actual[i] ? 1 : 0;
  return ratio(right, static_cast<int64_t>(actual.size()));
}

ConfusionMatrix::ConfusionMatrix(int64_t classes) : ConfusionMatrix(numbered(classes)) {}

ConfusionMatrix::ConfusionMatrix(std::vector<std::string> names) : names_(std::move(names)), counts_(names_.size() * names_.size(), 0) {
  if (names_.empty()) throw UserError("confusion matrix: at least one class, got 0");
}

void ConfusionMatrix::check(const char* what, int64_t c) const { check_range("confusion matrix", what, {c}, classes()); }

void ConfusionMatrix::add(int64_t predicted, int64_t actual) {
  check("predictions", predicted);
  check("labels", actual);
  ++counts_[static_cast<size_t>(actual * classes() + predicted)];
}

void ConfusionMatrix::add(const Tensor& predictions, const Tensor& labels) {
  if (predictions.rank() == 2 && predictions.sizes()[1] != classes())
    throw UserError("confusion matrix: scores must have one column for each of the " + std::to_string(classes()) + " classes, got " +
                    predictions.type_text());
  const std::vector<int64_t> predicted = classes_of(predictions);
  const std::vector<int64_t> actual = labels_of("confusion matrix", labels, predicted.size());
  for (size_t i = 0; i < predicted.size() && predictions.rank() == 2; ++i)
    if (predicted[i] == not_a_class) throw UserError("confusion matrix: scores must not be NaN, got one at example " + std::to_string(i));
  check_range("confusion matrix", "predictions", predicted, classes());
  check_range("confusion matrix", "labels", actual, classes());
  for (size_t i = 0; i < predicted.size(); ++i) ++counts_[static_cast<size_t>(actual[i] * classes() + predicted[i])];
}

int64_t ConfusionMatrix::count(int64_t actual, int64_t predicted) const {
  check("labels", actual);
  check("predictions", predicted);
  return counts_[static_cast<size_t>(actual * classes() + predicted)];
}

int64_t ConfusionMatrix::row_sum(int64_t actual) const {
  int64_t sum = 0;
  for (int64_t c = 0; c < classes(); ++c) sum += count(actual, c);
  return sum;
}

int64_t ConfusionMatrix::column_sum(int64_t predicted) const {
  int64_t sum = 0;
  for (int64_t c = 0; c < classes(); ++c) sum += count(c, predicted);
  return sum;
}

int64_t ConfusionMatrix::total() const {
  int64_t sum = 0;
  for (int64_t n : counts_) sum += n;
  return sum;
}

double ConfusionMatrix::accuracy() const {
  int64_t right = 0;
  for (int64_t c = 0; c < classes(); ++c) right += count(c, c);
  return ratio(right, total());
}

double ConfusionMatrix::precision(int64_t c) const { return ratio(count(c, c), column_sum(c)); }
double ConfusionMatrix::recall(int64_t c) const { return ratio(count(c, c), row_sum(c)); }
double ConfusionMatrix::f1(int64_t c) const { return ratio(2 * count(c, c), row_sum(c) + column_sum(c)); }

double ConfusionMatrix::macro_f1() const {
  double sum = 0;
  for (int64_t c = 0; c < classes(); ++c) sum += f1(c);
  return sum / static_cast<double>(classes());
}

std::string ConfusionMatrix::text() const {
  std::vector<std::vector<std::string>> rows(1, {"actual \\ predicted"});
  for (const std::string& name : names_) rows[0].push_back(name);
  for (const char* figure : {"precision", "recall", "F1"}) rows[0].push_back(figure);
  for (int64_t actual = 0; actual < classes(); ++actual) {
    std::vector<std::string> row = {names_[static_cast<size_t>(actual)]};
    for (int64_t predicted = 0; predicted < classes(); ++predicted) row.push_back(std::to_string(count(actual, predicted)));
    for (double figure : {precision(actual), recall(actual), f1(actual)}) row.push_back(three_digits(figure));
    rows.push_back(std::move(row));
  }
  std::string out;
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) out += (i ? "  " : "") + aligned(row[i], widths[i]);
    out += '\n';
  }
  return out + "accuracy " + three_digits(accuracy()) + " of " + std::to_string(total()) + "\n";
}

}  // namespace lanc
