// Every loss: values and gradients against PyTorch's (scripts/reference/loss_values.py), second derivatives by finite differences, weights,
// masks and reductions, extreme logits against 60 digits, dtypes, and what a mistake is told.
#include <lanc/tests/models/support.h>

#include <algorithm>
#include <functional>
#include <limits>

namespace lanc {
namespace {

using testing_models::evaluate;
using testing_models::numbers;
using testing_models::stored;
using testing_models::tensor_of;
using testing_models::wave;

using Build = std::function<Value(const Value& prediction, const Value& target, const LossOptions& options)>;

const std::vector<std::pair<std::string, Build>>& all_losses() {
  using V = const Value&;
  using O = const LossOptions&;
  static const std::vector<std::pair<std::string, Build>> all = {
      {"half_squared_error", [](V p, V t, O o) { return losses::half_squared_error(p, t, o); }},
      {"mse", [](V p, V t, O o) { return losses::mse(p, t, o); }},
      {"mae", [](V p, V t, O o) { return losses::mae(p, t, o); }},
      {"l1", [](V p, V t, O o) { return losses::l1(p, t, o); }},
      {"huber", [](V p, V t, O o) { return losses::huber(p, t, 0.7, o); }},
      {"bce_with_logits", [](V p, V t, O o) { return losses::bce_with_logits(p, t, o); }},
      {"hinge", [](V p, V t, O o) { return losses::hinge(p, t, o); }},
      {"softmax_cross_entropy_labels", [](V p, V t, O o) { return losses::softmax_cross_entropy(p, t, o); }},
      {"softmax_cross_entropy", [](V p, V t, O o) { return losses::softmax_cross_entropy(p, t, o); }},
      {"nll", [](V p, V t, O o) { return losses::nll(p, t, o); }},
      {"kl_divergence", [](V p, V t, O o) { return losses::kl_divergence(p, t, o); }},
  };
  return all;
}

const Build& loss_of(const std::string& name) {
  for (const auto& [known, build] : all_losses())
    if (known == name) return build;
  throw std::runtime_error("no loss " + name);
}

bool takes_labels(const std::string& loss) { return loss == "softmax_cross_entropy_labels" || loss == "nll"; }

// One stored case as a graph, in this dtype.
struct Case {
  Case(const nlohmann::json& stored_case, DType dtype)
      : name(stored_case["loss"]), sizes(stored_case["shape"].get<Sizes>()), examples(stored_case["examples"].get<Sizes>()),
        prediction(g.input("p", dtype, shape_of(sizes))), target(g.input("t", takes_labels(name) ? i32 : dtype, shape_of(takes_labels(name) ? examples : sizes))) {
    const std::string how = stored_case["reduction"];
    options.reduction = how == "mean" ? Reduction::mean : how == "sum" ? Reduction::sum : Reduction::none;
    feed(prediction, stored_case["prediction"]);
    feed(target, stored_case["target"]);
    if (!stored_case["weights"].is_null()) feed(*(options.weights = g.input("w", dtype, shape_of(examples))), stored_case["weights"]);
    if (!stored_case["mask"].is_null()) feed(*(options.mask = g.input("m", boolean, shape_of(examples))), stored_case["mask"]);
  }
  static Shape shape_of(const Sizes& sizes) { return {sizes.begin(), sizes.end()}; }
  static Sizes sizes_of_value(const Value& v) {
    Sizes out;
    for (const Dim& d : v.shape()) out.push_back(d.number());
    return out;
  }
  void feed(const Value& v, const nlohmann::json& values) {
    std::vector<double> flat;
    for (const auto& x : values) flat.push_back(x.is_boolean() ? (x.get<bool>() ? 1.0 : 0.0) : x.get<double>());
    feeds.emplace_back(v, tensor_of(v.dtype(), sizes_of_value(v), flat));
  }
  Value loss() const { return loss_of(name)(prediction, target, options); }
  // A scalar whose gradient is that of the stored results: <loss, direction>.
  Value scalar(const Value& y) {
    const Value direction = constant(g, wave(y.dtype(), sizes_of_value(y), 0.7));
    return sum(y * direction);
  }

  Graph g;
  std::string name;
  Sizes sizes, examples;
  Value prediction, target;
  LossOptions options;
  Feeds feeds;
};

void expect_near(const Tensor& got, const nlohmann::json& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(static_cast<size_t>(got.numel()), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double e = expected[i];
    ASSERT_NEAR(got.at(static_cast<int64_t>(i)), e, tolerance * (1 + std::abs(e))) << what << " [" << i << "]";
  }
}

void compare(const nlohmann::json& c, DType dtype, double tolerance) {
  Case k(c, dtype);
  const std::string what = k.name + " " + c["reduction"].get<std::string>() + (c["weights"].is_null() ? "" : " weighted") + (c["mask"].is_null() ? "" : " masked");
  const Value y = k.loss();
  EXPECT_EQ(y.dtype(), compute_type(dtype)) << what;
  std::vector<Value> wanted = {y, gradient(k.scalar(y), k.prediction)};
  if (!c["d_target"].is_null()) wanted.push_back(gradient(k.scalar(y), k.target));
  const Results r = evaluate(wanted, k.feeds);
  EXPECT_EQ(r[1].dtype(), dtype) << what;
  expect_near(r[0], c["value"], tolerance, what + " value");
  expect_near(r[1], c["d_prediction"], tolerance, what + " d_prediction");
  if (!c["d_target"].is_null()) expect_near(r[2], c["d_target"], tolerance, what + " d_target");
}

const nlohmann::json& data() {
  static const nlohmann::json loaded = stored("losses.json");
  return loaded;
}

class AgainstTorch : public testing::Test {
 public:
  AgainstTorch(std::string loss, DType dtype, double tolerance) : loss_(std::move(loss)), dtype_(dtype), tolerance_(tolerance) {}
  void TestBody() override {
    int compared = 0;
    for (const auto& c : data()["cases"]) {
      if (c["loss"] != loss_) continue;
      compare(c, dtype_, tolerance_);
      if (HasFatalFailure()) return;
      ++compared;
    }
    EXPECT_GE(compared, 24);
  }

 private:
  std::string loss_;
  DType dtype_;
  double tolerance_;
};

const bool registered = [] {
  // f32: 20 additions of rounded terms. bf16: inputs and gradients are rounded to 8 bits; the loss itself is computed in f32.
  const std::vector<std::pair<DType, double>> dtypes = {{f64, 1e-13}, {f32, 5e-6}, {bf16, 4e-2}, {f16, 5e-3}};
  for (const auto& [loss, build] : all_losses())
    for (const auto& [dtype, tolerance] : dtypes)
      testing::RegisterTest("LossEqualsTorch", (loss + "_" + std::string(name_of(dtype))).c_str(), nullptr, nullptr, __FILE__, __LINE__,
                            [loss, dtype, tolerance] { return new AgainstTorch(loss, dtype, tolerance); });
  return true;
}();

// The Hessian along a direction, against central differences of the gradient: error of order h^2 = 1e-10 and rounding 1e-16 / h = 1e-11.
TEST(Loss, SecondDerivativesAreTheGradientsDifferences) {
  int compared = 0;
  for (const auto& c : data()["cases"]) {
    if (c["shape"] != Sizes{4, 3} || c["reduction"] != "mean" || c["weights"].is_null() || c["mask"].is_null()) continue;
    Case k(c, f64);
    const Value loss = k.loss(), d = gradient(loss, k.prediction);
    const Tensor along = wave(f64, k.sizes, 2.5);
    const Value second = gradient(sum(d * constant(k.g, along)), k.prediction, Unreached::zeros);
    const Session session(k.g);
    const Function f = session.function({k.prediction, k.target, *k.options.weights, *k.options.mask}, {d});
    std::vector<Tensor> feeds;
    for (const auto& [value, tensor] : k.feeds) feeds.push_back(tensor);
    constexpr double h = 1e-5;
    const auto gradient_at = [&](double sign) {
      std::vector<Tensor> moved = feeds;
      moved[0] = feeds[0].clone();
      for (int64_t i = 0; i < along.numel(); ++i) moved[0].set(i, feeds[0].at(i) + sign * h * along.at(i));
      return numbers(f(moved)[0]);
    };
    const std::vector<double> up = gradient_at(1), down = gradient_at(-1), got = numbers(session.eval({second}, k.feeds)[0]);
    for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], (up[i] - down[i]) / (2 * h), 1e-8) << k.name << " [" << i << "]";
    ++compared;
  }
  EXPECT_EQ(compared, static_cast<int>(all_losses().size()));
}

TEST(Loss, OfExtremeLogitsIsExact) {
  for (const auto& c : data()["extreme"]["bce_with_logits"]) {
    Graph g;
    const Value x = g.input("x", f64, {});
    const Value y = losses::bce_with_logits(x, c["t"].get<double>());
    const Results r = evaluate({y, gradient(y, x)}, {{x, Tensor::scalar(c["x"].get<double>())}});
    const double value = c["value"], slope = c["gradient"];
    EXPECT_NEAR(r[0].item<double>(), value, std::max(4e-16 * std::abs(value), 1e-307)) << c;  // numbers below the normal ones are 0
    EXPECT_NEAR(r[1].item<double>(), slope, 4e-16) << c;
  }
  for (const auto& c : data()["extreme"]["softmax_cross_entropy"]) {
    const auto logits = c["x"].get<std::vector<double>>();
    for (const DType dtype : {f64, f32}) {
      Graph g;
      const Value x = g.input("x", dtype, {1, 3});
      const Value y = losses::softmax_cross_entropy(x, constant(g, Tensor::of<int32_t>({1}, {c["label"].get<int32_t>()})));
      const Results r = evaluate({y, gradient(y, x)}, {{x, tensor_of(dtype, {1, 3}, logits)}});
      const double ulp = dtype == f64 ? 2.3e-16 : 1.2e-7, value = c["value"];
      EXPECT_NEAR(r[0].item<double>(), value, 4 * ulp * (1 + std::abs(value))) << c << name_of(dtype);
      // 1e-9 apart is less than f32 can tell
      for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(r[1].at(static_cast<int64_t>(i)), c["gradient"][i].get<double>(), 4 * ulp) << c << name_of(dtype);
    }
  }
}

TEST(Loss, OfASureBinaryAnswerIsZeroOrInfinite) {
  const double inf = std::numeric_limits<double>::infinity();
  const struct {
    double logit, target, value, slope;
  } cases[] = {{-inf, 0, 0, 0}, {inf, 1, 0, 0}, {-inf, 1, inf, -1}, {inf, 0, inf, 1}, {1e300, 1, 0, 0}, {-1e300, 0, 0, 0}, {1e300, 0, 1e300, 1}, {-1e300, 1, 1e300, -1}};
  Graph g;
  const Value x = g.input("x", f64, {}), t = g.input("t", f64, {});
  const Value y = losses::bce_with_logits(x, t);
  const Function f = Session(g).function({x, t}, {y, gradient(y, x)});
  for (const auto& c : cases) {
    const Results r = f(Tensor::scalar(c.logit), Tensor::scalar(c.target));
    EXPECT_EQ(r[0].item<double>(), c.value) << c.logit << " for " << c.target;
    EXPECT_EQ(r[1].item<double>(), c.slope) << c.logit << " for " << c.target;
  }
}

TEST(Loss, OfInfiniteLogitsThatTheTargetExcludesIsFinite) {
  Graph g;
  const Value x = g.input("x", f64, {1, 3}), q = g.input("q", f64, {1, 3});
  const double inf = std::numeric_limits<double>::infinity();
  const Value by_label = losses::softmax_cross_entropy(x, constant(g, Tensor::of<int32_t>({1}, {1}))), by_share = losses::softmax_cross_entropy(x, q);
  const Value kl = losses::kl_divergence(x, q);
  const Results r = evaluate({by_label, gradient(by_label, x), by_share, gradient(by_share, x), kl, gradient(kl, x)},
                             {{x, Tensor::of<double>({1, 3}, {-inf, 0, 0})}, {q, Tensor::of<double>({1, 3}, {0, 1, 0})}});
  EXPECT_DOUBLE_EQ(r[0].item<double>(), std::log(2.0));
  EXPECT_EQ(numbers(r[1]), (std::vector<double>{0, -0.5, 0.5}));
  EXPECT_DOUBLE_EQ(r[2].item<double>(), std::log(2.0));
  EXPECT_EQ(numbers(r[3]), (std::vector<double>{0, -0.5, 0.5}));
  EXPECT_DOUBLE_EQ(r[4].item<double>(), 0);
  EXPECT_EQ(numbers(r[5]), (std::vector<double>{0, -1, 0}));
}

// What is masked may be anything: 0 * NaN must not come back through a derivative.
TEST(Loss, OfAMaskedExampleIsNothingWhateverItHolds) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const auto& [name, build] : all_losses())
    for (const Reduction reduction : {Reduction::mean, Reduction::sum, Reduction::none})
      for (const double poison : {nan, inf, -inf}) {
        Graph g;
        const bool labels = takes_labels(name);
        const Value p = g.input("p", f64, {3, 2}), w = g.input("w", f64, {3}), t = labels ? g.input("t", i32, {3}) : g.input("t", f64, {3, 2});
        const Value mask = constant(g, Tensor::of<bool>({3}, {true, false, true}));
        const Value y = build(p, t, {.reduction = reduction, .weights = w, .mask = mask}), total = sum(y);
        std::vector<Value> wanted = {y, gradient(total, p), gradient(total, w)};
        if (!labels) wanted.push_back(gradient(total, t));
        const auto run = [&](double x) {
          const Tensor targets = labels ? Tensor::of<int32_t>({3}, {1, x == 0.5 ? 0 : -1, 0}) : Tensor::of<double>({3, 2}, {0.25, 0.75, x, x, 0.5, 0.5});
          return evaluate(wanted, {{p, Tensor::of<double>({3, 2}, {-0.5, -0.75, x, x, -1, -2})}, {w, Tensor::of<double>({3}, {1, x, 3})}, {t, targets}});
        };
        const Results clean = run(0.5), poisoned = run(poison);
        for (size_t i = 0; i < clean.size(); ++i) {
          EXPECT_TRUE(identical(clean[i], poisoned[i])) << name << " result " << i << " with " << poison << ": " << to_text(poisoned[i]);
          for (double x : numbers(clean[i])) EXPECT_TRUE(std::isfinite(x)) << name << " result " << i;
        }
      }
}

TEST(Loss, OfNoExamplesIsZero) {
  for (const auto& [name, build] : all_losses()) {
    Graph g;
    const bool labels = takes_labels(name);
    const Dim n = g.dim("n");
    const Value p = g.input("p", f32, {n, 2}), t = labels ? g.input("t", i32, {n}) : g.input("t", f32, {n, 2});
    const Value y = build(p, t, {});
    const Results r = evaluate({y, gradient(y, p)}, {{p, Tensor(f32, {0, 2})}, {t, Tensor(t.dtype(), labels ? Sizes{0} : Sizes{0, 2})}});
    EXPECT_EQ(r[0].item<float>(), 0) << name;
    EXPECT_EQ(r[1].numel(), 0);
  }
}

TEST(Loss, OfMaskedExamplesOnlyIsZero) {
  Graph g;
  const Value p = g.input("p", f64, {2}), mask = constant(g, Tensor::of<bool>({2}, {false, false}));
  const Value y = losses::mse(p, 1.0, {.mask = mask}), weighted = losses::mse(p, 1.0, {.weights = constant(g, Tensor::of<double>({2}, {1, 2})), .mask = mask});
  const Results r = evaluate({y, gradient(y, p), weighted, gradient(weighted, p)}, {{p, Tensor::of<double>({2}, {3, 4})}});
  for (const Tensor& t : r)
    for (double x : numbers(t)) EXPECT_EQ(x, 0);
}

// 1/2 ||p - t||^2 by hand: {0.5 * (1 + 4), 0.5 * (9 + 16)} = {2.5, 12.5}.
TEST(Loss, IsWeightedAndReducedAsDocumented) {
  Graph g;
  const Value p = constant(g, Tensor::of<double>({2, 2}, {1, 2, 3, 4})), w = constant(g, Tensor::of<double>({2}, {1, 3}));
  const auto value = [&](const LossOptions& o) { return numbers(evaluate({losses::half_squared_error(p, 0, o)})[0]); };
  EXPECT_EQ(value({}), (std::vector<double>{7.5}));
  EXPECT_EQ(value({.reduction = Reduction::sum}), (std::vector<double>{15}));
  EXPECT_EQ(value({.reduction = Reduction::none}), (std::vector<double>{2.5, 12.5}));
  EXPECT_EQ(value({.weights = w}), (std::vector<double>{(2.5 + 3 * 12.5) / 4}));
  EXPECT_EQ(value({.reduction = Reduction::sum, .weights = w}), (std::vector<double>{40}));
  EXPECT_EQ(value({.reduction = Reduction::none, .weights = w}), (std::vector<double>{2.5, 37.5}));
  const Value integers = constant(g, Tensor::of<int32_t>({2}, {1, 3}));
  EXPECT_EQ(value({.weights = integers}), (std::vector<double>{10}));
}

// The loss is no output, so that nothing of its forward way need be in the plan.
TEST(Loss, OfALabelOutOfRangeIsRefusedWhereOnlyItsGradientRuns) {
  Graph g;
  const Value x = g.input("x", f32, {2, 4}), labels = g.input("t", i32, {2});
  const models::Dense layer(g.scope("layer"), 4, 3);
  const Session session(g);
  const std::pair<const char*, Value> losses[] = {{"first", losses::softmax_cross_entropy(layer(x), labels)},
                                                  {"second", losses::nll(log_softmax(layer(x)), labels)}};
  for (const auto& [name, loss] : losses) {
    const Function train = session.function({x, labels}, {}, optimizers::sgd({.learning_rate = 1.0, .name = name}).minimize(loss));
    const Tensor before = session.get("layer/weight");
    for (const int32_t wrong : {3, -1}) {
      const std::string text = message_of([&] { train(Tensor(f32, {2, 4}), Tensor::of<int32_t>({2}, {1, wrong})); });
      EXPECT_HOLDS(text, ": label must be in [0, 3), got " + std::to_string(wrong) + " at [1]");
      EXPECT_TRUE(identical(session.get("layer/weight"), before));
    }
  }
}

TEST(Loss, OfALabelOutOfRangeIsRefusedWhenItRuns) {
  Graph g;
  const Value x = g.input("x", f32, {3, 2}), labels = g.input("t", i32, {3});
  const std::string line = "losses_test.cpp:" + std::to_string(__LINE__ + 1);
  const Value losses[] = {losses::softmax_cross_entropy(x, labels), losses::nll(x, labels)};
  const Session session(g);
  for (const Value& loss : losses)
    for (const int32_t wrong : {2, -1}) {
      const Function f = session.function({x, labels}, {loss, gradient(loss, x)});
      const std::string text = message_of([&] { f(Tensor(f32, {3, 2}), Tensor::of<int32_t>({3}, {0, wrong, 1})); });
      EXPECT_HOLDS(text, ": label must be in [0, 2), got " + std::to_string(wrong) + " at [1]\n  pick at " + line);
      EXPECT_NO_THROW(f(Tensor(f32, {3, 2}), Tensor::of<int32_t>({3}, {0, 1, 1})));
    }
}

TEST(Loss, HubersDeltaMayBeAValue) {
  Graph g;
  const Value p = g.input("p", f64, {3}), delta = g.input("delta", f64, {});
  const Value y = losses::huber(p, 0, delta, {.reduction = Reduction::sum}), by_number = losses::huber(p, 0, 2, {.reduction = Reduction::sum});
  const Results r = evaluate({y, by_number, gradient(y, p), gradient(y, delta)}, {{p, Tensor::of<double>({3}, {1, 3, -5})}, {delta, Tensor::scalar(2.0)}});
  EXPECT_DOUBLE_EQ(r[0].item<double>(), 0.5 + 2 * (3 - 1) + 2 * (5 - 1));
  EXPECT_DOUBLE_EQ(r[1].item<double>(), r[0].item<double>());
  EXPECT_EQ(numbers(r[2]), (std::vector<double>{1, 2, -2}));
  EXPECT_DOUBLE_EQ(r[3].item<double>(), (3 - 2) + (5 - 2));  // d (delta |d| - delta^2 / 2) / d delta
}

TEST(Loss, TakesLabelsOfEveryIntegerDtype) {
  for (const DType dtype : {u8, i32, i64}) {
    Graph g;
    const Value x = g.input("x", f64, {2, 256}), labels = constant(g, Tensor::of<int32_t>({2}, {255, 3}).to(dtype));
    const Tensor logits = wave(f64, {2, 256});
    const double at[] = {logits.at(255), logits.at(256 + 3)};
    const Results r = evaluate({losses::nll(x, labels, {.reduction = Reduction::none})}, {{x, logits}});
    EXPECT_EQ(numbers(r[0]), (std::vector<double>{-at[0], -at[1]})) << name_of(dtype);
  }
}

// dtypes: a loss is of the promoted dtype of what it compares, 16-bit floats as f32; integer and bool targets take the prediction's.
TEST(Loss, FollowsThePromotionRules) {
  Graph g;
  int n = 0;
  const auto in = [&](DType dtype) { return g.input("x" + std::to_string(n++), dtype, {3}); };
  EXPECT_EQ(losses::mse(in(f32), in(f32)).dtype(), f32);
  EXPECT_EQ(losses::mse(in(f32), in(f64)).dtype(), f64);
  EXPECT_EQ(losses::mse(in(bf16), in(bf16)).dtype(), f32);
  EXPECT_EQ(losses::mse(in(f16), in(bf16)).dtype(), f32);
  EXPECT_EQ(losses::mse(in(f32), in(i64)).dtype(), f32);
  EXPECT_EQ(losses::bce_with_logits(in(f64), in(boolean)).dtype(), f64);
  EXPECT_EQ(losses::mse(in(bf16), 1).dtype(), f32);
  const Value x = in(f32), t = in(boolean);
  const Results r = evaluate({losses::bce_with_logits(x, t, {.reduction = Reduction::none})},
                             {{x, Tensor::of<float>({3}, {0, 2, -2})}, {t, Tensor::of<bool>({3}, {true, false, false})}});
  EXPECT_FLOAT_EQ(r[0].span<float>()[0], std::log(2.0f));
  EXPECT_FLOAT_EQ(r[0].span<float>()[1], std::log1p(std::exp(2.0f)));
  EXPECT_FLOAT_EQ(r[0].span<float>()[2], std::log1p(std::exp(-2.0f)));
}

TEST(Loss, NeverBroadcastsRanksSilently) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value p = g.input("p", f32, {n, 1}), flat = g.input("flat", f32, {n}), other = g.input("other", f32, {m, 1});
  const std::string here = "losses_test.cpp:" + std::to_string(__LINE__ + 1);
  const std::string text = message_of([&] { losses::mse(p, flat); });
  EXPECT_HOLDS(text, "mse: prediction and target must have one shape, got prediction f32[n,1] and target f32[n]\n  prediction built at losses_test.cpp:");
  EXPECT_HOLDS(text, "; mse at " + here);
  const size_t before = g.size();
  for (const auto& [name, build] : all_losses()) EXPECT_NE(message_of([&] { build(p, flat, {}); }), "no error") << name << (name == "nll");
  EXPECT_EQ(g.size(), before);
  // n and m may be equal: known when they are bound
  const Function f = Session(g).function({p, other}, {losses::mse(p, other)});
  EXPECT_EQ(f(Tensor(f32, {2, 1}), Tensor(f32, {2, 1}))[0].item<float>(), 0);
  EXPECT_HOLDS(message_of([&] { f(Tensor(f32, {2, 1}), Tensor(f32, {3, 1})); }), "mse: prediction and target must have one shape, got prediction f32[n,1] and target f32[m,1]");
}

TEST(Loss, SaysWhatItNeeds) {
  Graph g;
  const Value p = g.input("p", f32, {4, 3}), t = g.input("t", f32, {4, 3}), integers = g.input("i", i32, {4, 3}), labels = g.input("l", i32, {4});
  const Value weights = g.input("w", f32, {4, 3}), mask = g.input("m", f32, {4}), truth = g.input("b", boolean, {4}), one = g.input("o", f32, {1});
  const auto expect = [&](const std::string& text, const std::function<void()>& f) { EXPECT_HOLDS(message_of(f), text); };
  expect("mse: prediction must be of a float dtype, got i32[4,3]", [&] { losses::mse(integers, t); });
  expect("mae: weights must have the shape of the examples' losses, [4], got prediction f32[4,3] and weights f32[4,3]", [&] { losses::mae(p, t, {.weights = weights}); });
  expect("mae: weights must be numbers (a bool is a mask), got bool[4]", [&] { losses::mae(p, t, {.weights = truth}); });
  expect("hinge: the mask must be bool, got f32[4]", [&] { losses::hinge(p, t, {.mask = mask}); });
  expect("huber: delta must be positive, got 0", [&] { losses::huber(p, t, 0); });
  expect("huber: delta must be a number or of rank 0, got f32[1]", [&] { losses::huber(p, t, one); });
  expect("softmax_cross_entropy: the target must be integer labels, one per example, or a float distribution of the logits' shape, got logits f32[4,3] and target bool[4]",
         [&] { losses::softmax_cross_entropy(p, truth); });
  expect("softmax_cross_entropy: labels must have the shape of the logits without their last axis, got logits f32[4,3] and labels i32[4,3]",
         [&] { losses::softmax_cross_entropy(p, integers); });
  expect("nll: labels must be integers, one per example, got log_probabilities f32[4,3] and labels f32[4,3]", [&] { losses::nll(p, t); });
  expect("nll: log_probabilities must have the classes as last axis, their count a positive number, got f32[4,n]",
         [&] { losses::nll(g.input("q", f32, {4, g.dim("n")}), labels); });
  expect("kl_divergence: target must be of a float dtype, got i32[4,3]", [&] { losses::kl_divergence(p, integers); });
  expect("bce_with_logits: logits and target must have one shape, got logits f32[4,3] and target i32[4]", [&] { losses::bce_with_logits(p, labels); });
  expect("nll: the mask must have the shape of the examples' losses, [4,3]", [&] { losses::nll(g.input("r", f32, {4, 3, 2}), integers, {.mask = truth}); });
}

}  // namespace
}  // namespace lanc
