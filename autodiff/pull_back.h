// autodiff/pull_back.h: reverse mode, the walk itself: cotangents from outputs back to values. Internal; gradients.h is what users call.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// What flowed back: the sum of the contributions to each output of each node that the walk came through.
class CotangentSums {
 public:
  /// Of the nodes from `first` on.
  CotangentSums(const Graph& graph, uint32_t first) : graph_(graph), first_(first), sums_(graph.size() - first) {}

  void add(Ref to, const Value& contribution);
  bool any(uint32_t node) const;
  /// One per output of the node.
  std::vector<std::optional<Value>> of(uint32_t node) const;
  std::optional<Value> at(Ref r) const;

 private:
  const Graph& graph_;
  uint32_t first_;
  std::vector<std::vector<std::optional<Value>>> sums_;
};

/// Which values a derivative can be wanted of, and where it goes: `order` are the nodes that the outputs need.
struct PullBack {
  std::vector<uint32_t> order;
  CotangentSums sums;
};

/// Walks back from outputs with these cotangents, through nodes from `first` on that depend on a wanted value. UserError: an op on the way without
/// a derivative.
PullBack pull_back(const Graph& graph, const std::vector<Value>& outputs, const std::vector<Value>& cotangents, const std::vector<Value>& wanted,
                   uint32_t first = 0);

/// For the rules: zeros, and pull_back within a graph of their own.
extern const Derivation derivation;

/// For each node from `first` on: does it depend on any of `sources`? At [id - first].
std::vector<char> dependents(const Graph& graph, const std::vector<uint32_t>& order, const std::vector<Value>& sources, uint32_t first = 0);

/// UserError: "gradients: every op on the way must have a derivative, got ...".
[[noreturn]] void refuse_underivable(const Node& node);

/// What node `id` requires of dims is required of its derivative as well, which a function may run without it.
void require_as(const Graph& graph, uint32_t id, const Value& derivative);

/// "\n  vjp at train.cpp:42": the user's call.
std::string call_line();

/// "'weights'", or "matmul f32[2,3]" of what has no name.
std::string name_of_value(const Value& v);

/// UserError unless derivatives can be taken with respect to all of them.
void require_float_values(const std::vector<Value>& wrt);
/// UserError unless all values are of the graph of `first`.
void require_one_graph(const std::string& what, const Value& first, const std::vector<Value>& values);
/// Of jvp and hvp: one tangent (direction) per value, of its type.
void require_directions(const std::string& what, const char* direction, const std::vector<Value>& wrt, const std::vector<Value>& directions);

}  // namespace lanc
