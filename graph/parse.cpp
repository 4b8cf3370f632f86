#include <lanc/graph/parse.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

struct Line {
  size_t number = 0;  // from 1
  size_t indent = 0;
  std::string text;   // without the indentation
};

std::vector<Line> lines_of(const std::string& text) {
  std::vector<Line> lines;
  size_t number = 0;
  for (size_t start = 0; start < text.size();) {
    size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    ++number;
    size_t first = start, last = end;
    if (last > start && text[last - 1] == '\r') --last;  // as Windows ends a line
    while (first < last && text[first] == ' ') ++first;
    if (first < last) lines.push_back({number, first - start, text.substr(first, last - first)});
    start = end + 1;
  }
  return lines;
}

// A position in one line.
class Cursor {
 public:
  explicit Cursor(const Line& line) : line_(line) {}

  [[noreturn]] void fail(const std::string& wanted) const {
    const std::string rest = line_.text.substr(std::min(at_, line_.text.size()), 40);
    fail_with("expected " + wanted + ", got " + (rest.empty() ? "the end of the line" : "'" + rest + "'"));
  }
  [[noreturn]] void fail_with(const std::string& what) const {
    throw UserError("parse: line " + std::to_string(line_.number) + ", character " + std::to_string(line_.indent + at_ + 1) + ": " + what);
  }
  bool done() {
    skip();
    return at_ >= line_.text.size();
  }
  bool next_is(char c) {
    skip();
    return at_ < line_.text.size() && line_.text[at_] == c;
  }
  bool take(const std::string& token) {
    skip();
    if (line_.text.compare(at_, token.size(), token) != 0) return false;
    at_ += token.size();
    return true;
  }
  void expect(const std::string& token) {
    if (!take(token)) fail("'" + token + "'");
  }
  std::string word(const std::string& what) {
    skip();
    const size_t start = at_;
    while (at_ < line_.text.size() && (std::isalnum(static_cast<unsigned char>(line_.text[at_])) != 0 || line_.text[at_] == '_' ||
                                       line_.text[at_] == '.' || line_.text[at_] == '-'))
      ++at_;
    if (start == at_) fail(what);
    return line_.text.substr(start, at_ - start);
  }
  std::string quoted(const std::string& what) {
    skip();
    if (!next_is('"')) fail(what);
    const size_t end = line_.text.find('"', at_ + 1);
    if (end == std::string::npos) fail_with("expected a closing '\"'");
    const std::string text = line_.text.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return text;
  }
  // "f32[batch,784]".
  Type type() {
    const std::string name = word("a type");
    const auto dtype = dtype_named(name);
    if (!dtype) fail_with("expected a dtype, got '" + name + "'");
    expect("[");
    Type type{*dtype, {}};
    while (!take("]")) {
      if (!type.shape.empty()) expect(",");
      type.shape.push_back(dim());
    }
    return type;
  }
  // Up to a ',' or ']' that is not within parentheses, or " = ", or " <= ".
  Dim dim() {
    skip();
    const size_t start = at_;
    for (int depth = 0; at_ < line_.text.size(); ++at_) {
      const char c = line_.text[at_];
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth == 0 && (c == ',' || c == ']' || c == '=' || c == '<' || c == '"')) break;
    }
    std::string text = line_.text.substr(start, at_ - start);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    try {
      return parse_dim(text);
    } catch (const UserError& error) {
      fail_with(error.what());
    }
  }
  Attributes attributes(const OpDef& op) {
    skip();
    if (!next_is('{')) return Attributes(op.attributes, op.attributes->create());
    try {
      return Attributes::parse(op.attributes, line_.text, at_);
    } catch (const UserError& error) {
      fail_with(error.what());
    }
  }
  std::string rest() {
    skip();
    std::string text = line_.text.substr(at_);
    at_ = line_.text.size();
    return text;
  }

 private:
  void skip() {
    while (at_ < line_.text.size() && line_.text[at_] == ' ') ++at_;
  }
  const Line& line_;
  size_t at_ = 0;
};

// "train.cpp:21" as a line whose file name lives in `names`.
SourceLine source_line(const std::string& text, std::vector<std::string>& names) {
  const size_t colon = text.rfind(':');
  uint32_t number = 0;
  if (colon == std::string::npos || colon == 0) return {};
  const char* end = text.data() + text.size();
  if (const auto [last, error] = std::from_chars(text.data() + colon + 1, end, number); error != std::errc{} || last != end) return {};
  names.push_back(text.substr(0, colon));
  return {names.back().c_str(), number};
}

// "backward of matmul at train.cpp:21 < lanc/models/dense.h:36 \"net/out\"", each part optional.
OriginRef origin_of(std::string text) {
  auto origin = std::make_shared<Origin>();
  auto names = std::make_shared<std::vector<std::string>>();
  names->reserve(2);  // lines point into it
  if (!text.empty() && text.back() == '"')
    if (const size_t quote = text.rfind('"', text.size() - 2); quote != std::string::npos) {
      origin->scope = text.substr(quote + 1, text.size() - quote - 2);
      text = text.substr(0, quote == 0 ? 0 : quote - 1);
    }
  if (const size_t at = text.rfind(" at "); at != std::string::npos) {
    origin->note = text.substr(0, at);
    text = text.substr(at + 4);
  }
  const size_t library = text.find(" < ");
  origin->user = source_line(text.substr(0, library), *names);
  if (library != std::string::npos) origin->library = source_line(text.substr(library + 3), *names);
  origin->owned_names = std::move(names);
  return origin;
}

// Lines [begin, end) of one indentation are one graph; deeper ones belong to the node before them.
class Parser {
 public:
  Parser(std::span<const Line> lines, const OpSet& ops, Graph graph, int depth) : lines_(lines), ops_(ops), graph_(std::move(graph)), depth_(depth) {}

  Graph parse() {
    while (next_ < lines_.size()) {
      const Line& line = lines_[next_++];
      Cursor at(line);
      if (line.indent != lines_[0].indent) at.fail_with("expected an indentation of " + std::to_string(lines_[0].indent) + ", got " + std::to_string(line.indent));
      if (at.take("output ")) output(at);
      else if (at.take("update ")) update(at);
      else if (at.take("require ")) require(at);
      else node(at);
    }
    return graph_;
  }

 private:
  Ref ref(Cursor& at) {
    at.expect("%");
    const std::string name = at.word("the name of a value");
    const auto found = values_.find(name);
    if (found == values_.end()) at.fail_with("expected a value that was defined before, got %" + name);
    return found->second;
  }

  void output(Cursor& at) {
    graph_.data()->outputs.push_back(ref(at));
    finish(at);
  }

  void update(Cursor& at) {
    const std::string path = at.quoted("the path of a state in quotes");
    const auto state = graph_.find(path);
    if (!state || state->node().op->effects != Effects::state) at.fail_with("expected the path of a state, got '" + path + "'");
    at.expect("=");
    const Ref value = ref(at);
    if (!(graph_.value(value).type() == state->type()))
      at.fail_with("expected a new value of " + state->type().text() + ", got " + graph_.value(value).type().text());
    graph_.data()->updates.push_back({{state->node_id(), 0}, value});
    finish(at);
  }

  void require(Cursor& at) {
    const Dim a = at.dim();
    const bool at_most = at.take("<=");
    if (!at_most) at.expect("=");
    const Dim b = at.dim();
    require_declared(at, a);
    require_declared(at, b);
    // The text's own message stands for that of an op that requires the same.
    std::vector<DimConstraint>& all = graph_.data()->constraints;
    const auto same = std::find_if(all.begin(), all.end(), [&](const DimConstraint& c) { return c.node != DimConstraint::any_node && c.a == a && c.b == b && c.at_most == at_most; });
    if (same != all.end()) all.erase(same);
    all.push_back({a, b, at.quoted("the message in quotes"), DimConstraint::any_node, at_most});
    finish(at);
  }

  void finish(Cursor& at) {
    if (!at.done()) at.fail("the end of the line");
  }

  void node(Cursor& at) {
    std::vector<std::string> names;
    do {
      at.expect("%");
      names.push_back(at.word("the name of a value"));
    } while (at.take(","));
    at.expect("=");
    const std::string op_name = at.word("the name of an op");
    Node n;
    n.op = source_op(op_name);
    if (!n.op) n.op = ops_.find(op_name);
    if (!n.op) at.fail_with("expected an op of the set, got '" + op_name + "'");
    if (n.op->attributes == attributes<NamedAttrs>) {
      const std::string name = at.quoted("a name in quotes");
      if (!is_path(name)) at.fail_with("expected a name of letters, digits, '_', '.', '-' with '/' between segments, got '" + name + "'");
      n.attributes = NamedAttrs{name};
    } else {
      at.expect("(");
      while (!at.take(")")) {
        if (!n.inputs.empty()) at.expect(",");
        n.inputs.push_back(ref(at));
      }
      n.attributes = at.attributes(*n.op);
    }
    at.expect(":");
    do n.outputs.push_back(at.type());
    while (at.take(","));
    n.origin = origin_of(at.take(";") ? at.rest() : "");
    finish(at);
    if (names.size() != n.outputs.size())
      at.fail_with("expected one type per result, got " + std::to_string(names.size()) + " results and " + std::to_string(n.outputs.size()) + " types");
    n.bodies = bodies();
    check_types(at, n);
    if (n.attributes.is<NamedAttrs>()) check_initial(at, n);
    add(at, std::move(n), names);
  }

  static OpRef source_op(const std::string& name) {
    for (const OpDef* op : {&input_op, &parameter_op, &state_op, &constant_op})
      if (op->name == name) return static_op(*op);
    return nullptr;
  }

  void require_declared(const Cursor& at, const Dim& d) const {
    const auto& dims = graph_.data()->dims;
    for (const std::string& symbol : d.symbols())
      if (std::find(dims.begin(), dims.end(), symbol) == dims.end())
        at.fail_with("expected dims that the line 'dims' names, got '" + symbol + "'");
  }

  void check_types(const Cursor& at, const Node& n) const {
    for (const Type& t : n.outputs)
      for (const Dim& d : t.shape) {
        require_declared(at, d);
        if (at_most(0, d) == Truth::no) at.fail_with("expected sizes that are at least 0, got " + t.text());
      }
    if (n.op->arity >= 0 && static_cast<size_t>(n.op->arity) != n.inputs.size())
      at.fail_with(std::string(n.op->name) + " needs " + std::to_string(n.op->arity) + " operands, got " + std::to_string(n.inputs.size()));
    if (n.op->infer == nullptr) return;
    Types inputs;
    std::vector<OriginRef> origins;
    for (Ref r : n.inputs) {
      inputs.push_back(graph_.value(r).type());
      origins.push_back(graph_.node(r.node).origin);
    }
    Types inferred;
    try {
      inferred = n.op->infer(InferArgs(*n.op, n.attributes, inputs, graph_.data().get(), n.origin, origins, n.bodies));
    } catch (const UserError& error) {
      at.fail_with(error.what());
    }
    if (inferred == n.outputs) return;
    std::string wanted, got;
    for (const Type& t : inferred) wanted += (wanted.empty() ? "" : ", ") + t.text();
    for (const Type& t : n.outputs) got += (got.empty() ? "" : ", ") + t.text();
    at.fail_with(std::string(n.op->name) + " gives " + wanted + ", got " + got);
  }

  // The deeper lines that follow; a body ends where a line follows its outputs and updates that is neither.
  std::vector<Graph> bodies() {
    constexpr int deepest = 64;  // the parser calls itself
    std::vector<Graph> all;
    const auto closes = [&](size_t i) { return lines_[i].text.rfind("output ", 0) == 0 || lines_[i].text.rfind("update ", 0) == 0; };
    while (next_ < lines_.size() && lines_[next_].indent > lines_[0].indent) {
      const size_t begin = next_, indent = lines_[begin].indent;
      if (depth_ == deepest) Cursor(lines_[begin]).fail_with("expected at most 64 levels of indentation");
      bool closing = false;
      for (; next_ < lines_.size() && lines_[next_].indent >= indent; ++next_) {
        if (lines_[next_].indent > indent) continue;
        if (closing && !closes(next_)) break;
        closing |= closes(next_);
      }
      Graph body;
      body.data()->dims = graph_.data()->dims;
      all.push_back(Parser(lines_.subspan(begin, next_ - begin), ops_, body, depth_ + 1).parse());
    }
    return all;
  }

  static void check_initial(const Cursor& at, const Node& n) {
    if (n.bodies.empty()) return;
    if (n.bodies.size() != 1 || n.bodies[0].outputs().size() != 1 || !(n.bodies[0].outputs()[0].type() == n.outputs[0]))
      at.fail_with("expected an initial value with one output of " + n.outputs[0].text());
  }

  void add(const Cursor& at, Node n, const std::vector<std::string>& names) {
    const uint32_t id = static_cast<uint32_t>(graph_.size());
    if (n.attributes.is<NamedAttrs>() && !graph_.data()->named.emplace(n.attrs<NamedAttrs>().name, id).second)
      at.fail_with("expected a path that was not used before, got '" + n.attrs<NamedAttrs>().name + "'");
    append_node(*graph_.data(), std::move(n));
    for (uint32_t k = 0; k < names.size(); ++k)
      if (!values_.emplace(names[k], Ref{id, k}).second) at.fail_with("expected a name that was not used before, got %" + names[k]);
  }

  std::span<const Line> lines_;
  const OpSet& ops_;
  Graph graph_;
  int depth_;
  size_t next_ = 0;
  std::map<std::string, Ref> values_;
};

}  // namespace

Graph parse_graph(const std::string& text, const OpSet& ops) {
  const std::vector<Line> lines = lines_of(text);
  if (lines.empty() || lines[0].text != "graph" || lines[0].indent != 0) throw UserError("parse: line 1: expected 'graph', got '" + (lines.empty() ? "" : lines[0].text.substr(0, 40)) + "'");
  Graph graph;
  size_t first = 1;
  if (lines.size() > 1 && lines[1].text.rfind("dims ", 0) == 0) {
    Cursor at(lines[1]);
    at.expect("dims");
    while (!at.done()) {
      const std::string name = at.word("the name of a dim");
      const auto& dims = graph.data()->dims;
      if (std::find(dims.begin(), dims.end(), name) != dims.end()) at.fail_with("expected dims to be named once, got '" + name + "' twice");
      try {
        graph.dim(name);
      } catch (const UserError& error) {
        at.fail_with(error.what());
      }
    }
    first = 2;
  }
  return Parser(std::span(lines).subspan(first), ops, graph, 0).parse();
}

}  // namespace lanc
