#include <lanc/passes/passes.h>

#include <cmath>
#include <optional>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/slice.h>
#include <lanc/passes/repeated.h>

namespace lanc {
namespace {

using Rewritten = std::optional<Value>;

bool is(const Value& v, const OpDef& op) { return v.node().op->name == op.name; }
Value operand(const Value& v, size_t i) { return v.graph().value(v.node().inputs[i]); }

bool is_add(const Value& v) { return v.node().op->name == "add" && v.node().inputs.size() == 2; }
bool is_zero_pad(const Value& v) { return is(v, pad_op) && repeated_number(operand(v, 1)) == 0.0; }
bool same_fill(const Value& a, const Value& b) {
  const auto x = repeated_element(a), y = repeated_element(b);
  return a == b || (x && y && identical(x->reshaped({}), y->reshaped({})));
}

bool all_one(const std::vector<Dim>& steps) {
  for (const Dim& s : steps)
    if (!(s == Dim(1))) return false;
  return true;
}
bool all_zero(const std::vector<Dim>& starts) {
  for (const Dim& s : starts)
    if (!(s == Dim(0))) return false;
  return true;
}
bool surely_within(const Dim& a, const Dim& b) { return at_most(a, b) == Truth::yes; }

// starts + i * steps in a value that is itself made of outer_starts + k * outer_steps: nothing when the product is no step.
bool chain(const std::vector<Dim>& outer_starts, const std::vector<Dim>& outer_steps, std::vector<Dim>& starts, std::vector<Dim>& steps) {
  for (size_t a = 0; a < starts.size(); ++a) {
    starts[a] = outer_starts[a] + starts[a] * outer_steps[a];
    steps[a] = steps[a] * outer_steps[a];
    if (!steps[a].is_number() && !surely_within(1, steps[a])) return false;
  }
  return true;
}

// Where the slice begins and ends (out) on an axis, whatever its direction.
struct Extent {
  Dim low, high;
};
Extent extent(const SliceAttrs& s, size_t a) {
  const Dim last = s.starts[a] + (s.sizes[a] - 1) * s.steps[a];
  const bool back = s.steps[a].is_number() && s.steps[a].number() < 0;
  return back ? Extent{last, s.starts[a] + 1} : Extent{s.starts[a], last + 1};
}

// The elements that are there come from x alone.
Rewritten slice_of_pad(const SliceAttrs& s, const Value& padded) {
  const auto& p = padded.node().attrs<PadAttrs>();
  const Value x = operand(padded, 0);
  if (s.starts == p.starts && s.steps == p.steps && s.sizes == x.shape()) return x;
  if (!all_one(p.steps)) return std::nullopt;
  SliceAttrs inner = s;
  for (size_t a = 0; a < s.starts.size(); ++a) {
    const Extent e = extent(s, a);
    if (!surely_within(p.starts[a], e.low) || !surely_within(e.high, p.starts[a] + x.shape()[a])) return std::nullopt;
    inner.starts[a] = s.starts[a] - p.starts[a];
  }
  return strided_slice(x, inner);
}

Rewritten slice_of_concat(const SliceAttrs& s, const Value& joined) {
  const auto axis = static_cast<size_t>(joined.node().attrs<ConcatAttrs>().axis);
  const Extent e = extent(s, axis);
  Dim start = 0;
  for (size_t i = 0; i < joined.node().inputs.size(); ++i) {
    const Value x = operand(joined, i);
    const Dim end = start + x.shape()[axis];
    if (surely_within(start, e.low) && surely_within(e.high, end)) {
      SliceAttrs inner = s;
      inner.starts[axis] = s.starts[axis] - start;
      return strided_slice(x, inner);
    }
    start = end;
  }
  return std::nullopt;
}

// Repeated axes only get another size.
Rewritten slice_of_broadcast(const SliceAttrs& s, const Value& repeated) {
  const auto& axes = repeated.node().attrs<BroadcastAttrs>().axes;
  const Value x = operand(repeated, 0);
  SliceAttrs inner;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto a = static_cast<size_t>(axes[i]);
    const bool stands = x.shape()[i] == Dim(1);
    inner.starts.push_back(stands ? Dim(0) : s.starts[a]);
    inner.sizes.push_back(stands ? Dim(1) : s.sizes[a]);
    inner.steps.push_back(stands ? Dim(1) : s.steps[a]);
  }
  return broadcast_to(strided_slice(x, inner), s.sizes, axes);
}

Rewritten slice_rules(const Value& v) {
  const SliceAttrs s = v.node().attrs<SliceAttrs>();
  const Value x = operand(v, 0);
  if (all_zero(s.starts) && all_one(s.steps) && s.sizes == x.shape()) return x;
  if (is(x, slice_op)) {
    const auto& outer = x.node().attrs<SliceAttrs>();
    SliceAttrs both = s;
    if (chain(outer.starts, outer.steps, both.starts, both.steps)) return strided_slice(operand(x, 0), both);
  }
  if (is(x, pad_op)) return slice_of_pad(s, x);
  if (is(x, concat_op)) return slice_of_concat(s, x);
  if (is(x, broadcast_op)) return slice_of_broadcast(s, x);
  return std::nullopt;
}

Rewritten pad_rules(const Value& v) {
  const PadAttrs p = v.node().attrs<PadAttrs>();
  const Value x = operand(v, 0), fill = operand(v, 1);
  if (x.shape() == p.shape && all_one(p.steps)) return x;
  if (is(x, pad_op) && same_fill(fill, operand(x, 1))) {
    PadAttrs both = x.node().attrs<PadAttrs>();
    both.shape = p.shape;
    if (chain(p.starts, p.steps, both.starts, both.steps)) return strided_pad(operand(x, 0), both, fill);
  }
  return std::nullopt;
}

// One slice for two neighbours of one value: b goes on along `axis` where a ends.
Rewritten neighbours(const Value& a, const Value& b, size_t axis) {
  if (!is(a, slice_op) || !is(b, slice_op) || !(operand(a, 0) == operand(b, 0))) return std::nullopt;
  const SliceAttrs x = a.node().attrs<SliceAttrs>(), y = b.node().attrs<SliceAttrs>();
  if (!(x.steps == y.steps)) return std::nullopt;
  for (size_t k = 0; k < x.starts.size(); ++k) {
    if (k != axis && !(x.starts[k] == y.starts[k] && x.sizes[k] == y.sizes[k])) return std::nullopt;
    if (k == axis && !(y.starts[k] == x.starts[k] + x.sizes[k] * x.steps[k])) return std::nullopt;
  }
  SliceAttrs both = x;
  both.sizes[axis] = x.sizes[axis] + y.sizes[axis];
  return strided_slice(operand(a, 0), both);
}

// Operands of concatenations along the same axis in their place, without empty ones, neighbours joined.
Rewritten concat_rules(const Value& v) {
  const int64_t axis = v.node().attrs<ConcatAttrs>().axis;
  const auto at = static_cast<size_t>(axis);
  std::vector<Value> parts;
  const auto add = [&](const Value& x) {
    if (x.shape()[at] == Dim(0)) return;
    if (const Rewritten joined = parts.empty() ? std::nullopt : neighbours(parts.back(), x, at)) parts.back() = *joined;
    else parts.push_back(x);
  };
  for (size_t i = 0; i < v.node().inputs.size(); ++i) {
    const Value x = operand(v, i);
    if (is(x, concat_op) && x.node().attrs<ConcatAttrs>().axis == axis)
      for (size_t k = 0; k < x.node().inputs.size(); ++k) add(operand(x, k));
    else add(x);
  }
  if (parts.empty()) return operand(v, 0);
  bool same = parts.size() == v.node().inputs.size();
  for (size_t i = 0; same && i < parts.size(); ++i) same = parts[i] == operand(v, i);
  if (same) return std::nullopt;
  return concat(parts, axis);
}

// The sum of what two slices of one value send back: a + b, each 0 where the other is, are one behind the other.
Rewritten sum_of_two_pads(const Value& a, const Value& b) {
  if (!is_zero_pad(a) || !is_zero_pad(b) || !(a.type() == b.type())) return std::nullopt;
  const PadAttrs x = a.node().attrs<PadAttrs>(), y = b.node().attrs<PadAttrs>();
  if (!all_one(x.steps) || !all_one(y.steps)) return std::nullopt;
  const Value from_a = operand(a, 0), from_b = operand(b, 0);
  std::optional<size_t> axis;
  for (size_t k = 0; k < x.starts.size(); ++k) {
    if (x.starts[k] == y.starts[k] && from_a.shape()[k] == from_b.shape()[k]) continue;
    if (axis) return std::nullopt;
    axis = k;
  }
  if (!axis) return std::nullopt;
  const bool a_first = y.starts[*axis] == x.starts[*axis] + from_a.shape()[*axis];
  const bool b_first = x.starts[*axis] == y.starts[*axis] + from_b.shape()[*axis];
  if (!a_first && !b_first) return std::nullopt;
  const auto along = static_cast<int64_t>(*axis);
  return a_first ? strided_pad(concat({from_a, from_b}, along), x, operand(a, 1)) : strided_pad(concat({from_b, from_a}, along), y, operand(b, 1));
}

// The same within a sum of several, which may come in any order: a term goes to its neighbour, and those two may then have one in turn.
Rewritten sum_of_pads(const Value& v) {
  const Value a = operand(v, 0), b = operand(v, 1);
  if (const Rewritten both = sum_of_two_pads(a, b)) return both;
  for (const auto& [sum, term] : {std::pair{a, b}, std::pair{b, a}}) {
    if (!is_add(sum) || !is_zero_pad(term)) continue;
    const Value first = operand(sum, 0), second = operand(sum, 1);
    if (const Rewritten both = sum_of_two_pads(first, term)) return *both + second;
    if (const Rewritten both = sum_of_two_pads(second, term)) return first + *both;
  }
  return std::nullopt;
}

Rewritten rewrite(const Value& v, bool strict) {
  if (is(v, slice_op)) return slice_rules(v);
  if (is(v, pad_op)) return pad_rules(v);
  if (is(v, concat_op)) return concat_rules(v);
  if (is(v, reshape_op) && v.shape() == operand(v, 0).shape()) return operand(v, 0);
  if (is(v, broadcast_op) && v.shape() == operand(v, 0).shape()) return operand(v, 0);  // axes ascend, so they are all in place
  if (!strict && is_add(v)) return sum_of_pads(v);
  return std::nullopt;
}

}  // namespace

Graph join_moves(const Graph& graph, const PassContext& context) {
  return rebuild(graph, [&](const Node& node, uint32_t, const std::vector<Ref>& inputs, const Graph& to) -> std::optional<std::vector<Ref>> {
    if (node.outputs.size() != 1 || inputs.empty() || (node.op->family != "layout" && node.op->name != "add")) return std::nullopt;
    // Built first, as rules look at it among its operands; dead when a rule replaces it.
    Node copy = node;
    copy.inputs = inputs;
    const uint32_t id = append_node(*to.data(), std::move(copy));
    const CallSite site(node.origin, "");
    Value v(to.data(), id, 0);
    for (int round = 0; round < 8; ++round) {
      const Rewritten next = rewrite(v, context.strict);
      if (!next || !(next->type() == node.outputs[0])) break;
      v = *next;
    }
    return std::vector<Ref>{{v.node_id(), v.output()}};
  });
}

}  // namespace lanc
