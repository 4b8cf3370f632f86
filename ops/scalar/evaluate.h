// ops/scalar/evaluate.h: the oracle of every executor of programs: one element at a time, one instruction at a time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <lanc/ops/scalar/program.h>

namespace lanc {

/// n elements of dense inputs, in their storage dtypes, into dense outputs.
void evaluate(const Program& program, std::span<const std::byte* const> inputs, std::span<std::byte* const> outputs, int64_t n);
/// One instruction on operands given as bits (the low bytes hold the value).
uint64_t evaluate_instruction(const Instruction& instruction, uint64_t a, uint64_t b, uint64_t c);
/// The first output for one set of f64 arguments.
double evaluate_f64(const Formula& formula, std::span<const double> args);

}  // namespace lanc
