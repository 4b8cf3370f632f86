// schedule/backend.h: what the scheduler asks of a device: a kernel for a node with bound sizes, and the running of a finished plan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/capabilities.h>
#include <lanc/graph/graph.h>

namespace lanc {

/// What a kernel is given: addresses only. Shapes and layouts were fixed when it was made.
struct KernelArgs {
  const std::byte* const* inputs = nullptr;
  std::byte* const* outputs = nullptr;
  std::byte* scratch = nullptr;
};

/// Code for one node with bound sizes. A kernel is split into phases, one after the other, and a phase into parts that are independent
/// and whose number depends on shapes only: so results do not depend on how many threads run them.
class Kernel {
 public:
  virtual ~Kernel() = default;
  /// For plans and profiles: "onednn matmul", "fused (llvm)".
  virtual std::string name() const = 0;
  /// Of a step that runs a plan of its own: that plan, as text.
  virtual std::string body_text() const { return {}; }
  virtual int phases() const { return 1; }
  virtual int parts(int /*phase*/) const { return 1; }
  /// Bytes that live during this step only.
  virtual int64_t scratch_bytes() const { return 0; }
  /// May this output lie in the memory of this input (which nobody reads afterwards)?
  virtual bool in_place(int /*input*/, int /*output*/) const { return false; }
  /// Microseconds of one phase on one core, roughly: below a few, a second thread does not pay.
  virtual double microseconds(int phase) const = 0;
  /// Never allocates, never throws. A failure (an index out of range) is kept for failed(), memory stays untouched outside.
  virtual void run(int phase, int part, const KernelArgs& args) noexcept = 0;
  /// Did something go wrong in the last run? A kernel that can fail answers this and take_failure() both.
  virtual bool failed() const { return false; }
  /// What went wrong; empty when nothing did. Clears it.
  virtual std::string take_failure() { return {}; }
};

class Plan;

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  virtual Capabilities capabilities() const = 0;
  /// A kernel for this node; null when the device has none.
  virtual std::unique_ptr<Kernel> select(const Graph& graph, const Node& node) const = 0;
  /// Called once when a plan is finished, before it runs: for what is better done for all its kernels together.
  virtual void prepare(Plan& /*plan*/) const {}
  /// Kernels compiled so far for the plans of this backend; those found in a cache are not counted.
  virtual int64_t kernels_compiled() const { return 0; }
  /// Runs the steps of a plan whose addresses are set: all of them, or up to one that fails, whose number is left in plan.failed_step.
  virtual void run(Plan& plan) const = 0;
};

/// Bound types as sizes; InternalError when a dim is not bound.
Sizes sizes_of(const Shape& shape);
std::vector<Type> input_types(const Graph& graph, const Node& node);

}  // namespace lanc
