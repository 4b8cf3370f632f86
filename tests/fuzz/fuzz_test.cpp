// Random graphs: what a compiled function gives must be what the reference gives node by node, for values, gradients and states, with each
// pass alone and with all together. LANC_FUZZ_SEED and LANC_FUZZ_COUNT (scripts/test --fuzz-seed N --fuzz-count N) choose other graphs and
// more of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>

#include <lanc/graph/text.h>
#include <lanc/passes/pipeline.h>
#include <lanc/tests/fuzz/random_graph.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::fuzz {
namespace {

#ifdef LANC_SANITIZED
constexpr bool slow_tree = true;
#else
constexpr bool slow_tree = false;
#endif

int64_t setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::atoll(text);
}

bool level_is(const char* level) {
  const char* now = std::getenv("LANC_TEST_LEVEL");
  return now != nullptr && std::string(now) == level;
}

// 500 graphs become 20,000 where time does not count.
int64_t count(int64_t usual, int64_t sanitized) {
  const bool all = level_is("all");
  return setting("LANC_FUZZ_COUNT", slow_tree ? (all ? usual : sanitized) : all ? 40 * usual : usual);
}

/// Calls test(seed) for each seed of one test until one fails; every test has seeds of its own.
template <class Test>
void for_seeds(int64_t of_test, int64_t usual, int64_t sanitized, const Test& test) {
  const int64_t begin = setting("LANC_FUZZ_SEED", 1) + of_test * 1'000'000, end = begin + count(usual, sanitized);
  for (int64_t seed = begin; seed < end && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("LANC_FUZZ_SEED=" + std::to_string(seed - of_test * 1'000'000) + " LANC_FUZZ_COUNT=1");
    try {
      test(seed);
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
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

SessionOptions node_by_node(bool strict = false) { return {.device = Device::reference(), .strict = strict, .disabled_passes = all_but("")}; }

// Arenas against what is live at once, the least that any placement needs. The bound is 1.05 of it. Four lines of 64 bytes more are allowed: a
// buffer is whole lines, so that in an arena of a few dozens one gap of a line or two is more than that.
class Arenas {
 public:
  ~Arenas() {
    if (functions_ > 0)
      std::cout << "arenas: " << functions_ << " functions, worst " << worst_ << " of what is live (" << worst_bytes_ << " bytes)" << std::endl;
  }
  void check(const FunctionStats& stats) {
    ++functions_;
    if (stats.largest_live_bytes > 0) {
      const double ratio = static_cast<double>(stats.arena_bytes) / static_cast<double>(stats.largest_live_bytes);
      if (ratio > worst_) worst_ = ratio, worst_bytes_ = stats.arena_bytes;
    }
    ASSERT_LE(static_cast<double>(stats.arena_bytes), 1.05 * static_cast<double>(stats.largest_live_bytes) + slack);
  }

 private:
  static constexpr double slack = 4 * 64;
  int64_t functions_ = 0, worst_bytes_ = 0;
  double worst_ = 0;
};

// What every call gave, then the states after the last one.
Results run(const RandomGraph& random, SessionOptions options, Arenas& arenas) {
  options.verify_passes = true;
  options.seed = 5;
  const Session session(random.graph, options);
  std::vector<Value> inputs;
  std::vector<Tensor> feeds;
  for (const auto& [input, tensor] : random.feeds) {
    inputs.push_back(input);
    feeds.push_back(tensor);
  }
  const Function f = session.function(inputs, random.outputs, random.updates);
  Results results;
  for (int call = 0; call < (random.states.empty() ? 1 : 3); ++call)
    for (const Tensor& t : f(feeds)) results.push_back(t);  // held: later calls must not write them
  for (const Value& s : random.states) results.push_back(session.get(s));
  if (options.device.kind() == Device::Kind::cpu) arenas.check(f.stats());
  return results;
}

// The largest difference as a multiple of what is allowed; NaN must meet NaN.
double excess(const Tensor& got, const Tensor& wanted, double tolerated) {
  double norm = 1, worst = 0;
  for (int64_t i = 0; i < wanted.numel(); ++i)
    if (std::isfinite(wanted.at(i))) norm = std::max(norm, std::abs(wanted.at(i)));
  const double allowed = is_float(got.dtype()) ? tolerated * norm : 0;
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

std::string difference(const RandomGraph& random, const Tensor& got, const Tensor& wanted, const std::string& how, size_t i) {
  return how + ", output " + std::to_string(i) + "\ngot " + to_text(got) + "\nwanted " + to_text(wanted) + "\n" + to_text(random.outputs);
}

void expect_near(const RandomGraph& random, const Results& got, const Results& wanted, const std::string& how) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].type_text(), wanted[i].type_text()) << how;
    const double allowed = tolerance::reordered(got[i].dtype()) * std::sqrt(random.longest) * most_excess;
    ASSERT_LE(excess(got[i], wanted[i], allowed), 1) << difference(random, got[i], wanted[i], how, i);
  }
}

void expect_identical(const RandomGraph& random, const Results& got, const Results& wanted, const std::string& how) {
  ASSERT_EQ(got.size(), wanted.size());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_TRUE(identical(got[i], wanted[i])) << difference(random, got[i], wanted[i], how, i);
}

TEST(Fuzz, EachPassAloneKeepsValuesAndGradients) {
  Arenas arenas;
  for_seeds(0, 500, 60, [&](int64_t seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f64});
    const Results wanted = run(random, node_by_node(), arenas);
    for (const std::string& pass : all_passes())
      expect_near(random, run(random, {.threads = 2, .jit = false, .disabled_passes = all_but(pass)}, arenas), wanted, "only " + pass);
    expect_near(random, run(random, {.threads = 2, .jit = false}, arenas), wanted, "all passes");
  });
}

TEST(Fuzz, AllPassesOnCompiledKernelsKeepValuesAndGradients) {
  Arenas arenas;
  for_seeds(1, 100, 20, [&](int64_t seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f32, .nodes = 16});
    const Results wanted = run(random, node_by_node(), arenas);
    expect_near(random, run(random, {.threads = 2}, arenas), wanted, "all passes, compiled");
  });
}

// Graphs without products, whose sums no backend orders its own way: of these dtypes in turn.
template <class Test>
void for_graphs_of_bits(int64_t of_test, int64_t usual, int64_t sanitized, const DType (&dtypes)[4], const Test& test) {
  for_seeds(of_test, usual, sanitized, [&](int64_t seed) {
    test(random_graph(static_cast<uint64_t>(seed), {.dtype = dtypes[seed % 4], .products = false, .compared = Compared::by_bits}));
  });
}

// Without products and reordering passes nothing may change at all.
TEST(Fuzz, InterpreterAndCompiledKernelsGiveTheSameBits) {
  Arenas arenas;
  for_graphs_of_bits(2, 60, 10, {f32, f64, bf16, f16}, [&](const RandomGraph& random) {
    const Results interpreted = run(random, {.threads = 1, .jit = false}, arenas);
    expect_identical(random, run(random, {.threads = 3}, arenas), interpreted, "compiled");
  });
}

// Strict functions round after every op: no pass changes a bit, in any dtype, gradients of ties and jumps included. Node by node here means
// after `expand`, which says what an op is: one row of the scalar table.
TEST(Fuzz, StrictFunctionsGiveTheBitsOfEachNodeAlone) {
  Arenas arenas;
  for_graphs_of_bits(3, 100, 10, {bf16, f16, f32, f64}, [&](const RandomGraph& random) {
    const auto strict = [&](std::string_view pass) {
      SessionOptions options{.threads = 2, .jit = false, .strict = true, .disabled_passes = all_but(pass)};
      std::erase(options.disabled_passes, "expand");
      return run(random, options, arenas);
    };
    const Results wanted = strict("");
    for (const std::string& pass : all_passes()) expect_identical(random, strict(pass), wanted, "only " + pass);
    expect_identical(random, run(random, {.threads = 3, .jit = false, .strict = true}, arenas), wanted, "all passes");
  });
}

TEST(Fuzz, SixteenBitFloatsStayNear) {
  Arenas arenas;
  for_seeds(4, 100, 10, [&](int64_t seed) {
    const RandomGraph random =
        random_graph(static_cast<uint64_t>(seed), {.dtype = seed % 2 == 0 ? bf16 : f16, .nodes = 8, .compared = Compared::smoothly});
    const Results wanted = run(random, node_by_node(), arenas), got = run(random, {.threads = 2, .jit = false}, arenas);
    for (size_t i = 0; i < got.size(); ++i) {
      const double allowed = tolerance::dropped_roundings(got[i].dtype());
      ASSERT_LE(excess(got[i], wanted[i], allowed), 1) << difference(random, got[i], wanted[i], "all passes", i);
    }
  });
}

TEST(Fuzz, IntegersAreTheSameToTheBit) {
  Arenas arenas;
  for_seeds(5, 150, 20, [&](int64_t seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = i32, .nodes = 16});
    const Results wanted = run(random, node_by_node(), arenas);
    for (const std::string& pass : all_passes())
      expect_identical(random, run(random, {.threads = 2, .jit = false, .disabled_passes = all_but(pass)}, arenas), wanted, "only " + pass);
    expect_identical(random, run(random, {.threads = 2, .jit = false}, arenas), wanted, "all passes");
    if (seed % 10 == 0) expect_identical(random, run(random, {.threads = 2}, arenas), wanted, "all passes, compiled");
  });
}

TEST(Fuzz, StepsLeaveTheSameStates) {
  Arenas arenas;
  for_seeds(6, 120, 20, [&](int64_t seed) {
    const RandomGraph random = random_graph(static_cast<uint64_t>(seed), {.dtype = f64, .nodes = 8, .updates = true});
    const Results wanted = run(random, node_by_node(), arenas);
    for (const std::string& pass : all_passes())
      expect_near(random, run(random, {.threads = 2, .jit = false, .disabled_passes = all_but(pass)}, arenas), wanted, "only " + pass);
    expect_near(random, run(random, {.threads = 2, .jit = false}, arenas), wanted, "all passes");
    if (seed % 10 == 0) expect_near(random, run(random, {.threads = 2}, arenas), wanted, "all passes, compiled");
  });
}

}  // namespace
}  // namespace lanc::fuzz
