// backends/cpu/interpreted_nest.h: walks a loop nest in blocks of elements that stay in the first-level cache, and runs the program on each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <lanc/backends/cpu/fused_spec.h>
#include <lanc/backends/cpu/interpreter.h>

namespace lanc::cpu {

/// A collapsed nest prepared for the interpreter: which operands are read where they lie, which results are written where they belong, and
/// where the values between live (a value's memory is used again after its last use). What does not change within a nest is computed once.
/// A block is a piece of a row, or several rows where rows are short.
class InterpretedNest {
 public:
  /// `spec` is collapsed and outlives the nest.
  explicit InterpretedNest(const Spec& spec);

  /// Bytes that one call of run needs, aligned to 64.
  int64_t scratch_bytes() const { return scratch_bytes_; }
  /// Walks the outermost indices [begin, end), stores maps and adds to the accumulators of reductions. `inputs`, `outputs`: the first
  /// element of each lane.
  void run(const std::byte* const* inputs, std::byte* const* outputs, std::byte* scratch, int64_t begin, int64_t end) const;
  /// Nanoseconds of one element, roughly.
  double nanoseconds_per_element() const { return nanoseconds_; }
  /// May this result lie in the memory of this operand? Every element is read before it is written, at the same place.
  bool in_place(size_t input, size_t output) const;

  static constexpr size_t max_code = 4096;
  static constexpr size_t max_rank = 16;

 private:
  enum class From : char { nowhere, constant, once, memory, block };  // where an instruction's lanes come from
  struct Load {
    int instruction, input;
    bool direct = false;              // read where it lies
    int64_t inner = 0, row = 0;       // strides
    DType stored, type;
  };
  struct Store {
    size_t output;
    int instruction;
    bool direct = false;              // the last loop writes it where it belongs
    int64_t inner = 0, row = 0;
    DType stored, type;
  };
  struct Part;

  void choose_blocks();
  void find_operations();
  void place_lanes();
  void place_constants();
  void load_once(Part& part, int lanes) const;
  void run_from(Part& part, const int64_t* index, int64_t first, int64_t last) const;
  void load(Part& part, size_t which, const std::byte* from, int rows, int columns) const;
  void store(const Part& part, const Store& s, std::byte* to, int rows, int columns) const;
  bool still(const Lane& lane) const;

  const Spec& spec_;
  const Tier& tier_;
  bool several_rows_ = false;
  size_t walked_axes_ = 0;            // the axes before the one along which blocks are cut
  int64_t step_ = block_elements;     // indices of that axis in a block
  int lanes_ = block_elements;        // elements of a full block
  std::vector<From> from_;
  std::vector<int64_t> place_;        // of an instruction's lanes in constants_ or in the scratch
  std::vector<std::byte> constants_;
  std::vector<Load> once_loads_, loads_;
  std::vector<BlockOp> once_ops_, ops_;
  std::vector<Store> stores_;
  int64_t scratch_bytes_ = 0;
  double nanoseconds_ = 0;
};

}  // namespace lanc::cpu
