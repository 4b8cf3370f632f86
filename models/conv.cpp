#include <lanc/models/conv.h>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/conv.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>

namespace lanc::models {
namespace {

std::string list_text(const std::vector<int64_t>& list) {
  std::string out;
  for (int64_t n : list) out += (out.empty() ? "" : ",") + std::to_string(n);
  return "{" + out + "}";
}

Shape weight_shape(int64_t inputs, int64_t outputs, const ConvLayerOptions& options) {
  const auto& kernel = options.kernel;
  bool positive = true;
  for (int64_t size : kernel) positive &= size >= 1;
  if (kernel.empty() || kernel.size() > 3 || !positive)
    detail::fail("the kernel must have one, two or three sizes of at least 1", list_text(kernel));
  if (inputs < 1 || outputs < 1)
    detail::fail("inputs and outputs must be positive", std::to_string(inputs) + " inputs and " + std::to_string(outputs) + " outputs");
  if (options.groups < 1 || inputs % options.groups != 0 || outputs % options.groups != 0)
    detail::fail("groups must divide inputs and outputs",
                 std::to_string(options.groups) + " groups for " + std::to_string(inputs) + " inputs and " + std::to_string(outputs) + " outputs");
  if (options.same && !options.padding.empty()) detail::fail("padding must be given or be same", "both");
  Shape shape = {outputs, inputs / options.groups};
  shape.insert(shape.end(), kernel.begin(), kernel.end());
  return shape;
}

}  // namespace

Conv::Conv(const Scope& scope, int64_t inputs, int64_t outputs, ConvLayerOptions options, std::source_location where)
    : Conv(CallSite("Conv", where, scope.graph().data()), scope, inputs, outputs, options) {}

Conv::Conv(const CallSite&, const Scope& scope, int64_t inputs, int64_t outputs, const ConvLayerOptions& options)
    : weight(parameter(scope, "weight", weight_shape(inputs, outputs, options), options.weight_initializer, options.dtype)), scope_(scope.path()),
      strides_(options.strides), dilations_(options.dilations), padding_(options.padding), same_(options.same), groups_(options.groups) {
  if (options.bias) bias = parameter(scope, "bias", {outputs}, options.bias_initializer, options.dtype);
}

Value Conv::operator()(Operand x) const {
  const CallSite site("Conv", {x}, scope_);
  const Value& in = x;
  const Dim channels = weight.size(1) * groups_;
  if (in.rank() != weight.rank() || in.dtype() != weight.dtype() || equal_dims(in.size(1), channels) == Truth::no) {
    std::string wanted = std::string(name_of(weight.dtype())) + "[N," + channels.text();
    for (int64_t a = 2; a < weight.rank(); ++a) wanted += ",size" + std::to_string(a - 2);
    detail::fail("the input must be " + wanted + "]", in.type().text(), {{"input", in}, {"weight", weight}});
  }
  const Value y = conv(x, weight, {.strides = strides_, .padding = padding_, .same = same_, .dilations = dilations_, .groups = groups_});
  if (!bias) return y;
  Shape per_channel(static_cast<size_t>(in.rank() - 1), Dim(1));
  per_channel[0] = weight.size(0);
  return y + reshape(*bias, per_channel);
}

Value flatten(Operand x) {
  const CallSite site("flatten", {x});
  const Value& in = x;
  if (in.rank() < 1) detail::fail("the operand must have a first axis", in.type().text(), {{"operand", in}});
  return reshape(x, {in.size(0), -1});
}

}  // namespace lanc::models
