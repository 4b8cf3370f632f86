#include <lanc/passes/passes.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <span>

#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/scalar/table.h>
#include <lanc/passes/fusion_groups.h>

namespace lanc {
namespace {

// One fused node under construction.
struct Group {
  std::vector<Ref> sources;       // operands, in the old graph
  FusedAttrs attrs;
  std::vector<uint32_t> stored;   // the member that each output is
  bool plain = true;              // one node that reads its operands as they are: it stays as it is
};

// Writes the formula of a group's members, in canonical order.
class GroupBuilder {
 public:
  GroupBuilder(const Graph& graph, const FusionGroups& groups, bool strict) : graph_(graph), groups_(groups), strict_(strict) {}

  Group build(const std::vector<uint32_t>& members) {
    group_.attrs.shape = groups_.iteration_shape(members[0]);
    group_.plain = members.size() == 1;
    for (uint32_t id : members) {
      if (groups_.is_map(id)) add_map(id);
      else add_reduction(id);
    }
    group_.attrs.formula = formula_.finish(static_cast<int>(group_.sources.size()), outputs_);
    return std::move(group_);
  }

 private:
  const Node& node(uint32_t id) const { return graph_.node(id); }
  DType dtype_of(Ref r) const { return node(r.node).outputs[r.output].dtype; }

  void add_map(uint32_t id) {
    const Node& n = node(id);
    const Formula& formula = *formula_of(*n.op, n.attributes);
    const std::vector<std::optional<Literal>> literals = literals_of(n, formula);
    std::vector<int> args;
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      group_.plain &= !literals[i];
      args.push_back(literals[i] ? formula_.literal(*literals[i]) : operand(n.inputs[i]));
    }
    int result = formula_.splice(formula, args)[0];
    // What unfused nodes round when they store it.
    if (strict_ && is_storage_only(n.outputs[0].dtype)) result = formula_.call(*scalar_function("cast"), {result}, n.outputs[0].dtype);
    made_[id] = result;
    if (groups_.escapes(id)) store(id, result, {});
  }

  void add_reduction(uint32_t id) {
    const Node& n = node(id);
    const auto& reduce = n.attrs<ReduceAttrs>();
    FusedOutput output{.kind = fused_kind_of(n.op->name), .reduced = reduce.axes, .keep = reduce.keep};
    const auto rank = static_cast<int64_t>(group_.attrs.shape.size());
    if (output.reduced.empty()) {
      output.reduced.resize(group_.attrs.shape.size());
      std::iota(output.reduced.begin(), output.reduced.end(), int64_t{0});
    }
    for (int64_t& a : output.reduced)
      if (a < 0) a += rank;
    std::sort(output.reduced.begin(), output.reduced.end());
    store(id, operand(n.inputs[0]), std::move(output));
  }

  void store(uint32_t id, int result, FusedOutput output) {
    group_.stored.push_back(id);
    group_.attrs.outputs.push_back(std::move(output));
    outputs_.push_back(result);
  }

  // The formula node of an operand: a member of this group, or an input.
  int operand(Ref r) {
    if (const auto found = made_.find(r.node); found != made_.end() && node(r.node).outputs[0].shape == group_.attrs.shape) return found->second;
    Access access = read_through(graph_, r);
    group_.plain &= access.source == r;
    const auto [place, fresh] = inputs_.emplace(std::pair{access.source, access.axes}, static_cast<int>(group_.sources.size()));
    if (fresh) {
      group_.sources.push_back(access.source);
      group_.attrs.inputs.push_back({std::move(access.axes)});
    }
    return formula_.input(place->second);
  }

  // Which operands are one known number, written into the formula? Literals take the dtype of what they meet: only where that is their own.
  std::vector<std::optional<Literal>> literals_of(const Node& n, const Formula& formula) const {
    std::vector<std::optional<Literal>> literals(n.inputs.size());
    const bool primitive = formula.nodes().size() == n.inputs.size() + 1 && formula.nodes().back().kind == FormulaNode::Kind::call;
    if (!primitive || formula.nodes().back().function->signature == Signature::cast) return literals;
    const bool selects = formula.nodes().back().function->signature == Signature::select;
    std::optional<DType> met;
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      if (!(selects && i == 0)) literals[i] = number_of(n.inputs[i]);
      if (!literals[i] && !(selects && i == 0)) met = met ? promote(*met, dtype_of(n.inputs[i])) : dtype_of(n.inputs[i]);
    }
    for (size_t i = 0; i < n.inputs.size(); ++i) {
      if (!literals[i]) continue;
      if (dtype_of(n.inputs[i]) != met.value_or(literal_dtype(*literals[i], std::nullopt))) literals[i].reset();
    }
    const bool all = std::all_of(literals.begin(), literals.end(), [](const auto& l) { return l.has_value(); });
    const bool some_alone = !met && std::any_of(literals.begin() + (selects ? 1 : 0), literals.end(), [](const auto& l) { return !l; });
    if (all || some_alone) return std::vector<std::optional<Literal>>(n.inputs.size());
    return literals;
  }

  std::optional<Literal> number_of(Ref r) const {
    const Node& source = node(read_through(graph_, r).source.node);
    if (!source.attributes.is<ConstantAttrs>() || source.attrs<ConstantAttrs>().value.numel() != 1) return std::nullopt;
    const Tensor& value = source.attrs<ConstantAttrs>().value;
    Literal literal;
    literal.real = value.at(0);
    if (is_float(value.dtype())) return literal;
    literal.kind = value.dtype() == boolean ? Literal::Kind::truth : Literal::Kind::integer;
    literal.integer = value.dtype() == i64 ? value.span<int64_t>()[0] : static_cast<int64_t>(literal.real);
    return literal;
  }

  const Graph& graph_;
  const FusionGroups& groups_;
  bool strict_;
  Group group_;
  FormulaBuilder formula_;
  std::vector<int> outputs_;
  std::map<std::pair<Ref, std::vector<int64_t>>, int> inputs_;
  std::map<uint32_t, int> made_;  // member -> formula node
};

// Writes the new graph: depth first over groups and the nodes outside them, operands left to right.
class Emitter {
 public:
  Emitter(const Graph& from, const FusionGroups& groups, std::vector<Group> made)
      : from_(from), groups_(groups), made_(std::move(made)), to_(with_declarations_of(from)), map_(from.size()), open_(from.size(), 0) {}

  Graph run() {
    const GraphData& data = *from_.data();
    for (Ref r : data.outputs) emit(r.node);
    for (const auto& [state, value] : data.updates) {
      emit(value.node);
      emit(state.node);
    }
    for (const auto& [name, id] : data.named)
      if (from_.node(id).op->name == input_op.name) emit(id);
    for (Ref r : data.outputs) to_.data()->outputs.push_back(at(r));
    for (const auto& [state, value] : data.updates) to_.data()->updates.emplace_back(at(state), at(value));
    return to_;
  }

 private:
  struct Frame {
    uint32_t node;
    size_t next;
  };
  Ref at(Ref r) const { return map_[r.node].at(r.output); }
  const Group* group_of(uint32_t id) const {
    const auto g = groups_.group(id);
    return g && !made_[*g].plain ? &made_[*g] : nullptr;
  }
  std::span<const Ref> operands(uint32_t id) const {
    const Group* g = group_of(id);
    return g != nullptr ? std::span<const Ref>(g->sources) : std::span<const Ref>(from_.node(id).inputs);
  }
  // All members of a group are one: its first.
  uint32_t unit(uint32_t id) const { return group_of(id) != nullptr ? groups_.groups()[*groups_.group(id)].front() : id; }

  void emit(uint32_t root) {
    std::vector<Frame> stack;
    const auto open = [&](uint32_t id) {
      const uint32_t u = unit(id);
      if (open_[u] == 2) return;
      if (open_[u] == 1) throw InternalError("fuse: groups form a circle through " + std::string(from_.node(id).op->name) + " %" + std::to_string(id));
      open_[u] = 1;
      stack.push_back({u, 0});
    };
    open(root);
    while (!stack.empty()) {
      Frame& frame = stack.back();
      const std::span<const Ref> inputs = operands(frame.node);
      if (frame.next < inputs.size()) {
        open(inputs[frame.next++].node);
        continue;
      }
      open_[frame.node] = 2;
      append(frame.node);
      stack.pop_back();
    }
  }

  void append(uint32_t id) {
    std::vector<Ref> inputs;
    for (Ref r : operands(id)) inputs.push_back(at(r));
    const Group* group = group_of(id);
    if (group == nullptr) {
      const uint32_t fresh = clone_node(from_.node(id), std::move(inputs), *to_.data());
      for (uint32_t k = 0; k < from_.node(id).outputs.size(); ++k) map_[id].push_back({fresh, k});
      return;
    }
    Node fused = from_.node(group->stored.back());  // its line and scope
    fused.op = static_op(fused_op);
    fused.attributes = group->attrs;
    fused.inputs = std::move(inputs);
    fused.outputs.clear();
    for (uint32_t member : group->stored) fused.outputs.push_back(from_.node(member).outputs[0]);
    const uint32_t fresh = append_node(*to_.data(), std::move(fused));
    for (uint32_t k = 0; k < group->stored.size(); ++k) map_[group->stored[k]] = {{fresh, k}};
  }

  const Graph& from_;
  const FusionGroups& groups_;
  std::vector<Group> made_;
  Graph to_;
  std::vector<std::vector<Ref>> map_;
  std::vector<char> open_;  // of a unit: 0 fresh, 1 opened, 2 done
};

}  // namespace

Graph fuse(const Graph& graph, const PassContext& context) {
  if (!context.capabilities.fusion) return graph;
  const FusionGroups groups(graph);
  std::vector<Group> made;
  for (const std::vector<uint32_t>& members : groups.groups()) made.push_back(GroupBuilder(graph, groups, context.strict).build(members));
  return Emitter(graph, groups, std::move(made)).run();
}

}  // namespace lanc
