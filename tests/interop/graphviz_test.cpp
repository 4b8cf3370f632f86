// The picture of a graph: what is drawn, and what happens to the file.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A directory that goes with the test.
struct Directory {
  Directory() {
    path = (std::filesystem::temp_directory_path() / "lanc_graphviz_XXXXXX").string();
    EXPECT_NE(mkdtemp(path.data()), nullptr);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

bool has_dot() { return std::system("command -v dot > /dev/null 2>&1") == 0; }

struct Example {
  Graph g;
  Value x = g.input("x", f32, {g.dim("batch"), 3});
  models::Dense dense{g.scope("net") / "dense", 3, 2};
  Value y = 2.0 * dense(x);
};

TEST(Graphviz, ShowsInputsParametersOpsAndTheirTypes) {
  const std::string dot = to_graphviz({Example().y});
  EXPECT_TRUE(contains(dot, "[label=\"x\\nf32[batch,3]\", shape=ellipse")) << dot;
  EXPECT_TRUE(contains(dot, "[label=\"weight\\nf32[2,3]\", style=filled, fillcolor=\"#cfe0f5\"")) << dot;
  EXPECT_TRUE(contains(dot, "[label=\"contract\\nlhs = [1], rhs = [1]\\nf32[batch,2]\"")) << dot;
}

TEST(Graphviz, DrawsScopesAsNestedBoxes) {
  const std::string dot = to_graphviz({Example().y});
  const size_t net = dot.find("subgraph \"cluster_net\" {"), dense = dot.find("subgraph \"cluster_net/dense\" {");
  ASSERT_NE(net, std::string::npos) << dot;
  ASSERT_NE(dense, std::string::npos) << dot;
  EXPECT_LT(net, dense);
  EXPECT_LT(dense, dot.find("label=\"weight"));
}

TEST(Graphviz, WritesScalarsIntoTheirUsersUnlessAllNodesAreWanted) {
  const Example example;
  const std::string brief = to_graphviz({example.y}), full = to_graphviz({example.y}, {.all_nodes = true});
  EXPECT_TRUE(contains(brief, "mul(2.0, ·)")) << brief;
  EXPECT_FALSE(contains(brief, "broadcast")) << brief;
  EXPECT_TRUE(contains(full, "label=\"broadcast\\n")) << full;
  EXPECT_TRUE(contains(full, "label=\"2.0\\nf32[]\"")) << full;
}

TEST(Graphviz, DrawsAnEdgeForEachUseOfAValue) {
  Graph g;
  const Value x = g.input("x", f32, {});
  const std::string dot = to_graphviz({x * x});
  const size_t first = dot.find("n0 -> n1;");
  ASSERT_NE(first, std::string::npos) << dot;
  EXPECT_NE(dot.find("n0 -> n1;", first + 1), std::string::npos) << dot;
}

TEST(Graphviz, DrawsUpdatesAsDashedEdges) {
  Example example;
  const Value loss = mean(square(example.y));
  const Updates updates = optimizers::sgd().minimize(loss);
  example.g.set_outputs({loss});
  example.g.set_updates(updates);
  EXPECT_TRUE(contains(to_graphviz(example.g), "style=dashed, constraint=false"));
}

// From the new value to the state: w <- w + 1.
TEST(Graphviz, DrawsAnUpdateTowardsItsState) {
  Graph g;
  const Value w = state(g.scope("at"), "w", {2}, initializers::zeros(), f32);
  const Value next = w + 1.0;
  g.set_updates({{w, next}});
  const std::string edge = "n" + std::to_string(next.node_id()) + " -> n" + std::to_string(w.node_id()) + " [style=dashed";
  EXPECT_TRUE(contains(to_graphviz(g), edge)) << to_graphviz(g);
}

// Of two values, the one that is asked for.
TEST(Graphviz, DrawsResultsBold) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const std::string dot = to_graphviz({exp(tanh(x))});
  const size_t bold = dot.find("penwidth=2.5");
  ASSERT_NE(bold, std::string::npos) << dot;
  EXPECT_EQ(dot.find("penwidth", bold + 1), std::string::npos) << dot;
  EXPECT_TRUE(contains(dot.substr(dot.rfind('\n', bold), bold - dot.rfind('\n', bold)), "label=\"exp")) << dot;
}

// A repetition of a repetition: both stand for x.
TEST(Graphviz, DrawsThroughSeveralBroadcasts) {
  Graph g;
  const Value x = g.input("x", f32, {3});
  const Value y = broadcast_to(broadcast_to(x, {2, 3}), {4, 2, 3}) * exp(g.input("z", f32, {4, 2, 3}));
  const std::string dot = to_graphviz({y});
  EXPECT_FALSE(contains(dot, "broadcast")) << dot;
  EXPECT_TRUE(contains(dot, "n0 -> ")) << dot;
  EXPECT_FALSE(contains(dot, "n1 -> ")) << dot;
}

TEST(Graphviz, QuotesWhatDotWouldReadAsSyntax) {
  Graph g;
  const std::string text = to_graphviz({exp(g.input("x", f32, {}))}, {.title = "a \"title\" \\"});
  EXPECT_TRUE(contains(text, "a \\\"title\\\" \\\\")) << text;
}

TEST(Graphviz, OfNothingOrOfTwoGraphsIsAnError) {
  Graph g, h;
  const Value a = g.input("a", f32, {}), b = h.input("b", f32, {});
  EXPECT_EQ(message_of([] { to_graphviz(std::vector<Value>{}); }), "graphviz: at least one value is needed, got none");
  EXPECT_EQ(message_of([&] { to_graphviz({a, b}); }), "graphviz: values must belong to one graph, got values of two graphs");
  EXPECT_THROW(write_graphviz({a}, "graph"), UserError);
}

TEST(Graphviz, WritesTheTextForAPathThatEndsWithDot) {
  const Directory directory;
  const Example example;
  const std::string path = directory.path + "/made/graph.dot";
  EXPECT_EQ(write_graphviz({example.y}, path), path);
  EXPECT_EQ(read_file(path), to_graphviz({example.y}));
}

TEST(Graphviz, IsReadByDot) {
  if (!has_dot()) GTEST_SKIP() << "no-dot";
  const Directory directory;
  const std::string path = directory.path + "/graph.svg";
  EXPECT_EQ(write_graphviz({Example().y}, path), path);
  EXPECT_TRUE(contains(read_file(path), "</svg>"));
  EXPECT_FALSE(std::filesystem::exists(directory.path + "/graph.dot"));
  EXPECT_THROW(write_graphviz({Example().y}, directory.path + "/graph.nosuchformat"), BackendError);
}

TEST(Graphviz, WithoutDotLeavesTheTextAndSaysSo) {
  const Directory directory;
  const char* before = std::getenv("PATH");
  const std::string saved = before == nullptr ? "" : before;
  setenv("PATH", directory.path.c_str(), 1);
  ::testing::internal::CaptureStderr();
  const std::string first = write_graphviz({Example().y}, directory.path + "/a.svg"), second = write_graphviz({Example().y}, directory.path + "/b.svg");
  const std::string said = ::testing::internal::GetCapturedStderr();
  setenv("PATH", saved.c_str(), 1);
  EXPECT_EQ(first, directory.path + "/a.dot");
  EXPECT_EQ(second, directory.path + "/b.dot");
  EXPECT_FALSE(std::filesystem::exists(directory.path + "/a.svg"));
  EXPECT_EQ(said, "lanc: graphs are left as .dot files, since the program dot is not installed (Debian: apt-get install graphviz)\n");
}

TEST(Graphviz, LeavesWhatStandsBesideThePicture) {
  if (!has_dot()) GTEST_SKIP() << "no-dot";
  const Directory directory;
  std::ofstream(directory.path + "/a.dot") << "mine";
  std::ofstream(directory.path + "/a.nosuchformat") << "old";
  write_graphviz({Example().y}, directory.path + "/a.svg");
  EXPECT_THROW(write_graphviz({Example().y}, directory.path + "/a.nosuchformat"), BackendError);
  EXPECT_EQ(read_file(directory.path + "/a.dot"), "mine");
  EXPECT_EQ(read_file(directory.path + "/a.nosuchformat"), "old");
  const std::filesystem::directory_iterator files(directory.path);
  EXPECT_EQ(std::distance(begin(files), end(files)), 3);
}

}  // namespace
}  // namespace lanc
