#include <lanc/backends/cpu/cpu.h>

#include <fstream>

#include <lanc/backends/cpu/contract_kernel.h>
#include <lanc/backends/cpu/conv_kernel.h>
#include <lanc/backends/cpu/copy_kernel.h>
#include <lanc/backends/cpu/fused_kernel.h>
#include <lanc/backends/cpu/gemm.h>
#include <lanc/backends/cpu/index_kernel.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/backends/cpu/pool_kernel.h>
#include <lanc/backends/cpu/random_kernel.h>
#include <lanc/backends/cpu/reduce_kernel.h>
#include <lanc/backends/cpu/scan_kernel.h>
#include <lanc/backends/cpu/thread_pool.h>
#include <lanc/backends/cond_kernel.h>
#include <lanc/backends/loop_kernel.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/scalar/float_environment.h>
#include <lanc/schedule/plan.h>

namespace lanc {

// Below it handing work to a second thread, 0.1 to 0.4 microseconds when it spins and 10 to 50 when it sleeps, costs about what it saves.
static constexpr double worth_sharing_microseconds = 5;

struct CpuBackend::Impl {
  CpuOptions options;
  std::unique_ptr<Backend> fallback;
  mutable cpu::ThreadPool pool;
  mutable cpu::CompileQueue compilations;
};

CpuInfo cpu_info() {
  CpuInfo info;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) {
      const size_t colon = line.find(':'), first = colon == std::string::npos ? colon : line.find_first_not_of(" \t", colon + 1);
      if (first != std::string::npos) info.model = line.substr(first);  // some machines have no name
      break;
    }
  info.instruction_set = cpu::instruction_set();
  info.contract_library = cpu::gemm_library();
  const cpu::JitLibrary* jit = cpu::JitLibrary::get();
  info.fused_kernels = jit != nullptr ? jit->version() : "interpreter";
  info.cores = cpu::available_cores();
  return info;
}

CpuBackend::CpuBackend(CpuOptions options, std::unique_ptr<Backend> fallback)
    : impl_(new Impl{.options = options, .fallback = std::move(fallback), .pool = cpu::ThreadPool(options.threads), .compilations = {}}) {}
CpuBackend::~CpuBackend() = default;

std::unique_ptr<Kernel> CpuBackend::select(const Graph& graph, const Node& node) const {
  if (node.op->name == contract_op.name)
    if (auto kernel = cpu::make_contract_kernel(graph, node)) return kernel;
  if (auto kernel = make_loop_kernel(node, *this)) return kernel;
  if (auto kernel = make_cond_kernel(node, *this)) return kernel;
  if (auto kernel = cpu::make_conv_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_copy_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_fused_kernel(graph, node, impl_->options.jit ? &impl_->compilations : nullptr)) return kernel;
  if (auto kernel = cpu::make_index_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_pool_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_random_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_reduce_kernel(graph, node)) return kernel;
  if (auto kernel = cpu::make_scan_kernel(graph, node)) return kernel;
  return impl_->fallback->select(graph, node);
}

namespace {

// A phase of a step whose parts are shared among the pool's threads, neighbours on one thread.
struct SharedPhase {
  Kernel& kernel;
  const KernelArgs& args;
  int phase, parts, threads;
};

void run_share(void* context, int worker) {
  const auto& shared = *static_cast<const SharedPhase*>(context);
  const auto first = [&](int w) { return static_cast<int>(int64_t{shared.parts} * w / shared.threads); };
  for (int part = first(worker); part < first(worker + 1); ++part) shared.kernel.run(shared.phase, part, shared.args);
}

}  // namespace

void CpuBackend::prepare(Plan&) const { impl_->compilations.make_all(impl_->pool.threads()); }
int64_t CpuBackend::kernels_compiled() const { return impl_->compilations.compiled(); }

// Who runs a part never shows in the result: parts depend on sizes only.
void CpuBackend::run(Plan& plan) const {
  const FloatEnvironment environment;
  const int threads = impl_->pool.threads();
  plan.failed_step = -1;
  for (PlanStep& step : plan.steps) {
    Kernel& kernel = *step.kernel;
    for (int phase = 0; phase < kernel.phases(); ++phase) {
      const int parts = kernel.parts(phase);
      if (threads == 1 || parts == 1 || kernel.microseconds(phase) < worth_sharing_microseconds) {
        for (int part = 0; part < parts; ++part) kernel.run(phase, part, step.args);
      } else {
        SharedPhase shared{kernel, step.args, phase, parts, threads};
        impl_->pool.run(run_share, &shared);
      }
    }
    if (!kernel.failed()) continue;
    plan.failed_step = static_cast<int>(&step - plan.steps.data());
    return;
  }
}

}  // namespace lanc
