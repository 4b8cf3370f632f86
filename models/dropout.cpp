#include <lanc/models/dropout.h>

#include <lanc/models/requirements.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/random.h>

namespace lanc::models {
namespace {

void require_keep(const Operand& keep) {
  if (keep.is_literal()) {
    if (!(keep.literal().real > 0 && keep.literal().real <= 1)) detail::fail("keep must be in (0, 1]", keep.literal().text());
    return;
  }
  if (!is_float(keep.dtype()) || keep.rank() != 0) detail::fail("keep must be a float of rank 0", keep.type().text(), {{"keep", keep}});
}

// keep as a value of this graph: formulas of it need no other form for numbers, which are folded.
Value keep_value(const Graph& graph, const Operand& keep, DType dtype) {
  return keep.is_literal() ? constant(graph, Tensor::scalar(keep.literal().real).to(dtype)) : cast(keep, dtype);
}

Operand checked(const char* layer, const Scope& scope, const DropoutOptions& options, std::source_location where) {
  const CallSite site(layer, where, scope.graph().data());
  require_keep(options.keep);
  return options.keep;
}

bool keeps_all(const Operand& keep) { return keep.is_literal() && keep.literal().real == 1; }

}  // namespace

Value dropout(const Scope& scope, Operand x, DropoutOptions options) {
  const CallSite site("dropout", {x});
  detail::require_float({"input", x});
  require_keep(options.keep);
  if (keeps_all(options.keep)) return x;
  const DType dtype = compute_type(x.dtype());
  const Value keep = keep_value(x.graph(), options.keep, dtype);
  const Value kept = random_bernoulli(scope, x.shape(), keep, {.dtype = dtype});
  return where(kept, cast(cast(x, dtype) / keep, x.dtype()), 0);
}

Value alpha_dropout(const Scope& scope, Operand x, DropoutOptions options) {
  const CallSite site("alpha_dropout", {x});
  detail::require_float({"input", x});
  require_keep(options.keep);
  if (keeps_all(options.keep)) return x;
  constexpr double limit = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717;  // selu(-inf)
  const DType dtype = compute_type(x.dtype());
  const Value keep = keep_value(x.graph(), options.keep, dtype);
  const Value kept = random_bernoulli(scope, x.shape(), keep, {.dtype = dtype});
  const Value p = 1 / sqrt(keep + limit * limit * keep * (1 - keep));
  return cast(p * where(kept, cast(x, dtype), limit) - p * (1 - keep) * limit, x.dtype());
}

Dropout::Dropout(const Scope& scope, DropoutOptions options, std::source_location where)
    : scope_(scope), keep_(checked("Dropout", scope, options, where)) {}

Value Dropout::operator()(Operand x, Mode mode) const {
  const CallSite site("Dropout", {x}, scope_.path());
  detail::require_float({"input", x});
  return mode == Mode::training ? dropout(scope_, x, {keep_}) : x.value();
}

AlphaDropout::AlphaDropout(const Scope& scope, DropoutOptions options, std::source_location where)
    : scope_(scope), keep_(checked("AlphaDropout", scope, options, where)) {}

Value AlphaDropout::operator()(Operand x, Mode mode) const {
  const CallSite site("AlphaDropout", {x}, scope_.path());
  detail::require_float({"input", x});
  return mode == Mode::training ? alpha_dropout(scope_, x, {keep_}) : x.value();
}

}  // namespace lanc::models
