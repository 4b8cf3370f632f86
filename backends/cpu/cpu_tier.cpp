#include <lanc/backends/cpu/cpu_tier.h>

#include <algorithm>
#include <cstdlib>

namespace lanc::cpu {
namespace {

CpuTier of_processor() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl");
  return avx2 && avx512 ? CpuTier::avx512 : avx2 ? CpuTier::avx2 : CpuTier::portable;
#else
  return CpuTier::portable;
#endif
}

}  // namespace

CpuTier cpu_tier() {
  static const CpuTier processor = of_processor();
  const char* limit = std::getenv("LANC_CPU_TIER");
  for (CpuTier tier : {CpuTier::portable, CpuTier::avx2})
    if (limit != nullptr && limit == name_of(tier)) return std::min(tier, processor);
  return processor;
}

std::string_view name_of(CpuTier tier) { return tier == CpuTier::avx512 ? "avx512" : tier == CpuTier::avx2 ? "avx2" : "portable"; }

}  // namespace lanc::cpu
