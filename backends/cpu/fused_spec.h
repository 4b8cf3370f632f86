// backends/cpu/fused_spec.h: one loop nest as plain data: what the interpreter and the LLVM tier both execute.
#pragma once

#include <optional>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/scalar/program.h>

namespace lanc::cpu {

/// An operand or result over the iteration axes, in elements; a stride of 0 stands still (an operand) or is reduced over (a result).
struct Lane {
  DType dtype = DType::f32;
  Sizes strides;
};

/// For each point of `sizes`, row-major: the program's loads come from `inputs`, its outputs are stored to (map) or reduced into `outputs`.
/// A map's innermost stride is 1 (0 where the axis has size 1): results are dense.
struct Spec {
  Sizes sizes;
  Program program;
  std::vector<Lane> inputs, outputs;
  std::vector<FusedKind> kinds;
};

/// The nest of a fused group, of a single elementwise node, sum, reduce_max or reduce_min; none for other nodes, and for reductions whose
/// accumulator is not f32, f64 or i64.
std::optional<Spec> spec_of(const Graph& graph, const Node& node);

/// Drops axes of size 1, and joins neighbours that every lane walks through as one where nothing is reduced: the order of a sum (ops/fused.h)
/// depends on the iteration space and on what is reduced, never on what else the nest computes. At least one axis is left.
void collapse(Spec& spec);

/// Into how many parts a collapsed nest is split along its outermost axis, which part p walks from size * p / parts to size * (p + 1) / parts.
/// A function of the sizes only.
int parts_of(const Spec& spec);

/// Does a sum, max or min of this dtype have an accumulator here?
constexpr bool accumulates(DType t) { return t == f32 || t == f64 || t == i64; }

}  // namespace lanc::cpu
