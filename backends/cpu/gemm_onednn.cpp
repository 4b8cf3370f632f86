// Matrix products by oneDNN 3: f32 and bf16, sequential primitives with prepared arguments and the plan's scratch memory.
#include <lanc/backends/cpu/gemm.h>

#ifdef LANC_HAS_ONEDNN
#include <array>

#include <dnnl_version.h>

#include <lanc/backends/cpu/onednn.h>
#endif

namespace lanc::cpu {

#ifdef LANC_HAS_ONEDNN
namespace {

using namespace onednn;

Desc matrix(dnnl_data_type_t type, int64_t rows, int64_t columns, int64_t row, int64_t column) {
  return strided(type, std::array{rows, columns}, std::array{row, column});
}

class OneDnnGemm : public Gemm {
 public:
  explicit OneDnnGemm(const GemmShape& s) {
    const dnnl_data_type_t type = s.dtype == f32 ? dnnl_f32 : dnnl_bf16;
    const Desc a = matrix(type, s.m, s.k, s.a_row, s.a_column), b = matrix(type, s.k, s.n, s.b_row, s.b_column),
               c = matrix(type, s.m, s.n, s.c_row, 1);
    if (!a || !b || !c) return;
    const OneThread sequential;
    dnnl_primitive_desc_t made = nullptr;
    if (dnnl_matmul_primitive_desc_create(&made, engine(), a.get(), b.get(), nullptr, c.get(), with_callers_scratch().get()) != dnnl_success) return;
    const PrimitiveDesc description(made);
    const_dnnl_memory_desc_t scratch = dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
    scratch_bytes_ = static_cast<int64_t>(dnnl_memory_desc_get_size(scratch));
    primitive_ = primitive(made);
    usable_ = primitive_ != nullptr;
    const const_dnnl_memory_desc_t descs[] = {a.get(), b.get(), c.get(), scratch};
    for (size_t i = 0; i < 4; ++i) usable_ &= (memories_[i] = memory(descs[i])) != nullptr;
    const int names[] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST, DNNL_ARG_SCRATCHPAD};
    for (size_t i = 0; i < 4; ++i) arguments_[i] = {names[i], memories_[i].get()};
  }
  bool usable() const { return usable_; }
  std::string name() const override { return "onednn"; }
  int64_t scratch_bytes() const override { return scratch_bytes_; }
  bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte* scratch) noexcept override {
    const OneThread sequential;
    std::byte* const addresses[] = {const_cast<std::byte*>(a), const_cast<std::byte*>(b), c, scratch};
    for (size_t i = 0; i < 4; ++i) dnnl_memory_set_data_handle(memories_[i].get(), addresses[i]);
    return dnnl_primitive_execute(primitive_.get(), stream(), static_cast<int>(arguments_.size()), arguments_.data()) == dnnl_success;
  }

 private:
  Primitive primitive_;
  std::array<Memory, 4> memories_ = {};
  std::array<dnnl_exec_arg_t, 4> arguments_ = {};
  int64_t scratch_bytes_ = 0;
  bool usable_ = false;
};

}  // namespace

std::unique_ptr<Gemm> make_onednn_gemm(const GemmShape& shape) {
  if (onednn::switched_off()) return nullptr;
  if ((shape.dtype != f32 && shape.dtype != bf16) || shape.m == 0 || shape.n == 0 || shape.k == 0) return nullptr;
  auto gemm = std::make_unique<OneDnnGemm>(shape);
  return gemm->usable() ? std::unique_ptr<Gemm>(std::move(gemm)) : nullptr;
}

std::string gemm_library() {
  if (onednn::switched_off()) return "eigen";
  const dnnl_version_t* v = dnnl_version();
  return "onednn " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

#else

std::unique_ptr<Gemm> make_onednn_gemm(const GemmShape&) { return nullptr; }
std::string gemm_library() { return "eigen"; }

#endif

}  // namespace lanc::cpu
