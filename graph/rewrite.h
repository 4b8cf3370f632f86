// graph/rewrite.h: how passes make a graph from a graph: walk it in canonical order, replace some nodes, clone the rest.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// What a node becomes in the new graph: one Ref per output; none: it is cloned. `inputs` are its operands there.
using Replacement = std::optional<std::vector<Ref>>;
using Replace = std::function<Replacement(const Node& node, uint32_t id, const std::vector<Ref>& inputs, const Graph& to)>;

/// A new graph with what outputs, updates and inputs of `from` need, in canonical order: dead nodes stay behind. Dims, constraints and names
/// are carried over.
Graph rebuild(const Graph& from, const Replace& replace);

/// The part of a user's graph that a function needs, with these outputs and updates; the listed inputs are kept though nobody reads them.
Graph extract(const Graph& user_graph, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates);

/// Symbols replaced by sizes in types, attributes and bodies. UserError: a recorded constraint does not hold, with both sizes.
Graph bind_dims(const Graph& graph, const Bindings& bindings);

/// A graph without nodes that has the dims and the constraints of `from`.
Graph with_declarations_of(const Graph& from);

/// Clones a node with other operands; keeps its name known.
uint32_t clone_node(const Node& node, std::vector<Ref> inputs, GraphData& to);

}  // namespace lanc
