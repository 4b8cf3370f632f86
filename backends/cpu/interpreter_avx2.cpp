// The interpreter for AVX2, FMA and F16C.
#define LANC_TIER tier_avx2
#include <lanc/backends/cpu/interpreter_body.h>
