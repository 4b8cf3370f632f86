// Plans: whatever lies in whose memory, a step reads what the graph says, on every backend and with and without fusion.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include <lanc/lanc.h>

namespace lanc {
namespace {

Tensor waves(Sizes sizes, double phase) {
  Tensor t(f64, std::move(sizes));
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, std::sin(0.7 * static_cast<double>(i) + phase));
  return t;
}

std::vector<SessionOptions> ways() { return {{}, {.disabled_passes = {"fuse"}}, {.disabled_passes = {"fuse", "contract_flags", "cse"}}}; }

// What a function returns and what it leaves in the states, after each of two calls: equal to the reference's, which overwrites nothing early.
void expect_as_on_the_reference(const Graph& g, const std::vector<Value>& outputs, const Updates& updates, const std::vector<Value>& states) {
  const auto run = [&](const SessionOptions& options) {
    const Session s(g, options);
    for (size_t i = 0; i < states.size(); ++i) {
      Sizes sizes;
      for (const Dim& d : states[i].shape()) sizes.push_back(d.number());
      s.set(states[i], waves(sizes, static_cast<double>(i)));
    }
    const Function f = s.function({}, outputs, updates);
    Results all;
    for (int call = 0; call < 2; ++call) {
      for (const Tensor& t : f()) all.push_back(t.clone());
      for (const Value& state : states) all.push_back(s.get(state));
    }
    return all;
  };
  const Results wanted = run({.device = Device::reference(), .disabled_passes = {"fuse", "contract_flags", "cse", "algebra", "join_moves"}});
  for (const SessionOptions& way : ways()) {
    const Results got = run(way);
    ASSERT_EQ(got.size(), wanted.size());
    for (size_t k = 0; k < got.size(); ++k)
      for (int64_t i = 0; i < got[k].numel(); ++i)
        ASSERT_NEAR(got[k].at(i), wanted[k].at(i), 1e-9 * (1 + std::abs(wanted[k].at(i))))
            << "tensor " << k << ", element " << i << ", passes left out: " << way.disabled_passes.size();
  }
}

Value state(const Graph& g, const std::string& name, Shape shape) {
  return lanc::state(g.root(), name, std::move(shape), initializers::constant(0), f64);
}

TEST(Plan, StatesThatAreExchangedAreReadBeforeTheyAreWritten) {
  Graph g;
  const Value a = state(g, "a", {5}), b = state(g, "b", {5}), c = state(g, "c", {5});
  expect_as_on_the_reference(g, {}, {{a, b}, {b, a}}, {a, b, c});
  expect_as_on_the_reference(g, {}, {{a, b}, {b, c}, {c, a}}, {a, b, c});
  expect_as_on_the_reference(g, {a}, {{a, b + 1.0}, {b, a}, {c, c * 2.0}}, {a, b, c});
}

// By their values, not by another backend's: the reference plans with the same code.
TEST(Plan, ExchangedStatesHaveOneAnothersValues) {
  for (const Device device : {Device::cpu(), Device::reference()}) {
    Graph g;
    const Value a = state(g, "a", {2}), b = state(g, "b", {2}), c = state(g, "c", {2});
    const Session s(g, {.device = device});
    s.set(a, Tensor::of<double>({2}, {1, 2}));
    s.set(b, Tensor::of<double>({2}, {3, 4}));
    s.set(c, Tensor::of<double>({2}, {5, 6}));
    const Results before = s.function({}, {a}, {{a, b}, {b, c}, {c, a}})();
    EXPECT_EQ(to_text(before[0]), "[1. 2.]");
    EXPECT_EQ(to_text(s.get(a)), "[3. 4.]");
    EXPECT_EQ(to_text(s.get(b)), "[5. 6.]");
    EXPECT_EQ(to_text(s.get(c)), "[1. 2.]");
    const Results kept = s.function({}, {c}, {{c, c * 2.0 + 1.0}})();  // made in the state's memory
    EXPECT_EQ(to_text(kept[0]), "[1. 2.]");
    EXPECT_EQ(to_text(s.get(c)), "[3. 5.]");
    s.function({}, {}, {{a, a + b}, {b, a - b}})();
    EXPECT_EQ(to_text(s.get(a)), "[ 8. 10.]");
    EXPECT_EQ(to_text(s.get(b)), "[-2. -2.]");
  }
}

TEST(Plan, NewValuesThatReadEachOthersOldOnesSeeThem) {
  Graph g;
  const Value a = state(g, "a", {4}), b = state(g, "b", {4, 4});
  expect_as_on_the_reference(g, {}, {{a, matmul(b, a)}, {b, b + a}}, {a, b});
  expect_as_on_the_reference(g, {}, {{b, b + expand_dims(a, {1})}, {a, a + sum(b, {.axes = {0}})}}, {a, b});
}

// A product reads its operands until its last element is written.
TEST(Plan, AStateIsNotOverwrittenWhileItsOwnStepReadsIt) {
  Graph g;
  const Value w = state(g, "w", {6, 6}), v = state(g, "v", {8});
  expect_as_on_the_reference(g, {}, {{w, matmul(w, w)}}, {w});
  expect_as_on_the_reference(g, {}, {{w, transpose(w)}}, {w});
  expect_as_on_the_reference(g, {}, {{w, w + transpose(w) * 2.0}}, {w});
  expect_as_on_the_reference(g, {}, {{v, reverse(v)}}, {v});
  expect_as_on_the_reference(g, {}, {{v, cumsum(v)}}, {v});
  expect_as_on_the_reference(g, {}, {{v, roll(v, 3, 0)}}, {v});
}

// The second update reads the state through a view of the same memory, in a step after the one that makes the state's new value.
TEST(Plan, AStateIsNotOverwrittenBeforeItsLastReaderThroughAView) {
  Graph g;
  const Value w = state(g, "w", {4}), s = state(g, "s", {2, 2});
  const Value square_of_w = matmul(reshape(w, {2, 2}), reshape(w, {2, 2}));
  expect_as_on_the_reference(g, {}, {{w, w + 1.0}, {s, square_of_w}}, {w, s});
  const Session session(g);
  session.set(w, Tensor::of<double>({4}, {1, 2, 3, 4}));
  session.function({}, {}, {{w, w + 1.0}, {s, square_of_w}})();
  EXPECT_EQ(to_text(session.get(s)), "[[ 7. 10.]\n [15. 22.]]");
  EXPECT_EQ(to_text(session.get(w)), "[2. 3. 4. 5.]");
}

// As above, with fusion left out: the new value is made by a step that may write in its operand's place.
TEST(Plan, ExchangedViewsOfStatesAreReadBeforeTheyAreWritten) {
  for (const SessionOptions& way : ways()) {
    Graph g;
    const Value w = state(g, "w", {4}), s = state(g, "s", {4});
    const Session session(g, way);
    session.set(w, Tensor::of<double>({4}, {1, 2, 3, 4}));
    const Value turned = reshape(transpose(reshape(w, {2, 2})), {4});
    session.function({}, {}, {{w, w * 2.0}, {s, cumsum(turned)}})();
    EXPECT_EQ(to_text(session.get(w)), "[2. 4. 6. 8.]");
    EXPECT_EQ(to_text(session.get(s)), "[ 1.  4.  6. 10.]");
  }
}

// m is read as it lies and transposed by one step, whose result may not lie in m's memory.
TEST(Plan, AnOperandThatAStepReadsInTwoWaysIsNotWrittenOver) {
  Graph g;
  const Value w = state(g, "w", {40, 40});
  const Value m = matmul(w, w);
  expect_as_on_the_reference(g, {matmul(m + 2.0 * transpose(m), w)}, {}, {w});
  expect_as_on_the_reference(g, {matmul(exp(m) * transpose(exp(m)), w)}, {}, {w});
}

TEST(Plan, AnOperandThatIsReadLaterIsNotWrittenOver) {
  Graph g;
  const Value w = state(g, "w", {8, 8});
  const Value m = matmul(w, w), e = exp(m), n = matmul(e, w);
  expect_as_on_the_reference(g, {matmul(m, n), matmul(n, e)}, {}, {w});
  expect_as_on_the_reference(g, {matmul(m, matmul(m * 2.0, n))}, {{w, matmul(n, m) * 1e-3}}, {w});
}

// Kernels with memory of their own, while a product lives on that is read afterwards.
TEST(Plan, ScratchMemoryIsNobodyElses) {
  Graph g;
  const Value w = state(g, "w", {300, 300}), u = state(g, "u", {3, 4, 5}), v = state(g, "v", {2, 4, 6});
  const Value m = matmul(w, w) * 0.01;
  const Value drawn = matmul(take(m, random_permutation(g.root(), 300, "rows")), w);
  const Value total = sum(exp(m * 0.1)) * 1e-3;
  const Value packed = contract(u * 2.0, v * 3.0, {.lhs = {1}, .rhs = {1}});
  expect_as_on_the_reference(g, {matmul(m, w) * total, packed + sum(packed), drawn}, {}, {w, u, v});
}

}  // namespace
}  // namespace lanc
