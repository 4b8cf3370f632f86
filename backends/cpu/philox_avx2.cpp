#include <lanc/backends/cpu/random_kernel.h>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <lanc/ops/philox.h>

namespace lanc::cpu {

#if defined(__AVX2__)
namespace {

// Words 0 to 3 of 8 blocks.
struct Words {
  __m256i c[4];
};

// High and low halves of eight 32-bit products.
inline void multiply(__m256i a, __m256i factor, __m256i& high, __m256i& low) {
  const __m256i even = _mm256_mul_epu32(a, factor), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), factor);
  high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0b10101010);
  low = _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0b10101010);
}

// Two groups of 8 counters, so that one's multiplications fill the other's waits. Counters do not carry beyond 32 bits within the 16.
inline void generate(uint64_t block, uint64_t step, uint64_t key, Words (&w)[2]) {
  const __m256i factor0 = _mm256_set1_epi32(static_cast<int>(philox_multipliers[0]));
  const __m256i factor1 = _mm256_set1_epi32(static_cast<int>(philox_multipliers[1]));
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (int g = 0; g < 2; ++g) {
    w[g].c[0] = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(static_cast<uint32_t>(block) + 8u * static_cast<uint32_t>(g))), lanes);
    w[g].c[1] = _mm256_set1_epi32(static_cast<int>(block >> 32));
    w[g].c[2] = _mm256_set1_epi32(static_cast<int>(static_cast<uint32_t>(step)));
    w[g].c[3] = _mm256_set1_epi32(static_cast<int>(step >> 32));
  }
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < philox_rounds; ++round) {
    const __m256i key0 = _mm256_set1_epi32(static_cast<int>(k0)), key1 = _mm256_set1_epi32(static_cast<int>(k1));
    for (Words& v : w) {
      __m256i high0, low0, high1, low1;
      multiply(v.c[0], factor0, high0, low0);
      multiply(v.c[2], factor1, high1, low1);
      v.c[0] = _mm256_xor_si256(_mm256_xor_si256(high1, v.c[1]), key0);
      v.c[2] = _mm256_xor_si256(_mm256_xor_si256(high0, v.c[3]), key1);
      v.c[1] = low1;
      v.c[3] = low0;
    }
    k0 += philox_key_steps[0];
    k1 += philox_key_steps[1];
  }
}

// Register i of the result holds blocks 2 i and 2 i + 1, words in order.
inline void transpose(const Words& w, __m256i (&out)[4]) {
  const __m256i a = _mm256_unpacklo_epi32(w.c[0], w.c[1]), b = _mm256_unpacklo_epi32(w.c[2], w.c[3]);
  const __m256i c = _mm256_unpackhi_epi32(w.c[0], w.c[1]), d = _mm256_unpackhi_epi32(w.c[2], w.c[3]);
  const __m256i b04 = _mm256_unpacklo_epi64(a, b), b15 = _mm256_unpackhi_epi64(a, b);
  const __m256i b26 = _mm256_unpacklo_epi64(c, d), b37 = _mm256_unpackhi_epi64(c, d);
  out[0] = _mm256_permute2x128_si256(b04, b15, 0x20);
  out[1] = _mm256_permute2x128_si256(b26, b37, 0x20);
  out[2] = _mm256_permute2x128_si256(b04, b15, 0x31);
  out[3] = _mm256_permute2x128_si256(b26, b37, 0x31);
}

inline __m256 uniform_f32(__m256i words) { return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_srli_epi32(words, 8)), _mm256_set1_ps(0x1p-24f)); }

// The upper 53 of 64 bits: the halves as 2^84 + high * 2^32 and 2^52 + low, all of it exact.
inline __m256d uniform_f64(__m256i words) {
  const __m256i bits = _mm256_srli_epi64(words, 11);
  const __m256i high = _mm256_or_si256(_mm256_srli_epi64(bits, 32), _mm256_castpd_si256(_mm256_set1_pd(0x1p84)));
  const __m256i low = _mm256_blend_epi32(bits, _mm256_castpd_si256(_mm256_set1_pd(0x1p52)), 0b10101010);
  const __m256d upper = _mm256_sub_pd(_mm256_castsi256_pd(high), _mm256_set1_pd(0x1p84 + 0x1p52));
  return _mm256_mul_pd(_mm256_add_pd(upper, _mm256_castsi256_pd(low)), _mm256_set1_pd(0x1p-53));
}

constexpr uint64_t blocks_at_once = 16;

}  // namespace

void fill_uniform_avx2(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out) {
  const uint64_t k = philox_key(key, seed);
  const int64_t per_block = dtype == f64 ? 2 : 4, at_once = per_block * static_cast<int64_t>(blocks_at_once);
  int64_t i = begin;
  const auto scalar_to = [&](int64_t to) {
    fill_uniform(dtype, key, seed, step, i, to, out);
    i = to;
  };
  if (i % per_block != 0) scalar_to(i + per_block - i % per_block < end ? i + per_block - i % per_block : end);
  while (end - i >= at_once) {
    const auto block = static_cast<uint64_t>(i / per_block);
    if (static_cast<uint32_t>(block) > UINT32_MAX - blocks_at_once) {
      scalar_to(i + at_once);
      continue;
    }
    Words w[2];
    generate(block, static_cast<uint64_t>(step), k, w);
    for (const Words& v : w) {
      __m256i rows[4];
      transpose(v, rows);
      for (const __m256i& row : rows) {
        if (dtype == f64) _mm256_storeu_pd(reinterpret_cast<double*>(out) + i, uniform_f64(row));
        else _mm256_storeu_ps(reinterpret_cast<float*>(out) + i, uniform_f32(row));
        i += 2 * per_block;
      }
    }
  }
  scalar_to(end);
}

#else
void fill_uniform_avx2(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out) {
  fill_uniform(dtype, key, seed, step, begin, end, out);
}
#endif

}  // namespace lanc::cpu
