#include <lanc/ops/einsum.h>

#include <algorithm>
#include <optional>
#include <string>

#include <lanc/ops/constructors.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>

namespace lanc {
namespace {

using Labels = std::vector<int>;     // letters; axes of "..." are numbers from `dots` on, counted from the last
constexpr int dots = 256;
constexpr int ellipsis = -1;         // in a list as it was written

bool has(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) != labels.end(); }
int64_t place(const Labels& labels, int label) { return std::find(labels.begin(), labels.end(), label) - labels.begin(); }

struct Subscripts {
  std::vector<Labels> operands;
  std::optional<Labels> result;
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Subscripts parse(std::string_view text) {
  const std::string quoted = "'" + std::string(text) + "'";
  const auto wrong = [&](const std::string& requirement, size_t at) {
    refuse(requirement, (at < text.size() ? "'" + std::string(1, text[at]) + "' at position " + std::to_string(at) : "the end") + " of " + quoted);
  };
  Subscripts out;
  out.operands.emplace_back();
  Labels* list = &out.operands.back();
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == ' ') continue;
    if (is_letter(c)) {
      if (out.result && has(*list, c)) wrong("a letter must stand once in the result", at);
      list->push_back(c);
    } else if (c == '.') {
      for (size_t k = 1; k < 3; ++k)
        if (at + k >= text.size() || text[at + k] != '.') wrong("an ellipsis must have three dots", at + k);
      if (has(*list, ellipsis)) wrong("an ellipsis must stand once in a list", at);
      list->push_back(ellipsis);
      at += 2;
    } else if (c == '-' && !out.result) {
      if (at + 1 >= text.size() || text[at + 1] != '>') wrong("'-' must be followed by '>'", at + 1);
      list = &out.result.emplace();
      ++at;
    } else if (c == ',' && !out.result) {
      list = &out.operands.emplace_back();
    } else {
      wrong(out.result ? "the result must be letters or '...'" : "subscripts must be letters, '...', ',' or '->'", at);
    }
  }
  return out;
}

// A value with one label per axis, each once.
struct Term {
  Value value;
  Labels labels;
  Dim size(int label) const { return value.size(place(labels, label)); }
};

// "..." as the axes that it stands for.
Labels spelled_out(const Labels& list, int64_t rank) {
  Labels out;
  for (int label : list) {
    if (label != ellipsis) out.push_back(label);
    else
      for (int64_t k = rank - static_cast<int64_t>(list.size()); k >= 0; --k) out.push_back(dots + static_cast<int>(k));
  }
  return out;
}

std::string operand_text(size_t i, const Operand& x) { return "operand " + std::to_string(i) + " " + x.type().text(); }

std::vector<Labels> labels_of(const Subscripts& subscripts, const std::vector<Operand>& operands) {
  std::vector<Labels> all;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Labels& list = subscripts.operands[i];
    const bool open = has(list, ellipsis);
    const auto letters = static_cast<int64_t>(list.size()) - (open ? 1 : 0);
    if (open ? operands[i].rank() < letters : operands[i].rank() != letters)
      refuse("operand " + std::to_string(i) + " must have " + (open ? "at least " : "") + std::to_string(letters) + " axes, one per letter",
           operands[i].type().text());
    all.push_back(spelled_out(list, operands[i].rank()));
  }
  return all;
}

// Sizes of one label are equal; what is not known yet is checked when dims are bound. An axis of "..." may be 1 where others are not.
std::vector<DimConstraint> size_constraints(const std::vector<Operand>& operands, const std::vector<Labels>& labels) {
  std::vector<DimConstraint> unknown;
  struct Seen {
    Dim size;
    size_t operand;
  };
  std::vector<std::pair<int, Seen>> first;
  for (size_t i = 0; i < operands.size(); ++i)
    for (size_t a = 0; a < labels[i].size(); ++a) {
      const int label = labels[i][a];
      const Dim size = operands[i].shape()[a];
      if (label >= dots && size == Dim(1)) continue;
      const auto found = std::find_if(first.begin(), first.end(), [&](const auto& f) { return f.first == label; });
      if (found == first.end()) {
        first.push_back({label, {size, i}});
        continue;
      }
      const Truth equal = equal_dims(found->second.size, size);
      if (equal == Truth::yes) continue;
      const std::string requirement = label >= dots ? "axes of '...' must have one size or 1" : "'" + std::string(1, static_cast<char>(label)) + "' must have one size";
      const size_t j = found->second.operand;
      const std::string got = operand_text(j, operands[j]) + (i == j ? "" : " and " + operand_text(i, operands[i])) + " (" +
                              found->second.size.text() + " and " + size.text() + ")";
      if (equal == Truth::no) refuse(requirement, got);
      unknown.push_back({found->second.size, size, "einsum: " + requirement + ", got " + got + "\n  einsum at " + CallSite::user_line().text()});
    }
  return unknown;
}

Labels result_labels(const Subscripts& subscripts, const std::vector<Labels>& labels) {
  Labels axes, letters;  // of "...", in order; letters in alphabetical order
  int deepest = -1;
  for (const Labels& list : labels)
    for (int label : list) {
      if (label >= dots) deepest = std::max(deepest, label - dots);
      else letters.push_back(label);
    }
  for (int k = deepest; k >= 0; --k) axes.push_back(dots + k);
  std::sort(letters.begin(), letters.end());
  Labels out;
  if (!subscripts.result) {
    out = axes;
    for (int label : letters)
      if (std::count(letters.begin(), letters.end(), label) == 1) out.push_back(label);
    return out;
  }
  for (int label : *subscripts.result) {
    if (label == ellipsis) out.insert(out.end(), axes.begin(), axes.end());
    else if (has(letters, label)) out.push_back(label);
    else refuse("a letter of the result must stand in an operand's list", "'" + std::string(1, static_cast<char>(label)) + "'");
  }
  if (!axes.empty() && !has(*subscripts.result, ellipsis)) refuse("the result must have '...' too", "operands with " + std::to_string(axes.size()) + " axes there");
  return out;
}

// A sum of the same dtype: u8 wraps as in a product.
Value total(const Value& x, std::vector<int64_t> axes) { return cast(sum(x, {.axes = std::move(axes)}), x.dtype()); }

// The elements at which two axes stand at one position, the second axis removed.
Value diagonal_of(const Value& x, int64_t first, int64_t second) {
  std::vector<int64_t> order, back;
  for (int64_t a = 0; a < x.rank(); ++a)
    if (a != first && a != second) order.push_back(a);
  for (int64_t a = 0, rest = 0; a < x.rank(); ++a)
    if (a != second) back.push_back(a == first ? x.rank() - 2 : rest++);
  order.insert(order.end(), {first, second});
  return permute(diagonal(permute(x, order)), back);
}

Term without_repetitions(Term t) {
  for (size_t a = 0; a < t.labels.size(); ++a)
    for (size_t b = t.labels.size(); b-- > a + 1;) {
      if (t.labels[a] != t.labels[b]) continue;
      t.value = diagonal_of(t.value, static_cast<int64_t>(a), static_cast<int64_t>(b));
      t.labels.erase(t.labels.begin() + static_cast<std::ptrdiff_t>(b));
    }
  return t;
}

// Axes of "..." of size 1 are dropped where another operand has more: the product repeats what lacks an axis.
Term without_ones(Term t, const std::vector<Term>& all) {
  Shape shape;
  Labels kept;
  for (size_t a = 0; a < t.labels.size(); ++a) {
    const int label = t.labels[a];
    const bool one = label >= dots && t.value.shape()[a] == Dim(1) && std::any_of(all.begin(), all.end(), [&](const Term& other) {
      return has(other.labels, label) && !(other.size(label) == Dim(1));
    });
    if (one) continue;
    shape.push_back(t.value.shape()[a]);
    kept.push_back(label);
  }
  return {reshape(t.value, shape), kept};
}

// Summed over the labels that nobody needs.
Term reduced_to(Term t, const Labels& needed) {
  std::vector<int64_t> axes;
  Labels kept;
  for (size_t a = 0; a < t.labels.size(); ++a) {
    if (has(needed, t.labels[a])) kept.push_back(t.labels[a]);
    else axes.push_back(static_cast<int64_t>(a));
  }
  if (axes.empty()) return t;
  return {total(t.value, axes), kept};
}

// Labels in `order`; those that the term lacks become axes of size 1.
Value aligned(const Term& t, const Labels& order) {
  std::vector<int64_t> axes;
  Shape shape;
  for (int label : order) {
    if (has(t.labels, label)) axes.push_back(place(t.labels, label));
    shape.push_back(has(t.labels, label) ? t.size(label) : Dim(1));
  }
  return reshape(permute(t.value, axes), shape);
}

Term product(const Term& a, const Term& b, const Labels& needed) {
  ContractAttrs attrs;
  Labels batch, free_a, free_b;
  for (int label : a.labels) {
    const int64_t at = place(a.labels, label), there = place(b.labels, label);
    if (!has(b.labels, label)) free_a.push_back(label);
    else if (has(needed, label)) attrs.lhs_batch.push_back(at), attrs.rhs_batch.push_back(there), batch.push_back(label);
    else attrs.lhs.push_back(at), attrs.rhs.push_back(there);
  }
  for (int label : b.labels)
    if (!has(a.labels, label)) free_b.push_back(label);
  if (attrs.lhs.empty()) {  // nothing is summed: element by element
    Labels order = a.labels;
    order.insert(order.end(), free_b.begin(), free_b.end());
    return {aligned(a, order) * aligned(b, order), order};
  }
  if (free_a.empty() && free_b.empty() && !batch.empty()) {  // many dot products: one pass over both
    const DType dtype = a.value.dtype();
    const Value products = cast(aligned(a, a.labels), compute_type(dtype)) * cast(aligned(b, a.labels), compute_type(dtype));
    const Term summed = reduced_to({products, a.labels}, needed);
    return {cast(summed.value, dtype), summed.labels};
  }
  Labels order = batch;
  order.insert(order.end(), free_a.begin(), free_a.end());
  order.insert(order.end(), free_b.begin(), free_b.end());
  return {contract(a.value, b.value, attrs), order};
}

Labels needed_beside(const std::vector<Term>& terms, size_t i, size_t j, const Labels& result) {
  Labels needed = result;
  for (size_t k = 0; k < terms.size(); ++k)
    if (k != i && k != j) needed.insert(needed.end(), terms[k].labels.begin(), terms[k].labels.end());
  return needed;
}

// Elements of the pair's product less those of its operands; none where a size is a symbol.
std::optional<double> growth(const Term& a, const Term& b, const Labels& needed) {
  double made = 1, size_a = 1, size_b = 1;
  for (int label : a.labels) {
    if (!a.size(label).is_number()) return std::nullopt;
    const auto n = static_cast<double>(a.size(label).number());
    size_a *= n;
    if (has(needed, label)) made *= n;
  }
  for (int label : b.labels) {
    if (!b.size(label).is_number()) return std::nullopt;
    const auto n = static_cast<double>(b.size(label).number());
    size_b *= n;
    if (has(needed, label) && !has(a.labels, label)) made *= n;
  }
  return made - size_a - size_b;
}

std::pair<size_t, size_t> next_pair(const std::vector<Term>& terms, const Labels& result) {
  std::pair<size_t, size_t> best{0, 1};
  std::optional<double> least;
  for (size_t i = 0; i < terms.size(); ++i)
    for (size_t j = i + 1; j < terms.size(); ++j) {
      const std::optional<double> g = growth(terms[i], terms[j], needed_beside(terms, i, j, result));
      if (!g) return {0, 1};
      if (!least || *g < *least) least = g, best = {i, j};
    }
  return best;
}

}  // namespace

Value einsum(std::string_view subscripts, std::vector<Operand> operands, std::source_location where) {
  std::shared_ptr<GraphData> graph;
  for (const Operand& x : operands)
    if (!x.is_literal()) graph = x.value().graph_data();
  CallSite site("einsum", where, graph);
  if (operands.empty()) refuse("at least one operand is needed", "none");
  const Subscripts parsed = parse(subscripts);
  if (parsed.operands.size() != operands.size())
    refuse("one list of subscripts per operand is needed", std::to_string(parsed.operands.size()) + " in '" + std::string(subscripts) + "' for " +
                                                             std::to_string(operands.size()) + " operands");
  DType dtype = operands[0].dtype();
  for (size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].dtype() == boolean) refuse("operands must be numbers", operand_text(i, operands[i]));
    dtype = promote(dtype, operands[i].dtype());
  }
  const std::vector<Labels> labels = labels_of(parsed, operands);
  std::vector<DimConstraint> unknown = size_constraints(operands, labels);
  const Labels result = result_labels(parsed, labels);
  resolve_operands(contract_op, operands);  // of one graph
  const size_t constraints = graph->constraints.size();

  std::vector<Term> terms;
  for (size_t i = 0; i < operands.size(); ++i) terms.push_back(without_repetitions({cast(operands[i], dtype), labels[i]}));
  const std::vector<Term> before = terms;
  for (Term& t : terms) t = without_ones(t, before);
  for (size_t i = 0; i < terms.size(); ++i) terms[i] = reduced_to(terms[i], needed_beside(terms, i, i, result));
  while (terms.size() > 1) {
    const auto [i, j] = next_pair(terms, result);
    const Labels needed = needed_beside(terms, i, j, result);
    terms[i] = reduced_to(product(terms[i], terms[j], needed), needed);
    terms.erase(terms.begin() + static_cast<std::ptrdiff_t>(j));
  }
  const Value value = aligned(terms[0], result);
  // Before those of the nodes, whose messages know nothing of letters.
  for (DimConstraint& c : unknown) c.node = value.node_id();
  graph->constraints.insert(graph->constraints.begin() + static_cast<std::ptrdiff_t>(constraints), unknown.begin(), unknown.end());
  return value;
}

}  // namespace lanc
