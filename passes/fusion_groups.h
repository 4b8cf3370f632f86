// passes/fusion_groups.h: which nodes of a graph share one loop nest: the decisions of the fuse pass, without its rewriting.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/fused.h>

namespace lanc {

/// An operand seen through broadcasts, transposes and reshapes that only add or remove axes of size 1: the value underneath and, for each of
/// its axes, the iteration axis along which it runs (-1: its size is 1, it stands still).
struct Access {
  Ref source;
  std::vector<int64_t> axes;
};
Access read_through(const Graph& graph, Ref operand);

/// Groups of nodes that one loop nest can compute. A node's depth counts the edges on the way to it that leave a nest (through a
/// contraction, a reduction, another shape); along edges within a nest it stays. Nodes of one depth and one iteration shape may share a
/// nest: a path between them through anything else would have raised the depth. A nest that grows too large is cut in canonical order.
/// So edges between groups go to a greater depth, or forward within one depth, and the groups form no circle. No node is computed twice.
class FusionGroups {
 public:
  explicit FusionGroups(const Graph& graph);

  /// Is the node computed by a nest (a map or a reduction), or does it stay a node of its own?
  bool grouped(uint32_t id) const { return role_[id] == Role::map || role_[id] == Role::reduction; }
  bool is_map(uint32_t id) const { return role_[id] == Role::map; }
  /// The number of its group, from 0, in the order of their first members; none when the node is not grouped.
  std::optional<uint32_t> group(uint32_t id) const;
  /// Members of each group in canonical order.
  const std::vector<std::vector<uint32_t>>& groups() const { return groups_; }
  /// The sizes of the node's nest.
  const Shape& iteration_shape(uint32_t id) const;
  /// Is the node's result read by anything but its own group?
  bool escapes(uint32_t id) const { return escapes_[id] != 0; }

 private:
  enum class Role : char { other, map, reduction, view };

  Role role_of(const Node& node) const;
  bool direct(uint32_t producer, uint32_t user) const;
  void set_depths();
  void sink();
  bool worth_sinking(uint32_t id, const std::vector<char>& stored) const;
  void weigh();
  void connect();
  uint32_t component(uint32_t id);
  void unite(uint32_t a, uint32_t b);
  void cut();
  void mark_escapes();

  const Graph& graph_;
  std::vector<Ref> roots_;
  std::vector<uint32_t> order_;
  std::vector<Role> role_;
  std::vector<int> depth_;
  std::vector<int> weight_;              // instructions of the node, then of the component whose smallest member this is
  std::vector<uint32_t> parent_;         // of union-find, while components grow
  std::vector<uint32_t> group_;
  std::vector<std::vector<uint32_t>> groups_;
  std::vector<char> escapes_;
};

/// Does a nest compute this reduction?
bool is_reduction(std::string_view op);
/// sum, reduce_max and reduce_min as fused reductions.
FusedKind fused_kind_of(std::string_view reduce_op);

}  // namespace lanc
