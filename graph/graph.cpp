#include <lanc/graph/graph.h>

#include <algorithm>
#include <cctype>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

Types constant_types(const InferArgs& args) {
  const Tensor& value = args.attrs<ConstantAttrs>().value;
  Shape shape;
  for (int64_t size : value.sizes()) shape.emplace_back(size);
  return {{value.dtype(), shape}};
}

bool name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-'; }

void check_path(std::string_view what, std::string_view path, SourceLine where) {
  if (!is_path(path))
    throw UserError(std::string(what) + ": names must be made of letters, digits, '_', '.', '-' with '/' between segments, got '" +
                    std::string(path) + "'\n  at " + (CallSite::user_line().known() ? CallSite::user_line() : where).text());
}

void check_dims(const GraphData& graph, const std::string& what, const Shape& shape, SourceLine where) {
  for (const Dim& d : shape) {
    if (d.is_number() && d.number() < 0)
      throw UserError(what + ": sizes must be >= 0, got " + shape_text(shape) + "\n  at " + where.text());
    for (const std::string& symbol : d.symbols())
      if (std::find(graph.dims.begin(), graph.dims.end(), symbol) == graph.dims.end())
        throw UserError(what + ": dims must be declared by graph.dim(name), got '" + symbol + "'\n  at " + where.text());
  }
}

// Stars take as little as they can; what does not fit is tried again with the last star one longer. Earlier stars need no other length: time is
// at most the product of both lengths.
template <class Items, class Is, class Fits>
bool stars_match(const Items& pattern, const Items& items, Is is_star, Fits fits) {
  size_t p = 0, i = 0, after_star = pattern.size() + 1, taken = 0;
  while (i < items.size()) {
    if (p < pattern.size() && is_star(pattern[p])) {
      after_star = ++p;
      taken = i;
    } else if (p < pattern.size() && fits(pattern[p], items[i])) {
      ++p, ++i;
    } else if (after_star <= pattern.size()) {
      p = after_star;
      i = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && is_star(pattern[p])) ++p;
  return p == pattern.size();
}

bool segment_matches(std::string_view pattern, std::string_view text) {
  return stars_match(pattern, text, [](char c) { return c == '*'; }, [](char c, char d) { return c == d; });
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> out;
  for (size_t start = 0;;) {
    const size_t slash = path.find('/', start);
    out.push_back(path.substr(start, slash - start));
    if (slash == std::string_view::npos) return out;
    start = slash + 1;
  }
}

// Digits compare as numbers, everything else as characters.
int compare_segments(std::string_view a, std::string_view b) {
  size_t i = 0, j = 0;
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  while (i < a.size() && j < b.size()) {
    if (digit(a[i]) && digit(b[j])) {
      size_t x = i, y = j;
      while (x < a.size() && digit(a[x])) ++x;
      while (y < b.size() && digit(b[y])) ++y;
      std::string_view m = a.substr(i, x - i), n = b.substr(j, y - j);
      while (m.size() > 1 && m[0] == '0') m.remove_prefix(1);
      while (n.size() > 1 && n[0] == '0') n.remove_prefix(1);
      if (m.size() != n.size()) return m.size() < n.size() ? -1 : 1;
      if (const int c = m.compare(n); c != 0) return c;
      i = x, j = y;
    } else {
      if (a[i] != b[j]) return a[i] < b[j] ? -1 : 1;
      ++i, ++j;
    }
  }
  return static_cast<int>(a.size() - i) - static_cast<int>(b.size() - j);
}

SourceLine users_line(std::source_location where) { return CallSite::user_line().known() ? CallSite::user_line() : where; }

std::vector<Value> matching(const Graph& graph, std::string_view pattern, std::string_view what, bool parameters_only, SourceLine line) {
  std::vector<std::string> paths, known;
  for (const auto& [path, id] : graph.data()->named) {
    const std::string_view op = graph.node(id).op->name;
    if (op == input_op.name || (parameters_only && op != parameter_op.name)) continue;
    known.push_back(path);
    if (path_matches(pattern, path)) paths.push_back(path);
  }
  if (paths.empty()) {
    std::sort(known.begin(), known.end(), path_less);
    std::string list;
    for (size_t i = 0; i < known.size() && i < 8; ++i) list += (i ? ", " : "") + known[i];
    if (known.size() > 8) list += ", ...";
    throw UserError(std::string(what) + ": a pattern must match at least one path, got '" + std::string(pattern) +
                    (known.empty() ? "' and a graph without any" : "'; there are: " + list) + "\n  at " + line.text());
  }
  std::sort(paths.begin(), paths.end(), path_less);
  std::vector<Value> values;
  for (const std::string& path : paths) values.emplace_back(graph.data(), graph.data()->named.at(path), 0);
  return values;
}

}  // namespace

const OpDef input_op{.name = "input", .family = "source", .arity = 0, .attributes = attributes<NamedAttrs>,
                     .no_gradient = "an input has no operands", .doc = "A value fed at each call."};
const OpDef parameter_op{.name = "parameter", .family = "source", .arity = 0, .attributes = attributes<NamedAttrs>,
                         .no_gradient = "a parameter has no operands", .effects = Effects::state, .doc = "A trainable state of the session."};
const OpDef state_op{.name = "state", .family = "source", .arity = 0, .attributes = attributes<NamedAttrs>,
                     .no_gradient = "a state has no operands", .effects = Effects::state,
                     .doc = "A state of the session that is not trained: running statistics, optimizer slots, knobs, the step."};
const OpDef constant_op{.name = "constant", .family = "source", .arity = 0, .attributes = attributes<ConstantAttrs>,
                        .infer = constant_types, .no_gradient = "a constant has no operands", .doc = "A value fixed when the graph is built."};

Dim Type::numel() const {
  Dim n = 1;
  for (const Dim& d : shape) n = n * d;
  return n;
}

std::string shape_text(const Shape& shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) out += (i ? "," : "") + shape[i].text();
  return out + "]";
}

std::string Type::text() const { return std::string(name_of(dtype)) + shape_text(shape); }

const Type& Value::type() const { return graph_->nodes[node_].outputs[output_]; }
const Node& Value::node() const { return graph_->nodes[node_]; }
Graph Value::graph() const { return Graph(graph_); }

Dim Value::size(int64_t axis) const {
  if (axis < -rank() || axis >= rank())
    throw UserError("size: axis must be in [" + std::to_string(-rank()) + ", " + std::to_string(rank()) + "), got " +
                    std::to_string(axis));
  return shape()[static_cast<size_t>(axis < 0 ? axis + rank() : axis)];
}

const Value& Operand::value() const {
  if (value_) return *value_;
  const char* function = CallSite::function();
  const SourceLine user = CallSite::user_line().known() ? CallSite::user_line() : line_;
  throw UserError(std::string(function == nullptr ? "operand" : function) + ": the operand must be a Value, got the number " +
                  number_text(literal_.real) + "\n  at " + user.text());
}

Graph Operand::graph() const { return value().graph(); }

Scope::Scope(Graph graph, std::string path, SourceLine line) : graph_(graph.data()), path_(std::move(path)), line_(line) {}
Graph Scope::graph() const { return Graph(graph_); }

Scope operator/(const Scope& scope, const ScopeName& child) {
  check_path("scope", child.name, child.line);
  return {Graph(scope.graph_), scope.path_.empty() ? child.name : scope.path_ + "/" + child.name,
          CallSite::user_line().known() ? CallSite::user_line() : child.line};
}

Graph::Graph() : data_(std::make_shared<GraphData>()) {}

Dim Graph::dim(const std::string& name, std::source_location where) {
  const bool good = !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
                    std::all_of(name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; });
  if (!good) throw UserError("dim: a name must be made of letters, digits and '_' and not begin with a digit, got '" + name + "'\n  at " +
                             users_line(where).text());
  if (std::find(data_->dims.begin(), data_->dims.end(), name) == data_->dims.end()) data_->dims.push_back(name);
  return Dim::symbol(name);
}

Value Graph::input(const std::string& name, DType dtype, Shape shape, std::source_location where) {
  check_path("input", name, where);
  check_dims(*data_, "input '" + name + "'", shape, where);
  return add_state(input_op, name, {dtype, std::move(shape)}, Graph(nullptr), where);
}

Scope Graph::scope(const ScopeName& path) const { return root() / path; }
Scope Graph::root(std::source_location where) const { return {*this, "", where}; }

Value Graph::parameter(const std::string& path, Type type, Graph initial, SourceLine where) {
  return add_state(parameter_op, path, std::move(type), std::move(initial), where);
}

Value Graph::state(const std::string& path, Type type, Graph initial, SourceLine where) {
  return add_state(state_op, path, std::move(type), std::move(initial), where);
}

Value Graph::add_state(const OpDef& op, const std::string& path, Type type, Graph initial, SourceLine where) {
  const std::string title = std::string(op.name) + " '" + path + "'";
  check_path(op.name, path, where);
  if (const auto found = data_->named.find(path); found != data_->named.end())
    throw UserError(title + ": a path must be created once, got it a second time\n  first at " + node(found->second).origin->text() +
                    "; again at " + CallSite::origin_for(where)->text());
  Node n;
  if (initial.data_ != nullptr) {
    const std::vector<Value> outputs = initial.outputs();
    if (outputs.size() != 1 || !(outputs[0].type() == type))
      throw UserError(title + ": the initial value must be one " + type.text() + ", got " +
                      (outputs.size() == 1 ? outputs[0].type().text() : std::to_string(outputs.size()) + " outputs"));
    for (const Dim& d : type.shape)
      if (!d.is_number()) throw UserError(title + ": sizes of a state must be numbers, got " + type.text() + "\n  at " + where.text());
    n.bodies = {std::move(initial)};
  }
  n.op = static_op(op);
  n.attributes = NamedAttrs{path};
  n.outputs = {std::move(type)};
  n.origin = CallSite::origin_for(where);
  const uint32_t id = append_node(*data_, std::move(n));
  data_->named.emplace(path, id);
  return {data_, id, 0};
}

std::vector<Value> Graph::parameters(std::string_view pattern, std::source_location where) const {
  return matching(*this, pattern, "parameters", true, users_line(where));
}
std::vector<Value> Graph::states(std::string_view pattern, std::source_location where) const {
  return matching(*this, pattern, "states", false, users_line(where));
}

std::optional<Value> Graph::find(std::string_view path) const {
  const auto found = data_->named.find(path);
  if (found == data_->named.end()) return std::nullopt;
  return Value(data_, found->second, 0);
}

std::vector<Value> Graph::outputs() const {
  std::vector<Value> values;
  for (Ref r : data_->outputs) values.push_back(value(r));
  return values;
}

Updates Graph::updates() const {
  Updates result;
  for (const auto& [state, next] : data_->updates) result.push_back({value(state), value(next)});
  return result;
}

void Graph::set_outputs(const std::vector<Value>& outputs) {
  std::vector<Ref> refs;
  for (const Value& v : outputs) {
    if (v.graph_data() != data_) throw UserError("outputs: values must belong to this graph, got a value of another graph");
    refs.push_back({v.node_id(), v.output()});
  }
  data_->outputs = std::move(refs);
}

void Graph::set_updates(const Updates& updates) {
  std::vector<std::pair<Ref, Ref>> refs;
  for (const Update& u : updates) {
    if (u.state.graph_data() != data_ || u.value.graph_data() != data_)
      throw UserError("updates: values must belong to this graph, got a value of another graph");
    refs.push_back({{u.state.node_id(), 0}, {u.value.node_id(), u.value.output()}});
  }
  data_->updates = std::move(refs);
}

void require_dims(GraphData& graph, const Dim& a, const Dim& b, std::string message) {
  graph.constraints.push_back({a, b, std::move(message), static_cast<uint32_t>(graph.nodes.size())});
}

void require_dims_at_most(GraphData& graph, const Dim& a, const Dim& b, std::string message) {
  graph.constraints.push_back({a, b, std::move(message), static_cast<uint32_t>(graph.nodes.size()), true});
}

uint32_t append_node(GraphData& graph, Node node) {
  for (Ref r : node.inputs)
    if (r.node >= graph.nodes.size()) throw InternalError("graph: a node must come after its operands");
  graph.nodes.push_back(std::move(node));
  return static_cast<uint32_t>(graph.nodes.size() - 1);
}

Value constant(Graph graph, Tensor value, std::source_location where) {
  return apply_source(constant_op, graph, ConstantAttrs{value.unique() ? std::move(value) : value.clone()}, where);
}

bool is_path(std::string_view path) {
  const std::vector<std::string_view> parts = segments(path);
  return std::all_of(parts.begin(), parts.end(), [](std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), name_character); });
}

bool path_matches(std::string_view pattern, std::string_view path) {
  return stars_match(segments(pattern), segments(path), [](std::string_view s) { return s == "**"; }, segment_matches);
}

bool path_less(std::string_view a, std::string_view b) {
  const auto p = segments(a), q = segments(b);
  for (size_t i = 0; i < p.size() && i < q.size(); ++i)
    if (const int c = compare_segments(p[i], q[i]); c != 0) return c < 0;
  return p.size() != q.size() ? p.size() < q.size() : a < b;  // "l01" and "l1" are one number and two paths
}

std::vector<uint32_t> canonical_order(const Graph& graph, std::span<const Ref> roots, uint32_t first) {
  std::vector<uint32_t> order;
  std::vector<char> seen(graph.size() - std::min<size_t>(first, graph.size()), 0);
  std::vector<std::pair<uint32_t, size_t>> stack;  // node, next operand
  const auto push = [&](uint32_t id) {
    if (id < first || seen[id - first]) return;
    seen[id - first] = 1;
    stack.emplace_back(id, 0);
  };
  for (Ref root : roots) {
    push(root.node);
    while (!stack.empty()) {
      auto& [id, next] = stack.back();
      const Node& n = graph.node(id);
      if (next < n.inputs.size()) {
        push(n.inputs[next++].node);
        continue;
      }
      order.push_back(id);
      stack.pop_back();
    }
  }
  return order;
}

}  // namespace lanc
