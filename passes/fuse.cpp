#include <lanc/passes/passes.h>

#include <algorithm>
#include <map>
#include <numeric>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

// What a node is to fusion.
enum class Role : char { barrier, map, reduction, view };

bool reducible(DType t) { return t == f32 || t == f64 || t == i64; }

Role role_of(const Graph& graph, const Node& node) {
  if (node.op->formula != nullptr && node.outputs.size() == 1) return Role::map;
  const std::string_view name = node.op->name;
  if (name == broadcast_op.name || name == transpose_op.name) return Role::view;
  const bool reduces = name == sum_op.name || name == reduce_max_op.name || name == reduce_min_op.name;
  if (!reduces) return Role::barrier;
  const Type& from = graph.node(node.inputs[0].node).outputs[node.inputs[0].output];
  return from.dtype == node.outputs[0].dtype && reducible(from.dtype) ? Role::reduction : Role::barrier;
}

const Shape& iteration_shape(const Graph& graph, const Node& node, Role role) {
  return role == Role::reduction ? graph.node(node.inputs[0].node).outputs[node.inputs[0].output].shape : node.outputs[0].shape;
}

// An operand read through broadcasts and transposes: the value underneath and the iteration axis of each of its axes.
struct Access {
  Ref source;
  std::vector<int64_t> axes;
};

Access read_through(const Graph& graph, Ref ref) {
  const Type& type = graph.node(ref.node).outputs[ref.output];
  Access access{ref, {}};
  access.axes.resize(type.shape.size());
  std::iota(access.axes.begin(), access.axes.end(), int64_t{0});
  for (;;) {
    const Node& node = graph.node(access.source.node);
    if (node.op->name == broadcast_op.name) {
      const auto& attrs = node.attrs<BroadcastAttrs>();
      const Shape& from = graph.node(node.inputs[0].node).outputs[node.inputs[0].output].shape;
      std::vector<int64_t> axes;
      for (size_t i = 0; i < attrs.axes.size(); ++i) {
        const bool still = from[i] == Dim(1) && !(attrs.shape[static_cast<size_t>(attrs.axes[i])] == Dim(1));
        axes.push_back(still ? -1 : access.axes[static_cast<size_t>(attrs.axes[i])]);
      }
      access = {node.inputs[0], std::move(axes)};
    } else if (node.op->name == transpose_op.name) {
      // Axis i of the transpose is axis order[i] of its operand.
      const auto& order = node.attrs<TransposeAttrs>().axes;
      std::vector<int64_t> axes(order.size());
      for (size_t i = 0; i < order.size(); ++i) axes[static_cast<size_t>(order[i])] = access.axes[i];
      access = {node.inputs[0], std::move(axes)};
    } else {
      return access;
    }
  }
}

// Groups nodes that can share one loop nest. A node's depth counts the edges on the way to it that leave a loop nest (through a barrier,
// a reduction, another shape); along edges within a loop nest it stays. Nodes of one depth and one iteration shape may share a nest:
// a path between them through anything else would raise the depth.
class Grouping {
 public:
  explicit Grouping(const Graph& graph) : graph_(graph), order_(canonical_order(graph, roots())) {
    const size_t n = graph.size();
    role_.resize(n, Role::barrier);
    depth_.resize(n, 0);
    parent_.resize(n);
    needed_.resize(n, 0);
    std::iota(parent_.begin(), parent_.end(), 0u);
    for (uint32_t id : order_) {
      needed_[id] = 1;
      role_[id] = role_of(graph, graph.node(id));
    }
    set_depths();
    sink();
    connect();
  }

  uint32_t group(uint32_t id) {
    while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
    return id;
  }
  bool grouped(uint32_t id) const { return role_[id] == Role::map || role_[id] == Role::reduction; }
  Role role(uint32_t id) const { return role_[id]; }
  int depth(uint32_t id) const { return depth_[id]; }
  const std::vector<uint32_t>& order() const { return order_; }

 private:
  std::vector<Ref> roots() const {
    std::vector<Ref> refs = graph_.data()->outputs;
    for (const auto& [state, value] : graph_.data()->updates) refs.push_back(value);
    return refs;
  }

  // Does this operand of `user` come from within the same loop nest, as far as shapes and roles tell?
  bool direct(uint32_t producer, uint32_t user) const {
    if (role_[producer] != Role::map || !grouped(user)) return false;
    return graph_.node(producer).outputs[0].shape == iteration_shape(graph_, graph_.node(user), role_[user]);
  }

  void set_depths() {
    for (uint32_t id : order_)
      for (Ref r : graph_.node(id).inputs) {
        const int step = direct(r.node, id) || is_source(r.node) ? 0 : 1;
        depth_[id] = std::max(depth_[id], depth_[r.node] + step);
      }
  }
  bool is_source(uint32_t id) const { return graph_.node(id).inputs.empty(); }

  // A node that is only used later and reads one large value that is stored anyway is computed where it is used.
  void sink() {
    std::vector<int> earliest(graph_.size(), -1);  // smallest depth at which a user would take it
    std::vector<char> crosses(graph_.size(), 0);   // has a user in another nest: is stored anyway
    std::vector<char> root(graph_.size(), 0);
    for (Ref r : roots()) root[r.node] = 1;
    for (auto id = order_.rbegin(); id != order_.rend(); ++id) {
      const Node& node = graph_.node(*id);
      if (role_[*id] == Role::map && !root[*id] && earliest[*id] > depth_[*id] && large_operands(node) <= 1) depth_[*id] = earliest[*id];
      for (Ref r : node.inputs) {
        const int at = direct(r.node, *id) ? depth_[*id] : -2;  // -2: another kind of user: stays where it is
        int& e = earliest[r.node];
        e = e == -1 ? at : std::min(e, at);
      }
    }
  }
  int large_operands(const Node& node) const {
    int count = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Access access = read_through(graph_, node.inputs[i]);
      const bool repeated = std::find(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(i), node.inputs[i]) != node.inputs.begin() + static_cast<std::ptrdiff_t>(i);
      if (!repeated && !(graph_.node(access.source.node).outputs[access.source.output].numel() == Dim(1))) ++count;
    }
    return count;
  }

  void unite(uint32_t a, uint32_t b) {
    a = group(a), b = group(b);
    if (a != b) parent_[std::max(a, b)] = std::min(a, b);
  }

  void connect() {
    std::map<std::pair<Ref, std::pair<int, std::string>>, uint32_t> readers;  // (value, depth, shape) -> a node that reads it
    for (uint32_t id : order_) {
      if (!grouped(id)) continue;
      const Node& node = graph_.node(id);
      const Shape& shape = iteration_shape(graph_, node, role_[id]);
      for (Ref r : node.inputs) {
        if (direct(r.node, id) && depth_[r.node] == depth_[id]) unite(r.node, id);
        const Type& type = graph_.node(r.node).outputs[r.output];
        if (type.shape != shape || type.numel() == Dim(1)) continue;
        const auto [place, fresh] = readers.emplace(std::pair{r, std::pair{depth_[id], shape_text(shape)}}, id);
        if (!fresh) unite(place->second, id);
      }
    }
  }

  const Graph& graph_;
  std::vector<uint32_t> order_;
  std::vector<Role> role_;
  std::vector<int> depth_;
  std::vector<uint32_t> parent_;
  std::vector<char> needed_;
};

// One fused node under construction.
struct Group {
  Shape shape;
  std::vector<uint32_t> members;                   // in order
  std::vector<Ref> sources;                        // operands, in the old graph
  FusedAttrs attrs;
  std::vector<std::pair<uint32_t, size_t>> stored; // member -> output index
};

FusedKind kind_of(std::string_view op) {
  return op == sum_op.name ? FusedKind::sum : op == reduce_max_op.name ? FusedKind::max : FusedKind::min;
}

class GroupBuilder {
 public:
  GroupBuilder(const Graph& graph, Grouping& grouping, Group& group, const std::vector<char>& escapes)
      : graph_(graph), grouping_(grouping), group_(group), escapes_(escapes) {}

  void build() {
    FormulaBuilder formula;
    std::map<std::pair<Ref, std::vector<int64_t>>, int> inputs;
    std::map<uint32_t, int> made;  // member -> formula node
    const auto operand = [&](Ref ref, uint32_t user) -> int {
      if (const auto found = made.find(ref.node); found != made.end() && grouping_.role(ref.node) == Role::map && graph_.node(ref.node).outputs[0].shape == group_.shape)
        return found->second;
      (void)user;
      const Access access = read_through(graph_, ref);
      const Node& source = graph_.node(access.source.node);
      if (source.attributes.is<ConstantAttrs>() && source.attrs<ConstantAttrs>().value.numel() == 1)
        return formula.literal(source.attrs<ConstantAttrs>().value);
      // A broadcast of a member of this very group would need a second nest; the depth rule keeps such pairs apart.
      const auto [place, fresh] = inputs.emplace(std::pair{access.source, access.axes}, static_cast<int>(group_.sources.size()));
      if (fresh) {
        group_.sources.push_back(access.source);
        group_.attrs.inputs.push_back({access.axes});
      }
      return formula.input(place->second);
    };
    std::vector<int> outputs;
    for (uint32_t id : group_.members) {
      const Node& node = graph_.node(id);
      std::vector<int> args;
      for (Ref r : node.inputs) args.push_back(operand(r, id));
      if (grouping_.role(id) == Role::map) {
        std::vector<DType> dtypes;
        for (Ref r : node.inputs) dtypes.push_back(graph_.node(r.node).outputs[r.output].dtype);
        made[id] = formula.splice(*formula_of(*node.op, node.attributes), args, dtypes, node.outputs[0].dtype);
        if (!escapes_[id]) continue;
        group_.stored.emplace_back(id, outputs.size());
        outputs.push_back(made[id]);
        group_.attrs.outputs.push_back({});
      } else {
        const auto& reduce = node.attrs<ReduceAttrs>();
        FusedOutput output{.kind = kind_of(node.op->name), .reduced = reduce.axes, .keep = reduce.keep};
        if (output.reduced.empty())
          for (size_t a = 0; a < group_.shape.size(); ++a) output.reduced.push_back(static_cast<int64_t>(a));
        for (int64_t& a : output.reduced)
          if (a < 0) a += static_cast<int64_t>(group_.shape.size());
        std::sort(output.reduced.begin(), output.reduced.end());
        group_.stored.emplace_back(id, outputs.size());
        outputs.push_back(args[0]);
        group_.attrs.outputs.push_back(std::move(output));
      }
    }
    group_.attrs.shape = group_.shape;
    group_.attrs.formula = formula.finish(static_cast<int>(group_.sources.size()), outputs);
  }

 private:
  const Graph& graph_;
  Grouping& grouping_;
  Group& group_;
  const std::vector<char>& escapes_;
};

}  // namespace

Graph fuse(const Graph& graph, const PassContext& context) {
  if (!context.capabilities.fusion) return graph;
  Grouping grouping(graph);
  std::map<uint32_t, Group> groups;
  for (uint32_t id : grouping.order())
    if (grouping.grouped(id)) groups[grouping.group(id)].members.push_back(id);
  // A member escapes when anything but a member of its own group reads it directly.
  std::vector<char> escapes(graph.size(), 0);
  for (Ref r : graph.data()->outputs) escapes[r.node] = 1;
  for (const auto& [state, value] : graph.data()->updates) escapes[value.node] = 1;
  for (uint32_t id : grouping.order())
    for (Ref r : graph.node(id).inputs)
      if (!grouping.grouped(id) || !grouping.grouped(r.node) || grouping.group(id) != grouping.group(r.node)) escapes[r.node] = 1;
  for (auto& [root, group] : groups) {
    const uint32_t first = group.members.front();
    group.shape = iteration_shape(graph, graph.node(first), grouping.role(first));
    GroupBuilder(graph, grouping, group, escapes).build();
  }
  return emit_groups(graph, grouping, groups);
}

}  // namespace lanc
