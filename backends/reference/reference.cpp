#include <lanc/backends/reference/reference.h>

#include <cstring>
#include <utility>

#include <lanc/backends/cond_kernel.h>
#include <lanc/backends/loop_kernel.h>
#include <lanc/graph/error.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/float_environment.h>
#include <lanc/ops/scalar/program.h>
#include <lanc/schedule/plan.h>

namespace lanc {
namespace {

void elementwise_kernel(const ReferenceCall& call) {
  std::vector<DType> dtypes;
  std::vector<const std::byte*> in;
  std::vector<std::byte*> out;
  for (const Tensor& t : call.inputs) {
    dtypes.push_back(t.dtype());
    in.push_back(t.data());
  }
  for (Tensor& t : call.outputs) out.push_back(t.data());
  evaluate(lower(*formula_of(*call.node.op, call.node.attributes), dtypes), in, out, call.outputs[0].numel());
}

void copy_kernel(const ReferenceCall& call) {
  if (call.outputs[0].bytes() > 0) std::memcpy(call.outputs[0].data(), call.inputs[0].data(), static_cast<size_t>(call.outputs[0].bytes()));
}

// A reference kernel as a step of a plan.
class ReferenceStep : public Kernel {
 public:
  ReferenceStep(const Graph& graph, const Node& node, ReferenceKernel kernel) : node_(node), kernel_(kernel), inputs_(input_types(graph, node)) {
    if (inputs_.empty() && node.op->name == copy_op.name) inputs_ = node.outputs;  // the scheduler's copies have no node before them
  }
  std::string name() const override { return "reference"; }
  double microseconds(int) const override {
    double elements = 0;
    for (const Type& t : node_.outputs) elements += static_cast<double>(t.numel().number());
    for (const Type& t : inputs_) elements += static_cast<double>(t.numel().number());
    return 0.01 * elements;
  }
  void run(int, int, const KernelArgs& args) noexcept override {
    try {
      std::vector<Tensor> in, out;
      for (size_t i = 0; i < inputs_.size(); ++i) in.push_back(tensor_over(inputs_[i], args.inputs[i]));
      for (size_t i = 0; i < node_.outputs.size(); ++i) out.push_back(tensor_over(node_.outputs[i], args.outputs[i]));
      kernel_({node_, in, out});
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
  }
  bool failed() const override { return !failure_.empty(); }
  std::string take_failure() override { return std::exchange(failure_, {}); }

 private:
  Node node_;
  ReferenceKernel kernel_;
  std::vector<Type> inputs_;
  std::string failure_;
};

}  // namespace

ReferenceKernel ReferenceTable::find(const Node& node) const {
  const auto found = kernels_.find(node.op->name);
  if (found != kernels_.end()) return found->second;
  if (node.op->formula != nullptr) return elementwise_kernel;
  return node.op->alias_of >= 0 ? copy_kernel : nullptr;
}

const ReferenceTable& reference_table() {
  static const ReferenceTable table = [] {
    ReferenceTable t;
    t.add(copy_op, copy_kernel);
    add_all_reference_kernels(t);
    return t;
  }();
  return table;
}

Tensor tensor_over(const Type& type, const std::byte* memory) {
  return Tensor::over(type.dtype, sizes_of(type.shape), const_cast<std::byte*>(memory));
}

std::vector<Tensor> evaluate_node(const Node& node, std::span<const Tensor> inputs) {
  const ReferenceKernel kernel = reference_table().find(node);
  if (kernel == nullptr) throw BackendError("reference: every op needs a kernel, got none for " + std::string(node.op->name));
  const FloatEnvironment environment;
  std::vector<Tensor> outputs;
  for (const Type& t : node.outputs) outputs.push_back(Tensor::uninitialized(t.dtype, sizes_of(t.shape)));
  kernel({node, inputs, outputs});
  return outputs;
}

std::vector<Tensor> evaluate_graph(const Graph& graph, const std::map<std::string, Tensor>& named) {
  std::map<uint32_t, std::vector<Tensor>> results;
  for (uint32_t id : canonical_order(graph, graph.data()->outputs)) {
    const Node& node = graph.node(id);
    if (node.attributes.is<NamedAttrs>() && node.op->family == "source") {
      const auto found = named.find(node.attrs<NamedAttrs>().name);
      if (found == named.end()) throw UserError("evaluate: every input and state needs a value, got none for '" + node.attrs<NamedAttrs>().name + "'");
      results[id] = {found->second};
      continue;
    }
    std::vector<Tensor> inputs;
    for (Ref r : node.inputs) inputs.push_back(results.at(r.node)[r.output]);
    results[id] = evaluate_node(node, inputs);
  }
  std::vector<Tensor> outputs;
  for (Ref r : graph.data()->outputs) outputs.push_back(results.at(r.node)[r.output]);
  return outputs;
}

std::unique_ptr<Kernel> ReferenceBackend::select(const Graph& graph, const Node& node) const {
  if (auto loop = make_loop_kernel(node, *this)) return loop;
  if (auto cond = make_cond_kernel(node, *this)) return cond;
  const ReferenceKernel kernel = reference_table().find(node);
  return kernel == nullptr ? nullptr : std::make_unique<ReferenceStep>(graph, node, kernel);
}

void ReferenceBackend::run(Plan& plan) const {
  const FloatEnvironment environment;
  plan.failed_step = -1;
  for (PlanStep& step : plan.steps) {
    for (int phase = 0; phase < step.kernel->phases(); ++phase)
      for (int part = 0; part < step.kernel->parts(phase); ++part) step.kernel->run(phase, part, step.args);
    if (!step.kernel->failed()) continue;
    plan.failed_step = static_cast<int>(&step - plan.steps.data());
    return;
  }
}

}  // namespace lanc
