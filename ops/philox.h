// ops/philox.h: the generator of all draws, Philox4x32-10, and what is made of its bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <lanc/graph/dtype.h>

namespace lanc {

/// Four 32-bit words for a counter and a key (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
struct Philox {
  uint32_t words[4];
};
Philox philox(uint64_t counter_low, uint64_t counter_high, uint64_t key);
inline constexpr int philox_rounds = 10;
inline constexpr uint32_t philox_multipliers[2] = {0xD2511F53u, 0xCD9E8D57u}, philox_key_steps[2] = {0x9E3779B9u, 0xBB67AE85u};

/// The key of a draw under a session's seed.
uint64_t philox_key(uint64_t key, int64_t seed);
/// splitmix64 (Steele, Lea, Flood 2014): one round of mixing.
uint64_t mix_bits(uint64_t x);

/// Elements [begin, end) of a draw, into `out` (float or double by dtype). Element i is made of word i mod 4 of the block with counter
/// (i / 4, step), or of two words of block i / 2: the upper 24 or 53 bits.
void fill_uniform(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out);

/// A position with its random bits: what a permutation sorts.
struct RandomPosition {
  uint64_t bits = 0;
  int64_t position = 0;
};
/// The permutation of a draw: positions by their bits, of equal ones the earlier first. `work` and `out` have its size; allocates nothing.
void fill_permutation(uint64_t key, int64_t seed, int64_t step, std::span<RandomPosition> work, std::span<int64_t> out);

}  // namespace lanc
