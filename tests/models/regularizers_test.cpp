// Penalties, the max-norm constraint, and declared updates: running statistics that a loss reaches or does not.
#include <lanc/tests/models/support.h>

#include <functional>

namespace lanc {
namespace {

using testing_models::evaluate;
using testing_models::numbers;

// a = {1, -2}, b = {{3}}: sum of squares 14, of absolute values 6.
struct Two {
  explicit Two(DType dtype = f64)
      : a(parameter(g.root(), "net/a", {2}, [](Graph body, const Shape&, DType d, uint64_t) { return constant(body, Tensor::of<double>({2}, {1, -2}).to(d)); }, dtype)),
        b(parameter(g.root(), "net/b", {1, 1}, initializers::constant(3), dtype)) {}
  Graph g;
  Value a, b;
};

TEST(Regularizer, HasItsFormulasValueAndGradient) {
  const Two t;
  const std::vector<Value> all = t.g.parameters("net/**");
  const Value l2 = regularizers::l2(all), l1 = regularizers::l1(all), both = regularizers::elastic_net(all, {.l1 = 0.5, .l2 = 2});
  const Results r = evaluate({l2, l1, both, gradient(l2, t.a), gradient(l1, t.a), gradient(both, t.a), gradient(both, t.b), gradient(sum(gradient(both, t.b)), t.b)});
  EXPECT_DOUBLE_EQ(r[0].item<double>(), 7);
  EXPECT_DOUBLE_EQ(r[1].item<double>(), 6);
  EXPECT_DOUBLE_EQ(r[2].item<double>(), 0.5 * 6 + 2 * 7);
  EXPECT_EQ(numbers(r[3]), (std::vector<double>{1, -2}));
  EXPECT_EQ(numbers(r[4]), (std::vector<double>{1, -1}));
  EXPECT_EQ(numbers(r[5]), (std::vector<double>{2.5, -4.5}));
  EXPECT_EQ(numbers(r[6]), (std::vector<double>{6.5}));
  EXPECT_EQ(numbers(r[7]), (std::vector<double>{2}));
}

TEST(Regularizer, OfNarrowParametersIsSummedInF32) {
  for (const DType dtype : {bf16, f16}) {
    const Two t(dtype);
    const Value l2 = regularizers::l2({t.a, t.b});
    EXPECT_EQ(l2.dtype(), f32);
    const Value d = gradient(l2, t.a);
    EXPECT_EQ(d.dtype(), dtype);
    const Results r = evaluate({l2, d});
    EXPECT_EQ(r[0].item<float>(), 7);
    EXPECT_EQ(numbers(r[1]), (std::vector<double>{1, -2}));
  }
}

TEST(Regularizer, WeightDecayIsSgdOnL2) {
  const auto run = [](bool by_loss) {
    const Two t;
    const Value data = sum(t.a) + sum(t.b), loss = by_loss ? data + 0.1 * regularizers::l2({t.a, t.b}) : data;
    const Session session(t.g);
    const Function step = session.function({}, {}, optimizers::sgd({.learning_rate = 0.5, .weight_decay = by_loss ? 0.0 : 0.1}).minimize(loss));
    for (int i = 0; i < 3; ++i) step();
    return numbers(session.get(t.a));
  };
  const std::vector<double> one = run(true), other = run(false);
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(one[i], other[i], 1e-15);
}

TEST(Regularizer, SaysWhatItNeeds) {
  Graph g;
  const Value ints = state(g.root(), "i", {2}, initializers::zeros(), i32);
  EXPECT_HOLDS(message_of([&] { regularizers::l2({}); }), "l2: at least one value is needed, got an empty list");
  EXPECT_HOLDS(message_of([&] { regularizers::l1({ints}); }), "l1: value must be of a float dtype, got i32[2]\n  value built at regularizers_test.cpp:");
}

TEST(MaxNorm, LimitsTheNormOfEachUnitsWeightsAfterTheStep) {
  Graph g;
  const auto filled = [](Graph body, const Shape&, DType, uint64_t) { return constant(body, Tensor::of<double>({2, 2}, {3, 4, 0.3, 0.4})); };
  const Value w = parameter(g.root(), "w", {2, 2}, filled, f64), other = parameter(g.root(), "other", {2, 2}, filled, f64), b = parameter(g.root(), "b", {2}, initializers::constant(9), f64);
  const Value loss = sum(w) + sum(other) + sum(b);
  const Updates plain = optimizers::sgd({.learning_rate = 0}).minimize(loss);
  const Session session(g);
  session.function({}, {}, regularizers::max_norm(plain, 2, "w"))();
  const std::vector<double> got = numbers(session.get(w));
  for (const auto& [i, expected] : std::vector<std::pair<size_t, double>>{{0, 1.2}, {1, 1.6}, {2, 0.3}, {3, 0.4}}) EXPECT_NEAR(got[i], expected, 1e-15);
  EXPECT_EQ(numbers(session.get(other)), (std::vector<double>{3, 4, 0.3, 0.4}));
  EXPECT_EQ(numbers(session.get(b)), (std::vector<double>{9, 9}));
  EXPECT_HOLDS(message_of([&] { regularizers::max_norm(plain, 0); }), "max_norm: the limit must be positive, got 0\n  max_norm at regularizers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { regularizers::max_norm(plain, 1, "b"); }), "max_norm: the updates must hold a parameter of rank 2 or more that matches, got 'b'");
  EXPECT_HOLDS(message_of([&] { regularizers::max_norm({}, 1); }), "max_norm: the updates must hold a parameter of rank 2 or more that matches, got '**'");
}

// A layer that keeps a running mean of its input, as batch norm does.
Value tracked(const Value& x, const Value& running) { return with_update(x, running, 0.5 * running + 0.5 * mean(x)); }

struct Net {
  Net() : x(g.input("x", f64, {2})), w(parameter(g.root(), "w", {}, initializers::ones(), f64)), running(state(g.root(), "running", {}, initializers::zeros(), f64)),
          tracked_x(tracked(x, running)), loss(sum(w * tracked_x)) {}
  Graph g;
  Value x, w, running, tracked_x, loss;
};
const Tensor two_fours = Tensor::of<double>({2}, {4, 4});

TEST(WithUpdate, IsAppliedWhereTheLossReachesIt) {
  const Net n;
  const Session session(n.g);
  const Updates updates = optimizers::sgd({.learning_rate = 0.25}).minimize(n.loss);
  const Function train = session.function({n.x}, {n.loss}, updates);
  EXPECT_EQ(train(two_fours)[0].item<double>(), 8);
  EXPECT_EQ(session.get(n.running).item<double>(), 2);
  EXPECT_EQ(session.get(n.w).item<double>(), 1 - 0.25 * 8);  // d/dw sum(w x): the declaration is transparent to derivatives
  train(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 3);
}

TEST(WithUpdate, OnlyDeclares) {
  const Net n;
  const Session session(n.g);
  const Function predict = session.function({n.x}, {n.loss});  // reaches it, asks for no updates
  EXPECT_EQ(predict(two_fours)[0].item<double>(), 8);
  EXPECT_EQ(session.eval({n.loss}, {{n.x, two_fours}})[0].item<double>(), 8);
  EXPECT_EQ(session.get(n.running).item<double>(), 0);
  const Value other = sum(n.w * n.x);  // does not reach it
  EXPECT_TRUE(updates_of(other).empty());
  EXPECT_TRUE(updates_of(std::vector<Value>{}).empty());
  session.function({n.x}, {}, optimizers::sgd().minimize(other))(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 0);
  const Function statistics_only = session.function({n.x}, {}, updates_of(n.loss));
  statistics_only(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 2);
  EXPECT_EQ(session.get(n.w).item<double>(), 1 - 0.01 * 8);
}

TEST(WithUpdate, TwiceInOneFunctionChainsInCallOrder) {
  Net n;
  const Value y = n.g.input("y", f64, {2});
  const Value second = tracked(y, n.running), loss = sum(n.w * n.tracked_x) + sum(second);
  EXPECT_EQ(updates_of(loss).size(), 1u);
  const Session session(n.g);
  session.function({n.x, y}, {}, updates_of(loss))(two_fours, Tensor::of<double>({2}, {8, 8}));
  EXPECT_EQ(session.get(n.running).item<double>(), 0.5 * 2 + 0.5 * 8);  // 0 -> 2 -> 5
}

TEST(WithUpdate, OfADeclarationInsideAnotherChainsToo) {
  const Net n;
  const Value again = tracked(2.0 * n.tracked_x, n.running);  // its input reaches the first declaration
  const Session session(n.g);
  session.function({n.x}, {}, updates_of(sum(again)))(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 0.5 * 2 + 0.5 * 8);
}

TEST(WithUpdate, RunsOncePerMicroBatch) {
  const Net n;
  const Session session(n.g);
  const Function train = session.function({n.x}, {}, optimizers::sgd({}, {.accumulate = 2}).minimize(n.loss));
  train(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 2);
  EXPECT_EQ(session.get(n.w).item<double>(), 1);
  train(two_fours);
  EXPECT_EQ(session.get(n.running).item<double>(), 3);
  EXPECT_EQ(session.get(n.w).item<double>(), 1 - 0.01 * 8);
}

TEST(WithUpdate, SaysWhatItNeeds) {
  const Net n;
  EXPECT_HOLDS(message_of([&] { with_update(n.x, n.x, n.x); }), "with_update: the state must be a state or parameter, got input\n  state built at regularizers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { with_update(n.x, n.running, n.x); }), "with_update: the new value must have the state's type, got state f64[] and new value f64[2]");
}

}  // namespace
}  // namespace lanc
