#include <lanc/ops/scalar/formula.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <unordered_map>

#include <lanc/graph/attributes.h>
#include <lanc/graph/error.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

std::string literal_text(const Literal& l) {
  switch (l.kind) {
    case Literal::Kind::integer: return std::to_string(l.integer);
    case Literal::Kind::truth: return l.integer != 0 ? "true" : "false";
    case Literal::Kind::real: break;
  }
  std::string text = number_text(l.real);
  const bool marked = text.find_first_of(".enif") != std::string::npos;
  return marked ? text : text + ".0";
}

std::string call_key(const FormulaNode& node) {
  std::string key(node.function->name);
  for (int a : node.args) key += "," + std::to_string(a);
  if (node.function->name == "cast") key += "," + std::string(name_of(node.cast_to));
  return key;
}

// Of integers in i64, of reals in f64, for functions that give reals in f64 always: a literal keeps its digits until it meets a value.
DType literal_type(const ScalarFunction& function, const Literal& l) {
  if (function.signature == Signature::real || function.signature == Signature::test || l.kind == Literal::Kind::real) return f64;
  return l.kind == Literal::Kind::truth ? boolean : i64;
}

Literal literal_from(DType type, uint64_t bits) {
  Literal l;
  if (type == f64) {
    l.real = std::bit_cast<double>(bits);
    return l;
  }
  l.kind = type == boolean ? Literal::Kind::truth : Literal::Kind::integer;
  l.integer = type == i32 ? static_cast<int32_t>(bits) : static_cast<int64_t>(bits);
  l.real = static_cast<double>(l.integer);
  return l;
}

// A call whose operands are all literals is a literal.
Literal folded_call(const ScalarFunction& function, std::span<const Literal> args) {
  std::vector<DType> types;
  std::vector<uint64_t> bits;
  for (const Literal& l : args) {
    types.push_back(literal_type(function, l));
    bits.push_back(types.back() == f64 ? std::bit_cast<uint64_t>(l.real) : static_cast<uint64_t>(l.integer));
  }
  const Program program = lower(formula_of_row(function), types);
  std::vector<const std::byte*> in;
  for (const uint64_t& b : bits) in.push_back(reinterpret_cast<const std::byte*>(&b));
  uint64_t result = 0;
  std::byte* const out[] = {reinterpret_cast<std::byte*>(&result)};
  evaluate(program, in, out, 1);
  return literal_from(program.output_types[0], result);
}

}  // namespace

struct Formula::Data {
  int inputs = 0;
  std::vector<FormulaNode> nodes;
  std::vector<int> outputs;
  std::string text;
};

struct FormulaBuilder::Impl {
  std::vector<FormulaNode> nodes;
  std::unordered_map<std::string, int> known;
  int add(const std::string& key, FormulaNode node) {
    const auto [place, fresh] = known.emplace(key, static_cast<int>(nodes.size()));
    if (fresh) nodes.push_back(std::move(node));
    return place->second;
  }
};

Formula::Formula() {
  static const auto empty = std::make_shared<const Data>();
  data_ = empty;
}
int Formula::inputs() const { return data_->inputs; }
std::span<const FormulaNode> Formula::nodes() const { return data_->nodes; }
std::span<const int> Formula::outputs() const { return data_->outputs; }
const std::string& Formula::text() const { return data_->text; }

FormulaBuilder::FormulaBuilder() : impl_(std::make_unique<Impl>()) {}
FormulaBuilder::~FormulaBuilder() = default;

int FormulaBuilder::input(int index) {
  FormulaNode n;
  n.input = index;
  return impl_->add("x" + std::to_string(index), std::move(n));
}

int FormulaBuilder::literal(const Literal& value) {
  FormulaNode n;
  n.kind = FormulaNode::Kind::literal;
  n.literal = value;
  return impl_->add("#" + literal_text(value), std::move(n));
}

int FormulaBuilder::call(const ScalarFunction& function, std::vector<int> args, DType cast_to) {
  std::vector<Literal> literals;
  for (int a : args)
    if (node(a).kind == FormulaNode::Kind::literal) literals.push_back(node(a).literal);
  if (literals.size() == args.size() && function.name != "cast") return literal(folded_call(function, literals));
  FormulaNode n;
  n.kind = FormulaNode::Kind::call;
  n.function = &function;
  n.cast_to = cast_to;
  n.args = std::move(args);
  const std::string key = call_key(n);
  return impl_->add(key, std::move(n));
}

std::vector<int> FormulaBuilder::splice(const Formula& formula, std::span<const int> inputs) {
  std::vector<int> made;
  for (const FormulaNode& n : formula.nodes()) {
    if (n.kind == FormulaNode::Kind::input) {
      made.push_back(inputs[static_cast<size_t>(n.input)]);
    } else if (n.kind == FormulaNode::Kind::literal) {
      made.push_back(literal(n.literal));
    } else {
      std::vector<int> args;
      for (int a : n.args) args.push_back(made[static_cast<size_t>(a)]);
      made.push_back(call(*n.function, std::move(args), n.cast_to));
    }
  }
  std::vector<int> outputs;
  for (int o : formula.outputs()) outputs.push_back(made[static_cast<size_t>(o)]);
  return outputs;
}

const FormulaNode& FormulaBuilder::node(int id) const { return impl_->nodes[static_cast<size_t>(id)]; }

Formula FormulaBuilder::finish(int inputs, std::span<const int> outputs) const {
  auto data = std::make_shared<Formula::Data>();
  data->inputs = inputs;
  std::vector<int> renamed(impl_->nodes.size(), -1);
  // Depth first from the outputs, operands left to right: the same text whatever order a compiler built the parts in.
  std::vector<std::pair<int, size_t>> stack;
  const auto name = [&](int id) {
    const FormulaNode& n = data->nodes[static_cast<size_t>(id)];
    if (n.kind == FormulaNode::Kind::input) return "x" + std::to_string(n.input);
    if (n.kind == FormulaNode::Kind::literal) return literal_text(n.literal);
    return "t" + std::to_string(id);
  };
  std::string steps;
  for (int root : outputs) {
    stack.emplace_back(root, 0);
    while (!stack.empty()) {
      auto& [id, next] = stack.back();
      const FormulaNode& n = impl_->nodes[static_cast<size_t>(id)];
      if (renamed[static_cast<size_t>(id)] >= 0) {
        stack.pop_back();
      } else if (next < n.args.size()) {
        stack.emplace_back(n.args[next++], 0);
      } else {
        FormulaNode copy = n;
        for (int& a : copy.args) a = renamed[static_cast<size_t>(a)];
        renamed[static_cast<size_t>(id)] = static_cast<int>(data->nodes.size());
        data->nodes.push_back(std::move(copy));
        stack.pop_back();
      }
    }
    data->outputs.push_back(renamed[static_cast<size_t>(root)]);
  }
  for (size_t i = 0; i < data->nodes.size(); ++i) {
    const FormulaNode& n = data->nodes[i];
    if (n.kind != FormulaNode::Kind::call) continue;
    steps += "t" + std::to_string(i) + " = " + std::string(n.function->name) + "(";
    for (size_t a = 0; a < n.args.size(); ++a) steps += (a ? ", " : "") + name(n.args[a]);
    if (n.function->name == "cast") steps += ", " + std::string(name_of(n.cast_to));
    steps += "); ";
  }
  std::string results;
  for (int o : data->outputs) results += (results.empty() ? "" : ", ") + name(o);
  data->text = std::to_string(inputs) + ": " + steps + results;
  return Formula(std::move(data));
}

std::vector<std::optional<DType>> Formula::node_types(std::span<const DType> inputs) const {
  std::vector<std::optional<DType>> types;
  for (const FormulaNode& n : nodes()) {
    if (n.kind == FormulaNode::Kind::literal) {
      types.push_back(std::nullopt);
      continue;
    }
    if (n.kind == FormulaNode::Kind::input) {
      if (static_cast<size_t>(n.input) >= inputs.size())
        throw UserError("formula: one operand per input is needed, got " + std::to_string(inputs.size()) + " for " + std::to_string(this->inputs()));
      types.push_back(inputs[static_cast<size_t>(n.input)]);
      continue;
    }
    // Literals take the dtype of the other arguments: weak typing.
    std::optional<DType> met;
    for (size_t i = 0; i < n.args.size(); ++i) {
      if (n.function->signature == Signature::select && i == 0) continue;
      if (const auto t = types[static_cast<size_t>(n.args[i])]) met = met ? promote(*met, *t) : *t;
    }
    std::vector<DType> args;
    for (int a : n.args) {
      const FormulaNode& arg = nodes()[static_cast<size_t>(a)];
      if (const auto t = types[static_cast<size_t>(a)]) {
        args.push_back(*t);
        continue;
      }
      const DType taken = literal_dtype(arg.literal, met);
      if (!holds(taken, arg.literal))
        throw UserError("a literal must fit the dtype that it meets, got " + arg.literal.text() + " for " + std::string(name_of(taken)));
      args.push_back(taken);
    }
    types.push_back(result_type(*n.function, args, n.cast_to));
  }
  return types;
}

std::vector<DType> Formula::result_types(std::span<const DType> inputs) const {
  const auto types = node_types(inputs);
  std::vector<DType> results;
  for (int o : outputs()) {
    const FormulaNode& n = nodes()[static_cast<size_t>(o)];
    const auto t = types[static_cast<size_t>(o)];
    results.push_back(t ? *t : literal_dtype(n.literal, std::nullopt));
  }
  return results;
}

Scalar call_scalar(std::string_view name, std::initializer_list<Scalar> args) {
  const ScalarFunction* row = scalar_function(name);
  if (row == nullptr) throw InternalError("the scalar table has no row '" + std::string(name) + "'");
  FormulaBuilder* builder = nullptr;
  for (const Scalar& a : args)
    if (a.builder() != nullptr) builder = a.builder();
  if (builder == nullptr) throw UserError("formula: at least one operand of " + std::string(name) + " must be a scalar of the lambda, got only numbers");
  std::vector<int> ids;
  for (const Scalar& a : args) ids.push_back(a.in(*builder));
  return {builder, builder->call(*row, std::move(ids))};
}

Scalar cast(Scalar x, DType dtype) {
  if (x.builder() == nullptr) throw UserError("formula: cast needs a scalar of the lambda, got a number");
  return {x.builder(), x.builder()->call(*scalar_function("cast"), {x.in(*x.builder())}, dtype)};
}

namespace {

// Reads what Formula::text writes.
class FormulaParser {
 public:
  explicit FormulaParser(const std::string& text) : text_(text) {}

  Formula all() {
    const int64_t inputs = integer();
    if (inputs < 0 || inputs > 1000) fail("at most 1000 inputs");
    inputs_ = static_cast<int>(inputs);
    expect(": ");
    while (text_.compare(at_, 1, "t") == 0 && text_.find(" = ", at_) != std::string::npos && is_definition()) {
      const std::string name = word();
      expect(" = ");
      const int node = call();
      if (!steps_.emplace(name, node).second) fail("a new name");
      expect("; ");
      if (steps_.size() > 10000) fail("at most 10000 steps");
    }
    std::vector<int> outputs = {operand()};
    while (at_ < text_.size()) {
      expect(", ");
      outputs.push_back(operand());
    }
    return builder_.finish(inputs_, outputs);
  }

 private:
  [[noreturn]] void fail(const std::string& wanted) const {
    throw UserError("formula: expected " + wanted + " at character " + std::to_string(at_ + 1) + " of '" + text_ + "'");
  }
  void expect(const std::string& token) {
    if (text_.compare(at_, token.size(), token) != 0) fail("'" + token + "'");
    at_ += token.size();
  }
  bool is_definition() const {
    const size_t end = text_.find_first_of(" ,;", at_);
    return end != std::string::npos && text_.compare(end, 3, " = ") == 0;
  }
  std::string word() {
    const size_t end = std::min(text_.find_first_of(" ,();", at_), text_.size());
    const std::string w = text_.substr(at_, end - at_);
    if (w.empty()) fail("a name or number");
    at_ = end;
    return w;
  }
  int64_t integer() {
    int64_t v = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), v);
    if (error != std::errc{}) fail("an integer");
    at_ = static_cast<size_t>(end - text_.data());
    return v;
  }
  int operand() {
    const size_t start = at_;
    std::string w = word();
    if (const auto found = steps_.find(w); found != steps_.end()) return found->second;
    Literal l;
    if (w == "true" || w == "false") {
      l.kind = Literal::Kind::truth;
      l.integer = w == "true" ? 1 : 0;
      l.real = static_cast<double>(l.integer);
      return builder_.literal(l);
    }
    const char* first = w.data();
    const char* last = w.data() + w.size();
    if (w[0] == 'x') {
      int input = 0;
      const auto [end, error] = std::from_chars(first + 1, last, input);
      if (error != std::errc{} || end != last || input < 0 || input >= inputs_) at_ = start, fail("an input below x" + std::to_string(inputs_));
      return builder_.input(input);
    }
    if (w.find_first_of(".enif") == std::string::npos) {
      const auto [end, error] = std::from_chars(first, last, l.integer);
      if (error == std::errc{} && end == last) {
        l.kind = Literal::Kind::integer;
        l.real = static_cast<double>(l.integer);
        return builder_.literal(l);
      }
    }
    const auto [end, error] = std::from_chars(first, last, l.real);
    if (error != std::errc{} || end != last) at_ = start, fail("an operand");
    return builder_.literal(l);
  }
  int call() {
    const size_t start = at_;
    const ScalarFunction* row = scalar_function(word());
    if (row == nullptr) at_ = start, fail("a function of the scalar table");
    expect("(");
    std::vector<int> args = {operand()};
    DType dtype = f32;
    for (int i = 1; i < row->arity; ++i) {
      expect(", ");
      args.push_back(operand());
    }
    if (row->name == "cast") {
      expect(", ");
      const auto t = dtype_named(word());
      if (!t) fail("a dtype");
      dtype = *t;
    }
    expect(")");
    return builder_.call(*row, std::move(args), dtype);
  }

  const std::string& text_;
  size_t at_ = 0;
  int inputs_ = 0;
  FormulaBuilder builder_;
  std::unordered_map<std::string, int> steps_;
};

}  // namespace

Formula Formula::parse(const std::string& text) {
  if (text.empty()) return {};
  return FormulaParser(text).all();
}

}  // namespace lanc
