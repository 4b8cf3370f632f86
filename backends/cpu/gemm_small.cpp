#include <lanc/backends/cpu/gemm_small.h>

#include <utility>

#include <lanc/backends/cpu/fused_kernel.h>

namespace lanc::cpu {
namespace {

// Multiplications in one product; at 32^3 the library's kernels have made up for their call.
constexpr int64_t largest = 16 * 16 * 16;

// C^T = B^T A^T: a column as a row where A is dense along its rows, a row as a column where B is dense along its columns.
GemmShape turned(const GemmShape& s) {
  return {.dtype = s.dtype, .m = s.n, .n = s.m, .k = s.k, .a_row = s.b_column, .a_column = s.b_row, .b_row = s.a_column, .b_column = s.a_row,
          .c_row = s.m};
}

template <class T>
class SmallGemm : public Gemm {
 public:
  SmallGemm(const GemmShape& shape, bool turn) : s_(turn ? turned(shape) : shape), turn_(turn), wide_(instruction_set() != "portable") {}
  std::string name() const override { return "small"; }
  int64_t scratch_bytes() const override { return s_.k * small_tile * static_cast<int64_t>(sizeof(T)); }
  bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte* scratch) noexcept override {
    if (turn_) std::swap(a, b);
    const auto call = wide_ ? static_cast<Product>(small_product_avx2) : static_cast<Product>(small_product_portable);
    call(s_, reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), reinterpret_cast<T*>(c), reinterpret_cast<T*>(scratch));
    return true;
  }

 private:
  using Product = void (*)(const GemmShape&, const T*, const T*, T*, T*);
  GemmShape s_;
  bool turn_, wide_;
};

}  // namespace

std::unique_ptr<Gemm> make_small_gemm(const GemmShape& shape, int64_t batch) {
  if (batch < 2 || shape.k == 0 || shape.m * shape.n * shape.k > largest) return nullptr;
  const bool turn = (shape.n == 1 && shape.c_row == 1 && shape.a_column != 1) || (shape.m == 1 && shape.b_column != 1);
  if (shape.dtype == f32) return std::make_unique<SmallGemm<float>>(shape, turn);
  if (shape.dtype == f64) return std::make_unique<SmallGemm<double>>(shape, turn);
  return nullptr;
}

}  // namespace lanc::cpu
