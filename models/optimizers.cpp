#include <lanc/models/optimizers.h>

#include <algorithm>
#include <map>
#include <set>

#include <lanc/autodiff/gradients.h>
#include <lanc/graph/error.h>
#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>
#include <lanc/models/updates.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>

namespace lanc {

std::optional<double> Hyperparameter::number() const {
  const double* n = std::get_if<double>(&is_);
  return n == nullptr ? std::nullopt : std::optional<double>(*n);
}

Operand Hyperparameter::at(const Value& step, DType dtype) const {
  if (const double* n = std::get_if<double>(&is_)) return *n;
  if (const Schedule* schedule = std::get_if<Schedule>(&is_)) return (*schedule)(step, dtype);
  const Value& value = std::get<Value>(is_);
  if (value.rank() != 0 || !is_float(value.dtype()))
    models::detail::fail("a hyperparameter must be a number or a float value of rank 0", value.type().text(), {{"hyperparameter", value}});
  return cast(value, dtype);
}

}  // namespace lanc

namespace lanc::optimizers {

using models::detail::fail;

// What an optimizer has made in one graph.
struct Made {
  std::shared_ptr<GraphData> graph;
  std::map<std::string, Value> states = {};  // by path
};

struct Optimizer::Data {
  Rule rule;
  StepOptions options;
  std::vector<Made> made = {};

  Updates build(const std::vector<Value>& parameters, const std::vector<Value>& raw);
  std::optional<Value> find(const std::string& path, const std::shared_ptr<GraphData>& graph) const;
};

namespace {

const std::string& path_of(const Value& state) { return state.node().attrs<NamedAttrs>().name; }

// Finds or makes the optimizer's states in one graph. `commit` keeps what was made; without it, it is forgotten, as the graph forgets it when
// the builder throws.
class States {
 public:
  States(std::vector<Made>& all, std::string name, const Graph& graph) : all_(all), name_(std::move(name)), made_{graph.data()} {
    for (const Made& m : all)
      if (m.graph == graph.data()) made_ = m;
    // An outer builder may have thrown since, and taken its nodes back.
    std::erase_if(made_.states, [&](const auto& entry) { return graph.find(entry.first) != entry.second; });
  }
  States(const States&) = delete;
  States& operator=(const States&) = delete;

  Value get(const std::string& path, const Type& type, double initial) {
    if (const auto found = made_.states.find(path); found != made_.states.end()) return found->second;
    const Graph graph(made_.graph);
    require_free(graph, path);
    const Value s = state(graph.root(), path, type.shape, initializers::constant(initial), type.dtype);
    made_.states.emplace(path, s);
    return s;
  }
  Value step() { return get(name_ + "/step", {i64, {}}, 0); }
  Value slot(const Value& parameter, const Slot& slot) {
    return get(name_ + "/" + path_of(parameter) + "/" + slot.name, {compute_type(parameter.dtype()), parameter.shape()}, slot.initial);
  }
  // Begins as the parameter does; where that is 16 bits wide, at 0.
  Value average(const Value& parameter) {
    const std::string path = "ema/" + path_of(parameter);
    const Type type{compute_type(parameter.dtype()), parameter.shape()};
    if (parameter.dtype() != type.dtype || parameter.node().bodies.empty()) return get(path, type, 0);
    if (const auto found = made_.states.find(path); found != made_.states.end()) return found->second;
    const Value s = Graph(made_.graph).state(path, type, parameter.node().bodies[0], CallSite::user_line());
    made_.states.emplace(path, s);
    return s;
  }
  void commit() {
    for (Made& m : all_)
      if (m.graph == made_.graph) {
        m = made_;
        return;
      }
    all_.push_back(made_);
  }

 private:
  void require_free(const Graph& graph, const std::string& path) const {
    const auto taken = graph.find(path);
    if (!taken) return;
    throw UserError(name_ + ": an optimizer's name must be its own, got '" + name_ + "' a second time\n  first at " + taken->node().origin->text() +
                    "; again at " + CallSite::user_line().text() + "; give {.name = ...}");
  }

  std::vector<Made>& all_;
  std::string name_;
  Made made_;
};

std::string described(const Value& v) {
  return v.node().attributes.is<NamedAttrs>() ? "'" + path_of(v) + "'" : std::string(v.node().op->name) + " " + v.type().text();
}

void require_parameters(const std::vector<Value>& parameters, const std::shared_ptr<GraphData>& graph) {
  if (parameters.empty()) fail("at least one parameter is needed", "an empty list");
  std::set<std::string> seen;
  for (const Value& p : parameters) {
    if (p.node().op->effects != Effects::state || !is_float(p.dtype()))
      fail("what is optimized must be parameters of a float dtype", described(p), {{"value", p}});
    if (p.graph_data() != graph) fail("parameters must belong to the loss's graph", described(p) + " of another graph", {{"parameter", p}});
    if (!seen.insert(path_of(p)).second) fail("a parameter must be named once", described(p) + " twice", {{"parameter", p}});
  }
}

// A pattern that matches all of `wanted` and none of `others`: the longest common path of the wanted ones, if it does.
std::string suggested_pattern(const std::vector<std::string>& wanted, const std::vector<std::string>& others) {
  if (wanted.empty()) return "";
  std::string common = wanted[0];
  for (const std::string& path : wanted)
    while (!common.empty() && path != common && path.compare(0, common.size() + 1, common + "/") != 0)
      common = common.find('/') == std::string::npos ? "" : common.substr(0, common.rfind('/'));
  if (common.empty()) return "";
  const std::string pattern = wanted.size() == 1 ? common : common + "/**";
  for (const std::string& path : others)
    if (path_matches(pattern, path)) return "";
  return pattern;
}

// The mistake is explained here, where the parameters' names are known.
void require_reached(const Operand& loss, const std::vector<Value>& parameters) {
  const Ref root{loss.value().node_id(), loss.value().output()};
  std::set<uint32_t> reached;
  for (uint32_t id : canonical_order(loss.graph(), {&root, 1})) reached.insert(id);
  std::vector<std::string> yes, no;
  std::optional<Value> first;
  for (const Value& p : parameters) {
    const bool is_reached = reached.count(p.node_id()) != 0;
    (is_reached ? yes : no).push_back(path_of(p));
    if (!is_reached && !first) first = p;
  }
  if (!first) return;
  std::string got = "'" + no[0] + "'" + (no.size() == 2 ? " and 1 more" : no.size() > 2 ? " and " + std::to_string(no.size() - 1) + " more" : "") +
                    " without a way to it";
  const std::string pattern = suggested_pattern(yes, no);
  if (yes.empty()) got += "; it depends on none of them";
  else got += !pattern.empty() ? "; use minimize(loss, \"" + pattern + "\")" : "; name the parameters: minimize(loss, {...})";
  fail("the loss must depend on every parameter", got, {{"loss", loss.value()}, {"parameter", *first}});
}

Value norm_of(const std::vector<Value>& values) {
  if (values.empty()) fail("at least one value is needed", "an empty list");
  std::optional<Value> total;
  for (const Value& v : values) {
    models::detail::require_float({"value", v});
    const Value term = sum(square(cast(v, compute_type(v.dtype()))));
    total = total ? *total + term : term;
  }
  return sqrt(*total);
}

// min(1, limit / (norm + 1e-6)): PyTorch's clip_grad_norm_.
Value clip_factor(const Operand& limit, const Value& norm) { return min(limit / (norm + 1e-6), 1.0); }

std::vector<Value> clipped(std::vector<Value> gradients, const StepOptions& options, const Value& step) {
  for (Value& g : gradients) {
    if (options.clip_value) {
      const Operand limit = options.clip_value->at(step, g.dtype());
      g = clamp(Operand(g), limit.is_literal() ? Operand(-limit.literal().real) : Operand(-limit), limit);
    }
    if (options.clip_norm) g = g * clip_factor(options.clip_norm->at(step, g.dtype()), norm_of({g}));
  }
  if (options.clip_global_norm) {
    const Value norm = norm_of(gradients);
    const Value factor = clip_factor(options.clip_global_norm->at(step, norm.dtype()), norm);
    for (Value& g : gradients) g = g * cast(factor, g.dtype());
  }
  return gradients;
}

// The accumulated gradients, whether the rule is applied in this call, and the updates of the sums.
struct Accumulated {
  std::vector<Value> gradients;
  std::optional<Value> now = {};  // none: always
  Updates updates = {};
};

constexpr const char* accumulated_slot = "sum";

// Each has a path of its own.
void require_slots(const std::vector<Slot>& slots, bool accumulates) {
  for (size_t i = 0; i < slots.size(); ++i) {
    for (size_t k = 0; k < i; ++k)
      if (slots[k].name == slots[i].name) fail("slots must have different names", "two of '" + slots[i].name + "'");
    if (accumulates && slots[i].name == accumulated_slot)
      fail("a slot must have another name than that of the accumulated gradients", "'" + slots[i].name + "' with accumulate");
  }
}

Accumulated accumulate(States& states, const std::string& name, int64_t n, const std::vector<Value>& parameters, std::vector<Value> gradients) {
  if (n == 1) return {std::move(gradients)};
  const Value micro = states.get(name + "/micro", {i64, {}}, 0);
  const Value next = micro + 1;
  Accumulated result{{}, equal(next, n), {}};
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Value sum = states.slot(parameters[i], {accumulated_slot});
    const Value total = sum + gradients[i];
    result.gradients.push_back(total / static_cast<double>(n));
    result.updates.push_back({sum, where(*result.now, 0.0, total)});
  }
  result.updates.push_back({micro, where(*result.now, 0, next)});
  return result;
}

// Old and new values where the rule waits for its turn.
Value chosen(const std::optional<Value>& now, const Value& fresh, const Value& old) { return now ? where(*now, fresh, old) : fresh; }

}  // namespace

Updates Optimizer::Data::build(const std::vector<Value>& parameters, const std::vector<Value>& raw) {
  States states(made, rule.name, parameters[0].graph());
  const Value step = states.step();
  std::vector<Value> gradients;
  for (const Value& g : raw) gradients.push_back(cast(g, compute_type(g.dtype())));
  Accumulated ready = accumulate(states, rule.name, options.accumulate, parameters, std::move(gradients));
  gradients = clipped(std::move(ready.gradients), options, step);
  Updates updates, slots, averages;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Value& p = parameters[i];
    const Value wide = cast(p, compute_type(p.dtype()));
    std::vector<Value> old;
    for (const Slot& s : rule.slots) old.push_back(states.slot(p, s));
    const RuleResult result = rule.apply(RuleArgs(wide, gradients[i], old, step));
    if (result.slots.size() != old.size())
      fail("a rule must give one new value per slot", std::to_string(result.slots.size()) + " for " + std::to_string(old.size()) + " slots");
    const Value fresh = chosen(ready.now, cast(result.parameter, wide.dtype()), wide);
    updates.push_back({p, cast(fresh, p.dtype())});
    for (size_t k = 0; k < old.size(); ++k) slots.push_back({old[k], chosen(ready.now, cast(result.slots[k], old[k].dtype()), old[k])});
    if (options.ema > 0) {
      const Value average = states.average(p);
      const Value from = where(equal(step, 0), wide, average);
      averages.push_back({average, chosen(ready.now, options.ema * from + (1 - options.ema) * fresh, average)});
    }
  }
  updates.insert(updates.end(), slots.begin(), slots.end());
  updates.insert(updates.end(), averages.begin(), averages.end());
  updates.push_back({step, chosen(ready.now, step + 1, step)});
  updates.insert(updates.end(), ready.updates.begin(), ready.updates.end());
  states.commit();
  return updates;
}

std::optional<Value> Optimizer::Data::find(const std::string& path, const std::shared_ptr<GraphData>& graph) const {
  for (const Made& m : made)
    if (m.graph == graph)
      if (const auto found = m.states.find(path); found != m.states.end()) return found->second;
  return std::nullopt;
}

Optimizer::Optimizer(Rule rule, StepOptions options, std::source_location line)
    : data_(std::make_shared<Data>(Data{std::move(rule), std::move(options)})) {
  const CallSite site(data_->rule.name.c_str(), line);
  const StepOptions& o = data_->options;
  if (o.accumulate < 1) fail("accumulate must be at least 1", std::to_string(o.accumulate));
  if (!(o.ema >= 0 && o.ema < 1)) fail("ema must be in [0, 1)", number_text(o.ema));
  require_slots(data_->rule.slots, o.accumulate > 1);
  const auto require_limit = [](const char* what, const std::optional<Hyperparameter>& limit) {
    if (limit && limit->number() && !(*limit->number() > 0)) fail(std::string(what) + " must be positive", number_text(*limit->number()));
  };
  require_limit("clip_value", o.clip_value);
  require_limit("clip_norm", o.clip_norm);
  require_limit("clip_global_norm", o.clip_global_norm);
}

const std::string& Optimizer::name() const { return data_->rule.name; }

Updates Optimizer::minimize(Operand loss) const { return minimize_over(loss, loss.graph().parameters()); }
Updates Optimizer::minimize(Operand loss, const std::vector<Value>& parameters) const { return minimize_over(loss, parameters); }
Updates Optimizer::minimize(Operand loss, std::string_view pattern) const { return minimize_over(loss, loss.graph().parameters(pattern)); }

Updates Optimizer::minimize_over(const Operand& loss, const std::vector<Value>& parameters) const {
  const CallSite site(name().c_str(), {loss});
  if (loss.rank() != 0 || !is_float(loss.dtype())) fail("the loss must be a float of rank 0", loss.type().text(), {{"loss", loss}});
  require_parameters(parameters, loss.value().graph_data());
  require_reached(loss, parameters);
  const std::vector<Value> raw = gradients(loss, parameters);
  const Updates running = updates_of(loss);
  Updates updates = data_->build(parameters, raw);
  updates.insert(updates.end(), running.begin(), running.end());
  return updates;
}

Updates Optimizer::apply(const std::vector<Value>& parameters, const std::vector<Value>& raw, std::source_location line) const {
  const CallSite site(name().c_str(), line, parameters.empty() ? nullptr : parameters[0].graph_data());
  require_parameters(parameters, parameters.empty() ? nullptr : parameters[0].graph_data());
  if (raw.size() != parameters.size())
    fail("one gradient per parameter is needed", std::to_string(raw.size()) + " for " + std::to_string(parameters.size()));
  for (size_t i = 0; i < raw.size(); ++i) models::detail::require_same_shape({"parameter", parameters[i]}, {"gradient", raw[i]});
  return data_->build(parameters, raw);
}

Value Optimizer::step(const Graph& graph, std::source_location line) const {
  const CallSite site(name().c_str(), line, graph.data());
  States states(data_->made, name(), graph);
  const Value result = states.step();
  states.commit();
  return result;
}

Value Optimizer::step() const {
  if (data_->made.size() != 1)
    throw UserError(name() + ": step() needs an optimizer that was used on one graph, got " + std::to_string(data_->made.size()) + " graphs; use step(graph)");
  return data_->made[0].states.at(name() + "/step");
}

Value Optimizer::slot(const Value& parameter, std::string_view slot) const {
  const std::string path = name() + "/" + path_of(parameter) + "/" + std::string(slot);
  if (const auto found = data_->find(path, parameter.graph_data())) return *found;
  throw UserError(name() + ": a slot must exist, got '" + path + "'");
}

Value Optimizer::average(const Value& parameter) const {
  const std::string path = "ema/" + path_of(parameter);
  if (const auto found = data_->find(path, parameter.graph_data())) return *found;
  throw UserError(name() + ": an average must be kept by {.ema = ...} and minimize, got none for '" + path_of(parameter) + "'");
}

Value RuleArgs::count() const { return cast(step_ + 1, parameter_.dtype()); }

Value global_norm(const std::vector<Value>& values, std::source_location line) {
  const CallSite site("global_norm", line, values.empty() ? nullptr : values[0].graph_data());
  return norm_of(values);
}

}  // namespace lanc::optimizers
