// Elements per second of fused kernels, interpreted and compiled, on one thread and on two: swish, one step of Adam, the exponentials and
// sums of a softmax, a sum; within the caches and beyond them. `fused_kernels --benchmark_repetitions=5` reports medians.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/backends/cpu/fused_kernel.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/backends/cpu/thread_pool.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/scalar/float_environment.h>

namespace {

using namespace lanc;

struct Nest {
  std::string name;
  Sizes sizes;
  std::vector<std::vector<int64_t>> operands;  // axes
  Formula formula;
  std::vector<FusedOutput> outputs;
};

Nest swish(int64_t n) {
  return {"swish", {n}, {{0}}, record<1>([](auto x) { return x / (1 + exp(-x)); }), {{}}};
}

// p, g, m, v and the step: the new p, m, v.
Nest adam(int64_t n) {
  FormulaBuilder b;
  const Scalar p(&b, b.input(0)), g(&b, b.input(1)), m(&b, b.input(2)), v(&b, b.input(3)), t(&b, b.input(4));
  const Scalar m1 = 0.9 * m + 0.1 * g, v1 = 0.999 * v + 0.001 * square(g);
  const Scalar rate = 1e-3 * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t));
  const int outputs[] = {(p - rate * m1 / (sqrt(v1) + 1e-8)).in(b), m1.in(b), v1.in(b)};
  return {"adam", {n}, {{0}, {0}, {0}, {0}, {-1}}, b.finish(5, outputs), {{}, {}, {}}};
}

// exp(x - max) and its sum along rows.
Nest softmax(int64_t rows, int64_t columns) {
  FormulaBuilder b;
  const Scalar x(&b, b.input(0)), top(&b, b.input(1));
  const int e = exp(x - top).in(b);
  const int outputs[] = {e, e};
  return {"softmax", {rows, columns}, {{0, 1}, {0, -1}}, b.finish(2, outputs), {{}, {FusedKind::sum, {1}, true}}};
}

Nest sum(int64_t n) {
  FormulaBuilder b;
  const int output[] = {b.input(0)};
  return {"sum", {n}, {{0}}, b.finish(1, output), {{FusedKind::sum, {0}}}};
}

// Buffers, a kernel and a pool; run() is one step of a plan.
class Bench {
 public:
  Bench(const Nest& nest, bool jit, int threads) : pool_(threads) {
    std::vector<Operand> operands;
    FusedAttrs attrs{.formula = nest.formula, .outputs = nest.outputs};
    for (int64_t s : nest.sizes) attrs.shape.emplace_back(s);
    for (const auto& axes : nest.operands) {
      Shape shape;
      for (int64_t a : axes) shape.emplace_back(a < 0 ? 1 : nest.sizes[static_cast<size_t>(a)]);
      operands.emplace_back(graph_.input("x" + std::to_string(operands.size()), f32, shape));
      attrs.inputs.push_back({axes});
      tensors_.push_back(Tensor(f32, sizes_of(shape)));
      float* x = tensors_.back().span<float>().data();
      for (int64_t i = 0; i < tensors_.back().numel(); ++i) x[i] = 0.25f + static_cast<float>(i % 1000) * 1e-3f;
      inputs_.push_back(tensors_.back().data());
    }
    const Node& node = graph_.node(apply(fused_op, operands, attrs).node_id());
    for (const Type& t : node.outputs) {
      tensors_.push_back(Tensor(t.dtype, sizes_of(t.shape)));
      outputs_.push_back(tensors_.back().data());
    }
    cpu::CompileQueue queue;
    kernel_ = cpu::make_fused_kernel(graph_, node, jit ? &queue : nullptr);
    queue.make_all(1);
    scratch_ = Tensor(u8, {kernel_->scratch_bytes() + 64});
    args_ = {inputs_.data(), outputs_.data(), scratch_.data()};
  }

  void run() {
    const FloatEnvironment environment;
    for (phase_ = 0; phase_ < kernel_->phases(); ++phase_)
      if (kernel_->parts(phase_) == 1) kernel_->run(phase_, 0, args_);
      else pool_.run(share, this);
  }
  std::string kernel() const { return kernel_->name(); }

 private:
  static void share(void* context, int worker) {
    auto& b = *static_cast<Bench*>(context);
    const int parts = b.kernel_->parts(b.phase_), threads = b.pool_.threads();
    for (int part = parts * worker / threads; part < parts * (worker + 1) / threads; ++part) b.kernel_->run(b.phase_, part, b.args_);
  }

  Graph graph_;
  cpu::ThreadPool pool_;
  std::vector<Tensor> tensors_;
  std::vector<const std::byte*> inputs_;
  std::vector<std::byte*> outputs_;
  std::unique_ptr<Kernel> kernel_;
  Tensor scratch_;
  KernelArgs args_;
  int phase_ = 0;
};

void measure(benchmark::State& state, const Nest& nest, bool jit, int threads) {
  Bench bench(nest, jit, threads);
  for (auto _ : state) bench.run();
  int64_t elements = 1;
  for (int64_t s : nest.sizes) elements *= s;
  state.SetItemsProcessed(state.iterations() * elements);
  state.SetLabel(bench.kernel());
}

}  // namespace

int main(int argc, char** argv) {
  const CpuInfo info = cpu_info();
  benchmark::AddCustomContext("cpu", info.model);
  benchmark::AddCustomContext("tier", info.instruction_set);
  benchmark::AddCustomContext("fused", info.fused_kernels);
  const Nest nests[] = {swish(4096), swish(int64_t{1} << 18), swish(int64_t{1} << 24), adam(4096), adam(int64_t{1} << 18), adam(int64_t{1} << 23),
                        softmax(128, 10), softmax(128, 1000), sum(4096), sum(int64_t{1} << 18), sum(int64_t{1} << 24)};
  for (const Nest& nest : nests)
    for (const bool jit : {false, true})
      for (const int threads : {1, 2}) {
        std::string name = nest.name;
        for (int64_t s : nest.sizes) name += "/" + std::to_string(s);
        name += std::string(jit ? "/llvm" : "/interpreter") + "/threads:" + std::to_string(threads);
        benchmark::RegisterBenchmark(name.c_str(), [nest, jit, threads](benchmark::State& s) { measure(s, nest, jit, threads); })->UseRealTime();
      }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
