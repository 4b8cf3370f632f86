#include <cmath>
#include <fstream>

#include <nlohmann/json.hpp>

#include <lanc/autodiff/gradients.h>
#include <lanc/models/knob.h>
#include <lanc/models/losses.h>
#include <lanc/models/mlp.h>
#include <lanc/models/optimizers.h>
#include <lanc/models/parameter.h>
#include <lanc/models/regularizers.h>
#include <lanc/ops/reduce.h>

#include "run.h"

namespace lanc {
namespace {

using namespace models_test;
using optimizers::Optimizer;

const nlohmann::json& stored() {
  static const nlohmann::json json = nlohmann::json::parse(std::ifstream(LANC_SOURCE_DIR "/tests/data/optimizers.json"));
  return json;
}

Tensor tensor_of(const nlohmann::json& numbers, Sizes sizes) { return Tensor::of<double>(std::move(sizes), numbers.get<std::vector<double>>()); }

// The network of scripts/reference/optimizer_trajectories.py.
struct Problem {
  Graph g;
  Value x = g.input("x", f64, {16, 4}), t = g.input("t", f64, {16, 3});
  models::Mlp net{g.scope("net"), {4, 8, 3}, tanh, {.dtype = f64}};
  Value loss = losses::mse(net(x), t);
  Named feeds = {{"x", tensor_of(stored()["x"], {16, 4})}, {"t", tensor_of(stored()["t"], {16, 3})}};

  Named start() const {
    Named states = initial_states(g);
    for (const auto& [path, numbers] : stored()["start"].items()) states[path] = tensor_of(numbers, states.at(path).sizes());
    return states;
  }
};

// Two computations of one rule in f64 whose operations differ in order only: 1e-10 of the size of the numbers, after 100 steps.
void expect_trajectory(const std::string& run, const Optimizer& optimizer) {
  SCOPED_TRACE(run);
  Problem p;
  const Updates updates = optimizer.minimize(p.loss);
  const Step step(p.g, {p.x, p.t}, {p.loss}, updates);
  Named states = p.start();
  const nlohmann::json& wanted = stored()["runs"].at(run);
  for (int i = 1; i <= 100; ++i) {
    const double loss = step(states, p.feeds)[0].item<double>();
    ASSERT_NEAR(loss, wanted["losses"][static_cast<size_t>(i - 1)].get<double>(), 1e-10) << "step " << i;
    if (!wanted["parameters"].contains(std::to_string(i))) continue;
    for (const auto& [path, numbers] : wanted["parameters"][std::to_string(i)].items())
      expect_near(states.at(path), numbers.get<std::vector<double>>(), 1e-10);
  }
}

struct Trajectory {
  const char* run;
  Optimizer (*make)();
};

const Trajectory trajectories[] = {
    {"sgd", [] { return optimizers::sgd({.learning_rate = 0.1}); }},
    {"sgd_weight_decay", [] { return optimizers::sgd({.learning_rate = 0.1, .weight_decay = 0.01}); }},
    {"momentum", [] { return optimizers::momentum({.learning_rate = 0.05}); }},
    {"momentum_weight_decay", [] { return optimizers::momentum({.learning_rate = 0.05, .momentum = 0.8, .weight_decay = 0.01}); }},
    {"nesterov", [] { return optimizers::nesterov({.learning_rate = 0.05}); }},
    {"nesterov_weight_decay", [] { return optimizers::nesterov({.learning_rate = 0.05, .weight_decay = 0.01}); }},
    {"adagrad", [] { return optimizers::adagrad({.learning_rate = 0.1}); }},
    {"adagrad_initial", [] { return optimizers::adagrad({.learning_rate = 0.1, .weight_decay = 0.01, .initial_accumulator = 0.1}); }},
    {"rmsprop", [] { return optimizers::rmsprop({.learning_rate = 0.01}); }},
    {"rmsprop_centered", [] { return optimizers::rmsprop({.learning_rate = 0.01, .centered = true}); }},
    {"rmsprop_momentum", [] { return optimizers::rmsprop({.learning_rate = 0.003, .decay = 0.9, .momentum = 0.9, .weight_decay = 0.01, .centered = true}); }},
    {"adadelta", [] { return optimizers::adadelta(); }},
    {"adadelta_weight_decay", [] { return optimizers::adadelta({.learning_rate = 0.5, .decay = 0.95, .epsilon = 1e-5, .weight_decay = 0.01}); }},
    {"adam", [] { return optimizers::adam({.learning_rate = 0.01}); }},
    {"adam_weight_decay", [] { return optimizers::adam({.learning_rate = 0.01, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.01}); }},
    {"adamw", [] { return optimizers::adamw({.learning_rate = 0.01, .weight_decay = 0.1}); }},
    {"adam_clip_value", [] { return optimizers::adam({.learning_rate = 0.01}, {.clip_value = 0.02}); }},
    {"sgd_clip_norm", [] { return optimizers::sgd({.learning_rate = 0.1}, {.clip_norm = 0.03}); }},
    {"sgd_clip_global_norm", [] { return optimizers::sgd({.learning_rate = 0.1}, {.clip_global_norm = 0.05}); }},
    {"adam_inside", [] { return optimizers::adam({.learning_rate = 0.01, .epsilon = 1e-6, .epsilon_place = optimizers::Epsilon::inside}); }},
    {"lion", [] { return optimizers::lion({.learning_rate = 0.003, .weight_decay = 0.1}); }},
};

class OptimizerTrajectory : public testing::TestWithParam<Trajectory> {};
TEST_P(OptimizerTrajectory, EqualsTheStoredOne) { expect_trajectory(GetParam().run, GetParam().make()); }
INSTANTIATE_TEST_SUITE_P(Rules, OptimizerTrajectory, testing::ValuesIn(trajectories), [](const auto& each) { return std::string(each.param.run); });

TEST(OptimizerTrajectories, CoverAllStoredRuns) { EXPECT_EQ(stored()["runs"].size(), std::size(trajectories)); }

// f(w) = w^2 / 2 with the gradient w, from w = 2.
struct Bowl {
  Graph g;
  Value w = parameter(g.scope("net"), "w", {}, initializers::constant(2), f64);
  Value loss = 0.5 * w * w;
  double after(const Updates& updates, int steps, Named* kept = nullptr) const {
    Named states = initial_states(g);
    const Step step(g, {}, {loss}, updates);
    for (int i = 0; i < steps; ++i) step(states);
    if (kept != nullptr) *kept = states;
    return states.at("net/w").item<double>();
  }
};

TEST(Optimizer, ReturnsParametersSlotsAndItsStep) {
  Bowl b;
  const Optimizer adam = optimizers::adam();
  const Updates updates = adam.minimize(b.loss);
  std::vector<std::string> paths;
  for (const Update& u : updates) paths.push_back(u.state.node().attrs<NamedAttrs>().name);
  EXPECT_EQ(paths, (std::vector<std::string>{"net/w", "adam/net/w/m", "adam/net/w/v", "adam/step"}));
  EXPECT_TRUE(adam.step() == *b.g.find("adam/step"));
  EXPECT_EQ(adam.step().type().text(), "i64[]");
  EXPECT_TRUE(adam.slot(b.w, "v") == *b.g.find("adam/net/w/v"));
  Named states;
  b.after(updates, 3, &states);
  EXPECT_EQ(states.at("adam/step").item<int64_t>(), 3);
}

TEST(Optimizer, TakesAKnobAScheduleOrAnInputAsHyperparameter) {
  Bowl b;
  const Knob rate(b.g, "rate", 0.25, f64);
  EXPECT_DOUBLE_EQ(b.after(optimizers::sgd({.learning_rate = rate}).minimize(b.loss), 1), 1.5);
  const Schedule halves = [](const Value& t) { return 0.5 / (t + 1.0); };
  // rates 0.5, 0.25: 2 -> 1 -> 0.75
  EXPECT_DOUBLE_EQ(b.after(optimizers::sgd({.learning_rate = halves, .name = "other"}).minimize(b.loss), 2), 0.75);
}

TEST(Optimizer, UsedTwiceOnAGraphGoesOnWithItsSlots) {
  Bowl b;
  const Optimizer m = optimizers::momentum();
  m.minimize(b.loss);
  const size_t states = b.g.states().size();
  m.minimize(b.loss * 2.0);
  EXPECT_EQ(b.g.states().size(), states);
}

TEST(Optimizer, OfAnotherWithTheSameNameIsAnError) {
  Bowl b;
  optimizers::sgd().minimize(b.loss);
  const size_t before = b.g.size();
  const std::string error = error_of([&] { optimizers::sgd().minimize(b.loss); });
  EXPECT_HAS(error, "sgd: an optimizer's name must be its own, got 'sgd' a second time\n  first at optimizers_test.cpp:");
  EXPECT_HAS(error, "; again at optimizers_test.cpp:");
  EXPECT_HAS(error, "; give {.name = ...}");
  EXPECT_EQ(b.g.size(), before);
  optimizers::sgd({.name = "second"}).minimize(b.loss);
}

TEST(Optimizer, ExplainsAParameterThatTheLossDoesNotReach) {
  Graph g;
  const Value a = parameter(g.scope("generator"), "a", {2}, initializers::ones());
  const Value b = parameter(g.scope("generator"), "b", {2}, initializers::ones());
  parameter(g.scope("critic"), "c", {2}, initializers::ones());
  parameter(g.scope("critic"), "d", {2}, initializers::ones());
  const Value loss = sum(a * b);
  const std::string error = error_of([&] { optimizers::adam().minimize(loss); });
  EXPECT_HAS(error, "adam: the loss must depend on every parameter, got 'critic/c' and 1 more without a way to it; use minimize(loss, \"generator/**\")\n  loss built at ");
  EXPECT_EQ(optimizers::adam().minimize(loss, "generator/**").size(), 7u);
  EXPECT_EQ(optimizers::sgd().minimize(loss, {a}).size(), 2u);
  EXPECT_HAS(error_of([&] { optimizers::sgd({.name = "s"}).minimize(loss, "critic/**"); }), "'critic/c' and 1 more without a way to it; it depends on none of them");
  EXPECT_HAS(error_of([&] { optimizers::sgd({.name = "s"}).minimize(loss, "nobody/**"); }), "got 'nobody/**'; there are: critic/c, critic/d, generator/a, generator/b");
}

TEST(Optimizer, SuggestsAListWhereNoPatternFits) {
  Graph g;
  const Value a = parameter(g.scope("x"), "w", {}, initializers::ones());
  const Value b = parameter(g.scope("y"), "w", {}, initializers::ones());
  parameter(g.scope("z"), "w", {}, initializers::ones());
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(a * b); }), "got 'z/w' without a way to it; name the parameters: minimize(loss, {...})");
}

TEST(Optimizer, ExplainsWhatCannotBeMinimized) {
  Bowl b;
  const Value vector = parameter(b.g.scope("net"), "v", {3}, initializers::ones(), f64);
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(vector, {vector}); }), "sgd: the loss must be a float of rank 0, got f64[3]\n  loss built at optimizers_test.cpp:");
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(b.loss, std::vector<Value>{}); }), "sgd: at least one parameter is needed, got an empty list");
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(b.loss, {b.w, b.w}); }), "sgd: a parameter must be named once, got 'net/w' twice");
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(b.loss, {b.loss}); }), "sgd: what is optimized must be parameters of a float dtype, got mul f64[]");
  Bowl other;
  EXPECT_HAS(error_of([&] { optimizers::sgd().minimize(b.loss, {other.w}); }), "sgd: parameters must belong to the loss's graph, got 'net/w' of another graph");
}

TEST(Optimizer, ExplainsNumbersOutOfRange) {
  EXPECT_HAS(error_of([] { optimizers::adam({.beta1 = 1.0}); }), "adam: beta1 must be in [0, 1), got 1\n  adam at optimizers_test.cpp:");
  EXPECT_HAS(error_of([] { optimizers::sgd({.learning_rate = -0.1}); }), "sgd: learning_rate must be at least 0, got -0.1");
  EXPECT_HAS(error_of([] { optimizers::rmsprop({.decay = 2}); }), "rmsprop: decay must be in [0, 1), got 2");
  EXPECT_HAS(error_of([] { optimizers::momentum({.momentum = -1}); }), "momentum: momentum must be in [0, 1), got -1");
  EXPECT_HAS(error_of([] { optimizers::adamw({.weight_decay = -1}); }), "adamw: weight_decay must be at least 0, got -1");
  EXPECT_HAS(error_of([] { optimizers::sgd({}, {.clip_norm = 0}); }), "sgd: clip_norm must be positive, got 0");
  EXPECT_HAS(error_of([] { optimizers::sgd({}, {.accumulate = 0}); }), "sgd: accumulate must be at least 1, got 0");
  EXPECT_HAS(error_of([] { optimizers::sgd({}, {.ema = 1}); }), "sgd: ema must be in [0, 1), got 1");
  Bowl b;
  const Value vector = parameter(b.g.scope("net"), "v", {3}, initializers::ones(), f64);
  EXPECT_HAS(error_of([&] { optimizers::sgd({.learning_rate = vector}).minimize(b.loss, {b.w}); }),
             "sgd: a hyperparameter must be a number or a float value of rank 0, got f64[3]");
}

// Mean of per-example losses: the mean of the micro-batches' gradients is the gradient of the whole.
TEST(Optimizer, MicroBatchesEqualTheLargeBatch) {
  const auto train = [](int64_t parts) {
    Graph g;
    const Dim batch = g.dim("batch");
    const Value x = g.input("x", f64, {batch, 4}), t = g.input("t", f64, {batch, 3});
    models::Mlp net(g.scope("net"), {4, 8, 3}, tanh, {.dtype = f64});
    const Value loss = losses::mse(net(x), t);
    const Updates updates = optimizers::adam({.learning_rate = 0.01}, {.clip_global_norm = 0.1, .accumulate = parts, .ema = 0.9}).minimize(loss);
    const int64_t size = 16 / parts;
    const Step step(g, {x, t}, {loss}, updates, {{"batch", size}});
    Named states = initial_states(g, 7);
    const Tensor xs = tensor_of(stored()["x"], {16, 4}), ts = tensor_of(stored()["t"], {16, 3});
    for (int64_t i = 0; i < 10 * parts; ++i) {
      const int64_t at = (i % parts) * size;
      step(states, {{"x", xs.part(at * 4, {size, 4})}, {"t", ts.part(at * 3, {size, 3})}});
    }
    return states;
  };
  Named whole = train(1), parts = train(4);
  EXPECT_EQ(parts.at("adam/step").item<int64_t>(), 10);
  EXPECT_EQ(parts.at("adam/micro").item<int64_t>(), 0);
  for (const auto& [path, value] : whole) {
    SCOPED_TRACE(path);
    if (value.dtype() == f64) expect_near(parts.at(path), doubles(value), 1e-13);
  }
}

TEST(Optimizer, ChangesNothingBetweenMicroBatches) {
  Bowl b;
  Named states;
  const Updates updates = optimizers::momentum({.learning_rate = 0.25}, {.accumulate = 3}).minimize(b.loss);
  EXPECT_EQ(b.after(updates, 2, &states), 2.0);
  EXPECT_EQ(states.at("momentum/step").item<int64_t>(), 0);
  EXPECT_EQ(states.at("momentum/micro").item<int64_t>(), 2);
  EXPECT_EQ(states.at("momentum/net/w/sum").item<double>(), 4.0);
  EXPECT_EQ(states.at("momentum/net/w/m").item<double>(), 0.0);
  EXPECT_EQ(b.after(updates, 3, &states), 1.5);
  EXPECT_EQ(states.at("momentum/net/w/sum").item<double>(), 0.0);
}

TEST(Optimizer, AveragesParametersExponentially) {
  Bowl b;
  const Optimizer sgd = optimizers::sgd({.learning_rate = 0.5}, {.ema = 0.75});
  Named states;
  const Updates updates = sgd.minimize(b.loss);
  b.after(updates, 2, &states);  // w: 2, 1, 0.5; a: 2, 1.75, 1.4375
  EXPECT_DOUBLE_EQ(states.at("ema/net/w").item<double>(), 1.4375);
  EXPECT_TRUE(sgd.average(b.w) == *b.g.find("ema/net/w"));
  EXPECT_HAS(error_of([&] { optimizers::sgd().average(b.w); }), "sgd: an average must be kept by {.ema = ...} and minimize, got none for 'net/w'");
}

TEST(Optimizer, OfSixteenBitParametersKeepsSlotsInF32) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::ones(), bf16);
  const Optimizer adam = optimizers::adam();
  const Updates updates = adam.minimize(sum(w * w));
  EXPECT_EQ(updates[0].value.type().text(), "bf16[2]");
  EXPECT_EQ(adam.slot(w, "m").type().text(), "f32[2]");
}

// 1 - 0.999^t in f32 loses four digits at t = 1; the form used does not.
TEST(Adam, CorrectsItsBiasToFullPrecisionInF32) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {}, initializers::zeros());
  const Updates updates = optimizers::adam({.learning_rate = 1, .epsilon = 0}).minimize(0.3 * w);
  Named states = initial_states(g);
  Step(g, {}, {}, updates)(states);
  EXPECT_NEAR(states.at("net/w").item<double>(), -1, 3e-7);  // m / sqrt(v) is exactly 1 in real numbers
}

TEST(Optimizer, AppliesGradientsOfOnesOwn) {
  Bowl b;
  const Updates updates = optimizers::sgd({.learning_rate = 1}).apply({b.w}, {0.5 * b.w});
  EXPECT_EQ(b.after(updates, 1), 1.0);
  const Value two = parameter(b.g.scope("net"), "two", {2}, initializers::ones(), f64);
  EXPECT_HAS(error_of([&] { optimizers::sgd({.name = "s"}).apply({b.w}, {two}); }), "s: parameter and gradient must have one shape, got parameter f64[] and gradient f64[2]");
  EXPECT_HAS(error_of([&] { optimizers::sgd({.name = "s"}).apply({b.w}, {}); }), "s: one gradient per parameter is needed, got 0 for 1");
}

TEST(Optimizer, TakesAUsersRule) {
  Bowl b;
  const Optimizer rule({.name = "mine", .slots = {{"last", 1}}, .apply = [](const optimizers::RuleArgs& args) {
    return optimizers::RuleResult{args.parameter() - 0.5 * args.gradient() * args.slot(0), {args.gradient()}};
  }});
  EXPECT_EQ(b.after(rule.minimize(b.loss), 2), 0.0);  // 2 - 0.5 * 2 * 1 = 1, 1 - 0.5 * 1 * 2 = 0
}

TEST(GlobalNorm, IsThatOfAllElements) {
  Graph g;
  EXPECT_DOUBLE_EQ(number_of(optimizers::global_norm({f64_of(g, {2}, {1, 2}), f64_of(g, {1}, {2})})), 3);
}

TEST(MaxNorm, ScalesDownTheRowsThatAreTooLong) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2, 2}, initializers::zeros(), f64);
  const Updates updates = regularizers::max_norm({{w, f64_of(g, {2, 2}, {3, 4, 0.3, 0.4})}}, 1.0);
  expect_near(value_of(updates[0].value), {0.6, 0.8, 0.3, 0.4}, 1e-15);
  EXPECT_HAS(error_of([&] { regularizers::max_norm(updates, 1.0, "other/**"); }), "max_norm: the updates must hold a parameter of rank 2 or more that matches, got 'other/**'");
  EXPECT_HAS(error_of([&] { regularizers::max_norm(updates, 0); }), "max_norm: the limit must be positive, got 0");
}

}  // namespace
}  // namespace lanc
