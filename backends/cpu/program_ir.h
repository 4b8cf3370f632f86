// backends/cpu/program_ir.h: LLVM IR as text: a program's instructions, one by one, on vectors or on single values.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/backends/cpu/cpu_tier.h>
#include <lanc/ops/scalar/program.h>

namespace lanc::cpu {

/// Builds the text of one function. Values are named by number, in the order in which they are made.
class IrWriter {
 public:
  /// "  %v7 = TEXT"; gives "%v7".
  std::string value(std::string_view text);
  void line(std::string_view text);
  void label(std::string_view name);
  /// The block being written: what a phi names as where a value comes from.
  const std::string& block() const { return block_; }
  std::string fresh_label(std::string_view stem);
  /// A line of the module, once: declarations and globals.
  void declare(std::string_view text);
  std::string body, module;

 private:
  int next_ = 0;
  std::string block_ = "entry";
};

/// The parts behind one another.
std::string cat(std::initializer_list<std::string_view> parts);
/// "float" or "<16 x float>"; booleans are i1 here, 16-bit floats and bools in memory by memory_type.
std::string ir_type(DType type, int lanes);
std::string memory_type(DType stored, int lanes);
/// "float" of the number, "splat (float ...)" of vectors.
std::string ir_constant(DType type, uint64_t bits, int lanes);

/// Which values of a float instruction are possible, NaN apart; for integers and unknown ones all.
struct Bounds {
  double low, high;
};
std::vector<Bounds> bounds_of(const Program& program);

/// Is this constant an operand that LLVM would fold with (x * 1, x + 0), although a denormal x must become 0? Such constants are read
/// from memory.
bool is_opaque(const Program& program, int id);

/// Is instruction `id` a choice between what its condition compares (x < y ? x : y) whose result may be seen before it is computed with? LLVM
/// makes such a choice the processor's min or max, which turns a chosen denormal into 0.
bool is_chosen_as_it_is(const Program& program, int id);

/// Writes instructions. It holds the buffers through which vectors meet the routines that work lane by lane.
class ProgramIr {
 public:
  ProgramIr(const Program& program, IrWriter& writer, CpuTier tier, int width);
  /// Buffers on the stack, and what choices hide behind; to be called in the entry block.
  void prepare();
  /// The value of an instruction from those of its operands, in `lanes` lanes (1 or the width). `mask`: lanes that count, for rare calls
  /// ("" all).
  std::string instruction(int id, std::string_view a, std::string_view b, std::string_view c, int lanes, std::string_view mask);
  /// A vector of one value.
  std::string splat(DType type, std::string_view scalar);
  /// From and to memory, converted; `pointer` to dense elements.
  std::string load(DType stored, std::string_view pointer, int lanes);
  void store(DType stored, std::string_view value, std::string_view pointer, int lanes);
  /// The opaque constant, read from memory; one lane.
  std::string opaque_constant(int id);

 private:
  std::string arithmetic(const Instruction& i, std::string_view a, std::string_view b, std::string_view c, int lanes);
  std::string integer(const Instruction& i, std::string_view a, std::string_view b, int lanes);
  std::string divide(const Instruction& i, std::string_view a, std::string_view b, int lanes);
  std::string compare(const Instruction& i, std::string_view a, std::string_view b, int lanes);
  std::string convert(const Instruction& i, std::string_view a, int lanes);
  std::string to_integer(const Instruction& i, std::string_view a, int lanes);
  std::string call(const Instruction& i, std::string_view a, std::string_view b, int lanes);
  std::string rare_call(const Instruction& i, std::string_view a, std::string_view b, std::string_view c, int lanes, std::string_view mask);
  std::string intrinsic(std::string_view name, DType type, int lanes, std::initializer_list<std::string_view> args);
  std::string select(std::string_view condition, std::string_view a, std::string_view b, DType type, int lanes);
  std::string buffer(std::string_view name, std::string_view type);

  const Program& program_;
  IrWriter& writer_;
  CpuTier tier_;
  int width_;
  std::vector<Bounds> bounds_;
};

/// What the written code calls, with addresses: name, address. The scalar routines and the helpers for lanes.
struct NamedAddress {
  const char* name;
  const void* address;
};
const std::vector<NamedAddress>& ir_symbols();

}  // namespace lanc::cpu
