#include <lanc/passes/fusion_groups.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/scalar/program.h>

namespace lanc {
namespace {

// A nest of so many instructions at most (a single larger node is a nest of its own): what a compiler takes in milliseconds, and what keeps
// its values in registers and the first-level cache.
constexpr int most_instructions = 500;
constexpr int64_t small_elements = 4096;  // nests up to this size cost more to start than to run: joined without sharing a value
constexpr size_t most_axes = 16;
constexpr uint32_t no_group = ~0u;

const Type& type_of(const Graph& graph, Ref r) { return graph.node(r.node).outputs[r.output]; }

bool is_one(const Dim& d) { return d.is_number() && d.number() == 1; }

// Axes of `to` for the axes of `from` (-1: size 1) where both list the same other sizes in the same order; none otherwise.
std::optional<std::vector<int64_t>> same_but_ones(const Shape& from, const Shape& to) {
  std::vector<int64_t> axes(from.size(), -1);
  size_t j = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    if (is_one(from[i])) continue;
    while (j < to.size() && is_one(to[j])) ++j;
    if (j == to.size() || !(to[j] == from[i])) return std::nullopt;
    axes[i] = static_cast<int64_t>(j++);
  }
  while (j < to.size() && is_one(to[j])) ++j;
  if (j != to.size()) return std::nullopt;
  return axes;
}

// The axes of a view's operand in the view's result; none when the node is no view.
std::optional<std::vector<int64_t>> axes_in_result(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  if (name == broadcast_op.name) {
    const auto& attrs = node.attrs<BroadcastAttrs>();
    const Shape& from = type_of(graph, node.inputs[0]).shape;
    std::vector<int64_t> axes;
    for (size_t i = 0; i < attrs.axes.size(); ++i) {
      const bool repeats = is_one(from[i]) && !is_one(attrs.shape[static_cast<size_t>(attrs.axes[i])]);
      axes.push_back(repeats ? -1 : attrs.axes[i]);
    }
    return axes;
  }
  if (name == transpose_op.name) {
    const auto& order = node.attrs<TransposeAttrs>().axes;  // axis i of the result is axis order[i] of the operand
    std::vector<int64_t> axes(order.size());
    for (size_t i = 0; i < order.size(); ++i) axes[static_cast<size_t>(order[i])] = static_cast<int64_t>(i);
    return axes;
  }
  if (name == reshape_op.name) return same_but_ones(type_of(graph, node.inputs[0]).shape, node.outputs[0].shape);
  return std::nullopt;
}

bool reducible(DType t) { return t == f32 || t == f64 || t == i64; }

// Instructions of one node's formula; equal nodes are lowered once.
class Weights {
 public:
  int of(const Graph& graph, const Node& node) {
    std::string key(node.op->name);
    key += '|' + std::to_string(reinterpret_cast<uintptr_t>(node.op->context)) + '|' + node.attributes.text();
    std::vector<DType> dtypes;
    for (Ref r : node.inputs) {
      dtypes.push_back(type_of(graph, r).dtype);
      key += static_cast<char>('0' + static_cast<int>(dtypes.back()));
    }
    const auto [place, fresh] = known_.emplace(std::move(key), 0);
    if (fresh) place->second = static_cast<int>(lower(*formula_of(*node.op, node.attributes), dtypes).code.size());
    return place->second;
  }

 private:
  std::unordered_map<std::string, int> known_;
};

}  // namespace

bool is_reduction(std::string_view op) { return op == sum_op.name || op == reduce_max_op.name || op == reduce_min_op.name; }

FusedKind fused_kind_of(std::string_view op) {
  return op == sum_op.name ? FusedKind::sum : op == reduce_max_op.name ? FusedKind::max : FusedKind::min;
}

Access read_through(const Graph& graph, Ref operand) {
  Access access{operand, {}};
  access.axes.resize(type_of(graph, operand).shape.size());
  std::iota(access.axes.begin(), access.axes.end(), int64_t{0});
  for (;;) {
    const Node& node = graph.node(access.source.node);
    std::optional<std::vector<int64_t>> axes = axes_in_result(graph, node);
    if (!axes) return access;
    for (int64_t& a : *axes)
      if (a >= 0) a = access.axes[static_cast<size_t>(a)];
    access = {node.inputs[0], std::move(*axes)};
  }
}

FusionGroups::FusionGroups(const Graph& graph) : graph_(graph), roots_(graph.data()->outputs) {
  for (const auto& [state, value] : graph.data()->updates) roots_.push_back(value);
  order_ = canonical_order(graph, roots_);
  const size_t n = graph.size();
  role_.resize(n, Role::other);
  depth_.resize(n, 0);
  weight_.resize(n, 1);
  escapes_.resize(n, 0);
  parent_.resize(n);
  std::iota(parent_.begin(), parent_.end(), 0u);
  for (uint32_t id : order_) role_[id] = role_of(graph.node(id));
  set_depths();
  sink();
  weigh();
  connect();
  cut();
  mark_escapes();
}

FusionGroups::Role FusionGroups::role_of(const Node& node) const {
  if (node.op->formula != nullptr && node.outputs.size() == 1 && !node.inputs.empty() && node.outputs[0].shape.size() <= most_axes) return Role::map;
  if (is_reduction(node.op->name)) {
    const Type& from = type_of(graph_, node.inputs[0]);
    return from.dtype == node.outputs[0].dtype && reducible(from.dtype) && from.shape.size() <= most_axes ? Role::reduction : Role::other;
  }
  return axes_in_result(graph_, node) ? Role::view : Role::other;
}

std::optional<uint32_t> FusionGroups::group(uint32_t id) const {
  return group_[id] == no_group ? std::nullopt : std::optional(group_[id]);
}

const Shape& FusionGroups::iteration_shape(uint32_t id) const {
  const Node& node = graph_.node(id);
  return role_[id] == Role::reduction ? type_of(graph_, node.inputs[0]).shape : node.outputs[0].shape;
}

// Can the user read this operand within the nest in which it is computed?
bool FusionGroups::direct(uint32_t producer, uint32_t user) const {
  return role_[producer] == Role::map && grouped(user) && graph_.node(producer).outputs[0].shape == iteration_shape(user);
}

// Depth never falls along an edge, and stays only within a nest, from a source, and from a view of a source (the way into the view counted).
void FusionGroups::set_depths() {
  for (uint32_t id : order_)
    for (Ref r : graph_.node(id).inputs) {
      const bool source = graph_.node(r.node).inputs.empty();
      const int step = direct(r.node, id) || source || role_[r.node] == Role::view ? 0 : 1;
      depth_[id] = std::max(depth_[id], depth_[r.node] + step);
    }
}

// A node that only later nests read is computed there, where that stores and keeps no more than its own result.
void FusionGroups::sink() {
  constexpr int unread = -1, stays = -2;
  std::vector<int> earliest(graph_.size(), unread);  // smallest depth of its readers
  std::vector<char> stored(graph_.size(), 0);        // has memory of its own whatever is decided here
  for (Ref r : roots_) earliest[r.node] = stays, stored[r.node] = 1;
  for (uint32_t id : order_) {
    if (!is_map(id)) stored[id] = 1;
    for (Ref r : graph_.node(id).inputs)
      if (!direct(r.node, id)) stored[r.node] = 1;
  }
  for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
    const uint32_t id = *at;
    if (is_map(id) && earliest[id] > depth_[id] && worth_sinking(id, stored)) depth_[id] = earliest[id];
    for (Ref r : graph_.node(id).inputs) {
      int& e = earliest[r.node];
      if (e == stays) continue;
      if (!direct(r.node, id)) e = stays;
      else e = e == unread ? depth_[id] : std::min(e, depth_[id]);
    }
  }
}

// Sunk, its operands live until the later nest in the place of its result: one of them at most may be new to memory or kept for longer, and
// that one must not be larger. States and feeds are there anyway, small operands do not count.
bool FusionGroups::worth_sinking(uint32_t id, const std::vector<char>& stored) const {
  const Type& result = graph_.node(id).outputs[0];
  const auto number_of = [](const Dim& d) { return d.is_number() ? d.number() : int64_t{1} << 40; };
  std::vector<uint32_t> kept;
  int64_t new_bytes = 0;
  for (Ref r : graph_.node(id).inputs) {
    const Ref source = read_through(graph_, r).source;
    if (graph_.node(source.node).inputs.empty() || std::find(kept.begin(), kept.end(), source.node) != kept.end()) continue;
    const int64_t bytes = number_of(type_of(graph_, source).bytes());
    if (8 * bytes <= number_of(result.bytes())) continue;
    kept.push_back(source.node);
    if (!stored[source.node]) new_bytes += bytes;
  }
  return kept.size() <= 1 && new_bytes <= number_of(result.bytes());
}

void FusionGroups::weigh() {
  Weights weights;
  for (uint32_t id : order_)
    if (is_map(id)) weight_[id] = weights.of(graph_, graph_.node(id));
}

uint32_t FusionGroups::component(uint32_t id) {
  while (parent_[id] != id) id = parent_[id] = parent_[parent_[id]];
  return id;
}

void FusionGroups::unite(uint32_t a, uint32_t b) {
  a = component(a), b = component(b);
  if (a == b) return;
  if (a > b) std::swap(a, b);
  parent_[b] = a;
  weight_[a] += weight_[b];
}

void FusionGroups::connect() {
  const std::vector<int> own = weight_;
  for (uint32_t id : order_) {
    if (!grouped(id)) continue;
    for (Ref r : graph_.node(id).inputs)
      if (direct(r.node, id) && depth_[r.node] == depth_[id]) unite(r.node, id);
  }
  using Nest = std::pair<int, std::string>;  // depth and shape
  std::map<std::pair<Ref, Nest>, uint32_t> readers;
  std::map<Nest, uint32_t> small;
  const auto join = [&](uint32_t& place, uint32_t id) {
    if (weight_[component(place)] + weight_[component(id)] <= most_instructions) unite(place, id);
    else if (component(place) != component(id)) place = id;
  };
  for (uint32_t id : order_) {
    if (!grouped(id)) continue;
    const Shape& shape = iteration_shape(id);
    const Nest nest{depth_[id], shape_text(shape)};
    const Dim elements = Type{f32, shape}.numel();
    if (elements.is_number() && elements.number() <= small_elements)
      if (const auto [place, fresh] = small.emplace(nest, id); !fresh) join(place->second, id);
    for (Ref r : graph_.node(id).inputs) {
      if (type_of(graph_, r).shape != shape || elements == Dim(1) || (depth_[r.node] == depth_[id] && direct(r.node, id))) continue;
      if (const auto [place, fresh] = readers.emplace(std::pair{r, nest}, id); !fresh) join(place->second, id);
    }
  }
  weight_ = own;
}

// Numbers the groups. Edges within a component go forward in canonical order, so cutting it there makes no circle.
void FusionGroups::cut() {
  struct Open {
    uint32_t group = no_group;
    int weight = 0;
  };
  std::unordered_map<uint32_t, Open> open;
  group_.assign(graph_.size(), no_group);
  for (uint32_t id : order_) {
    if (!grouped(id)) continue;
    Open& o = open[component(id)];
    if (o.group == no_group || o.weight + weight_[id] > most_instructions) {
      o = {static_cast<uint32_t>(groups_.size()), 0};
      groups_.emplace_back();
    }
    o.weight += weight_[id];
    group_[id] = o.group;
    groups_[o.group].push_back(id);
  }
}

void FusionGroups::mark_escapes() {
  for (Ref r : roots_) escapes_[r.node] = 1;
  for (uint32_t id : order_)
    for (Ref r : graph_.node(id).inputs)
      if (!direct(r.node, id) || group_[id] != group_[r.node]) escapes_[r.node] = 1;
}

}  // namespace lanc
