#include <lanc/models/recurrent.h>

#include <cmath>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/loop.h>
#include <lanc/ops/slice.h>

namespace lanc::models {
namespace {

using Values = std::vector<Value>;

// The parameters of all layers and directions.
std::vector<RecurrentWeights> make_weights(const Scope& scope, int64_t gates, int64_t inputs, int64_t hidden, const RecurrentOptions& options) {
  if (inputs < 1 || hidden < 1 || options.layers < 1)
    detail::fail("inputs, hidden and layers must be positive", std::to_string(inputs) + " inputs, " + std::to_string(hidden) + " hidden and " +
                                                                   std::to_string(options.layers) + " layers");
  const double limit = 1 / std::sqrt(static_cast<double>(hidden));
  const Initializer usual = initializers::uniform(-limit, limit), bias = options.bias_initializer.value_or(usual);
  const auto one = [&](const Scope& at, int64_t size) {
    RecurrentWeights w{parameter(at, "weight_ih", {gates * hidden, size}, options.input_weight_initializer.value_or(usual), options.dtype),
                       parameter(at, "weight_hh", {gates * hidden, hidden}, options.hidden_weight_initializer.value_or(usual), options.dtype), {}, {}};
    if (options.bias) {
      w.bias_ih = parameter(at, "bias_ih", {gates * hidden}, bias, options.dtype);
      w.bias_hh = parameter(at, "bias_hh", {gates * hidden}, bias, options.dtype);
    }
    return w;
  };
  std::vector<RecurrentWeights> all;
  for (int64_t k = 0; k < options.layers; ++k) {
    const Scope layer = scope / ("layer" + std::to_string(k));
    const int64_t size = k == 0 ? inputs : (options.bidirectional ? 2 : 1) * hidden;
    all.push_back(one(layer, size));
    if (options.bidirectional) all.push_back(one(layer / "reverse", size));
  }
  return all;
}

// One iteration: what the input gave for all gates {B, gates * H}, the state before (hidden first), the state after.
using Cell = std::function<Values(const Value& gates, const Values& state)>;

// A kind of layer: how many gates and states, and what a layer does with its parameters: before the loop, and in it.
struct Kind {
  int64_t gates = 1;
  size_t states = 1;
  std::function<std::optional<Value>(const RecurrentWeights&)> bias = {};  // all that is added before the loop
  std::function<Cell(const RecurrentWeights&)> cell = {};
};

std::optional<Value> sum_of_biases(const RecurrentWeights& w) {
  if (!w.bias_ih) return {};
  return *w.bias_ih + *w.bias_hh;
}

Value product(const Value& x, const Value& weight) { return contract(x, weight, {.lhs = {x.rank() - 1}, .rhs = {1}}); }

// {T, B, 1} of bool: where there is an element.
std::optional<Value> mask_of(const Value& x, const Dim& time, const Dim& batch, bool batch_first, const std::optional<Value>& mask, const std::optional<Value>& lengths) {
  if (mask && lengths) detail::fail("a mask or lengths may be given", "both", {{"mask", *mask}, {"lengths", *lengths}});
  if (mask) {
    if (mask->dtype() != boolean) detail::fail("the mask must be bool", mask->type().text(), {{"mask", *mask}});
    const Shape shape = batch_first ? Shape{batch, time} : Shape{time, batch};
    detail::require_shape({"mask", *mask}, shape, "the mask must be bool" + shape_text(shape), {{"input", x}, {"mask", *mask}});
    return reshape(batch_first ? transpose(*mask) : *mask, {time, batch, 1});
  }
  if (lengths) {
    if (!is_integer(lengths->dtype())) detail::fail("lengths must be integers", lengths->type().text(), {{"lengths", *lengths}});
    detail::require_shape({"lengths", *lengths}, {batch}, "lengths must have the batch's shape " + shape_text({batch}), {{"input", x}, {"lengths", *lengths}});
    const Value steps = reshape(arange(x.graph(), time, i64), {time, 1, 1});
    return less_than(steps, reshape(cast(*lengths, i64), {1, batch, 1}));
  }
  return {};
}

struct Sequences {
  Value x;  // {T, B, F}
  std::optional<Value> mask;
};

// x and mask with time first, checked.
Sequences sequences_of(const Value& x, const RecurrentWeights& first, const RecurrentOptions& options, const std::optional<Value>& mask, const std::optional<Value>& lengths) {
  const Dim features = first.weight_ih.size(1);
  if (x.rank() != 3 || x.dtype() != options.dtype || equal_dims(x.size(2), features) == Truth::no)
    detail::fail("the input must be " + std::string(name_of(options.dtype)) + (options.batch_first ? "[B,T," : "[T,B,") + features.text() + "]", x.type().text(),
                 {{"input", x}, {"weight_ih", first.weight_ih}});
  const Dim time = x.size(options.batch_first ? 1 : 0), batch = x.size(options.batch_first ? 0 : 1);
  return {options.batch_first ? permute(x, {1, 0, 2}) : x, mask_of(x, time, batch, options.batch_first, mask, lengths)};
}

// {layers * directions, B, H} as one {B, H} each; zeros without a state.
Values states_of(const char* name, const std::optional<Value>& state, const Value& x, int64_t count, const Dim& batch, const Dim& hidden, DType dtype) {
  const Shape shape{count, batch, hidden};
  if (!state) return Values(static_cast<size_t>(count), zeros(x.graph(), {batch, hidden}, dtype));
  if (state->dtype() != dtype) detail::fail(std::string(name) + " must be of dtype " + std::string(name_of(dtype)), state->type().text(), {{name, *state}});
  detail::require_shape({name, *state}, shape, std::string(name) + " must be " + std::string(name_of(dtype)) + shape_text(shape), {{"input", x}, {name, *state}});
  Values out;
  for (int64_t k = 0; k < count; ++k) out.push_back(reshape(slice_of(*state, {{k, k + 1}}), {batch, hidden}));
  return out;
}

// One layer in one direction: outputs {T, B, H}, and the last states.
ScanResult run_direction(const Kind& kind, const RecurrentWeights& w, const Sequences& in, const Values& init, bool reversed) {
  Value gates = product(in.x, w.weight_ih);
  if (const auto bias = kind.bias(w)) gates = gates + *bias;
  const Cell cell = kind.cell(w);
  ScanOptions options{.sequences = {gates}, .reversed = reversed};
  options.init.assign(init.begin(), init.end());
  if (in.mask) options.sequences.push_back(*in.mask);
  return scan(std::move(options), [&](const Values& state, const Values& elements) {
    Values next = cell(elements[0], state);
    if (elements.size() == 1) return ScanStep{next, {next[0]}};
    const Value output = where(elements[1], next[0], 0);
    for (size_t i = 0; i < next.size(); ++i) next[i] = where(elements[1], next[i], state[i]);
    return ScanStep{next, {output}};
  });
}

struct Run {
  Value outputs;
  Values states;  // one {layers * directions, B, H} per state of the kind
};

// All layers. `init`: per state of the kind, one {B, H} per layer and direction.
Run run_layers(const Kind& kind, const std::vector<RecurrentWeights>& weights, const RecurrentOptions& options, Sequences in, const std::vector<Values>& init) {
  std::vector<Values> last(kind.states);
  const size_t directions = options.bidirectional ? 2 : 1;
  for (size_t first = 0; first < weights.size(); first += directions) {
    Values outputs;
    for (size_t k = first; k < first + directions; ++k) {
      Values begin;
      for (const Values& state : init) begin.push_back(state[k]);
      const ScanResult result = run_direction(kind, weights[k], in, begin, k > first);
      outputs.push_back(result.outputs[0]);
      for (size_t s = 0; s < kind.states; ++s) last[s].push_back(result.carries[s]);
    }
    in.x = directions == 1 ? outputs[0] : concat(outputs, 2);
  }
  Run run{options.batch_first ? permute(in.x, {1, 0, 2}) : in.x, {}};
  for (const Values& state : last) run.states.push_back(stack_of(state, 0));
  return run;
}

Run run(const Kind& kind, const std::vector<RecurrentWeights>& weights, const RecurrentOptions& options, const Value& x, const std::vector<std::optional<Value>>& states,
        const std::vector<const char*>& names, const std::optional<Value>& mask, const std::optional<Value>& lengths) {
  const Sequences in = sequences_of(x, weights[0], options, mask, lengths);
  std::vector<Values> init;
  for (size_t s = 0; s < states.size(); ++s)
    init.push_back(states_of(names[s], states[s], x, static_cast<int64_t>(weights.size()), in.x.size(1), weights[0].weight_hh.size(1), options.dtype));
  return run_layers(kind, weights, options, in, init);
}

Cell lstm_cell(const RecurrentWeights& w) {
  return [w](const Value& gates, const Values& state) -> Values {
    const Values parts = split_equal(gates + product(state[0], w.weight_hh), 4, 1);
    const Value cell = sigmoid(parts[1]) * state[1] + sigmoid(parts[0]) * tanh(parts[2]);
    return {sigmoid(parts[3]) * tanh(cell), cell};
  };
}

// Of bias_hh the last third stands within the product with r.
std::optional<Value> gru_bias(const RecurrentWeights& w) {
  if (!w.bias_ih) return {};
  const Dim hidden = w.weight_hh.size(1);
  return *w.bias_ih + concat({slice_axis(*w.bias_hh, 0, {.stop = 2 * hidden}), zeros(w.weight_hh.graph(), {hidden}, w.weight_hh.dtype())});
}

Cell gru_cell(const RecurrentWeights& w) {
  const Dim hidden = w.weight_hh.size(1);
  std::optional<Value> bias;
  if (w.bias_hh) bias = slice_axis(*w.bias_hh, 0, {.start = 2 * hidden});
  return [w, bias](const Value& gates, const Values& state) -> Values {
    const Values x = split_equal(gates, 3, 1), h = split_equal(product(state[0], w.weight_hh), 3, 1);
    const Value reset = sigmoid(x[0] + h[0]), update = sigmoid(x[1] + h[1]);
    const Value fresh = tanh(x[2] + reset * (bias ? h[2] + *bias : h[2]));
    return {fresh + update * (state[0] - fresh)};
  };
}

Kind lstm_kind() { return {.gates = 4, .states = 2, .bias = sum_of_biases, .cell = lstm_cell}; }
Kind gru_kind() { return {.gates = 3, .states = 1, .bias = gru_bias, .cell = gru_cell}; }
Kind rnn_kind(const Activation& activation) {
  return {.gates = 1, .states = 1, .bias = sum_of_biases, .cell = [activation](const RecurrentWeights& w) -> Cell {
            return [w, activation](const Value& gates, const Values& state) -> Values { return {activation(gates + product(state[0], w.weight_hh))}; };
          }};
}

}  // namespace

Rnn::Rnn(const Scope& scope, int64_t inputs, int64_t hidden, Activation activation, RecurrentOptions options, std::source_location where)
    : scope_(scope.path()), activation_(std::move(activation)), options_(std::move(options)) {
  const CallSite site("Rnn", where, scope.graph().data());
  weights = make_weights(scope, 1, inputs, hidden, options_);
}

RnnResult Rnn::operator()(Operand x, RnnInputs with) const {
  const CallSite site("Rnn", {x}, scope_);
  const Run r = run(rnn_kind(activation_), weights, options_, x, {with.state}, {"state"}, with.mask, with.lengths);
  return {r.outputs, r.states[0]};
}

Lstm::Lstm(const Scope& scope, int64_t inputs, int64_t hidden, RecurrentOptions options, std::source_location where)
    : scope_(scope.path()), options_(std::move(options)) {
  const CallSite site("Lstm", where, scope.graph().data());
  weights = make_weights(scope, 4, inputs, hidden, options_);
}

LstmResult Lstm::operator()(Operand x, LstmInputs with) const {
  const CallSite site("Lstm", {x}, scope_);
  std::optional<Value> hidden, cell;
  if (with.state) hidden = with.state->hidden, cell = with.state->cell;
  const Run r = run(lstm_kind(), weights, options_, x, {hidden, cell}, {"hidden", "cell"}, with.mask, with.lengths);
  return {r.outputs, {r.states[0], r.states[1]}};
}

Gru::Gru(const Scope& scope, int64_t inputs, int64_t hidden, RecurrentOptions options, std::source_location where)
    : scope_(scope.path()), options_(std::move(options)) {
  const CallSite site("Gru", where, scope.graph().data());
  weights = make_weights(scope, 3, inputs, hidden, options_);
}

RnnResult Gru::operator()(Operand x, RnnInputs with) const {
  const CallSite site("Gru", {x}, scope_);
  const Run r = run(gru_kind(), weights, options_, x, {with.state}, {"state"}, with.mask, with.lengths);
  return {r.outputs, r.states[0]};
}

}  // namespace lanc::models
