#include <lanc/ops/fused.h>

#include <algorithm>

namespace lanc {
namespace {

void require_attributes(const InferArgs& args, const FusedAttrs& attrs) {
  const auto rank = static_cast<int64_t>(attrs.shape.size());
  for (const FusedInput& input : attrs.inputs)
    for (int64_t axis : input.axes)
      if (axis < -1 || axis >= rank) args.fail("axes of the operands must be in [-1, " + std::to_string(rank) + ")", std::to_string(axis));
  if (attrs.outputs.size() != attrs.formula.outputs().size())
    args.fail("one output for each of the formula's", std::to_string(attrs.outputs.size()) + " for " + std::to_string(attrs.formula.outputs().size()));
  for (const FusedOutput& output : attrs.outputs) {
    if (output.kind < FusedKind::map || output.kind > FusedKind::min) args.fail("kinds must be those of FusedKind", std::to_string(static_cast<int64_t>(output.kind)));
    if (output.kind == FusedKind::map && !output.reduced.empty()) args.fail("an output that is stored for each element must reduce no axis", std::to_string(output.reduced.size()));
    for (size_t i = 0; i < output.reduced.size(); ++i) {
      const int64_t axis = output.reduced[i];
      if (axis < 0 || axis >= rank || (i > 0 && axis <= output.reduced[i - 1]))
        args.fail("reduced axes must ascend within the iteration space's " + std::to_string(rank), "axis " + std::to_string(axis));
    }
  }
}

Types fused_types(const InferArgs& args) {
  const auto& attrs = args.attrs<FusedAttrs>();
  require_attributes(args, attrs);
  if (attrs.inputs.size() != args.size()) args.fail("one access per operand", std::to_string(attrs.inputs.size()) + " for " + std::to_string(args.size()));
  if (attrs.inputs.size() != static_cast<size_t>(attrs.formula.inputs()))
    args.fail("one operand per input of the formula", std::to_string(attrs.inputs.size()) + " for " + std::to_string(attrs.formula.inputs()));
  std::vector<DType> dtypes;
  for (size_t i = 0; i < args.size(); ++i) {
    dtypes.push_back(args.dtype(i));
    if (attrs.inputs[i].axes.size() != args.shape(i).size()) args.fail("one iteration axis per operand axis", args.types_text());
    for (size_t a = 0; a < attrs.inputs[i].axes.size(); ++a) {
      const int64_t axis = attrs.inputs[i].axes[a];
      args.require_equal(args.shape(i)[a], axis < 0 ? Dim(1) : attrs.shape.at(static_cast<size_t>(axis)), "sizes must follow the iteration space");
    }
  }
  const std::vector<DType> results = attrs.formula.result_types(dtypes);
  Types types;
  for (size_t k = 0; k < attrs.outputs.size(); ++k) {
    Shape shape;
    const FusedOutput& output = attrs.outputs[k];
    for (size_t a = 0; a < attrs.shape.size(); ++a) {
      const bool reduced = std::find(output.reduced.begin(), output.reduced.end(), static_cast<int64_t>(a)) != output.reduced.end();
      if (!reduced) shape.push_back(attrs.shape[a]);
      else if (output.keep) shape.emplace_back(1);
    }
    types.push_back({results.at(k), shape});
  }
  return types;
}

Cost fused_cost(const CostArgs& args) {
  const auto& attrs = args.attributes.as<FusedAttrs>();
  Dim elements = 1, bytes;
  for (const Dim& d : attrs.shape) elements = elements * d;
  for (const Type& t : args.inputs) bytes = bytes + t.bytes();
  for (const Type& t : args.outputs) bytes = bytes + t.bytes();
  const auto calls = std::count_if(attrs.formula.nodes().begin(), attrs.formula.nodes().end(), [](const FormulaNode& n) { return n.kind == FormulaNode::Kind::call; });
  return {elements * static_cast<int64_t>(calls), bytes};
}

}  // namespace

const OpDef fused_op{.name = "fused", .family = "fused", .arity = -1, .attributes = attributes<FusedAttrs>, .infer = fused_types,
                     .no_gradient = "fusion comes after all derivatives", .cost = fused_cost,
                     .doc = "One loop nest over a group of elementwise nodes with the reductions of its results."};

}  // namespace lanc
