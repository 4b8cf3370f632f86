#include <lanc/ops/body.h>

#include <algorithm>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/random.h>

namespace lanc {
namespace {

Types placeholder_types(const InferArgs& args) {
  const auto& attrs = args.attrs<PlaceholderAttrs>();
  return {{attrs.dtype, attrs.shape}};
}

// Copies what moves into a graph of its own; asks for the rest by name.
class Extraction {
 public:
  Extraction(const Graph& from, std::vector<Value>& captured, bool iterates) : from_(from), to_(with_declarations_of(from)), captured_(captured), iterates_(iterates) {
    to_.data()->constraints.clear();
  }

  void stands_for(const Value& placeholder, const std::string& name) { map_[{placeholder.node_id(), placeholder.output()}] = input(name, placeholder.type()); }

  void copy(uint32_t id) {
    const Node& node = from_.node(id);
    std::vector<Ref> inputs;
    for (Ref r : node.inputs) inputs.push_back(at(r));
    const uint32_t fresh = clone_node(node, std::move(inputs), *to_.data());
    for (uint32_t k = 0; k < node.outputs.size(); ++k) map_[{id, k}] = {fresh, k};
  }

  Ref at(Ref r) {
    if (const auto known = map_.find(r); known != map_.end()) return known->second;
    const Node& node = from_.node(r.node);
    if (is_constant(r.node)) {
      copy(r.node);
      return map_.at(r);
    }
    Ref inside = captured(from_.value(r));
    if (iterates_ && node.attributes.is<NamedAttrs>() && node.attrs<NamedAttrs>().name == session_step_path) inside = in_this_iteration(inside);
    return map_[r] = inside;
  }

  Graph finish(const std::vector<Value>& outputs) {
    std::vector<Ref> refs;
    for (const Value& v : outputs) refs.push_back(at({v.node_id(), v.output()}));
    to_.data()->outputs = refs;
    return to_;
  }

 private:
  Ref input(const std::string& name, const Type& type) {
    if (const auto known = to_.find(name)) return {known->node_id(), known->output()};
    const Value v = to_.input(name, type.dtype, type.shape);
    return {v.node_id(), v.output()};
  }

  Ref captured(const Value& v) {
    auto place = std::find(captured_.begin(), captured_.end(), v);
    if (place == captured_.end()) place = captured_.insert(captured_.end(), v);
    return input(captured_name(static_cast<size_t>(place - captured_.begin())), v.type());
  }

  // Constants and what is made of them alone come along: a body folds them and fuses them.
  bool is_constant(uint32_t id) {
    const auto [place, fresh] = constant_.emplace(id, false);
    if (!fresh) return place->second;
    const Node& node = from_.node(id);
    bool all = node.op->effects == Effects::none && node.op->name != placeholder_op.name && !node.attributes.is<NamedAttrs>() && node.bodies.empty();
    for (Ref r : node.inputs) all = all && is_constant(r.node);
    return constant_[id] = all;
  }

  // The draws' counter: another one for each step of the session and each iteration. A step of a linear congruential generator (Knuth's
  // multiplier) keeps the counters of nested loops apart.
  Ref in_this_iteration(Ref step) {
    const Ref iteration = input(std::string(iteration_name), {i64, {}});
    const Value mixed = to_.value(step) * int64_t{6364136223846793005} + to_.value(iteration) + int64_t{1442695040888963407};
    return {mixed.node_id(), mixed.output()};
  }

  const Graph& from_;
  Graph to_;
  std::vector<Value>& captured_;
  bool iterates_;
  std::map<Ref, Ref> map_;
  std::map<uint32_t, bool> constant_;
};

bool reads_step(const Graph& graph, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](Ref r) {
    const Node& operand = graph.node(r.node);
    return operand.attributes.is<NamedAttrs>() && operand.attrs<NamedAttrs>().name == session_step_path;
  });
}

}  // namespace

const OpDef placeholder_op{.name = "placeholder", .family = "control", .arity = 0, .attributes = attributes<PlaceholderAttrs>, .infer = placeholder_types,
                           .no_gradient = "it stands for a value within a body", .doc = "A value that a body of scan, while_loop or cond is given."};

std::string carry_name(size_t i) { return "carry_" + std::to_string(i); }
std::string element_name(size_t i) { return "element_" + std::to_string(i); }
std::string captured_name(size_t i) { return "captured_" + std::to_string(i); }

BodyRecorder::BodyRecorder(Graph graph, std::string function, Kind kind)
    : graph_(std::move(graph)), function_(std::move(function)), kind_(kind), first_(static_cast<uint32_t>(graph_.size())) {}

Value BodyRecorder::placeholder(const std::string& name, const Type& type) {
  const Value v = apply_source(placeholder_op, graph_, PlaceholderAttrs{name, type.dtype, type.shape}, CallSite::user_line());
  placeholders_.emplace_back(name, v);
  return v;
}

void BodyRecorder::mark_moving() {
  const auto count = static_cast<uint32_t>(graph_.size());
  moves_.assign(count - first_, 0);
  for (const auto& [name, v] : placeholders_) moves_[v.node_id() - first_] = 1;
  for (uint32_t id = first_; id < count; ++id) {
    const Node& node = graph_.node(id);
    bool moving = moves_[id - first_] != 0 || (kind_ == Kind::branch ? !node.attributes.is<NamedAttrs>() : reads_step(graph_, node));
    for (Ref r : node.inputs) moving = moving || moves(r.node);
    moves_[id - first_] = moving;
    if (moving && node.op->effects == Effects::host)
      throw UserError(function_ + ": a body must not " + std::string(node.op->name) + ", got " + std::string(node.op->name) + " at " + node.origin->text() +
                      "; return the value as an output of the body and look at it outside");
  }
}

Graph BodyRecorder::close(const std::vector<Value>& outputs, std::vector<Value>& captured) {
  mark_moving();
  for (const Value& v : outputs)
    if (v.graph_data() != graph_.data())
      throw UserError(function_ + ": a body must return values of its graph, got a value of another graph at " + v.node().origin->text());
  Extraction extraction(graph_, captured, kind_ == Kind::iteration);
  for (const auto& [name, v] : placeholders_) extraction.stands_for(v, name);
  std::vector<Ref> roots;
  for (const Value& v : outputs) roots.push_back({v.node_id(), v.output()});
  for (uint32_t id : canonical_order(graph_, roots, first_))
    if (moves(id) && graph_.node(id).op->name != placeholder_op.name) extraction.copy(id);
  return extraction.finish(outputs);
}

void BodyRecorder::require_by(const Value& control) {
  std::vector<DimConstraint>& all = graph_.data()->constraints;
  for (size_t k = 0, count = all.size(); k < count; ++k)
    if (all[k].node != DimConstraint::any_node && moves(all[k].node)) all.push_back({all[k].a, all[k].b, all[k].message, control.node_id(), all[k].at_most});
}

}  // namespace lanc
