#include <lanc/models/dense.h>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>

namespace lanc::models {
namespace {

Shape weight_shape(int64_t inputs, int64_t outputs) {
  if (inputs < 1 || outputs < 1)
    detail::fail("inputs and outputs must be positive", std::to_string(inputs) + " inputs and " + std::to_string(outputs) + " outputs");
  return {outputs, inputs};
}

}  // namespace

Dense::Dense(const Scope& scope, int64_t inputs, int64_t outputs, DenseOptions options, std::source_location where)
    : Dense(CallSite("Dense", where, scope.graph().data()), scope, inputs, outputs, options) {}

Dense::Dense(const CallSite&, const Scope& scope, int64_t inputs, int64_t outputs, const DenseOptions& options)
    : weight(parameter(scope, "weight", weight_shape(inputs, outputs), options.weight_initializer, options.dtype)), scope_(scope.path()) {
  if (options.bias) bias = parameter(scope, "bias", {outputs}, options.bias_initializer, options.dtype);
}

Value Dense::operator()(Operand x) const {
  const CallSite site("Dense", {x}, scope_);
  const Value& in = x;
  if (in.rank() < 1 || in.dtype() != weight.dtype() || equal_dims(in.size(-1), weight.size(1)) == Truth::no)
    detail::fail("the input must be " + std::string(name_of(weight.dtype())) + "[...," + weight.size(1).text() + "]", in.type().text(),
                 {{"input", in}, {"weight", weight}});
  const Value y = contract(x, weight, {.lhs = {in.rank() - 1}, .rhs = {1}});
  return bias ? y + *bias : y;
}

}  // namespace lanc::models
