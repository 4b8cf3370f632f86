// models/embedding.h: a layer that gives each id (a word, a character) a vector of its own.
#pragma once

#include <source_location>
#include <string>

#include <lanc/graph/graph.h>
#include <lanc/models/initializers.h>

namespace lanc::models {

struct EmbeddingOptions {
  Initializer weight_initializer = initializers::normal(0, 1);
  DType dtype = f32;
};

/// y = weight[ids]: integers {...} -> {..., features}. The parameter is scope/weight {entries, features}. UserError: entries or features not
/// positive; ids that are not integers. An id outside [0, entries) is a UserError of the call that names it.
class Embedding {
 public:
  Embedding(const Scope& scope, int64_t entries, int64_t features, EmbeddingOptions options = {},
            std::source_location where = std::source_location::current());
  Value operator()(Operand ids) const;

  Value weight;

 private:
  std::string scope_;
  Embedding(const CallSite& site, const Scope& scope, int64_t entries, int64_t features, const EmbeddingOptions& options);
};

}  // namespace lanc::models
