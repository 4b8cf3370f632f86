#include <lanc/runtime/session.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <list>
#include <map>
#include <mutex>
#include <set>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/backends/cpu/thread_pool.h>
#include <lanc/backends/reference/reference.h>
#include <lanc/graph/call_line.h>
#include <lanc/graph/error.h>
#include <lanc/ops/marks.h>
#include <lanc/ops/random.h>
#include <lanc/passes/passes.h>
#include <lanc/runtime/compile.h>
#include <lanc/runtime/feeds.h>
#include <lanc/runtime/memory.h>
#include <lanc/runtime/runnable.h>

namespace lanc {

struct Session::Data {
  Graph graph;
  SessionOptions options;
  std::map<Device::Kind, std::unique_ptr<Backend>> backends;  // made when first used
  std::map<std::string, Tensor, std::less<>> states;
  Tensor arena;                                      // shared by all plans: calls are serialized
  std::set<std::string> torn;                        // states that a call which failed may have left half-changed
  std::vector<std::weak_ptr<Function::Data>> probing;  // functions with probes
  int64_t calls = 0;
  std::mutex mutex;

  const Backend& backend(Device device) {
    std::unique_ptr<Backend>& backend = backends[device.kind()];
    if (!backend && device.kind() == Device::Kind::reference) backend = std::make_unique<ReferenceBackend>();
    if (!backend) backend = std::make_unique<CpuBackend>(CpuOptions{.threads = options.threads, .jit = options.jit}, std::make_unique<ReferenceBackend>());
    return *backend;
  }
};

// A plan with the tensors that it wrote its results to last time.
struct BoundFunction {
  Bindings bindings;
  std::unique_ptr<Plan> plan;
  Results outputs;           // those asked for, then the watched values
  std::vector<Sizes> fed;    // sizes of the feeds of its last call
  std::vector<Tensor*> states;  // in the session's map, whose places stay
  std::vector<const std::byte*> feed_addresses;
  std::vector<std::byte*> state_addresses, output_addresses;
  bool ran = false;
};

struct Function::Data {
  std::shared_ptr<Session::Data> session;
  FunctionOptions options;
  const Backend* backend = nullptr;
  TidyFunction tidy;
  std::vector<FeedSlot> inputs;
  size_t results = 0;                // the first outputs of the plan; watched values follow
  std::vector<Watch> watches;
  std::vector<std::string> updated;  // paths of states
  bool advances_step = false;
  PassContext context;
  PassOptions passes;
  std::list<BoundFunction> plans;    // newest first
  FunctionStats stats;
  int64_t last_call = 0;             // the session's count at the last call
};

namespace {

std::string title(const Function::Data& f) { return f.options.name.empty() ? "function" : "function '" + f.options.name + "'"; }

constexpr int64_t large_bytes = int64_t{64} << 20;  // requests from here on are compared with what the system has

[[noreturn]] void no_memory_for_state(const Node& node, const std::string& got) {
  const Type& type = node.outputs[0];
  throw BackendError("session: memory for " + std::string(node.op->name) + " '" + node.attrs<NamedAttrs>().name + "' must be available, " + type.text() + " of " +
                     bytes_text(numel_of(sizes_of(type.shape)) * size_of(type.dtype)) + ", got " + got + "\n  " + std::string(node.op->name) + " at " +
                     node.origin->text());
}

Tensor first_value(const Node& node, int64_t seed) {
  const std::string& path = node.attrs<NamedAttrs>().name;
  if (path == session_seed_path) return Tensor::scalar<int64_t>(seed);
  if (node.bodies.empty()) throw UserError("session: a state must have an initial value, got none for '" + path + "'; use session.set");
  const std::map<std::string, Tensor> named = {{std::string(session_seed_path), Tensor::scalar<int64_t>(seed)},
                                               {std::string(session_step_path), Tensor::scalar<int64_t>(0)}};
  return evaluate_graph(compose(node.bodies[0], {}), named)[0].clone();
}

Tensor initial_value(const Node& node, int64_t seed) {
  const Type& type = node.outputs[0];
  const int64_t bytes = numel_of(sizes_of(type.shape)) * size_of(type.dtype);
  if (bytes < large_bytes) return first_value(node, seed);
  if (const int64_t available = available_memory(); bytes > available) no_memory_for_state(node, bytes_text(available));
  try {
    return first_value(node, seed);
  } catch (const BackendError&) {
    no_memory_for_state(node, "none");
  }
}

void initialize_states(Session::Data& session, const Graph& graph) {
  for (size_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(static_cast<uint32_t>(id));
    if (node.op->effects != Effects::state) continue;
    const std::string& path = node.attrs<NamedAttrs>().name;
    if (session.states.count(path) == 0) session.states[path] = initial_value(node, session.options.seed);
  }
}

BoundFunction make_bound(Function::Data& f, const Bindings& bindings) {
  const auto start = std::chrono::steady_clock::now();
  const int64_t compiled_before = f.backend->kernels_compiled();
  BoundFunction bound;
  bound.bindings = bindings;
  bound.plan = bind_and_plan(f.tidy, bindings, *f.backend, f.context, f.passes);
  f.stats.plans_made += 1;
  f.stats.kernels_compiled += f.backend->kernels_compiled() - compiled_before;
  f.stats.compile_seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.stats.steps = static_cast<int64_t>(bound.plan->steps.size());
  f.stats.arena_bytes = bound.plan->arena_bytes;
  f.stats.largest_live_bytes = bound.plan->largest_live_bytes;
  bound.outputs.resize(bound.plan->interface.output_types.size());
  for (const std::string& path : bound.plan->interface.states) bound.states.push_back(&f.session->states.at(path));
  bound.feed_addresses.resize(f.inputs.size());
  bound.state_addresses.resize(bound.states.size());
  bound.output_addresses.resize(bound.outputs.size());
  return bound;
}

BoundFunction& bound_for(Function::Data& f, const Bindings& bindings) {
  for (auto it = f.plans.begin(); it != f.plans.end(); ++it)
    if (it->bindings == bindings) {
      f.plans.splice(f.plans.begin(), f.plans, it);
      return f.plans.front();
    }
  f.plans.push_front(make_bound(f, bindings));
  while (static_cast<int>(f.plans.size()) > std::max(1, f.session->options.plan_cache)) {
    f.plans.pop_back();
    f.stats.plans_dropped += 1;
  }
  f.stats.plans_cached = static_cast<int64_t>(f.plans.size());
  return f.plans.front();
}

// Feeds of the sizes of a plan's last call need no binding: nothing is allocated for them.
bool same_feeds(const Function::Data& f, const BoundFunction& bound, const std::vector<Tensor>& feeds) {
  if (feeds.size() != f.inputs.size() || bound.fed.size() != feeds.size()) return false;
  for (size_t i = 0; i < feeds.size(); ++i)
    if (feeds[i].dtype() != f.inputs[i].type.dtype || feeds[i].sizes() != bound.fed[i]) return false;
  return true;
}

BoundFunction& bound_for_feeds(Function::Data& f, const std::vector<Tensor>& given) {
  for (auto it = f.plans.begin(); it != f.plans.end(); ++it)
    if (same_feeds(f, *it, given)) {
      f.plans.splice(f.plans.begin(), f.plans, it);
      return f.plans.front();
    }
  std::vector<Tensor> feeds = given;
  BoundFunction& bound = bound_for(f, bind_feeds(title(f), f.inputs, feeds));
  bound.fed.clear();
  for (const Tensor& t : given) bound.fed.push_back(t.sizes());
  return bound;
}

int64_t output_bytes(const Plan& plan) {
  int64_t bytes = 0;
  for (const Type& t : plan.interface.output_types) bytes += numel_of(sizes_of(t.shape)) * size_of(t.dtype);
  return bytes;
}

[[noreturn]] void out_of_memory(const Function::Data& f, const Plan& plan, const char* what, int64_t bytes, const std::string& got) {
  int64_t states = 0;
  for (const Type& t : plan.interface.state_types) states += numel_of(sizes_of(t.shape)) * size_of(t.dtype);
  throw BackendError(title(f) + ": memory for " + what + " must be available, " + bytes_text(bytes) + ", got " + got + "\n  planned peak: " +
                     bytes_text(plan.arena_bytes + output_bytes(plan) + states) + " of arena, results and states; the largest buffers:" +
                     plan.largest_buffers(5));
}

// Memory of that many bytes for the plan; a BackendError leaves everything as it was. The system hands out more than it has and ends the process
// later: so large requests are compared with what there is first.
Tensor memory_for(const Function::Data& f, const Plan& plan, const char* what, DType dtype, Sizes sizes) {
  const int64_t bytes = numel_of(sizes) * size_of(dtype);
  if (bytes >= large_bytes)
    if (const int64_t available = available_memory(); bytes > available) out_of_memory(f, plan, what, bytes, bytes_text(available));
  try {
    return Tensor::uninitialized(dtype, std::move(sizes));
  } catch (const BackendError&) {
    out_of_memory(f, plan, what, bytes, "none");
  }
}

std::byte* arena_of(const Function::Data& f, const Plan& plan) {
  Session::Data& session = *f.session;
  if (session.arena.bytes() >= plan.arena_bytes) return session.arena.data();
  session.arena = Tensor();  // the old one makes room; other plans take the new one at their next call
  session.arena = memory_for(f, plan, "the arena", u8, {plan.arena_bytes});
  return session.arena.data();
}

void make_outputs(const Function::Data& f, BoundFunction& bound) {
  for (size_t i = 0; i < bound.outputs.size(); ++i) {
    if (bound.outputs[i].data() != nullptr && bound.outputs[i].unique()) continue;
    const Type& type = bound.plan->interface.output_types[i];
    bound.outputs[i] = memory_for(f, *bound.plan, "a result", type.dtype, sizes_of(type.shape));
  }
}

void check_failure(const Function::Data& f, const Plan& plan) {
  if (plan.failed_step < 0) return;
  const PlanStep& step = plan.steps[static_cast<size_t>(plan.failed_step)];
  if (plan.changes_state_by(plan.failed_step)) f.session->torn.insert(f.updated.begin(), f.updated.end());
  const std::string& called = step.origin->function.empty() ? step.op : step.origin->function;
  throw UserError(called + ": " + step.kernel->take_failure() + "\n  " + step.op + " at " + step.origin->text());
}

void require_whole(const Function::Data& f) {
  const std::set<std::string>& torn = f.session->torn;
  if (torn.empty()) return;
  std::string list;
  int shown = 0;
  for (const std::string& path : torn)
    if (++shown <= 5) list += (list.empty() ? "'" : ", '") + path + "'";
  if (shown > 5) list += " and " + std::to_string(shown - 5) + " more";
  throw UserError(title(f) + ": the state must be whole, got states that an earlier call which failed may have left half-changed: " + list +
                  "; set each of them by session.set before the next call");
}

void print_watched(const Function::Data& f, const BoundFunction& bound) {
  std::ostream* out = f.session->options.print_to;
  for (size_t i = 0; i < f.watches.size(); ++i) {
    const Watch& w = f.watches[i];
    if (!w.prints) continue;
    const Tensor& value = bound.outputs[f.results + i];
    (out == nullptr ? std::cerr : *out) << w.name << " = " << value.type_text() << " at " << w.origin->user.text() << "\n" << value << "\n" << std::flush;
  }
}

}  // namespace

namespace {

Results call(Function::Data& f, const std::vector<Tensor>& feeds) {
  Session::Data& session = *f.session;
  const std::lock_guard lock(session.mutex);
  require_whole(f);
  BoundFunction& bound = bound_for_feeds(f, feeds);
  Plan& plan = *bound.plan;
  bound.ran = false;
  make_outputs(f, bound);
  for (size_t i = 0; i < feeds.size(); ++i) bound.feed_addresses[i] = feeds[i].data();
  for (size_t i = 0; i < bound.states.size(); ++i) bound.state_addresses[i] = bound.states[i]->data();
  for (size_t i = 0; i < bound.outputs.size(); ++i) bound.output_addresses[i] = bound.outputs[i].data();
  plan.set_addresses(arena_of(f, plan), bound.feed_addresses, bound.state_addresses, bound.output_addresses);
  f.backend->run(plan);
  check_failure(f, plan);
  bound.ran = true;
  f.stats.calls += 1;
  f.last_call = ++session.calls;
  if (f.advances_step) session.states.find(session_step_path)->second.span<int64_t>()[0] += 1;
  if (!f.watches.empty()) print_watched(f, bound);
  return {bound.outputs.begin(), bound.outputs.begin() + static_cast<std::ptrdiff_t>(f.results)};
}

std::vector<Probe> probes_of(const Function::Data& f) {
  if (f.plans.empty() || !f.plans.front().ran) throw UserError(title(f) + ": probes must be read after a call, got none that was completed");
  std::vector<Probe> probes;
  for (size_t i = 0; i < f.watches.size(); ++i)
    if (!f.watches[i].prints) probes.push_back({f.watches[i].name, f.plans.front().outputs[f.results + i], f.watches[i].origin->text()});
  return probes;
}

std::string known_probes(const std::vector<Watch>& watches) {
  std::string list;
  for (const Watch& w : watches)
    if (!w.prints) list += (list.empty() ? "; there are: '" : ", '") + w.name + "'";
  return list.empty() ? "; there are none" : list;
}

}  // namespace

Results Function::operator()(const std::vector<Tensor>& feeds, std::source_location where) const {
  return with_line("called", where, [&] { return call(*data_, feeds); });
}

std::vector<Probe> Function::probes() const {
  const std::lock_guard lock(data_->session->mutex);
  return probes_of(*data_);
}

Tensor Function::probe(std::string_view name) const {
  const std::lock_guard lock(data_->session->mutex);
  for (Probe& p : probes_of(*data_))
    if (p.name == name) return p.value;
  throw UserError(title(*data_) + ": a probe of this name must be on the way to the results, got '" + std::string(name) + "'" + known_probes(data_->watches));
}

Tensor Session::probe(std::string_view name) const {
  const std::lock_guard lock(data_->mutex);
  std::shared_ptr<Function::Data> latest;
  for (const std::weak_ptr<Function::Data>& weak : data_->probing) {
    const std::shared_ptr<Function::Data> f = weak.lock();
    if (!f || f->last_call == 0 || (latest && f->last_call < latest->last_call)) continue;
    if (std::any_of(f->watches.begin(), f->watches.end(), [&](const Watch& w) { return !w.prints && w.name == name; })) latest = f;
  }
  if (latest)
    for (Probe& p : probes_of(*latest))
      if (p.name == name) return p.value;
  throw UserError("session.probe: a call must have run a probe of this name, got none of '" + std::string(name) + "'");
}

FunctionStats Function::stats() const {
  const std::lock_guard lock(data_->session->mutex);
  return data_->stats;
}

int64_t Function::memory(const Bindings& bindings) const {
  const std::lock_guard lock(data_->session->mutex);
  require_bound(title(*data_) + ".memory", data_->tidy.graph, bindings);
  return bind_and_plan(data_->tidy, bindings, *data_->backend, data_->context, data_->passes)->arena_bytes;
}

std::string Function::plan_text(const Bindings& bindings) const {
  const std::lock_guard lock(data_->session->mutex);
  require_bound(title(*data_) + ".plan_text", data_->tidy.graph, bindings);
  return bind_and_plan(data_->tidy, bindings, *data_->backend, data_->context, data_->passes)->text();
}

Graph Function::graph() const { return data_->tidy.graph; }

namespace {

void require_passes(const std::vector<std::string>& names) {
  std::set<std::string_view> known;
  for (const auto& list : {general_passes(), target_passes()})
    for (const Pass& pass : list) known.insert(pass.name);
  for (const std::string& name : names) {
    if (known.count(name) != 0) continue;
    std::string list;
    for (std::string_view k : known) list += (list.empty() ? "" : ", ") + std::string(k);
    throw UserError("session: disabled_passes must name passes (" + list + "), got '" + name + "'");
  }
}

}  // namespace

Session::Session(Graph graph, SessionOptions options) : data_(std::make_shared<Data>()) {
  require_passes(options.disabled_passes);
  if (options.threads < 0 || options.threads > cpu::ThreadPool::most_threads)
    throw UserError("session: threads must be in [0, " + std::to_string(cpu::ThreadPool::most_threads) + "], got " + std::to_string(options.threads));
  if (options.plan_cache < 1) throw UserError("session: plan_cache must be at least 1, got " + std::to_string(options.plan_cache));
  data_->graph = std::move(graph);
  data_->options = std::move(options);
  data_->states[std::string(session_step_path)] = Tensor::scalar<int64_t>(0);
}

namespace {

void require_here(const std::string& name, const Session::Data& session, const Value& v) {
  if (v.graph_data() != session.graph.data())
    throw UserError(name + ": values must belong to the session's graph, got a value of another graph\n  " + std::string(v.node().op->name) + " built at " +
                    v.node().origin->text());
}

void require_updates(const std::string& name, const Session::Data& session, const Updates& updates) {
  std::map<uint32_t, OriginRef> updated;
  for (const Update& u : updates) {
    require_here(name, session, u.state);
    require_here(name, session, u.value);
    if (u.state.node().op->effects != Effects::state)
      throw UserError(name + ": only parameters and states can be updated, got " + std::string(u.state.node().op->name) + " at " + u.state.node().origin->text());
    const std::string& path = u.state.node().attrs<NamedAttrs>().name;
    if (!(u.state.type() == u.value.type()))
      throw UserError(name + ": an update must have its state's type, got " + u.value.type().text() + " for '" + path + "' of " + u.state.type().text() +
                      "\n  new value built at " + u.value.node().origin->text());
    if (!updated.emplace(u.state.node_id(), u.value.node().origin).second)
      throw UserError(name + ": a state must be updated once, got two updates of '" + path + "'\n  built at " + updated[u.state.node_id()]->text() + " and at " +
                      u.value.node().origin->text());
  }
}

}  // namespace

Function Session::function(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates, FunctionOptions options) const {
  auto f = std::make_shared<Function::Data>();
  f->session = data_;
  f->options = std::move(options);
  const std::string name = title(*f);
  for (const Value& v : inputs) {
    require_here(name, *data_, v);
    if (v.node().op->name != input_op.name)
      throw UserError(name + ": inputs must be made by graph.input, got " + std::string(v.node().op->name) + " at " + v.node().origin->text());
    f->inputs.emplace_back(v);
  }
  std::vector<Value> roots = outputs;
  for (const Value& v : outputs) require_here(name, *data_, v);
  require_updates(name, *data_, updates);
  for (const Update& u : updates) {
    roots.push_back(u.value);
    f->updated.push_back(u.state.node().attrs<NamedAttrs>().name);
  }
  require_runnable(name, data_->graph, roots, data_->options.strict);
  std::vector<Value> all = outputs;
  for (const Value& v : watched_values(name, data_->graph, roots, f->watches)) all.push_back(v);
  f->results = outputs.size();

  const std::lock_guard lock(data_->mutex);
  f->backend = &data_->backend(f->options.backend.value_or(data_->options.device));
  f->passes.disabled = {data_->options.disabled_passes.begin(), data_->options.disabled_passes.end()};
  f->passes.verify = data_->options.verify_passes;
  f->context = {.evaluate = evaluate_node, .capabilities = f->backend->capabilities(), .strict = data_->options.strict};
  f->tidy = tidy_function(data_->graph, inputs, all, updates, f->context, f->passes);
  require_bindable(name, f->inputs, f->tidy.graph);
  f->advances_step = draws(f->tidy.graph);
  f->advances_step |= !updates.empty();
  initialize_states(*data_, f->tidy.graph);
  std::erase_if(data_->probing, [](const auto& weak) { return weak.expired(); });
  if (std::any_of(f->watches.begin(), f->watches.end(), [](const Watch& w) { return !w.prints; })) data_->probing.push_back(f);
  return Function(std::move(f));
}

namespace {

// Letters to change, leave out or add until a is b.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// "; there are: net/weight, net/bias, ...": the nearest ones first.
std::string known_states(const Graph& graph, const std::string& wanted) {
  constexpr size_t shown = 5;
  std::vector<std::pair<size_t, std::string>> known;
  for (const auto& [path, id] : graph.data()->named)
    if (graph.node(id).op->effects == Effects::state) known.emplace_back(edit_distance(wanted, path), path);
  std::sort(known.begin(), known.end());
  std::string list;
  for (size_t i = 0; i < known.size() && i < shown; ++i) list += (i == 0 ? "; there are: " : ", ") + known[i].second;
  return known.empty() ? "; there are none" : list + (known.size() > shown ? ", ..." : "");
}

Value state_at(const char* function, const Session::Data& session, const std::string& path) {
  const auto found = session.graph.find(path);
  if (!found || found->node().op->effects != Effects::state)
    throw UserError(std::string(function) + ": a path must name a parameter or state, got '" + path + "'" + known_states(session.graph, path));
  return *found;
}

void require_state(const char* function, const Session::Data& session, const Value& v) {
  require_here(function, session, v);
  if (v.node().op->effects != Effects::state)
    throw UserError(std::string(function) + ": a parameter or state is needed, got " + std::string(v.node().op->name) + " at " + v.node().origin->text());
}

Tensor get_state(Session::Data& session, const Value& state) {
  const std::lock_guard lock(session.mutex);
  require_state("session.get", session, state);
  const std::string& path = state.node().attrs<NamedAttrs>().name;
  if (session.states.count(path) == 0) session.states[path] = initial_value(state.node(), session.options.seed);
  return session.states[path].clone();
}

void set_state(Session::Data& session, const Value& state, const Tensor& value) {
  const std::lock_guard lock(session.mutex);
  require_state("session.set", session, state);
  const std::string& path = state.node().attrs<NamedAttrs>().name;
  if (value.dtype() != state.dtype() || value.sizes() != sizes_of(state.shape()))
    throw UserError("session.set: '" + path + "' must be " + state.type().text() + ", got " + value.type_text());
  session.torn.erase(path);
  Tensor& own = session.states[path];
  if (own.data() != nullptr && own.sizes() == value.sizes() && own.dtype() == value.dtype())
    std::copy_n(value.data(), value.bytes(), own.data());
  else own = value.clone();
}

Tensor number_for(const Value& state, double value) {
  if (!holds(state.dtype(), Literal(value)))
    throw UserError("session.set: the state's dtype must hold the number, got " + Literal(value).text() + " for " + std::string(name_of(state.dtype())));
  Tensor t(state.dtype(), {});
  t.set(0, value);
  return t;
}

}  // namespace

Tensor Session::get(const std::string& path, std::source_location where) const {
  return with_line("session.get", where, [&] { return get_state(*data_, state_at("session.get", *data_, path)); });
}

Tensor Session::get(const Value& state, std::source_location where) const {
  return with_line("session.get", where, [&] { return get_state(*data_, state); });
}

void Session::set(const std::string& path, const Tensor& value, std::source_location where) const {
  with_line("session.set", where, [&] { set_state(*data_, state_at("session.set", *data_, path), value); });
}

void Session::set(const Value& state, const Tensor& value, std::source_location where) const {
  with_line("session.set", where, [&] { set_state(*data_, state, value); });
}

void Session::set(const Value& state, double value, std::source_location where) const {
  with_line("session.set", where, [&] { set_state(*data_, state, number_for(state, value)); });
}

Results Session::eval(const std::vector<Value>& values, const Feeds& feeds, std::source_location where) const {
  return with_line("called", where, [&] {
    std::vector<Value> inputs;
    std::vector<Tensor> tensors;
    for (const auto& [value, tensor] : feeds) {
      inputs.push_back(value);
      tensors.push_back(tensor);
    }
    const Function f = function(inputs, values, {}, {.name = "eval"});
    f.data_->advances_step = false;
    return call(*f.data_, tensors);
  });
}

int64_t Session::step() const {
  const std::lock_guard lock(data_->mutex);
  return data_->states.find(session_step_path)->second.span<int64_t>()[0];
}

const Graph& Session::graph() const { return data_->graph; }
const SessionOptions& Session::options() const { return data_->options; }

}  // namespace lanc
