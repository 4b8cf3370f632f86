// schedule/plan.h: a graph with bound sizes as a list of kernels over buffers at fixed places: the only thing that runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <lanc/schedule/backend.h>

namespace lanc {

/// Where the bytes of a value lie.
struct PlanBuffer {
  enum class Kind : uint8_t { arena, feed, state, output, constant };
  Kind kind = Kind::arena;
  Type type;
  int64_t bytes = 0;
  int64_t offset = 0;     // in the arena
  int index = 0;          // of the feed, state or output
  int first = 0, last = 0;  // steps between which it is live
  int root = -1;          // the buffer whose memory it shares; itself when it owns its place
  OriginRef origin;
  std::string what;       // op or name
};

struct PlanStep {
  std::unique_ptr<Kernel> kernel;
  std::string op;
  std::string type;
  OriginRef origin;
  std::vector<int> inputs, outputs;  // buffers
  int scratch = -1;
  double flops = 0, bytes = 0;       // from the op's cost
  // Filled in when addresses are known.
  std::vector<const std::byte*> input_addresses;
  std::vector<std::byte*> output_addresses;
  KernelArgs args;
};

/// The names of the states that a plan reads or writes, and what is fed and returned, in order.
struct PlanInterface {
  std::vector<std::string> inputs;
  std::vector<Type> input_types;
  std::vector<std::string> states;
  std::vector<Type> state_types;
  std::vector<Type> output_types;
};

class Plan {
 public:
  std::vector<PlanBuffer> buffers;
  std::vector<PlanStep> steps;
  PlanInterface interface;
  std::vector<Tensor> constants;
  int64_t arena_bytes = 0;
  int64_t largest_live_bytes = 0;  // lower bound of any placement for this order
  int failed_step = -1;            // of the last run: the step after which it stopped

  /// Points every step at the arena, the constants, these feeds, states and outputs.
  void set_addresses(std::byte* arena, const std::vector<const std::byte*>& feeds, const std::vector<std::byte*>& states,
                     const std::vector<std::byte*>& outputs);
  /// Has a state been written when the steps up to this one have run?
  bool changes_state_by(int step) const;
  /// One line a step: kernel, op, type, buffers, floating-point operations and bytes moved, line.
  std::string text() const;
  /// The `count` largest buffers, with their lines.
  std::string largest_buffers(size_t count) const;

 private:
  friend struct PlanBuilder;
  std::byte* address(int buffer) const;
  std::byte* arena_ = nullptr;
  std::vector<const std::byte*> feeds_;
  std::vector<std::byte*> states_;
  std::vector<std::byte*> outputs_;
};

struct PlanOptions {
  bool in_place = true;          // outputs in the memory of dying inputs, state updates in the state's memory
};

/// Order, kernels, memory. The graph's dims are bound; its outputs and updates are what the plan makes. BackendError lists the ops
/// without a kernel on the device.
std::unique_ptr<Plan> make_plan(const Graph& graph, const Backend& backend, const std::vector<std::string>& inputs, const PlanOptions& options = {});

/// The order in which nodes run: operands first, readers of a state before the node that overwrites it, otherwise canonical.
/// `overwrites` (node, state node) pairs that would close a circle are taken out of the list.
std::vector<uint32_t> execution_order(const Graph& graph, std::vector<std::pair<uint32_t, uint32_t>>& overwrites);

/// Copies its operand: for outputs and updates that are not made by a step of their own.
extern const OpDef copy_op;

}  // namespace lanc
