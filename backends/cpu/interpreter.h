// backends/cpu/interpreter.h: runs a program on blocks of elements, one tight loop per instruction; compiled once per instruction set.
#pragma once

#include <cstddef>

#include <lanc/ops/scalar/program.h>

namespace lanc::cpu {

inline constexpr int block_elements = 256;
inline constexpr int slot_bytes = block_elements * 8;

/// slots[k] holds the lanes of instruction k in its machine type (bools as bytes). Constants and loads are there already; the others are
/// computed for n <= 256 lanes.
using BlockFunction = void (*)(const Instruction* code, int count, std::byte* const* slots, int n);

void run_block_portable(const Instruction* code, int count, std::byte* const* slots, int n);
void run_block_avx2(const Instruction* code, int count, std::byte* const* slots, int n);
/// The widest that this processor and the environment variable LANC_CPU_TIER (portable, avx2) allow.
BlockFunction block_function();

}  // namespace lanc::cpu
