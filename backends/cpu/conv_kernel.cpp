#include <lanc/backends/cpu/conv_kernel.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <type_traits>

#include <lanc/backends/cpu/elements.h>
#include <lanc/backends/cpu/gemm.h>
#include <lanc/backends/cpu/gemm_small.h>
#include <lanc/ops/conv.h>

namespace lanc::cpu {
namespace {

constexpr int64_t align(int64_t bytes) { return (bytes + 63) / 64 * 64; }

int64_t largest_divisor(int64_t n, int64_t at_most) {
  for (int64_t d = std::min(n, at_most); d > 1; --d)
    if (n % d == 0) return d;
  return 1;
}

// The spatial axes of a problem as three, the missing ones in front of size 1.
struct Axes {
  using Three = std::array<int64_t, 3>;
  Three x, kernel, y, strides, dilations, low;
  explicit Axes(const ConvProblem& p)
      : x(three(p.x, 1)), kernel(three(p.kernel, 1)), y(three(p.y, 1)), strides(three(p.strides, 1)), dilations(three(p.dilations, 1)), low(three(p.low, 0)) {}
  // Where the first place of y falls for the kernel's element k.
  int64_t start(size_t axis, int64_t k) const { return k * dilations[axis] - low[axis]; }

 private:
  static Three three(const Sizes& sizes, int64_t missing) {
    Three out = {missing, missing, missing};
    std::copy_backward(sizes.begin(), sizes.end(), out.end());
    return out;
  }
};

// Places [begin, end) of y along an axis meet an element of x of size n: start + stride * i in [0, n).
struct Range {
  int64_t begin, end;
  Range(int64_t start, int64_t stride, int64_t n, int64_t count)
      : begin(start >= 0 ? 0 : std::min(count, (-start + stride - 1) / stride)),
        end(start >= n ? 0 : std::min(count, (n - 1 - start) / stride + 1)) {
    begin = std::min(begin, end);
  }
};

// y = W * columns, columns = W^T * dy or dW = dy * columns^T, where columns {inputs * taps, places of y} hold what each element of the kernel
// meets: of one image and group, a few rows of places at a time. C: what is computed in; 16-bit floats in f32, rounded once.
template <class C>
class ColumnConv : public Kernel {
 public:
  ColumnConv(const ConvProblem& problem, DType computed)
      : p_(problem), axes_(problem), computed_(computed), size_(size_of(problem.dtype)), widened_(is_storage_only(problem.dtype)),
        blocks_(image_blocks(problem, 1)) {
    const int64_t lines = axes_.y[0] * axes_.y[1], depth = p_.inputs * p_.taps();
    lines_ = largest_divisor(lines, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, depth * axes_.y[2])));
    tiles_ = p_.y_places() == 0 ? 0 : lines / lines_;
    width_ = lines_ * axes_.y[2];
    // Scratch: the weight in C; then for each part columns, a group's side of dy and of the result in C, sums, a product's own.
    const int64_t of_y = widened_ ? p_.outputs * p_.y_places() : 0, of_x = widened_ ? p_.inputs * p_.x_places() : 0;
    const int64_t sums = p_.result == ConvResult::weight ? p_.weights() + p_.weights() / std::max<int64_t>(1, p_.groups) : 0;
    const bool has_weight = widened_ && p_.result != ConvResult::weight;
    if (has_weight) scratch_ = align(p_.weights() * int64_t{sizeof(C)});
    for (int part = 0; part < blocks_.parts; ++part) {
      Part made{.columns = scratch_};
      made.image = made.columns + align(depth * width_ * int64_t{sizeof(C)});
      made.result = made.image + align((p_.result == ConvResult::y ? 0 : of_y) * int64_t{sizeof(C)});
      made.sums = made.result + align((p_.result == ConvResult::y ? of_y : of_x) * int64_t{sizeof(C)});
      made.own = made.sums + align(sums * int64_t{sizeof(C)});
      made.gemm = make_small_gemm(product(), p_.images * p_.groups * tiles_);
      if (!made.gemm) made.gemm = make_gemm(product());
      scratch_ = made.own + align(made.gemm->scratch_bytes());
      parts_.push_back(std::move(made));
    }
  }
  std::string name() const override {
    return parts_[0].gemm->name() + " conv by columns" + (blocks_.parts > 1 ? " in " + std::to_string(blocks_.parts) + " parts" : "");
  }
  int phases() const override { return p_.result == ConvResult::weight || widened_ ? 2 : 1; }
  int parts(int phase) const override { return phase == images_phase() ? blocks_.parts : 1; }
  int64_t scratch_bytes() const override { return scratch_; }
  double microseconds(int phase) const override {
    if (phase == images_phase()) return 1 + static_cast<double>(p_.images) * (p_.flops() / 40e3 + 0.002 * static_cast<double>(p_.x_elements()));
    return 0.001 * static_cast<double>(p_.weights()) * blocks_.parts;
  }
  void run(int phase, int part, const KernelArgs& args) noexcept override {
    if (phase == images_phase()) return images(parts_[static_cast<size_t>(part)], blocks_.first(part), blocks_.first(part + 1), args);
    if (p_.result == ConvResult::weight) return add_up(args);
    widen(args.inputs[1], p_.weights(), at(args, 0));
  }
  bool failed() const override { return failed_.load(std::memory_order_relaxed); }
  std::string take_failure() override { return failed_.exchange(false) ? "the library's matrix product must succeed, got an error from it" : ""; }

 private:
  struct Part {
    int64_t columns = 0, image = 0, result = 0, sums = 0, own = 0;  // offsets in scratch
    std::unique_ptr<Gemm> gemm = nullptr;
  };
  int images_phase() const { return p_.result != ConvResult::weight && widened_ ? 1 : 0; }

  GemmShape product() const {
    const int64_t depth = p_.inputs * p_.taps(), places = p_.y_places();
    switch (p_.result) {
      case ConvResult::y: return {.dtype = computed_, .m = p_.outputs, .n = width_, .k = depth, .a_row = depth, .b_row = width_, .c_row = places};
      case ConvResult::x:
        return {.dtype = computed_, .m = depth, .n = width_, .k = p_.outputs, .a_row = 1, .a_column = depth, .b_row = places, .c_row = width_};
      case ConvResult::weight: break;
    }
    return {.dtype = computed_, .m = p_.outputs, .n = depth, .k = width_, .a_row = places, .b_row = 1, .b_column = width_, .c_row = depth};
  }

  static C* at(const KernelArgs& args, int64_t offset) { return reinterpret_cast<C*>(args.scratch + offset); }
  const C* widen(const std::byte* from, int64_t n, C* buffer) const { return dense(p_.dtype, from, 1, n, buffer); }
  void multiply(Part& part, const C* a, const C* b, C* c, const KernelArgs& args) {
    if (!part.gemm->run(reinterpret_cast<const std::byte*>(a), reinterpret_cast<const std::byte*>(b), reinterpret_cast<std::byte*>(c), args.scratch + part.own))
      failed_.store(true, std::memory_order_relaxed);
  }

  void images(Part& part, int64_t begin, int64_t end, const KernelArgs& args) {
    if (p_.result == ConvResult::weight) std::fill_n(at(args, part.sums), p_.weights(), C(0));
    for (int64_t i = begin * blocks_.images; i < end * blocks_.images; ++i)
      for (int64_t g = 0; g < p_.groups; ++g) {
        const int64_t x = (i * p_.x_elements() + g * p_.inputs * p_.x_places()) * size_, y = (i * p_.y_elements() + g * p_.outputs * p_.y_places()) * size_;
        switch (p_.result) {
          case ConvResult::y: forward(part, args.inputs[0] + x, g, args.outputs[0] + y, args); break;
          case ConvResult::x: to_input(part, args.inputs[0] + y, g, args.outputs[0] + x, args); break;
          case ConvResult::weight: to_weight(part, args.inputs[0] + x, args.inputs[1] + y, g, args); break;
        }
      }
  }
  const C* weight_of(int64_t group, const KernelArgs& args) const {
    const C* all = widened_ ? at(args, 0) : reinterpret_cast<const C*>(args.inputs[1]);
    return all + group * p_.outputs * p_.inputs * p_.taps();
  }

  void forward(Part& part, const std::byte* x, int64_t group, std::byte* y, const KernelArgs& args) {
    C* result = widened_ ? at(args, part.result) : reinterpret_cast<C*>(y);
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      gather(x, tile, at(args, part.columns));
      multiply(part, weight_of(group, args), at(args, part.columns), result + tile * width_, args);
    }
    if (widened_) put_dense(p_.dtype, y, result, p_.outputs * p_.y_places());
  }
  void to_input(Part& part, const std::byte* dy, int64_t group, std::byte* dx, const KernelArgs& args) {
    C* result = widened_ ? at(args, part.result) : reinterpret_cast<C*>(dx);
    std::fill_n(result, p_.inputs * p_.x_places(), C(0));
    const C* given = widen(dy, p_.outputs * p_.y_places(), at(args, part.image));
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      multiply(part, weight_of(group, args), given + tile * width_, at(args, part.columns), args);
      scatter(at(args, part.columns), tile, result);
    }
    if (widened_) put_dense(p_.dtype, dx, result, p_.inputs * p_.x_places());
  }
  void to_weight(Part& part, const std::byte* x, const std::byte* dy, int64_t group, const KernelArgs& args) {
    const int64_t n = p_.outputs * p_.inputs * p_.taps();
    C *sum = at(args, part.sums) + group * n, *one = at(args, part.sums) + p_.weights();
    const C* given = widen(dy, p_.outputs * p_.y_places(), at(args, part.image));
    for (int64_t tile = 0; tile < tiles_; ++tile) {
      gather(x, tile, at(args, part.columns));
      multiply(part, given + tile * width_, at(args, part.columns), one, args);
      for (int64_t k = 0; k < n; ++k) sum[k] = static_cast<C>(sum[k] + one[k]);
    }
  }
  void add_up(const KernelArgs& args) const {
    C* total = at(args, parts_[0].sums);
    for (size_t part = 1; part < parts_.size(); ++part) {
      const C* sum = at(args, parts_[part].sums);
      for (int64_t k = 0; k < p_.weights(); ++k) total[k] = static_cast<C>(total[k] + sum[k]);
    }
    if (widened_) put_dense(p_.dtype, args.outputs[0], total, p_.weights());
    else std::copy_n(total, p_.weights(), reinterpret_cast<C*>(args.outputs[0]));
  }

  // Calls each(channel, line of the tile, offset of x's line or -1 outside, start) for every channel, element of the kernel and line of y.
  template <class F>
  void for_each_line(int64_t tile, F each) const {
    int64_t row = 0;
    for (int64_t c = 0; c < p_.inputs; ++c)
      for (int64_t k0 = 0; k0 < axes_.kernel[0]; ++k0)
        for (int64_t k1 = 0; k1 < axes_.kernel[1]; ++k1)
          for (int64_t k2 = 0; k2 < axes_.kernel[2]; ++k2, ++row)
            for (int64_t l = 0; l < lines_; ++l) {
              const int64_t line = tile * lines_ + l;
              const int64_t x0 = axes_.start(0, k0) + line / axes_.y[1] * axes_.strides[0], x1 = axes_.start(1, k1) + line % axes_.y[1] * axes_.strides[1];
              const bool inside = x0 >= 0 && x0 < axes_.x[0] && x1 >= 0 && x1 < axes_.x[1];
              each(row * width_ + l * axes_.y[2], inside ? ((c * axes_.x[0] + x0) * axes_.x[1] + x1) * axes_.x[2] : -1, axes_.start(2, k2));
            }
  }
  // columns = what the kernel's elements meet, 0 outside.
  void gather(const std::byte* x, int64_t tile, C* columns) const {
    const int64_t n = axes_.x[2], count = axes_.y[2], stride = axes_.strides[2];
    for_each_line(tile, [&](int64_t to, int64_t line, int64_t start) {
      C* out = columns + to;
      if (line < 0) {
        std::fill_n(out, count, C(0));
        return;
      }
      const Range r(start, stride, n, count);
      std::fill_n(out, r.begin, C(0));
      if (r.begin < r.end) {
        const C* in = dense(p_.dtype, x + (line + start + r.begin * stride) * size_, stride, r.end - r.begin, out + r.begin);
        if (in != out + r.begin) std::copy_n(in, r.end - r.begin, out + r.begin);
      }
      std::fill_n(out + r.end, count - r.end, C(0));
    });
  }
  // x += what each element of the kernel sends there.
  void scatter(const C* columns, int64_t tile, C* x) const {
    const int64_t n = axes_.x[2], count = axes_.y[2], stride = axes_.strides[2];
    for_each_line(tile, [&](int64_t from, int64_t line, int64_t start) {
      if (line < 0) return;
      const Range r(start, stride, n, count);
      for (int64_t i = r.begin; i < r.end; ++i) x[line + start + i * stride] = static_cast<C>(x[line + start + i * stride] + columns[from + i]);
    });
  }

  ConvProblem p_;
  Axes axes_;
  DType computed_;
  int64_t size_;
  bool widened_;
  ImageBlocks blocks_;
  int64_t lines_ = 1, tiles_ = 1, width_ = 1, scratch_ = 0;
  std::vector<Part> parts_;
  std::atomic<bool> failed_{false};
};

std::unique_ptr<Kernel> make_column_conv(const ConvProblem& problem) {
  switch (problem.dtype) {
    case DType::f64: return std::make_unique<ColumnConv<double>>(problem, DType::f64);
    case DType::f32:
    case DType::bf16:
    case DType::f16: return std::make_unique<ColumnConv<float>>(problem, DType::f32);
    case DType::i64: return std::make_unique<ColumnConv<uint64_t>>(problem, DType::i64);
    case DType::i32: return std::make_unique<ColumnConv<uint32_t>>(problem, DType::i32);
    case DType::u8: return std::make_unique<ColumnConv<uint8_t>>(problem, DType::u8);
    case DType::boolean: break;
  }
  return nullptr;
}

}  // namespace

ConvProblem conv_problem(const Graph& graph, const Node& node) {
  const std::vector<Type> types = input_types(graph, node);
  const auto& attrs = node.attrs<ConvAttrs>();
  ConvProblem p{.dtype = types[0].dtype, .groups = attrs.groups};
  p.result = node.op->name == conv_op.name ? ConvResult::y : node.op->name == conv_input_gradient_op.name ? ConvResult::x : ConvResult::weight;
  const Sizes first = sizes_of(types[0].shape), second = sizes_of(types[1].shape), result = sizes_of(node.outputs[0].shape);
  const Sizes& x = p.result == ConvResult::x ? result : first;
  const Sizes& weight = p.result == ConvResult::weight ? result : second;
  const Sizes& y = p.result == ConvResult::y ? result : p.result == ConvResult::x ? first : second;
  p.images = x[0];
  p.inputs = weight[1];
  p.outputs = weight[0] / attrs.groups;
  for (size_t a = 2; a < x.size(); ++a) {
    p.x.push_back(x[a]);
    p.kernel.push_back(weight[a]);
    p.y.push_back(y[a]);
    p.low.push_back(attrs.padding[a - 2].low.number());
    p.high.push_back(attrs.padding[a - 2].high.number());
  }
  p.strides = attrs.strides;
  p.dilations = attrs.dilations;
  return p;
}

// A part is worth about 40 microseconds at least, a block about 10; a part's sum of weights is 2 MB at most when there are several parts.
ImageBlocks image_blocks(const ConvProblem& p, int64_t least_images) {
  ImageBlocks b;
  if (p.images == 0) return b;
  int64_t most = 8;
  if (p.result == ConvResult::weight) most = std::clamp<int64_t>((int64_t{16} << 20) / std::max<int64_t>(1, p.weights() * size_of(p.dtype)), 2, 8);
  const auto parts = static_cast<int64_t>(std::clamp(p.flops() * static_cast<double>(p.images) / 4e6, 1.0, static_cast<double>(most)));
  const auto wanted = std::max(least_images, static_cast<int64_t>(std::clamp(1e6 / std::max(1.0, p.flops()), 1.0, 64.0)));
  b.images = largest_divisor(p.images, std::min(wanted, (p.images + parts - 1) / parts));
  b.blocks = p.images / b.images;
  b.parts = static_cast<int>(std::min(parts, b.blocks));
  return b;
}

std::unique_ptr<Kernel> make_conv_kernel(const Graph& graph, const Node& node) {
  const std::string_view name = node.op->name;
  if (name != conv_op.name && name != conv_input_gradient_op.name && name != conv_weight_gradient_op.name) return nullptr;
  const ConvProblem problem = conv_problem(graph, node);
  if (auto kernel = make_onednn_conv(problem)) return kernel;
  return make_column_conv(problem);
}

}  // namespace lanc::cpu
