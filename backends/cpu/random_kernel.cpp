#include <lanc/backends/cpu/random_kernel.h>

#include <algorithm>

#include <lanc/backends/cpu/fused_kernel.h>
#include <lanc/ops/philox.h>
#include <lanc/ops/random.h>

namespace lanc::cpu {
namespace {

int64_t scalar_of(const KernelArgs& args, int input) { return *reinterpret_cast<const int64_t*>(args.inputs[input]); }

class UniformKernel : public Kernel {
 public:
  UniformKernel(const RandomAttrs& attrs, int64_t elements) : key_(attrs.key), dtype_(attrs.dtype), elements_(elements) {
    parts_ = static_cast<int>(std::clamp<int64_t>(elements / 32768, 1, 64));
#if defined(__x86_64__)
    if (instruction_set() != "portable") fill_ = fill_uniform_avx2;
#endif
  }
  std::string name() const override { return fill_ == fill_uniform ? "philox" : "philox (avx2)"; }
  int parts(int) const override { return parts_; }
  double microseconds(int) const override {
    return 0.1 + (fill_ == fill_uniform ? 0.004 : 0.001) * static_cast<double>(elements_) * static_cast<double>(size_of(dtype_)) / 4;
  }
  void run(int, int part, const KernelArgs& args) noexcept override {
    // Parts begin at whole blocks of the generator.
    const auto first = [&](int64_t p) { return p == parts_ ? elements_ : elements_ * p / parts_ / 64 * 64; };
    fill_(dtype_, key_, scalar_of(args, 0), scalar_of(args, 1), first(part), first(part + 1), args.outputs[0]);
  }

 private:
  uint64_t key_;
  DType dtype_;
  int64_t elements_;
  int parts_ = 1;
  decltype(&fill_uniform) fill_ = fill_uniform;
};

class PermutationKernel : public Kernel {
 public:
  PermutationKernel(const PermutationAttrs& attrs, int64_t size) : key_(attrs.key), size_(size) {}
  std::string name() const override { return "sort of random bits"; }
  int64_t scratch_bytes() const override { return size_ * static_cast<int64_t>(sizeof(RandomPosition)); }
  double microseconds(int) const override { return 0.1 * static_cast<double>(size_); }
  void run(int, int, const KernelArgs& args) noexcept override {
    const auto n = static_cast<size_t>(size_);
    fill_permutation(key_, scalar_of(args, 0), scalar_of(args, 1), {reinterpret_cast<RandomPosition*>(args.scratch), n},
                     {reinterpret_cast<int64_t*>(args.outputs[0]), n});
  }

 private:
  uint64_t key_;
  int64_t size_;
};

}  // namespace

std::unique_ptr<Kernel> make_random_kernel(const Graph&, const Node& node) {
  if (node.op->name == random_uniform_op.name)
    return std::make_unique<UniformKernel>(node.attrs<RandomAttrs>(), node.outputs[0].numel().number());
  if (node.op->name == random_permutation_op.name)
    return std::make_unique<PermutationKernel>(node.attrs<PermutationAttrs>(), node.outputs[0].numel().number());
  return nullptr;
}

}  // namespace lanc::cpu
