#include <lanc/train/order.h>

#include <new>
#include <numeric>
#include <string>
#include <utility>

#include <lanc/graph/error.h>

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

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * c[2];
    c = {high(p1) ^ c[1] ^ key[0], low(p1), high(p0) ^ c[3] ^ key[1], low(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return c;
}

std::vector<int64_t> permutation(int64_t n, int64_t seed, int64_t epoch, OrderOf purpose) {
  if (n < 0 || n > int64_t{1} << 32) throw UserError("permutation: 0 to 2^32 elements, got " + std::to_string(n));
  std::vector<int64_t> order;
  try {
    order.resize(static_cast<size_t>(n));
  } catch (const std::bad_alloc&) {
    throw BackendError("permutation: memory for " + std::to_string(n) + " positions must be available, got none");
  }
  std::iota(order.begin(), order.end(), int64_t{0});
  const uint64_t s = static_cast<uint64_t>(seed), e = static_cast<uint64_t>(epoch);
  for (uint64_t i = static_cast<uint64_t>(n); i-- > 1;) {
    const auto words = philox4x32({low(i), low(e), high(e), static_cast<uint32_t>(purpose)}, {low(s), high(s)});
    const uint64_t bits = uint64_t{words[1]} << 32 | words[0];
    std::swap(order[i], order[multiply_high(i + 1, bits)]);
  }
  return order;
}

}  // namespace lanc::data
