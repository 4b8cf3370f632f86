#include <lanc/passes/passes.h>

#include <algorithm>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/layout.h>

namespace lanc {
namespace {

// Renames the axes of one side to those before the transpose; false when the free axes would come in another order.
bool read_through(const Node& transposed, std::vector<int64_t>& contracted, std::vector<int64_t>& batch) {
  const auto& axes = transposed.attrs<TransposeAttrs>().axes;
  std::vector<int64_t> free = free_axes(axes.size(), contracted, batch);
  for (int64_t& a : free) a = axes[static_cast<size_t>(a)];
  if (!std::is_sorted(free.begin(), free.end())) return false;
  for (int64_t& a : contracted) a = axes[static_cast<size_t>(a)];
  for (int64_t& a : batch) a = axes[static_cast<size_t>(a)];
  return true;
}

// Is this permutation [batch..., rhs free..., lhs free...] of [batch..., lhs free..., rhs free...]?
bool exchanges_sides(const std::vector<int64_t>& axes, size_t batches, size_t lhs_free, size_t rhs_free) {
  if (axes.size() != batches + lhs_free + rhs_free) return false;
  for (size_t i = 0; i < axes.size(); ++i) {
    const size_t expected = i < batches ? i : i < batches + rhs_free ? i + lhs_free : i - rhs_free;
    if (axes[i] != static_cast<int64_t>(expected)) return false;
  }
  return true;
}

}  // namespace

Graph contract_flags(const Graph& graph, const PassContext& context) {
  if (!context.capabilities.contract_flags) return graph;
  std::vector<int> uses(graph.size(), 0);
  for (size_t id = 0; id < graph.size(); ++id)
    for (Ref r : graph.node(static_cast<uint32_t>(id)).inputs) ++uses[r.node];
  for (Ref r : graph.data()->outputs) ++uses[r.node];
  for (const auto& [state, value] : graph.data()->updates) ++uses[value.node];
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    const CallSite site(node.origin, "");
    if (node.op->name == contract_op.name) {
      ContractAttrs attrs = node.attrs<ContractAttrs>();
      Ref lhs = inputs[0], rhs = inputs[1];
      bool changed = false;
      if (const Node& n = to.node(lhs.node); n.op->name == transpose_op.name && read_through(n, attrs.lhs, attrs.lhs_batch)) lhs = n.inputs[0], changed = true;
      if (const Node& n = to.node(rhs.node); n.op->name == transpose_op.name && read_through(n, attrs.rhs, attrs.rhs_batch)) rhs = n.inputs[0], changed = true;
      if (!changed) return std::nullopt;
      const Value v = contract(to.value(lhs), to.value(rhs), attrs);
      return std::vector<Ref>{{v.node_id(), 0}};
    }
    if (node.op->name == transpose_op.name && uses[node.inputs[0].node] == 1) {
      const Node& product = to.node(inputs[0].node);
      if (product.op->name != contract_op.name) return std::nullopt;
      const auto& a = product.attrs<ContractAttrs>();
      const auto rank = [&](size_t i) { return to.node(product.inputs[i].node).outputs[product.inputs[i].output].shape.size(); };
      const size_t batches = a.lhs_batch.size();
      if (!exchanges_sides(node.attrs<TransposeAttrs>().axes, batches, free_axes(rank(0), a.lhs, a.lhs_batch).size(),
                           free_axes(rank(1), a.rhs, a.rhs_batch).size()))
        return std::nullopt;
      const Value v = contract(to.value(product.inputs[1]), to.value(product.inputs[0]), {a.rhs, a.lhs, a.rhs_batch, a.lhs_batch});
      return std::vector<Ref>{{v.node_id(), 0}};
    }
    return std::nullopt;
  });
}

}  // namespace lanc
