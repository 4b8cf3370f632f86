#include <lanc/ops/fused.h>

#include <algorithm>

namespace lanc {
namespace {

Types fused_types(const InferArgs& args) {
  const auto& attrs = args.attrs<FusedAttrs>();
  if (attrs.inputs.size() != args.size()) args.fail("one access per operand", std::to_string(attrs.inputs.size()) + " for " + std::to_string(args.size()));
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
