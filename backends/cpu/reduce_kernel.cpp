#include <lanc/backends/cpu/reduce_kernel.h>

#include <algorithm>
#include <atomic>

#include <lanc/backends/cpu/elements.h>
#include <lanc/backends/cpu/reduce_ops.h>
#include <lanc/ops/reduce.h>

namespace lanc::cpu {
namespace {

// The operand's axes, neighbours of one kind joined: row-major, so kept and reduced ones alternate.
struct Axes {
  Sizes kept, kept_strides;
  Sizes reduced, reduced_strides;
  bool inner_reduced = true;  // the innermost axis, of stride 1
};

Axes axes_of(const Sizes& sizes, const ReduceAttrs& attrs) {
  std::vector<char> is_reduced(sizes.size(), attrs.axes.empty() ? 1 : 0);
  for (int64_t a : attrs.axes) is_reduced[static_cast<size_t>(a < 0 ? a + static_cast<int64_t>(sizes.size()) : a)] = 1;
  Axes out;
  int64_t stride = 1;
  int last = -1;
  for (size_t a = sizes.size(); a-- > 0;) {
    if (sizes[a] == 1) continue;
    const int kind = is_reduced[a];
    Sizes &to = kind ? out.reduced : out.kept, &strides = kind ? out.reduced_strides : out.kept_strides;
    if (last < 0) out.inner_reduced = kind != 0;
    if (kind == last) to.front() *= sizes[a];
    else {
      to.insert(to.begin(), sizes[a]);
      strides.insert(strides.begin(), stride);
    }
    stride *= sizes[a];
    last = kind;
  }
  if (out.reduced.empty()) out.reduced = {1}, out.reduced_strides = {1};
  return out;
}

// Where element `index` (row-major) of these axes lies; the last `skip` axes do not count.
int64_t offset_of(int64_t index, const Sizes& sizes, const Sizes& strides, size_t skip) {
  int64_t at = 0;
  for (size_t a = sizes.size() - skip; a-- > 0;) {
    if (a == 0) return at + index * strides[0];
    at += index % sizes[a] * strides[a];
    index /= sizes[a];
  }
  return at;
}

constexpr int64_t block = 1024;  // elements of a run at a time
constexpr int64_t width = 256;   // columns at a time

template <class Op>
class ReduceKernel : public Kernel {
 public:
  using C = typename Op::Compute;
  using Acc = typename Op::Acc;

  ReduceKernel(std::string_view op, const Type& from, const Type& to, const ReduceAttrs& attrs)
      : op_(op), from_(from.dtype), to_(to.dtype), axes_(axes_of(sizes_of(from.shape), attrs)) {
    kept_ = numel_of(axes_.kept);
    reduced_ = numel_of(axes_.reduced);
    columns_ = axes_.inner_reduced ? 1 : axes_.kept.back();
    units_ = axes_.inner_reduced ? kept_ : kept_ / std::max<int64_t>(1, columns_) * ((columns_ + width - 1) / width);
    const int64_t wanted = std::clamp<int64_t>(kept_ * reduced_ / 16384, 1, 16);
    split_ = units_ < wanted && reduced_ >= wanted;
    parts_ = static_cast<int>(split_ ? wanted : std::clamp<int64_t>(units_, 1, wanted));
    if (parts_ == 1) split_ = false;
  }

  std::string name() const override { return op_ + (parts_ > 1 ? " in " + std::to_string(parts_) + " parts" : ""); }
  int phases() const override { return split_ ? 2 : 1; }
  int parts(int phase) const override { return phase == 0 ? parts_ : 1; }
  int64_t scratch_bytes() const override { return split_ ? partial_bytes() * parts_ : 0; }
  double microseconds(int phase) const override { return phase == 1 ? 1 : 0.5 + 0.0005 * static_cast<double>(kept_ * reduced_); }

  void run(int phase, int part, const KernelArgs& args) noexcept override {
    if (phase == 1) return combine_parts(args);
    const auto cut = [&](int64_t n, int p) { return n * p / parts_; };
    if (split_) {
      Acc* partial = reinterpret_cast<Acc*>(args.scratch + partial_bytes() * part);
      for (int64_t u = 0; u < units_; ++u)
        reduce_unit(u, cut(reduced_, part), cut(reduced_, part + 1), args,
                    [&](int64_t result, const Acc& acc) { partial[result] = acc; });
      return;
    }
    for (int64_t u = cut(units_, part); u < cut(units_, part + 1); ++u)
      reduce_unit(u, 0, reduced_, args, [&](int64_t result, const Acc& acc) { finish(args, result, acc); });
  }

  bool failed() const override { return failed_.load(std::memory_order_relaxed); }
  std::string take_failure() override {
    return failed_.exchange(false) ? "at least one element is needed along the reduced axes, got none" : "";
  }

 private:
  int64_t partial_bytes() const { return (kept_ * static_cast<int64_t>(sizeof(Acc)) + 63) / 64 * 64; }

  void finish(const KernelArgs& args, int64_t result, const Acc& acc) {
    const auto value = Op::finish(acc);
    if constexpr (requires { acc.at; })
      if (value < 0) failed_.store(true, std::memory_order_relaxed);
    put(to_, args.outputs[0], result, value);
  }

  // One result, or up to `width` results side by side, over reduced elements [begin, end).
  template <class Out>
  void reduce_unit(int64_t unit, int64_t begin, int64_t end, const KernelArgs& args, Out out) {
    if (axes_.inner_reduced) reduce_row(unit, begin, end, args.inputs[0], out);
    else reduce_columns(unit, begin, end, args.inputs[0], out);
  }

  template <class Out>
  void reduce_row(int64_t row, int64_t begin, int64_t end, const std::byte* from, Out out) {
    alignas(64) C buffer[block];
    Acc acc = Op::start();
    const int64_t length = axes_.reduced.back(), base = offset_of(row, axes_.kept, axes_.kept_strides, 0);
    const bool one_run = axes_.reduced.size() == 1;
    for (int64_t at = begin; at < end;) {
      const int64_t run = one_run ? 0 : at / length, within = one_run ? at : at % length;
      const int64_t n = std::min({block, length - within, end - at});
      const int64_t place = base + (one_run ? 0 : offset_of(run, axes_.reduced, axes_.reduced_strides, 1)) + within * axes_.reduced_strides.back();
      Op::run(acc, dense(from_, from + place * size_of(from_), 1, n, buffer), n, at);
      at += n;
    }
    out(row, acc);
  }

  template <class Out>
  void reduce_columns(int64_t unit, int64_t begin, int64_t end, const std::byte* from, Out out) {
    alignas(64) C buffer[width];
    Acc acc[width];
    const int64_t chunks = (columns_ + width - 1) / width, first = unit % chunks * width, n = std::min(width, columns_ - first);
    const int64_t base = offset_of(unit / chunks, axes_.kept, axes_.kept_strides, 1) + first;
    for (int64_t j = 0; j < n; ++j) acc[j] = Op::start();
    for (int64_t r = begin; r < end; ++r) {
      const int64_t place = base + offset_of(r, axes_.reduced, axes_.reduced_strides, 0);
      Op::column(acc, dense(from_, from + place * size_of(from_), 1, n, buffer), n, r);
    }
    for (int64_t j = 0; j < n; ++j) out(unit / chunks * columns_ + first + j, acc[j]);
  }

  void combine_parts(const KernelArgs& args) {
    for (int64_t i = 0; i < kept_; ++i) {
      Acc acc = Op::start();
      for (int part = 0; part < parts_; ++part) Op::combine(acc, reinterpret_cast<const Acc*>(args.scratch + partial_bytes() * part)[i]);
      finish(args, i, acc);
    }
  }

  std::string op_;
  DType from_, to_;
  Axes axes_;
  int64_t kept_ = 1, reduced_ = 1, columns_ = 1, units_ = 1;
  int parts_ = 1;
  bool split_ = false;
  std::atomic<bool> failed_{false};
};

template <template <class> class Op>
std::unique_ptr<Kernel> for_dtype(const Node& node, const Type& from) {
  const auto make = [&]<class C>() -> std::unique_ptr<Kernel> {
    return std::make_unique<ReduceKernel<Op<C>>>(node.op->name, from, node.outputs[0], node.attrs<ReduceAttrs>());
  };
  switch (from.dtype) {
    case DType::f64: return make.template operator()<double>();
    case DType::f32:
    case DType::bf16:
    case DType::f16: return make.template operator()<float>();
    case DType::i64: return make.template operator()<int64_t>();
    case DType::i32: return make.template operator()<int32_t>();
    case DType::u8:
    case DType::boolean: return make.template operator()<uint8_t>();
  }
  return nullptr;
}

template <class C>
using Largest = ExtremeOf<true, C>;
template <class C>
using Smallest = ExtremeOf<false, C>;
template <class C>
using LargestAt = PositionOf<true, C>;
template <class C>
using SmallestAt = PositionOf<false, C>;

template <bool largest>
std::unique_ptr<Kernel> extreme(const Node& node, const Type& from) {
  if (from.dtype == boolean)
    return std::make_unique<ReduceKernel<ExtremeOf<largest, uint8_t, true>>>(node.op->name, from, node.outputs[0], node.attrs<ReduceAttrs>());
  if constexpr (largest) return for_dtype<Largest>(node, from);
  else return for_dtype<Smallest>(node, from);
}

}  // namespace

std::unique_ptr<Kernel> make_reduce_kernel(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  if (node.inputs.size() != 1) return nullptr;
  const Type from = input_types(graph, node)[0];
  if (name == sum_op.name) return for_dtype<SumOf>(node, from);
  if (name == prod_op.name) return for_dtype<ProductOf>(node, from);
  if (name == reduce_max_op.name) return extreme<true>(node, from);
  if (name == reduce_min_op.name) return extreme<false>(node, from);
  if (name == argmax_op.name) return for_dtype<LargestAt>(node, from);
  if (name == argmin_op.name) return for_dtype<SmallestAt>(node, from);
  return nullptr;
}

}  // namespace lanc::cpu
