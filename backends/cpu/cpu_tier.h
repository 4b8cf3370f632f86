// backends/cpu/cpu_tier.h: how wide the vectors of this processor are, and how wide we may use them.
#pragma once

#include <string_view>

namespace lanc::cpu {

enum class CpuTier { portable, avx2, avx512 };

/// The widest that this processor has and the environment variable LANC_CPU_TIER (portable, avx2, avx512) allows. avx2 includes FMA and
/// F16C; avx512 is F, BW, DQ and VL.
CpuTier cpu_tier();
std::string_view name_of(CpuTier tier);

}  // namespace lanc::cpu
