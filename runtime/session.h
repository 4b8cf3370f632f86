// runtime/session.h: from a graph to results: a session owns the state, a function is compiled from inputs, outputs and updates.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Where functions run.
class Device {
 public:
  enum class Kind : uint8_t { cpu, reference };
  static Device cpu() { return Device(Kind::cpu); }
  /// Node by node with the obvious kernels: slow, for looking inside and as the oracle.
  static Device reference() { return Device(Kind::reference); }
  Kind kind() const { return kind_; }

 private:
  explicit Device(Kind kind) : kind_(kind) {}
  Kind kind_;
};
inline const Device reference = Device::reference();

struct SessionOptions {
  Device device = Device::cpu();
  int64_t seed = 0;
  int threads = 0;                 // 0: one per core that this process may use; at most 1024
  int plan_cache = 64;             // bindings of dims that a function keeps plans for, at least 1
  bool jit = true;                 // compile fused kernels where LLVM is found; else they are interpreted
  bool strict = false;             // no rewrite that changes bits: log(exp(x)) stays, 16-bit floats are rounded after every op, as node by node
  bool verify_passes = false;
  std::vector<std::string> disabled_passes = {};
  std::ostream* print_to = nullptr;  // where print(v) goes; null: the standard error
};

struct FunctionOptions {
  std::string name = "";           // for messages and stats
  /// Where this function runs, if not on the session's device: {.backend = reference} runs node by node.
  std::optional<Device> backend = {};
};

/// Counters of a function.
struct FunctionStats {
  int64_t calls = 0;
  int64_t plans_made = 0;          // a plan is made for each new binding of the dims
  int64_t plans_cached = 0;        // kept now: at most SessionOptions::plan_cache
  int64_t plans_dropped = 0;       // the least recently used one makes room for a new one
  int64_t steps = 0;               // of the newest plan
  int64_t arena_bytes = 0;
  int64_t largest_live_bytes = 0;
  int64_t kernels_compiled = 0;
  double compile_seconds = 0;
};

using Results = std::vector<Tensor>;
using Feeds = std::vector<std::pair<Value, Tensor>>;

/// The value that a probe saw in the last call.
struct Probe {
  std::string name;
  Tensor value;
  std::string line;  // of the probe
};

/// A compiled function; a shared handle. Calls on one session are serialized. A result's memory is written again by a later call only when nobody holds
/// a handle to it.
class Function {
 public:
  struct Data;
  explicit Function(std::shared_ptr<Data> data) : data_(std::move(data)) {}

  /// One tensor per input, in the order given to session.function. A feed of another rank is taken in the declared shape when the number
  /// of elements and the first size agree. UserError: number of feeds, dtype, sizes that contradict; out of range indices; a state that an earlier call
  /// left half-changed; each with the line of the call. BackendError: memory; the function and the session stay usable.
  Results operator()(const std::vector<Tensor>& feeds, std::source_location where = std::source_location::current()) const;
  // A pack and the line of the call do not go together: up to four feeds are spelled out.
  Results operator()(std::source_location where = std::source_location::current()) const { return (*this)(std::vector<Tensor>{}, where); }
  template <std::same_as<Tensor> A>
  Results operator()(const A& a, std::source_location where = std::source_location::current()) const {
    return (*this)(std::vector<Tensor>{a}, where);
  }
  template <std::same_as<Tensor> A>
  Results operator()(const A& a, const A& b, std::source_location where = std::source_location::current()) const {
    return (*this)(std::vector<Tensor>{a, b}, where);
  }
  template <std::same_as<Tensor> A>
  Results operator()(const A& a, const A& b, const A& c, std::source_location where = std::source_location::current()) const {
    return (*this)(std::vector<Tensor>{a, b, c}, where);
  }
  template <std::same_as<Tensor> A>
  Results operator()(const A& a, const A& b, const A& c, const A& d, std::source_location where = std::source_location::current()) const {
    return (*this)(std::vector<Tensor>{a, b, c, d}, where);
  }
  template <class... Feeds>
    requires(sizeof...(Feeds) > 4 && (std::same_as<std::remove_cvref_t<Feeds>, Tensor> && ...))
  Results operator()(const Feeds&... feeds) const {
    return (*this)(std::vector<Tensor>{feeds...});
  }

  /// Values of the probes (ops/marks.h) that this function runs, as of its last call. UserError: no call yet, no such probe.
  std::vector<Probe> probes() const;
  Tensor probe(std::string_view name) const;

  FunctionStats stats() const;
  /// Bytes of the arena for these sizes of the dims, without running or allocating. UserError: a dim without a size, a size without a dim.
  int64_t memory(const Bindings& bindings) const;
  /// The plan for these sizes: one line a step. UserError as `memory`.
  std::string plan_text(const Bindings& bindings) const;
  /// The graph after the general passes.
  Graph graph() const;

 private:
  friend class Session;
  std::shared_ptr<Data> data_;
};

/// Owns the state of one graph: parameters, optimizer slots, running statistics, knobs, the step. A shared handle.
class Session {
 public:
  struct Data;
  /// UserError: a disabled pass that does not exist.
  explicit Session(Graph graph, SessionOptions options = {});

  /// Compiles what computes `outputs` from `inputs` and applies `updates`. UserError: an output that depends on an input that is not
  /// listed, values of another graph, a state updated twice.
  Function function(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates = {}, FunctionOptions options = {}) const;

  /// The value of a parameter or state. UserError: no such path, with those that there are. BackendError: memory for its first value.
  Tensor get(const std::string& path, std::source_location where = std::source_location::current()) const;
  Tensor get(const Value& state, std::source_location where = std::source_location::current()) const;
  /// UserError: another dtype or shape.
  void set(const std::string& path, const Tensor& value, std::source_location where = std::source_location::current()) const;
  void set(const Value& state, const Tensor& value, std::source_location where = std::source_location::current()) const;
  /// A knob or any other state of rank 0.
  void set(const Value& state, double value, std::source_location where = std::source_location::current()) const;

  /// The value that the probe of this name saw in the last call that ran one. UserError: no such call.
  Tensor probe(std::string_view name) const;

  /// Values of anything, gradients too, given feeds for the inputs that they need. Changes no state, the step included. Compiles each time: for looking
  /// inside; make a function of what is computed often.
  Results eval(const std::vector<Value>& values, const Feeds& feeds = {}, std::source_location where = std::source_location::current()) const;
  /// Number of calls that drew or updated.
  int64_t step() const;
  const Graph& graph() const;
  const SessionOptions& options() const;

 private:
  std::shared_ptr<Data> data_;
};

}  // namespace lanc
