#include <lanc/backends/cpu/copy_kernel.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include <lanc/backends/cpu/strided_copy.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/slice.h>

namespace lanc::cpu {
namespace {

constexpr int64_t part_bytes = 64 * 1024;  // of the result: large against the hand-over, small against L2
constexpr int64_t most_parts = 64;

// A copy and the operand that it reads.
struct Move {
  int input = 0;
  StridedCopy copy;
};

class CopyKernel : public Kernel {
 public:
  /// Each phase's moves are independent of one another.
  CopyKernel(int64_t element_bytes, const std::vector<std::vector<Move>>& phases) : element_bytes_(element_bytes), phases_(phases.size()) {
    for (size_t k = 0; k < phases.size(); ++k)
      for (const Move& move : phases[k])
        for (StridedCopy& part : cut(simplified(move.copy), part_bytes / element_bytes, most_parts)) {
          bytes_ += k == 0 ? part.elements() * element_bytes : 0;
          phases_[k].push_back({move.input, std::move(part)});
        }
  }
  std::string name() const override { return "strided copy" + (phases_[0].size() > 1 ? " in " + std::to_string(phases_[0].size()) + " parts" : ""); }
  int phases() const override { return static_cast<int>(phases_.size()); }
  int parts(int phase) const override { return static_cast<int>(phases_[static_cast<size_t>(phase)].size()); }
  double microseconds(int) const override { return 0.2 + static_cast<double>(bytes_) / 8000; }
  void run(int phase, int part, const KernelArgs& args) noexcept override {
    const Move& move = phases_[static_cast<size_t>(phase)][static_cast<size_t>(part)];
    cpu::run(move.copy, element_bytes_, args.inputs[move.input], args.outputs[0]);
  }

 private:
  int64_t element_bytes_ = 0, bytes_ = 0;
  std::vector<std::vector<Move>> phases_;
};

// All of the operand, or the part that a slice or a pad names, walked in its own order.
StridedCopy dense(const Sizes& sizes) { return {.sizes = sizes, .from_strides = row_major(sizes), .to_strides = row_major(sizes)}; }

// Strides of positions starts + i * steps.
void walk(const std::vector<Dim>& starts, const std::vector<Dim>& steps, Sizes& strides, int64_t& start) {
  for (size_t a = 0; a < strides.size(); ++a) {
    start += starts[a].number() * strides[a];
    strides[a] *= steps[a].number();
  }
}

StridedCopy slice_copy(const SliceAttrs& attrs, const Sizes& from, const Sizes& to) {
  StridedCopy copy{.sizes = to, .from_strides = row_major(from), .to_strides = row_major(to)};
  walk(attrs.starts, attrs.steps, copy.from_strides, copy.from_start);
  return copy;
}

StridedCopy transpose_copy(const TransposeAttrs& attrs, const Sizes& from, const Sizes& to) {
  StridedCopy copy = dense(to);
  const Sizes strides = row_major(from);
  for (size_t a = 0; a < to.size(); ++a) copy.from_strides[a] = strides[static_cast<size_t>(attrs.axes[a])];
  return copy;
}

StridedCopy broadcast_copy(const BroadcastAttrs& attrs, const Sizes& from, const Sizes& to) {
  StridedCopy copy = dense(to);
  const Sizes strides = row_major(from);
  std::fill(copy.from_strides.begin(), copy.from_strides.end(), 0);
  for (size_t a = 0; a < from.size(); ++a)
    if (from[a] != 1) copy.from_strides[static_cast<size_t>(attrs.axes[a])] = strides[a];
  return copy;
}

std::vector<Move> concat_moves(size_t axis, const std::vector<Type>& types, const Sizes& to) {
  std::vector<Move> moves;
  const Sizes strides = row_major(to);
  int64_t start = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    const Sizes sizes = sizes_of(types[i].shape);
    moves.push_back({static_cast<int>(i), {.sizes = sizes, .from_strides = row_major(sizes), .to_strides = strides, .to_start = start * strides[axis]}});
    start += sizes[axis];
  }
  return moves;
}

// A box of the result is filled: sizes behind `begin`.
Move fill(const Sizes& begin, const Sizes& end, const Sizes& strides) {
  Move move{1, {.from_strides = Sizes(begin.size(), 0), .to_strides = strides}};
  for (size_t a = 0; a < begin.size(); ++a) {
    move.copy.sizes.push_back(end[a] - begin[a]);
    move.copy.to_start += begin[a] * strides[a];
  }
  return move;
}

// Without gaps the frame around the operand falls into two boxes per axis; with gaps all is filled first.
std::vector<std::vector<Move>> pad_moves(const PadAttrs& attrs, const Sizes& from, const Sizes& to) {
  const Sizes strides = row_major(to);
  Move inside{0, {.sizes = from, .from_strides = row_major(from), .to_strides = strides}};
  walk(attrs.starts, attrs.steps, inside.copy.to_strides, inside.copy.to_start);
  bool gaps = false;
  for (size_t a = 0; a < from.size(); ++a) gaps |= from[a] == 0 || (from[a] > 1 && std::abs(attrs.steps[a].number()) != 1);
  Sizes begin(to.size(), 0), end = to;
  if (gaps) return {{fill(begin, end, strides)}, {inside}};
  std::vector<Move> moves = {inside};
  for (size_t a = 0; a < to.size(); ++a) {
    const int64_t first = attrs.starts[a].number(), last = first + (from[a] - 1) * attrs.steps[a].number();
    const int64_t low = std::min(first, last), high = std::max(first, last) + 1;
    end[a] = low;
    if (low > 0) moves.push_back(fill(begin, end, strides));
    begin[a] = high, end[a] = to[a];
    if (high < to[a]) moves.push_back(fill(begin, end, strides));
    begin[a] = low, end[a] = high;
  }
  return {moves};
}

}  // namespace

std::unique_ptr<Kernel> make_copy_kernel(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  const bool known = name == slice_op.name || name == pad_op.name || name == concat_op.name || name == transpose_op.name || name == broadcast_op.name;
  if (!known || node.outputs[0].rank() > 16) return nullptr;
  const std::vector<Type> types = input_types(graph, node);
  const Sizes from = sizes_of(types[0].shape), to = sizes_of(node.outputs[0].shape);
  std::vector<std::vector<Move>> phases;
  if (name == slice_op.name) phases = {{{0, slice_copy(node.attrs<SliceAttrs>(), from, to)}}};
  else if (name == transpose_op.name) phases = {{{0, transpose_copy(node.attrs<TransposeAttrs>(), from, to)}}};
  else if (name == broadcast_op.name) phases = {{{0, broadcast_copy(node.attrs<BroadcastAttrs>(), from, to)}}};
  else if (name == concat_op.name) phases = {concat_moves(static_cast<size_t>(node.attrs<ConcatAttrs>().axis), types, to)};
  else phases = pad_moves(node.attrs<PadAttrs>(), from, to);
  return std::make_unique<CopyKernel>(size_of(types[0].dtype), phases);
}

}  // namespace lanc::cpu
