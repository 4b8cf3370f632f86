// ops/slice.h: parts of a value: every step-th element between two positions of each axis, backwards too; and what is made of it.
#pragma once

#include <optional>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// The primitive: element i along an axis is element starts + i * steps of the operand. Steps are numbers other than 0, or dims that
/// are at least 1. Its adjoint is strided_pad (ops/pad.h) with the same starts and steps, and the other way round.
struct SliceAttrs {
  std::vector<Dim> starts = {};
  Shape sizes = {};
  std::vector<Dim> steps = {};
  void fields(auto& visit) {
    visit("starts", starts);
    visit("sizes", sizes);
    visit("steps", steps);
  }
};
extern const OpDef slice_op;
/// UserError: a position outside of the operand. The operand itself when it is the whole of it.
Value strided_slice(Operand x, SliceAttrs attrs);

/// Positions of one axis, from start (in) to stop (out). A negative number counts from the end. Left out: from one end to the other, in
/// the direction of the step. Dims may have symbols: {.stop = batch - 1}; with symbols they count from the start.
struct Slice {
  std::optional<Dim> start = {};
  std::optional<Dim> stop = {};
  Dim step = 1;
};
/// x[start:stop:step, ...], axis by axis; axes that are not named are kept whole. slice_of(x, {{0, 10}, {}, {.step = -1}}). Any dtype.
/// UserError: more slices than axes; a step of 0; positions outside of the axis (nothing is clipped), or start behind stop.
Value slice_of(Operand x, std::vector<Slice> slices);
/// The same for one axis.
Value slice_axis(Operand x, int64_t axis, Slice slice);

/// The elements in the opposite order along these axes; empty: along all. Any dtype. UserError: an axis out of range or named twice.
Value reverse(Operand x, std::vector<int64_t> axes = {});

/// Parts of these sizes along an axis, in order; their sum must be the axis' size. Sizes may have symbols. UserError: another sum.
std::vector<Value> split(Operand x, const Shape& sizes, int64_t axis = 0);
/// Parts of equal size. UserError: parts below 1; a size that is not a multiple of it.
std::vector<Value> split_equal(Operand x, int64_t parts, int64_t axis = 0);
/// x[0], x[1], ... along an axis of known size, without that axis. UserError: a size with symbols.
std::vector<Value> unstack(Operand x, int64_t axis = 0);

/// Elements moved on by `shift` places along the axis; those that leave at one end enter at the other: y[(i + shift) mod n] = x[i].
/// Any shift, any dtype. UserError: an axis out of range.
Value roll(Operand x, int64_t shift, int64_t axis);
/// Several axes, one shift each. UserError: another number of axes than of shifts, an axis out of range or named twice.
Value roll(Operand x, std::vector<int64_t> shifts, std::vector<int64_t> axes);

/// For inference rules: are starts + i * steps, i in [0, sizes), positions of `of`? Refused when surely not; recorded and checked at
/// binding when not known.
void require_positions(const InferArgs& args, const std::vector<Dim>& starts, const Shape& sizes, const std::vector<Dim>& steps, const Shape& of);

}  // namespace lanc
