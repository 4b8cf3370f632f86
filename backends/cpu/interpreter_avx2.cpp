// The interpreter with AVX2 and FMA.
#define LANC_BLOCK_FUNCTION run_block_avx2
#include <lanc/backends/cpu/interpreter_body.h>
