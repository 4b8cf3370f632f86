// benchmarks/pool_handoff.cpp: what it costs to give work to the thread pool and to wait for it: pool_handoff [threads] [hogs].
// Prints one JSON object; times in microseconds. `hogs` busy threads compete for the cores meanwhile (0: the machine is ours).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <lanc/backends/cpu/thread_pool.h>

namespace {

using lanc::cpu::Leaf;
using lanc::cpu::Section;
using lanc::cpu::ThreadPool;

double microseconds() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Times {
  double median = 0, p99 = 0, mean = 0;
};

template <class Body>
Times measure(int repetitions, Body body) {
  std::vector<double> times;
  for (int i = 0; i < repetitions; ++i) {
    const double start = microseconds();
    body();
    times.push_back(microseconds() - start);
  }
  double sum = 0;
  for (double t : times) sum += t;
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[times.size() * 99 / 100], sum / static_cast<double>(times.size())};
}

// A leaf that computes for about args microseconds, by counting and not by the clock: it takes longer when it is interrupted.
double steps_per_microsecond = 1;
void compute(void* args) {
  volatile double x = 1;
  const auto steps = static_cast<int64_t>(*static_cast<double*>(args) * steps_per_microsecond);
  for (int64_t i = 0; i < steps; ++i) x = x * 1.0000001;
}

void calibrate() {
  double thousand = 1000;
  double best = 1e30;
  steps_per_microsecond = 100;
  for (int i = 0; i < 20; ++i) {
    const double start = microseconds();
    compute(&thousand);
    best = std::min(best, microseconds() - start);
  }
  steps_per_microsecond *= 1000 / best;
}

void print(const char* name, Times t, double divisor = 1) {
  std::printf(",\n \"%s\": {\"median\": %.3f, \"p99\": %.3f, \"mean\": %.3f}", name, t.median / divisor, t.p99 / divisor, t.mean / divisor);
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 0;
  const int hogs = argc > 2 ? std::atoi(argv[2]) : 0;
  calibrate();
  std::atomic<bool> stop = false;
  std::vector<std::thread> busy;
  for (int i = 0; i < hogs; ++i) {
    busy.emplace_back([&stop] {
      while (!stop.load(std::memory_order_relaxed)) {
      }
    });
  }
  ThreadPool pool(threads);
  const auto lists = static_cast<size_t>(pool.threads());
  const auto parallel = [&](Leaf leaf) { return Section{std::vector<std::vector<Leaf>>(lists, {leaf})}; };

  double twenty = 20, hundred = 100;
  const Leaf nothing{[](void*) {}, nullptr}, short_leaf{compute, &twenty}, long_leaf{compute, &hundred};
  const std::vector<Section> empty(100, parallel(nothing)), alone(100, Section{{{nothing}}}), halves(100, parallel(short_leaf));
  std::vector<Section> mixed;  // a step whose every second section runs on the caller alone
  for (int i = 0; i < 50; ++i) mixed.insert(mixed.end(), {parallel(short_leaf), Section{{{long_leaf}}}});

  std::printf("{\"benchmark\": \"pool_handoff\", \"unit\": \"us\", \"threads\": %d, \"hogs\": %d", pool.threads(), hogs);
  print("run", measure(20'000, [&] { pool.run([](void*, int) {}, nullptr); }));
  print("empty_section", measure(1'000, [&] { pool.run_sections(empty); }), 100);
  print("section_of_the_caller", measure(1'000, [&] { pool.run_sections(alone); }), 100);
  print("section_of_20us", measure(300, [&] { pool.run_sections(halves); }), 100);
  print("section_of_20us_and_100us_of_the_caller", measure(100, [&] { pool.run_sections(mixed); }), 50);
  print("run_after_a_pause", measure(300, [&] {
          double pause = 500;
          compute(&pause);
          pool.run([](void*, int) {}, nullptr);
        }));
  std::printf("}\n");
  stop = true;
  for (std::thread& thread : busy) thread.join();
}
