// Placement of buffers: whatever the lifetimes, nothing that lives overlaps, and the totals are those of the offsets.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <lanc/graph/error.h>
#include <lanc/schedule/memory.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

int64_t alignment_of(const MemoryInterval& in) {
  if (in.alignment != 0) return std::max<int64_t>(in.alignment, 64);
  return in.bytes >= 2 << 20 ? 4096 : 64;
}

// Walks through time with the set of what lives, by offset; checks all that the header promises but the quality.
void expect_valid(const std::vector<MemoryInterval>& intervals, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), intervals.size());
  int64_t total = 0;
  std::vector<std::pair<std::pair<int, int>, size_t>> events;  // (2 * first, or 2 * last + 1; begins?), interval
  for (size_t i = 0; i < intervals.size(); ++i) {
    const MemoryInterval& in = intervals[i];
    if (in.bytes == 0) {
      EXPECT_EQ(plan.offsets[i], 0) << "of an empty buffer";
      continue;
    }
    ASSERT_GE(plan.offsets[i], 0);
    ASSERT_EQ(plan.offsets[i] % alignment_of(in), 0) << "interval " << i << " of " << in.bytes << " bytes";
    total = std::max(total, plan.offsets[i] + rounded(in.bytes));
    events.push_back({{2 * in.first, 0}, i});
    events.push_back({{2 * in.last + 1, 1}, i});
  }
  std::sort(events.begin(), events.end());
  std::map<int64_t, int64_t> living;  // offset -> end
  int64_t live = 0, largest = 0;
  for (const auto& [time, i] : events) {
    const int64_t begin = plan.offsets[i], end = begin + rounded(intervals[i].bytes);
    if (time.second == 1) {
      living.erase(begin);
      live -= end - begin;
      continue;
    }
    const auto above = living.lower_bound(begin);
    ASSERT_TRUE(above == living.end() || above->first >= end) << "interval " << i << " overlaps one that lives above it";
    ASSERT_TRUE(above == living.begin() || std::prev(above)->second <= begin) << "interval " << i << " overlaps one that lives below it";
    living.emplace(begin, end);
    largest = std::max(largest, live += end - begin);
  }
  EXPECT_EQ(plan.total_bytes, total);
  EXPECT_EQ(plan.largest_live_bytes, largest);
}

TEST(Memory, NothingThatLivesOverlapsWhateverTheLifetimes) {
  uint32_t state = 1;
  const auto random = [&state](int64_t below) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int64_t>(state >> 8) % below;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<MemoryInterval> intervals;
    const int64_t count = 1 + random(round < 200 ? 12 : 120), steps = 1 + random(20);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t alignments[] = {0, 0, 16, 64, 128, 4096, 1 << 16}, sizes[] = {0, 1, 63, 64, 65, 1000, 4096, 3 << 20};
      const int first = static_cast<int>(random(steps));
      intervals.push_back({.bytes = sizes[random(8)], .first = first, .last = first + static_cast<int>(random(4)), .alignment = alignments[random(7)]});
    }
    expect_valid(intervals, plan_memory(intervals));
    if (HasFatalFailure()) FAIL() << "round " << round;
  }
}

// One buffer ends in the step in which the next begins: two places are needed, and two are enough.
TEST(Memory, OfAChainIsThatOfItsLargestNeighbours) {
  std::vector<MemoryInterval> chain;
  for (int i = 0; i < 50; ++i) chain.push_back({.bytes = 64 * (1 + i % 3), .first = i, .last = i + 1});
  const MemoryPlan plan = plan_memory(chain);
  expect_valid(chain, plan);
  EXPECT_EQ(plan.largest_live_bytes, 64 * (2 + 3));
  EXPECT_LE(plan.total_bytes, 64 * (3 + 3));
}

// The gap before the aligned place is too small for what fits in bytes.
TEST(Memory, AGapIsMeasuredBehindItsAlignment) {
  const std::vector<MemoryInterval> intervals = {{.bytes = 64, .first = 0, .last = 9},     {.bytes = 8192, .first = 0, .last = 0}, {.bytes = 64, .first = 0, .last = 9},
                                                 {.bytes = 8192, .first = 1, .last = 9, .alignment = 4096}, {.bytes = 6000, .first = 2, .last = 5, .alignment = 4096}};
  expect_valid(intervals, plan_memory(intervals));
}

// Above 16,384 buffers most are placed as an allocator would: gaps that were given back must join, or growing buffers never find one.
TEST(Memory, OfManyGrowingBuffersIsNearTheBound) {
  std::vector<MemoryInterval> intervals;
  for (int i = 0; i < 18'000; ++i) intervals.push_back({.bytes = int64_t{64} * (i + 1), .first = i, .last = i + 1});
  const MemoryPlan plan = plan_memory(intervals);
  expect_valid(intervals, plan);
  EXPECT_LE(static_cast<double>(plan.total_bytes), 2.0 * static_cast<double>(plan.largest_live_bytes));
}

// Of a random graph: the greedy orders need 1.103 of the bound, and no single move of theirs makes it less.
TEST(Memory, OfAStepWhereGreedyOrdersGetStuckIsNearTheBound) {
  struct Lines {
    int64_t count;
    int first, last;
  };
  static constexpr Lines buffers[] = {
      {3, 0, 2}, {3, 1, 2}, {5, 2, 38}, {5, 3, 27}, {5, 3, 39}, {1, 3, 16}, {13, 3, 3}, {1, 4, 6}, {1, 5, 10}, {4, 5, 5}, {1, 6, 9},
      {1, 6, 20}, {7, 6, 6}, {1, 7, 9}, {1, 8, 9}, {10, 8, 8}, {1, 10, 31}, {1, 10, 12}, {4, 10, 10}, {3, 11, 11}, {1, 12, 25},
      {1, 12, 26}, {1, 12, 26}, {1, 12, 26}, {15, 12, 12}, {5, 13, 44}, {1, 13, 25}, {3, 13, 13}, {5, 14, 44}, {1, 14, 15}, {7, 14, 14},
      {4, 15, 15}, {4, 16, 16}, {41, 17, 36}, {41, 18, 36}, {1, 18, 19}, {3, 18, 34}, {34, 18, 18}, {4, 19, 19}, {4, 20, 20},
      {2, 21, 21}, {41, 22, 33}, {34, 22, 22}, {41, 23, 33}, {1, 24, 25}, {131, 24, 24}, {6, 25, 25}, {7, 26, 26}, {5, 27, 29},
      {5, 28, 31}, {5, 29, 30}, {2, 30, 30}, {5, 31, 41}, {28, 31, 31}, {41, 32, 38}, {41, 33, 34}, {3, 34, 36}, {131, 34, 34},
      {5, 35, 35}, {131, 36, 36}, {5, 37, 39}, {5, 38, 39}, {18, 39, 39}, {3, 40, 42}, {3, 41, 42}, {5, 42, 43}, {12, 43, 43},
      {12, 44, 44}};
  std::vector<MemoryInterval> intervals;
  for (const Lines& b : buffers) intervals.push_back({.bytes = 64 * b.count, .first = b.first, .last = b.last});
  const MemoryPlan plan = plan_memory(intervals);
  expect_valid(intervals, plan);
  EXPECT_LE(static_cast<double>(plan.total_bytes), 1.03 * static_cast<double>(plan.largest_live_bytes));
}

TEST(Memory, RefusesWhatIsNoInterval) {
  const auto refusal = [](MemoryInterval in) { return message_of<Error>([&] { plan_memory({&in, 1}); }); };
  EXPECT_NE(refusal({.bytes = -1}).find("bytes must be >= 0 and last >= first, got interval 0: -1 bytes"), std::string::npos);
  EXPECT_NE(refusal({.bytes = 1, .first = 2, .last = 1}).find("bytes must be >= 0 and last >= first"), std::string::npos);
  EXPECT_NE(refusal({.bytes = 1, .alignment = 96}).find("an alignment must be a power of two"), std::string::npos);
  EXPECT_NE(refusal({.bytes = int64_t{1} << 62, .alignment = int64_t{1} << 62}).find("the sum of all buffers must be below 2^63 bytes"), std::string::npos);
}

}  // namespace
}  // namespace lanc
