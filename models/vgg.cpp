#include <lanc/models/vgg.h>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/pool.h>

namespace lanc::models {
namespace {

std::vector<std::vector<Vgg::Step>> make_stages(const Scope& scope, const VggOptions& o) {
  std::vector<std::vector<Vgg::Step>> stages;
  int64_t channels = o.channels;
  for (const std::vector<int64_t>& widths : o.stages) {
    const Scope stage = scope / ("stage" + std::to_string(stages.size()));
    stages.emplace_back();
    if (widths.empty()) detail::fail("each stage must have a convolution", "none in " + stage.path());
    for (int64_t width : widths) {
      const std::string number = std::to_string(stages.back().size());
      // The norm's shift takes the place of a bias.
      stages.back().push_back({Conv(stage / ("conv" + number), channels, width, {.kernel = {3, 3}, .same = true, .bias = false, .dtype = o.dtype}),
                               BatchNorm(stage / ("norm" + number), width, {.dtype = o.dtype})});
      channels = width;
    }
  }
  return stages;
}

int64_t features(const VggOptions& o) {
  int64_t side = o.size;
  for (size_t i = 0; i < o.stages.size(); ++i) side /= 2;
  if (o.stages.empty() || side < 1)
    detail::fail("there must be stages, no more than the size can be halved", std::to_string(o.stages.size()) + " for size " + std::to_string(o.size));
  return o.stages.back().back() * side * side;
}

}  // namespace

Vgg::Vgg(const Scope& scope, VggOptions options, std::source_location where)
    : Vgg(CallSite("Vgg", where, scope.graph().data()), scope, options) {}

Vgg::Vgg(const CallSite&, const Scope& scope, const VggOptions& o)
    : stages(make_stages(scope, o)),
      hidden(scope / "hidden", features(o), o.hidden, {.weight_initializer = initializers::he_normal(), .dtype = o.dtype}),
      out(scope / "out", o.hidden, o.classes, {.dtype = o.dtype}), dropout(scope / "dropout", {.keep = o.keep}), scope_(scope.path()) {}

Value Vgg::operator()(Operand images, Mode mode) const {
  const CallSite site("Vgg", {images}, scope_);
  Value y = images;
  for (const std::vector<Step>& stage : stages) {
    for (const Step& step : stage) y = relu(step.norm(step.conv(y), mode));
    y = max_pool(y, {.kernel = {2, 2}});
  }
  return out(dropout(relu(hidden(flatten(y))), mode));
}

}  // namespace lanc::models
