// What every optimizer does around its rule: clipping, averages, accumulation, hyperparameters that change, names, slots and errors.
#include <lanc/tests/models/support.h>

#include <algorithm>
#include <functional>

namespace lanc {
namespace {

using testing_models::numbers;
using testing_models::wave;

// One parameter p of two elements with a gradient that is fed: d<p, g>/dp = g.
struct Fed {
  explicit Fed(DType dtype = f64, std::vector<double> start = {1, -2}, const std::string& path = "p")
      : gradient(graph.input("g", dtype, {2})),
        p(parameter(graph.root(), path, {2},
                    [start](Graph body, const Shape&, DType d, uint64_t) { return constant(body, Tensor::of<double>({2}, start).to(d)); }, dtype)),
        loss(sum(p * gradient)) {}
  Tensor feed(double a, double b) const { return Tensor::of<double>({2}, {a, b}).to(p.dtype()); }
  Graph graph;
  Value gradient, p, loss;
};

void expect_near(const Tensor& got, const std::vector<double>& expected, double tolerance = 1e-14) {
  ASSERT_EQ(static_cast<size_t>(got.numel()), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(got.at(static_cast<int64_t>(i)), expected[i], tolerance) << "[" << i << "]";
}

// What p is after one step of rate 1 from 0 with gradient g: the clipped gradient's negative.
std::vector<double> clipped(const optimizers::StepOptions& options, double a, double b) {
  const Fed f(f64, {0, 0});
  const Session session(f.graph);
  session.function({f.gradient}, {}, optimizers::sgd({.learning_rate = 1}, options).minimize(f.loss))(f.feed(a, b));
  std::vector<double> p = numbers(session.get(f.p));
  for (double& x : p) x = -x;
  return p;
}

TEST(Clipping, ByValueLimitsEachElement) {
  EXPECT_EQ(clipped({.clip_value = 0.5}, 3, -0.25), (std::vector<double>{0.5, -0.25}));
  EXPECT_EQ(clipped({.clip_value = 0.5}, -3, 0.75), (std::vector<double>{-0.5, 0.5}));
}

TEST(Clipping, ByNormKeepsTheDirection) {
  for (const optimizers::StepOptions& options : {optimizers::StepOptions{.clip_norm = 1.0}, optimizers::StepOptions{.clip_global_norm = 1.0}}) {
    const std::vector<double> far = clipped(options, 3, -4);
    EXPECT_NEAR(far[0], 3 / (5 + 1e-6), 1e-15);
    EXPECT_NEAR(far[1], -4 / (5 + 1e-6), 1e-15);
    EXPECT_EQ(clipped(options, 0.3, 0.4), (std::vector<double>{0.3, 0.4}));
    EXPECT_EQ(clipped(options, 0, 0), (std::vector<double>{0, 0}));
  }
}

TEST(Clipping, ByGlobalNormScalesAllParametersAlike) {
  Graph g;
  const Value a = parameter(g.root(), "a", {}, initializers::zeros(), f64), b = parameter(g.root(), "b", {2}, initializers::zeros(), f64);
  const Value loss = 2.0 * a + sum(b * constant(g, Tensor::of<double>({2}, {3, 6})));  // norm 7
  const Session session(g);
  session.function({}, {}, optimizers::sgd({.learning_rate = 1}, {.clip_global_norm = 3.5}).minimize(loss))();
  const double factor = 3.5 / (7 + 1e-6);
  expect_near(session.get(a), {-2 * factor});
  expect_near(session.get(b), {-3 * factor, -6 * factor});
}

TEST(Clipping, ComesAfterAccumulationInTheOrderValueNormGlobalNorm) {
  // (3, 4) by value 2: (2, 2); by norm 2: (2, 2) * 2 / (sqrt 8 + 1e-6); then by global norm 1
  const std::vector<double> got = clipped({.clip_value = 2, .clip_norm = 2, .clip_global_norm = 1}, 3, 4);
  const double by_norm = 2 * 2 / (std::sqrt(8.0) + 1e-6), norm = std::sqrt(2.0) * by_norm;
  EXPECT_NEAR(got[0], by_norm / (norm + 1e-6), 1e-14);
  EXPECT_NEAR(got[1], by_norm / (norm + 1e-6), 1e-14);
}

TEST(Clipping, LimitsMayBeKnobsAndSchedules) {
  const Fed f(f64, {0, 0});
  const Knob limit(f.graph, "limit", 1, f64);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {}, optimizers::sgd({.learning_rate = 1}, {.clip_value = limit}).minimize(f.loss));
  step(f.feed(5, -5));
  expect_near(session.get(f.p), {-1, 1});
  session.set(limit, 2.0);
  step(f.feed(5, -5));
  expect_near(session.get(f.p), {-3, 3});
  const Fed h(f64, {0, 0});
  const Session other(h.graph);
  const Schedule growing = [](const Value& t) { return 1.0 + t; };
  const Function twice = other.function({h.gradient}, {}, optimizers::sgd({.learning_rate = 1}, {.clip_value = growing}).minimize(h.loss));
  twice(h.feed(5, -5));
  twice(h.feed(5, -5));
  expect_near(other.get(h.p), {-3, 3});
}

TEST(Average, FollowsTheParameterGeometrically) {
  for (const DType dtype : {f64, f32, bf16}) {
    const Fed f(dtype, {1, -2});
    const optimizers::Optimizer sgd = optimizers::sgd({.learning_rate = 0.5}, {.ema = 0.75});
    const Updates updates = sgd.minimize(f.loss);
    EXPECT_EQ(sgd.average(f.p).dtype(), compute_type(dtype));
    EXPECT_EQ(sgd.average(f.p).node().attrs<NamedAttrs>().name, "ema/p");
    const Session session(f.graph);
    const Function step = session.function({f.gradient}, {}, updates);
    double p = 1, average = 1;
    for (int i = 0; i < 4; ++i) {
      step(f.feed(1, 0));
      p -= 0.5;  // exact in every dtype
      average = 0.75 * average + 0.25 * p;
      expect_near(session.get(sgd.average(f.p)), {average, -2}, dtype == f64 ? 1e-15 : 1e-6);
    }
  }
}

TEST(Average, BeginsAtAParameterThatTheHostHasSet) {
  const Fed f(f64, {1, 1});
  const optimizers::Optimizer sgd = optimizers::sgd({.learning_rate = 0}, {.ema = 0.5});
  const Updates updates = sgd.minimize(f.loss);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {}, updates);
  session.set(f.p, f.feed(8, 9));
  step(f.feed(1, 1));
  expect_near(session.get(sgd.average(f.p)), {8, 9});
}

// A net on 12 examples, at once and as 3 micro-batches of 4: the same parameters, slots and averages after each large step.
TEST(Accumulation, OfMicroBatchesEqualsTheLargeBatch) {
  using namespace optimizers;
  const StepOptions plain{.clip_global_norm = 0.5, .ema = 0.9}, micro{.clip_global_norm = 0.5, .accumulate = 3, .ema = 0.9};
  const std::vector<std::pair<Optimizer, Optimizer>> pairs = {
      {sgd({.weight_decay = 0.1}, plain), sgd({.weight_decay = 0.1}, micro)}, {momentum({}, plain), momentum({}, micro)},
      {nesterov({}, plain), nesterov({}, micro)},                           {adagrad({}, plain), adagrad({}, micro)},
      {rmsprop({.momentum = 0.5, .centered = true}, plain), rmsprop({.momentum = 0.5, .centered = true}, micro)},
      {adadelta({}, plain), adadelta({}, micro)},                           {adam({}, plain), adam({}, micro)},
      {adamw({.learning_rate = schedules::exponential({})}, plain), adamw({.learning_rate = schedules::exponential({})}, micro)},
      {lion({}, plain), lion({}, micro)}};
  const auto x = [](int batch, int64_t n, int64_t from) {
    const Tensor all = wave(f64, {12, 3}, batch);
    return all.part(from * 3, {n, 3}).clone();
  };
  for (const auto& [large, small] : pairs) {
    struct Run {
      Run(const Optimizer& o) : x(g.input("x", f64, {g.dim("n"), 3})), net(g.scope("net"), {3, 4, 2}, tanh, {.dtype = f64}),
            loss(losses::mse(net(x), 0.3)), session(g, {.seed = 5}), train(session.function({x}, {loss}, o.minimize(loss))) {}
      Graph g;
      Value x;
      models::Mlp net;
      Value loss;
      Session session;
      Function train;
    };
    Run a(large), b(small);
    for (int batch = 0; batch < 5; ++batch) {
      a.train(x(batch, 12, 0));
      std::vector<Tensor> before;
      for (const Value& p : b.g.parameters()) before.push_back(b.session.get(p));
      for (int64_t part = 0; part < 3; ++part) {
        for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(identical(before[i], b.session.get(b.g.parameters()[i])));  // until the third
        b.train(x(batch, 4, 4 * part));
      }
      for (const Value& s : a.g.states()) {
        const std::string path = s.node().attrs<NamedAttrs>().name;
        if (path.rfind("session/", 0) == 0) continue;
        const std::vector<double> one = numbers(a.session.get(path)), other = numbers(b.session.get(path));
        for (size_t i = 0; i < one.size(); ++i) ASSERT_NEAR(one[i], other[i], 1e-13) << large.name() << " " << path << " in batch " << batch;
      }
      EXPECT_EQ(a.session.get(large.step()).item<int64_t>(), batch + 1);
      EXPECT_EQ(b.session.get(small.step()).item<int64_t>(), batch + 1);
    }
  }
}

TEST(Hyperparameters, GiveTheSameStepsAsNumbersAndAsValues) {
  using namespace optimizers;
  const auto run = [](const std::function<Optimizer(Graph)>& make) {
    const Fed f;
    const Optimizer o = make(f.graph);
    const Session session(f.graph);
    const Function step = session.function({f.gradient}, {}, o.minimize(f.loss));
    for (int i = 1; i <= 5; ++i) step(f.feed(0.3 * i, -1.0 / i));
    return numbers(session.get(f.p));
  };
  const auto k = [](Graph g, const std::string& name, double x) { return Knob(g, name, x, f64); };
  const auto same = [&](const char* what, const std::function<Optimizer(Graph)>& by_number, const std::function<Optimizer(Graph)>& by_value) {
    const std::vector<double> a = run(by_number), b = run(by_value);
    for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-14) << what;
    EXPECT_NE(a[0], 1) << what;
  };
  same("adam", [](Graph) { return adam({.learning_rate = 0.1, .weight_decay = 0.01}); },
       [&](Graph g) { return adam({.learning_rate = k(g, "r", 0.1), .beta1 = k(g, "b", 0.9), .beta2 = k(g, "c", 0.999), .epsilon = k(g, "e", 1e-8), .weight_decay = k(g, "d", 0.01)}); });
  same("adamw", [](Graph) { return adamw({.learning_rate = 0.1}); }, [&](Graph g) { return adamw({.learning_rate = k(g, "r", 0.1), .weight_decay = k(g, "d", 0.01)}); });
  same("momentum", [](Graph) { return momentum(); }, [&](Graph g) { return momentum({.learning_rate = k(g, "r", 0.01), .momentum = k(g, "m", 0.9)}); });
  same("nesterov", [](Graph) { return nesterov(); }, [&](Graph g) { return nesterov({.momentum = k(g, "m", 0.9)}); });
  same("adagrad", [](Graph) { return adagrad(); }, [&](Graph g) { return adagrad({.learning_rate = k(g, "r", 0.01), .epsilon = k(g, "e", 1e-10)}); });
  same("rmsprop", [](Graph) { return rmsprop({.momentum = 0.5}); }, [&](Graph g) { return rmsprop({.decay = k(g, "r", 0.99), .momentum = k(g, "m", 0.5)}); });
  same("adadelta", [](Graph) { return adadelta(); }, [&](Graph g) { return adadelta({.decay = k(g, "r", 0.9), .epsilon = k(g, "e", 1e-6)}); });
  same("lion", [](Graph) { return lion({.weight_decay = 0.1}); }, [&](Graph g) { return lion({.beta1 = k(g, "b", 0.9), .beta2 = k(g, "c", 0.99), .weight_decay = k(g, "d", 0.1)}); });
  same("sgd, by schedules", [](Graph) { return sgd({.learning_rate = 0.25}); }, [](Graph) { return sgd({.learning_rate = schedules::constant(0.25)}); });
}

TEST(Hyperparameters, OfTheHostChangeWithoutANewPlan) {
  const Fed f(f64, {0, 0});
  const Knob rate(f.graph, "rate", 1, f64);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {rate}, optimizers::sgd({.learning_rate = rate}).minimize(f.loss));
  double p = 0;
  for (const double r : {1.0, 0.5, 0.25, 2.0}) {
    session.set(rate, r);
    EXPECT_EQ(step(f.feed(1, 0))[0].item<double>(), r);
    p -= r;
    expect_near(session.get(f.p), {p, 0});
  }
  EXPECT_EQ(step.stats().plans_made, 1);
  EXPECT_EQ(session.get("rate").item<double>(), 2);
}

TEST(Hyperparameters, ReduceOnAPlateauThroughAKnob) {
  const Fed f(f64, {0, 0});
  const Knob rate(f.graph, "rate", 1, f64);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {rate}, optimizers::sgd({.learning_rate = rate}).minimize(f.loss));
  ReduceOnPlateau controller(1, {.factor = 0.5, .patience = 1});
  std::vector<double> rates;
  for (const double loss : {3.0, 2.0, 2.0, 2.0, 1.0, 1.5, 1.5, 1.5}) {
    rates.push_back(step(f.feed(1, 0))[0].item<double>());
    session.set(rate, controller(loss));
  }
  EXPECT_EQ(rates, (std::vector<double>{1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25}));
  EXPECT_EQ(step.stats().plans_made, 1);
}

TEST(Optimizer, CountsItsOwnStepsForSchedules) {
  const Fed f(f64, {0, 0});
  const optimizers::Optimizer sgd = optimizers::sgd({.learning_rate = [](const Value& t) { return 1.0 + t; }});
  const Updates updates = sgd.minimize(f.loss);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {sgd.step()}, updates);
  const Function other = session.function({f.gradient}, {f.loss}, {{f.graph.find("p").value(), f.p * 1.0}});
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(step(f.feed(1, 0))[0].item<int64_t>(), i);
    other(f.feed(1, 0));  // advances the session's step, not the optimizer's
  }
  expect_near(session.get(f.p), {-(1.0 + 2 + 3), 0});
}

TEST(Optimizer, OwnsItsSlotsUnderItsName) {
  const Fed f(f32, {1, 1}, "net/layer/weight");
  const optimizers::Optimizer adam = optimizers::adam({.name = "outer"}, {.accumulate = 2});
  EXPECT_HOLDS(message_of([&] { adam.step(); }), "outer: step() needs an optimizer that was used on one graph, got 0 graphs; use step(graph)");
  EXPECT_HOLDS(message_of([&] { adam.slot(f.p, "m"); }), "outer: a slot must exist, got 'outer/net/layer/weight/m'");
  EXPECT_HOLDS(message_of([&] { adam.average(f.p); }), "outer: an average must be kept by {.ema = ...} and minimize, got none for 'net/layer/weight'");
  adam.minimize(f.loss);
  std::vector<std::string> paths;
  for (const Value& s : f.graph.states()) paths.push_back(s.node().attrs<NamedAttrs>().name + " " + s.type().text());
  EXPECT_EQ(paths, (std::vector<std::string>{"net/layer/weight f32[2]", "outer/micro i64[]", "outer/net/layer/weight/m f32[2]",
                                             "outer/net/layer/weight/sum f32[2]", "outer/net/layer/weight/v f32[2]", "outer/step i64[]"}));
  EXPECT_EQ(adam.slot(f.p, "v"), f.graph.find("outer/net/layer/weight/v"));
  EXPECT_EQ(f.graph.parameters().size(), 1u);  // slots are not trained
}

TEST(Optimizer, UsedTwiceGoesOnWithTheSameSlots) {
  const Fed f(f64, {0, 0});
  const optimizers::Optimizer momentum = optimizers::momentum({.learning_rate = 1, .momentum = 0.5});
  const Updates first = momentum.minimize(f.loss), second = momentum.minimize(2.0 * f.loss);
  const Session session(f.graph);
  const Function one = session.function({f.gradient}, {}, first), two = session.function({f.gradient}, {}, second);
  one(f.feed(1, 0));  // m = 1, p = -1
  two(f.feed(1, 0));  // m = 0.5 + 2, p = -3.5
  expect_near(session.get(f.p), {-3.5, 0});
  expect_near(session.get(momentum.slot(f.p, "m")), {2.5, 0});
  EXPECT_EQ(session.get(momentum.step()).item<int64_t>(), 2);
}

TEST(Optimizer, OnTwoGraphsHasSlotsInEach) {
  const Fed f, h;
  const optimizers::Optimizer adam = optimizers::adam();
  adam.minimize(f.loss);
  adam.minimize(h.loss);
  EXPECT_NE(adam.slot(f.p, "m"), adam.slot(h.p, "m"));
  EXPECT_HOLDS(message_of([&] { adam.step(); }), "got 2 graphs");
  EXPECT_EQ(adam.step(h.graph), h.graph.find("adam/step"));
}

TEST(Optimizer, NamesAreItsOwnInAGraph) {
  const Fed f;
  optimizers::adam().minimize(f.loss);
  const size_t before = f.graph.size();
  const std::string text = message_of([&] { optimizers::adam().minimize(f.loss); });
  EXPECT_HOLDS(text, "adam: an optimizer's name must be its own, got 'adam' a second time\n  first at optimizers_test.cpp:");
  EXPECT_HOLDS(text, "; again at optimizers_test.cpp:");
  EXPECT_HOLDS(text, "; give {.name = ...}");
  EXPECT_EQ(f.graph.size(), before);
  EXPECT_EQ(message_of([&] { optimizers::adam({.name = "adam2"}).minimize(f.loss); }), "no error");
}

TEST(Optimizer, TakesAUsersRule) {
  const Fed f(f64, {1, -2});
  const optimizers::Optimizer signs({"sign_descent", {{"seen"}}, [](const optimizers::RuleArgs& a) {
    return optimizers::RuleResult{a.parameter() - 0.5 * sign(a.gradient()) / a.count(), {a.slot(0) + 1.0}};
  }});
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {}, signs.minimize(f.loss));
  step(f.feed(3, -3));
  step(f.feed(3, -3));
  expect_near(session.get(f.p), {1 - 0.5 - 0.25, -2 + 0.5 + 0.25});
  expect_near(session.get(signs.slot(f.p, "seen")), {2, 2});
  const optimizers::Optimizer careless({"careless", {{"m"}}, [](const optimizers::RuleArgs& a) { return optimizers::RuleResult{a.parameter()}; }});
  EXPECT_HOLDS(message_of([&] { careless.minimize(f.loss); }), "careless: a rule must give one new value per slot, got 0 for 1 slots");
}

TEST(Optimizer, KeepsSlotsOfNarrowParametersInF32) {
  const Fed f(bf16, {1, 1});
  const optimizers::Optimizer momentum = optimizers::momentum({.learning_rate = 0.125, .momentum = 0.5});
  const Updates updates = momentum.minimize(f.loss);
  const Session session(f.graph);
  const Function step = session.function({f.gradient}, {}, updates);
  step(f.feed(1, 0.0078125));
  step(f.feed(1, 0.0078125));
  EXPECT_EQ(session.get(f.p).dtype(), bf16);
  expect_near(session.get(f.p), {1 - 0.125 - 0.1875, 1}, 1e-3);  // the small one is below half a unit in the last place of 1
  expect_near(session.get(momentum.slot(f.p, "m")), {1.5, 0.01171875});
}

TEST(Minimize, UpdatesEveryParameterOrThoseNamed) {
  Graph g;
  const models::Dense a(g.scope("a"), 2, 2), b(g.scope("b"), 2, 2);
  const Value x = constant(g, Tensor::of<float>({1, 2}, {1, 2})), loss = losses::mse(b(a(x)), 1);
  const auto updated = [&](const Updates& updates) {
    std::vector<std::string> paths;
    for (const Update& u : updates)
      if (u.state.node().op->name == parameter_op.name) paths.push_back(u.state.node().attrs<NamedAttrs>().name);
    return paths;
  };
  EXPECT_EQ(updated(optimizers::sgd({.name = "all"}).minimize(loss)), (std::vector<std::string>{"a/bias", "a/weight", "b/bias", "b/weight"}));
  EXPECT_EQ(updated(optimizers::sgd({.name = "pattern"}).minimize(loss, "*/weight")), (std::vector<std::string>{"a/weight", "b/weight"}));
  EXPECT_EQ(updated(optimizers::sgd({.name = "list"}).minimize(loss, {b.weight, a.weight})), (std::vector<std::string>{"b/weight", "a/weight"}));
  const std::vector<Value> own = {b.weight};
  EXPECT_EQ(updated(optimizers::sgd({.name = "apply"}).apply(own, gradients(loss, own))), (std::vector<std::string>{"b/weight"}));
}

TEST(Minimize, OfAnUnreachedParameterSuggestsWhatToWrite) {
  Graph g;
  const models::Mlp net(g.scope("net"), {2, 3, 1}), other(g.scope("other"), {2, 3, 1});
  const Value x = constant(g, Tensor::of<float>({1, 2}, {1, 2})), loss = losses::mse(net(x), 1);
  const size_t before = g.size();
  const std::string here = "optimizers_test.cpp:" + std::to_string(__LINE__ + 1);
  const std::string text = message_of([&] { optimizers::adam().minimize(loss); });
  EXPECT_HOLDS(text, "adam: the loss must depend on every parameter, got 'other/layer0/bias' and 3 more without a way to it; use minimize(loss, \"net/**\")\n  loss built at");
  EXPECT_HOLDS(text, "; adam at " + here);
  EXPECT_EQ(g.size(), before);
  EXPECT_EQ(message_of([&] { optimizers::adam().minimize(loss, "net/**"); }), "no error");  // what it suggests works
  EXPECT_HOLDS(message_of([&] { optimizers::sgd().minimize(loss, "other/**"); }), "got 'other/layer0/bias' and 3 more without a way to it; it depends on none of them");
  const Value mixed = sum(net.layers[0].weight) + sum(other.layers[0].weight);
  EXPECT_HOLDS(message_of([&] { optimizers::sgd().minimize(mixed); }), "; name the parameters: minimize(loss, {...})");
  EXPECT_HOLDS(message_of([&] { optimizers::sgd().minimize(loss, "nett/**"); }), "a pattern must match at least one path, got 'nett/**'; there are: net/layer0/bias");
}

TEST(Minimize, SaysWhatItNeeds) {
  const Fed f, h;
  const Value vector = f.p * 2.0, integer = sum(cast(f.p, i32));
  const optimizers::Optimizer sgd = optimizers::sgd();
  EXPECT_HOLDS(message_of([&] { sgd.minimize(vector); }), "sgd: the loss must be a float of rank 0, got f64[2]");
  EXPECT_HOLDS(message_of([&] { sgd.minimize(integer); }), "sgd: the loss must be a float of rank 0, got i32[]");
  EXPECT_HOLDS(message_of([&] { sgd.minimize(f.loss, std::vector<Value>{}); }), "sgd: at least one parameter is needed, got an empty list");
  EXPECT_HOLDS(message_of([&] { sgd.minimize(f.loss, {f.p, f.p}); }), "sgd: a parameter must be named once, got 'p' twice");
  EXPECT_HOLDS(message_of([&] { sgd.minimize(f.loss, {vector}); }), "sgd: what is optimized must be parameters of a float dtype, got mul f64[2]");
  EXPECT_HOLDS(message_of([&] { sgd.minimize(f.loss, {h.p}); }), "sgd: parameters must belong to the loss's graph, got 'p' of another graph");
  EXPECT_HOLDS(message_of([&] { sgd.apply({f.p}, {}); }), "sgd: one gradient per parameter is needed, got 0 for 1");
  EXPECT_HOLDS(message_of([&] { sgd.apply({f.p}, {f.loss}); }), "sgd: parameter and gradient must have one shape, got parameter f64[2] and gradient f64[]");
  Graph empty;
  EXPECT_HOLDS(message_of([&] { sgd.minimize(sum(empty.input("x", f32, {2}))); }), "a pattern must match at least one path, got '**' and a graph without any");
}

TEST(Optimizer, ChecksItsOptions) {
  using namespace optimizers;
  const auto expect = [](const std::string& text, const std::function<void()>& f) { EXPECT_HOLDS(message_of(f), text); };
  expect("sgd: learning_rate must be at least 0, got -1", [] { sgd({.learning_rate = -1}); });
  expect("sgd: weight_decay must be at least 0, got nan", [] { sgd({.weight_decay = std::nan("")}); });
  expect("momentum: momentum must be in [0, 1), got 1", [] { momentum({.momentum = 1}); });
  expect("nesterov: momentum must be in [0, 1), got -0.5", [] { nesterov({.momentum = -0.5}); });
  expect("adagrad: initial_accumulator must be at least 0, got -1", [] { adagrad({.initial_accumulator = -1}); });
  expect("rmsprop: decay must be in [0, 1), got 1.5", [] { rmsprop({.decay = 1.5}); });
  expect("adadelta: epsilon must be at least 0, got -1", [] { adadelta({.epsilon = -1}); });
  expect("adam: beta2 must be in [0, 1), got 1", [] { adam({.beta2 = 1}); });
  expect("adamw: weight_decay must be at least 0, got -1", [] { adamw({.weight_decay = -1}); });
  expect("lion: beta1 must be in [0, 1), got 2", [] { lion({.beta1 = 2}); });
  expect("adam: accumulate must be at least 1, got 0", [] { adam({}, {.accumulate = 0}); });
  expect("adam: ema must be in [0, 1), got 1", [] { adam({}, {.ema = 1}); });
  expect("adam: clip_norm must be positive, got 0", [] { adam({}, {.clip_norm = 0}); });
  const Fed f;
  const Value vector = f.p * 1.0;
  expect("sgd: a hyperparameter must be a number or a float value of rank 0, got f64[2]", [&] { sgd({.learning_rate = vector}).minimize(f.loss); });
  expect("Knob: dtype must be a float, got i32", [&] { Knob(f.graph, "k", 1, i32); });
  Knob(f.graph, "twice", 1);
  expect("a path must be created once, got it a second time", [&] { Knob(f.graph, "twice", 1); });
}

// A generator that wants D(G(z)) = 1 and a discriminator that wants D(G(z)) = 0, D(real) = 1: two functions over one graph.
TEST(Minimize, TrainsTheTwoNetsOfAGanOverOneGraph) {
  Graph g;
  const Value z = g.input("z", f64, {4, 2}), real = g.input("real", f64, {4, 2});
  const models::Mlp generator(g.scope("generator"), {2, 3, 2}, tanh, {.dtype = f64}), discriminator(g.scope("discriminator"), {2, 3, 1}, tanh, {.dtype = f64});
  const Value fake = discriminator(generator(z));
  const Value g_loss = losses::bce_with_logits(fake, 1), d_loss = losses::bce_with_logits(fake, 0) + losses::bce_with_logits(discriminator(real), 1);
  const optimizers::Optimizer g_adam = optimizers::adam({.name = "g_adam"}), d_adam = optimizers::adam({.name = "d_adam"});
  const Session session(g);
  const Function train_g = session.function({z}, {g_loss}, g_adam.minimize(g_loss, "generator/**"));
  const Function train_d = session.function({z, real}, {d_loss}, d_adam.minimize(d_loss, "discriminator/**"));
  const auto snapshot = [&](std::string_view pattern) {
    std::vector<double> all;
    for (const Value& v : g.states(pattern))
      for (double x : numbers(session.get(v))) all.push_back(x);
    return all;
  };
  const Tensor zs = wave(f64, {4, 2}, 1), reals = wave(f64, {4, 2}, 2);
  const std::vector<double> g0 = snapshot("generator/**"), d0 = snapshot("discriminator/**");
  train_g(zs);
  EXPECT_NE(snapshot("generator/**"), g0);
  EXPECT_EQ(snapshot("discriminator/**"), d0);
  EXPECT_EQ(snapshot("d_adam/step"), (std::vector<double>{0}));
  const std::vector<double> g1 = snapshot("generator/**");
  train_d(zs, reals);
  EXPECT_EQ(snapshot("generator/**"), g1);
  EXPECT_NE(snapshot("discriminator/**"), d0);
  EXPECT_EQ(snapshot("*_adam/step"), (std::vector<double>{1, 1}));
}

TEST(GlobalNorm, IsOverAllElements) {
  Graph g;
  const Value a = constant(g, Tensor::of<double>({2}, {2, 3})), b = constant(g, Tensor::of<double>({}, {6}));
  EXPECT_DOUBLE_EQ(testing_models::evaluate({optimizers::global_norm({a, b})})[0].item<double>(), 7);
  EXPECT_HOLDS(message_of([] { optimizers::global_norm({}); }), "global_norm: at least one value is needed, got an empty list");
}

TEST(Optimizer, SlotsHaveNamesOfTheirOwn) {
  using namespace optimizers;
  const auto rule = [](std::vector<Slot> slots) {
    return Rule{"mine", std::move(slots), [](const RuleArgs&) -> RuleResult { throw UserError("not called"); }};
  };
  EXPECT_HOLDS(message_of([&] { Optimizer(rule({{"a"}, {"b"}, {"a"}}), {}); }), "mine: slots must have different names, got two of 'a'");
  EXPECT_HOLDS(message_of([&] { Optimizer(rule({{"sum"}}), {.accumulate = 4}); }),
               "mine: a slot must have another name than that of the accumulated gradients, got 'sum' with accumulate");
  EXPECT_EQ(message_of([&] { Optimizer(rule({{"sum"}}), {}); }), message_of([] {}));
}

}  // namespace
}  // namespace lanc
