// The interpreter for any x86-64 or other processor.
#define LANC_TIER tier_portable
#include <lanc/backends/cpu/interpreter_body.h>
