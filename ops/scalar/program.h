// ops/scalar/program.h: what a machine executes for a formula: the one rule of computation, run alike by the reference, the blocked
// interpreter, LLVM and, later, CUDA and exported C. Straight-line code over typed values.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <lanc/ops/scalar/formula.h>

namespace lanc {

/// Float arithmetic is IEEE, round to nearest, never contracted; comparisons are ordered (false with NaN) but `ne`, which is true with NaN.
/// Integers wrap; shifts take their count modulo the width.
enum class MachineOp : uint8_t {
  constant,  // bits
  load,      // input `index`; 16-bit floats arrive as f32
  add, sub, mul, div,
  fma,       // a * b + c, one rounding
  sqrt, neg, abs, floor, ceil, trunc, rint,
  lt, le, eq, ne, gt, ge,   // of `from`, give boolean
  select,    // a ? b : c
  bit_and, bit_or, bit_xor, bit_not,
  shift_left, shift_right, shift_right_logical,
  int_div, int_rem,         // towards 0; by 0 gives 0
  convert,   // from `from`: float to integer truncates and saturates, NaN gives 0; to boolean: not equal to 0
  bitcast,   // f32 with i32, f64 with i64
  call,      // routine(a[, b]) in f64
  rare_call, // c ? routine(a) in f64, rounded to the type : b: for few lanes
};

/// A function shared by everybody, f64 to f64.
struct ScalarRoutine {
  const char* symbol;
  double (*unary)(double);
  double (*binary)(double, double);
};
std::span<const ScalarRoutine> scalar_routines();
const ScalarRoutine& scalar_routine(std::string_view symbol);

struct Instruction {
  MachineOp op = MachineOp::constant;
  DType type = DType::f32;   // of the result: f64, f32, i64, i32, u8 or boolean
  DType from = DType::f32;   // of the operands of comparisons, convert and bitcast
  int a = -1, b = -1, c = -1;
  int index = 0;
  uint64_t bits = 0;
  const ScalarRoutine* routine = nullptr;
};

struct Program {
  std::vector<DType> inputs;   // as stored
  std::vector<Instruction> code;
  std::vector<int> outputs;    // instructions
  std::vector<DType> output_types;  // as stored: bf16 and f16 are rounded from f32
  /// One line an instruction; equal text means equal results.
  std::string text() const;
};

/// UserError as Formula::result_types. Constants are folded, equal instructions merged, dead ones left out.
Program lower(const Formula& formula, std::span<const DType> inputs);

/// Builds programs.
class ProgramBuilder {
 public:
  int add(Instruction instruction);
  const Instruction& at(int id) const { return program_.code[static_cast<size_t>(id)]; }
  Program program_;

 private:
  std::map<std::string, int> known_;
};

/// A machine value under construction; operators make instructions. Numbers take the type of what they meet.
class M {
 public:
  M(ProgramBuilder* builder, int id) : builder_(builder), id_(id) {}
  DType type() const { return builder_->at(id_).type; }
  int id() const { return id_; }
  ProgramBuilder* builder() const { return builder_; }
  M constant(double value) const { return constant_of(type(), value); }
  M constant_of(DType type, double value) const;
  M integer(int64_t value) const;

 private:
  ProgramBuilder* builder_;
  int id_;
};
M machine(MachineOp op, M a);
M machine(MachineOp op, M a, M b);
M machine(MachineOp op, M a, M b, M c);
M operator+(M a, M b);
M operator-(M a, M b);
M operator*(M a, M b);
M operator/(M a, M b);
M operator-(M a);
M operator+(M a, double b);
M operator-(M a, double b);
M operator-(double a, M b);
M operator*(M a, double b);
M operator/(double a, M b);
M operator<(M a, M b);
M operator>(M a, M b);
M operator<(M a, double b);
M operator<=(M a, double b);
M operator>(M a, double b);
M operator>=(M a, double b);
M operator==(M a, double b);
M operator==(M a, M b);
M operator!=(M a, M b);
M operator&(M a, M b);
M operator|(M a, M b);
M fma(M a, M b, M c);
M select(M condition, M a, M b);
M convert(M x, DType type);
M bitcast(M x, DType type);
M call(std::string_view symbol, M x);
M call(std::string_view symbol, M x, M y);
/// condition ? routine(x) : otherwise, in x's type.
M rare_call(std::string_view symbol, M x, M otherwise, M condition);
/// sum of c[i] * x^i by Horner with fma.
M polynomial(M x, std::initializer_list<double> coefficients);

}  // namespace lanc
