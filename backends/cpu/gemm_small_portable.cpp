// Small products for any processor.
#include <lanc/backends/cpu/gemm_small_body.h>

namespace lanc::cpu {

void small_product_portable(const GemmShape& s, const float* a, const float* b, float* c, float* packed) { product(s, a, b, c, packed); }
void small_product_portable(const GemmShape& s, const double* a, const double* b, double* c, double* packed) { product(s, a, b, c, packed); }

}  // namespace lanc::cpu
