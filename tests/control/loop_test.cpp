// Loops: while_loop, what bodies capture and draw, nesting, what a plan holds of them, the text form, and mistakes.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include <lanc/graph/parse.h>
#include <lanc/lanc.h>
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;
using Values = std::vector<Value>;

std::string at(int line) { return "loop_test.cpp:" + std::to_string(line); }
Tensor number(double x) { return Tensor::scalar(x); }

// x <- x / 2 + 1 / x until |x^2 - 2| is small: the square root of 2 from any start.
WhileResult newton(const Value& start, const Value& of, Dim most) {
  return while_loop({.init = {start},
                     .condition = [&](const Values& c) { return greater_than(abs(c[0] * c[0] - of), 1e-14); },
                     .body = [&](const Values& c) { return Values{c[0] / 2.0 + of / (2.0 * c[0])}; },
                     .most = std::move(most)});
}

class LoopOn : public testing::TestWithParam<bool> {
 protected:
  SessionOptions options() const { return {.device = GetParam() ? Device::cpu() : Device::reference(), .seed = 3}; }
};
INSTANTIATE_TEST_SUITE_P(, LoopOn, testing::Values(true, false), [](const testing::TestParamInfo<bool>& c) { return std::string(c.param ? "Cpu" : "Reference"); });

TEST_P(LoopOn, WhileRunsAsLongAsItsConditionHolds) {
  Graph g;
  const Value start = g.input("start", f64, {}), of = g.input("of", f64, {});
  const WhileResult w = newton(start, of, Dim(-1));
  const Function f = Session(g, options()).function({start, of}, {w.carries[0], w.count});
  const Results two = f({number(1), number(2)});
  EXPECT_NEAR(two[0].item<double>(), std::sqrt(2.0), 1e-10);
  EXPECT_EQ(two[1].item<int64_t>(), 5);
  EXPECT_EQ(f({number(3), number(9)})[1].item<int64_t>(), 0);
  EXPECT_EQ(f({number(3), number(9)})[0].item<double>(), 3);
}

TEST_P(LoopOn, WhileStopsAtItsBound) {
  Graph g;
  const Value start = g.input("start", f64, {}), of = g.input("of", f64, {});
  const WhileResult w = newton(start, of, 2);
  const Results got = Session(g, options()).eval({w.carries[0], w.count}, {{start, number(1)}, {of, number(2)}});
  EXPECT_NEAR(got[0].item<double>(), 17.0 / 12, 1e-15);
  EXPECT_EQ(got[1].item<int64_t>(), 2);
}

// The root's derivative by `of` is 1 / (2 sqrt(of)) once it has converged, whatever the start; of any order.
TEST_P(LoopOn, WhileHasDerivatives) {
  Graph g;
  const Value start = g.input("start", f64, {}), of = g.input("of", f64, {});
  const Value root = newton(start, of, 20).carries[0];
  const Value slope = gradient(root, of), bend = gradient(slope, of), tangent = jvp({root}, {of}, {of})[0];
  const Results got = Session(g, options()).eval({slope, bend, gradient(root, start), tangent}, {{start, number(1.3)}, {of, number(2)}});
  EXPECT_NEAR(got[0].item<double>(), 0.5 / std::sqrt(2.0), 1e-9);
  EXPECT_NEAR(got[1].item<double>(), -0.25 / std::pow(2.0, 1.5), 1e-8);
  EXPECT_NEAR(got[2].item<double>(), 0, 1e-9);
  EXPECT_NEAR(got[3].item<double>(), 2 * got[0].item<double>(), 1e-12);
}

// Iterations that are not run add nothing to sums over all of them, whatever an earlier call left in memory.
TEST_P(LoopOn, WhileSumsOverTheIterationsThatWereRun) {
  Graph g;
  const Value w = g.input("w", f64, {3, 3}), x = g.input("x", f64, {3}), n = g.input("n", i64, {});
  const Value last = while_loop({.init = {x, full(g, {}, 0, i64)},
                                 .condition = [&](const Values& c) { return less_than(c[1], n); },
                                 .body = [&](const Values& c) { return Values{tanh(matmul(w, c[0])), c[1] + 1}; },
                                 .most = 6})
                         .carries[0];
  const Value twice = tanh(matmul(w, tanh(matmul(w, x))));
  const Function f = Session(g, options()).function({w, x, n}, {gradient(sum(last), w), gradient(sum(twice), w)});
  const auto call = [&](int64_t times) { return f({wave({3, 3}, 1), wave({3}, 2), Tensor::scalar(times)}); };
  EXPECT_GT(norm({call(6)[0]}), 0.01);
  const Results got = call(2);
  expect_near({got[0]}, {got[1]}, 1e-14);
}

// Sum of a triangle: an inner scan within an outer one, whose gradients are nested loops too.
TEST_P(LoopOn, BodiesMayScanThemselves) {
  Graph g;
  const Value x = g.input("x", f64, {3, 4}), w = g.input("w", f64, {}), zero = full(g, {}, 0.0, f64);
  const auto run = [&](const Value& rows, const Value& factor) {
    return scan({.init = {zero}, .sequences = {rows}},
                [&](const Values& outer, const Values& row) {
                  const Value inner = scan({.init = {outer[0]}, .sequences = {row[0]}}, [&](const Values& c, const Values& e) {
                                        return ScanStep{.carries = {c[0] * factor + sin(e[0] * factor)}};
                                      }).carries[0];
                  return ScanStep{.carries = {inner}, .outputs = {inner}};
                });
  };
  Value c = zero;
  for (int64_t i = 0; i < 3; ++i)
    for (int64_t j = 0; j < 4; ++j) c = c * w + sin(reshape(slice_of(x, {{i, i + 1}, {j, j + 1}}), {}) * w);
  const Value looped = run(x, w).carries[0];
  Values both = gradients(looped, {x, w}), other = gradients(c, {x, w});
  both.push_back(gradient(sum(both[0] * both[0]) + both[1] * both[1], w));
  other.push_back(gradient(sum(other[0] * other[0]) + other[1] * other[1], w));
  both.push_back(looped);
  other.push_back(c);
  const size_t n = both.size();
  both.insert(both.end(), other.begin(), other.end());
  const Results got = Session(g, options()).function({x, w}, both)({wave({3, 4}, 0), number(0.7)});
  for (size_t i = 0; i < n; ++i) expect_near({got[i]}, {got[n + i]}, 1e-11);
}

TEST_P(LoopOn, OfLengthZeroIsItsInit) {
  Graph g;
  const Dim n = g.dim("n");
  const Value x = g.input("x", f64, {n, 2}), h = g.input("h", f64, {2});
  const ScanResult s = scan({.init = {h}, .sequences = {x}}, [](const Values& c, const Values& e) { return ScanStep{{c[0] + e[0]}, {c[0] * e[0]}}; });
  const Value loss = sum(s.carries[0] * s.carries[0]) + sum(s.outputs[0]);
  Values all = gradients(loss, {x, h});
  all.push_back(s.carries[0]);
  all.push_back(s.outputs[0]);
  const Function f = Session(g, options()).function({x, h}, all);
  const Results none = f({Tensor(f64, {0, 2}), wave({2}, 0)});
  EXPECT_TRUE(identical(none[2], wave({2}, 0)));
  EXPECT_EQ(none[3].sizes(), (Sizes{0, 2}));
  expect_near({none[1]}, moved({wave({2}, 0)}, {wave({2}, 0)}, 1), 1e-15);
  const Results two = f({wave({2, 2}, 1), wave({2}, 0)});  // another binding of the same function
  EXPECT_EQ(two[3].sizes(), (Sizes{2, 2}));
}

// Draws of a body are made anew in each iteration, and do not move when something else is added to it.
TEST_P(LoopOn, DrawsAnewInEachIteration) {
  Graph g;
  const Value h = g.input("h", f32, {});
  const Value noise = scan({.init = {h}, .length = 8}, [&](const Values& c, const Values&) {
                        return ScanStep{{c[0]}, {random_uniform(g.scope("noise"), {4})}};
                      }).outputs[0];
  const Session session(g, options());
  const Function f = session.function({h}, {noise});
  const Tensor first = f({Tensor::scalar<float>(0)})[0].clone(), second = f({Tensor::scalar<float>(0)})[0].clone();
  std::set<double> distinct;
  for (const Tensor& t : {first, second})
    for (int64_t i = 0; i < 32; ++i) distinct.insert(t.at(i));
  EXPECT_EQ(distinct.size(), 64u);
  EXPECT_TRUE(identical(first, Session(g, options()).function({h}, {noise})({Tensor::scalar<float>(0)})[0]));
}

// The derivative by what scales the draws reads the draws that were made.
TEST_P(LoopOn, DerivativesKeepTheDraws) {
  Graph g;
  const Value h = g.input("h", f64, {});
  const ScanResult s = scan({.init = {h}, .length = 5}, [&](const Values& c, const Values&) {
    const Value u = random_uniform(g.scope("noise"), {}, 0.0, 1.0, {.dtype = f64});
    return ScanStep{{c[0] * u}, {u}};
  });
  const Results got = Session(g, options()).eval({gradient(s.carries[0], h), s.outputs[0]}, {{h, number(2)}});
  double product = 1;
  for (int64_t i = 0; i < 5; ++i) product *= got[1].at(i);
  EXPECT_NEAR(got[0].item<double>(), product, 1e-15);
}

int loops(const Graph& graph) {
  int n = 0;
  for (uint32_t id = 0; id < graph.size(); ++id) n += graph.node(id).op->name == "loop";
  return n;
}

// The forward loop of a training step runs once, and gives what the derivative reads.
TEST(Loop, RunsForwardOnceWithItsDerivative) {
  Graph g;
  const Value x = g.input("x", f32, {6, 2, 3}), w = g.input("w", f32, {3, 3}), h = g.input("h", f32, {2, 3});
  const ScanResult s = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) {
    const Value next = tanh(matmul(c[0], w) * sigmoid(e[0]));
    return ScanStep{{next}, {next}};
  });
  const Value loss = sum(s.outputs[0] * s.outputs[0]);
  const Function f = Session(g).function({x, w, h}, {loss, gradient(loss, w)});
  EXPECT_EQ(loops(f.graph()), 2) << to_text(f.graph());
}

// The gradient of a weight is one product over all iterations.
TEST(Loop, SumsProductsOverIterationsInOneProduct) {
  Graph g;
  const Value x = g.input("x", f32, {6, 2, 3}), w = g.input("w", f32, {3, 3}), b = g.input("b", f32, {3}), h = g.input("h", f32, {2, 3});
  const Value last = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) {
                       return ScanStep{{tanh(matmul(c[0], w) + matmul(e[0], w) + b)}, {}};
                     }).carries[0];
  const Function f = Session(g).function({x, w, b, h}, gradients(sum(last), {w, b}));
  const Graph graph = f.graph();
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->name != "loop") continue;
    for (uint32_t k = 0; k < node.outputs.size(); ++k) EXPECT_FALSE((node.outputs[k] == Type{f32, {3, 3}})) << "a loop carries a weight's gradient";
  }
}

// One body, whatever the number of iterations: as many nodes, steps and kernels.
TEST(Loop, IsCompiledOnceWhateverItsLength) {
  const auto steps = [](int64_t length) {
    Graph g;
    const Value x = g.input("x", f32, {length, 2, 3}), w = g.input("w", f32, {3, 3}), h = g.input("h", f32, {2, 3});
    const ScanResult s = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) {
      const Value next = tanh(matmul(c[0], w) + e[0]);
      return ScanStep{{next}, {next}};
    });
    const Value loss = mean(s.outputs[0] * s.outputs[0]);
    const Function f = Session(g).function({x, w, h}, {loss, gradient(loss, w)});
    const std::string text = f.plan_text({});
    return std::pair(g.size(), std::count(text.begin(), text.end(), '\n'));
  };
  EXPECT_EQ(steps(10), steps(10000));
}

TEST(Loop, LongOnesRun) {
  Graph g;
  const Value x = g.input("x", f64, {10000}), a = g.input("a", f64, {});
  const Value last = scan({.init = {a}, .sequences = {x}}, [&](const Values& c, const Values& e) { return ScanStep{{c[0] * 0.999 + e[0] * a}, {}}; }).carries[0];
  const Results got = Session(g).eval({last, gradient(last, a)}, {{x, wave({10000}, 0)}, {a, number(0.5)}});
  // Linear in a.
  EXPECT_NEAR(got[0].item<double>(), 0.5 * got[1].item<double>(), 1e-10);
}

TEST(Loop, TextReadsBack) {
  Graph g;
  const Dim n = g.dim("n");
  const Value x = g.input("x", f32, {n, 2}), h = g.input("h", f32, {2}), w = g.input("w", f32, {2});
  const ScanResult s = scan({.init = {h}, .sequences = {x}}, [&](const Values& c, const Values& e) { return ScanStep{{c[0] * w + e[0]}, {c[0]}}; });
  const std::string text = to_text({s.carries[0], s.outputs[0], gradient(sum(s.carries[0]), w)}, {.lines = false});
  const Graph back = parse_graph(text, all_ops());
  EXPECT_EQ(to_text(back, {.lines = false}), text);
  EXPECT_NE(text.find("  %carry_0 = input \"carry_0\" : f32[2]"), std::string::npos) << text;
}

// A node of the body has the body's own line; the loop has the line of its call.
TEST(Loop, NodesOfTheBodyNameTheirLine) {
  Graph g;
  const Value x = g.input("x", f32, {4, 2}), h = g.input("h", f32, {2});
  const int line = __LINE__ + 1;
  const auto body = [](const Values& c, const Values& e) { return ScanStep{{exp(c[0] + e[0])}, {}}; };
  const Value last = scan({.init = {h}, .sequences = {x}}, body).carries[0];
  EXPECT_EQ(last.node().origin->text(), at(line + 1));
  const Graph inside = last.node().bodies[0];
  EXPECT_EQ(inside.outputs()[0].node().origin->text(), at(line));
}

struct Scanned {
  Graph g;
  Value x = g.input("x", f32, {4, 2}), h = g.input("h", f32, {2});
};

TEST(LoopErrors, OfCarriesThatChange) {
  Scanned s;
  s.h = s.g.input("start", f32, {2});
  const int line = __LINE__ + 1;
  const auto wider = [](const Values& c, const Values&) { return ScanStep{{cast(c[0], f64)}, {}}; };
  const auto more = [](const Values& c, const Values&) { return ScanStep{{c[0], c[0]}, {}}; };
  const auto call = [&](const ScanBody& body) { scan({.init = {s.h}, .sequences = {s.x}}, body); };
  EXPECT_EQ(message_of([&] { call(wider); }),
            "scan: a carry must keep its type, got f32[2] before and f64[2] after the body for carry 0\n  init built at " + at(line - 2) +
                ", the body's value at " + at(line) + "\n  scan at " + at(line + 2));
  EXPECT_EQ(message_of([&] { call(more); }), "scan: the body must return one new value per carry, got 2 for 1\n  scan at " + at(line + 2));
}

TEST(LoopErrors, OfLengths) {
  Scanned s;
  const Value y = s.g.input("y", f32, {5, 2}), z = s.g.input("z", f32, {});
  const auto body = [](const Values& c, const Values&) { return ScanStep{c, {}}; };
  const int line = __LINE__ + 1;
  EXPECT_EQ(message_of([&] { scan({.init = {s.h}}, body); }), "scan: a scan without sequences must be told its length, got none; write {.length = n}\n  scan at " + at(line));
  const std::string two = message_of([&] { scan({.init = {s.h}, .sequences = {s.x, y}}, body); });
  EXPECT_EQ(two, "scan: sequences must have one length, got 4 and 5, of f32[5,2] built at " + at(line - 3) + "\n  scan at " + at(line + 1));
  const std::string scalar = message_of([&] { scan({.init = {s.h}, .sequences = {z}}, body); });
  EXPECT_EQ(scalar, "scan: sequences must have an axis to scan, got f32[] built at " + at(line - 3) + "\n  scan at " + at(line + 3));
  const std::string none = message_of([&] { scan({}, body); });
  EXPECT_NE(none.find("scan: at least one init or sequence is needed, got none"), std::string::npos) << none;
}

TEST(LoopErrors, LeaveTheGraphAsItWas) {
  Scanned s;
  const size_t before = s.g.size();
  EXPECT_THROW(scan({.init = {s.h}, .sequences = {s.x}}, [](const Values& c, const Values&) { return ScanStep{{exp(c[0]), c[0]}, {}}; }), UserError);
  EXPECT_EQ(s.g.size(), before);
}

TEST(LoopErrors, OfABodysValueOutside) {
  Scanned s;
  std::optional<Value> leaked;
  scan({.init = {s.h}, .sequences = {s.x}}, [&](const Values& c, const Values&) {
    leaked = exp(c[0]);
    return ScanStep{{*leaked}, {}};
  });
  const std::string text = message_of([&] { Session(s.g).function({s.h}, {*leaked}); });
  EXPECT_EQ(text.rfind("function: a value of a body must be used within that body, got one that is used outside\n  it stands for 'carry_0' f32[2] of the body at " + std::string("loop_test.cpp:"), 0), 0u)
      << text;
}

TEST(LoopErrors, OfAPrintInABody) {
  Scanned s;
  const std::string text = message_of([&] {
    scan({.init = {s.h}, .sequences = {s.x}}, [&](const Values& c, const Values&) { return ScanStep{{print(c[0], "h")}, {}}; });
  });
  EXPECT_EQ(text.rfind("scan: a body must not print, got print at loop_test.cpp:", 0), 0u) << text;
}

TEST(LoopErrors, OfAnIndexInABodyNameTheIteration) {
  Scanned s;
  const Value ids = s.g.input("ids", i32, {4});
  const Value picked = scan({.init = {s.h}, .sequences = {ids}}, [&](const Values& c, const Values& e) { return ScanStep{c, {take(s.x, e[0])}}; }).outputs[0];
  const std::string text = message_of([&] { Session(s.g).eval({picked}, {{s.x, Tensor(f32, {4, 2})}, {s.h, Tensor(f32, {2})}, {ids, Tensor::of<int32_t>({4}, {0, 1, 9, 2})}}); });
  EXPECT_NE(text.find("in iteration 2"), std::string::npos) << text;
  EXPECT_NE(text.find("9"), std::string::npos) << text;
}

TEST(LoopErrors, OfAWhileLoop) {
  Scanned s;
  const int line = __LINE__ + 1;
  EXPECT_EQ(message_of([&] { while_loop({}); }), "while_loop: at least one init is needed, got none\n  while_loop at " + at(line));
  const auto body = [](const Values& c) { return c; };
  const auto number_condition = [](const Values& c) { return sum(c[0]); };
  const std::string text = message_of([&] { while_loop({.init = {s.h}, .condition = number_condition, .body = body}); });
  EXPECT_EQ(text.rfind("while_loop: the condition must be bool[], got f32[]\n  built at " + at(line + 2), 0), 0u) << text;
  const auto condition = [](const Values& c) { return less_than(sum(c[0]), 1.0); };
  const Value unbounded_loop = while_loop({.init = {s.h}, .condition = condition, .body = body}).carries[0];
  const std::string derivative = message_of([&] { gradient(sum(unbounded_loop), s.h); });
  EXPECT_EQ(derivative, "gradients: a while_loop must say how often it runs at most when it is differentiated, got no bound; write {.most = n}\n  while_loop at " + at(line + 6));
}

}  // namespace
}  // namespace lanc
