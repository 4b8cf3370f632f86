#include <lanc/backends/cpu/scan_kernel.h>

#include <algorithm>

#include <lanc/backends/cpu/elements.h>
#include <lanc/ops/cumulative.h>

namespace lanc::cpu {
namespace {

enum class Rule { sum, product, recurrence, lagged };

// The operand as {outer, length, inner}, the axis in the middle.
struct Lines {
  int64_t outer = 1, length = 1, inner = 1;
  bool reversed = false, exclusive = false;
};

Lines lines_of(const Sizes& sizes, int64_t axis, bool reversed, bool exclusive) {
  Lines l{.reversed = reversed, .exclusive = exclusive};
  const auto at = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(sizes.size()) : axis);
  for (size_t a = 0; a < sizes.size(); ++a) (a < at ? l.outer : a == at ? l.length : l.inner) *= sizes[a];
  return l;
}

constexpr int64_t rows = 8;     // lines along memory, interleaved to hide the latency of their additions
constexpr int64_t steps = 128;  // of each of them at a time
constexpr int64_t width = 256;  // lines across memory

// C: the type of elements; Acc: of the states.
template <Rule rule, class C, class Acc>
class ScanKernel : public Kernel {
 public:
  ScanKernel(std::string_view op, DType from, DType to, Lines lines) : op_(op), from_(from), to_(to), l_(lines) {
    chunks_ = (l_.inner + width - 1) / width;
    units_ = l_.inner == 1 ? (l_.outer + rows - 1) / rows : l_.outer * chunks_;
    elements_ = l_.outer * l_.length * l_.inner;
    if (elements_ == 0) units_ = 0;
    parts_ = static_cast<int>(std::clamp<int64_t>(std::min(units_, elements_ / 8192), 1, 16));
  }
  std::string name() const override { return op_ + (parts_ > 1 ? " in " + std::to_string(parts_) + " parts" : ""); }
  int parts(int) const override { return parts_; }
  double microseconds(int) const override { return 0.5 + 0.001 * static_cast<double>(elements_); }
  void run(int, int part, const KernelArgs& args) noexcept override {
    for (int64_t u = units_ * part / parts_; u < units_ * (part + 1) / parts_; ++u) {
      if (l_.inner == 1) along(u, args);
      else across(u, args);
    }
  }

 private:
  static constexpr bool two = rule == Rule::recurrence || rule == Rule::lagged;

  // One step of `n` lines; element j of the operands and results is at j * stride.
  template <int64_t stride, bool exclusive>
  static void step(const C* a, const C* b, int64_t n, Acc* state, Acc* factor, Acc* out, bool first) {
    for (int64_t j = 0; j < n; ++j) {
      if constexpr (exclusive) out[j * stride] = state[j];
      const Acc v = static_cast<Acc>(b[j * stride]);
      if constexpr (rule == Rule::sum) state[j] = state[j] + v;
      if constexpr (rule == Rule::product) state[j] = state[j] * v;
      // Nothing is before the first element: its factor does not matter, not even when it is infinite.
      if constexpr (rule == Rule::recurrence) state[j] = first ? v : static_cast<Acc>(a[j * stride]) * state[j] + v;
      if constexpr (rule == Rule::lagged) {
        state[j] = first ? v : factor[j] * state[j] + v;
        factor[j] = static_cast<Acc>(a[j * stride]);
      }
      if constexpr (!exclusive) out[j * stride] = state[j];
    }
  }
  template <int64_t stride>
  void step(const C* a, const C* b, int64_t n, Acc* state, Acc* factor, Acc* out, bool first) const {
    if (l_.exclusive) step<stride, true>(a, b, n, state, factor, out, first);
    else step<stride, false>(a, b, n, state, factor, out, first);
  }

  // Up to 8 lines along memory, `steps` elements of each at a time.
  void along(int64_t unit, const KernelArgs& args) const {
    const int64_t first_row = unit * rows, n = std::min(rows, l_.outer - first_row);
    C a[rows * steps] = {}, b[rows * steps] = {};
    Acc out[rows * steps], state[rows], factor[rows] = {};
    std::fill_n(state, rows, rule == Rule::product ? Acc(1) : Acc(0));
    for (int64_t done = 0; done < l_.length; done += steps) {
      const int64_t count = std::min(steps, l_.length - done), begin = l_.reversed ? l_.length - done - count : done;
      for (int64_t r = 0; r < n; ++r) {
        const int64_t at = (first_row + r) * l_.length + begin;
        if constexpr (two) fetch(args.inputs[0], at, count, a + r * steps);
        fetch(args.inputs[two ? 1 : 0], at, count, b + r * steps);
      }
      for (int64_t k = 0; k < count; ++k) {
        const int64_t t = l_.reversed ? count - 1 - k : k;
        if (n == rows) step<steps>(a + t, b + t, rows, state, factor, out + t, done + k == 0);
        else step<steps>(a + t, b + t, n, state, factor, out + t, done + k == 0);
      }
      for (int64_t r = 0; r < n; ++r)
        put_dense(to_, args.outputs[0] + ((first_row + r) * l_.length + begin) * size_of(to_), out + r * steps, count);
    }
  }
  void fetch(const std::byte* from, int64_t at, int64_t count, C* to) const {
    const C* values = dense(from_, from + at * size_of(from_), 1, count, to);
    if (values != to) std::copy_n(values, count, to);
  }

  // Up to 256 lines across memory.
  void across(int64_t unit, const KernelArgs& args) const {
    const int64_t first = unit % chunks_ * width, n = std::min(width, l_.inner - first);
    const int64_t base = unit / chunks_ * l_.length * l_.inner + first;
    C a_buffer[width], b_buffer[width];
    Acc out[width], state[width], factor[width] = {};
    std::fill_n(state, width, rule == Rule::product ? Acc(1) : Acc(0));
    for (int64_t k = 0; k < l_.length; ++k) {
      const int64_t at = base + (l_.reversed ? l_.length - 1 - k : k) * l_.inner;
      const C* a = a_buffer;
      if constexpr (two) a = dense(from_, args.inputs[0] + at * size_of(from_), 1, n, a_buffer);
      const C* b = dense(from_, args.inputs[two ? 1 : 0] + at * size_of(from_), 1, n, b_buffer);
      step<1>(a, b, n, state, factor, out, k == 0);
      put_dense(to_, args.outputs[0] + at * size_of(to_), out, n);
    }
  }

  std::string op_;
  DType from_, to_;
  Lines l_;
  int64_t chunks_ = 1, units_ = 1, elements_ = 0;
  int parts_ = 1;
};

template <Rule rule>
std::unique_ptr<Kernel> for_dtype(const Node& node, DType from, const Lines& lines) {
  const auto make = [&]<class C, class Acc>() -> std::unique_ptr<Kernel> {
    return std::make_unique<ScanKernel<rule, C, Acc>>(node.op->name, from, node.outputs[0].dtype, lines);
  };
  switch (from) {
    case DType::f64: return make.template operator()<double, double>();
    case DType::f32:
    case DType::bf16:
    case DType::f16: return make.template operator()<float, double>();
    case DType::i64: return make.template operator()<int64_t, uint64_t>();
    case DType::i32: return make.template operator()<int32_t, uint64_t>();
    case DType::u8:
    case DType::boolean: return make.template operator()<uint8_t, uint64_t>();
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_scan_kernel(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  const bool sum = name == cumsum_op.name, product = name == cumprod_op.name;
  if (!sum && !product && name != linear_recurrence_op.name) return nullptr;
  const Type from = input_types(graph, node)[0];
  if (sum || product) {
    const auto& attrs = node.attrs<CumulativeAttrs>();
    const Lines lines = lines_of(sizes_of(from.shape), attrs.axis, attrs.reversed, attrs.exclusive);
    return sum ? for_dtype<Rule::sum>(node, from.dtype, lines) : for_dtype<Rule::product>(node, from.dtype, lines);
  }
  const auto& attrs = node.attrs<RecurrenceAttrs>();
  const Lines lines = lines_of(sizes_of(from.shape), attrs.axis, attrs.reversed, attrs.form == RecurrenceForm::exclusive);
  return attrs.form == RecurrenceForm::lagged ? for_dtype<Rule::lagged>(node, from.dtype, lines) : for_dtype<Rule::recurrence>(node, from.dtype, lines);
}

}  // namespace lanc::cpu
