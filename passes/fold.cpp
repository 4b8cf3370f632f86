#include <lanc/passes/passes.h>

#include <algorithm>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/reduce.h>

namespace lanc {
namespace {

constexpr int64_t largest_constant = 4096;

bool small(const Types& types) {
  return std::all_of(types.begin(), types.end(), [](const Type& t) {
    const Dim n = t.numel();
    return n.is_number() && n.number() <= largest_constant;
  });
}

uint32_t add_constant(GraphData& to, Tensor value, const Type& type, const OriginRef& origin) {
  Node n;
  n.op = static_op(constant_op);
  n.attributes = ConstantAttrs{std::move(value)};
  n.outputs = {type};
  n.origin = origin;
  return append_node(to, std::move(n));
}

}  // namespace

Graph fold(const Graph& graph, const PassContext& context) {
  if (!context.evaluate) return graph;
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    const bool size = node.op->name == dim_value_op.name && node.attrs<DimValueAttrs>().dim.is_number();
    const bool sequence = node.op->name == iota_op.name;
    const bool pure = node.op->effects == Effects::none && !inputs.empty() && node.bodies.empty();
    if (!(size || sequence || pure) || !small(node.outputs)) return std::nullopt;
    std::vector<Tensor> operands;
    for (Ref r : inputs) {
      const Node& operand = to.node(r.node);
      if (!operand.attributes.is<ConstantAttrs>()) return std::nullopt;
      operands.push_back(operand.attrs<ConstantAttrs>().value);
    }
    // A broadcast of a constant stays symbolic: it costs nothing inside a fused kernel, and its scalar is seen by algebra.
    if (node.op->family == "layout" && node.outputs[0].numel().number() > std::max<int64_t>(1, operands[0].numel())) return std::nullopt;
    std::vector<Ref> refs;
    std::vector<Tensor> values;
    try {
      values = context.evaluate(node, operands);
    } catch (const Error&) {
      return std::nullopt;  // a mistake in the data is reported when the function runs
    }
    for (size_t i = 0; i < values.size(); ++i) refs.push_back({add_constant(*to.data(), values[i], node.outputs[i], node.origin), 0});
    return refs;
  });
}

}  // namespace lanc
