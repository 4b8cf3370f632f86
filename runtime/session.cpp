#include <lanc/runtime/session.h>

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <mutex>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/backends/reference/reference.h>
#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/random.h>
#include <lanc/runtime/compile.h>

namespace lanc {

struct Session::Data {
  Graph graph;
  SessionOptions options;
  std::unique_ptr<Backend> backend;
  std::map<std::string, Tensor> states;
  Tensor arena;             // shared by all plans: calls are serialized
  bool torn = false;        // a call failed after it had changed state
  std::mutex mutex;
};

// A plan with the tensors that it wrote its results to last time.
struct BoundFunction {
  Bindings bindings;
  std::unique_ptr<Plan> plan;
  Results outputs;
};

struct Function::Data {
  std::shared_ptr<Session::Data> session;
  FunctionOptions options;
  TidyFunction tidy;
  std::vector<Type> input_types;
  std::vector<OriginRef> input_origins;
  bool advances_step = false;
  PassOptions passes;
  std::list<BoundFunction> plans;  // newest first
  FunctionStats stats;
};

namespace {

std::string title(const Function::Data& f) { return f.options.name.empty() ? "function" : "function '" + f.options.name + "'"; }

Tensor initial_value(const Node& node, int64_t seed) {
  const std::string& path = node.attrs<NamedAttrs>().name;
  if (path == session_seed_path) return Tensor::scalar<int64_t>(seed);
  if (node.bodies.empty()) throw UserError("session: a state must have an initial value, got none for '" + path + "'; use session.set");
  const std::map<std::string, Tensor> named = {{std::string(session_seed_path), Tensor::scalar<int64_t>(seed)},
                                               {std::string(session_step_path), Tensor::scalar<int64_t>(0)}};
  return evaluate_graph(node.bodies[0], named)[0].clone();
}

void initialize_states(Session::Data& session, const Graph& graph) {
  for (size_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(static_cast<uint32_t>(id));
    if (node.op->effects != Effects::state) continue;
    const std::string& path = node.attrs<NamedAttrs>().name;
    if (session.states.count(path) == 0) session.states[path] = initial_value(node, session.options.seed);
  }
}

Sizes declared_sizes(const Shape& shape, const Bindings& bindings) {
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(d.bind(bindings));
  return sizes;
}

std::string sizes_text(const Sizes& sizes) {
  std::string out = "[";
  for (size_t i = 0; i < sizes.size(); ++i) out += (i ? "," : "") + std::to_string(sizes[i]);
  return out + "]";
}

// Binds the symbols of one declared shape to the sizes of a feed; false when the sizes do not fit.
bool bind_shape(const Shape& declared, const Sizes& sizes, Bindings& bindings, std::string& why) {
  if (declared.size() != sizes.size()) return false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const Dim& d = declared[i];
    if (d.is_number()) {
      if (d.number() != sizes[i]) return false;
      continue;
    }
    const std::vector<std::string> symbols = d.symbols();
    if (symbols.size() != 1 || d.text() != symbols[0]) continue;  // an expression is checked when all symbols are bound
    const auto [place, fresh] = bindings.emplace(symbols[0], sizes[i]);
    if (!fresh && place->second != sizes[i]) {
      why = "dim '" + symbols[0] + "' must have one size, got " + std::to_string(place->second) + " and " + std::to_string(sizes[i]);
      return false;
    }
  }
  return true;
}

// A feed such as {128, 28, 28} for {batch, 784}: the first size stays, the rest is the same number of elements.
std::optional<Sizes> reshaped_feed(const Shape& declared, const Sizes& sizes) {
  if (declared.empty() || sizes.empty()) return std::nullopt;
  int64_t rest = 1, fed = 1;
  Sizes result = {sizes[0]};
  for (size_t i = 1; i < declared.size(); ++i) {
    if (!declared[i].is_number()) return std::nullopt;
    rest *= declared[i].number();
    result.push_back(declared[i].number());
  }
  for (size_t i = 1; i < sizes.size(); ++i) fed *= sizes[i];
  if (rest != fed) return std::nullopt;
  return result;
}

Bindings bind_feeds(const Function::Data& f, std::vector<Tensor>& feeds) {
  if (feeds.size() != f.input_types.size()) {
    std::string names;
    for (const std::string& n : f.tidy.inputs) names += (names.empty() ? "" : ", ") + n;
    throw UserError(title(f) + ": one tensor per input is needed (" + names + "), got " + std::to_string(feeds.size()));
  }
  Bindings bindings;
  for (size_t i = 0; i < feeds.size(); ++i) {
    const Type& type = f.input_types[i];
    const std::string where = "\n  input built at " + f.input_origins[i]->text();
    const std::string name = "input '" + f.tidy.inputs[i] + "'";
    if (feeds[i].dtype() != type.dtype)
      throw UserError(title(f) + ": " + name + " must be " + type.text() + ", got " + feeds[i].type_text() + "; convert with tensor.to(" +
                      std::string(name_of(type.dtype)) + ")" + where);
    std::string why;
    Bindings trial = bindings;
    if (bind_shape(type.shape, feeds[i].sizes(), trial, why)) {
      bindings = std::move(trial);
      continue;
    }
    const std::optional<Sizes> other = why.empty() ? reshaped_feed(type.shape, feeds[i].sizes()) : std::nullopt;
    trial = bindings;
    if (!other || !bind_shape(type.shape, *other, trial, why))
      throw UserError(title(f) + ": " + (why.empty() ? name + " must be " + type.text() + ", got " + feeds[i].type_text() : why + " in " + name) + where);
    feeds[i] = feeds[i].reshaped(*other);
    bindings = std::move(trial);
  }
  for (size_t i = 0; i < feeds.size(); ++i)
    if (const Sizes wanted = declared_sizes(f.input_types[i].shape, bindings); wanted != feeds[i].sizes())
      throw UserError(title(f) + ": input '" + f.tidy.inputs[i] + "' must be " + f.input_types[i].text() + ", here " + sizes_text(wanted) + ", got " +
                      feeds[i].type_text() + "\n  input built at " + f.input_origins[i]->text());
  return bindings;
}

BoundFunction make_bound(Function::Data& f, const Bindings& bindings) {
  const auto start = std::chrono::steady_clock::now();
  BoundFunction bound{bindings, bind_and_plan(f.tidy, bindings, *f.session->backend, f.passes), {}};
  f.stats.plans_made += 1;
  f.stats.compile_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.stats.steps = static_cast<int64_t>(bound.plan->steps.size());
  f.stats.arena_bytes = bound.plan->arena_bytes;
  f.stats.largest_live_bytes = bound.plan->largest_live_bytes;
  bound.outputs.resize(bound.plan->interface.output_types.size());
  return bound;
}

BoundFunction& bound_for(Function::Data& f, const Bindings& bindings) {
  for (auto it = f.plans.begin(); it != f.plans.end(); ++it)
    if (it->bindings == bindings) {
      f.plans.splice(f.plans.begin(), f.plans, it);
      return f.plans.front();
    }
  f.plans.push_front(make_bound(f, bindings));
  while (static_cast<int>(f.plans.size()) > std::max(1, f.session->options.plan_cache)) f.plans.pop_back();
  f.stats.plans_cached = static_cast<int64_t>(f.plans.size());
  return f.plans.front();
}

std::byte* arena_of(Session::Data& session, const Plan& plan) {
  if (session.arena.bytes() >= plan.arena_bytes) return session.arena.data();
  try {
    session.arena = Tensor();
    session.arena = Tensor::uninitialized(u8, {plan.arena_bytes});
  } catch (const Error&) {
    throw BackendError("memory: the plan needs " + std::to_string(plan.arena_bytes) + " bytes for its arena, got none; its largest buffers:" +
                       plan.largest_buffers(5));
  }
  return session.arena.data();
}

void check_failure(Function::Data& f, Plan& plan) {
  if (plan.failed_step < 0) return;
  const PlanStep& step = plan.steps[static_cast<size_t>(plan.failed_step)];
  f.session->torn |= plan.changes_state_by(plan.failed_step);
  throw UserError(step.op + ": " + step.kernel->take_failure() + "\n  " + step.op + " at " + step.origin->text());
}

}  // namespace

Results Function::operator()(const std::vector<Tensor>& given) const {
  Data& f = *data_;
  Session::Data& session = *f.session;
  const std::lock_guard lock(session.mutex);
  if (session.torn)
    throw UserError(title(f) + ": an earlier call failed after it had changed parts of the state; restore the state (session.set or load) before the next call");
  std::vector<Tensor> feeds = given;
  BoundFunction& bound = bound_for(f, bind_feeds(f, feeds));
  Plan& plan = *bound.plan;
  std::vector<const std::byte*> feed_addresses;
  for (const Tensor& t : feeds) feed_addresses.push_back(t.data());
  std::vector<std::byte*> state_addresses, output_addresses;
  for (const std::string& path : plan.interface.states) state_addresses.push_back(session.states.at(path).data());
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    const Type& type = plan.interface.output_types[i];
    if (bound.outputs[i].data() == nullptr || !bound.outputs[i].unique())
      bound.outputs[i] = Tensor::uninitialized(type.dtype, sizes_of(type.shape));
    output_addresses.push_back(bound.outputs[i].data());
  }
  plan.set_addresses(arena_of(session, plan), feed_addresses, state_addresses, output_addresses);
  session.backend->run(plan);
  check_failure(f, plan);
  f.stats.calls += 1;
  if (f.advances_step)
    if (const auto step = session.states.find(std::string(session_step_path)); step != session.states.end()) step->second.span<int64_t>()[0] += 1;
  return bound.outputs;
}

FunctionStats Function::stats() const {
  const std::lock_guard lock(data_->session->mutex);
  return data_->stats;
}

int64_t Function::memory(const Bindings& bindings) const {
  const std::lock_guard lock(data_->session->mutex);
  return bind_and_plan(data_->tidy, bindings, *data_->session->backend, data_->passes)->arena_bytes;
}

std::string Function::plan_text(const Bindings& bindings) const {
  const std::lock_guard lock(data_->session->mutex);
  return bind_and_plan(data_->tidy, bindings, *data_->session->backend, data_->passes)->text();
}

Graph Function::graph() const { return data_->tidy.graph; }

Session::Session(Graph graph, SessionOptions options) : data_(std::make_shared<Data>()) {
  data_->graph = std::move(graph);
  data_->options = std::move(options);
  if (data_->options.device.kind() == Device::Kind::reference) data_->backend = std::make_unique<ReferenceBackend>();
  else data_->backend = std::make_unique<CpuBackend>(CpuOptions{.threads = data_->options.threads, .jit = data_->options.jit}, std::make_unique<ReferenceBackend>());
}

Function Session::function(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates, FunctionOptions options) const {
  auto f = std::make_shared<Function::Data>();
  f->session = data_;
  f->options = std::move(options);
  const std::string name = title(*f);
  const auto require_here = [&](const Value& v) {
    if (v.graph_data() != data_->graph.data())
      throw UserError(name + ": values must belong to the session's graph, got a value of another graph at " + v.node().origin->text());
  };
  for (const Value& v : inputs) {
    require_here(v);
    if (v.node().op->name != input_op.name)
      throw UserError(name + ": inputs must be made by graph.input, got " + std::string(v.node().op->name) + " at " + v.node().origin->text());
    f->input_types.push_back(v.type());
    f->input_origins.push_back(v.node().origin);
  }
  for (const Value& v : outputs) require_here(v);
  std::map<uint32_t, OriginRef> updated;
  for (const Update& u : updates) {
    require_here(u.state);
    require_here(u.value);
    if (u.state.node().op->effects != Effects::state)
      throw UserError(name + ": only parameters and states can be updated, got " + std::string(u.state.node().op->name) + " at " + u.state.node().origin->text());
    if (!(u.state.type() == u.value.type()))
      throw UserError(name + ": an update must have its state's type, got " + u.value.type().text() + " for '" + u.state.node().attrs<NamedAttrs>().name +
                      "' of " + u.state.type().text() + "\n  new value built at " + u.value.node().origin->text());
    if (!updated.emplace(u.state.node_id(), u.value.node().origin).second)
      throw UserError(name + ": a state must be updated once, got two updates of '" + u.state.node().attrs<NamedAttrs>().name + "'\n  built at " +
                      updated[u.state.node_id()]->text() + " and at " + u.value.node().origin->text());
  }
  f->passes.disabled = {data_->options.disabled_passes.begin(), data_->options.disabled_passes.end()};
  f->passes.verify = data_->options.verify_passes;
  const PassContext context{.evaluate = evaluate_node, .capabilities = data_->backend->capabilities()};
  f->tidy = tidy_function(data_->graph, inputs, outputs, updates, context, f->passes);
  for (size_t id = 0; id < f->tidy.graph.size(); ++id) {
    const Node& node = f->tidy.graph.node(static_cast<uint32_t>(id));
    f->advances_step |= node.op->effects == Effects::random;
    if (node.op->name != input_op.name) continue;
    const std::string& input = node.attrs<NamedAttrs>().name;
    if (std::find(f->tidy.inputs.begin(), f->tidy.inputs.end(), input) == f->tidy.inputs.end())
      throw UserError(name + ": every input that the outputs need must be listed, got none for '" + input + "'\n  built at " + node.origin->text());
  }
  f->advances_step |= !updates.empty();
  const std::lock_guard lock(data_->mutex);
  initialize_states(*data_, f->tidy.graph);
  return Function(std::move(f));
}

Tensor Session::get(const std::string& path) const {
  const auto value = data_->graph.find(path);
  if (!value || value->node().op->effects != Effects::state)
    throw UserError("session.get: a path must name a parameter or state, got '" + path + "'");
  return get(*value);
}

Tensor Session::get(const Value& state) const {
  const std::lock_guard lock(data_->mutex);
  const Node& node = state.node();
  if (node.op->effects != Effects::state) throw UserError("session.get: a parameter or state is needed, got " + std::string(node.op->name));
  const std::string& path = node.attrs<NamedAttrs>().name;
  if (data_->states.count(path) == 0) data_->states[path] = initial_value(node, data_->options.seed);
  return data_->states[path].clone();
}

void Session::set(const std::string& path, const Tensor& value) const {
  const auto state = data_->graph.find(path);
  if (!state || state->node().op->effects != Effects::state)
    throw UserError("session.set: a path must name a parameter or state, got '" + path + "'");
  set(*state, value);
}

void Session::set(const Value& state, const Tensor& value) const {
  const std::lock_guard lock(data_->mutex);
  const std::string& path = state.node().attrs<NamedAttrs>().name;
  if (value.dtype() != state.dtype() || value.sizes() != sizes_of(state.shape()))
    throw UserError("session.set: '" + path + "' must be " + state.type().text() + ", got " + value.type_text());
  data_->torn = false;
  Tensor& own = data_->states[path];
  if (own.data() != nullptr && own.sizes() == value.sizes() && own.dtype() == value.dtype())
    std::copy_n(value.data(), value.bytes(), own.data());
  else own = value.clone();
}

void Session::set(const Value& state, double value) const {
  Tensor t(state.dtype(), {});
  t.set(0, value);
  set(state, t);
}

Results Session::eval(const std::vector<Value>& values, const Feeds& feeds) const {
  std::vector<Value> inputs;
  std::vector<Tensor> tensors;
  for (const auto& [value, tensor] : feeds) {
    inputs.push_back(value);
    tensors.push_back(tensor);
  }
  const Function f = function(inputs, values, {}, {.name = "eval"});
  const int64_t before = step();
  Results results = f(tensors);
  if (const auto found = data_->states.find(std::string(session_step_path)); found != data_->states.end())
    found->second.span<int64_t>()[0] = before;
  return results;
}

int64_t Session::step() const {
  const auto found = data_->states.find(std::string(session_step_path));
  return found == data_->states.end() ? 0 : found->second.span<int64_t>()[0];
}

const Graph& Session::graph() const { return data_->graph; }
const SessionOptions& Session::options() const { return data_->options; }

}  // namespace lanc
