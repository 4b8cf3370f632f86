// The graph itself: names, patterns, errors that leave it as it was, its order, and what Boost.Graph sees.
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <sstream>

#include <boost/concept/assert.hpp>
#include <boost/graph/dominator_tree.hpp>
#include <boost/graph/graph_concepts.hpp>
#include <boost/graph/graphviz.hpp>
#include <boost/graph/topological_sort.hpp>

#include <lanc/graph/boost.h>
#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

BOOST_CONCEPT_ASSERT((boost::VertexListGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::BidirectionalGraphConcept<Graph>));
BOOST_CONCEPT_ASSERT((boost::EdgeListGraphConcept<Graph>));

TEST(Graph, PatternsMatchSegmentsAndAnyDepth) {
  EXPECT_TRUE(path_matches("net/**/weight", "net/weight"));
  EXPECT_TRUE(path_matches("net/**/weight", "net/a/b/weight"));
  EXPECT_FALSE(path_matches("net/*/weight", "net/a/b/weight"));
  EXPECT_TRUE(path_matches("net/layer*/bias", "net/layer12/bias"));
  EXPECT_FALSE(path_matches("net", "net/weight"));
  EXPECT_TRUE(path_matches("**", "anything/at/all"));
}

TEST(Graph, ListsParametersInPathOrderWithNumbersAsNumbers) {
  Graph g;
  for (const char* name : {"net/layer10", "net/layer2", "net/layer1"}) models::Dense(g.scope(name), 2, 2);
  std::vector<std::string> paths;
  for (const Value& p : g.parameters("net/**/weight")) paths.push_back(p.node().attrs<NamedAttrs>().name);
  EXPECT_EQ(paths, (std::vector<std::string>{"net/layer1/weight", "net/layer2/weight", "net/layer10/weight"}));
}

TEST(Graph, APatternWithoutAMatchNamesWhatThereIs) {
  Graph g;
  models::Dense(g.scope("net"), 2, 2);
  const std::string message = message_of([&] { g.parameters("nett/**"); });
  EXPECT_EQ(message, "parameters: a pattern must match at least one path, got 'nett/**'; there are: net/bias, net/weight\n  at graph_test.cpp:" +
                         std::to_string(__LINE__ - 2));
}

TEST(Graph, APathCreatedTwiceNamesBothLines) {
  Graph g;
  g.input("x", f32, {2});
  const uint32_t first = __LINE__ - 1;
  const std::string message = message_of([&] { g.input("x", f32, {3}); });
  const uint32_t again = __LINE__ - 1;
  EXPECT_EQ(message, "input 'x': a path must be created once, got it a second time\n  first at graph_test.cpp:" + std::to_string(first) +
                         "; again at graph_test.cpp:" + std::to_string(again));
}

TEST(Graph, DimsMustBeDeclaredAndSizesNotNegative) {
  Graph g;
  EXPECT_NE(message_of([&] { g.input("x", f32, {Dim::symbol("batch")}); }).find("dims must be declared by graph.dim(name), got 'batch'"), std::string::npos);
  EXPECT_NE(message_of([&] { g.input("x", f32, {-1}); }).find("sizes must be >= 0, got [-1]"), std::string::npos);
  EXPECT_NE(message_of([&] { g.dim("2x"); }).find("got '2x'"), std::string::npos);
  EXPECT_NE(message_of([&] { g.scope("a//b"); }).find("got 'a//b'"), std::string::npos);
}

TEST(Graph, ABuilderThatThrowsLeavesItAsItWas) {
  Graph g;
  const Dim batch = g.dim("batch"), other = g.dim("other");
  const Value x = g.input("x", f32, {batch, 3}), y = g.input("y", f32, {other, 4}), z = g.input("z", f32, {4, other});
  const std::string before = to_text(g);
  EXPECT_NE(message_of([&] { matmul(x, z); }), "no error");
  EXPECT_NE(message_of([&] { losses::mse(x, y); }), "no error");
  EXPECT_NE(message_of([&] { models::Dense(g.scope("net"), 2, -2); }), "no error");
  EXPECT_EQ(to_text(g), before);
  // That both batches are equal is noted first; then the weights turn out to be wrong.
  const Value p = g.input("p", f32, {batch, 3}), q = g.input("q", f32, {other, 3}), weights = g.input("w", f32, {7, 7});
  const std::string later = to_text(g);
  EXPECT_NE(message_of([&] { losses::mse(p, q, {.weights = weights}); }), "no error");
  EXPECT_EQ(to_text(g), later);
  EXPECT_NE(message_of([&] { sum(x, {.axes = {5}}); }).find("axis must be in [-2, 2), got 5"), std::string::npos);
  EXPECT_TRUE(g.data()->constraints.empty());
  EXPECT_FALSE(g.find("net/weight").has_value());
}

TEST(Graph, ANodeKnowsTheLayerThatItBelongsTo) {
  Graph g;
  const Value x = g.input("x", f32, {2, 3});
  const models::Dense layer(g.scope("net/out"), 3, 4);
  const Value y = layer(x);
  EXPECT_EQ(y.node().origin->scope, "net/out");
  EXPECT_EQ(x.node().origin->scope, "");
  EXPECT_EQ(y.node().origin->library.text(), "lanc/models/dense.cpp:34");
  const std::string message = message_of([&] { layer(y); });
  EXPECT_NE(message.find("(net/out)"), std::string::npos) << message;
}

TEST(Graph, ValuesKeepTheirGraphAlive) {
  const auto value = [] {
    Graph g;
    return g.input("x", f32, {2}) * 3;
  }();
  EXPECT_EQ(value.type().text(), "f32[2]");
  EXPECT_EQ(value.graph().size(), 3u + 1u);  // x, 3, its broadcast, the product
}

// x * x has two edges; the order that Boost finds is one in which operands come first.
TEST(Graph, IsABoostGraph) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  const Value square = x * x, y = exp(square) + x;
  EXPECT_EQ(in_degree(square.node_id(), g), 2u);
  EXPECT_EQ(out_degree(x.node_id(), g), 3u);
  EXPECT_EQ(num_edges(g), 5u);

  std::vector<uint32_t> order;
  boost::topological_sort(g, std::back_inserter(order));
  std::map<uint32_t, size_t> place;
  for (size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  ASSERT_EQ(place.size(), g.size());
  for (const Edge& e : edges_of(g).all()) EXPECT_GT(place[e.operand], place[e.consumer]);

  // Every way from x to exp leads through the square, none to y does.
  std::vector<uint32_t> parent(g.size(), boost::graph_traits<Graph>::null_vertex());
  boost::lengauer_tarjan_dominator_tree(g, x.node_id(), boost::make_iterator_property_map(parent.begin(), get(boost::vertex_index, g)));
  EXPECT_EQ(parent[g.node(y.node_id()).inputs[0].node], square.node_id());
  EXPECT_EQ(parent[y.node_id()], x.node_id());

  std::ostringstream dot;
  boost::write_graphviz(dot, g);
  EXPECT_NE(dot.str().find(std::to_string(x.node_id()) + "->" + std::to_string(square.node_id())), std::string::npos) << dot.str();
}

TEST(Graph, ItsEdgesFollowItsGrowth) {
  Graph g;
  const Value x = g.input("x", f64, {3});
  EXPECT_EQ(num_edges(g), 0u);
  const Value y = x + x;
  EXPECT_EQ(num_edges(g), 2u);
  EXPECT_EQ(edges_of(g).consumers(x.node_id())[1].slot, 1u);
  EXPECT_EQ(edges_of(g).consumers(y.node_id()).size(), 0u);
}

TEST(Graph, PatternsOfManyStarsTakeNoTime) {
  const std::string text(40, 'a');
  std::string stars, path = "a", any = "**";
  for (int i = 0; i < 20; ++i) stars += "*a", path += "/a", any += "/a/**";
  EXPECT_FALSE(path_matches(stars + "*b", text));
  EXPECT_TRUE(path_matches(stars + "*", text));
  EXPECT_FALSE(path_matches(any + "/b", path));
  EXPECT_TRUE(path_matches(any, path));
  EXPECT_TRUE(path_matches("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(path_matches("**/b/*/c/**", "a/b/b/x/c"));
  EXPECT_FALSE(path_matches("**/b/*/c", "a/b/x/y/c"));
  EXPECT_FALSE(path_matches("a*", ""));
}

TEST(Graph, PathsAreInATotalOrder) {
  EXPECT_TRUE(path_less("l01", "l1"));
  EXPECT_FALSE(path_less("l1", "l01"));
  EXPECT_FALSE(path_less("l1", "l1"));
  EXPECT_TRUE(path_less("l01/b", "l1/c"));
  EXPECT_TRUE(path_less("l1/b", "l01/c"));
  EXPECT_TRUE(path_less("l01", "l2"));
}

TEST(Graph, AnOpWithoutAnInferenceRuleOrOutputsIsRefused) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const OpDef bare{.name = "bare"}, mute{.name = "mute", .infer = [](const InferArgs&) { return Types{}; }};
  EXPECT_EQ(message_of([&] { apply(bare, {x}); }).substr(0, 77), "bare: an op that is applied must have an inference rule (OpDef::infer), got n");
  EXPECT_EQ(message_of([&] { apply(mute, {x}); }).substr(0, 67), "mute: an inference rule must give at least one output, got none\n  o");
  EXPECT_EQ(g.size(), 1u);
}

TEST(Graph, ADrawThatIsRefusedLeavesNoState) {
  Graph g;
  EXPECT_NE(message_of([&] { random_bits_uniform(g, 1, {2}, i32, SourceLine{}); }), "no error");
  EXPECT_EQ(g.size(), 0u);
  EXPECT_FALSE(g.find("session/seed"));
}

TEST(Graph, AUsersOpMayNotTakeTheNameOfOneOfTheLibrary) {
  for (const char* name : {"exp", "softmax", "sum", "cast", "input"})
    EXPECT_EQ(message_of([&] { elementwise(name, [](auto x) { return x * x; }); }),
              "elementwise: a name must not be that of an op of the library, got '" + std::string(name) + "'");
  Graph g;
  const Value x = g.input("x", f32, {2});
  const auto same = [](const std::vector<Value>& v) { return v; };
  const auto back = [](const auto&, const auto&, const auto& dy) { return Cotangents{dy[0]}; };
  EXPECT_EQ(message_of([&] { custom_vjp("softmax", {x}, same, back); }).find("custom_vjp: a name must not be that of an op of the library, got 'softmax'"), 0u);
}

}  // namespace
}  // namespace lanc
