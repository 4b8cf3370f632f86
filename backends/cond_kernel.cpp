#include <lanc/backends/cond_kernel.h>

#include <algorithm>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/cond.h>
#include <lanc/schedule/plan.h>

namespace lanc {
namespace {

class CondKernel : public Kernel {
 public:
  CondKernel(const Node& node, const Backend& backend) : backend_(backend) {
    for (size_t b = 0; b < 2; ++b) {
      Branch& branch = branches_[b];
      const Graph body = rebuild(node.bodies[b], nullptr);
      std::vector<std::string> inputs;
      for (size_t i = 1; i < node.inputs.size(); ++i) {
        if (!body.find(captured_name(i - 1))) continue;
        inputs.push_back(captured_name(i - 1));
        branch.operands.push_back(i);
      }
      branch.plan = make_plan(body, backend, inputs);
      branch.feeds.resize(inputs.size());
      branch.outputs.resize(node.outputs.size());
      const auto arena = std::make_unique_for_overwrite<std::byte[]>(static_cast<size_t>(branch.plan->arena_bytes));
      branch.plan->set_addresses(arena.get(), branch.feeds, {}, branch.outputs);  // makes its lists: run() allocates nothing
    }
  }

  std::string name() const override { return "one of two branches"; }
  std::string body_text() const override { return "then " + branches_[0].plan->text() + "else " + branches_[1].plan->text(); }
  int64_t scratch_bytes() const override { return std::max(branches_[0].plan->arena_bytes, branches_[1].plan->arena_bytes); }
  double microseconds(int) const override { return 0; }  // one part: the branch's steps are shared among the threads

  void run(int, int, const KernelArgs& args) noexcept override {
    Branch& branch = branches_[*reinterpret_cast<const uint8_t*>(args.inputs[0]) != 0 ? 0 : 1];
    for (size_t i = 0; i < branch.operands.size(); ++i) branch.feeds[i] = args.inputs[branch.operands[i]];
    for (size_t k = 0; k < branch.outputs.size(); ++k) branch.outputs[k] = args.outputs[k];
    branch.plan->set_addresses(args.scratch, branch.feeds, no_states_, branch.outputs);
    backend_.run(*branch.plan);
    failed_ = branch.plan->failed_step < 0 ? nullptr : branch.plan.get();
  }

  bool failed() const override { return failed_ != nullptr; }
  std::string take_failure() override {
    PlanStep& step = failed_->steps[static_cast<size_t>(failed_->failed_step)];
    failed_ = nullptr;
    return step.kernel->take_failure() + "\n  " + step.op + " at " + step.origin->text();
  }

 private:
  struct Branch {
    std::unique_ptr<Plan> plan;
    std::vector<size_t> operands;
    std::vector<const std::byte*> feeds;
    std::vector<std::byte*> outputs;
  };
  const Backend& backend_;
  Branch branches_[2];
  std::vector<std::byte*> no_states_;
  Plan* failed_ = nullptr;
};

}  // namespace

std::unique_ptr<Kernel> make_cond_kernel(const Node& node, const Backend& backend) {
  if (node.op->name != cond_op.name) return nullptr;
  return std::make_unique<CondKernel>(node, backend);
}

}  // namespace lanc
