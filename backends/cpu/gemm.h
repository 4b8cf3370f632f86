// backends/cpu/gemm.h: one-thread matrix products of one dtype, by oneDNN or Eigen: the leaves of contract.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <lanc/graph/dtype.h>

namespace lanc::cpu {

/// C[m,n] = A[m,k] * B[k,n]; strides in elements, one of each pair is 1; C is row-major with row stride `c_row`.
struct GemmShape {
  DType dtype = DType::f32;
  int64_t m = 0, n = 0, k = 0;
  int64_t a_row = 0, a_column = 1;
  int64_t b_row = 0, b_column = 1;
  int64_t c_row = 0;
  bool operator==(const GemmShape&) const = default;
};

/// A prepared product: addresses only at run time. run() neither throws nor enters a parallel region; distinct `scratch` per call.
class Gemm {
 public:
  virtual ~Gemm() = default;
  virtual std::string name() const = 0;
  virtual int64_t scratch_bytes() const { return 0; }
  virtual bool run(const std::byte* a, const std::byte* b, std::byte* c, std::byte* scratch) noexcept = 0;
};

/// oneDNN's matmul: f32 and bf16. Null where the build or the library has none, and where the environment says LANC_ONEDNN=off.
std::unique_ptr<Gemm> make_onednn_gemm(const GemmShape& shape);
/// Eigen's product: every number dtype; 16-bit floats through f32.
std::unique_ptr<Gemm> make_eigen_gemm(const GemmShape& shape);
std::unique_ptr<Gemm> make_gemm(const GemmShape& shape);

/// "onednn 3.2.0" or "eigen 3.4.0".
std::string gemm_library();

}  // namespace lanc::cpu
