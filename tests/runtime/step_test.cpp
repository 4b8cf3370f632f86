// A compiled training step: how many kernels it has, what it allocates, where its memory lies, and that threads and vectors never show.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include <lanc/lanc.h>

#include <lanc/tests/runtime/allocations.h>

namespace lanc {
namespace {

struct Network {
  Graph g;
  Value x, y, loss;
  explicit Network(const std::vector<int64_t>& sizes)
      : x(g.input("x", f32, {g.dim("batch"), sizes.front()})), y(g.input("y", i32, {g.dim("batch")})), loss(losses::softmax_cross_entropy(models::Mlp(g.scope("net"), sizes, relu)(x), y)) {}
};

Tensor pixels(int64_t batch, int64_t size) {
  Tensor t(f32, {batch, size});
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 0.5 + 0.5 * std::sin(0.37 * static_cast<double>(i)));
  return t;
}
Tensor classes(int64_t batch) {
  Tensor t(i32, {batch});
  for (int64_t i = 0; i < batch; ++i) t.set(i, static_cast<double>((i * 7) % 10));
  return t;
}

std::vector<Tensor> trained(const Network& n, const SessionOptions& options, const Updates& updates, int64_t batch, int steps) {
  const Session session(n.g, options);
  const Function train = session.function({n.x, n.y}, {n.loss}, updates);
  std::vector<Tensor> results;
  for (int i = 0; i < steps; ++i) results.push_back(train(pixels(batch, n.x.shape()[1].number()), classes(batch))[0].clone());
  for (const Value& s : n.g.states()) results.push_back(session.get(s));
  return results;
}
void expect_identical(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(identical(a[i], b[i])) << what << ", result " << i;
}

size_t occurrences(const std::string& text, const std::string& part) {
  size_t n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

// Products: one forward, two backward a layer, but none for the pixels. Beside them one nest a layer forward and one backward, one or two updates
// a layer (weight, bias), and what the loss needs.
TEST(Step, OfAnMlpHasFewKernels) {
  const Network n({784, 64, 10});
  const Function sgd = Session(n.g, {.jit = false}).function({n.x, n.y}, {n.loss}, optimizers::sgd().minimize(n.loss));
  const std::string tiny = sgd.plan_text({{"batch", 32}});
  EXPECT_EQ(occurrences(tiny, " gemm "), 5u) << tiny;
  EXPECT_LE(occurrences(tiny, "\n") - 1, 20u) << tiny;

  const Network m({784, 256, 256, 10});
  const Function adam = Session(m.g, {.jit = false}).function({m.x, m.y}, {m.loss}, optimizers::adam().minimize(m.loss));
  const std::string large = adam.plan_text({{"batch", 64}});
  EXPECT_EQ(occurrences(large, " gemm "), 8u) << large;
  EXPECT_LE(occurrences(large, "\n") - 1, 27u) << large;
}

TEST(Step, OverwritesParametersAndSlotsInPlace) {
  const Network n({20, 30, 10});
  const Function train = Session(n.g).function({n.x, n.y}, {n.loss}, optimizers::adam().minimize(n.loss));
  const std::string plan = train.plan_text({{"batch", 8}});
  EXPECT_EQ(occurrences(plan, " copy "), 0u) << plan;
  for (const char* state : {"net/layer0/weight", "adam/net/layer0/weight/m", "adam/net/layer1/bias/v", "adam/step"}) {
    const size_t arrow = plan.find("-> ", 0);
    ASSERT_NE(arrow, std::string::npos);
    bool written = false;
    for (size_t at = plan.find("state " + std::string(state)); at != std::string::npos; at = plan.find("state " + std::string(state), at + 1))
      written |= plan.rfind("-> ", at) != std::string::npos && plan.rfind("-> ", at) > plan.rfind('\n', at);
    EXPECT_TRUE(written) << state << "\n" << plan;
  }
}

TEST(Step, NeedsAtMostATwentiethMoreThanItsLargestLiveSet) {
  for (const std::vector<int64_t>& sizes : std::vector<std::vector<int64_t>>{{784, 64, 10}, {784, 512, 512, 10}, {100, 1000, 500, 250, 30, 10}, {7, 3, 10}})
    for (int64_t batch : {1, 32, 129}) {
      const Network n(sizes);
      const Function train = Session(n.g).function({n.x, n.y}, {n.loss}, optimizers::adam().minimize(n.loss));
      train(pixels(batch, sizes.front()), classes(batch));
      const FunctionStats stats = train.stats();
      EXPECT_GT(stats.largest_live_bytes, 0);
      EXPECT_LE(static_cast<double>(stats.arena_bytes), 1.05 * static_cast<double>(stats.largest_live_bytes)) << sizes.size() << " layers, batch " << batch;
    }
}

TEST(Step, GivesTheSameBitsForAnyNumberOfThreads) {
  for (bool jit : {true, false}) {
    const Network n({300, 512, 256, 10});
    const Updates updates = optimizers::adam().minimize(n.loss);
    const std::vector<Tensor> one = trained(n, {.threads = 1, .jit = jit}, updates, 128, 4);
    for (int threads : {2, 3, 4}) expect_identical(one, trained(n, {.threads = threads, .jit = jit}, updates, 128, 4), std::to_string(threads) + " threads");
  }
}

TEST(Step, GivesTheSameBitsFusedAndNot) {
  const Network n({50, 70, 10});
  for (const auto& optimizer : {optimizers::sgd(), optimizers::momentum(), optimizers::adam(), optimizers::rmsprop()}) {
    const Updates updates = optimizer.minimize(n.loss);
    expect_identical(trained(n, {}, updates, 33, 5), trained(n, {.disabled_passes = {"fuse"}}, updates, 33, 5), optimizer.name());
  }
}

class Tier {
 public:
  explicit Tier(const char* name) {
    if (const char* set = std::getenv("LANC_CPU_TIER")) before_ = set;
    setenv("LANC_CPU_TIER", name, 1);
  }
  ~Tier() {
    if (before_.empty()) unsetenv("LANC_CPU_TIER");
    else setenv("LANC_CPU_TIER", before_.c_str(), 1);
  }

 private:
  std::string before_;
};

// Wider tiers than the processor has count as its widest, so this compares what there is.
TEST(Step, InterpretsTheSameBitsOnVectorsOfAnyWidth) {
  Graph g;
  std::vector<Value> outputs;
  Feeds feeds;
  for (DType t : {f32, f64}) {
    const Value x = g.input("x" + std::string(name_of(t)), t, {37, 83});
    const Value i = cast(x * 100, i32);
    for (const Value& v : {exp(x), log(x), tanh(x), sin(x), sqrt(abs(x)), relu(x), min(x, -x), erf(x), floor(x * 7), round(x * 9), x / (1 + x * x), where(less_than(x, 0), x, exp(x))})
      outputs.push_back(v);
    for (const Value& v : {sum(x, {.axes = {0}}), sum(x, {.axes = {1}}), sum(x), reduce_max(x, {.axes = {1}}), reduce_min(x)}) outputs.push_back(v);
    for (const Value& v : {i * 3 - 1, remainder(i, 7), where(equal(i, 3), i, 0)}) outputs.push_back(v);
    outputs.push_back(cast(cast(x, bf16), t) + cast(cast(x, f16), t));
    Tensor fed(t, {37, 83});
    for (int64_t k = 0; k < fed.numel(); ++k) fed.set(k, 3 * std::sin(0.7 * static_cast<double>(k)) + (k % 97 == 0 ? 0 : 0.25));
    feeds.emplace_back(x, fed);
  }
  const auto run = [&](const char* name) {
    const Tier tier(name);
    return Session(g, {.jit = false}).eval(outputs, feeds);
  };
  const Results portable = run("portable");
  expect_identical(portable, run("avx2"), "avx2");
  expect_identical(portable, run("avx512"), "avx512");
}

// In a call: the vector of results. Within the plan nothing; what oneDNN allocates is its own affair, and is told.
TEST(Step, AllocatesNothingButItsResults) {
  if (!testing_support::allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  const Network n({784, 64, 10});
  const Session session(n.g, {.threads = 2});
  const Function train = session.function({n.x, n.y}, {n.loss}, optimizers::adam().minimize(n.loss));
  const std::vector<Tensor> feeds = {pixels(32, 784), classes(32)};
  for (int i = 0; i < 3; ++i) train(feeds);
  constexpr int calls = 10;
  std::map<std::string, int64_t> counts;
  {
    testing_support::Recording recording;
    for (int i = 0; i < calls; ++i) {
      const Results results = train(feeds);
      static_cast<void>(results);
    }
    counts = recording.by_library();
  }
  int64_t ours = 0;
  for (const auto& [library, count] : counts) {
    if (library.rfind("libdnnl", 0) == 0 || library.rfind("libgomp", 0) == 0) RecordProperty("allocations_a_step_by_" + library.substr(0, 7), static_cast<int>(count / calls));
    else ours += count;
  }
  EXPECT_LE(ours, calls) << testing::PrintToString(counts);
}

TEST(Step, RecognizesSizesThatCameBefore) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 6});
  const Session session(g);
  const Function f = session.function({x}, {sum(x, {.axes = {1}})});
  const auto ones = [](Sizes sizes) {
    Tensor t(f32, std::move(sizes));
    for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 1);
    return t;
  };
  for (int round = 0; round < 3; ++round)
    for (const Sizes& sizes : std::vector<Sizes>{{4, 6}, {4, 2, 3}, {5, 6}, {4, 3, 2}}) EXPECT_EQ(f(ones(sizes))[0].at(sizes[0] - 1), 6);
  EXPECT_EQ(f.stats().plans_made, 2);
  EXPECT_THROW(f(Tensor(f64, {4, 6})), UserError);
  EXPECT_THROW(f(Tensor(f32, {4, 5})), UserError);
}

}  // namespace
}  // namespace lanc
