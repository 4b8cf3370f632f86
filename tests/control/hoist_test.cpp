// What leaves a loop: products of what no carry reaches, products that only results read, and whole loops (vmap, jacobian).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include <lanc/lanc.h>
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;
using Values = std::vector<Value>;

struct Counts {
  int loops = 0, products_inside = 0, products = 0;
};
Counts counts(const Function& f) {
  Counts c;
  const Graph graph = f.graph();
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    c.products += node.op->name == "contract";
    if (node.op->name != "loop") continue;
    ++c.loops;
    for (uint32_t k = 0; k < node.bodies[0].size(); ++k) c.products_inside += node.bodies[0].node(k).op->name == "contract";
  }
  return c;
}

struct Layer {
  Graph g;
  Value x = g.input("x", f64, {5, 2, 3}), h = g.input("h", f64, {2, 4}), w = g.input("w", f64, {3, 4}), u = g.input("u", f64, {4, 4}), b = g.input("b", f64, {4});
  Value outputs() const {
    return scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) {
             const Value next = tanh(matmul(e[0], w) + matmul(c[0], u) + b);
             return ScanStep{{next}, {next}};
           }).outputs[0];
  }
  Tensors point() const { return {wave({5, 2, 3}, 0), wave({2, 4}, 1), wave({3, 4}, 2), wave({4, 4}, 3), wave({4}, 4)}; }
};

// x W is made before the loop, and so is what flows back to x after the loop that runs back: one product with the state is left in each.
TEST(Hoist, TakesTheProductsOfInputsOutOfARecurrence) {
  const Layer l;
  const Value y = l.outputs(), loss = sum(y * y);
  Values wanted = gradients(loss, {l.x, l.h, l.w, l.u, l.b});
  wanted.push_back(loss);
  const Function f = Session(l.g).function({l.x, l.h, l.w, l.u, l.b}, wanted);
  const Counts c = counts(f);
  EXPECT_EQ(c.loops, 2);
  EXPECT_EQ(c.products_inside, 2) << to_text(f.graph());
  EXPECT_EQ(c.products, 4);  // x W, dx, dW, dU
  const Function plain = Session(l.g, {.disabled_passes = {"hoist"}}).function({l.x, l.h, l.w, l.u, l.b}, wanted);
  EXPECT_GT(counts(plain).products_inside, 2);
  const Results a = f(l.point()), b = plain(l.point());
  for (size_t i = 0; i < wanted.size(); ++i) expect_near({a[i]}, {b[i]}, 1e-13);
}

// What a derivative asks for before it is simplified is not kept when it does not need it; nothing is stacked twice.
TEST(PruneLoops, KeepsWhatIsReadOnce) {
  Graph g;
  const Value x = g.input("x", f32, {5, 2, 3}), h = g.input("h", f32, {2, 3}), w = g.input("w", f32, {3, 3});
  const Value y = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) {
                    const Value next = sigmoid(matmul(c[0], w) + e[0]) * tanh(e[0]);
                    return ScanStep{{next}, {next}};
                  }).outputs[0];
  const Graph graph = Session(g).function({x, h, w}, gradients(mean(y * y), {x, h, w})).graph();
  std::map<uint32_t, std::set<uint32_t>> read;
  for (const Value& v : graph.outputs()) read[v.node_id()].insert(v.output());
  for (uint32_t id = 0; id < graph.size(); ++id)
    for (Ref r : graph.node(id).inputs) read[r.node].insert(r.output);
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->name != "loop") continue;
    const auto carries = static_cast<uint32_t>(node.attrs<LoopAttrs>().carries);
    for (uint32_t k = carries; k < node.outputs.size(); ++k) EXPECT_EQ(read[id].count(k), 1u) << to_text(graph);
    const std::vector<Ref>& outputs = node.bodies[0].data()->outputs;
    EXPECT_EQ(std::set<Ref>(outputs.begin() + carries, outputs.end()).size(), outputs.size() - carries) << to_text(graph);
  }
}

TEST(Vmap, IsItsExamplesOneByOneWithoutALoop) {
  Graph g;
  const Value x = g.input("x", f64, {6, 3}), m = g.input("m", f64, {6, 3, 3}), w = g.input("w", f64, {3, 3});
  const auto one = [&](const Value& v, const Value& a) {
    const Value y = tanh(matmul(w, matmul(a, v))) + v * sum(exp(v));
    return Values{softmax(y), reduce_max(v), transpose(reshape(y, {3, 1})), reduce_any(greater_than(v, 0.5)), argmax(v), sum(w) * 2.0};
  };
  const Values mapped = vmap({x, m}, [&](const Values& e) { return one(e[0], e[1]); });
  std::vector<Values> rows(mapped.size());
  for (int64_t i = 0; i < 6; ++i) {
    const Values r = one(squeeze(slice_of(x, {{i, i + 1}}), {0}), squeeze(slice_of(m, {{i, i + 1}}), {0}));
    for (size_t k = 0; k < r.size(); ++k) rows[k].push_back(r[k]);
  }
  Values all = mapped;
  for (const Values& r : rows) all.push_back(stack_of(r, 0));
  const Function f = Session(g).function({x, m, w}, all);
  EXPECT_EQ(counts(f).loops, 0) << to_text(f.graph());
  const Results got = f({wave({6, 3}, 0), wave({6, 3, 3}, 1), wave({3, 3}, 2)});
  for (size_t k = 0; k < mapped.size(); ++k) expect_near({got[k].to(f64)}, {got[k + mapped.size()].to(f64)}, 1e-14);
}

// Gradients of each example by itself, of a model that is written for one.
TEST(Vmap, OfGradientsGivesThemPerExample) {
  Graph g;
  const Value x = g.input("x", f64, {4, 3}), w = g.input("w", f64, {3, 2});
  const auto loss = [&](const Value& v) { return sum(square(tanh(matmul(v, w)))); };
  const Value each = vmap({x}, [&](const Values& e) { return Values{gradient(loss(e[0]), w)}; })[0];
  const Function f = Session(g).function({x, w}, {each, gradient(loss(x), w)});
  EXPECT_EQ(counts(f).loops, 0);
  const Results got = f({wave({4, 3}, 0), wave({3, 2}, 1)});
  Tensor total(f64, {3, 2});
  for (int64_t i = 0; i < 24; ++i) total.set(i % 6, total.at(i % 6) + got[0].at(i));
  expect_near({total}, {got[1]}, 1e-14);
}

// An op without a batch rule: a loop, with the same results.
TEST(Vmap, LoopsWhereAnOpHasNoRule) {
  Graph g;
  const Value x = g.input("x", f64, {4, 3});
  const Value y = vmap({x}, [&](const Values& e) { return Values{cumsum(e[0] * e[0])}; })[0];
  const Function f = Session(g).function({x}, {y, cumsum(x * x, {.axis = 1})});
  EXPECT_EQ(counts(f).loops, 1);
  const Results got = f({wave({4, 3}, 0)});
  expect_near({got[0]}, {got[1]}, 1e-15);
}

TEST(Jacobian, OfAProductIsItsMatrix) {
  Graph g;
  const Value x = g.input("x", f64, {3}), w = g.input("w", f64, {2, 3});
  const Value y = sin(matmul(w, x));
  const Value j = jacobian(y, x), expected = reshape(cos(matmul(w, x)), {2, 1}) * w, curvature = jacobian(gradient(sum(y), x), x);
  const Function f = Session(g).function({x, w}, {j, expected, curvature, transpose(curvature)});
  EXPECT_EQ(counts(f).loops, 0) << to_text(f.graph());
  const Results got = f({wave({3}, 0), wave({2, 3}, 1)});
  expect_near({got[0]}, {got[1]}, 1e-15);
  expect_near({got[2]}, {got[3]}, 1e-14);
}

TEST(Vmap, MistakesNameTheLine) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const std::string text = message_of([&] { vmap({x}, [](const Values& e) { return e; }); });
  EXPECT_EQ(text.rfind("vmap: sequences must have an axis to scan, got f64[] built at hoist_test.cpp:", 0), 0u) << text;
}

}  // namespace
}  // namespace lanc
