#include <lanc/passes/repeated.h>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>

namespace lanc {

std::optional<Tensor> repeated_element(const Value& value) {
  const Node& n = value.node();
  const auto is = [&](const OpDef& op) { return n.op->name == op.name; };
  if (is(broadcast_op) || is(reshape_op) || is(cast_op)) {
    std::optional<Tensor> element = repeated_element(value.graph().value(n.inputs[0]));
    if (element && is(cast_op)) return element->to(value.dtype());
    return element;
  }
  if (!n.attributes.is<ConstantAttrs>() || n.attrs<ConstantAttrs>().value.numel() != 1) return std::nullopt;
  return n.attrs<ConstantAttrs>().value;
}

std::optional<double> repeated_number(const Value& value) {
  const auto element = repeated_element(value);
  return element ? std::optional(element->at(0)) : std::nullopt;
}

}  // namespace lanc
