#include <lanc/backends/cpu/cpu.h>

#include <fstream>
#include <thread>

#include <lanc/backends/cpu/contract_kernel.h>
#include <lanc/backends/cpu/fused_kernel.h>
#include <lanc/backends/cpu/gemm.h>
#include <lanc/ops/contract.h>
#include <lanc/schedule/plan.h>

namespace lanc {

struct CpuBackend::Impl {
  CpuOptions options;
  std::unique_ptr<Backend> fallback;
};

CpuInfo cpu_info() {
  CpuInfo info;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) {
      info.model = line.substr(line.find(':') + 2);
      break;
    }
  info.instruction_set = cpu::instruction_set();
  info.contract_library = cpu::gemm_library();
  info.fused_kernels = "interpreter";
  info.cores = static_cast<int>(std::thread::hardware_concurrency());
  return info;
}

CpuBackend::CpuBackend(CpuOptions options, std::unique_ptr<Backend> fallback) : impl_(std::make_unique<Impl>()) {
  impl_->options = options;
  impl_->fallback = std::move(fallback);
}
CpuBackend::~CpuBackend() = default;

std::unique_ptr<Kernel> CpuBackend::select(const Graph& graph, const Node& node) const {
  if (node.op->name == contract_op.name)
    if (auto kernel = cpu::make_contract_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_fused_kernel(graph, node)) return kernel;
  return impl_->fallback->select(graph, node);
}

// One thread: parts and phases are there, their distribution over the pool is not.
void CpuBackend::run(Plan& plan) const {
  for (PlanStep& step : plan.steps)
    for (int phase = 0; phase < step.kernel->phases(); ++phase)
      for (int part = 0; part < step.kernel->parts(phase); ++part) step.kernel->run(phase, part, step.args);
}

}  // namespace lanc
