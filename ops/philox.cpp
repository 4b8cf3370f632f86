#include <lanc/ops/philox.h>

#include <algorithm>

namespace lanc {

uint64_t mix_bits(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

uint64_t philox_key(uint64_t key, int64_t seed) { return mix_bits(key ^ mix_bits(static_cast<uint64_t>(seed))); }

Philox philox(uint64_t counter_low, uint64_t counter_high, uint64_t key) {
  uint32_t c[4] = {static_cast<uint32_t>(counter_low), static_cast<uint32_t>(counter_low >> 32), static_cast<uint32_t>(counter_high),
                   static_cast<uint32_t>(counter_high >> 32)};
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < philox_rounds; ++round) {
    const uint64_t p0 = uint64_t{philox_multipliers[0]} * c[0], p1 = uint64_t{philox_multipliers[1]} * c[2];
    const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c[1] ^ k0, n2 = static_cast<uint32_t>(p0 >> 32) ^ c[3] ^ k1;
    c[1] = static_cast<uint32_t>(p1);
    c[3] = static_cast<uint32_t>(p0);
    c[0] = n0;
    c[2] = n2;
    k0 += philox_key_steps[0];
    k1 += philox_key_steps[1];
  }
  return {{c[0], c[1], c[2], c[3]}};
}

namespace {

// Element `half` (0 or 1) of a block of two.
uint64_t bits_of(const Philox& r, int64_t half) { return (uint64_t{r.words[2 * half + 1]} << 32) | r.words[2 * half]; }

}  // namespace

void fill_uniform(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out) {
  const uint64_t k = philox_key(key, seed);
  const int64_t per_block = dtype == f64 ? 2 : 4;
  for (int64_t i = begin; i < end;) {
    const Philox r = philox(static_cast<uint64_t>(i / per_block), static_cast<uint64_t>(step), k);
    for (int64_t lane = i % per_block; lane < per_block && i < end; ++lane, ++i) {
      if (dtype == f64) reinterpret_cast<double*>(out)[i] = static_cast<double>(bits_of(r, lane) >> 11) * 0x1p-53;
      else reinterpret_cast<float*>(out)[i] = static_cast<float>(r.words[lane] >> 8) * 0x1p-24f;
    }
  }
}

void fill_permutation(uint64_t key, int64_t seed, int64_t step, std::span<RandomPosition> work, std::span<int64_t> out) {
  const uint64_t k = philox_key(key, seed);
  for (size_t i = 0; i < work.size(); ++i)
    work[i] = {bits_of(philox(i / 2, static_cast<uint64_t>(step), k), static_cast<int64_t>(i % 2)), static_cast<int64_t>(i)};
  std::sort(work.begin(), work.end(), [](const RandomPosition& a, const RandomPosition& b) {
    return a.bits != b.bits ? a.bits < b.bits : a.position < b.position;
  });
  for (size_t i = 0; i < work.size(); ++i) out[i] = work[i].position;
}

}  // namespace lanc
