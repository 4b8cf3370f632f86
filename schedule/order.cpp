#include <lanc/schedule/plan.h>

#include <algorithm>
#include <map>
#include <optional>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

std::vector<Ref> roots_of(const Graph& graph) {
  std::vector<Ref> roots = graph.data()->outputs;
  for (const auto& [state, value] : graph.data()->updates) {
    roots.push_back(value);
    roots.push_back(state);
  }
  return roots;
}

// Depth first over operands and over the "must come first" edges; an edge that meets an open node closes a circle.
class Ordering {
 public:
  Ordering(const Graph& graph, const std::vector<std::pair<uint32_t, uint32_t>>& overwrites) : graph_(graph), state_(graph.size(), fresh) {
    std::map<uint32_t, std::vector<uint32_t>> readers;
    std::vector<Ref> roots = roots_of(graph);
    for (uint32_t id : canonical_order(graph, roots))
      for (Ref r : graph.node(id).inputs) readers[r.node].push_back(id);
    for (const auto& [writer, state] : overwrites)
      for (uint32_t reader : readers[state])
        if (reader != writer) before_[writer].push_back({reader, state});
  }

  void visit(uint32_t root) {
    if (state_[root] != fresh) return;
    open(root, std::nullopt);
    while (!stack_.empty()) {
      Frame& frame = stack_.back();
      const Node& node = graph_.node(frame.node);
      const auto extra = before_.find(frame.node);
      const size_t extras = extra == before_.end() ? 0 : extra->second.size();
      if (frame.next < node.inputs.size() + extras) {
        const size_t at = frame.next++;
        const bool is_extra = at >= node.inputs.size();
        const uint32_t child = is_extra ? extra->second[at - node.inputs.size()].first : node.inputs[at].node;
        const Edge edge = is_extra ? Edge({frame.node, extra->second[at - node.inputs.size()].second}) : std::nullopt;
        if (state_[child] == fresh) open(child, edge);
        else if (state_[child] == opened) circles_.push_back(edge ? *edge : newest_extra_above(child));
        continue;
      }
      state_[frame.node] = done;
      order_.push_back(frame.node);
      stack_.pop_back();
    }
  }

  std::vector<uint32_t> order_;
  std::vector<std::pair<uint32_t, uint32_t>> circles_;

 private:
  enum State : char { fresh, opened, done };
  using Edge = std::optional<std::pair<uint32_t, uint32_t>>;  // the overwrite whose "must come first" edge opened a node
  struct Frame {
    uint32_t node;
    size_t next;
    Edge opened_by;
  };
  void open(uint32_t node, Edge edge) {
    state_[node] = opened;
    stack_.push_back({node, 0, edge});
  }
  // Operand edges alone make no circle, so one of the edges from `node` down to the top of the stack is an extra one.
  std::pair<uint32_t, uint32_t> newest_extra_above(uint32_t node) const {
    for (auto frame = stack_.rbegin(); frame != stack_.rend() && frame->node != node; ++frame)
      if (frame->opened_by) return *frame->opened_by;
    throw InternalError("order: operands form a circle");
  }
  const Graph& graph_;
  std::vector<State> state_;
  std::vector<Frame> stack_;
  std::map<uint32_t, std::vector<std::pair<uint32_t, uint32_t>>> before_;
};

}  // namespace

std::vector<uint32_t> execution_order(const Graph& graph, std::vector<std::pair<uint32_t, uint32_t>>& overwrites) {
  for (;;) {
    Ordering ordering(graph, overwrites);
    for (Ref root : roots_of(graph)) ordering.visit(root.node);
    if (ordering.circles_.empty()) return ordering.order_;
    std::erase_if(overwrites, [&](const auto& pair) {
      return std::find(ordering.circles_.begin(), ordering.circles_.end(), pair) != ordering.circles_.end();
    });
  }
}

}  // namespace lanc
