// passes/passes.h: the passes, one pair of declaration and file each; pipeline.cpp lists them in order.
#pragma once

#include <lanc/passes/pipeline.h>

namespace lanc {

/// Does: makes one loop of several over the same operands whose carries are the same: results of all of them. So the forward loop of a training
/// step runs once, and gives what its derivative reads too. Needs: that nothing has rewritten the bodies yet. Leaves: the union of their outputs.
Graph merge_loops(const Graph& graph, const PassContext& context);
/// Does: replaces composites by their compositions, logs of softmaxes by log_softmax first (not when strict). Needs: nothing. Leaves: no op with `compose`.
/// Why here: derivatives are taken already, so any order of them saw the composite's own rule.
Graph compose(const Graph& graph, const PassContext& context);

/// Does: turns every elementwise node into one node per scalar primitive, each with the user's line; sums and extremes of 16-bit floats into those
/// of f32 between casts. Needs: nothing.
/// Leaves: elementwise nodes whose formula is one table function of their operands; literals as rank-0 constants, broadcast.
/// Why here: CSE, algebra and "the derivative reads the result" see primitives only.
Graph expand(const Graph& graph, const PassContext& context);

/// Does: computes nodes whose operands are all constants, and sizes that are numbers. Needs: the evaluator.
/// Leaves: constants of at most 4,096 elements in their place. Why here: after expand made literals constants.
Graph fold(const Graph& graph, const PassContext& context);

/// Does: x*1, x*-1, x/1, x + -0, x - 0, division by a power of two whose reciprocal is a normal number, x + -y, x - -y, neg of neg, -(x - y)
/// of integers, transposes, reshapes and broadcasts of one another, sums of broadcasts, elementwise nodes of repeated scalars, stable forms
/// (log(exp(x)), log(exp(x) / s), log(1 + exp(x)), log1p(exp(x)), log(sigmoid(x)), sqrt(square(x))). Nothing when strict. Needs: primitives.
/// Leaves: the same values, signs of zeros too, up to the tolerance of the table "What must be equal". Why here: after expand, before CSE merges what became equal.
Graph algebra(const Graph& graph, const PassContext& context);

/// Does: joins moves of elements that follow one another: slices of slices (so what is reversed twice), of pads, concatenations and
/// broadcasts; pads of pads; concatenations of concatenations and of neighbouring slices; slices, pads, reshapes and broadcasts that move
/// nothing; sums of what neighbouring slices send back (one concatenation; not when strict: -0 + 0 is 0). Needs: nothing.
/// Leaves: the same bits, but for zeros' signs in those sums. Why here: after algebra made transposes one and saw through broadcasts; once more when sizes are bound.
Graph join_moves(const Graph& graph, const PassContext& context);

/// Does: merges nodes with equal op, attributes and operands; operands of commutative primitives in canonical order first.
/// Needs: nothing. Leaves: no two equal pure nodes. Why here: last of the general passes, so that all sharing is found.
Graph cse(const Graph& graph, const PassContext& context);

/// Does: lets a contraction read a transposed operand in place by renaming its axes, and write a transposed result by exchanging its
/// operands. Needs: bound or symbolic shapes alike. Leaves: no contraction of a transpose,
/// unless its free axes would come in another order; all without capabilities.contract_flags. Why here: before fuse, when algebra has joined transposes of transposes.
Graph contract_flags(const Graph& graph, const PassContext& context);

/// Does: computes elementwise nodes and the sums, maxima and minima of their results in common loop nests (`fused`): operands are read
/// through broadcasts, transposes and reshapes by sizes of 1, rank-0 constants are written into the formula, only what others read is stored.
/// Needs: primitives; capabilities.fusion. Leaves: the same bits, but that a 16-bit result read within its nest is not rounded first, unless
/// `strict`; explicit casts to 16 bits always round. No elementwise node or view that a nest could have taken in, nothing computed twice.
/// Why here: last, since no pass after it sees primitives any more, and after the passes that remove transposes and reductions.
Graph fuse(const Graph& graph, const PassContext& context);

/// Does: takes out of loops what need not be done an iteration at a time. Products and sums of what does not depend on the carries are made for all
/// iterations at once, before the loop (x W of a recurrent layer: one product), and products that only stacked results read are made after it. What
/// has no batch rule (OpDef::batch) stays. Not when strict: sums are added in another order. Needs: primitives. Leaves: loops without what was taken
/// out; a loop of which nothing is left is gone (vmap). Why here: after cse, so that the same product is taken out once.
Graph hoist(const Graph& graph, const PassContext& context);
/// Does: takes out of loops the results that nobody reads, carries that only they need, and operands that the body no longer reads. Needs: nothing.
/// Leaves: loops whose every result is read, or whose carry is. Why here: after cse, before sizes are bound.
Graph prune_loops(const Graph& graph, const PassContext& context);

}  // namespace lanc
