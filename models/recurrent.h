// models/recurrent.h: recurrent layers, Rnn, Lstm and Gru: a state that is carried along a sequence, with PyTorch's parameters and formulas.
#pragma once

#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/models/initializers.h>
#include <lanc/models/mlp.h>

namespace lanc::models {

struct RecurrentOptions {
  int64_t layers = 1;          // one above the other: the outputs of one are the inputs of the next
  bool bidirectional = false;  // a second one runs from the end; outputs are {forward, reverse} along the last axis
  bool batch_first = false;    // sequences are {B, T, F}, masks {B, T}; states stay {layers * directions, B, H}
  bool bias = true;
  // None: uniform in [-1 / sqrt(H), 1 / sqrt(H)), as PyTorch. The weights of all gates are drawn as one matrix.
  std::optional<Initializer> input_weight_initializer = {};
  std::optional<Initializer> hidden_weight_initializer = {};
  std::optional<Initializer> bias_initializer = {};
  DType dtype = f32;
};

/// The parameters of one layer and direction, `gates` of them one below the other: weight_ih {gates * H, inputs}, weight_hh {gates * H, H}, bias_ih
/// and bias_hh {gates * H}. Their paths are scope/layer0/weight_ih, ..., scope/layer0/reverse/weight_ih, ...
struct RecurrentWeights {
  Value weight_ih, weight_hh;
  std::optional<Value> bias_ih, bias_hh;
};

/// Where the sequences of a batch end: by a mask of bool, true where there is an element, or by their lengths (integers {B}; below 0 counts as
/// 0, above T as T). Where a mask is false the outputs are 0 and the state stays what it was: each direction begins and ends with the sequence.
struct RnnInputs {
  std::optional<Value> state = {};    // {layers * directions, B, H}; none: zeros
  std::optional<Value> mask = {};     // bool {T, B}
  std::optional<Value> lengths = {};  // {B}
};
struct RnnResult {
  Value outputs;  // {T, B, directions * H}: the states of the last layer
  Value state;    // {layers * directions, B, H}: after the last element, layer 0 forward, layer 0 reverse, layer 1 forward, ...
};

struct LstmState {
  Value hidden, cell;  // {layers * directions, B, H}
};
struct LstmInputs {
  std::optional<LstmState> state = {};
  std::optional<Value> mask = {};
  std::optional<Value> lengths = {};
};
struct LstmResult {
  Value outputs;
  LstmState state;
};

// Sequences x are {T, B, inputs}. x W_ih^T and the biases are one product for all times, before the loop; an iteration has one product, with the
// state. T and B may be symbols or 0 (T = 0: no outputs, the state is the initial one). UserError of the constructors: inputs, hidden or layers not
// positive. Of the calls: x of another rank, dtype or last axis; a state, mask or lengths of another shape or dtype; a mask beside lengths.

/// h' = activation(W_ih x + b_ih + W_hh h + b_hh): Elman 1990.
class Rnn {
 public:
  Rnn(const Scope& scope, int64_t inputs, int64_t hidden, Activation activation = tanh, RecurrentOptions options = {},
      std::source_location where = std::source_location::current());
  RnnResult operator()(Operand x, RnnInputs with = {}) const;

  std::vector<RecurrentWeights> weights;  // in the order of states

 private:
  std::string scope_;
  Activation activation_;
  RecurrentOptions options_;
};

/// i, f, g, o = W_ih x + b_ih + W_hh h + b_hh; c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c'), s the sigmoid: Hochreiter and Schmidhuber 1997, with
/// the forget gate of Gers et al. 2000.
class Lstm {
 public:
  Lstm(const Scope& scope, int64_t inputs, int64_t hidden, RecurrentOptions options = {},
       std::source_location where = std::source_location::current());
  LstmResult operator()(Operand x, LstmInputs with = {}) const;

  std::vector<RecurrentWeights> weights;

 private:
  std::string scope_;
  RecurrentOptions options_;
};

/// r, z, n: r = s(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)); h' = (1 - z) n + z h: Cho et al. 2014,
/// in the form of cuDNN and PyTorch (r after the product).
class Gru {
 public:
  Gru(const Scope& scope, int64_t inputs, int64_t hidden, RecurrentOptions options = {},
      std::source_location where = std::source_location::current());
  RnnResult operator()(Operand x, RnnInputs with = {}) const;

  std::vector<RecurrentWeights> weights;

 private:
  std::string scope_;
  RecurrentOptions options_;
};

}  // namespace lanc::models
