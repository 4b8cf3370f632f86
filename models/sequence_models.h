// models/sequence_models.h: small models of sequences: one answer for a whole sequence, one for each element, and the next character of a text.
#pragma once

#include <optional>
#include <source_location>

#include <lanc/models/dense.h>
#include <lanc/models/embedding.h>
#include <lanc/models/recurrent.h>

namespace lanc::models {

/// An answer for each sequence: {T, B, inputs} -> {B, outputs}: an LSTM (scope/recurrent), and a dense layer (scope/output) on the last state of its
/// last layer, of both directions side by side. Ragged batches: see RnnInputs.
class SequenceClassifier {
 public:
  SequenceClassifier(const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, RecurrentOptions options = {},
                     std::source_location where = std::source_location::current());
  Value operator()(Operand x, LstmInputs with = {}) const;

  Lstm recurrent;
  Dense output;

 private:
  std::string scope_;
  int64_t directions_;
  SequenceClassifier(const CallSite& site, const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, const RecurrentOptions& options);
};

/// An answer for each element: {T, B, inputs} -> {T, B, outputs}: an LSTM (scope/recurrent), and a dense layer (scope/output) on its outputs.
class Tagger {
 public:
  Tagger(const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, RecurrentOptions options = {.bidirectional = true},
         std::source_location where = std::source_location::current());
  Value operator()(Operand x, LstmInputs with = {}) const;

  Lstm recurrent;
  Dense output;

 private:
  std::string scope_;
  Tagger(const CallSite& site, const Scope& scope, int64_t inputs, int64_t hidden, int64_t outputs, const RecurrentOptions& options);
};

struct CharacterModelOptions {
  int64_t embedding = 128;
  int64_t hidden = 128;
  int64_t layers = 2;
  DType dtype = f32;
};
struct CharacterModelResult {
  Value logits;     // {T, B, symbols}: of the character after each
  LstmState state;  // to go on from, with the next piece of the text
};

/// The logits of the character that follows each: ids {T, B} in [0, symbols) -> {T, B, symbols}: an embedding (scope/embedding), an LSTM
/// (scope/recurrent), a dense layer (scope/output). UserError: as the layers.
class CharacterModel {
 public:
  CharacterModel(const Scope& scope, int64_t symbols, CharacterModelOptions options = {}, std::source_location where = std::source_location::current());
  CharacterModelResult operator()(Operand ids, std::optional<LstmState> state = {}) const;

  Embedding embedding;
  Lstm recurrent;
  Dense output;

 private:
  std::string scope_;
  CharacterModel(const CallSite& site, const Scope& scope, int64_t symbols, const CharacterModelOptions& options);
};

}  // namespace lanc::models
