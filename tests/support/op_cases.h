// tests/support/op_cases.h: one table per op (samples and mistakes), from which all tests of ops are made.
//
// tests/ops/NAME.cpp defines `std::vector<OpCases> NAME_cases()` in namespace lanc::cases; configure makes the list of these functions
// from the files' names. What each sample drives (tests/support/op_*.cpp):
//   values       the reference and the CPU backend in every dtype, with every operand also as a transpose and as a strided slice made in
//                the graph, and with symbols for sizes, against torch's stored result or the closed form. The CPU backend interprets;
//                compiled too are, in f32, the first sample of an op as a transpose, as a slice and with symbols: all under --all
//   derivatives  first and second against central differences in f64: vjp, jvp, and either against the other
//   backends     the CPU backend, compiled and interpreted, against the reference, as the operands are fed: the same bits for everything
//                that only moves elements or computes one by one
//   errors       UserError with this text and the line of the call; plus the mistakes that go with the op's signature
//   coverage     every Kind below, >= 20 samples times dtypes times layouts, >= 5 different requirements among the mistakes, what the
//                table says of derivatives is what the OpDef says, and a table for every op of the library
// After a change of a sample with a torch expression: scripts/reference/op_values.py, which says how it is called.
#pragma once

#include <concepts>
#include <functional>
#include <limits>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc::cases {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// One operand: its sizes and how its elements are made. They depend on op, sample, position and nothing else.
struct Fed {
  enum class Kind : uint8_t { uniform, integers, distinct, listed };
  Kind kind = Kind::listed;
  Sizes sizes = {};
  double lo = 0, hi = 0;
  std::vector<double> listed = {};
  std::optional<DType> dtype = {};  // none: the dtype that is being tested

  /// The same elements, always of this dtype: indices, masks.
  Fed as(DType fixed) const;
};
/// Real numbers inside (lo, hi) that f32, bf16 and f16 all hold exactly, so that every dtype is asked the same question.
Fed uniform(Sizes sizes, double lo, double hi);
/// Whole numbers in [lo, hi].
Fed integers(Sizes sizes, int64_t lo, int64_t hi);
/// Evenly spaced in [lo, hi], each once, shuffled: no ties, and no tie within a finite difference.
Fed distinct(Sizes sizes, double lo, double hi);
/// These, in row-major order; one value stands for all.
Fed values(Sizes sizes, std::vector<double> elements);
Fed zeros(Sizes sizes);

/// A callable of (operands) or (graph, operands) that returns a Value or several.
class Build {
 public:
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Build>)
  Build(F f) : call_([f](Graph& graph, const std::vector<Value>& x) -> std::vector<Value> {
    if constexpr (std::invocable<F, Graph&, const std::vector<Value>&>) return listed(f(graph, x));
    else return listed(f(x));
  }) {}
  std::vector<Value> operator()(Graph& graph, const std::vector<Value>& operands) const { return call_(graph, operands); }

 private:
  static std::vector<Value> listed(Value v) { return {std::move(v)}; }
  static std::vector<Value> listed(std::vector<Value> v) { return v; }
  std::function<std::vector<Value>(Graph&, const std::vector<Value>&)> call_;
};

/// The closed form: operands (and results) as f64 tensors.
using Expect = std::function<std::vector<Tensor>(const std::vector<Tensor>&)>;

struct Sample {
  std::string name;
  std::vector<Fed> inputs;
  Build build;
  /// Over x[0], x[1], ... (float64, int64 or bool tensors); torch, F (torch.nn.functional), np, scipy and mpmath are known. A tuple for
  /// several outputs. Evaluated by scripts/reference/op_values.py, results in tests/data/ops/.
  std::string torch = "";
  Expect expect = {};
  bool smooth = true;               // may finite differences be taken here? No: only that derivatives exist and agree with one another
  std::vector<DType> dtypes = {};   // none: the op's
  double condition = 1;             // tolerances are multiplied with it: the square root of the contracted length, or a stated reason
  bool by_element = false;          // each element is held to its own size: the norm of the tensor excuses nothing
  bool derivatives = true;          // no: at infinities and poles, where a derivative may be anything
};

/// Where a message says that the mistake is.
struct ErrorLine {
  enum class Kind : uint8_t {
    of_case,    // the line of the table's file on which the guilty call stands, beside its case's name
    of_sample,  // a line of the table's file: the call of the first sample
    generated,  // this line of op_errors.cpp, at which the operands are handed over
    parsed,     // this line of a text that is read
  };
  Kind kind = Kind::of_case;
  size_t number = 0;
  static ErrorLine here(std::source_location where) { return {Kind::generated, where.line()}; }
};

/// A mistake: `build` throws a UserError that contains the message ("op: requirement, got ...") and names the line.
struct ErrorCase {
  std::string name;
  std::function<void(Graph&)> build;
  std::string message;
  ErrorLine line = {};
};

/// How an op is called, for the mistakes that all ops of one signature share.
struct CallForm {
  enum class Kind : uint8_t { none, unary, binary, ternary, reduction };
  Kind kind = Kind::none;
  std::function<void(const Operand&)> unary = {};
  std::function<void(const Operand&, const Operand&)> binary = {};
  std::function<void(const Operand&, const Operand&, const Operand&)> ternary = {};
  std::function<void(const Operand&, const std::vector<int64_t>&)> reduction = {};
};
/// [](Operand x) { return exp(x); }
template <class F>
CallForm unary(F f) {
  return {.kind = CallForm::Kind::unary, .unary = [f](const Operand& x) { f(x); }};
}
/// [](Operand x, Operand y) { return pow(x, y); }: operands broadcast.
template <class F>
CallForm binary(F f) {
  return {.kind = CallForm::Kind::binary, .binary = [f](const Operand& x, const Operand& y) { f(x, y); }};
}
/// [](Operand x, Operand lo, Operand hi) { return clamp(x, lo, hi); }: operands broadcast.
template <class F>
CallForm ternary(F f) {
  return {.kind = CallForm::Kind::ternary, .ternary = [f](const Operand& x, const Operand& y, const Operand& z) { f(x, y, z); }};
}
/// [](Operand x, std::vector<int64_t> axes) { return sum(x, {.axes = axes}); }
template <class F>
CallForm reduction(F f) {
  return {.kind = CallForm::Kind::reduction, .reduction = [f](const Operand& x, const std::vector<int64_t>& axes) { f(x, axes); }};
}

/// What a table must show of its op in some sample, or say why not.
enum class Kind : uint8_t {
  rank_0, size_0, size_1,  // an operand of rank 0, with an axis of size 0, of size 1; for what makes values of a shape: a result
  broadcast,               // operands of different shapes, if there are several operands
  transposed, strided,     // an operand with two axes to transpose, with an axis to stride over
  dtypes,                  // every dtype that the op's inference takes
};
struct Without {
  Kind kind;
  std::string reason;
};

std::vector<DType> floats();      // f64, f32, bf16, f16
std::vector<DType> numbers();     // and i64, i32, u8
std::vector<DType> everything();  // and bool

struct OpCases {
  std::string op;                         // the OpDef's name, or the public function's where that builds several nodes
  std::vector<DType> dtypes = floats();
  std::vector<Sample> samples = {};
  std::vector<ErrorCase> errors = {};
  CallForm form = {};
  std::vector<Without> without = {};      // kinds that the op does not have
  std::string no_derivative = "";         // the OpDef's no_gradient: such an op refuses a derivative by its operands
  bool makes_values = false;              // of a shape: kinds are those of its results
  bool symbolic = false;                  // builders need no sizes: samples are also run with a symbol for every axis, bound by the feeds
};

/// The same tables, run with symbols for sizes too.
std::vector<OpCases> with_symbols(std::vector<OpCases> tables);

/// The tables of one file.
struct CaseFile {
  std::string name;                       // "reduce" for tests/ops/reduce.cpp
  std::vector<OpCases> ops;
};
/// main() of test_ops: registers the tests, or writes the samples that need stored values: --dump-samples FILE.
int run_op_cases(int argc, char** argv, const std::vector<CaseFile>& files);

}  // namespace lanc::cases
