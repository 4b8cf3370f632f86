#include <lanc/backends/cpu/fused_kernel.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include <lanc/backends/cpu/fused_spec.h>
#include <lanc/backends/cpu/interpreter.h>

namespace lanc::cpu {
namespace {

template <class T>
T identity_of(FusedKind kind) {
  if (kind == FusedKind::sum) return T(0);
  using Limits = std::numeric_limits<T>;
  if constexpr (std::is_floating_point_v<T>) return kind == FusedKind::max ? -Limits::infinity() : Limits::infinity();
  else return kind == FusedKind::max ? Limits::lowest() : Limits::max();
}
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

// Lane i mod 32, then halves: the order of ops/fused.h for one block.
template <class T>
T reduce_block(FusedKind kind, const T* x, int n) {
  T lanes[fused_sum_lanes];
  for (T& l : lanes) l = identity_of<T>(kind);
  for (int i = 0; i < n; ++i) lanes[i % fused_sum_lanes] = combined(kind, lanes[i % fused_sum_lanes], x[i]);
  for (int64_t half = fused_sum_lanes / 2; half > 0; half /= 2)
    for (int64_t l = 0; l < half; ++l) lanes[l] = combined(kind, lanes[l], lanes[l + half]);
  return lanes[0];
}

class FusedKernel : public Kernel {
 public:
  explicit FusedKernel(Spec spec) : s_(std::move(spec)), run_block_(block_function()) {
    collapse(s_);
    elements_ = numel_of(s_.sizes);
    parts_ = static_cast<int>(std::clamp<int64_t>(elements_ / 16384, 1, 16));
    parts_ = static_cast<int>(std::min<int64_t>(parts_, std::max<int64_t>(1, s_.sizes[0])));
    work_bytes_ = static_cast<int64_t>(s_.program.code.size()) * slot_bytes;
    scratch_ = work_bytes_ * parts_;
    for (size_t k = 0; k < s_.outputs.size(); ++k) {
      output_bytes_.push_back(size_of(s_.outputs[k].dtype) * result_elements(k));
      partial_at_.push_back(scratch_);
      if (crosses_parts(k)) scratch_ += (output_bytes_[k] + 63) / 64 * 64 * parts_;
    }
  }

  std::string name() const override { return "fused (interpreter)" + std::string(parts_ > 1 ? " in " + std::to_string(parts_) + " parts" : ""); }
  int phases() const override { return combines() ? 2 : 1; }
  int parts(int phase) const override { return phase == 0 ? parts_ : 1; }
  int64_t scratch_bytes() const override { return scratch_; }
  double microseconds(int phase) const override {
    return phase == 1 ? 1 : 0.5 + 0.0003 * static_cast<double>(elements_) * static_cast<double>(s_.program.code.size());
  }
  // Every element is read before it is written, by the same part and at the same place.
  bool in_place(int input, int output) const override {
    const Lane &in = s_.inputs[static_cast<size_t>(input)], &out = s_.outputs[static_cast<size_t>(output)];
    return s_.kinds[static_cast<size_t>(output)] == FusedKind::map && in.strides == out.strides && size_of(in.dtype) == size_of(out.dtype);
  }

  void run(int phase, int part, const KernelArgs& args) noexcept override {
    if (phase == 1) return combine_parts(args);
    Walk w{.args = args, .slots = {}, .part = part};
    std::byte* work = args.scratch + work_bytes_ * part;
    std::byte* slots[max_code];
    w.slots = slots;
    for (size_t k = 0; k < s_.program.code.size(); ++k) slots[k] = work + static_cast<int64_t>(k) * slot_bytes;
    w.work = work;
    fill_constants(work);
    const int64_t size = s_.sizes[0];
    const int64_t begin = size * part / parts_, end = size * (part + 1) / parts_;
    for (size_t k = 0; k < s_.outputs.size(); ++k)
      if (s_.kinds[k] != FusedKind::map) initialize(k, begin, end, w);
    if (elements_ == 0) return;
    walk(w, begin, end);
  }

  static constexpr size_t max_code = 4096;

 private:
  struct Walk {
    const KernelArgs& args;
    std::byte** slots;
    int part;
    std::byte* work = nullptr;
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
  std::byte* target(size_t k, const Walk& w) const {
    if (!crosses_parts(k)) return w.args.outputs[k];
    return w.args.scratch + partial_at_[k] + (output_bytes_[k] + 63) / 64 * 64 * w.part;
  }

  void fill_constants(std::byte* work) const {
    for (size_t k = 0; k < s_.program.code.size(); ++k) {
      const Instruction& i = s_.program.code[k];
      if (i.op != MachineOp::constant) continue;
      const auto size = static_cast<size_t>(size_of(i.type));
      std::byte* slot = work + static_cast<int64_t>(k) * slot_bytes;
      for (size_t e = 0; e < block_elements; ++e) std::memcpy(slot + e * size, &i.bits, size);
    }
  }

  // The elements of a reduced output that this part owns.
  void initialize(size_t k, int64_t begin, int64_t end, const Walk& w) const {
    with_accumulator(s_.outputs[k].dtype, [&]<class T>() {
      T* to = reinterpret_cast<T*>(target(k, w));
      const int64_t stride = s_.outputs[k].strides[0];
      const int64_t inner = stride == 0 ? result_elements(k) : result_elements(k) / std::max<int64_t>(1, s_.sizes[0]);
      const int64_t first = stride == 0 ? 0 : begin * inner, last = stride == 0 ? inner : end * inner;
      for (int64_t e = first; e < last; ++e) to[e] = identity_of<T>(s_.kinds[k]);
    });
  }

  void walk(Walk& w, int64_t begin, int64_t end) const {
    const size_t rank = s_.sizes.size();
    if (rank == 1) return run_row(w, Sizes{begin}, end - begin);
    int64_t index[16] = {begin};
    const auto advance = [&] {
      for (size_t a = rank - 1; a-- > 0;) {
        if (++index[a] < (a == 0 ? end : s_.sizes[a])) return true;
        if (a == 0) return false;
        index[a] = 0;
      }
      return false;
    };
    if (begin >= end) return;
    do {
      run_row_at(w, index, s_.sizes[rank - 1]);
    } while (advance());
  }
  void run_row(Walk& w, const Sizes& start, int64_t count) const {
    int64_t index[16] = {start[0]};
    run_row_at(w, index, count);
  }

  // One run along the innermost axis. For rank 1 index[0] is where it begins.
  void run_row_at(Walk& w, const int64_t* index, int64_t count) const {
    const size_t rank = s_.sizes.size(), inner = rank - 1;
    const size_t outer = rank == 1 ? 1 : inner;
    const auto offset = [&](const Lane& l) {
      int64_t at = 0;
      for (size_t a = 0; a < outer; ++a) at += index[a] * l.strides[a];
      return at;
    };
    for (int64_t done = 0; done < count; done += block_elements) {
      const int n = static_cast<int>(std::min<int64_t>(block_elements, count - done));
      for (size_t k = 0; k < s_.program.code.size(); ++k) {
        const Instruction& i = s_.program.code[k];
        if (i.op != MachineOp::load) continue;
        const Lane& lane = s_.inputs[static_cast<size_t>(i.index)];
        const int64_t stride = lane.strides[inner];
        const std::byte* from = w.args.inputs[i.index] + (offset(lane) + done * stride) * size_of(lane.dtype);
        w.slots[k] = load(i, lane.dtype, from, stride, n, w.work + static_cast<int64_t>(k) * slot_bytes);
      }
      run_block_(s_.program.code.data(), static_cast<int>(s_.program.code.size()), w.slots, n);
      for (size_t k = 0; k < s_.outputs.size(); ++k) {
        const Lane& lane = s_.outputs[k];
        const int64_t stride = lane.strides[inner];
        std::byte* to = target(k, w) + (offset(lane) + done * stride) * size_of(lane.dtype);
        const std::byte* values = w.slots[s_.program.outputs[k]];
        if (s_.kinds[k] == FusedKind::map) store(lane.dtype, values, to, n);
        else accumulate(s_.kinds[k], lane.dtype, values, to, stride, n);
      }
    }
  }

  static std::byte* load(const Instruction& i, DType stored, const std::byte* from, int64_t stride, int n, std::byte* slot) {
    if (stride == 1 && !is_storage_only(stored)) return const_cast<std::byte*>(from);  // read where it lies
    if (is_storage_only(stored)) {
      const auto* bits = reinterpret_cast<const uint16_t*>(from);
      auto* to = reinterpret_cast<float*>(slot);
      for (int k = 0; k < n; ++k) to[k] = stored == bf16 ? from_bf16_bits(bits[k * stride]) : from_f16_bits(bits[k * stride]);
      return slot;
    }
    switch (size_of(i.type)) {
      case 8: strided<uint64_t>(from, stride, n, slot); break;
      case 4: strided<uint32_t>(from, stride, n, slot); break;
      default: strided<uint8_t>(from, stride, n, slot); break;
    }
    return slot;
  }
  template <class T>
  static void strided(const std::byte* from, int64_t stride, int n, std::byte* slot) {
    const T* a = reinterpret_cast<const T*>(from);
    T* to = reinterpret_cast<T*>(slot);
    for (int k = 0; k < n; ++k) to[k] = a[k * stride];
  }

  // A map's innermost axis is dense: outputs are row-major over the iteration space.
  static void store(DType stored, const std::byte* values, std::byte* to, int n) {
    if (!is_storage_only(stored)) {
      std::memmove(to, values, static_cast<size_t>(n) * static_cast<size_t>(size_of(stored)));
      return;
    }
    const auto* v = reinterpret_cast<const float*>(values);
    auto* bits = reinterpret_cast<uint16_t*>(to);
    for (int k = 0; k < n; ++k) bits[k] = stored == bf16 ? to_bf16_bits(v[k]) : to_f16_bits(v[k]);
  }

  static void accumulate(FusedKind kind, DType t, const std::byte* values, std::byte* to, int64_t stride, int n) {
    with_accumulator(t, [&]<class T>() {
      const T* v = reinterpret_cast<const T*>(values);
      T* r = reinterpret_cast<T*>(to);
      if (stride == 0) {
        r[0] = combined(kind, r[0], reduce_block(kind, v, n));
        return;
      }
      if (kind == FusedKind::sum)
        for (int k = 0; k < n; ++k) r[k] = combined(FusedKind::sum, r[k], v[k]);
      else
        for (int k = 0; k < n; ++k) r[k] = combined(kind, r[k], v[k]);
    });
  }

  void combine_parts(const KernelArgs& args) const {
    for (size_t k = 0; k < s_.outputs.size(); ++k) {
      if (!crosses_parts(k)) continue;
      with_accumulator(s_.outputs[k].dtype, [&]<class T>() {
        T* to = reinterpret_cast<T*>(args.outputs[k]);
        const int64_t n = result_elements(k);
        for (int64_t e = 0; e < n; ++e) to[e] = identity_of<T>(s_.kinds[k]);
        for (int part = 0; part < parts_; ++part) {
          const T* from = reinterpret_cast<const T*>(args.scratch + partial_at_[k] + (output_bytes_[k] + 63) / 64 * 64 * part);
          for (int64_t e = 0; e < n; ++e) to[e] = combined(s_.kinds[k], to[e], from[e]);
        }
      });
    }
  }

  Spec s_;
  BlockFunction run_block_;
  int64_t elements_ = 0, work_bytes_ = 0, scratch_ = 0;
  int parts_ = 1;
  std::vector<int64_t> output_bytes_, partial_at_;
};

bool allowed(std::string_view tier) {
  const char* limit = std::getenv("LANC_CPU_TIER");
  return limit == nullptr || std::string_view(limit) != "portable" || tier == "portable";
}

}  // namespace

BlockFunction block_function() {
#if defined(__x86_64__)
  if (allowed("avx2") && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return run_block_avx2;
#endif
  return run_block_portable;
}

std::string instruction_set() { return block_function() == run_block_avx2 ? "avx2" : "portable"; }

std::unique_ptr<Kernel> make_fused_kernel(const Graph& graph, const Node& node) {
  std::optional<Spec> spec = spec_of(graph, node);
  if (!spec || spec->program.code.size() > FusedKernel::max_code || spec->sizes.size() > 16) return nullptr;
  return std::make_unique<FusedKernel>(std::move(*spec));
}

}  // namespace lanc::cpu
