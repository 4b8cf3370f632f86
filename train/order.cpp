#include <lanc/train/order.h>

#include <new>
#include <numeric>
#include <string>
#include <utility>

#include <lanc/graph/error.h>
#include <lanc/ops/philox.h>

namespace lanc::data {
namespace {

constexpr uint32_t low(uint64_t x) { return static_cast<uint32_t>(x); }
constexpr uint32_t high(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

// floor(a * b / 2^64) for a < 2^33.
constexpr uint64_t multiply_high(uint64_t a, uint64_t b) {
  const uint64_t a0 = low(a), a1 = high(a), b0 = low(b), b1 = high(b);
  const uint64_t middle = a0 * b1 + high(a0 * b0);
  return a1 * b1 + high(middle) + high(a1 * b0 + low(middle));
}

}  // namespace

std::vector<int64_t> permutation(int64_t n, int64_t seed, int64_t epoch, OrderOf purpose) {
  if (n < 0 || n > int64_t{1} << 32) throw UserError("permutation: 0 to 2^32 elements, got " + std::to_string(n));
  std::vector<int64_t> order;
  try {
    order.resize(static_cast<size_t>(n));
  } catch (const std::bad_alloc&) {
    throw BackendError("permutation: memory for " + std::to_string(n) + " positions must be available, got none");
  }
  std::iota(order.begin(), order.end(), int64_t{0});
  const uint64_t e = static_cast<uint64_t>(epoch), purpose_and_epoch = uint64_t{static_cast<uint32_t>(purpose)} << 32 | high(e);
  for (uint64_t i = static_cast<uint64_t>(n); i-- > 1;) {
    const Philox r = philox(uint64_t{low(e)} << 32 | low(i), purpose_and_epoch, static_cast<uint64_t>(seed));
    const uint64_t bits = uint64_t{r.words[1]} << 32 | r.words[0];
    std::swap(order[i], order[multiply_high(i + 1, bits)]);
  }
  return order;
}

}  // namespace lanc::data
