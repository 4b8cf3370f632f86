// graph/boost.h: a lanc::Graph as a Boost.Graph graph (VertexListGraph, BidirectionalGraph, EdgeListGraph), so that topological sorts,
// dominators, reachability and write_graphviz run on it without a copy. The only public header that needs Boost; lanc.h leaves it out.
//
//     std::vector<uint32_t> order;
//     boost::topological_sort(graph, std::back_inserter(order));     // consumers first
//
// A vertex is a node's number; an edge runs from an operand to its consumer, one for each slot: x * x has two. What this header returns is good
// until the graph grows.
#pragma once

#include <utility>

#include <boost/graph/graph_traits.hpp>
#include <boost/graph/properties.hpp>
#include <boost/iterator/counting_iterator.hpp>
#include <boost/property_map/property_map.hpp>

#include <lanc/graph/edges.h>

namespace boost {

template <>
struct graph_traits<lanc::Graph> {
  using vertex_descriptor = uint32_t;
  using edge_descriptor = lanc::Edge;
  using directed_category = bidirectional_tag;
  using edge_parallel_category = allow_parallel_edge_tag;
  struct traversal_category : vertex_list_graph_tag, bidirectional_graph_tag, edge_list_graph_tag {};
  using vertices_size_type = size_t;
  using edges_size_type = size_t;
  using degree_size_type = size_t;
  using vertex_iterator = counting_iterator<uint32_t>;
  using out_edge_iterator = const lanc::Edge*;
  using in_edge_iterator = const lanc::Edge*;
  using edge_iterator = const lanc::Edge*;
  static vertex_descriptor null_vertex() { return ~uint32_t{0}; }
};

template <>
struct property_map<lanc::Graph, vertex_index_t> {
  using type = typed_identity_property_map<uint32_t>;
  using const_type = type;
};

}  // namespace boost

namespace lanc {

namespace detail {
using BoostTraits = boost::graph_traits<Graph>;
inline std::pair<const Edge*, const Edge*> range(std::span<const Edge> edges) { return {edges.data(), edges.data() + edges.size()}; }
}  // namespace detail

inline std::pair<detail::BoostTraits::vertex_iterator, detail::BoostTraits::vertex_iterator> vertices(const Graph& g) {
  return {detail::BoostTraits::vertex_iterator(0), detail::BoostTraits::vertex_iterator(static_cast<uint32_t>(g.size()))};
}
inline size_t num_vertices(const Graph& g) { return g.size(); }

inline std::pair<const Edge*, const Edge*> out_edges(uint32_t v, const Graph& g) { return detail::range(edges_of(g).consumers(v)); }
inline std::pair<const Edge*, const Edge*> in_edges(uint32_t v, const Graph& g) { return detail::range(edges_of(g).operands(v)); }
inline size_t out_degree(uint32_t v, const Graph& g) { return edges_of(g).consumers(v).size(); }
inline size_t in_degree(uint32_t v, const Graph& g) { return edges_of(g).operands(v).size(); }
inline size_t degree(uint32_t v, const Graph& g) { return in_degree(v, g) + out_degree(v, g); }

inline std::pair<const Edge*, const Edge*> edges(const Graph& g) { return detail::range(edges_of(g).all()); }
inline size_t num_edges(const Graph& g) { return edges_of(g).size(); }
inline uint32_t source(const Edge& e, const Graph&) { return e.operand; }
inline uint32_t target(const Edge& e, const Graph&) { return e.consumer; }

inline boost::typed_identity_property_map<uint32_t> get(boost::vertex_index_t, const Graph&) { return {}; }
inline uint32_t get(boost::vertex_index_t, const Graph&, uint32_t v) { return v; }

}  // namespace lanc
