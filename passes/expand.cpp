#include <lanc/passes/passes.h>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/passes/fusion_groups.h>

namespace lanc {
namespace {

// A table function of its operands in order is a primitive already.
bool is_primitive(const Node& node, const Formula& formula) {
  return node.op->name == cast_op.name ||
         (node.op->attributes == attributes<NoAttributes> && scalar_function(node.op->name) != nullptr && formula.nodes().size() == node.inputs.size() + 1);
}

Operand literal_operand(const FormulaNode& literal) {
  switch (literal.literal.kind) {
    case Literal::Kind::integer: return {literal.literal.integer};
    case Literal::Kind::truth: return {literal.literal.integer != 0};
    case Literal::Kind::real: break;
  }
  return {literal.literal.real};
}

// A result keeps the dtype of the node it replaces: where's literals meet the condition too in a node, and only the other operand in a formula.
Value of_type(Value v, const Type& type) {
  if (v.dtype() != type.dtype) v = cast(v, type.dtype);
  return v;
}

std::vector<Ref> expand_node(const Node& node, const Formula& formula, const std::vector<Value>& inputs) {
  std::vector<std::optional<Operand>> values;
  for (const FormulaNode& step : formula.nodes()) {
    if (step.kind == FormulaNode::Kind::input) {
      values.emplace_back(inputs[static_cast<size_t>(step.input)]);
    } else if (step.kind == FormulaNode::Kind::literal) {
      values.emplace_back(literal_operand(step));
    } else if (step.function->name == "cast") {
      values.emplace_back(cast(*values[static_cast<size_t>(step.args[0])], step.cast_to));
    } else {
      std::vector<Operand> operands;
      for (int a : step.args) operands.push_back(*values[static_cast<size_t>(a)]);
      values.emplace_back(apply_elementwise(static_op(scalar_op(step.function->name)), std::move(operands)));
    }
  }
  std::vector<Ref> refs;
  for (size_t k = 0; k < formula.outputs().size(); ++k) {
    const Operand& result = *values[static_cast<size_t>(formula.outputs()[k])];
    // A formula that is a literal or an operand itself: made the node's type by arithmetic with its first operand's shape.
    const Value v = result.is_literal() ? where(equal(inputs[0], inputs[0]), result, result) : result.value();
    const Value typed = of_type(v, node.outputs[k]);
    refs.push_back({typed.node_id(), typed.output()});
  }
  return refs;
}

bool reduces_storage(const Node& node, const Value& x) { return is_reduction(node.op->name) && is_storage_only(x.dtype()); }

// Reductions of 16-bit floats, which accumulate in f32, say so: then they fuse as those of f32 do.
std::vector<Ref> reduce_in_f32(const Node& node, const Value& x) {
  const Value y = cast(apply(*node.op, {cast(x, f32)}, node.attrs<ReduceAttrs>()), x.dtype());
  return {{y.node_id(), y.output()}};
}

}  // namespace

Graph expand(const Graph& graph, const PassContext&) {
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    if (inputs.size() == 1 && reduces_storage(node, to.value(inputs[0]))) {
      const CallSite site(node.origin, "");
      return reduce_in_f32(node, to.value(inputs[0]));
    }
    const Formula* formula = formula_of(*node.op, node.attributes);
    if (formula == nullptr || is_primitive(node, *formula)) return std::nullopt;
    const CallSite site(node.origin, "");
    std::vector<Value> values;
    for (Ref r : inputs) values.push_back(to.value(r));
    return expand_node(node, *formula, values);
  });
}

}  // namespace lanc
