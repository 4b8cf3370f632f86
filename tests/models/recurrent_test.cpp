// Recurrent layers against PyTorch's stored results (scripts/reference/recurrent_values.py), ragged batches against their sequences one by one,
// second derivatives against differences, sizes of 0, and what is refused.
#include <algorithm>

#include <lanc/tests/autodiff/support.h>
#include <lanc/tests/models/support.h>

namespace lanc {
namespace {

using testing_models::numbers;
using testing_models::stored;
using testing_models::wave;
using Values = std::vector<Value>;

const nlohmann::json& data() {
  static const nlohmann::json loaded = stored("recurrent.json");
  return loaded;
}

struct Outcome {
  Value outputs;
  Values states;
};
struct Ragged {
  std::optional<Value> mask = {}, lengths = {};
};

/// Any of the layers by its name in the stored results.
class Layer {
 public:
  Layer(const std::string& kind, const Scope& scope, int64_t inputs, int64_t hidden, models::RecurrentOptions options) {
    if (kind == "lstm") lstm_.emplace(scope, inputs, hidden, options);
    if (kind == "gru") gru_.emplace(scope, inputs, hidden, options);
    if (kind == "rnn_tanh") rnn_.emplace(scope, inputs, hidden, models::Activation(tanh), options);
    if (kind == "rnn_relu") rnn_.emplace(scope, inputs, hidden, models::Activation(relu), options);
  }
  size_t states() const { return lstm_ ? 2 : 1; }
  Outcome operator()(const Value& x, const Values& init, const Ragged& ragged = {}) const {
    if (lstm_) {
      models::LstmInputs with{.mask = ragged.mask, .lengths = ragged.lengths};
      if (!init.empty()) with.state = models::LstmState{init[0], init[1]};
      const models::LstmResult r = (*lstm_)(x, with);
      return {r.outputs, {r.state.hidden, r.state.cell}};
    }
    models::RnnInputs with{.mask = ragged.mask, .lengths = ragged.lengths};
    if (!init.empty()) with.state = init[0];
    const models::RnnResult r = gru_ ? (*gru_)(x, with) : (*rnn_)(x, with);
    return {r.outputs, {r.state}};
  }

 private:
  std::optional<models::Lstm> lstm_;
  std::optional<models::Gru> gru_;
  std::optional<models::Rnn> rnn_;
};

// Parameter k, in PyTorch's order (that of creation), becomes a wave of phase 2 + k.
void set_waves(const Session& session, const Graph& g, const std::string& scope, double scale) {
  double phase = 2;
  for (uint32_t id = 0; id < g.size(); ++id) {
    if (g.node(id).op->name != parameter_op.name) continue;
    const std::string path = g.node(id).attrs<NamedAttrs>().name;
    if (path.rfind(scope, 0) != 0) continue;
    const Tensor before = session.get(path);
    session.set(path, wave(before.dtype(), before.sizes(), phase++, scale));
  }
}

Value weighted(const Outcome& run, const Value& over_outputs, const Values& over_states) {
  Value loss = sum(run.outputs * over_outputs);
  for (size_t k = 0; k < run.states.size(); ++k) loss = loss + sum(run.states[k] * over_states[k]);
  return loss;
}

Value fixed(Graph g, DType dtype, const Shape& shape, double phase) {
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(d.number());
  return constant(g, wave(dtype, sizes, phase));
}

void expect_numbers(const Tensor& got, const nlohmann::json& expected, double allowed, const std::string& what) {
  const std::vector<double> all = numbers(got);
  ASSERT_EQ(all.size(), expected.size()) << what;
  for (size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(all[i], expected[i].get<double>(), allowed) << what << "[" << i << "]";
}

// The sums are of up to 40 terms of size 1: 1e-12 leaves room for their order in f64, 1e-5 in f32.
void compare(const std::string& name, DType dtype, Device device) {
  const nlohmann::json& c = data()["cases"][name];
  constexpr int64_t T = 4, B = 3, F = 2, H = 3;
  const int64_t layers = c["layers"], directions = c["bidirectional"].get<bool>() ? 2 : 1;
  Graph g;
  const Value x = g.input("x", dtype, {T, B, F});
  const Layer layer(c["kind"], g.scope("net"), F, H, {.layers = layers, .bidirectional = directions == 2, .dtype = dtype});
  Values init;
  Feeds feeds{{x, wave(dtype, {T, B, F}, 0.3)}};
  for (size_t k = 0; c["state"].get<bool>() && k < layer.states(); ++k) {
    init.push_back(g.input("state" + std::to_string(k), dtype, {layers * directions, B, H}));
    feeds.push_back({init[k], wave(dtype, {layers * directions, B, H}, 0.5 + 0.1 * static_cast<double>(k), 0.7)});
  }
  Ragged ragged;
  if (!c["lengths"].empty()) ragged.lengths = constant(g, Tensor::of<int64_t>({B}, c["lengths"].get<std::vector<int64_t>>()));
  const Outcome run = layer(x, init, ragged);
  Values over;
  for (size_t k = 0; k < run.states.size(); ++k) over.push_back(fixed(g, dtype, run.states[k].shape(), 0.8 + 0.1 * static_cast<double>(k)));
  const Value loss = weighted(run, fixed(g, dtype, run.outputs.shape(), 0.7), over);
  Values wrt, asked{run.outputs};
  std::vector<std::string> names;
  for (const auto& [path, numbers_of_it] : c["gradients"].items()) {
    names.push_back(path);
    const auto found = g.find(path), parameter = g.find("net/" + path);
    wrt.push_back(found ? *found : *parameter);
  }
  asked.insert(asked.end(), run.states.begin(), run.states.end());
  for (const Value& v : gradients(loss, wrt)) asked.push_back(v);
  const Session session(g, {.device = device});
  set_waves(session, g, "net/", 0.6);
  const Results got = session.eval(asked, feeds);
  const double allowed = dtype == f64 ? 1e-12 : 1e-5;
  expect_numbers(got[0], c["outputs"], allowed, "outputs");
  for (size_t k = 0; k < run.states.size(); ++k) expect_numbers(got[1 + k], c["states"][k], allowed, "state " + std::to_string(k));
  for (size_t k = 0; k < names.size(); ++k) expect_numbers(got[1 + run.states.size() + k], c["gradients"][names[k]], 4 * allowed, names[k]);
}

class RecurrentIsPyTorchs : public testing::Test {
 public:
  RecurrentIsPyTorchs(std::string name, DType dtype, Device device) : name_(std::move(name)), dtype_(dtype), device_(device) {}
  void TestBody() override { compare(name_, dtype_, device_); }

 private:
  std::string name_;
  DType dtype_;
  Device device_;
};

const bool registered = [] {
  for (const auto& [name, c] : data()["cases"].items())
    for (const DType dtype : {f64, f32})
      for (const Device device : {Device::cpu(), Device::reference()}) {
        const std::string where = std::string(dtype == f64 ? "_f64" : "_f32") + (device.kind() == Device::Kind::cpu ? "_OnTheCpu" : "_OnTheReference");
        testing::RegisterTest("RecurrentIsPyTorchs", (name + where).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                              [title = name, dtype, device] { return new RecurrentIsPyTorchs(title, dtype, device); });
      }
  return true;
}();

TEST(Lstm, TrainsAlongPyTorchsTrajectory) {
  Graph g;
  const Value x = g.input("x", f64, {7, 6, 2}), t = g.input("t", f64, {6, 1});
  const models::Lstm lstm(g.scope("lstm"), 2, 5, {.dtype = f64});
  const models::Dense dense(g.scope("dense"), 5, 1, {.dtype = f64});
  const Value loss = losses::mse(dense(take(lstm(x).outputs, -1)), t);
  const Session session(g);
  const Function train = session.function({x, t}, {loss}, optimizers::adam({.learning_rate = 0.01}).minimize(loss));
  set_waves(session, g, "lstm/", 0.5);
  set_waves(session, g, "dense/", 0.5);
  const Tensor xs = wave(f64, {7, 6, 2}, 0.3), ts = wave(f64, {6, 1}, 1.1, 0.8);
  const auto expected = data()["trajectory"]["losses"].get<std::vector<double>>();
  ASSERT_EQ(expected.size(), 50u);
  for (size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(train(xs, ts)[0].item<double>(), expected[k], 1e-9) << k;
  for (const auto& [path, numbers_of_it] : data()["trajectory"]["last"].items()) expect_numbers(session.get(path), numbers_of_it, 1e-9, path);
}

constexpr int64_t steps = 5, width = 2, hidden = 3;
const std::vector<int64_t> lengths{3, 5, 0, 1};

class Recurrent : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(, Recurrent, testing::Values("rnn_tanh", "lstm", "gru"), [](const auto& p) { return std::string(p.param); });

// The batch, its padding filled with numbers that must not show, against each sequence in a batch of its own: loss and all gradients.
TEST_P(Recurrent, GivesARaggedBatchWhatItGivesItsSequencesOneByOne) {
  const auto batch = static_cast<int64_t>(lengths.size());
  Graph g;
  const Value x = g.input("x", f64, {steps, batch, width});
  const Layer layer(GetParam(), g.scope("net"), width, hidden, {.layers = 2, .bidirectional = true, .dtype = f64});
  Values init, wrt{x};
  Feeds feeds{{x, wave(f64, {steps, batch, width}, 0.3)}};
  for (size_t k = 0; k < layer.states(); ++k) {
    init.push_back(g.input("state" + std::to_string(k), f64, {4, batch, hidden}));
    feeds.push_back({init[k], wave(f64, {4, batch, hidden}, 0.5 + static_cast<double>(k))});
    wrt.push_back(init[k]);
  }
  for (const Value& p : g.parameters()) wrt.push_back(p);
  const auto norm_of = [](const Outcome& r) {
    Value total = sum(r.outputs * sin(r.outputs + 0.3));
    for (const Value& s : r.states) total = total + sum(s * sin(s + 0.7));
    return total;
  };
  const Value ends = constant(g, Tensor::of<int64_t>({batch}, lengths));
  const Value mask = less_than(reshape(arange(g, steps), {steps, 1}), ends);
  const Value by_mask = norm_of(layer(x, init, {.mask = mask})), by_lengths = norm_of(layer(x, init, {.lengths = ends}));
  Value one_by_one = full(g, {}, 0, f64);
  for (int64_t b = 0; b < batch; ++b) {
    Values begin;
    for (const Value& s : init) begin.push_back(slice_of(s, {{}, {b, b + 1}}));
    one_by_one = one_by_one + norm_of(layer(slice_of(x, {{0, lengths[static_cast<size_t>(b)]}, {b, b + 1}}), begin));
  }
  Values asked;
  for (const Value& loss : {one_by_one, by_mask, by_lengths}) {
    asked.push_back(loss);
    for (const Value& v : gradients(loss, wrt)) asked.push_back(v);
  }
  const Results got = Session(g).eval(asked, feeds);
  const size_t each = asked.size() / 3;
  for (size_t i = 0; i < each; ++i)
    for (size_t way : {1u, 2u}) testing_autodiff::expect_near({got[way * each + i]}, {got[i]}, 1e-10);
}

TEST_P(Recurrent, HasSecondDerivatives) {
  Graph g;
  const Value x = g.input("x", f64, {3, 2, width});
  const Layer layer(GetParam(), g.scope("net"), width, hidden, {.dtype = f64});
  const Outcome run = layer(x, {});
  Value loss = sum(run.outputs * sin(run.outputs));
  for (const Value& s : run.states) loss = loss + sum(s * s);
  Values wrt{x};
  for (const Value& p : g.parameters()) wrt.push_back(p);
  const Values first = gradients(loss, wrt);
  Values directions;
  testing_autodiff::Tensors point, direction;
  for (size_t k = 0; k < wrt.size(); ++k) {
    Sizes sizes;
    for (const Dim& d : wrt[k].shape()) sizes.push_back(d.number());
    point.push_back(wave(f64, sizes, static_cast<double>(k), 0.5));
    direction.push_back(testing_autodiff::wave(sizes, static_cast<double>(k)));
    directions.push_back(constant(g, direction[k]));
  }
  Value along = sum(first[0] * directions[0]);
  for (size_t k = 1; k < wrt.size(); ++k) along = along + sum(first[k] * directions[k]);
  const Values second = gradients(along, wrt);
  const Session session(g);
  const auto at = [&](const Values& values, const testing_autodiff::Tensors& where) {
    for (size_t k = 1; k < wrt.size(); ++k) session.set(wrt[k], where[k]);
    const Results r = session.eval(values, {{x, where[0]}});
    testing_autodiff::Tensors out;
    for (size_t k = 0; k < values.size(); ++k) out.push_back(r[k]);
    return out;
  };
  const auto expected = testing_autodiff::difference([&](const testing_autodiff::Tensors& where) { return at(first, where); }, point, direction);
  testing_autodiff::expect_near(at(second, point), expected, 1e-8);  // the differences' own error, h^4 f^(5) / 30, is 2e-9 of the norm here
}

TEST_P(Recurrent, TakesSequencesWithTheBatchFirst) {
  Graph g;
  const Value x = g.input("x", f32, {steps, 2, width}), mask = g.input("mask", boolean, {steps, 2});
  const Layer plain(GetParam(), g.scope("a"), width, hidden, {.layers = 2, .bidirectional = true});
  const Layer turned(GetParam(), g.scope("b"), width, hidden, {.layers = 2, .bidirectional = true, .batch_first = true});
  const Outcome a = plain(x, {}, {.mask = mask}), b = turned(permute(x, {1, 0, 2}), {}, {.mask = transpose(mask)});
  const Session session(g);
  set_waves(session, g, "a/", 0.6);
  set_waves(session, g, "b/", 0.6);
  const Results got = session.eval({a.outputs, permute(b.outputs, {1, 0, 2}), a.states[0], b.states[0]},
                                   {{x, wave(f32, {steps, 2, width})}, {mask, Tensor::of<bool>({steps, 2}, {true, true, true, true, true, false, true, false, false, false})}});
  EXPECT_EQ(numbers(got[0]), numbers(got[1]));
  EXPECT_EQ(numbers(got[2]), numbers(got[3]));
}

TEST_P(Recurrent, KeepsItsStateOverNoElementsAndTakesAnEmptyBatch) {
  Graph g;
  const Dim time = g.dim("time"), batch = g.dim("batch");
  const Value x = g.input("x", f32, {time, batch, width}), h = g.input("h", f32, {2, batch, hidden});
  const Layer layer(GetParam(), g.scope("net"), width, hidden, {.bidirectional = true});
  const Outcome run = layer(x, Values(layer.states(), h));
  const Value loss = sum(run.outputs) + sum(run.states[0]);
  const Function f = Session(g).function({x, h}, {run.outputs, run.states[0], gradients(loss, g.parameters("net/layer0/weight_hh"))[0]});
  const Tensor state = wave(f32, {2, 3, hidden});
  const Results none = f(Tensor(f32, {0, 3, width}), state);
  EXPECT_EQ(none[0].sizes(), (Sizes{0, 3, 2 * hidden}));
  EXPECT_EQ(numbers(none[1]), numbers(state));
  for (double v : numbers(none[2])) EXPECT_EQ(v, 0);
  const Results empty = f(Tensor(f32, {steps, 0, width}), Tensor(f32, {2, 0, hidden}));
  EXPECT_EQ(empty[0].sizes(), (Sizes{steps, 0, 2 * hidden}));
  for (double v : numbers(empty[2])) EXPECT_EQ(v, 0);
}

TEST(RecurrentLayers, ParametersAreUniformWithinOneOverTheRootOfHidden) {
  Graph g;
  const models::Gru gru(g.scope("net"), 7, 16);
  const Session session(g);
  for (const Value& p : g.parameters()) {
    double largest = 0;
    for (double v : numbers(session.get(p))) largest = std::max(largest, std::abs(v));
    EXPECT_LE(largest, 0.25);
    EXPECT_GT(largest, 0.22);
  }
}

TEST(RecurrentLayers, ParametersAreDrawnAsTheOptionsSay) {
  Graph g;
  const models::Lstm lstm(g.scope("net"), 3, 4, {.bias = false, .input_weight_initializer = initializers::zeros(), .hidden_weight_initializer = initializers::orthogonal()});
  const Session session(g);
  EXPECT_EQ(g.parameters().size(), 2u);
  for (double v : numbers(session.get(lstm.weights[0].weight_ih))) EXPECT_EQ(v, 0);
  const std::vector<double> q = numbers(session.get(lstm.weights[0].weight_hh));
  double square = 0;
  for (size_t row = 0; row < 16; ++row) square += q[row * 4] * q[row * 4];
  EXPECT_NEAR(square, 1, 1e-6);
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

TEST(RecurrentLayers, SaysWhatDoesNotFit) {
  Graph g;
  const Scope s = g.scope("net");
  const models::Lstm lstm(s, 2, 3);
  const Value x = g.input("x", f32, {5, 4, 2}), mask = g.input("mask", boolean, {6, 4}), ends = g.input("ends", i32, {4}), h = g.input("h", f32, {2, 4, 3});
  const Value matrix = g.input("matrix", f32, {5, 2}), wide = g.input("wide", f32, {5, 4, 3}), real = g.input("real", f64, {5, 4, 2});
  const auto says = [](const std::string& text, const std::string& start) {
    EXPECT_EQ(text.substr(0, start.size()), start);
    EXPECT_HOLDS(text, "recurrent_test.cpp:");
  };
  says(message_of([&] { lstm(matrix); }), "Lstm: the input must be f32[T,B,2], got f32[5,2]\n");
  says(message_of([&] { lstm(wide); }), "Lstm: the input must be f32[T,B,2], got f32[5,4,3]\n");
  says(message_of([&] { lstm(real); }), "Lstm: the input must be f32[T,B,2], got f64[5,4,2]\n");
  says(message_of([&] { lstm(x, {.mask = mask}); }), "Lstm: the mask must be bool[5,4], got input f32[5,4,2] and mask bool[6,4]\n");
  says(message_of([&] { lstm(x, {.mask = ends}); }), "Lstm: the mask must be bool, got i32[4]\n");
  says(message_of([&] { lstm(x, {.lengths = matrix}); }), "Lstm: lengths must be integers, got f32[5,2]\n");
  says(message_of([&] { lstm(x, {.mask = mask, .lengths = ends}); }), "Lstm: a mask or lengths may be given, got both\n");
  says(message_of([&] { lstm(x, {.state = models::LstmState{h, h}}); }), "Lstm: hidden must be f32[1,4,3], got input f32[5,4,2] and hidden f32[2,4,3]\n");
  says(message_of([&] { models::Gru(g.scope("gru"), 2, 0); }), "Gru: inputs, hidden and layers must be positive, got 2 inputs, 0 hidden and 1 layers\n");
  says(message_of([&] { models::Rnn(g.scope("rnn"), 2, 3, tanh, {.layers = 0}); }), "Rnn: inputs, hidden and layers must be positive, got 2 inputs, 3 hidden and 0 layers\n");
}

// Sizes that are known when a function is called are compared then.
TEST(RecurrentLayers, CompareSymbolsWhenTheyAreBound) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("time"), g.dim("batch"), 2}), mask = g.input("mask", boolean, {g.dim("t"), g.dim("b")});
  const Value h = g.input("h", f32, {1, g.dim("states"), 3});
  const models::Gru gru(g.scope("net"), 2, 3);
  const models::RnnResult r = gru(x, {.state = h, .mask = mask});
  const Function f = Session(g).function({x, h, mask}, {r.outputs, gradients(sum(r.outputs), {h})[0]});
  const Tensor xs = wave(f32, {3, 2, 2}), hs = wave(f32, {1, 2, 3});
  EXPECT_EQ(f(xs, hs, Tensor(boolean, {3, 2}))[0].sizes(), (Sizes{3, 2, 3}));
  const std::string longer = message_of([&] { f(xs, hs, Tensor(boolean, {4, 2})); });
  EXPECT_HOLDS(longer, "Gru: the mask must be bool[time,batch], got input f32[time,batch,2] and mask bool[t,b]");
  EXPECT_HOLDS(longer, "Gru at recurrent_test.cpp:");
  EXPECT_HOLDS(message_of([&] { f(xs, wave(f32, {1, 5, 3}), Tensor(boolean, {3, 2})); }), "Gru: state must be f32[1,batch,3], got input f32[time,batch,2] and state f32[1,states,3]");
}

// In the forward loop the product with the state, before it that of all inputs; behind the loop that runs back one product per weight.
TEST(RecurrentLayers, HaveOneProductInALoopAndOneForAllTimes) {
  Graph g;
  const Value x = g.input("x", f32, {20, 4, 3});
  const models::Lstm lstm(g.scope("net"), 3, 5);
  const Value y = lstm(x).outputs;
  const Graph tidy = Session(g).function({x}, {y, gradients(sum(y * y), {lstm.weights[0].weight_ih})[0], gradients(sum(y * y), {lstm.weights[0].weight_hh})[0]}).graph();
  const auto count = [](const Graph& in, const std::string& op) {
    return std::count_if(in.data()->nodes.begin(), in.data()->nodes.end(), [&](const Node& n) { return n.op->name == op; });
  };
  EXPECT_EQ(count(tidy, "contract"), 3);
  EXPECT_EQ(count(tidy, "loop"), 2);
  for (const Node& node : tidy.data()->nodes)
    for (const Graph& body : node.bodies)
      if (node.op->name == "loop") {
        EXPECT_EQ(count(body, "contract"), 1);
        EXPECT_EQ(count(body, "pad"), 0);
      }
}

TEST(Embedding, GivesRowsOfItsWeight) {
  Graph g;
  const Value ids = g.input("ids", i32, {2, 2});
  const models::Embedding table(g.scope("words"), 5, 3);
  const Session session(g);
  session.set(table.weight, Tensor::of<float>({5, 3}, {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42}));
  const Results got = session.eval({table(ids), gradients(sum(table(ids)), {table.weight})[0]}, {{ids, Tensor::of<int32_t>({2, 2}, {4, 0, 1, 4})}});
  EXPECT_EQ(numbers(got[0]), (std::vector<double>{40, 41, 42, 0, 1, 2, 10, 11, 12, 40, 41, 42}));
  EXPECT_EQ(numbers(got[1]), (std::vector<double>{1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2, 2}));
}

}  // namespace
}  // namespace lanc
