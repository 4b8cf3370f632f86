#include <lanc/schedule/plan.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <sstream>

#include <lanc/graph/error.h>
#include <lanc/schedule/memory.h>

namespace lanc {
namespace {

Types copy_types(const InferArgs& args) { return {args.input(0)}; }

bool is_source(const Node& node) { return node.op->family == "source"; }

int64_t bound_bytes(const Type& type) { return numel_of(sizes_of(type.shape)) * size_of(type.dtype); }

std::string source_name(const Node& node) {
  return node.attributes.is<NamedAttrs>() ? node.attrs<NamedAttrs>().name : std::string(node.op->name);
}

}  // namespace

const OpDef copy_op{.name = "copy", .family = "system", .infer = copy_types, .no_gradient = "copies are made by the scheduler",
                    .doc = "A copy of its operand, made by the scheduler."};

Sizes sizes_of(const Shape& shape) {
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(d.number());
  return sizes;
}

std::vector<Type> input_types(const Graph& graph, const Node& node) {
  std::vector<Type> types;
  for (Ref r : node.inputs) types.push_back(graph.node(r.node).outputs[r.output]);
  return types;
}

// Builds a plan in the order of its functions: order, kernels, buffers, sharing, memory.
struct PlanBuilder {
  const Graph& graph;
  const Backend& backend;
  const PlanOptions& options;
  Plan& plan;
  std::vector<uint32_t> order;
  std::vector<std::pair<uint32_t, uint32_t>> overwrites;  // (node, state node) whose output may lie in the state's memory
  std::map<Ref, int> buffer_of;
  std::map<int, int> step_making;                         // root buffer -> step
  std::set<int> overwritten_in_place;                     // root buffers that hold a state's new value
  std::vector<PlanStep> front, back;

  void run(const std::vector<std::string>& inputs) {
    declare_interface(inputs);
    make_order();
    make_steps();
    place_outputs();
    place_updates();
    join_copies();
    live_ranges();
    if (options.in_place) share_dying_inputs();
    place_arena();
  }

  int add_buffer(PlanBuffer buffer) {
    buffer.bytes = bound_bytes(buffer.type);
    buffer.root = static_cast<int>(plan.buffers.size());
    plan.buffers.push_back(std::move(buffer));
    return plan.buffers.back().root;
  }
  int root(int b) const {
    while (plan.buffers[static_cast<size_t>(b)].root != b) b = plan.buffers[static_cast<size_t>(b)].root;
    return b;
  }
  PlanBuffer& at(int b) { return plan.buffers[static_cast<size_t>(b)]; }

  void declare_interface(const std::vector<std::string>& inputs) {
    plan.interface.inputs = inputs;
    for (const std::string& name : inputs) {
      const auto found = graph.find(name);
      if (!found) throw InternalError("plan: the graph lost its input '" + name + "'");
      plan.interface.input_types.push_back(found->type());
    }
    for (const Value& v : graph.outputs()) plan.interface.output_types.push_back(v.type());
  }

  void make_order() {
    for (const auto& [state, value] : graph.data()->updates)
      if (options.in_place && !is_source(graph.node(value.node))) overwrites.push_back({value.node, state.node});
    order = execution_order(graph, overwrites);
  }

  int state_index(const Node& node) {
    const std::string& name = node.attrs<NamedAttrs>().name;
    auto& states = plan.interface.states;
    const auto found = std::find(states.begin(), states.end(), name);
    if (found != states.end()) return static_cast<int>(found - states.begin());
    states.push_back(name);
    plan.interface.state_types.push_back(node.outputs[0]);
    return static_cast<int>(states.size()) - 1;
  }

  void add_source(uint32_t id, const Node& node) {
    PlanBuffer buffer{.type = node.outputs[0], .origin = node.origin, .what = source_name(node)};
    if (node.op->effects == Effects::state) {
      buffer.kind = PlanBuffer::Kind::state;
      buffer.index = state_index(node);
    } else if (node.op->name == input_op.name) {
      const auto& names = plan.interface.inputs;
      const auto found = std::find(names.begin(), names.end(), buffer.what);
      if (found == names.end()) throw InternalError("plan: input '" + buffer.what + "' is needed but not fed");
      buffer.kind = PlanBuffer::Kind::feed;
      buffer.index = static_cast<int>(found - names.begin());
    } else {
      buffer.kind = PlanBuffer::Kind::constant;
      buffer.index = static_cast<int>(plan.constants.size());
      plan.constants.push_back(node.attrs<ConstantAttrs>().value);
    }
    buffer_of[{id, 0}] = add_buffer(std::move(buffer));
  }

  void make_steps() {
    std::set<std::string> missing;
    for (uint32_t id : order) {
      const Node& node = graph.node(id);
      if (is_source(node) && node.outputs.size() == 1 && (node.attributes.is<NamedAttrs>() || node.attributes.is<ConstantAttrs>())) {
        add_source(id, node);
        continue;
      }
      for (uint32_t k = 0; k < node.outputs.size(); ++k) {
        const int b = add_buffer({.type = node.outputs[k], .origin = node.origin, .what = std::string(node.op->name)});
        buffer_of[{id, k}] = b;
        if (k == 0 && node.op->alias_of >= 0) at(b).root = root(buffer_of.at(node.inputs[static_cast<size_t>(node.op->alias_of)]));
      }
      if (node.op->alias_of >= 0) continue;
      std::unique_ptr<Kernel> kernel = backend.select(graph, node);
      if (!kernel) {
        missing.insert(std::string(node.op->name) + " " + node.outputs[0].text() + " at " + node.origin->text());
        continue;
      }
      add_step(plan.steps, std::move(kernel), node, id);
    }
    if (missing.empty()) return;
    std::string list;
    for (const std::string& m : missing) list += "\n  " + m;
    throw BackendError("plan: every op needs a kernel on " + std::string(backend.name()) + ", got none for:" + list);
  }

  void add_step(std::vector<PlanStep>& steps, std::unique_ptr<Kernel> kernel, const Node& node, uint32_t id) {
    PlanStep step;
    step.op = std::string(node.op->name);
    step.type = node.outputs[0].text();
    step.origin = node.origin;
    for (Ref r : node.inputs) step.inputs.push_back(buffer_of.at(r));
    for (uint32_t k = 0; k < node.outputs.size(); ++k) {
      step.outputs.push_back(buffer_of.at({id, k}));
      step_making[buffer_of.at({id, k})] = static_cast<int>(steps.size());
    }
    if (const int64_t scratch = kernel->scratch_bytes(); scratch > 0)
      step.scratch = add_buffer({.type = {u8, {Dim(scratch)}}, .origin = node.origin, .what = "scratch of " + step.op});
    const std::vector<Type> inputs = input_types(graph, node);
    const Cost cost = node.op->cost({inputs, node.outputs, node.attributes, node.bodies});
    step.flops = static_cast<double>(cost.flops.number());
    step.bytes = static_cast<double>(cost.bytes.number());
    step.kernel = std::move(kernel);
    steps.push_back(std::move(step));
  }

  void add_copy(std::vector<PlanStep>& steps, int from, int to) {
    Node node;
    node.op = static_op(copy_op);
    node.outputs = {at(to).type};
    node.origin = at(from).origin;
    PlanStep step;
    step.kernel = backend.select(graph, node);
    if (!step.kernel) throw BackendError("plan: " + std::string(backend.name()) + " needs a kernel for copy");
    step.op = "copy";
    step.type = at(to).type.text();
    step.origin = node.origin;
    step.inputs = {from};
    step.outputs = {to};
    step.bytes = 2.0 * static_cast<double>(at(to).bytes);
    steps.push_back(std::move(step));
  }

  bool made_by_step(int b) const { return step_making.count(b) != 0; }

  void place_outputs() {
    for (size_t k = 0; k < graph.data()->outputs.size(); ++k) {
      const Ref ref = graph.data()->outputs[k];
      const int b = root(buffer_of.at(ref));
      if (at(b).kind == PlanBuffer::Kind::arena && made_by_step(b)) {
        at(b).kind = PlanBuffer::Kind::output;
        at(b).index = static_cast<int>(k);
        continue;
      }
      const int to = add_buffer({.kind = PlanBuffer::Kind::output, .type = graph.value(ref).type(), .index = static_cast<int>(k),
                                 .origin = graph.node(ref.node).origin, .what = "output"});
      // What exists before the first step is copied before anything overwrites it.
      add_copy(made_by_step(b) ? back : front, buffer_of.at(ref), to);
    }
  }

  // May this result lie in the state's memory: has everybody else read the old value, and does its own step read it first?
  bool reads_are_over(Ref result, int state_buffer) {
    const int writing = step_making.at(buffer_of.at(result));
    for (size_t s = 0; s < plan.steps.size(); ++s)
      for (size_t i = 0; i < plan.steps[s].inputs.size(); ++i) {
        if (root(plan.steps[s].inputs[i]) != state_buffer) continue;
        if (static_cast<int>(s) > writing) return false;
        if (static_cast<int>(s) < writing) continue;
        if (!plan.steps[s].kernel->in_place(static_cast<int>(i), static_cast<int>(result.output))) return false;
      }
    return true;
  }

  void place_updates() {
    struct Late {
      int from, to;
    };
    std::vector<Late> late;
    for (const auto& [state, value] : graph.data()->updates) {
      const int to = buffer_of.at({state.node, 0});
      const int from = root(buffer_of.at(value));
      const bool allowed = std::find(overwrites.begin(), overwrites.end(), std::pair{value.node, state.node}) != overwrites.end();
      if (allowed && at(from).kind == PlanBuffer::Kind::arena && from == buffer_of.at(value) && made_by_step(from) &&
          at(from).bytes == at(to).bytes && reads_are_over(value, to)) {
        at(from).kind = PlanBuffer::Kind::state;
        at(from).index = at(to).index;
        overwritten_in_place.insert(from);
      } else {
        late.push_back({buffer_of.at(value), to});
      }
    }
    // Copies at the end; a source that is itself an old state is saved first, so that the order of updates never shows.
    for (Late& l : late) {
      const int from = root(l.from);
      if (at(from).kind != PlanBuffer::Kind::state || overwritten_in_place.count(from) != 0) continue;
      const int saved = add_buffer({.type = at(l.from).type, .origin = at(l.from).origin, .what = "saved state"});
      add_copy(front, l.from, saved);
      l.from = saved;
    }
    for (const Late& l : late) add_copy(back, l.from, l.to);
  }

  void join_copies() {
    std::vector<PlanStep> all;
    for (auto* part : {&front, &plan.steps, &back})
      for (PlanStep& s : *part) all.push_back(std::move(s));
    plan.steps = std::move(all);
  }

  void live_ranges() {
    const int end = static_cast<int>(plan.steps.size());
    for (PlanBuffer& b : plan.buffers) b.first = end, b.last = -1;
    const auto use = [&](int buffer, int step) {
      PlanBuffer& b = at(root(buffer));
      b.first = std::min(b.first, step);
      b.last = std::max(b.last, step);
    };
    for (int s = 0; s < end; ++s) {
      const PlanStep& step = plan.steps[static_cast<size_t>(s)];
      for (int b : step.inputs) use(b, s);
      for (int b : step.outputs) use(b, s);
      if (step.scratch >= 0) use(step.scratch, s);
    }
  }

  // An elementwise result takes over the memory of an operand that nobody reads afterwards.
  void share_dying_inputs() {
    for (int s = 0; s < static_cast<int>(plan.steps.size()); ++s) {
      PlanStep& step = plan.steps[static_cast<size_t>(s)];
      std::set<int> taken;
      for (size_t o = 0; o < step.outputs.size(); ++o) {
        const int out = step.outputs[o];
        if (at(out).root != out || at(out).kind != PlanBuffer::Kind::arena) continue;
        for (size_t i = 0; i < step.inputs.size(); ++i) {
          const int in = root(step.inputs[i]);
          if (at(in).kind != PlanBuffer::Kind::arena || at(in).last != s || at(in).bytes != at(out).bytes || in == out ||
              taken.count(in) != 0 || !reads_once(step, in) || !step.kernel->in_place(static_cast<int>(i), static_cast<int>(o)))
            continue;
          at(in).last = std::max(at(in).last, at(out).last);
          at(out).root = in;
          taken.insert(in);
          break;
        }
      }
    }
  }
  bool reads_once(const PlanStep& step, int buffer) const {
    return std::count_if(step.inputs.begin(), step.inputs.end(), [&](int b) { return root(b) == buffer; }) == 1;
  }

  void place_arena() {
    std::vector<MemoryInterval> intervals;
    std::vector<int> owners;
    for (int b = 0; b < static_cast<int>(plan.buffers.size()); ++b) {
      const PlanBuffer& buffer = at(b);
      if (buffer.root != b || buffer.kind != PlanBuffer::Kind::arena || buffer.last < 0 || buffer.bytes == 0) continue;
      intervals.push_back({.bytes = buffer.bytes, .first = buffer.first, .last = buffer.last});
      owners.push_back(b);
    }
    const MemoryPlan placed = plan_memory(intervals);
    for (size_t i = 0; i < owners.size(); ++i) at(owners[i]).offset = placed.offsets[i];
    plan.arena_bytes = placed.total_bytes;
    plan.largest_live_bytes = placed.largest_live_bytes;
  }
};

std::byte* Plan::address(int buffer) const {
  int b = buffer;
  while (buffers[static_cast<size_t>(b)].root != b) b = buffers[static_cast<size_t>(b)].root;
  const PlanBuffer& owner = buffers[static_cast<size_t>(b)];
  const auto index = static_cast<size_t>(owner.index);
  switch (owner.kind) {
    case PlanBuffer::Kind::arena: return arena_ + owner.offset;
    case PlanBuffer::Kind::feed: return const_cast<std::byte*>(feeds_[index]);
    case PlanBuffer::Kind::state: return states_[index];
    case PlanBuffer::Kind::output: return outputs_[index];
    case PlanBuffer::Kind::constant: return const_cast<std::byte*>(constants[index].data());
  }
  throw InternalError("plan: unknown kind of buffer");
}

bool Plan::changes_state_by(int step) const {
  for (int s = 0; s <= step; ++s)
    for (int b : steps[static_cast<size_t>(s)].outputs) {
      while (buffers[static_cast<size_t>(b)].root != b) b = buffers[static_cast<size_t>(b)].root;
      if (buffers[static_cast<size_t>(b)].kind == PlanBuffer::Kind::state) return true;
    }
  return false;
}

void Plan::set_addresses(std::byte* arena, const std::vector<const std::byte*>& feeds, const std::vector<std::byte*>& states,
                         const std::vector<std::byte*>& outputs) {
  const bool same = arena == arena_ && feeds == feeds_ && states == states_ && outputs == outputs_;
  if (same && !steps.empty() && steps[0].args.outputs != nullptr) return;
  arena_ = arena;
  feeds_ = feeds;
  states_ = states;
  outputs_ = outputs;
  for (PlanStep& step : steps) {
    step.input_addresses.resize(step.inputs.size());
    step.output_addresses.resize(step.outputs.size());
    for (size_t i = 0; i < step.inputs.size(); ++i) step.input_addresses[i] = address(step.inputs[i]);
    for (size_t i = 0; i < step.outputs.size(); ++i) step.output_addresses[i] = address(step.outputs[i]);
    step.args = {step.input_addresses.data(), step.output_addresses.data(), step.scratch < 0 ? nullptr : address(step.scratch)};
  }
}

std::string Plan::text() const {
  const auto buffer_text = [&](int b) {
    int owner = b;
    while (buffers[static_cast<size_t>(owner)].root != owner) owner = buffers[static_cast<size_t>(owner)].root;
    const PlanBuffer& buffer = buffers[static_cast<size_t>(owner)];
    switch (buffer.kind) {
      case PlanBuffer::Kind::arena: return "@" + std::to_string(buffer.offset);
      case PlanBuffer::Kind::feed: return "feed " + interface.inputs[static_cast<size_t>(buffer.index)];
      case PlanBuffer::Kind::state: return "state " + interface.states[static_cast<size_t>(buffer.index)];
      case PlanBuffer::Kind::output: return "output " + std::to_string(buffer.index);
      case PlanBuffer::Kind::constant: return "constant " + std::to_string(buffer.index);
    }
    return std::string();
  };
  std::string out = "plan: " + std::to_string(steps.size()) + " steps, arena " + std::to_string(arena_bytes) + " bytes (largest live set " +
                    std::to_string(largest_live_bytes) + ")\n";
  for (size_t s = 0; s < steps.size(); ++s) {
    const PlanStep& step = steps[s];
    out += std::to_string(s) + ": " + step.kernel->name() + " " + step.op + " " + step.type + " (";
    for (size_t i = 0; i < step.inputs.size(); ++i) out += (i ? ", " : "") + buffer_text(step.inputs[i]);
    out += ") -> ";
    for (size_t i = 0; i < step.outputs.size(); ++i) out += (i ? ", " : "") + buffer_text(step.outputs[i]);
    char cost[64];
    std::snprintf(cost, sizeof cost, "  %.4g flops, %.4g bytes", step.flops, step.bytes);
    out += cost;
    out += "  ; " + step.origin->text() + "\n";
    std::istringstream body(step.kernel->body_text());
    for (std::string row; std::getline(body, row);) out += "    " + row + "\n";
  }
  return out;
}

std::string Plan::largest_buffers(size_t count) const {
  std::vector<const PlanBuffer*> sorted;
  for (size_t b = 0; b < buffers.size(); ++b)
    if (buffers[b].root == static_cast<int>(b)) sorted.push_back(&buffers[b]);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->bytes > b->bytes; });
  std::string out;
  for (size_t i = 0; i < sorted.size() && i < count; ++i)
    out += "\n  " + std::to_string(sorted[i]->bytes) + " bytes: " + sorted[i]->what + " " + sorted[i]->type.text() + " at " + sorted[i]->origin->text();
  return out;
}

std::unique_ptr<Plan> make_plan(const Graph& graph, const Backend& backend, const std::vector<std::string>& inputs, const PlanOptions& options) {
  auto plan = std::make_unique<Plan>();
  PlanBuilder builder{.graph = graph, .backend = backend, .options = options, .plan = *plan, .order = {}, .overwrites = {}, .buffer_of = {},
                      .step_making = {}, .overwritten_in_place = {}, .front = {}, .back = {}};
  builder.run(inputs);
  backend.prepare(*plan);
  return plan;
}

}  // namespace lanc
