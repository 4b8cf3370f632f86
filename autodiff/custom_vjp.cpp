#include <lanc/autodiff/gradients.h>
#include <lanc/autodiff/pull_back.h>
#include <lanc/graph/error.h>
#include <lanc/ops/op_set.h>

namespace lanc {
namespace {

struct CustomContext {
  std::string name;
  CustomBackward backward;
  size_t inputs = 0;
  OpDef def;
};

// Operands: the inputs, then the outputs of the forward composition; results: copies of the latter.
Types custom_types(const InferArgs& args) {
  const auto& context = *static_cast<const CustomContext*>(args.op().context);
  Types types;
  for (size_t i = context.inputs; i < args.size(); ++i) types.push_back(args.input(i));
  return types;
}

// Without derivatives the node is its forward composition.
std::vector<Value> custom_compose(const std::vector<Value>& inputs, const Attributes&, const OpDef& op) {
  const auto& context = *static_cast<const CustomContext*>(op.context);
  return {inputs.begin() + static_cast<std::ptrdiff_t>(context.inputs), inputs.end()};
}

void check_custom(const CustomContext& context, const std::vector<Value>& inputs, const Cotangents& result) {
  const auto fail = [&](const std::string& text) {
    throw UserError("custom_vjp '" + context.name + "': " + text + "\n  custom_vjp at " + CallSite::user_line().text());
  };
  if (result.size() != inputs.size())
    fail("backward must return one cotangent per input, got " + std::to_string(result.size()) + " for " + std::to_string(inputs.size()));
  for (size_t i = 0; i < result.size(); ++i) {
    if (!result[i]) continue;
    if (result[i]->graph_data() != inputs[i].graph_data()) fail("cotangents must belong to the graph of the inputs, got a value of another graph");
    if (!(result[i]->type() == inputs[i].type()))
      fail("a cotangent must have its input's type " + inputs[i].type().text() + ", got " + result[i]->type().text() + " for input " + std::to_string(i));
  }
}

Cotangents custom_backward(const VjpArgs& args) {
  const auto& context = *static_cast<const CustomContext*>(args.op().context);
  std::vector<Value> inputs, outputs, cotangents;
  for (size_t i = 0; i < context.inputs; ++i) inputs.push_back(args.input(i));
  for (size_t i = 0; context.inputs + i < args.inputs(); ++i) {
    outputs.push_back(args.output(i));
    cotangents.push_back(args.cotangent(i));
  }
  Cotangents result = context.backward(inputs, outputs, cotangents);
  check_custom(context, inputs, result);
  result.resize(args.inputs());
  return result;
}

}  // namespace

std::vector<Value> custom_vjp(std::string_view name, const std::vector<Value>& inputs, const CustomForward& forward, CustomBackward backward,
                              std::source_location where) {
  const CallSite site("custom_vjp", where, inputs.empty() ? nullptr : inputs[0].graph_data());
  require_own_name("custom_vjp", name);
  if (inputs.empty()) throw UserError("custom_vjp: at least one input is needed, got none" + call_line());
  const std::vector<Value> outputs = forward(inputs);
  if (outputs.empty()) throw UserError("custom_vjp '" + std::string(name) + "': forward must return at least one value, got none" + call_line());
  auto context = std::make_shared<CustomContext>();
  context->name = std::string(name);
  context->backward = std::move(backward);
  context->inputs = inputs.size();
  context->def = OpDef{.name = context->name, .family = "custom", .arity = -1, .infer = custom_types, .vjp = custom_backward,
                       .compose = custom_compose,
                       .context = context.get(), .doc = "A user's composition with a derivative of its own."};
  std::vector<Operand> operands;
  for (const std::vector<Value>* values : {&inputs, &outputs})
    for (const Value& v : *values) operands.emplace_back(v, where);
  return apply_all(OpRef(context, &context->def), operands);
}

}  // namespace lanc
