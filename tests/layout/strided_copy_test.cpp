// Random strided copies, whole and cut, against a loop over all indices. Memory is exactly as large as needed: the sanitizer sees the rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include <lanc/backends/cpu/strided_copy.h>

namespace lanc::cpu {
namespace {

using Random = std::mt19937;

int64_t below(Random& random, int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); }

// One side's strides: axes in some order, some with gaps, some backwards, some (of a source) repeated.
struct Side {
  Sizes strides;
  int64_t start = 0, total = 1;
};

Side random_side(Random& random, const Sizes& sizes, bool repeats) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::reverse(order.begin(), order.end());
  if (below(random, 2) == 0) std::shuffle(order.begin(), order.end(), random);
  Side side{.strides = Sizes(sizes.size(), 0)};
  for (size_t a : order) {
    if (repeats && below(random, 4) == 0) continue;
    const int64_t last = std::max<int64_t>(0, sizes[a] - 1), step = 1 + (below(random, 3) == 0 ? below(random, 3) : 0);
    const bool back = below(random, 4) == 0;
    side.strides[a] = back ? -side.total * step : side.total * step;
    side.start += back ? last * step * side.total : 0;
    side.total *= last * step + 1 + below(random, 2);
  }
  return side;
}

std::vector<std::byte> copied(const StridedCopy& copy, size_t bytes, const std::vector<std::byte>& from, size_t size) {
  std::vector<std::byte> to(size);
  Sizes index(copy.sizes.size(), 0);
  for (int64_t i = 0; i < copy.elements(); ++i) {
    int64_t f = copy.from_start, t = copy.to_start;
    for (size_t a = 0; a < index.size(); ++a) f += index[a] * copy.from_strides[a], t += index[a] * copy.to_strides[a];
    std::memcpy(to.data() + static_cast<size_t>(t) * bytes, from.data() + static_cast<size_t>(f) * bytes, bytes);
    for (size_t a = index.size(); a-- > 0;) {
      if (++index[a] < copy.sizes[a]) break;
      index[a] = 0;
    }
  }
  return to;
}

TEST(StridedCopy, OfAnyStridesIsTheLoopOverAllIndices) {
  Random random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    StridedCopy copy;
    for (int64_t rank = below(random, 5); rank > 0; --rank) copy.sizes.push_back(below(random, 8) == 0 ? 1 + below(random, 70) : below(random, 9));
    const Side to_side = random_side(random, copy.sizes, false), from_side = random_side(random, copy.sizes, true);
    copy.to_strides = to_side.strides, copy.to_start = to_side.start;
    copy.from_strides = from_side.strides, copy.from_start = from_side.start;
    const auto bytes = size_t{1} << below(random, 4);
    std::vector<std::byte> from(static_cast<size_t>(from_side.total) * bytes), to(static_cast<size_t>(to_side.total) * bytes);
    for (std::byte& b : from) b = static_cast<std::byte>(random());
    int64_t moved = 0;
    for (const StridedCopy& part : cut(simplified(copy), 1 + below(random, 200), 1 + below(random, 9))) {
      run(part, static_cast<int64_t>(bytes), from.data(), to.data());
      moved += part.elements();
    }
    ASSERT_EQ(moved, copy.elements()) << "trial " << trial;
    ASSERT_TRUE(to == copied(copy, bytes, from, to.size())) << "trial " << trial;
  }
}

TEST(StridedCopy, IsCutByItsSizesOnly) {
  const StridedCopy rows = simplified({.sizes = {100, 300}, .from_strides = {300, 1}, .to_strides = {600, 1}});
  EXPECT_EQ(cut(rows, 1000, 64).size(), 30u);
  EXPECT_EQ(cut(rows, 1000, 8).size(), 8u);
  EXPECT_EQ(cut(rows, 100000, 64).size(), 1u);
  // A length that is no multiple of 64, cut: nothing is left out, nothing is copied twice.
  std::vector<uint32_t> from(10007), to(10007);
  std::iota(from.begin(), from.end(), 1u);
  const StridedCopy all = simplified({.sizes = {10007}, .from_strides = {1}, .to_strides = {1}});
  int64_t moved = 0;
  for (const StridedCopy& part : cut(all, 1000, 64)) {
    run(part, 4, reinterpret_cast<const std::byte*>(from.data()), reinterpret_cast<std::byte*>(to.data()));
    moved += part.elements();
  }
  EXPECT_EQ(moved, 10007);
  EXPECT_EQ(to, from);
  const StridedCopy thin = simplified({.sizes = {3, 30000}, .from_strides = {1, 3}, .to_strides = {30000, 1}});
  EXPECT_EQ(cut(thin, 1000, 64).size(), 64u);
}

}  // namespace
}  // namespace lanc::cpu
