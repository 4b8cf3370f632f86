// backends/cpu/gemm_small.h: batches of products that are too small for a library call.
#pragma once

#include <lanc/backends/cpu/gemm.h>

namespace lanc::cpu {

inline constexpr int64_t small_tile = 8;  // columns at a time

/// One product; `packed` holds k * small_tile elements.
void small_product_portable(const GemmShape& shape, const float* a, const float* b, float* c, float* packed);
void small_product_portable(const GemmShape& shape, const double* a, const double* b, double* c, double* packed);
void small_product_avx2(const GemmShape& shape, const float* a, const float* b, float* c, float* packed);
void small_product_avx2(const GemmShape& shape, const double* a, const double* b, double* c, double* packed);

/// For f32 and f64 products of a batch of at most 16^3 multiplications each: a library's call costs more than their work (half a microsecond
/// against 40 ns for 8 x 8 x 8, measured with oneDNN 3.2 on AVX-512). Null for others.
std::unique_ptr<Gemm> make_small_gemm(const GemmShape& shape, int64_t batch);

}  // namespace lanc::cpu
