#include <lanc/train/loop.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include <lanc/lanc.h>
#include <lanc/tests/train/files.h>
#include <lanc/train/snapshot.h>

namespace lanc {
namespace {


// Ten examples {i}, {10 i}.
const data::Table<2>& ten() {
  static const data::Table table(Tensor::of<float>({10}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), Tensor::of<float>({10}, {0, 10, 20, 30, 40, 50, 60, 70, 80, 90}));
  return table;
}

// A step that notes the inputs it got; its loss is their sum, its second result half of it.
struct Recorder {
  std::vector<Tensor> operator()(const Tensor& x, const Tensor& y) const {
    float sum = 0;
    std::vector<float> got;
    for (int64_t i = 0; i < x.numel(); ++i) {
      EXPECT_EQ(y.at(i), 10 * x.at(i));
      got.push_back(static_cast<float>(x.at(i)));
      sum += got.back();
    }
    seen->push_back(got);
    return {Tensor::scalar(sum), Tensor::scalar(sum / 2)};
  }
  std::vector<std::vector<float>>* seen;
};

TEST(Fit, SeesTheBatchesOfEveryEpochInTheirOrder) {
  std::vector<std::vector<float>> seen, expected;
  const FitResult r = fit(Recorder{&seen}, ten(), {.epochs = 3, .batch_size = 4, .seed = 7});
  for (int64_t epoch = 0; epoch < 3; ++epoch)
    for (const data::Table<2>::Row& row : data::batches(ten(), 4, {.epoch = epoch, .seed = 7})) {
      const std::span<const float> values = row[0].span<float>();
      expected.emplace_back(values.begin(), values.end());
    }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(r.steps, 9);
  EXPECT_EQ(r.next_epoch, 3);
  EXPECT_EQ(r.stopped_by, "");
  EXPECT_EQ(r.losses, (std::vector<double>{15, 15, 15}));  // 0 + ... + 9 in 3 steps
}

TEST(Fit, TellsItsCallbacksWhatHappened) {
  std::vector<std::vector<float>> seen;
  std::string log;
  const Callback both{.name = "both",
                      .step = [&](const StepReport& s) {
                        log += " " + std::to_string(s.epoch) + "." + std::to_string(s.batch) + "#" + std::to_string(s.step) + "=" + std::to_string(s.results.size());
                        EXPECT_EQ(s.loss, s.results[0].item<double>());
                        return false;
                      },
                      .epoch = [&](const EpochReport& e) {
                        log += " [" + std::to_string(e.epoch) + ":" + std::to_string(e.steps) + "," + std::to_string(static_cast<int>(e.loss)) + "]";
                        EXPECT_GE(e.seconds, 0);
                        return false;
                      }};
  fit(Recorder{&seen}, ten(), {.epochs = 2, .batch_size = 5, .shuffle = false}, {both});
  EXPECT_EQ(log, " 0.0#0=2 0.1#1=2 [0:2,22] 1.0#2=2 1.1#3=2 [1:2,22]");
}

TEST(Fit, EndsWhenACallbackSaysSoAndGoesOnFromThere) {
  for (const int64_t last : {0, 1, 2, 4, 5, 8}) {
    std::vector<std::vector<float>> whole, parts;
    fit(Recorder{&whole}, ten(), {.epochs = 3, .batch_size = 4, .seed = 3});
    int calls = 0;
    const FitResult first = fit(Recorder{&parts}, ten(), {.epochs = 3, .batch_size = 4, .seed = 3},
                                {after_step([&](const StepReport& s) { return s.step == last; }, "enough"), after_step([&](const StepReport&) { ++calls; })});
    EXPECT_EQ(first.stopped_by, "enough");
    EXPECT_EQ(first.steps, last + 1);
    EXPECT_EQ(calls, last + 1);  // the others are called, too
    EXPECT_EQ(static_cast<int64_t>(first.losses.size()), (last + 1) / 3);
    const FitResult second = fit(Recorder{&parts}, ten(), {.epochs = 3, .batch_size = 4, .seed = 3, .first_epoch = first.next_epoch, .first_batch = first.next_batch});
    EXPECT_EQ(parts, whole) << last;
    EXPECT_EQ(second.steps, 9 - last - 1);
  }
}

TEST(Fit, EndsAfterAnEpoch) {
  std::vector<std::vector<float>> seen;
  const FitResult r = fit(Recorder{&seen}, ten(), {.epochs = 5, .batch_size = 10}, {after_epoch([](const EpochReport& e) { return e.epoch == 1; }, "two")});
  EXPECT_EQ(r.stopped_by, "two");
  EXPECT_EQ(seen.size(), 2u);
  EXPECT_EQ(r.next_epoch, 2);
}

TEST(Fit, StopsWhereTheGradientIsFlat) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Value w = parameter(g.root(), "w", {}, initializers::constant(4));
  const Value loss = square(w) + 0.0 * sum(x);
  const Session session(g);
  const Function train = session.function({x}, {loss, optimizers::global_norm(gradients(loss, {w}))}, optimizers::sgd({.learning_rate = 0.25}).minimize(loss));
  const data::Table inputs(Tensor(f32, {4}));
  const FitResult r = fit(train, inputs, {.epochs = 100, .batch_size = 2}, {stop_when_flat()});
  EXPECT_EQ(r.stopped_by, "gradient norm");
  EXPECT_EQ(r.steps, 18);  // 8 * 2^-17 = 6.1e-5 is the first below 1e-4
  EXPECT_EQ(message_before_line([&] { fit(train, inputs, {}, {stop_when_flat(GradientNormStop(), 2)}); }), "stop_when_flat: the step must return the gradient's norm as result 2, got 2 results");
}

TEST(Fit, StopsEarlyByTheValidationPartAndGoesBackToTheBestEpoch) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 2});
  const Value w = parameter(g.root(), "w", {2}, [](Graph body, const Shape&, DType, uint64_t) { return constant(body, Tensor::of<float>({2}, {0, 1})); });
  // w moves by (+1, -1) a step: class 0 wins from the second epoch on
  const Value loss = mean(square(w)) + 0.0 * mean(x);
  const Session session(g);
  const Function train = session.function({x}, {loss}, {{w, w + constant(g, Tensor::of<float>({2}, {1, -1}))}});
  const Function scores = session.function({x}, {x + w});
  const data::Table examples(Tensor(f32, {2, 2}));
  const data::ValidationSet validation(data::Table(Tensor(f32, {4, 2}), Tensor::of<int32_t>({4}, {0, 0, 0, 1})));
  std::ostringstream out;
  Progress progress(10, 1, {.stream = &out});
  EarlyStopping stop({.patience = 2});
  Snapshot best(session, "w");
  EXPECT_EQ(message_before_line([&] { best.restore(); }), "snapshot: take() must come before restore(), got nothing taken");
  const FitResult r = fit(train, examples, {.epochs = 10, .batch_size = 2},
                          {show(progress), stop_early(stop, scores, validation, &progress), after_epoch([&](const EpochReport&) { if (stop.improved()) best.take(); })});
  EXPECT_EQ(r.stopped_by, "early stopping");
  EXPECT_EQ(stop.best_epoch(), 0);
  EXPECT_EQ(stop.best_value(), 0.75);
  EXPECT_EQ(r.losses.size(), 3u);
  EXPECT_EQ(session.get(w).at(0), 3);
  best.restore();
  EXPECT_EQ(session.get(w).at(0), 1);
  EXPECT_NE(out.str().find("epoch  1/10  loss 0.5000"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("validation accuracy 75.00 %"), std::string::npos) << out.str();
}

TEST(Fit, OfALossThatIsNotFiniteSaysWhere) {
  int calls = 0;
  const auto call = [&](const Tensor&, const Tensor&) { return std::vector<Tensor>{Tensor::scalar(++calls == 5 ? NAN : 1.0f)}; };
  EXPECT_EQ(message_before_line([&] { fit(call, ten(), {.epochs = 3, .batch_size = 4}); }),
            "fit: the loss must be finite, got nan in epoch 1, batch 1; lower the learning rate, clip the gradients, or set .require_finite = false");
  const auto always = [](const Tensor&, const Tensor&) { return std::vector<Tensor>{Tensor::scalar(INFINITY)}; };
  EXPECT_EQ(fit(always, ten(), {.epochs = 1, .require_finite = false}).steps, 1);
}

TEST(Fit, OfNoEpochsOrNoExamplesDoesNothing) {
  std::vector<std::vector<float>> seen;
  EXPECT_EQ(fit(Recorder{&seen}, ten(), {.epochs = 0}).steps, 0);
  const data::Table none(Tensor(f32, {0}), Tensor(f32, {0}));
  const FitResult r = fit(Recorder{&seen}, none, {.epochs = 2});
  EXPECT_EQ(r.losses, (std::vector<double>{0, 0}));
  EXPECT_EQ(r.next_epoch, 2);
  EXPECT_TRUE(seen.empty());
}

TEST(Fit, NamesTheLineOfItsCallAndOfEvaluations) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 2});
  const Function wide = Session(g).function({x}, {sum(x)});
  const auto nothing = [](const Tensor&, const Tensor&) { return std::vector<Tensor>(); };
  int line = 0;
  const std::function<void()> calls[] = {
      [&] { line = __LINE__; fit(wide, ten(), {}); },
      [&] { line = __LINE__; fit(nothing, ten(), {}); },
      [&] { line = __LINE__; fit(nothing, ten(), {.epochs = -1}); },
      [&] { line = __LINE__; fit(nothing, ten(), {.batch_size = 0}); },
      [&] { line = __LINE__; evaluate_accuracy(wide, ten()); },
      [&] { line = __LINE__; evaluate_accuracy(wide, ten(), 0); }};
  for (const auto& call : calls) {
    const std::string text = message_of(call), end = " at loop_test.cpp:" + std::to_string(line);
    EXPECT_EQ(text.substr(text.size() - std::min(text.size(), end.size())), end) << text;
  }
}

TEST(Fit, ChecksItsOptions) {
  std::vector<std::vector<float>> seen;
  const Recorder step{&seen};
  EXPECT_EQ(message_before_line([&] { fit(step, ten(), {.epochs = -1}); }), "fit: epochs must be >= 0, got -1");
  EXPECT_EQ(message_before_line([&] { fit(step, ten(), {.epochs = 3, .first_epoch = 4}); }), "fit: first_epoch must be in [0, 3], got 4");
  EXPECT_EQ(message_before_line([&] { fit([](const Tensor&, const Tensor&) { return std::vector<Tensor>(); }, ten()); }), "fit: the step must return the loss as its first result, got no results");
  EXPECT_NE(message_before_line([&] { fit(step, ten(), {.batch_size = 0}); }).find("batch_size"), std::string::npos);
}

}  // namespace
}  // namespace lanc
