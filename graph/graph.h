// graph/graph.h: the symbolic graph: an append-only arena of nodes, with dims, scopes, outputs and updates.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/op.h>
#include <lanc/graph/value.h>

namespace lanc {

/// An operand of a node: output `output` of node `node` of the same graph.
struct Ref {
  uint32_t node = 0;
  uint32_t output = 0;
  friend bool operator==(const Ref&, const Ref&) = default;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

struct Node {
  OpRef op;
  Attributes attributes;
  std::vector<Ref> inputs;
  Types outputs;
  OriginRef origin;
  std::vector<Graph> bodies;    // initial value of a parameter, bodies of scan, while, cond
  template <class T>
  const T& attrs() const {
    return attributes.as<T>();
  }
};

/// a = b, or a <= b, that was not known when an op was built; checked when dims are bound.
struct DimConstraint {
  static constexpr uint32_t any_node = UINT32_MAX;
  Dim a, b;
  std::string message;       // "matmul: inner dimensions must be equal, got ..."
  uint32_t node = any_node;  // that asks for it: functions that do not run it need not keep it
  bool at_most = false;      // a <= b
};

/// Records a = b for functions that run the node which is built next.
void require_dims(GraphData& graph, const Dim& a, const Dim& b, std::string message);
/// As require_dims, a <= b.
void require_dims_at_most(GraphData& graph, const Dim& a, const Dim& b, std::string message);

/// (state, new value), applied at the end of a call; all reads of the call see the old value.
struct Update {
  Value state;
  Value value;
};
using Updates = std::vector<Update>;

/// A name, with the line at which it was handed over.
struct ScopeName {
  template <class S>
    requires std::convertible_to<S, std::string_view>
  ScopeName(const S& text, std::source_location where = std::source_location::current()) : name(std::string_view(text)), line(where) {}
  std::string name;
  SourceLine line;
};

class Graph;
class Edges;

/// A place in the hierarchy of names: g.scope("net") / "hidden". Names are made of letters, digits, '_', '.' and '-'.
class Scope {
 public:
  Scope(Graph graph, std::string path, SourceLine line);
  const std::string& path() const { return path_; }
  Graph graph() const;
  /// The line of the user's program that made this scope.
  SourceLine line() const { return line_; }
  friend Scope operator/(const Scope& scope, const ScopeName& child);

 private:
  std::shared_ptr<GraphData> graph_;
  std::string path_;
  SourceLine line_;
};
Scope operator/(const Scope& scope, const ScopeName& child);

struct GraphData {
  std::deque<Node> nodes;
  std::vector<std::string> dims;                // declared symbols, in order
  std::vector<DimConstraint> constraints;
  std::vector<Ref> outputs;
  std::vector<std::pair<Ref, Ref>> updates;     // (state node, new value)
  std::vector<std::pair<Ref, Ref>> declared;    // with_update: (state node, new value) that layers declared, in call order
  std::map<std::string, uint32_t, std::less<>> named;  // inputs, parameters, states by path
  std::map<std::string, uint32_t, std::less<>> draws;  // random nodes by scope path and name: two may not share a key
  std::shared_ptr<const Edges> edges;           // see edges.h; made on demand
};

/// A shared handle: copies mean the same graph. Not safe for building from several threads at once.
class Graph {
 public:
  Graph();
  explicit Graph(std::shared_ptr<GraphData> data) : data_(std::move(data)) {}

  /// A symbolic dimension; the same name gives the same dim. UserError: an empty or malformed name.
  Dim dim(const std::string& name, std::source_location where = std::source_location::current());
  /// A value fed at each call. UserError: a name used twice, an undeclared dim.
  Value input(const std::string& name, DType dtype, Shape shape, std::source_location where = std::source_location::current());
  Scope scope(const ScopeName& path) const;
  Scope root(std::source_location where = std::source_location::current()) const;

  /// A state of the session at `path`; `initial` is a graph without inputs and with one output: its value before the first call.
  Value parameter(const std::string& path, Type type, Graph initial, SourceLine where);
  Value state(const std::string& path, Type type, Graph initial, SourceLine where);
  /// Trainable parameters whose path matches: `*` is one segment (or part of one), `**` any number of segments including none; in
  /// path order, numbers as numbers. UserError when nothing matches, with the paths that exist.
  std::vector<Value> parameters(std::string_view pattern = "**", std::source_location where = std::source_location::current()) const;
  /// Parameters and states alike.
  std::vector<Value> states(std::string_view pattern = "**", std::source_location where = std::source_location::current()) const;
  /// The input, parameter or state of this name; none when there is none.
  std::optional<Value> find(std::string_view path) const;

  size_t size() const { return data_->nodes.size(); }
  const Node& node(uint32_t id) const { return data_->nodes[id]; }
  Value value(Ref ref) const { return {data_, ref.node, ref.output}; }
  const std::shared_ptr<GraphData>& data() const { return data_; }
  friend bool operator==(const Graph& a, const Graph& b) { return a.data_ == b.data_; }

  std::vector<Value> outputs() const;
  Updates updates() const;
  void set_outputs(const std::vector<Value>& outputs);
  void set_updates(const Updates& updates);

 private:
  Value add_state(const OpDef& op, const std::string& path, Type type, Graph initial, SourceLine where);
  std::shared_ptr<GraphData> data_;
};

/// Appends a node without inference: for the machinery (passes, the parser). Inputs must exist already.
uint32_t append_node(GraphData& graph, Node node);

/// input and the states: what is known by name.
struct NamedAttrs {
  std::string name = "";
  void fields(auto& visit) { visit("name", name); }
};
/// The ops that have no operands and take their type from their declaration.
extern const OpDef input_op;
extern const OpDef parameter_op;
extern const OpDef state_op;

struct ConstantAttrs {
  Tensor value = {};
  void fields(auto& visit) { visit("value", value); }
};
extern const OpDef constant_op;
Value constant(Graph graph, Tensor value, std::source_location where = std::source_location::current());

/// Can it name an input or a state? Segments of letters, digits, '_', '.', '-' with '/' between them.
bool is_path(std::string_view path);
/// Does a pattern ("net/**/weight") match a path?
bool path_matches(std::string_view pattern, std::string_view path);
/// Orders paths segment by segment, numbers within them as numbers: layer2 before layer10.
bool path_less(std::string_view a, std::string_view b);

/// Nodes that the roots need, roots included, in canonical order: depth first, operands left to right. Those before `first` are left out.
std::vector<uint32_t> canonical_order(const Graph& graph, std::span<const Ref> roots, uint32_t first = 0);

}  // namespace lanc
