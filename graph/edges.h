// graph/edges.h: the edges of a graph in both directions: who reads a node, and what it reads.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// One operand of one node: `consumer` reads `operand` in `slot`. x * x has two edges.
struct Edge {
  uint32_t operand = 0;
  uint32_t consumer = 0;
  uint32_t slot = 0;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};

/// All edges of a graph as it is now, by consumer and by operand. O(nodes + edges) to make.
class Edges {
 public:
  explicit Edges(const Graph& graph);
  /// What the node reads, in the order of its operands.
  std::span<const Edge> operands(uint32_t node) const { return part(by_consumer_, consumer_begin_, node); }
  /// Who reads the node, in the order in which they were built.
  std::span<const Edge> consumers(uint32_t node) const { return part(by_operand_, operand_begin_, node); }
  std::span<const Edge> all() const { return by_consumer_; }
  size_t nodes() const { return consumer_begin_.size() - 1; }
  size_t size() const { return by_consumer_.size(); }

 private:
  static std::span<const Edge> part(const std::vector<Edge>& edges, const std::vector<size_t>& begin, uint32_t node) {
    return std::span(edges).subspan(begin[node], begin[node + 1] - begin[node]);
  }
  std::vector<Edge> by_consumer_, by_operand_;
  std::vector<size_t> consumer_begin_, operand_begin_;
};

/// The edges of the graph, made when they are first asked for and again after the graph has grown. The reference is good until then.
const Edges& edges_of(const Graph& graph);

}  // namespace lanc
