// backends/cpu/cpu.h: the CPU backend: oneDNN or Eigen for contractions, fused kernels by LLVM or interpreted, everything else by the
// reference loops; all run by one thread pool.
#pragma once

#include <memory>
#include <string>

#include <lanc/schedule/backend.h>

namespace lanc {

struct CpuOptions {
  int threads = 0;  // 0: one per core that this process may use
  bool jit = true;  // compile fused kernels, where LLVM is found and LANC_JIT is not "off"
};

/// What this machine and this build offer.
struct CpuInfo {
  std::string model;             // of the processor
  std::string instruction_set;   // "avx512", "avx2", "portable": kernel tier in use
  std::string contract_library;  // "onednn 3.2.0", "eigen 3.4.0"
  std::string fused_kernels;     // "llvm 19.1.7", "interpreter"
  int cores = 1;
};
CpuInfo cpu_info();

class CpuBackend : public Backend {
 public:
  /// Ops without a kernel of ours run by `fallback`, on the same memory.
  CpuBackend(CpuOptions options, std::unique_ptr<Backend> fallback);
  ~CpuBackend() override;
  std::string_view name() const override { return "cpu"; }
  Capabilities capabilities() const override { return {.fusion = true, .contract_flags = true}; }
  std::unique_ptr<Kernel> select(const Graph& graph, const Node& node) const override;
  /// Compiles the fused kernels, on as many threads as the plan will run on.
  void prepare(Plan& plan) const override;
  int64_t kernels_compiled() const override;
  void run(Plan& plan) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lanc
