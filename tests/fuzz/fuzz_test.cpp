// Random graphs: what a compiled function gives must be what the reference gives node by node, for values and gradients, with each pass
// alone and with all together. LANC_FUZZ_SEED and LANC_FUZZ_COUNT choose other graphs and more of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include <lanc/graph/text.h>
#include <lanc/passes/pipeline.h>
#include <lanc/tests/fuzz/random_graph.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::fuzz {
namespace {

int64_t setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

bool level_is(const char* level) {
  const char* now = std::getenv("LANC_TEST_LEVEL");
  return now != nullptr && std::string(now) == level;
}

// The clang tree is the one with sanitizers.
#if defined(__clang__)
constexpr bool slow_tree = true;
#else
constexpr bool slow_tree = false;
#endif

int64_t first_seed() { return setting("LANC_FUZZ_SEED", 1); }
int64_t count(int64_t usual, int64_t sanitized) {
  const bool all = level_is("all");
  return setting("LANC_FUZZ_COUNT", slow_tree ? (all ? usual : sanitized) : all ? 20'000 : usual);
}

std::vector<std::string> all_passes() {
  std::vector<std::string> names;
  for (const auto& passes : {general_passes(), target_passes()})
    for (const Pass& p : passes)
      if (std::find(names.begin(), names.end(), p.name) == names.end()) names.emplace_back(p.name);
  return names;
}

// Without `compose` a composite has no kernel: it always runs.
std::vector<std::string> all_but(std::string_view enabled) {
  std::vector<std::string> names = all_passes();
  std::erase_if(names, [&](const std::string& n) { return n == enabled || n == "compose"; });
  return names;
}

Results run(const RandomGraph& random, SessionOptions options) {
  options.verify_passes = true;
  options.seed = 5;
  return Session(random.graph, options).eval(random.outputs, random.feeds);
}

// The largest difference as a multiple of what is allowed; NaN must meet NaN.
double excess(const Tensor& got, const Tensor& wanted, double terms) {
  double norm = 1, worst = 0;
  for (int64_t i = 0; i < wanted.numel(); ++i)
    if (std::isfinite(wanted.at(i))) norm = std::max(norm, std::abs(wanted.at(i)));
  const double allowed = tolerance::reordered(got.dtype()) * std::sqrt(terms) * norm;
  for (int64_t i = 0; i < wanted.numel(); ++i) {
    const double a = got.at(i), b = wanted.at(i);
    if (std::isnan(a) && std::isnan(b)) continue;
    const double difference = a == b ? 0 : std::abs(a - b);
    worst = std::max(worst, std::isnan(difference) ? INFINITY : allowed > 0 ? difference / allowed : difference > 0 ? INFINITY : 0);
  }
  return worst;
}

// A gradient may lose digits where terms cancel on its way: one more factor than for values.
constexpr double most_excess = 10;

void expect_near(const RandomGraph& random, const Results& got, const Results& wanted, int64_t seed, const std::string& how) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].type_text(), wanted[i].type_text()) << "seed " << seed << ", " << how;
    ASSERT_LE(excess(got[i], wanted[i], random.longest), most_excess)
        << "seed " << seed << ", " << how << ", output " << i << "\ngot " << to_text(got[i]) << "\nwanted " << to_text(wanted[i]) << "\n"
        << to_text(random.outputs);
  }
}

TEST(Fuzz, EachPassAloneKeepsValuesAndGradients) {
  const std::vector<std::string> passes = all_passes();
  const int64_t begin = first_seed(), end = begin + count(500, 60);
  for (int64_t seed = begin; seed < end && !testing::Test::HasFailure(); ++seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f64});
    const Results wanted = run(random, {.device = Device::reference(), .disabled_passes = all_but("")});
    for (const std::string& pass : passes)
      expect_near(random, run(random, {.threads = 2, .jit = false, .disabled_passes = all_but(pass)}), wanted, seed, "only " + pass);
    expect_near(random, run(random, {.threads = 2, .jit = false}), wanted, seed, "all passes");
  }
}

TEST(Fuzz, AllPassesOnCompiledKernelsKeepValuesAndGradients) {
  const int64_t begin = first_seed() + 1'000'000, end = begin + count(100, 20);
  for (int64_t seed = begin; seed < end && !testing::Test::HasFailure(); ++seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f32, .nodes = 16});
    const Results wanted = run(random, {.device = Device::reference(), .disabled_passes = all_but("")});
    expect_near(random, run(random, {.threads = 2}), wanted, seed, "all passes, compiled");
  }
}

// Without products and reordering passes nothing may change at all.
TEST(Fuzz, InterpreterAndCompiledKernelsGiveTheSameBits) {
  const int64_t begin = first_seed() + 2'000'000, end = begin + count(60, 10);
  for (int64_t seed = begin; seed < end && !testing::Test::HasFailure(); ++seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f32, .products = false});
    const Results interpreted = run(random, {.threads = 1, .jit = false}), compiled = run(random, {.threads = 3});
    for (size_t i = 0; i < compiled.size(); ++i)
      ASSERT_TRUE(identical(compiled[i], interpreted[i])) << "seed " << seed << ", output " << i << "\n" << to_text(random.outputs);
  }
}

}  // namespace
}  // namespace lanc::fuzz
