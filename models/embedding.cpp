#include <lanc/models/embedding.h>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/index.h>

namespace lanc::models {
namespace {

Shape table_shape(int64_t entries, int64_t features) {
  if (entries < 1 || features < 1)
    detail::fail("entries and features must be positive", std::to_string(entries) + " entries and " + std::to_string(features) + " features");
  return {entries, features};
}

}  // namespace

Embedding::Embedding(const Scope& scope, int64_t entries, int64_t features, EmbeddingOptions options, std::source_location where)
    : Embedding(CallSite("Embedding", where, scope.graph().data()), scope, entries, features, options) {}

Embedding::Embedding(const CallSite&, const Scope& scope, int64_t entries, int64_t features, const EmbeddingOptions& options)
    : weight(parameter(scope, "weight", table_shape(entries, features), options.weight_initializer, options.dtype)), scope_(scope.path()) {}

Value Embedding::operator()(Operand ids) const {
  const CallSite site("Embedding", {ids}, scope_);
  return embedding(weight, ids);
}

}  // namespace lanc::models
