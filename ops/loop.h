// ops/loop.h: loops as one node: scan over sequences, while_loop. The body is a graph of its own, compiled once whatever the number of iterations;
// a plan holds one iteration. Derivatives of any order are loops again, which run the other way round.
#pragma once

#include <functional>
#include <source_location>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// The one op of loops. Operands: [count i64[]] [go bool[]] carries, sequences, captured values. The body's inputs are called carry_i, element_i,
/// captured_i and iteration (i64[]); its outputs are [continue bool[]] new carries, stacked outputs. Results: last carries, stacked outputs
/// {length, ...}, [count i64[] if conditional]. What was not run is 0 in stacked outputs.
struct LoopAttrs {
  int64_t carries = 0;
  int64_t sequences = 0;
  Dim length = {};          // the most iterations: size of the first axis of sequences and of stacked outputs
  bool reversed = false;    // from the last index to the first
  bool counted = false;     // an operand says how many iterations are run
  bool conditional = false; // an operand says whether the first is run, the body's first output whether the next
  void fields(auto& visit) {
    visit("carries", carries);
    visit("sequences", sequences);
    visit("length", length);
    visit("reversed", reversed);
    visit("counted", counted);
    visit("conditional", conditional);
  }
  size_t first_carry() const { return (counted ? 1u : 0u) + (conditional ? 1u : 0u); }
  size_t first_sequence() const { return first_carry() + static_cast<size_t>(carries); }
  size_t first_captured() const { return first_sequence() + static_cast<size_t>(sequences); }
};
extern const OpDef loop_op;

/// What a body returns: new carries, one for each and of its type, and outputs, which are stacked.
struct ScanStep {
  std::vector<Value> carries = {};
  std::vector<Value> outputs = {};
};
using ScanBody = std::function<ScanStep(const std::vector<Value>& carries, const std::vector<Value>& elements)>;

struct ScanOptions {
  std::vector<Operand> init = {};       // the carries before the first iteration
  std::vector<Operand> sequences = {};  // {length, ...}: an iteration is given {...}
  Dim length = Dim(-1);                 // of a scan without sequences
  bool reversed = false;                // from the last element to the first; outputs stand where their elements stand
};
struct ScanResult {
  std::vector<Value> carries;           // after the last iteration; init when the length is 0
  std::vector<Value> outputs;           // {length, ...}
};

/// carries, y_t = body(carries, x_t) for t = 0, 1, ..., length - 1. The body is called once, while the graph is built; it may use any value of
/// the graph, may make parameters, and may scan itself. What it draws is drawn anew in each iteration. Derivatives keep what they need of each
/// iteration. UserError: no sequence and no length; sequences of different lengths or of rank 0; a body that returns another number of carries, or
/// one of another type; a print or probe in the body.
ScanResult scan(ScanOptions options, const ScanBody& body, std::source_location where = std::source_location::current());

/// body(x_i) for every i along the first axis of the values at once: results {n, ...}. What the body is made of runs as ops over all examples where they
/// have batch rules (elementwise, reductions, products, layouts), and as a loop where one has none. UserError: as scan.
std::vector<Value> vmap(const std::vector<Operand>& values, const std::function<std::vector<Value>(const std::vector<Value>& elements)>& body,
                        std::source_location where = std::source_location::current());

using LoopBody = std::function<std::vector<Value>(const std::vector<Value>& carries)>;
using LoopCondition = std::function<Value(const std::vector<Value>& carries)>;
struct WhileOptions {
  std::vector<Operand> init = {};
  LoopCondition condition = {};  // bool[]: shall the body be run (again)?
  LoopBody body = {};
  Dim most = Dim(-1);            // stops there at the latest. Derivatives need it: they keep what they need of so many iterations
};
struct WhileResult {
  std::vector<Value> carries;
  Value count;                   // i64[]: iterations that were run
};

/// Runs the body while the condition holds. UserError: no init; a condition that is not bool[]; as scan.
WhileResult while_loop(WhileOptions options, std::source_location where = std::source_location::current());

/// How often the body of a while_loop without `most` may run.
inline constexpr int64_t unbounded = INT64_MAX;

}  // namespace lanc
