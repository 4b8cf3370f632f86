// Matrix products by oneDNN 3: f32 and bf16, sequential primitives with prepared arguments and the plan's scratch memory.
#include <lanc/backends/cpu/gemm.h>

#ifdef LANC_HAS_ONEDNN
#include <array>
#include <cstdlib>
#include <string_view>

#include <dnnl.h>
#include <dnnl_version.h>
#include <dlfcn.h>
#endif

namespace lanc::cpu {

#ifdef LANC_HAS_ONEDNN
namespace {

// oneDNN's OpenMP build asks the runtime for the number of threads when a primitive is created, and its gemm-based products again whenever they
// run: 1 there (a setting of the calling thread only), the caller's afterwards.
class OneThread {
 public:
  OneThread() {
    if (!runtime().found()) return;
    before_ = runtime().get();
    if (before_ != 1) runtime().set(1);
  }
  ~OneThread() {
    if (before_ != 1) runtime().set(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  struct Runtime {
    void (*set)(int) = symbol<void (*)(int)>("omp_set_num_threads");
    int (*get)() = symbol<int (*)()>("omp_get_max_threads");
    bool found() const { return set != nullptr && get != nullptr; }
    template <class F>
    static F symbol(const char* name) {
      return reinterpret_cast<F>(dlsym(RTLD_DEFAULT, name));
    }
  };
  static const Runtime& runtime() {
    static const Runtime once;
    return once;
  }
  int before_ = 1;
};

dnnl_engine_t engine() {
  static const dnnl_engine_t e = [] {
    dnnl_engine_t made = nullptr;
    dnnl_engine_create(&made, dnnl_cpu, 0);
    return made;
  }();
  return e;
}

// One stream per thread that runs leaves; streams of the CPU engine hold no work.
dnnl_stream_t stream() {
  struct Stream {
    dnnl_stream_t s = nullptr;
    Stream() { dnnl_stream_create(&s, engine(), dnnl_stream_default_flags); }
    ~Stream() { dnnl_stream_destroy(s); }
  };
  static thread_local Stream mine;
  return mine.s;
}

struct DescDeleter {
  void operator()(dnnl_memory_desc_t d) const { dnnl_memory_desc_destroy(d); }
};
using Desc = std::unique_ptr<std::remove_pointer_t<dnnl_memory_desc_t>, DescDeleter>;

Desc matrix(dnnl_data_type_t type, int64_t rows, int64_t columns, int64_t row, int64_t column) {
  const dnnl_dims_t dims = {rows, columns};
  const dnnl_dims_t strides = {row, column};
  dnnl_memory_desc_t made = nullptr;
  if (dnnl_memory_desc_create_with_strides(&made, 2, dims, type, strides) != dnnl_success) return nullptr;
  return Desc(made);
}

class OneDnnGemm : public Gemm {
 public:
  explicit OneDnnGemm(const GemmShape& s) {
    const dnnl_data_type_t type = s.dtype == f32 ? dnnl_f32 : dnnl_bf16;
    const Desc a = matrix(type, s.m, s.k, s.a_row, s.a_column), b = matrix(type, s.k, s.n, s.b_row, s.b_column),
               c = matrix(type, s.m, s.n, s.c_row, 1);
    if (!a || !b || !c) return;
    const OneThread sequential;
    dnnl_primitive_attr_t attributes = nullptr;
    dnnl_primitive_attr_create(&attributes);
    dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
    dnnl_primitive_desc_t description = nullptr;
    const dnnl_status_t described = dnnl_matmul_primitive_desc_create(&description, engine(), a.get(), b.get(), nullptr, c.get(), attributes);
    dnnl_primitive_attr_destroy(attributes);
    if (described != dnnl_success) return;
    const_dnnl_memory_desc_t scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    scratch_bytes_ = static_cast<int64_t>(dnnl_memory_desc_get_size(scratch));
    bool good = dnnl_primitive_create(&primitive_, description) == dnnl_success;
    const const_dnnl_memory_desc_t descs[] = {a.get(), b.get(), c.get(), scratch};
    for (size_t i = 0; i < 4; ++i) good &= dnnl_memory_create(&memories_[i], descs[i], engine(), DNNL_MEMORY_NONE) == dnnl_success;
    dnnl_primitive_desc_destroy(description);
    arguments_ = {{{DNNL_ARG_SRC, memories_[0]}, {DNNL_ARG_WEIGHTS, memories_[1]}, {DNNL_ARG_DST, memories_[2]}, {DNNL_ARG_SCRATCHPAD, memories_[3]}}};
    usable_ = good;
  }
  ~OneDnnGemm() override {
    for (dnnl_memory_t m : memories_)
      if (m != nullptr) dnnl_memory_destroy(m);
    if (primitive_ != nullptr) dnnl_primitive_destroy(primitive_);
  }
  bool usable() const { return usable_; }
  std::string name() const override { return "onednn"; }
  int64_t scratch_bytes() const override { return scratch_bytes_; }
  bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte* scratch) noexcept override {
    const OneThread sequential;
    dnnl_memory_set_data_handle(memories_[0], const_cast<std::byte*>(a));
    dnnl_memory_set_data_handle(memories_[1], const_cast<std::byte*>(b));
    dnnl_memory_set_data_handle(memories_[2], c);
    dnnl_memory_set_data_handle(memories_[3], scratch);
    return dnnl_primitive_execute(primitive_, stream(), static_cast<int>(arguments_.size()), arguments_.data()) == dnnl_success;
  }

 private:
  dnnl_primitive_t primitive_ = nullptr;
  std::array<dnnl_memory_t, 4> memories_ = {};
  std::array<dnnl_exec_arg_t, 4> arguments_ = {};
  int64_t scratch_bytes_ = 0;
  bool usable_ = false;
};

// For comparing builds: what runs on Eigen has the bits of a build without oneDNN.
bool switched_off() {
  const char* setting = std::getenv("LANC_ONEDNN");
  return setting != nullptr && std::string_view(setting) == "off";
}

}  // namespace

std::unique_ptr<Gemm> make_onednn_gemm(const GemmShape& shape) {
  if (switched_off()) return nullptr;
  if ((shape.dtype != f32 && shape.dtype != bf16) || shape.m == 0 || shape.n == 0 || shape.k == 0) return nullptr;
  auto gemm = std::make_unique<OneDnnGemm>(shape);
  return gemm->usable() ? std::unique_ptr<Gemm>(std::move(gemm)) : nullptr;
}

std::string gemm_library() {
  if (switched_off()) return "eigen";
  const dnnl_version_t* v = dnnl_version();
  return "onednn " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

#else

std::unique_ptr<Gemm> make_onednn_gemm(const GemmShape&) { return nullptr; }
std::string gemm_library() { return "eigen"; }

#endif

}  // namespace lanc::cpu
