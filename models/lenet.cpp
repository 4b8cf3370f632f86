#include <lanc/models/lenet.h>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/pool.h>

namespace lanc::models {
namespace {

// conv1 keeps the size, conv2 takes 4 off, each pool halves it.
int64_t features(const LeNetOptions& options) {
  if (options.size < 12 || options.size % 2 != 0) detail::fail("the size must be even, 12 or more", std::to_string(options.size));
  const int64_t side = (options.size / 2 - 4) / 2;
  return 16 * side * side;
}

}  // namespace

LeNet::LeNet(const Scope& scope, LeNetOptions options, std::source_location where)
    : LeNet(CallSite("LeNet", where, scope.graph().data()), scope, options) {}

LeNet::LeNet(const CallSite&, const Scope& scope, const LeNetOptions& o)
    : conv1(scope / "conv1", o.channels, 6, {.kernel = {5, 5}, .padding = {2}, .dtype = o.dtype}),
      conv2(scope / "conv2", 6, 16, {.kernel = {5, 5}, .dtype = o.dtype}),
      dense1(scope / "dense1", features(o), 120, {.weight_initializer = initializers::he_normal(), .dtype = o.dtype}),
      dense2(scope / "dense2", 120, 84, {.weight_initializer = initializers::he_normal(), .dtype = o.dtype}),
      dense3(scope / "dense3", 84, o.classes, {.dtype = o.dtype}), scope_(scope.path()) {}

Value LeNet::operator()(Operand images) const {
  const CallSite site("LeNet", {images}, scope_);
  Value y = max_pool(relu(conv1(images)), {.kernel = {2, 2}});
  y = max_pool(relu(conv2(y)), {.kernel = {2, 2}});
  return dense3(relu(dense2(relu(dense1(flatten(y))))));
}

}  // namespace lanc::models
