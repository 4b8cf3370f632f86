// Matrix products by Eigen, one thread: f64, integers, and everything where oneDNN is absent.
#define EIGEN_DONT_PARALLELIZE
#include <lanc/backends/cpu/gemm.h>

#include <Eigen/Core>
#include <type_traits>

namespace lanc::cpu {
namespace {

using Stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
template <class T, int Order>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Order>;
template <class T, int Order>
using View = Eigen::Map<const Matrix<T, Order>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using Result = Eigen::Map<Matrix<T, Eigen::RowMajor>, Eigen::Unaligned, Eigen::OuterStride<>>;

// Integers wrap: the product is made in the unsigned type of the same width.
template <class T>
class EigenGemm : public Gemm {
 public:
  explicit EigenGemm(const GemmShape& shape) : s_(shape) {}
  std::string name() const override { return "eigen"; }
  bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte*) noexcept override {
    try {
      multiply(reinterpret_cast<const T*>(a), reinterpret_cast<const T*>(b), reinterpret_cast<T*>(c));
      return true;
    } catch (...) {  // Eigen's own scratch memory
      return false;
    }
  }

 protected:
  void multiply(const T* a, const T* b, T* c) const {
    Result<T> result(c, s_.m, s_.n, Eigen::OuterStride<>(s_.c_row));
    if (s_.k == 0) {
      result.setZero();
      return;
    }
    const bool a_rows = s_.a_column == 1, b_rows = s_.b_column == 1;
    const View<T, Eigen::RowMajor> ar(a, s_.m, s_.k, Eigen::OuterStride<>(s_.a_row)), br(b, s_.k, s_.n, Eigen::OuterStride<>(s_.b_row));
    const View<T, Eigen::ColMajor> ac(a, s_.m, s_.k, Eigen::OuterStride<>(s_.a_column)), bc(b, s_.k, s_.n, Eigen::OuterStride<>(s_.b_column));
    if (a_rows && b_rows) result.noalias() = ar * br;
    else if (a_rows) result.noalias() = ar * bc;
    else if (b_rows) result.noalias() = ac * br;
    else result.noalias() = ac * bc;
  }
  GemmShape s_;
};

// bf16 and f16: converted to f32 in scratch, multiplied, rounded once.
class HalfGemm : public EigenGemm<float> {
 public:
  explicit HalfGemm(const GemmShape& shape) : EigenGemm<float>(dense(shape)), half_(shape) {}
  std::string name() const override { return "eigen (through f32)"; }
  int64_t scratch_bytes() const override { return 4 * (half_.m * half_.k + half_.k * half_.n + half_.m * half_.n); }
  bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte* scratch) noexcept override {
    auto* fa = reinterpret_cast<float*>(scratch);
    float* fb = fa + half_.m * half_.k;
    float* fc = fb + half_.k * half_.n;
    const bool brain = half_.dtype == bf16;
    const auto widen = [&](const std::byte* from, float* to, int64_t rows, int64_t columns, int64_t rs, int64_t cs) {
      const auto* bits = reinterpret_cast<const uint16_t*>(from);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j) {
          const uint16_t x = bits[i * rs + j * cs];
          to[i * columns + j] = brain ? from_bf16_bits(x) : from_f16_bits(x);
        }
    };
    widen(a, fa, half_.m, half_.k, half_.a_row, half_.a_column);
    widen(b, fb, half_.k, half_.n, half_.b_row, half_.b_column);
    if (!EigenGemm<float>::run(reinterpret_cast<const std::byte*>(fa), reinterpret_cast<const std::byte*>(fb), reinterpret_cast<std::byte*>(fc), nullptr))
      return false;
    auto* out = reinterpret_cast<uint16_t*>(c);
    for (int64_t i = 0; i < half_.m; ++i)
      for (int64_t j = 0; j < half_.n; ++j) {
        const float x = fc[i * half_.n + j];
        out[i * half_.c_row + j] = brain ? to_bf16_bits(x) : to_f16_bits(x);
      }
    return true;
  }

 private:
  static GemmShape dense(GemmShape s) {
    s.a_row = s.k, s.a_column = 1;
    s.b_row = s.n, s.b_column = 1;
    s.c_row = s.n;
    return s;
  }
  GemmShape half_;
};

}  // namespace

std::unique_ptr<Gemm> make_eigen_gemm(const GemmShape& shape) {
  switch (shape.dtype) {
    case DType::f64: return std::make_unique<EigenGemm<double>>(shape);
    case DType::f32: return std::make_unique<EigenGemm<float>>(shape);
    case DType::bf16:
    case DType::f16: return std::make_unique<HalfGemm>(shape);
    case DType::i64: return std::make_unique<EigenGemm<uint64_t>>(shape);
    case DType::i32: return std::make_unique<EigenGemm<uint32_t>>(shape);
    case DType::u8: return std::make_unique<EigenGemm<uint8_t>>(shape);
    case DType::boolean: break;
  }
  return nullptr;
}

std::unique_ptr<Gemm> make_gemm(const GemmShape& shape) {
  if (auto gemm = make_onednn_gemm(shape)) return gemm;
  return make_eigen_gemm(shape);
}

}  // namespace lanc::cpu
