#include <lanc/graph/edges.h>

#include <mutex>

namespace lanc {

Edges::Edges(const Graph& graph) : consumer_begin_(graph.size() + 1, 0), operand_begin_(graph.size() + 1, 0) {
  const auto n = static_cast<uint32_t>(graph.size());
  for (uint32_t id = 0; id < n; ++id) {
    const std::vector<Ref>& inputs = graph.node(id).inputs;
    for (uint32_t slot = 0; slot < inputs.size(); ++slot) {
      by_consumer_.push_back({inputs[slot].node, id, slot});
      ++operand_begin_[inputs[slot].node + 1];
    }
    consumer_begin_[id + 1] = by_consumer_.size();
  }
  for (uint32_t id = 0; id < n; ++id) operand_begin_[id + 1] += operand_begin_[id];
  by_operand_.resize(by_consumer_.size());
  std::vector<size_t> next(operand_begin_.begin(), operand_begin_.end() - 1);
  for (const Edge& e : by_consumer_) by_operand_[next[e.operand]++] = e;
}

const Edges& edges_of(const Graph& graph) {
  static std::mutex mutex;  // several threads may read one graph
  const std::lock_guard lock(mutex);
  auto& edges = graph.data()->edges;
  if (!edges || edges->nodes() != graph.size()) edges = std::make_shared<const Edges>(graph);
  return *edges;
}

}  // namespace lanc
