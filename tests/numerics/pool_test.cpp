// Pools on the CPU backend: sizes at which windows leave the plane, any number of threads, ties, second derivatives through positions.
#include <cstring>

#include <lanc/tests/numerics/checks.h>

namespace lanc::numerics {
namespace {

Tensor waves(DType t, Sizes sizes) {
  return filled(f64, std::move(sizes), [=](int64_t i) { return is_float(t) ? wave(i) : std::floor(5 * wave(i)); }).to(t);
}

struct Case {
  const char* name;
  Sizes x;
  PoolOptions options;
};
std::vector<Case> cases() {
  return {{"side by side", {4, 8, 28, 28}, {.kernel = {2}}},
          {"a rest that no window reaches", {2, 3, 9, 7}, {.kernel = {2}}},
          {"overlapping and padded", {4, 8, 30, 31}, {.kernel = {3}, .strides = {2}, .padding = {1}}},
          {"uneven", {2, 8, 17, 12}, {.kernel = {4, 3}, .strides = {1, 2}, .padding = {{3, 0}, {0, 2}}}},
          {"dilated", {2, 8, 17, 12}, {.kernel = {3, 2}, .strides = {2, 1}, .padding = {{1, 2}, {3, 0}}, .dilations = {2, 5}}},
          {"not counted", {2, 8, 17, 12}, {.kernel = {3}, .strides = {1}, .padding = {{1, 2}}, .count_padding = false}},
          {"one axis", {8, 8, 100}, {.kernel = {5}, .strides = {3}, .padding = {2}}},
          {"three axes", {2, 4, 7, 8, 9}, {.kernel = {2, 3, 3}, .strides = {2, 1, 3}, .padding = {{1, 0}, {1, 1}, {0, 2}}}}};
}

// y, positions and dx of both pools.
std::vector<Value> results_of(Graph& g, const Case& c, DType t, Feeds& feeds) {
  const Value x = g.input("x", t, {c.x.begin(), c.x.end()});
  feeds = {{x, waves(t, c.x)}};
  std::vector<Value> results = max_pool_with_positions(x, c.options);
  if (!is_float(t)) return results;
  results.push_back(average_pool(x, c.options));
  results.push_back(gradient(sum(results[0] * results[0]), x));
  results.push_back(gradient(sum(results[2] * results[2]), x));
  return results;
}

TEST(Pool, OfEverySizeGivesTheReferencesResults) {
  for (const Case& c : cases())
    for (DType t : {f64, f32, bf16, f16, i64, i32, u8}) {
      Graph g;
      Feeds feeds;
      const std::vector<Value> values = results_of(g, c, t, feeds);
      const Results fast = Session(g).eval(values, feeds), slow = Session(g, {.device = Device::reference()}).eval(values, feeds);
      const double tolerance = t == f64 ? 1e-12 : t == f32 ? 1e-5 : t == bf16 ? 3.2e-2 : t == f16 ? 4e-3 : 0;
      for (size_t k = 0; k < fast.size(); ++k)
        for (int64_t i = 0; i < fast[k].numel(); ++i)
          ASSERT_NEAR(fast[k].at(i), slow[k].at(i), (k < 2 ? 0 : tolerance) * (1 + std::abs(slow[k].at(i)))) << c.name << ", " << name_of(t) << ", result " << k
                                                                                                           << ", element " << i;
    }
}

TEST(Pool, HasTheSameBitsOnAnyNumberOfThreads) {
  for (const Case& c : cases())
    for (DType t : {f64, f32, bf16}) {
      Graph g;
      Feeds feeds;
      const std::vector<Value> values = results_of(g, c, t, feeds);
      const Results one = Session(g, {.threads = 1}).eval(values, feeds);
      for (int threads : {2, 3, 4}) {
        const Results many = Session(g, {.threads = threads}).eval(values, feeds);
        for (size_t k = 0; k < one.size(); ++k)
          EXPECT_EQ(std::memcmp(one[k].data(), many[k].data(), static_cast<size_t>(one[k].bytes())), 0) << c.name << ", result " << k << ", " << threads << " threads";
      }
    }
}

TEST(MaxPool, GivesTheFirstOfEqualOnesTheWholeDerivativeAndNaNItsPlace) {
  for (const Device device : {Device::cpu(), Device::reference()}) {
    Graph g;
    const Value x = g.input("x", f32, {1, 1, 9});
    const std::vector<Value> found = max_pool_with_positions(x, {.kernel = {3}});
    const Tensor at = Tensor::of<float>({1, 1, 9}, {1, 3, 3, 9, NAN, NAN, -INFINITY, -INFINITY, -INFINITY});
    const Results r = Session(g, {.device = device}).eval({found[0], found[1], gradient(sum(found[0]), x)}, {{x, at}});
    EXPECT_EQ(r[0].at(0), 3);
    EXPECT_TRUE(std::isnan(r[0].at(1)));
    EXPECT_EQ(r[0].at(2), -INFINITY);
    const double positions[] = {1, 4, 6}, derivative[] = {0, 1, 0, 0, 1, 0, 1, 0, 0};
    for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(r[1].at(i), positions[i]) << i;
    for (int64_t i = 0; i < 9; ++i) EXPECT_EQ(r[2].at(i), derivative[i]) << i;
  }
}

TEST(MaxPool, HasSecondDerivativesThroughItsPositions) {
  expect_derivatives([](const Value& x) { return max_pool(x * x * x, {.kernel = {3}, .strides = {2}, .padding = {1}}); }, waves(f64, {1, 2, 5, 4}));
  expect_derivatives([](const Value& x) { return average_pool(x * x * x, {.kernel = {3}, .strides = {2}, .padding = {1}, .count_padding = false}); },
                     waves(f64, {1, 2, 5, 4}));
  expect_derivatives([](const Value& x) { return adaptive_average_pool(x * x * x, {3, 2}); }, waves(f64, {1, 2, 5, 4}));
  expect_derivatives([](const Value& x) { return adaptive_max_pool(x * x * x, {3, 2}); }, waves(f64, {1, 2, 5, 4}));
}

TEST(MaxUnpool, RefusesPositionsOutsideOfThePlaneWhenItRuns) {
  Graph g;
  const Value x = g.input("x", f32, {1, 1, 2}), positions = g.input("p", i32, {1, 1, 2});
  const Function f = Session(g).function({x, positions}, {max_unpool(x, positions, {3})});
  EXPECT_EQ(f(Tensor(f32, {1, 1, 2}), Tensor::of<int32_t>({1, 1, 2}, {0, 2}))[0].sizes(), (Sizes{1, 1, 3}));
  const std::string text = message_of([&] { f(Tensor(f32, {1, 1, 2}), Tensor::of<int32_t>({1, 1, 2}, {0, 3})); });
  EXPECT_NE(text.find("index must be in [-3, 3), got 3 at [0,0,1]"), std::string::npos) << text;
}

TEST(Pool, ChecksSymbolsWhenTheyAreBound) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 1, g.dim("h")});
  const Function f = Session(g).function({x}, {max_pool(x, {.kernel = {3}, .strides = {2}, .padding = {1}}), adaptive_average_pool(x, {1})});
  EXPECT_EQ(f(Tensor(f32, {0, 1, 4}))[0].sizes(), (Sizes{0, 1, 2}));
  EXPECT_EQ(f(Tensor(f32, {2, 1, 1}))[0].sizes(), (Sizes{2, 1, 1}));
  const std::string text = message_of([&] { f(Tensor(f32, {2, 1, 0})); });
  EXPECT_NE(text.find("max_pool: a "), std::string::npos) << text;
}

}  // namespace
}  // namespace lanc::numerics
