#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <lanc/graph/rewrite.h>
#include <lanc/ops/body.h>
#include <lanc/ops/loop.h>
#include <lanc/passes/passes.h>

namespace lanc {
namespace {

bool is_loop(const Node& node) { return node.op->name == loop_op.name; }

// A loop taken apart: which of its body's outputs and of its results is what.
struct LoopParts {
  explicit LoopParts(const Node& node)
      : attrs(node.attrs<LoopAttrs>()), body(node.bodies[0]), flags(attrs.conditional ? 1 : 0), carries(static_cast<size_t>(attrs.carries)),
        stacked(body.data()->outputs.size() - flags - carries) {}
  const LoopAttrs& attrs;
  const Graph& body;
  size_t flags, carries, stacked;
};

// `body` and the nodes of `more` that compute something else, with the outputs of `more` given as references into the result.
std::pair<Graph, std::vector<Ref>> joined(const Graph& body, const Graph& more, const PassContext& context) {
  Graph both = rebuild(body, nullptr);
  std::map<Ref, Ref> map;
  std::vector<Ref> roots = more.data()->outputs;
  for (uint32_t id : canonical_order(more, roots)) {
    const Node& node = more.node(id);
    if (node.attributes.is<NamedAttrs>()) {
      const std::string& name = node.attrs<NamedAttrs>().name;
      if (const auto known = both.find(name)) {
        map[{id, 0}] = {known->node_id(), known->output()};
        continue;
      }
    }
    std::vector<Ref> inputs;
    for (Ref r : node.inputs) inputs.push_back(map.at(r));
    const uint32_t fresh = clone_node(node, std::move(inputs), *both.data());
    for (uint32_t k = 0; k < node.outputs.size(); ++k) map[{id, k}] = {fresh, k};
  }
  const size_t first = both.data()->outputs.size();
  for (Ref r : roots) both.data()->outputs.push_back(map.at(r));
  const Graph one = cse(both, context);
  const std::vector<Ref>& all = one.data()->outputs;
  const std::vector<Ref> theirs(all.begin() + static_cast<std::ptrdiff_t>(first), all.end());
  Graph result = one;
  result.data()->outputs.resize(first);
  return {result, theirs};
}

// Loops that may become one: the result of the first, and for each of the others the place of its stacked outputs among the first's.
struct Merged {
  Graph body;
  std::map<uint32_t, std::vector<size_t>> places = {};
};

// Takes a loop in; false when its carries are others.
bool take_in(Merged& merged, const Node& first, const Node& node, uint32_t id, const PassContext& context) {
  const LoopParts a(first), b(node);
  auto [body, theirs] = joined(merged.body, b.body, context);
  std::vector<Ref>& ours = body.data()->outputs;
  if (!std::equal(theirs.begin(), theirs.begin() + static_cast<std::ptrdiff_t>(b.flags + b.carries), ours.begin())) return false;
  std::vector<size_t> places;
  for (size_t k = b.flags + b.carries; k < theirs.size(); ++k) {
    const auto begin = ours.begin() + static_cast<std::ptrdiff_t>(a.flags + a.carries);
    auto place = std::find(begin, ours.end(), theirs[k]);
    places.push_back(static_cast<size_t>(place - begin));
    if (place == ours.end()) ours.push_back(theirs[k]);
  }
  merged.body = body;
  merged.places[id] = places;
  return true;
}

uint32_t append_loop(const Node& like, LoopAttrs attrs, Graph body, std::vector<Ref> inputs, Types outputs, const Graph& to) {
  Node node = like;
  node.attributes = std::move(attrs);
  node.bodies = {std::move(body)};
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return append_node(*to.data(), std::move(node));
}

Type stacked_type(const LoopAttrs& attrs, const Type& one) {
  Type type{one.dtype, {attrs.length}};
  type.shape.insert(type.shape.end(), one.shape.begin(), one.shape.end());
  return type;
}

}  // namespace

Graph merge_loops(const Graph& graph, const PassContext& context) {
  std::map<std::pair<std::string, std::vector<Ref>>, std::vector<uint32_t>> groups;
  for (uint32_t id = 0; id < graph.size(); ++id)
    if (is_loop(graph.node(id))) groups[{graph.node(id).attributes.text(), graph.node(id).inputs}].push_back(id);
  std::map<uint32_t, Merged> merged;         // by the first of the group
  std::map<uint32_t, uint32_t> taken_by;     // loop -> the first
  for (const auto& [key, ids] : groups) {
    for (size_t i = 1; i < ids.size(); ++i) {
      const Node& first = graph.node(ids[0]);
      auto place = merged.find(ids[0]);
      Merged trial = place == merged.end() ? Merged{first.bodies[0]} : place->second;
      if (!take_in(trial, first, graph.node(ids[i]), ids[i], context)) continue;
      merged.insert_or_assign(ids[0], std::move(trial));
      taken_by[ids[i]] = ids[0];
    }
  }
  if (taken_by.empty()) return graph;
  std::map<uint32_t, uint32_t> made;  // first -> node in the new graph
  return rebuild(graph, [&](const Node& node, uint32_t id, const std::vector<Ref>& inputs, const Graph& to) -> Replacement {
    const auto taken = taken_by.find(id);
    const uint32_t first = taken == taken_by.end() ? id : taken->second;
    const auto found = merged.find(first);
    if (found == merged.end()) return std::nullopt;
    const LoopParts own(node);
    const Graph& body = found->second.body;
    const size_t flags = own.flags, all = body.data()->outputs.size() - flags - own.carries;
    if (made.count(first) == 0) {  // whichever comes first in canonical order
      Types outputs(node.outputs.begin(), node.outputs.begin() + static_cast<std::ptrdiff_t>(own.carries));
      for (size_t k = 0; k < all; ++k) outputs.push_back(stacked_type(own.attrs, body.outputs()[flags + own.carries + k].type()));
      if (own.attrs.conditional) outputs.push_back({i64, {}});
      made[first] = append_loop(node, own.attrs, body, inputs, outputs, to);
    }
    std::vector<Ref> refs;
    for (uint32_t i = 0; i < own.carries; ++i) refs.push_back({made[first], i});
    for (size_t k = 0; k < own.stacked; ++k) {
      const size_t place = first == id ? k : found->second.places.at(id)[k];
      refs.push_back({made[first], static_cast<uint32_t>(own.carries + place)});
    }
    if (own.attrs.conditional) refs.push_back({made[first], static_cast<uint32_t>(own.carries + all)});
    return refs;
  });
}

namespace {

// What of a loop is wanted, by what is read of its results.
struct Wanted {
  std::vector<bool> carries, stacked;
};

Wanted wanted_of(const Node& node, const std::set<uint32_t>& read) {
  const LoopParts parts(node);
  const std::vector<Ref>& outputs = parts.body.data()->outputs;
  Wanted wanted{std::vector<bool>(parts.carries), std::vector<bool>(parts.stacked)};
  for (size_t i = 0; i < parts.carries; ++i) wanted.carries[i] = read.count(static_cast<uint32_t>(i)) != 0;
  for (size_t k = 0; k < parts.stacked; ++k) wanted.stacked[k] = read.count(static_cast<uint32_t>(parts.carries + k)) != 0;
  // A carry is wanted as well when the body reads it for something that is wanted.
  for (bool more = true; more;) {
    more = false;
    std::vector<Ref> roots(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(parts.flags));
    for (size_t i = 0; i < parts.carries; ++i)
      if (wanted.carries[i]) roots.push_back(outputs[parts.flags + i]);
    for (size_t k = 0; k < parts.stacked; ++k)
      if (wanted.stacked[k]) roots.push_back(outputs[parts.flags + parts.carries + k]);
    const std::vector<uint32_t> order = canonical_order(parts.body, roots);
    const std::set<uint32_t> needed(order.begin(), order.end());
    for (size_t i = 0; i < parts.carries; ++i) {
      const auto input = parts.body.find(carry_name(i));
      if (wanted.carries[i] || !input || needed.count(input->node_id()) == 0) continue;
      wanted.carries[i] = more = true;
    }
  }
  return wanted;
}

// A body with some of its outputs, whose inputs have new names; an empty name: nobody reads it.
Graph renamed(const Graph& body, const std::vector<Ref>& outputs, const std::map<std::string, std::string>& names) {
  Graph to = with_declarations_of(body);
  std::map<Ref, Ref> map;
  for (uint32_t id : canonical_order(body, outputs)) {
    Node node = body.node(id);
    if (node.attributes.is<NamedAttrs>()) node.attributes = NamedAttrs{names.at(node.attrs<NamedAttrs>().name)};
    std::vector<Ref> inputs;
    for (Ref r : node.inputs) inputs.push_back(map.at(r));
    const uint32_t fresh = clone_node(node, std::move(inputs), *to.data());
    for (uint32_t k = 0; k < node.outputs.size(); ++k) map[{id, k}] = {fresh, k};
  }
  for (Ref r : outputs) to.data()->outputs.push_back(map.at(r));
  return to;
}

// Is there something to take out: a result that nobody reads or that is there twice, an operand that the body does not read?
bool has_needless(const Node& node, const std::set<uint32_t>& read) {
  if (read.size() < node.outputs.size()) return true;
  const LoopParts parts(node);
  const std::vector<Ref>& outputs = parts.body.data()->outputs;
  const auto begin = outputs.begin() + static_cast<std::ptrdiff_t>(parts.flags + parts.carries);
  if (std::set<Ref>(begin, outputs.end()).size() < parts.stacked) return true;
  const std::vector<uint32_t> order = canonical_order(parts.body, outputs);
  const std::set<uint32_t> needed(order.begin(), order.end());
  const auto reads = [&](const std::string& name) {
    const auto input = parts.body.find(name);
    return input && needed.count(input->node_id()) != 0;
  };
  for (size_t j = 0; j < static_cast<size_t>(parts.attrs.sequences); ++j)
    if (!reads(element_name(j))) return true;
  for (size_t m = parts.attrs.first_captured(); m < node.inputs.size(); ++m)
    if (!reads(captured_name(m - parts.attrs.first_captured()))) return true;
  return false;
}

// The loop without what is not wanted; where its results lie in the new one.
std::vector<Ref> pruned(const Node& node, const Wanted& wanted, const std::vector<Ref>& inputs, const Graph& to) {
  const LoopParts parts(node);
  const std::vector<Ref>& old = parts.body.data()->outputs;
  LoopAttrs attrs = parts.attrs;
  attrs.carries = std::count(wanted.carries.begin(), wanted.carries.end(), true);
  std::vector<Ref> outputs(old.begin(), old.begin() + static_cast<std::ptrdiff_t>(parts.flags));
  std::vector<Ref> operands(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(parts.attrs.first_carry()));
  std::map<std::string, std::string> names = {{std::string(iteration_name), std::string(iteration_name)}};
  Types types;
  std::vector<uint32_t> place(node.outputs.size(), 0);
  const auto keep = [&](size_t result) {
    place[result] = static_cast<uint32_t>(types.size());
    types.push_back(node.outputs[result]);
  };
  for (size_t i = 0; i < parts.carries; ++i) {
    if (!wanted.carries[i]) continue;
    names[carry_name(i)] = carry_name(operands.size() - parts.attrs.first_carry());
    operands.push_back(inputs[parts.attrs.first_carry() + i]);
    outputs.push_back(old[parts.flags + i]);
    keep(i);
  }
  std::map<Ref, uint32_t> stacked;  // what two results hold is stacked once
  for (size_t k = 0; k < parts.stacked; ++k) {
    if (!wanted.stacked[k]) continue;
    const Ref r = old[parts.flags + parts.carries + k];
    if (const auto known = stacked.find(r); known != stacked.end()) {
      place[parts.carries + k] = known->second;
      continue;
    }
    outputs.push_back(r);
    keep(parts.carries + k);
    stacked[r] = place[parts.carries + k];
  }
  if (attrs.conditional) keep(node.outputs.size() - 1);
  const std::vector<uint32_t> order = canonical_order(parts.body, outputs);
  const std::set<uint32_t> needed(order.begin(), order.end());
  const auto reads = [&](const std::string& name) {
    const auto input = parts.body.find(name);
    return input && needed.count(input->node_id()) != 0;
  };
  attrs.sequences = 0;
  for (size_t j = 0; j < static_cast<size_t>(parts.attrs.sequences); ++j) {
    if (!reads(element_name(j))) continue;
    names[element_name(j)] = element_name(static_cast<size_t>(attrs.sequences++));
    operands.push_back(inputs[parts.attrs.first_sequence() + j]);
  }
  size_t captured = 0;
  for (size_t m = parts.attrs.first_captured(); m < inputs.size(); ++m) {
    const std::string name = captured_name(m - parts.attrs.first_captured());
    if (!reads(name)) continue;
    names[name] = captured_name(captured++);
    operands.push_back(inputs[m]);
  }
  const uint32_t fresh = append_loop(node, attrs, renamed(parts.body, outputs, names), operands, types, to);
  std::vector<Ref> refs;
  for (uint32_t p : place) refs.push_back({fresh, p});  // of what nobody reads: any
  return refs;
}

// One loop after the other; what a loop no longer reads may be all that another one made.
std::optional<Graph> pruned_once(const Graph& graph) {
  std::map<uint32_t, std::set<uint32_t>> read;  // loop -> results that are read
  const auto reads = [&](Ref r) {
    if (is_loop(graph.node(r.node))) read[r.node].insert(r.output);
  };
  for (Ref r : graph.data()->outputs) reads(r);
  for (const auto& [state, value] : graph.data()->updates) reads(value);
  for (uint32_t id = 0; id < graph.size(); ++id)
    for (Ref r : graph.node(id).inputs) reads(r);
  std::map<uint32_t, Wanted> needless;
  for (const auto& [id, results] : read) {
    const Node& node = graph.node(id);
    if (!has_needless(node, results)) continue;
    Wanted wanted = wanted_of(node, results);
    const auto kept = std::count(wanted.carries.begin(), wanted.carries.end(), true) + std::count(wanted.stacked.begin(), wanted.stacked.end(), true);
    if (kept > 0 || node.attrs<LoopAttrs>().conditional) needless.emplace(id, std::move(wanted));
  }
  // A carry that only the loop itself needs stays, though nobody reads its result: that alone changes nothing.
  std::erase_if(needless, [&](const auto& entry) {
    const Node& node = graph.node(entry.first);
    std::set<uint32_t> all;
    const LoopParts parts(node);
    for (uint32_t i = 0; i < parts.carries; ++i)
      if (entry.second.carries[i]) all.insert(i);
    for (uint32_t k = 0; k < parts.stacked; ++k)
      if (entry.second.stacked[k]) all.insert(static_cast<uint32_t>(parts.carries) + k);
    if (parts.attrs.conditional) all.insert(static_cast<uint32_t>(node.outputs.size()) - 1);
    return !has_needless(node, all);
  });
  if (needless.empty()) return std::nullopt;
  return rebuild(graph, [&](const Node& node, uint32_t id, const std::vector<Ref>& inputs, const Graph& to) -> Replacement {
    const auto found = needless.find(id);
    if (found == needless.end()) return std::nullopt;
    return pruned(node, found->second, inputs, to);
  });
}

}  // namespace

Graph prune_loops(const Graph& graph, const PassContext&) {
  Graph result = graph;
  while (const std::optional<Graph> fewer = pruned_once(result)) result = *fewer;
  return result;
}

}  // namespace lanc
