// The pool alone: every share runs once, sections are barriers, and whatever threads do, the results are those of one thread. Built
// again under TSan with nothing else of ours in the program.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <lanc/backends/cpu/thread_pool.h>
#include <lanc/graph/error.h>
#include <lanc/ops/scalar/float_environment.h>

namespace lanc::cpu {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool slow = true;
#elif defined(__clang__)
constexpr bool slow = __has_feature(thread_sanitizer) || __has_feature(address_sanitizer);
#else
constexpr bool slow = false;
#endif

// A generator of its own: <random>'s distributions differ between libraries.
struct Random {
  uint64_t state;
  uint32_t below(uint32_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<uint32_t>((state >> 33) % n);
  }
};

void spin_for(uint32_t nanoseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(nanoseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}

TEST(ThreadPool, RunsEachShareOnce) {
  for (int threads = 1; threads <= 4; ++threads) {
    ThreadPool pool(threads);
    ASSERT_EQ(pool.threads(), threads);
    std::array<std::atomic<int>, 4> runs{};
    for (int i = 0; i < 100; ++i)
      pool.run([](void* context, int worker) { ++(*static_cast<std::array<std::atomic<int>, 4>*>(context))[static_cast<size_t>(worker)]; }, &runs);
    for (int w = 0; w < 4; ++w) EXPECT_EQ(runs[static_cast<size_t>(w)], w < threads ? 100 : 0) << threads << " threads";
  }
}

TEST(ThreadPool, MakesWhatAShareWroteVisibleToTheCallerAndToTheNextRun) {
  ThreadPool pool(4);
  std::array<int64_t, 4> cells{};  // not atomic: the pool orders the accesses
  for (int i = 0; i < 1000; ++i)
    pool.run(
        [](void* context, int worker) {
          auto& all = *static_cast<std::array<int64_t, 4>*>(context);
          all[static_cast<size_t>(worker)] += worker + 1;
        },
        &cells);
  EXPECT_EQ(cells, (std::array<int64_t, 4>{1000, 2000, 3000, 4000}));
}

// Each leaf reads what its neighbours wrote in the section before: a missing barrier shows as another sum (and as a race under TSan).
struct Ring {
  std::vector<int64_t> now, next;
  struct LeafArgs {
    Ring* ring;
    size_t place;
    uint32_t delay;
  };
  static void step(void* p) {
    const auto& a = *static_cast<LeafArgs*>(p);
    if (a.delay > 0) spin_for(a.delay);
    const size_t n = a.ring->now.size();
    a.ring->next[a.place] = a.ring->now[a.place] * 3 + a.ring->now[(a.place + 1) % n] + a.ring->now[(a.place + n - 1) % n];
  }
  static void back(void* p) {
    const auto& a = *static_cast<LeafArgs*>(p);
    a.ring->now[a.place] = a.ring->next[a.place] % 1000003;
  }
};

std::vector<int64_t> ring_after(int threads, int sections, uint64_t seed) {
  ThreadPool pool(threads);
  Random random{seed};
  Ring ring;
  for (int i = 0; i < 6; ++i) ring.now.push_back(i + 1);
  ring.next.resize(6);
  std::vector<std::unique_ptr<Ring::LeafArgs>> args;
  std::vector<Section> all(static_cast<size_t>(sections));
  for (int s = 0; s < sections; ++s) {
    Section& section = all[static_cast<size_t>(s)];
    section.lists.resize(1 + random.below(6));  // fewer lists than threads, or more
    for (size_t place = 0; place < 6; ++place) {
      const uint32_t delay = random.below(50) == 0 ? random.below(60'000) : 0;  // long enough for the others to fall asleep
      args.push_back(std::make_unique<Ring::LeafArgs>(Ring::LeafArgs{&ring, place, delay}));
      section.lists[random.below(static_cast<uint32_t>(section.lists.size()))].push_back({s % 2 == 0 ? Ring::step : Ring::back, args.back().get()});
    }
  }
  pool.run_sections(all);
  return ring.now;
}

TEST(ThreadPool, GivesTheSameResultsForAnyNumberOfThreads) {
  const int sections = slow ? 400 : 2000;
  const std::vector<int64_t> one = ring_after(1, sections, 7);
  for (int threads = 2; threads <= 5; ++threads) EXPECT_EQ(ring_after(threads, sections, 7), one) << threads << " threads";
}

TEST(ThreadPool, SurvivesAMillionEmptySections) {
  ThreadPool pool(3);
  const int runs = slow ? 20'000 : 1'000'000;
  std::atomic<int64_t> count = 0;
  for (int i = 0; i < runs; ++i)
    pool.run([](void* context, int) { static_cast<std::atomic<int64_t>*>(context)->fetch_add(1, std::memory_order_relaxed); }, &count);
  EXPECT_EQ(count, 3 * static_cast<int64_t>(runs));
}

TEST(ThreadPool, IsWokenFromSleep) {
  ThreadPool pool(2);
  Random random{3};
  std::atomic<int> count = 0;
  for (int i = 0; i < 100; ++i) {
    spin_for(random.below(400'000));  // workers sleep after 50 us of idleness, 200 us during a run
    pool.run([](void* context, int) { ++*static_cast<std::atomic<int>*>(context); }, &count);
  }
  EXPECT_EQ(count, 200);
}

TEST(ThreadPool, RunsANestedRunOnTheSameThread) {
  ThreadPool pool(2);
  struct Context {
    ThreadPool* pool;
    std::atomic<int> inner{0}, strayed{0};
  } context{&pool, {}, {}};
  pool.run(
      [](void* p, int) {
        auto& c = *static_cast<Context*>(p);
        struct Inner {
          Context* context;
          std::thread::id thread;
        } inner{&c, std::this_thread::get_id()};
        c.pool->run(
            [](void* q, int) {
              const auto& i = *static_cast<Inner*>(q);
              ++i.context->inner;
              if (std::this_thread::get_id() != i.thread) ++i.context->strayed;
            },
            &inner);
      },
      &context);
  EXPECT_EQ(context.inner, 4);
  EXPECT_EQ(context.strayed, 0);
}

TEST(ThreadPool, TakesRunsFromSeveralThreads) {
  ThreadPool pool(2);
  std::atomic<int64_t> count = 0;
  const auto work = [&] {
    for (int i = 0; i < 500; ++i)
      pool.run([](void* context, int) { ++*static_cast<std::atomic<int64_t>*>(context); }, &count);
  };
  std::thread a(work), b(work);
  a.join();
  b.join();
  EXPECT_EQ(count, 2000);
}

TEST(ThreadPool, RunsLeavesInTheFloatEnvironmentAndRestoresTheCallers) {
  const bool before = FloatEnvironment::active();
  ThreadPool pool(2);
  std::array<bool, 2> active{};
  pool.run([](void* context, int worker) { (*static_cast<std::array<bool, 2>*>(context))[static_cast<size_t>(worker)] = FloatEnvironment::active(); },
           &active);
  EXPECT_TRUE(active[0] && active[1]);
  EXPECT_EQ(FloatEnvironment::active(), before);
}

TEST(ThreadPool, TakesNoneOrTooManyThreadsForAMistake) {
  for (int threads : {-1, 1025}) {
    try {
      ThreadPool pool(threads);
      FAIL() << threads << " threads were taken";
    } catch (const UserError& error) {
      EXPECT_NE(std::string(error.what()).find(std::to_string(threads)), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(ThreadPool(0).threads(), available_cores());
}

TEST(AvailableCores, AreThoseOfTheQuotaWhereThereIsOne) {
  EXPECT_GE(available_cores(), 1);
  EXPECT_EQ(cores_of_quota("200000 100000"), 2);
  EXPECT_EQ(cores_of_quota("max 100000"), 0);
  EXPECT_EQ(cores_of_quota(""), 0);
  EXPECT_EQ(cores_of_quota("junk"), 0);
}

}  // namespace
}  // namespace lanc::cpu
