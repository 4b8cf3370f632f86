#include <lanc/models/sequence_models.h>

#include <lanc/models/requirements.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/slice.h>
#include <lanc/ops/layout.h>

namespace lanc::models {
namespace {

int64_t directions_of(const RecurrentOptions& options) { return options.bidirectional ? 2 : 1; }

}  // namespace

SequenceClassifier::SequenceClassifier(const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, RecurrentOptions options, std::source_location where)
    : SequenceClassifier(CallSite("SequenceClassifier", where, scope.graph().data()), scope, inputs, hidden, outputs, options) {}

SequenceClassifier::SequenceClassifier(const CallSite&, const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, const RecurrentOptions& options)
    : recurrent(scope / "recurrent", inputs, hidden, options), output(scope / "output", directions_of(options) * hidden, outputs, {.dtype = options.dtype}),
      scope_(scope.path()), directions_(directions_of(options)) {}

Value SequenceClassifier::operator()(Operand x, LstmInputs with) const {
  const CallSite site("SequenceClassifier", {x}, scope_);
  const Value hidden = recurrent(x, with).state.hidden;
  const std::vector<Value> last = split_equal(slice_axis(hidden, 0, {.start = -directions_}), directions_);
  std::vector<Value> rows;
  for (const Value& v : last) rows.push_back(squeeze(v, {0}));
  return output(rows.size() == 1 ? rows[0] : concat(rows, 1));
}

Tagger::Tagger(const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, RecurrentOptions options, std::source_location where)
    : Tagger(CallSite("Tagger", where, scope.graph().data()), scope, inputs, hidden, outputs, options) {}

Tagger::Tagger(const CallSite&, const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, const RecurrentOptions& options)
    : recurrent(scope / "recurrent", inputs, hidden, options), output(scope / "output", directions_of(options) * hidden, outputs, {.dtype = options.dtype}),
      scope_(scope.path()) {}

Value Tagger::operator()(Operand x, LstmInputs with) const {
  const CallSite site("Tagger", {x}, scope_);
  return output(recurrent(x, with).outputs);
}

CharacterModel::CharacterModel(const Scope& scope, int64_t symbols, CharacterModelOptions options, std::source_location where)
    : CharacterModel(CallSite("CharacterModel", where, scope.graph().data()), scope, symbols, options) {}

CharacterModel::CharacterModel(const CallSite&, const Scope& scope, int64_t symbols, const CharacterModelOptions& options)
    : embedding(scope / "embedding", symbols, options.embedding, {.dtype = options.dtype}),
      recurrent(scope / "recurrent", options.embedding, options.hidden, {.layers = options.layers, .dtype = options.dtype}),
      output(scope / "output", options.hidden, symbols, {.dtype = options.dtype}), scope_(scope.path()) {}

CharacterModelResult CharacterModel::operator()(Operand ids, std::optional<LstmState> state) const {
  const CallSite site("CharacterModel", {ids}, scope_);
  const LstmResult result = recurrent(embedding(ids), {.state = std::move(state)});
  return {output(result.outputs), result.state};
}

}  // namespace lanc::models
