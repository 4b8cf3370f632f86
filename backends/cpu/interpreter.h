// backends/cpu/interpreter.h: runs a program on blocks of elements, one tight loop per instruction; compiled once per instruction set.
#pragma once

#include <cstddef>

#include <lanc/backends/cpu/cpu_tier.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/scalar/program.h>

namespace lanc::cpu {

inline constexpr int block_elements = 256;

/// One instruction of a program as the interpreter runs it: slots[k] are the lanes of instruction k in its machine type (bools as bytes).
struct BlockOp;
using Loop = void (*)(const BlockOp& op, std::byte* const* slots, int n);
struct BlockOp {
  Loop loop = nullptr;
  int to = -1, a = -1, b = -1, c = -1, d = -1;
  const Instruction* instruction = nullptr;
  DType types[3] = {};  // of a, b, c
};

/// False; no compiler knows it.
extern bool never;

/// What one instruction set offers. All of them compute the same bits.
struct Tier {
  /// Loops for an instruction on its own; `combined` for some that take in the instructions before them.
  Loop (*loop_for)(const Instruction& instruction);
  Loop (*maximum)(DType type), (*minimum)(DType type);       // a, b; NaN wins
  Loop (*select_by)(MachineOp compare, DType from, DType type);  // a ? b : c with a = compare(a, b): operands a, b, c, d
  /// accumulator = accumulator combined with all n values: by lanes, then halves (ops/fused.h).
  void (*reduce)(FusedKind kind, DType type, const std::byte* values, int n, std::byte* accumulator);
  /// accumulators[i] = accumulators[i] combined with values[i].
  void (*accumulate)(FusedKind kind, DType type, const std::byte* values, int n, std::byte* accumulators);
  /// 16-bit floats from and to f32.
  void (*widen)(DType stored, const std::byte* from, int64_t stride, int n, float* to);
  void (*narrow)(DType stored, const float* from, int n, std::byte* to);
};
const Tier& tier_portable();
const Tier& tier_avx2();
const Tier& tier_avx512();
/// Of cpu_tier().
const Tier& tier();

}  // namespace lanc::cpu
