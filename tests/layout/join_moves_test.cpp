// What is left of slices, pads and concatenations that follow one another; and that the values stay.
#include <gtest/gtest.h>

#include <functional>

#include <lanc/lanc.h>

namespace lanc {
namespace {

struct Rule {
  const char* name;
  std::function<Value(const Value& x)> build;  // x: f64[n,6]
  std::string left;                            // the nodes between input and output, in order
};

std::string ops_of(const Graph& graph) {
  std::string out;
  for (uint32_t id : canonical_order(graph, graph.data()->outputs))
    if (const std::string name(graph.node(id).op->name); name != "input" && name != "constant") out += (out.empty() ? "" : " ") + name;
  return out;
}

std::vector<Rule> rules() {
  return {
      {"a slice of a slice", [](const Value& x) { return slice_axis(slice_axis(x, 1, {1, 6, 2}), 1, {1, 3}); }, "slice"},
      {"what is reversed twice", [](const Value& x) { return reverse(reverse(x)); }, ""},
      {"what is reversed twice along different axes", [](const Value& x) { return reverse(reverse(x, {0}), {1}); }, "slice"},
      {"a slice of all", [](const Value& x) { return slice_of(x, {{0, x.size(0)}, {0, 6}}); }, ""},
      {"the inside of a pad", [](const Value& x) { return slice_of(pad(x, {{1, 2}, {3, 4}}), {{1, x.size(0) + 1}, {3, 9}}); }, ""},
      {"a part of the inside of a pad", [](const Value& x) { return slice_axis(pad(x, {{}, {3, 4}}), 1, {4, 8}); }, "slice"},
      {"the inside of a pad with gaps", [](const Value& x) { return slice_axis(pad(x, {{}, {1, 0, 1}}), 1, {1, {}, 2}); }, ""},
      {"the border of a pad", [](const Value& x) { return slice_axis(pad(x, {{}, {3, 4}}), 1, {2, 5}); }, "pad slice"},
      {"a pad of a pad", [](const Value& x) { return pad(pad(x, {{}, {1, 2}}), {{1, 1}, {0, 3}}); }, "pad"},
      {"a pad of a pad with another value", [](const Value& x) { return pad(pad(x, {{}, {1, 2}}, 1), {{}, {0, 3}}, 2); }, "pad pad"},
      {"a pad of a pad with the other zero", [](const Value& x) { return pad(pad(x, {{}, {1, 2}}, -0.0), {{}, {0, 3}}, 0.0); }, "pad pad"},
      {"a pad by nothing", [](const Value& x) { return pad(x, {{}, {}}); }, ""},
      {"one side of a concatenation", [](const Value& x) { return slice_axis(concat({x, exp(x)}, 1), 1, {1, 5}); }, "slice"},
      {"the other side of a concatenation", [](const Value& x) { return slice_axis(concat({x, exp(x)}, 1), 1, {7, 11}); }, "exp slice"},
      {"across the sides of a concatenation", [](const Value& x) { return slice_axis(concat({x, x}, 1), 1, {1, 8}); }, "concat slice"},
      {"a concatenation of concatenations", [](const Value& x) { return concat({concat({x, exp(x)}), x}); }, "exp concat"},
      {"a concatenation of one", [](const Value& x) { return concat({x}); }, ""},
      {"a concatenation with nothing", [](const Value& x) { return concat({x, slice_axis(x, 1, {2, 2})}, 1); }, ""},
      {"what was split", [](const Value& x) { return concat(split(x, {1, 2, 3}, 1), 1); }, ""},
      {"what was split, in another order", [](const Value& x) { const auto p = split(x, {3, 3}, 1); return concat({p[1], p[0]}, 1); }, "slice slice concat"},
      {"a slice of repeated rows", [](const Value& x) { return slice_of(broadcast_to(x, {5, x.size(0), 6}), {{0, 2}, {}, {1, 3}}); }, "slice broadcast"},
      {"neighbours with steps", [](const Value& x) { return concat({slice_axis(x, 1, {0, 4, 2}), slice_axis(x, 1, {4, 6, 2})}, 1); }, "slice"},
      {"what overlaps with steps", [](const Value& x) { return concat({slice_axis(x, 1, {0, 4, 2}), slice_axis(x, 1, {2, 4, 2})}, 1); }, "slice slice concat"},
      {"the sum of two pads, one behind the other", [](const Value& x) { return pad(x, {{}, {0, 6}}) + pad(exp(x), {{}, {6, 0}}); }, "exp concat"},
      {"the sum of two pads, one before the other", [](const Value& x) { return pad(exp(x), {{}, {6, 0}}) + pad(x, {{}, {0, 6}}); }, "exp concat"},
      {"the sum of four pads, neighbours last", [](const Value& x) {
         const auto at = [](const Value& v, int64_t k) { return pad(v, {{}, {6 * k, 18 - 6 * k}}); };
         return at(exp(x), 0) + at(tanh(x), 2) + at(sin(x), 3) + at(x, 1);
       }, "exp tanh sin concat"},
      {"the sum of a sum of pads", [](const Value& x) {
         const auto at = [](const Value& v, int64_t k) { return pad(v, {{}, {6 * k, 18 - 6 * k}}); };
         return at(x, 1) + (at(exp(x), 0) + (at(sin(x), 3) + at(tanh(x), 2)));
       }, "exp tanh sin concat"},
      {"the sum of pads that overlap", [](const Value& x) { return pad(x, {{}, {0, 6}}) + pad(exp(x), {{}, {5, 1}}); }, "pad exp pad add"},
      {"the gradient of what was split", [](const Value& x) {
         const auto p = split(x, {1, 2, 3}, 1);
         return gradient(sum(exp(p[0])) + sum(sin(p[1])) + sum(tanh(p[2])), x);
       }, ""},
  };
}

Tensor numbered(const Sizes& sizes) {
  Tensor t(f64, sizes);
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 0.1 * static_cast<double>(i) - 1);
  return t;
}

TEST(JoinMoves, LeavesOneNodeWhereOneIsEnough) {
  for (const Rule& rule : rules()) {
    Graph g;
    const Value x = g.input("x", f64, {g.dim("n"), 6});
    const Graph tidy = Session(g, {.verify_passes = true}).function({x}, {rule.build(x)}).graph();
    if (std::string(rule.name) == "the gradient of what was split") EXPECT_EQ(ops_of(tidy).find("pad"), std::string::npos) << to_text(tidy);
    else EXPECT_EQ(ops_of(tidy), rule.left) << rule.name;
  }
}

TEST(JoinMoves, KeepsTheValues) {
  for (const Rule& rule : rules()) {
    Graph g;
    const Value x = g.input("x", f64, {g.dim("n"), 6});
    const Value y = rule.build(x);
    const Tensor with = Session(g).eval({y}, {{x, numbered({3, 6})}})[0];
    const Tensor without = Session(g, {.disabled_passes = {"join_moves"}}).eval({y}, {{x, numbered({3, 6})}})[0];
    EXPECT_TRUE(identical(with, without)) << rule.name << "\n" << with << "\n" << without;
  }
}

// With n = 4 the slice is the whole: known only when dims are bound.
TEST(JoinMoves, SeesBoundSizes) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Function f = Session(g).function({x}, {slice_of(exp(x), {{0, 4}}) * 2});
  EXPECT_EQ(f.plan_text({{"n", 4}}).find(" slice "), std::string::npos) << f.plan_text({{"n", 4}});
  EXPECT_NE(f.plan_text({{"n", 5}}).find(" slice "), std::string::npos) << f.plan_text({{"n", 5}});
}

}  // namespace
}  // namespace lanc
