// What the random graphs are made of: a maker that never runs, or only ever returns its operand, would show nowhere else.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <string>

#include <lanc/ops/op_set.h>
#include <lanc/tests/fuzz/random_graph.h>

namespace lanc::fuzz {
namespace {

// All primitives and composites but the rows of the scalar table, which tests/scalar takes one by one; `fused` is made by a pass, and print
// writes to the user.
TEST(FuzzGraphs, HoldEveryOp) {
  std::map<std::string, int> graphs_with;
  int of_rank_0 = 0, empty = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    const GraphOptions kinds[] = {{.dtype = f64}, {.dtype = f32, .updates = true, .compared = Compared::by_bits}, {.dtype = i32}};
    const Graph g = random_graph(seed, kinds[seed % 3]).graph;
    std::set<std::string> names;
    bool rank_0 = false, size_0 = false;
    for (uint32_t id = 0; id < g.size(); ++id) {
      names.insert(std::string(g.node(id).op->name));
      const Shape& shape = g.node(id).outputs[0].shape;
      rank_0 = rank_0 || shape.empty();
      for (const Dim& d : shape) size_0 = size_0 || d == Dim(0);
    }
    for (const std::string& name : names) ++graphs_with[name];
    of_rank_0 += rank_0;
    empty += size_0;
  }
  const std::set<std::string> not_made = {"cond", "fused", "loop", "placeholder", "print", "random_categorical", "with_update"};
  for (const OpRef& op : all_ops().ops()) {
    const std::string name(op->name);
    if (op->family == "elementwise" || not_made.count(name) != 0) continue;
    EXPECT_GE(graphs_with[name], 5) << name;
  }
  EXPECT_GE(of_rank_0, 200);
  EXPECT_GE(empty, 20);
}

// NaN meets NaN wherever it came from: graphs that end in it compare nothing.
TEST(FuzzGraphs, GiveNumbers) {
  int64_t not_finite = 0, all = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const RandomGraph random = random_graph(seed, {.dtype = f64});
    for (const Tensor& t : Session(random.graph, {.jit = false}).eval(random.outputs, random.feeds)) {
      bool finite = true;
      for (int64_t i = 0; i < t.numel(); ++i) finite = finite && std::isfinite(t.at(i));
      not_finite += !finite;
      ++all;
    }
  }
  EXPECT_LE(not_finite, all / 50);
}

}  // namespace
}  // namespace lanc::fuzz
