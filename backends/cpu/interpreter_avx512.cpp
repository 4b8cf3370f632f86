// The interpreter for AVX-512 F, BW, DQ and VL.
#define LANC_TIER tier_avx512
#include <lanc/backends/cpu/interpreter_body.h>
