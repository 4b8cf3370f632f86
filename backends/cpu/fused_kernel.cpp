#include <lanc/backends/cpu/fused_kernel.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <lanc/backends/cpu/fused_spec.h>
#include <lanc/backends/cpu/interpreted_nest.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/backends/reduction_start.h>
#include <lanc/graph/error.h>

namespace lanc::cpu {
namespace {

template <class T>
T combined(FusedKind kind, T a, T b) {
  if (kind == FusedKind::sum) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    else return a + b;
  }
  if (b != b) return b;
  return kind == FusedKind::max ? (b > a ? b : a) : (b < a ? b : a);
}
template <class F>
void with_accumulator(DType t, F f) {
  if (t == f32) f.template operator()<float>();
  else if (t == f64) f.template operator()<double>();
  else f.template operator()<int64_t>();
}

class FusedKernel : public Kernel {
 public:
  FusedKernel(Spec spec, CompileQueue* queue) : s_(collapsed(std::move(spec))), nest_(s_), code_(code_for(s_, queue)) {
    elements_ = numel_of(s_.sizes);
    parts_ = parts_of(s_);
    scratch_ = code_ ? 0 : nest_.scratch_bytes() * parts_;
    for (size_t k = 0; k < s_.outputs.size(); ++k) {
      output_bytes_.push_back(size_of(s_.outputs[k].dtype) * result_elements(k));
      partial_at_.push_back(scratch_);
      if (crosses_parts(k)) scratch_ += (output_bytes_[k] + 63) / 64 * 64 * parts_;
    }
    targets_.resize(static_cast<size_t>(parts_) * s_.outputs.size());
  }

  // As it is when a plan has had its codes made.
  std::string name() const override {
    return std::string("fused (") + (code_ && code_->available() ? "llvm" : "interpreter") + ")" + (parts_ > 1 ? " in " + std::to_string(parts_) + " parts" : "");
  }
  int phases() const override { return combines() ? 2 : 1; }
  int parts(int phase) const override { return phase == 0 ? parts_ : 1; }
  int64_t scratch_bytes() const override { return scratch_; }
  double microseconds(int phase) const override {
    const double of_interpreter = compiled() != nullptr ? 0.2 : 1;
    return phase == 1 ? 1 : 0.3 + 0.001 * of_interpreter * static_cast<double>(elements_) * nest_.nanoseconds_per_element();
  }
  bool in_place(int input, int output) const override { return nest_.in_place(static_cast<size_t>(input), static_cast<size_t>(output)); }

  void run(int phase, int part, const KernelArgs& args) noexcept override {
    if (phase == 1) return combine_parts(args);
    const int64_t size = s_.sizes[0];
    const int64_t begin = size * part / parts_, end = size * (part + 1) / parts_;
    std::byte** targets = targets_.data() + static_cast<size_t>(part) * s_.outputs.size();
    for (size_t k = 0; k < s_.outputs.size(); ++k) {
      targets[k] = target(k, part, args);
      if (s_.kinds[k] != FusedKind::map) initialize(k, begin, end, targets[k]);
    }
    if (elements_ == 0) return;
    if (const NestFunction function = compiled()) return run_nest(function, s_, args.inputs, targets, begin, end);
    std::byte* work = code_ ? emergency_work() : args.scratch;
    if (work == nullptr && nest_.scratch_bytes() > 0) return;  // failed() says so
    nest_.run(args.inputs, targets, work + nest_.scratch_bytes() * part, begin, end);
  }

  bool failed() const override { return starved_; }
  // It is the machine that said no.
  std::string take_failure() override {
    if (!starved_) return {};
    throw BackendError("fused: memory for the interpreter must be available, " + std::to_string(emergency_bytes()) + " bytes, got none");
  }

 private:
  static Spec collapsed(Spec spec) {
    collapse(spec);
    return spec;
  }
  // Null: interpreted.
  static std::shared_ptr<NestCode> code_for(const Spec& spec, CompileQueue* queue) {
    const auto shape = queue != nullptr ? nest_shape(spec) : std::nullopt;
    auto code = shape ? nest_code(*shape) : nullptr;
    if (code) queue->add(code);
    return code;
  }
  NestFunction compiled() const { return code_ ? code_->function() : nullptr; }

  // Where a compilation did not succeed although LLVM is there, the plan holds no memory for the interpreter. The one place where a kernel
  // allocates, the first time that it runs. Null: there is no memory, and the step fails.
  std::byte* emergency_work() {
    std::call_once(emergency_made_, [this] {
      emergency_.reset(static_cast<std::byte*>(::operator new(emergency_bytes(), line, std::nothrow)));
      starved_ = !emergency_ && nest_.scratch_bytes() > 0;
    });
    return emergency_.get();
  }
  size_t emergency_bytes() const { return static_cast<size_t>(nest_.scratch_bytes() * parts_); }
  static constexpr std::align_val_t line{64};
  struct LineDelete {
    void operator()(std::byte* p) const { ::operator delete(p, line); }
  };

  int64_t result_elements(size_t k) const {
    int64_t n = 1;
    for (size_t a = 0; a < s_.sizes.size(); ++a)
      if (s_.outputs[k].strides[a] != 0) n *= s_.sizes[a];
    return n;
  }
  bool crosses_parts(size_t k) const { return s_.kinds[k] != FusedKind::map && s_.outputs[k].strides[0] == 0 && parts_ > 1; }
  bool combines() const {
    for (size_t k = 0; k < s_.outputs.size(); ++k)
      if (crosses_parts(k)) return true;
    return false;
  }
  int64_t partial_at(size_t k, int part) const { return partial_at_[k] + (output_bytes_[k] + 63) / 64 * 64 * part; }
  std::byte* target(size_t k, int part, const KernelArgs& args) const {
    return crosses_parts(k) ? args.scratch + partial_at(k, part) : args.outputs[k];
  }

  // The elements of a reduced output that a part owns.
  void initialize(size_t k, int64_t begin, int64_t end, std::byte* target) const {
    with_accumulator(s_.outputs[k].dtype, [&]<class T>() {
      T* to = reinterpret_cast<T*>(target);
      const int64_t stride = s_.outputs[k].strides[0];
      const int64_t inner = stride == 0 ? result_elements(k) : result_elements(k) / std::max<int64_t>(1, s_.sizes[0]);
      const int64_t first = stride == 0 ? 0 : begin * inner, last = stride == 0 ? inner : end * inner;
      for (int64_t e = first; e < last; ++e) to[e] = reduction_start<T>[static_cast<size_t>(s_.kinds[k])];
    });
  }

  void combine_parts(const KernelArgs& args) const {
    for (size_t k = 0; k < s_.outputs.size(); ++k) {
      if (!crosses_parts(k)) continue;
      with_accumulator(s_.outputs[k].dtype, [&]<class T>() {
        T* to = reinterpret_cast<T*>(args.outputs[k]);
        const int64_t n = result_elements(k);
        for (int64_t e = 0; e < n; ++e) to[e] = reduction_start<T>[static_cast<size_t>(s_.kinds[k])];
        for (int part = 0; part < parts_; ++part) {
          const T* from = reinterpret_cast<const T*>(args.scratch + partial_at(k, part));
          for (int64_t e = 0; e < n; ++e) to[e] = combined(s_.kinds[k], to[e], from[e]);
        }
      });
    }
  }

  Spec s_;
  InterpretedNest nest_;
  std::shared_ptr<NestCode> code_;
  int64_t elements_ = 0, scratch_ = 0;
  int parts_ = 1;
  std::vector<int64_t> output_bytes_, partial_at_;
  std::vector<std::byte*> targets_;  // of each part: results, or where its partial results lie
  std::once_flag emergency_made_;
  bool starved_ = false;
  std::unique_ptr<std::byte, LineDelete> emergency_;
};

}  // namespace

bool never = false;

const Tier& tier() {
#if defined(__x86_64__)
  if (cpu_tier() == CpuTier::avx512) return tier_avx512();
  if (cpu_tier() == CpuTier::avx2) return tier_avx2();
#endif
  return tier_portable();
}

std::string instruction_set() { return std::string(name_of(cpu_tier())); }

std::unique_ptr<Kernel> make_fused_kernel(const Graph& graph, const Node& node, CompileQueue* queue) {
  std::optional<Spec> spec = spec_of(graph, node);
  if (!spec || spec->program.code.size() > InterpretedNest::max_code || spec->sizes.size() > InterpretedNest::max_rank) return nullptr;
  return std::make_unique<FusedKernel>(std::move(*spec), queue);
}

}  // namespace lanc::cpu
