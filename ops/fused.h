// ops/fused.h: one loop nest over a whole group of elementwise nodes, with the reductions of its results: what the fuse pass makes.
#pragma once

#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/scalar/formula.h>

namespace lanc {

/// How an operand is read: its axis i runs along iteration axis axes[i]; -1: its size is 1, it stands still.
struct FusedInput {
  std::vector<int64_t> axes = {};
  void fields(auto& visit) { visit("axes", axes); }
};

enum class FusedKind : int64_t { map, sum, max, min };

/// What becomes of formula output i: stored for each element, or reduced over some iteration axes.
struct FusedOutput {
  FusedKind kind = FusedKind::map;
  std::vector<int64_t> reduced = {};  // ascending; empty for map
  bool keep = false;                  // reduced axes stay with size 1
  void fields(auto& visit) {
    visit("kind", kind);
    visit("reduced", reduced);
    visit("keep", keep);
  }
};

struct FusedAttrs {
  Shape shape = {};  // the iteration space, row-major
  Formula formula = {};
  std::vector<FusedInput> inputs = {};
  std::vector<FusedOutput> outputs = {};
  void fields(auto& visit) {
    visit("shape", shape);
    visit("formula", formula);
    visit("inputs", inputs);
    visit("outputs", outputs);
  }
};

/// Made by passes/fuse.cpp after all derivatives were taken.
/// Order of float sums, the same in every executor and in fused and single reductions alike. Iteration axes of size 1 are left out, the others
/// stay as they are; the outermost one is split into parts by the sizes (backends/cpu/fused_spec.h). Along the innermost axis (within a part,
/// when it is the only one) element i of a run goes to lane i mod 32, lanes are added by halves (16, 8, 4, 2, 1) after every 256 elements;
/// these block sums, then the runs, then the parts are added in index order, from 0. A sum that keeps the innermost axis adds in index
/// order within each part. max and min: NaN wins.
extern const OpDef fused_op;

inline constexpr int64_t fused_sum_lanes = 32;
inline constexpr int64_t fused_sum_block = 256;

}  // namespace lanc
