#include <lanc/backends/cpu/pool_kernel.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>
#include <utility>

#include <lanc/backends/cpu/elements.h>
#include <lanc/ops/pool.h>

namespace lanc::cpu {
namespace {

constexpr int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

enum class Rule : uint8_t { max, average, average_gradient };

// What a window has of an axis: its first element inside, and how many.
struct Taps {
  int64_t first = 0, count = 0;
};
struct Axis {
  int64_t size = 1, dilation = 1;
  std::vector<Taps> windows = {{0, 1}};
  Axis() = default;
  Axis(int64_t n, int64_t count, int64_t kernel, int64_t stride, int64_t low, int64_t distance) : size(n), dilation(distance), windows() {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t start = i * stride - low, skipped = start >= 0 ? 0 : (-start + distance - 1) / distance;
      const int64_t first = start + skipped * distance;
      windows.push_back({first, first >= n ? 0 : std::min(kernel - skipped, (n - 1 - first) / distance + 1)});
    }
  }
  int64_t count() const { return static_cast<int64_t>(windows.size()); }
};

// Planes of x and y; spatial axes as three, the missing ones in front.
struct PoolProblem {
  DType dtype = DType::f32;
  int64_t planes = 0, taps = 1;
  bool count_padding = true;
  std::array<Axis, 3> axes = {};
  int64_t x_places() const { return axes[0].size * axes[1].size * axes[2].size; }
  int64_t y_places() const { return axes[0].count() * axes[1].count() * axes[2].count(); }
};

// C: what is computed in; 16-bit floats are widened plane by plane, and rounded once.
template <Rule rule, class C>
class PoolKernel : public Kernel {
 public:
  explicit PoolKernel(PoolProblem problem) : p_(std::move(problem)), size_(size_of(p_.dtype)), widened_(is_storage_only(p_.dtype)) {
    const int64_t work = p_.planes * std::max(p_.y_places() * p_.taps, p_.x_places());
    parts_ = static_cast<int>(std::clamp<int64_t>(std::min(p_.planes, work / 32768), 1, 16));
    near_ = p_.axes[1].dilation == 1 && p_.axes[2].dilation == 1;
    plane_bytes_ = widened_ ? align((p_.x_places() + p_.y_places()) * int64_t{sizeof(C)}) : 0;
  }
  std::string name() const override { return "pool" + (parts_ > 1 ? " in " + std::to_string(parts_) + " parts" : ""); }
  int parts(int) const override { return parts_; }
  int64_t scratch_bytes() const override { return plane_bytes_ * parts_; }
  double microseconds(int) const override { return 0.5 + 0.001 * static_cast<double>(p_.planes) * static_cast<double>(p_.y_places() * p_.taps); }
  void run(int, int part, const KernelArgs& args) noexcept override {
    C* buffer = reinterpret_cast<C*>(args.scratch + plane_bytes_ * part);
    const int64_t x = p_.x_places(), y = p_.y_places();
    for (int64_t plane = p_.planes * part / parts_; plane < p_.planes * (part + 1) / parts_; ++plane) {
      if constexpr (rule == Rule::average_gradient) {
        std::byte* to = args.outputs[0] + plane * x * size_;
        C* dx = widened_ ? buffer + y : reinterpret_cast<C*>(to);
        std::fill_n(dx, x, C(0));
        spread(dense(p_.dtype, args.inputs[0] + plane * y * size_, 1, y, buffer), dx);
        if (widened_) put_dense(p_.dtype, to, dx, x);
      } else {
        std::byte* to = args.outputs[0] + plane * y * size_;
        C* out = widened_ ? buffer + x : reinterpret_cast<C*>(to);
        const C* in = dense(p_.dtype, args.inputs[0] + plane * x * size_, 1, x, buffer);
        if constexpr (rule == Rule::max) largest(in, out, reinterpret_cast<int32_t*>(args.outputs[1]) + plane * y);
        else means(in, out);
        if (widened_) put_dense(p_.dtype, to, out, y);
      }
    }
  }

 private:
  // Calls each(window, its taps along the three axes) in row-major order.
  template <class F>
  void for_each_window(F each) const {
    int64_t window = 0;
    for (const Taps& a : p_.axes[0].windows)
      for (const Taps& b : p_.axes[1].windows)
        for (const Taps& c : p_.axes[2].windows) each(window++, a, b, c);
  }
  // Calls each(position in x's plane) for a window's elements, in row-major order.
  template <class F>
  void for_each_tap(const Taps& a, const Taps& b, const Taps& c, F each) const {
    const auto& [first, second, third] = p_.axes;
    if (a.count == 1 && b.count == c.count && near_) {  // the usual windows without loops
      const int64_t corner = (a.first * second.size + b.first) * third.size + c.first;
      if (b.count == 2) return for_each_of_square<2>(corner, third.size, each, std::make_index_sequence<4>());
      if (b.count == 3) return for_each_of_square<3>(corner, third.size, each, std::make_index_sequence<9>());
    }
    for (int64_t i = 0; i < a.count; ++i)
      for (int64_t j = 0; j < b.count; ++j) {
        const int64_t line = ((a.first + i * first.dilation) * second.size + b.first + j * second.dilation) * third.size + c.first;
        for (int64_t k = 0; k < c.count; ++k) each(line + k * third.dilation);
      }
  }
  template <size_t side, class F, size_t... k>
  static void for_each_of_square(int64_t corner, int64_t width, F each, std::index_sequence<k...>) {
    (each(corner + static_cast<int64_t>(k / side) * width + static_cast<int64_t>(k % side)), ...);
  }
  C divisor(const Taps& a, const Taps& b, const Taps& c) const { return static_cast<C>(p_.count_padding ? p_.taps : a.count * b.count * c.count); }

  // The first of equal elements; the first NaN before all numbers.
  void largest(const C* x, C* y, int32_t* positions) const {
    for_each_window([&](int64_t window, const Taps& a, const Taps& b, const Taps& c) {
      int64_t found = (a.first * p_.axes[1].size + b.first) * p_.axes[2].size + c.first;
      C best = x[found];
      for_each_tap(a, b, c, [&](int64_t at) {
        const C v = x[at];
        bool better = v > best;
        if constexpr (std::is_floating_point_v<C>) better = !(v <= best) && best == best;
        best = better ? v : best;
        found = better ? at : found;
      });
      y[window] = best;
      positions[window] = static_cast<int32_t>(found);
    });
  }
  void means(const C* x, C* y) const {
    for_each_window([&](int64_t window, const Taps& a, const Taps& b, const Taps& c) {
      C total = 0;
      for_each_tap(a, b, c, [&](int64_t at) { total += x[at]; });
      y[window] = total / divisor(a, b, c);
    });
  }
  void spread(const C* dy, C* dx) const {
    for_each_window([&](int64_t window, const Taps& a, const Taps& b, const Taps& c) {
      const C each = dy[window] / divisor(a, b, c);
      for_each_tap(a, b, c, [&](int64_t at) { dx[at] += each; });
    });
  }

  PoolProblem p_;
  int64_t size_;
  bool widened_, near_ = false;
  int parts_ = 1;
  int64_t plane_bytes_ = 0;
};

template <Rule rule>
std::unique_ptr<Kernel> for_dtype(PoolProblem problem) {
  switch (problem.dtype) {
    case DType::f64: return std::make_unique<PoolKernel<rule, double>>(std::move(problem));
    case DType::f32:
    case DType::bf16:
    case DType::f16: return std::make_unique<PoolKernel<rule, float>>(std::move(problem));
    default: break;
  }
  if constexpr (rule == Rule::max) {
    if (problem.dtype == i64) return std::make_unique<PoolKernel<rule, int64_t>>(std::move(problem));
    if (problem.dtype == i32) return std::make_unique<PoolKernel<rule, int32_t>>(std::move(problem));
    if (problem.dtype == u8) return std::make_unique<PoolKernel<rule, uint8_t>>(std::move(problem));
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_pool_kernel(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  const bool max = name == max_pool_op.name, average = name == average_pool_op.name;
  if (!max && !average && name != average_pool_gradient_op.name) return nullptr;
  const auto& attrs = node.attrs<PoolAttrs>();
  const Type operand = input_types(graph, node)[0];
  const Sizes given = sizes_of(operand.shape), result = sizes_of(node.outputs[0].shape);
  const Sizes &x = max || average ? given : result, &y = max || average ? result : given;
  PoolProblem p{.dtype = operand.dtype, .planes = x[0] * x[1], .taps = numel_of(attrs.kernel), .count_padding = attrs.count_padding};
  for (size_t a = 0; a < attrs.kernel.size(); ++a)
    p.axes[3 - attrs.kernel.size() + a] = Axis(x[a + 2], y[a + 2], attrs.kernel[a], attrs.strides[a], attrs.padding[a].low.number(), attrs.dilations[a]);
  return max ? for_dtype<Rule::max>(std::move(p)) : average ? for_dtype<Rule::average>(std::move(p)) : for_dtype<Rule::average_gradient>(std::move(p));
}

}  // namespace lanc::cpu
