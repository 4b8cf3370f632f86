#include <cmath>
#include <functional>
#include <limits>

#include <lanc/autodiff/gradients.h>
#include <lanc/models/losses.h>
#include <lanc/models/parameter.h>
#include <lanc/models/regularizers.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>

#include "run.h"

namespace lanc {
namespace {

using namespace models_test;

const std::vector<double> P = {0.5, -1.25, 2, 0.1, 0, -3}, T = {1, -1, 0.5, 0.1, 0.2, 0.3};

double softplus_of(double x) { return std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x))); }
double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// One loss and its derivative by one element, summed (or averaged) over the 3 features of 2 examples, then averaged over the examples.
struct ElementCase {
  const char* name;
  std::function<Value(Value, Value, LossOptions)> loss;
  double (*value)(double p, double t);
  double (*slope)(double p, double t);
  bool mean_of_features;
};

const ElementCase element_cases[] = {
    {"half_squared_error", [](Value p, Value t, LossOptions o) { return losses::half_squared_error(p, t, o); },
     [](double p, double t) { return 0.5 * (p - t) * (p - t); }, [](double p, double t) { return p - t; }, false},
    {"mse", [](Value p, Value t, LossOptions o) { return losses::mse(p, t, o); },
     [](double p, double t) { return (p - t) * (p - t); }, [](double p, double t) { return 2 * (p - t); }, true},
    {"mae", [](Value p, Value t, LossOptions o) { return losses::mae(p, t, o); },
     [](double p, double t) { return std::fabs(p - t); }, [](double p, double t) { return p > t ? 1.0 : p < t ? -1.0 : 0.0; }, true},
    {"l1", [](Value p, Value t, LossOptions o) { return losses::l1(p, t, o); },
     [](double p, double t) { return std::fabs(p - t); }, [](double p, double t) { return p > t ? 1.0 : p < t ? -1.0 : 0.0; }, false},
    {"huber", [](Value p, Value t, LossOptions o) { return losses::huber(p, t, 0.75, o); },
     [](double p, double t) { const double d = std::fabs(p - t); return d <= 0.75 ? 0.5 * d * d : 0.75 * (d - 0.375); },
     [](double p, double t) { return std::fmin(std::fmax(p - t, -0.75), 0.75); }, true},
    {"bce_with_logits", [](Value p, Value t, LossOptions o) { return losses::bce_with_logits(p, t, o); },
     [](double p, double t) { return softplus_of(p) - p * t; }, [](double p, double t) { return sigmoid_of(p) - t; }, true},
    {"hinge", [](Value p, Value t, LossOptions o) { return losses::hinge(p, t, o); },
     [](double p, double t) { return std::fmax(0, 1 - t * p); }, [](double p, double t) { return t * p < 1 ? -t : 0.0; }, true},
};

class ElementLoss : public testing::TestWithParam<ElementCase> {};

TEST_P(ElementLoss, EqualsItsFormula) {
  const ElementCase& c = GetParam();
  Graph g;
  const Value p = f64_of(g, {2, 3}, P), t = f64_of(g, {2, 3}, T);
  std::vector<double> examples(2), slopes;
  const double scale = c.mean_of_features ? 3 : 1;
  for (size_t i = 0; i < 6; ++i) {
    examples[i / 3] += c.value(P[i], T[i]) / scale;
    slopes.push_back(c.slope(P[i], T[i]) / scale / 2);
  }
  const Value loss = c.loss(p, t, {});
  EXPECT_EQ(loss.type().text(), "f64[]");
  EXPECT_NEAR(number_of(loss), (examples[0] + examples[1]) / 2, 1e-14);
  expect_near(value_of(gradient(loss, p)), slopes, 1e-14);
  EXPECT_NEAR(number_of(c.loss(p, t, {.reduction = Reduction::sum})), examples[0] + examples[1], 1e-14);
  expect_near(value_of(c.loss(p, t, {.reduction = Reduction::none})), examples, 1e-14);
}

TEST_P(ElementLoss, TakesWeightsAndAMask) {
  const ElementCase& c = GetParam();
  Graph g;
  const Value p = f64_of(g, {2, 3}, P), t = f64_of(g, {2, 3}, T), w = f64_of(g, {2}, {1, 3});
  const std::vector<double> l = doubles(value_of(c.loss(p, t, {.reduction = Reduction::none})));
  EXPECT_NEAR(number_of(c.loss(p, t, {.weights = w})), (l[0] + 3 * l[1]) / 4, 1e-14);
  EXPECT_NEAR(number_of(c.loss(p, t, {.reduction = Reduction::sum, .weights = w})), l[0] + 3 * l[1], 1e-14);
  const Value mask = constant(g, Tensor::of<uint8_t>({2}, {0, 1}).to(boolean));
  EXPECT_NEAR(number_of(c.loss(p, t, {.mask = mask})), l[1], 1e-14);
  EXPECT_NEAR(number_of(c.loss(p, t, {.reduction = Reduction::sum, .weights = w, .mask = mask})), 3 * l[1], 1e-14);
  EXPECT_EQ(number_of(c.loss(p, t, {.mask = constant(g, Tensor(boolean, {2}))})), 0);
}

TEST_P(ElementLoss, NeverBroadcasts) {
  const ElementCase& c = GetParam();
  Graph g;
  const Value p = f64_of(g, {2, 3}, P), row = f64_of(g, {3}, {1, 2, 3}), column = f64_of(g, {2, 1}, {1, 2});
  EXPECT_HAS(error_of([&] { c.loss(p, row, {}); }), std::string(c.name) + ": ");
  EXPECT_HAS(error_of([&] { c.loss(p, row, {}); }), " and target must have one shape, got ");
  EXPECT_HAS(error_of([&] { c.loss(p, row, {}); }), "f64[2,3] and target f64[3]");
  EXPECT_HAS(error_of([&] { c.loss(p, column, {}); }), "f64[2,3] and target f64[2,1]");
}

INSTANTIATE_TEST_SUITE_P(All, ElementLoss, testing::ValuesIn(element_cases), [](const auto& each) { return std::string(each.param.name); });

TEST(Losses, NameTheLinesOfBothOperands) {
  Graph g;
  const Value p = f64_of(g, {2, 3}, P);
  const int line = __LINE__; const Value t = g.input("t", f64, {2});
  const std::string error = error_of([&] { losses::mse(p, t); });
  EXPECT_EQ(error, "mse: prediction and target must have one shape, got prediction f64[2,3] and target f64[2]\n  prediction built at run.h:" +
                       std::to_string(p.node().origin->user.line) + ", target at losses_test.cpp:" + std::to_string(line) + "; mse at losses_test.cpp:" +
                       std::to_string(line + 1));
}

TEST(Losses, CheckSizesThatAreNotKnownYetWhenDimsAreBound) {
  Graph g;
  const Value p = g.input("p", f32, {g.dim("n")}), t = g.input("t", f32, {g.dim("m")});
  const Value loss = losses::mse(p, t);
  const Graph taken = extract(g, {p, t}, {loss}, {});
  bind_dims(taken, {{"n", 3}, {"m", 3}});
  EXPECT_HAS(error_of([&] { bind_dims(taken, {{"n", 3}, {"m", 4}}); }), "mse: prediction and target must have one shape, got prediction f32[n] and target f32[m]");
}

TEST(Losses, ExplainWhatTheyCannotTake) {
  Graph g;
  const Value p = f64_of(g, {2, 3}, P), t = f64_of(g, {2, 3}, T), whole = i32_of(g, {2, 3}, {0, 1, 2, 0, 1, 2}), two = f64_of(g, {2}, {1, 1});
  EXPECT_HAS(error_of([&] { losses::mse(whole, t); }), "mse: prediction must be of a float dtype, got i32[2,3]");
  EXPECT_HAS(error_of([&] { losses::huber(p, t, 0.0); }), "huber: delta must be positive, got 0");
  EXPECT_HAS(error_of([&] { losses::mse(p, t, {.weights = t}); }), "mse: the examples' losses and weights must have one shape, got the examples' losses f64[2] and weights f64[2,3]");
  EXPECT_HAS(error_of([&] { losses::mse(p, t, {.mask = two}); }), "mse: mask must be bool, got f64[2]");
}

TEST(Losses, TakeANumberAsTarget) {
  Graph g;
  EXPECT_NEAR(number_of(losses::bce_with_logits(f64_of(g, {2}, {0, 3}), 1.0)), (std::log(2) + softplus_of(-3)) / 2, 1e-14);
}

TEST(Losses, OfSixteenBitPredictionsAreF32) {
  Graph g;
  const Value p = g.input("p", bf16, {4, 3});
  EXPECT_EQ(losses::mse(p, p).type().text(), "f32[]");
  EXPECT_EQ(losses::softmax_cross_entropy(p, g.input("y", i64, {4})).type().text(), "f32[]");
}

// Exact where naive forms overflow or cancel, with exact derivatives of the first and second order at 0.
TEST(BceWithLogits, IsStableAndSmooth) {
  Graph g;
  const Value x = f64_of(g, {5}, {800, -800, 40, -40, 0}), t = f64_of(g, {5}, {1, 0, 1, 0, 1});
  const Value loss = losses::bce_with_logits(x, t, {.reduction = Reduction::none});
  const double tail = std::exp(-40);
  const std::vector<double> l = doubles(value_of(loss));
  EXPECT_EQ(l[0], 0);
  EXPECT_EQ(l[1], 0);
  EXPECT_NEAR(l[2], tail, 1e-12 * tail);
  EXPECT_NEAR(l[3], tail, 1e-12 * tail);
  EXPECT_NEAR(l[4], std::log(2), 1e-15);
  const Value first = gradient(sum(loss), x);
  EXPECT_NEAR(value_of(first).at(4), -0.5, 1e-15);
  EXPECT_NEAR(value_of(gradient(sum(first), x)).at(4), 0.25, 1e-15);
}

const std::vector<double> X = {1, 2, 3, -1, 0.5, 0, 1000, 0, -1000, 5, 5, 5};

std::vector<double> softmax_row(size_t row) {
  double top = -std::numeric_limits<double>::infinity(), total = 0;
  for (size_t i = 0; i < 3; ++i) top = std::fmax(top, X[3 * row + i]);
  std::vector<double> s;
  for (size_t i = 0; i < 3; ++i) total += std::exp(X[3 * row + i] - top);
  for (size_t i = 0; i < 3; ++i) s.push_back(std::exp(X[3 * row + i] - top) / total);
  return s;
}

TEST(SoftmaxCrossEntropy, OfLabelsEqualsItsFormula) {
  Graph g;
  const Value x = f64_of(g, {4, 3}, X), y = i32_of(g, {4}, {2, 0, 1, 1});
  const Value each = losses::softmax_cross_entropy(x, y, {.reduction = Reduction::none});
  const std::vector<double> l = {-std::log(softmax_row(0)[2]), -std::log(softmax_row(1)[0]), 1000, std::log(3)};
  expect_near(value_of(each), l, 1e-13);
  const Value loss = losses::softmax_cross_entropy(x, y);
  EXPECT_NEAR(number_of(loss), (l[0] + l[1] + l[2] + l[3]) / 4, 1e-13);
  std::vector<double> slopes;
  const size_t labels[] = {2, 0, 1, 1};
  for (size_t row = 0; row < 4; ++row)
    for (size_t i = 0; i < 3; ++i) slopes.push_back((softmax_row(row)[i] - (i == labels[row] ? 1 : 0)) / 4);
  expect_near(value_of(gradient(loss, x)), slopes, 1e-15);
}

TEST(SoftmaxCrossEntropy, OfADistributionEqualsItsFormula) {
  Graph g;
  const Value x = f64_of(g, {2, 3}, {1, 2, 3, -1, 0.5, 0}), q = f64_of(g, {2, 3}, {0.2, 0.3, 0.5, 1, 0, 0});
  const double weights[] = {0.2, 0.3, 0.5};
  double first = 0;
  for (size_t i = 0; i < 3; ++i) first -= weights[i] * std::log(softmax_row(0)[i]);
  const Value loss = losses::softmax_cross_entropy(x, q);
  EXPECT_NEAR(number_of(loss), (first - std::log(softmax_row(1)[0])) / 2, 1e-14);
  std::vector<double> slopes;
  for (size_t i = 0; i < 3; ++i) slopes.push_back((softmax_row(0)[i] - weights[i]) / 2);
  for (size_t i = 0; i < 3; ++i) slopes.push_back((softmax_row(1)[i] - (i == 0 ? 1 : 0)) / 2);
  expect_near(value_of(gradient(loss, x)), slopes, 1e-15);
}

// d2/dx2 of the loss of one example is diag(s) - s s^T.
TEST(SoftmaxCrossEntropy, HasItsSecondDerivative) {
  Graph g;
  const Value x = f64_of(g, {1, 3}, {1, 2, 3}), direction = f64_of(g, {1, 3}, {1, -2, 0.5});
  const Value loss = losses::softmax_cross_entropy(x, i32_of(g, {1}, {1}));
  const std::vector<double> s = softmax_row(0), d = {1, -2, 0.5};
  double mean = 0;
  for (size_t i = 0; i < 3; ++i) mean += s[i] * d[i];
  expect_near(value_of(hvp(loss, {x}, {direction})[0]), {s[0] * (d[0] - mean), s[1] * (d[1] - mean), s[2] * (d[2] - mean)}, 1e-14);
}

TEST(SoftmaxCrossEntropy, OfSequencesTakesTheMeanOverAllTokens) {
  Graph g;
  const Value x = f64_of(g, {2, 2, 3}, X), y = i32_of(g, {2, 2}, {2, 0, 1, 1});
  const Value mask = constant(g, Tensor::of<uint8_t>({2, 2}, {1, 1, 0, 0}).to(boolean));
  EXPECT_NEAR(number_of(losses::softmax_cross_entropy(x, y, {.mask = mask})), (-std::log(softmax_row(0)[2]) - std::log(softmax_row(1)[0])) / 2, 1e-14);
}

TEST(SoftmaxCrossEntropy, OfALabelOutOfRangeIsNotANumberUnlessMasked) {
  Graph g;
  const Value x = f64_of(g, {2, 3}, {1, 2, 3, -1, 0.5, 0});
  const Value mask = constant(g, Tensor::of<uint8_t>({2}, {1, 0}).to(boolean));
  for (int32_t label : {-1, 3}) {
    const Value y = i32_of(g, {2}, {2, label});
    EXPECT_TRUE(std::isnan(number_of(losses::softmax_cross_entropy(x, y))));
    const Value loss = losses::softmax_cross_entropy(x, y, {.mask = mask});
    EXPECT_NEAR(number_of(loss), -std::log(softmax_row(0)[2]), 1e-14);
    expect_near(value_of(gradient(loss, x)), {softmax_row(0)[0], softmax_row(0)[1], softmax_row(0)[2] - 1, 0, 0, 0}, 1e-15);
  }
}

TEST(SoftmaxCrossEntropy, TakesLabelsOfAnyIntegerType) {
  Graph g;
  const Value x = f64_of(g, {2, 3}, {1, 2, 3, -1, 0.5, 0});
  const double wanted = number_of(losses::softmax_cross_entropy(x, i32_of(g, {2}, {2, 0})));
  for (DType t : {i64, u8}) EXPECT_EQ(number_of(losses::softmax_cross_entropy(x, constant(g, Tensor::of<int32_t>({2}, {2, 0}).to(t)))), wanted);
}

TEST(SoftmaxCrossEntropy, ExplainsWrongTargets) {
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 10}), scalar = g.input("s", f32, {}), open = g.input("o", f32, {10, batch});
  EXPECT_HAS(error_of([&] { losses::softmax_cross_entropy(x, g.input("a", i32, {batch, 1})); }),
             "softmax_cross_entropy: labels must have the shape of the logits without their last axis, got logits f32[batch,10] and labels i32[batch,1]\n  logits built at ");
  EXPECT_HAS(error_of([&] { losses::softmax_cross_entropy(x, g.input("b", f32, {batch})); }),
             "softmax_cross_entropy: the target must be integer labels, one per example, or a float distribution of the logits' shape, got logits f32[batch,10] and target f32[batch]");
  EXPECT_HAS(error_of([&] { losses::softmax_cross_entropy(x, g.input("c", f32, {batch, 9})); }),
             "softmax_cross_entropy: logits and target must have one shape, got logits f32[batch,10] and target f32[batch,9]");
  EXPECT_HAS(error_of([&] { losses::softmax_cross_entropy(scalar, g.input("d", i32, {})); }),
             "softmax_cross_entropy: logits must have the classes as last axis, their count a positive number, got f32[]");
  EXPECT_HAS(error_of([&] { losses::softmax_cross_entropy(open, g.input("e", i32, {10})); }), "their count a positive number, got f32[10,batch]");
}

TEST(Nll, PicksTheLabelsLogProbability) {
  Graph g;
  const Value p = f64_of(g, {2, 3}, {-1, -2, -3, -4, -5, -6});
  const Value loss = losses::nll(p, i32_of(g, {2}, {1, 2}));
  EXPECT_EQ(number_of(loss), 4);
  expect_near(value_of(gradient(loss, p)), {0, -0.5, 0, 0, 0, -0.5}, 0);
  EXPECT_HAS(error_of([&] { losses::nll(p, p); }), "nll: labels must be integers, one per example, got log_probabilities f64[2,3] and labels f64[2,3]");
}

TEST(KlDivergence, EqualsItsFormulaAndTakesZeros) {
  Graph g;
  const Value p = f64_of(g, {2, 2}, {std::log(0.25), std::log(0.75), std::log(0.5), std::log(0.5)}), t = f64_of(g, {2, 2}, {0.5, 0.5, 0, 1});
  const Value loss = losses::kl_divergence(p, t);
  EXPECT_NEAR(number_of(loss), (0.5 * std::log(2) + 0.5 * std::log(0.5 / 0.75) + std::log(2)) / 2, 1e-15);
  expect_near(value_of(gradient(loss, p)), {-0.25, -0.25, 0, -0.5}, 1e-15);
}

TEST(Regularizers, EqualTheirFormulas) {
  Graph g;
  const Value a = parameter(g.scope("net"), "a", {2}, initializers::constant(-3), f64), b = parameter(g.scope("net"), "b", {}, initializers::constant(2), f64);
  EXPECT_EQ(number_of(regularizers::l2({a, b})), 11);
  EXPECT_EQ(number_of(regularizers::l1(g.parameters("net/**"))), 8);
  EXPECT_EQ(number_of(regularizers::elastic_net({a, b}, {.l1 = 0.5, .l2 = 2})), 26);
  expect_near(value_of(gradient(regularizers::l2({a, b}), a)), {-3, -3}, 0);
  expect_near(value_of(gradient(regularizers::l1({a, b}), a)), {-1, -1}, 0);
  EXPECT_HAS(error_of([&] { regularizers::l2({}); }), "l2: at least one value is needed, got an empty list\n  l2 at losses_test.cpp:");
}

}  // namespace
}  // namespace lanc
