// custom_vjp: a composition whose derivative is the user's. The derivatives here are wrong on purpose, so that the forward's own would be seen.
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;

using Values = std::vector<Value>;

std::string at(int line) { return "custom_vjp_test.cpp:" + std::to_string(line); }

Value squared(const Value& x, const std::string& name, double derivative) {
  return custom_vjp(name, {x}, [](const Values& in) { return Values{in[0] * in[0]}; },
                    [derivative](const Values&, const Values&, const Values& dy) { return Cotangents{dy[0] * derivative}; })[0];
}

TEST(CustomVjp, UsesItsOwnDerivativeAndNotTheForwards) {
  Graph g;
  const Value x = g.input("x", f64, {2});
  const Value y = squared(x, "square_as_7x", 7);
  const Value dx = gradient(sum(y), x);
  for (const Device device : {Device::cpu(), Device::reference()}) {
    const Results got = Session(g, {.device = device}).eval({y, dx}, {{x, tensor({2}, {3, -2})}});
    expect_near({got[0]}, {tensor({2}, {9, 4})}, 0);
    expect_near({got[1]}, {tensor({2}, {7, 7})}, 0);
  }
}

// With a cotangent of 5 and of a value that is used twice.
TEST(CustomVjp, PassesTheCotangentOn) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value y = squared(x, "f", 7);
  const Value dx = gradient(5.0 * y + x * y, x);  // 5 * 7 + y + x * 7
  EXPECT_EQ(Session(g).eval({dx}, {{x, Tensor::scalar(3.0)}})[0].item<double>(), 35 + 9 + 21);
}

TEST(CustomVjp, ItsBackwardReadsInputsAndOutputs) {
  Graph g;
  const Value x = g.input("x", f64, {3}), y = g.input("y", f64, {3});
  const Value z = custom_vjp("exp_of_product", {x, y}, [](const Values& in) { return Values{exp(in[0] * in[1])}; },
                             [](const Values& in, const Values& out, const Values& dz) {
                               return Cotangents{dz[0] * out[0] * in[1], dz[0] * out[0] * in[0]};
                             })[0];
  const Tensor a = wave({3}, 0.2), b = wave({3}, 1.4);
  const Results got = Session(g).eval(gradients(sum(z), {x, y}), {{x, a}, {y, b}});
  Tensor dx(f64, {3}), dy(f64, {3});
  for (int64_t i = 0; i < 3; ++i) {
    dx.set(i, std::exp(a.at(i) * b.at(i)) * b.at(i));
    dy.set(i, std::exp(a.at(i) * b.at(i)) * a.at(i));
  }
  expect_near(got, {dx, dy}, closed_form);
}

// (x, w) -> (x * w, sums of the rows of x): with the true derivative it is the composition's.
Values scaled_and_summed(const Value& x, const Value& w) {
  return custom_vjp("scaled_and_summed", {x, w},
                    [](const Values& in) { return Values{in[0] * in[1], sum(in[0], {.axes = {1}})}; },
                    [](const Values& in, const Values&, const Values& d) {
                      return Cotangents{d[0] * in[1] + broadcast_to(d[1], in[0].shape(), {0}), sum(d[0] * in[0], {.axes = {0}})};
                    });
}

TEST(CustomVjp, HasSeveralInputsAndOutputs) {
  Graph g;
  const Value x = g.input("x", f64, {2, 3}), w = g.input("w", f64, {3}), c = g.input("c", f64, {2, 3}), d = g.input("d", f64, {2});
  const Values own = vjp(scaled_and_summed(x, w), {x, w}, {c, d});
  const Values plain = vjp({x * w, sum(x, {.axes = {1}})}, {x, w}, {c, d});
  const Feeds feeds = {{x, wave({2, 3}, 0)}, {w, wave({3}, 1)}, {c, wave({2, 3}, 2)}, {d, wave({2}, 3)}};
  expect_near(Session(g).eval(own, feeds), Session(g).eval(plain, feeds), closed_form);
}

// d/dx of the second output is 1 everywhere; nothing comes from the first.
TEST(CustomVjp, GetsZerosForAnOutputThatNothingUses) {
  Graph g;
  const Value x = g.input("x", f64, {2, 3}), w = g.input("w", f64, {3});
  const Values out = scaled_and_summed(x, w);
  const Results got = Session(g).eval(gradients(sum(out[1]), {x, w}), {{x, wave({2, 3}, 0)}, {w, wave({3}, 1)}});
  expect_near(got, {tensor({2, 3}, {1, 1, 1, 1, 1, 1}), tensor({3}, {0, 0, 0})}, 0);
}

// The derivative of y = e^x is said to be 2y, so that the n-th is 2^n e^x: each order goes through the backward again.
TEST(CustomVjp, OfAnyOrderGoesThroughItsBackward) {
  Graph g;
  const Value x = g.input("x", f64, {});
  Value d = custom_vjp("doubled_exp", {x}, [](const Values& in) { return Values{exp(in[0])}; },
                       [](const Values&, const Values& out, const Values& dy) { return Cotangents{2.0 * out[0] * dy[0]}; })[0];
  Values orders;
  for (int n = 1; n <= 4; ++n) orders.push_back(d = gradient(d, x));
  const Results got = Session(g).eval(orders, {{x, Tensor::scalar(0.5)}});
  for (int n = 1; n <= 4; ++n) EXPECT_NEAR(got[static_cast<size_t>(n - 1)].item<double>(), std::pow(2, n) * std::exp(0.5), 1e-12) << n;
}

TEST(CustomVjp, HasAForwardModeByItsBackward) {
  Graph g;
  const Value x = g.input("x", f64, {2}), t = g.input("t", f64, {2});
  const Value along = jvp({squared(x, "f", 7)}, {x}, {t})[0];
  expect_near(Session(g).eval({along}, {{x, tensor({2}, {1, 2})}, {t, tensor({2}, {10, -1})}}), {tensor({2}, {70, -7})}, 0);
}

Value first_only(const Value& x, const Value& y) {
  return custom_vjp("first_only", {x, y}, [](const Values& in) { return Values{in[0] * in[1]}; },
                    [](const Values& in, const Values&, const Values& dz) { return Cotangents{dz[0] * in[1], std::nullopt}; })[0];
}

TEST(CustomVjp, AMissingCotangentIsZero) {
  Graph g;
  const Value x = g.input("x", f64, {}), y = g.input("y", f64, {});
  const Value z = first_only(x, y);
  const Values through = gradients(z, {x, y}, Unreached::zeros);
  const Value beside = gradient(z + 3.0 * y, y);
  const Results got = Session(g).eval({through[0], through[1], beside}, {{x, Tensor::scalar(4.0)}, {y, Tensor::scalar(5.0)}});
  EXPECT_EQ(got[0].item<double>(), 5);
  EXPECT_EQ(got[1].item<double>(), 0);
  EXPECT_EQ(got[2].item<double>(), 3);
}

TEST(CustomVjp, AMissingCotangentIsNamedWhereADerivativeIsWanted) {
  Graph g;
  const Value x = g.input("x", f64, {}), y = g.input("y", f64, {});
  const Value z = first_only(x, y);
  const std::string text = message_of([&] { gradient(z, y); });
  EXPECT_TRUE(begins(text, "gradients: the output must depend on every wanted value, got 'y', whose way ends at first_only: nothing flows back")) << text;
}

TEST(CustomVjp, TakesIntegersThatHaveNoCotangent) {
  Graph g;
  const Value table = g.input("table", f64, {4}), ids = g.input("ids", i32, {3});
  const auto picked = [&](bool with_integers) {
    return custom_vjp("picked", {table, ids}, [](const Values& in) { return Values{take(in[0], in[1])}; },
                      [with_integers](const Values& in, const Values&, const Values& dy) {
                        return Cotangents{full_like(in[0], sum(dy[0])), with_integers ? std::optional(in[1]) : std::nullopt};
                      })[0];
  };
  const Results got = Session(g).eval({gradient(sum(picked(false)), table), gradient(sum(picked(true)), table)},
                                      {{table, wave({4}, 0)}, {ids, Tensor::of<int32_t>({3}, {0, 3, 3})}});
  expect_near(got, {tensor({4}, {3, 3, 3, 3}), tensor({4}, {3, 3, 3, 3})}, 0);
}

TEST(CustomVjp, TwoOfOneNameKeepTheirOwnDerivatives) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value dx = gradient(squared(x, "f", 7) + squared(x, "f", 100), x);
  EXPECT_EQ(Session(g).eval({dx}, {{x, Tensor::scalar(3.0)}})[0].item<double>(), 107);
}

TEST(CustomVjp, IsItsForwardWhereNothingIsDifferentiated) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Function f = Session(g).function({x}, {squared(x, "f", 7)});
  EXPECT_EQ(to_text(f.graph()).find("f("), std::string::npos) << to_text(f.graph());
  EXPECT_EQ(f(Tensor::scalar(3.0))[0].item<double>(), 9);
}

// The inner one's derivative is not used where the outer one has its own, and is where the outer's backward builds it.
TEST(CustomVjp, WithinAnother) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value y = custom_vjp("outer", {x}, [](const Values& in) { return Values{squared(in[0], "inner", 7) + 1.0}; },
                             [](const Values& in, const Values&, const Values& dy) { return Cotangents{dy[0] * squared(in[0], "again", 100)}; })[0];
  const Value dx = gradient(y, x), ddx = gradient(dx, x);
  const Results got = Session(g).eval({y, dx, ddx}, {{x, Tensor::scalar(3.0)}});
  EXPECT_EQ(got[0].item<double>(), 10);
  EXPECT_EQ(got[1].item<double>(), 9);
  EXPECT_EQ(got[2].item<double>(), 100);
}

// The line is that of custom_vjp: the backward belongs to it, wherever gradients are asked for.
TEST(CustomVjp, AWrongNumberOfCotangentsNamesTheUsersLine) {
  Graph g;
  const Value x = g.input("x", f64, {2}), y = g.input("y", f64, {2});
  const auto forward = [](const Values& in) { return Values{in[0] * in[1]}; };
  const auto one = [](const Values&, const Values&, const Values& dy) { return Cotangents{dy[0]}; };
  const int line = __LINE__ + 1;
  const Value z = custom_vjp("pair", {x, y}, forward, one)[0];
  EXPECT_EQ(message_of([&] { gradient(sum(z), x); }),
            "custom_vjp 'pair': backward must return one cotangent per input, got 1 for 2\n  custom_vjp at " + at(line));
}

TEST(CustomVjp, AWrongTypeOfACotangentNamesTheUsersLine) {
  Graph g;
  const Value x = g.input("x", f64, {2});
  const auto forward = [](const Values& in) { return Values{in[0] * in[0]}; };
  const auto total = [](const Values&, const Values&, const Values& dy) { return Cotangents{sum(dy[0])}; };
  const auto single = [](const Values&, const Values&, const Values& dy) { return Cotangents{cast(dy[0], f32)}; };
  const int line = __LINE__ + 1;
  const Value shape = custom_vjp("shape", {x}, forward, total)[0], dtype = custom_vjp("dtype", {x}, forward, single)[0];
  EXPECT_EQ(message_of([&] { gradient(sum(shape), x); }),
            "custom_vjp 'shape': a cotangent must have its input's type f64[2], got f64[] for input 0\n  custom_vjp at " + at(line));
  EXPECT_EQ(message_of([&] { gradient(sum(dtype), x); }),
            "custom_vjp 'dtype': a cotangent must have its input's type f64[2], got f32[2] for input 0\n  custom_vjp at " + at(line));
}

TEST(CustomVjp, ACotangentOfAnotherGraphNamesTheUsersLine) {
  Graph g, other;
  const Value x = g.input("x", f64, {2}), foreign = other.input("foreign", f64, {2});
  const auto forward = [](const Values& in) { return Values{in[0] * in[0]}; };
  const auto backward = [&](const Values&, const Values&, const Values&) { return Cotangents{foreign}; };
  const int line = __LINE__ + 1;
  const Value y = custom_vjp("lost", {x}, forward, backward)[0];
  EXPECT_EQ(message_of([&] { gradient(sum(y), x); }),
            "custom_vjp 'lost': cotangents must belong to the graph of the inputs, got a value of another graph\n  custom_vjp at " + at(line));
}

TEST(CustomVjp, AMistakeWithinTheBackwardNamesTheUsersLine) {
  Graph g;
  const Value x = g.input("x", f64, {2, 3});
  const auto forward = [](const Values& in) { return Values{in[0] * in[0]}; };
  const auto backward = [](const Values& in, const Values&, const Values& dy) { return Cotangents{matmul(dy[0], in[0])}; };
  const int line = __LINE__ + 1;
  const Value y = custom_vjp("product", {x}, forward, backward)[0];
  const std::string text = message_of([&] { gradient(sum(y), x); });
  EXPECT_TRUE(begins(text, "matmul: inner dimensions must be equal, got lhs f64[2,3] and rhs f64[2,3]")) << text;
  EXPECT_TRUE(holds(text, "backward of product at " + at(line))) << text;
}

TEST(CustomVjp, NeedsAnInputAndAnOutput) {
  Graph g;
  const Value x = g.input("x", f64, {2});
  const auto none = [](const Values&) { return Values{}; };
  const auto backward = [](const Values&, const Values&, const Values& dy) { return Cotangents(dy.begin(), dy.end()); };
  const int line = __LINE__ + 1;
  const std::string text = message_of([&] { custom_vjp("none", {x}, none, backward); });
  EXPECT_EQ(text, "custom_vjp 'none': forward must return at least one value, got none\n  custom_vjp at " + at(line));
  EXPECT_TRUE(begins(message_of([&] { custom_vjp("none", {}, none, backward); }), "custom_vjp: at least one input is needed, got none\n  custom_vjp at "));
}

// Rounding with the derivative of the identity (the straight-through estimator): gradient descent on (round(w) - target)^2 with rate 1/4
// takes w <- w - (round(w) - target) / 2, which its own derivative, 0, would not.
TEST(CustomVjp, WithinAMinimizedLoss) {
  Graph g;
  const Value w = parameter(g.scope("w"), "weight", {2}, initializers::constant(0.0), f64);
  const Value target = g.input("target", f64, {2});
  const Value rounded = custom_vjp("straight_through", {w}, [](const Values& in) { return Values{round(in[0])}; },
                                   [](const Values&, const Values&, const Values& dy) { return Cotangents{dy[0]}; })[0];
  const Value loss = sum(square(rounded - target));
  const Session session(g);
  const Function step = session.function({target}, {loss}, optimizers::sgd({.learning_rate = 0.25}).minimize(loss));
  std::vector<double> expected = {0, 0};
  const std::vector<double> goal = {5, -3};
  for (int call = 0; call < 6; ++call) {
    double loss_before = 0;
    for (size_t i = 0; i < 2; ++i) {
      const double off = std::nearbyint(expected[i]) - goal[i];
      loss_before += off * off;
      expected[i] -= off / 2;
    }
    EXPECT_EQ(step(tensor({2}, goal))[0].item<double>(), loss_before) << call;
    expect_near({session.get(w)}, {tensor({2}, expected)}, 0);
  }
}

}  // namespace
}  // namespace lanc
