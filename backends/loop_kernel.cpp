#include <lanc/backends/loop_kernel.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/loop.h>
#include <lanc/schedule/plan.h>

namespace lanc {
namespace {

constexpr int64_t line = 64;
int64_t bytes_of(const Type& type) { return numel_of(sizes_of(type.shape)) * size_of(type.dtype); }
int64_t rounded(int64_t bytes) { return (bytes + line - 1) / line * line; }

// Where the body's plan finds one of its inputs.
struct Feed {
  enum class From : uint8_t { operand, element, carry, iteration };
  From from;
  size_t operand = 0;  // of the loop; for a carry, where it starts
  size_t output = 0;   // carry: the stacked output that holds it after each iteration
  int64_t stride = 0;  // bytes of an element
};

// A carry whose new value is no stacked output lives in the memory of the loop's result, as a state of the body's plan.
struct Resident {
  size_t operand, output;
  int64_t bytes;
};
// One that is a stacked output too is read from there; the result is a copy of the last.
struct Followed {
  size_t operand, output, stacked;
  int64_t bytes;
};
struct Stacked {
  size_t output;
  int64_t stride;
};

class LoopKernel : public Kernel {
 public:
  LoopKernel(const Node& node, const Backend& backend) : backend_(backend), attrs_(node.attrs<LoopAttrs>()), length_(attrs_.length.number()) {
    const Graph body = prepare(node);
    plan_ = make_plan(body, backend, inputs_);
    feed_addresses_.resize(feeds_.size());
    output_addresses_.resize(plan_->interface.output_types.size());
    state_addresses_.resize(plan_->interface.states.size());
    for (size_t s = 0; s < state_addresses_.size(); ++s) {
      const auto found = std::find(resident_names_.begin(), resident_names_.end(), plan_->interface.states[s]);
      state_of_.push_back(static_cast<size_t>(found - resident_names_.begin()));
    }
    const auto arena = std::make_unique_for_overwrite<std::byte[]>(static_cast<size_t>(plan_->arena_bytes));
    plan_->set_addresses(arena.get(), feed_addresses_, state_addresses_, output_addresses_);  // makes its lists: run() allocates nothing
  }

  std::string name() const override {
    return "loop of " + (length_ == unbounded ? std::string("any number of") : std::to_string(length_)) + " x " + std::to_string(plan_->steps.size()) + " steps";
  }
  std::string body_text() const override { return plan_->text(); }
  int64_t scratch_bytes() const override { return rounded(plan_->arena_bytes) + 2 * line; }
  bool in_place(int input, int output) const override {
    return std::any_of(residents_.begin(), residents_.end(), [&](const Resident& r) { return r.operand == static_cast<size_t>(input) && r.output == static_cast<size_t>(output); });
  }
  double microseconds(int) const override { return 0; }  // one part: its steps are shared among the threads, not the loop

  void run(int, int, const KernelArgs& args) noexcept override {
    failed_ = false;
    std::byte* arena = args.scratch;
    auto* iteration = reinterpret_cast<int64_t*>(args.scratch + rounded(plan_->arena_bytes));
    std::byte* go_on = args.scratch + rounded(plan_->arena_bytes) + line;
    for (const Resident& r : residents_)
      if (r.bytes > 0 && args.outputs[r.output] != args.inputs[r.operand]) std::memcpy(args.outputs[r.output], args.inputs[r.operand], static_cast<size_t>(r.bytes));
    const int64_t most = iterations(args);
    bool go = !attrs_.conditional || *reinterpret_cast<const uint8_t*>(args.inputs[attrs_.counted ? 1 : 0]) != 0;
    int64_t done = 0;
    for (int64_t previous = 0; go && done < most; ++done) {
      const int64_t index = attrs_.reversed ? most - 1 - done : done;
      *iteration = index;
      set_addresses(args, iteration, go_on, index, previous, done == 0);
      plan_->set_addresses(arena, feed_addresses_, state_addresses_, output_addresses_);
      backend_.run(*plan_);
      if (plan_->failed_step >= 0) {
        failed_ = true;
        failed_at_ = index;
        return;
      }
      if (attrs_.conditional) go = *reinterpret_cast<const uint8_t*>(go_on) != 0;
      previous = index;
    }
    finish(args, done, attrs_.reversed ? most - done : done - 1);
  }

  bool failed() const override { return failed_; }
  std::string take_failure() override {
    failed_ = false;
    PlanStep& step = plan_->steps[static_cast<size_t>(plan_->failed_step)];
    return step.kernel->take_failure() + ", in iteration " + std::to_string(failed_at_) + "\n  " + step.op + " at " + step.origin->text();
  }

 private:
  // The body as its plan sees it: carries that live in the result are states that it updates.
  Graph prepare(const Node& node) {
    const Graph& body = node.bodies[0];
    const size_t flags = attrs_.conditional ? 1 : 0, carries = static_cast<size_t>(attrs_.carries);
    const std::vector<Ref>& outputs = body.data()->outputs;
    std::vector<bool> follows(carries);
    for (size_t i = 0; i < carries; ++i) {
      const auto begin = outputs.begin() + static_cast<std::ptrdiff_t>(flags + carries);
      const auto place = std::find(begin, outputs.end(), outputs[flags + i]);
      const int64_t bytes = bytes_of(node.outputs[i]);
      follows[i] = place != outputs.end();
      if (follows[i]) followed_.push_back({attrs_.first_carry() + i, i, carries + static_cast<size_t>(place - begin), bytes});
      else residents_.push_back({attrs_.first_carry() + i, i, bytes}), resident_names_.push_back(carry_name(i));
    }
    const auto is_resident = [&](const Node& n) {
      return n.attributes.is<NamedAttrs>() && std::find(resident_names_.begin(), resident_names_.end(), n.attrs<NamedAttrs>().name) != resident_names_.end();
    };
    Graph to = rebuild(body, [&](const Node& n, uint32_t, const std::vector<Ref>&, const Graph& made) -> Replacement {
      if (!is_resident(n)) return std::nullopt;
      return {{{add_state(made, n.attrs<NamedAttrs>().name, n.outputs[0], n.origin), 0}}};
    });
    const std::vector<Ref> all = to.data()->outputs;
    for (const Resident& r : residents_) {
      const auto found = to.find(carry_name(r.output));
      const Ref state = found ? Ref{found->node_id(), 0} : Ref{add_state(to, carry_name(r.output), node.outputs[r.output], node.origin), 0};
      const Ref value = all[flags + r.output];
      if (!(value == state)) to.data()->updates.emplace_back(state, value);
    }
    to.data()->outputs.assign(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(flags));
    to.data()->outputs.insert(to.data()->outputs.end(), all.begin() + static_cast<std::ptrdiff_t>(flags + carries), all.end());
    for (size_t k = flags + carries; k < all.size(); ++k) stacked_.push_back({k - flags, bytes_of(to.value(all[k]).type())});
    list_feeds(node, to);
    return to;
  }

  static uint32_t add_state(const Graph& to, const std::string& name, const Type& type, const OriginRef& origin) {
    Node n;
    n.op = static_op(state_op);
    n.attributes = NamedAttrs{name};
    n.outputs = {type};
    n.origin = origin;
    const uint32_t id = append_node(*to.data(), std::move(n));
    to.data()->named[name] = id;
    return id;
  }

  void list_feeds(const Node& node, const Graph& body) {
    const auto add = [&](const std::string& name, Feed feed) {
      const auto found = body.find(name);
      if (!found || found->node().op->name != input_op.name) return;
      feed.stride = bytes_of(found->type());
      inputs_.push_back(name);
      feeds_.push_back(feed);
    };
    for (const Followed& f : followed_) add(carry_name(f.output), {Feed::From::carry, f.operand, f.stacked});
    for (size_t j = 0; j < static_cast<size_t>(attrs_.sequences); ++j) add(element_name(j), {Feed::From::element, attrs_.first_sequence() + j});
    for (size_t m = attrs_.first_captured(); m < node.inputs.size(); ++m) add(captured_name(m - attrs_.first_captured()), {Feed::From::operand, m});
    add(std::string(iteration_name), {Feed::From::iteration});
  }

  int64_t iterations(const KernelArgs& args) const {
    if (!attrs_.counted) return length_;
    return std::clamp<int64_t>(*reinterpret_cast<const int64_t*>(args.inputs[0]), 0, length_);
  }

  void set_addresses(const KernelArgs& args, const int64_t* iteration, std::byte* go_on, int64_t index, int64_t previous, bool first) {
    for (size_t f = 0; f < feeds_.size(); ++f) {
      const Feed& feed = feeds_[f];
      switch (feed.from) {
        case Feed::From::operand: feed_addresses_[f] = args.inputs[feed.operand]; break;
        case Feed::From::element: feed_addresses_[f] = args.inputs[feed.operand] + index * feed.stride; break;
        case Feed::From::carry: feed_addresses_[f] = first ? args.inputs[feed.operand] : args.outputs[feed.output] + previous * feed.stride; break;
        case Feed::From::iteration: feed_addresses_[f] = reinterpret_cast<const std::byte*>(iteration); break;
      }
    }
    size_t next = 0;
    if (attrs_.conditional) output_addresses_[next++] = go_on;
    for (const Stacked& s : stacked_) output_addresses_[next++] = args.outputs[s.output] + index * s.stride;
    for (size_t s = 0; s < state_of_.size(); ++s) state_addresses_[s] = args.outputs[residents_[state_of_[s]].output];
  }

  void finish(const KernelArgs& args, int64_t done, int64_t last) const {
    for (const Followed& f : followed_) {
      const std::byte* from = done == 0 ? args.inputs[f.operand] : args.outputs[f.stacked] + last * f.bytes;
      if (f.bytes > 0) std::memcpy(args.outputs[f.output], from, static_cast<size_t>(f.bytes));
    }
    // What was not run; a loop that stops early runs forwards, or backwards from the count.
    for (const Stacked& s : stacked_)
      if (done < length_ && s.stride > 0) std::memset(args.outputs[s.output] + done * s.stride, 0, static_cast<size_t>((length_ - done) * s.stride));
    if (attrs_.conditional) std::memcpy(args.outputs[static_cast<size_t>(attrs_.carries) + stacked_.size()], &done, sizeof done);
  }

  const Backend& backend_;
  LoopAttrs attrs_;
  int64_t length_;
  std::unique_ptr<Plan> plan_;
  std::vector<std::string> inputs_, resident_names_;
  std::vector<Feed> feeds_;
  std::vector<Resident> residents_;
  std::vector<Followed> followed_;
  std::vector<Stacked> stacked_;
  std::vector<size_t> state_of_;  // state of the plan -> resident carry
  std::vector<const std::byte*> feed_addresses_;
  std::vector<std::byte*> output_addresses_, state_addresses_;
  bool failed_ = false;
  int64_t failed_at_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_loop_kernel(const Node& node, const Backend& backend) {
  if (node.op->name != loop_op.name) return nullptr;
  return std::make_unique<LoopKernel>(node, backend);
}

}  // namespace lanc
