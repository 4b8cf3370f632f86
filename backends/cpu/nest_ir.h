// backends/cpu/nest_ir.h: LLVM IR as text for the two inner loops of a nest: rows of elements, vector by vector.
#pragma once

#include <string>
#include <vector>

#include <lanc/backends/cpu/cpu_tier.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/scalar/program.h>

namespace lanc::cpu {

/// What the code depends on: everything else (sizes, strides, addresses) is given when it runs.
struct NestShape {
  enum class Access : uint8_t { still, dense, strided };  // along a row: stride 0, 1, any
  struct Operand {
    DType stored = DType::f32;
    Access access = Access::dense;
    bool same_in_all_rows = false;  // its row stride is 0 too
  };
  struct Result {
    DType stored = DType::f32;
    FusedKind kind = FusedKind::map;
    bool along_row = false;         // reduced along the row: one value a row; else dense
  };
  Program program;
  std::vector<Operand> operands;
  std::vector<Result> results;
};

/// The written function, `void lanc_nest(ptr bases, ptr extent)`.
/// bases: the address of the first element of each operand, then of each result.
/// extent: rows, columns, then for each operand and then each result its bytes from row to row, then for each operand its stride along
/// the row in elements (read for strided ones).
inline constexpr const char* nest_entry = "lanc_nest";
using NestFunction = void (*)(const void* const* bases, const int64_t* extent);

/// Same bits as the interpreter, NaN's payload apart. Equal text means equal code.
std::string nest_ir(const NestShape& shape, CpuTier tier);

/// LLVM's names for the tier: processor and features.
const char* llvm_processor(CpuTier tier);
const char* llvm_features(CpuTier tier);

}  // namespace lanc::cpu
