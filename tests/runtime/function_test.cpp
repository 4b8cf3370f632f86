// What a function keeps from call to call: plans, result memory, state; and who may call it.
#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

TEST(Function, WritesAResultsMemoryAgainOnlyWhenNobodyHoldsIt) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Function f = Session(g).function({x}, {x + 1.0});
  const std::byte* first = nullptr;
  {
    const Tensor r = f(Tensor::of<float>({2}, {1, 2}))[0];
    first = r.data();
  }
  const Tensor held = f(Tensor::of<float>({2}, {3, 4}))[0];
  EXPECT_EQ(held.data(), first);  // the first result was let go
  const Tensor next = f(Tensor::of<float>({2}, {5, 6}))[0];
  EXPECT_NE(next.data(), held.data());
  EXPECT_EQ(to_text(held), "[4. 5.]");
  EXPECT_EQ(to_text(next), "[6. 7.]");
}

TEST(Function, TakesItsOwnResultAsFeed) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Function f = Session(g).function({x}, {x * 2.0});
  Tensor t = Tensor::of<float>({2}, {1, 3});
  for (int i = 0; i < 4; ++i) t = f(t)[0];
  EXPECT_EQ(to_text(t), "[16. 48.]");
}

TEST(Function, KeepsTheLatelyUsedPlansAndCountsThem) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Function f = Session(g, {.plan_cache = 2}).function({x}, {sum(x)});
  const auto call = [&](int64_t n) { f(Tensor(f32, {n})); };
  call(1), call(2), call(1);  // 1 is the newest
  call(3);                    // takes the place of 2
  EXPECT_EQ(f.stats().plans_made, 3);
  EXPECT_EQ(f.stats().plans_cached, 2);
  EXPECT_EQ(f.stats().plans_dropped, 1);
  call(1);
  EXPECT_EQ(f.stats().plans_made, 3);
  call(2);  // takes the place of 3
  call(1);
  EXPECT_EQ(f.stats().plans_made, 4);
  EXPECT_EQ(f.stats().plans_dropped, 2);
  EXPECT_EQ(f.stats().calls, 7);
}

TEST(Function, TakesFeedsOfAnotherRankInTheDeclaredShape) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n"), 4});
  const Function f = Session(g).function({x}, {sum(x, {.axes = {1}})});
  const Tensor images = Tensor::of<float>({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  EXPECT_EQ(to_text(f(images)[0]), "[10. 26.]");
  EXPECT_EQ(to_text(f(images)[0]), "[10. 26.]");
  EXPECT_EQ(to_text(f(images.reshaped({2, 4}))[0]), "[10. 26.]");
  EXPECT_EQ(f.stats().plans_made, 1);
}

TEST(Function, KeepsRunningWhenTheGraphGrows) {
  Graph g;
  const Value x = g.input("x", f32, {2});
  const Session session(g);
  const Value y = x * 2.0;
  const Function f = session.function({x}, {y});
  const Tensor at = Tensor::of<float>({2}, {1, 2});
  f(at);
  const models::Dense later(g.scope("later"), 2, 3);
  const Value z = sum(later(reshape(y, {1, 2})));
  const Function h = session.function({x}, {z});
  EXPECT_EQ(to_text(f(at)[0]), "[2. 4.]");
  EXPECT_EQ(h(at)[0].rank(), 0);
  EXPECT_EQ(to_text(f(at)[0]), "[2. 4.]");
}

TEST(Session, InitializesAParameterWhenTheFirstFunctionThatUsesItIsMade) {
  Graph g;
  const models::Dense a(g.scope("a"), 2, 2), b(g.scope("b"), 2, 2);
  const Session first(g, {.seed = 5}), second(g, {.seed = 5});
  // Whoever makes which function first: the values come from seed and path.
  const Function fa = first.function({}, {a.weight}), fb = first.function({}, {b.weight});
  const Function gb = second.function({}, {b.weight}), ga = second.function({}, {a.weight});
  EXPECT_TRUE(identical(fa()[0], ga()[0]));
  EXPECT_TRUE(identical(fb()[0], gb()[0]));
  EXPECT_FALSE(identical(fa()[0], fb()[0]));
  EXPECT_FALSE(identical(fa()[0], Session(g, {.seed = 6}).function({}, {a.weight})()[0]));
}

TEST(Session, OnOneGraphIsIndependentOfOthers) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(1.0));
  const Session a(g), b(g);
  const Function grow = a.function({}, {}, {{w, w * 2.0}});
  grow(), grow();
  EXPECT_EQ(to_text(a.get("net/w")), "[4. 4.]");
  EXPECT_EQ(to_text(b.get("net/w")), "[1. 1.]");
  b.set("net/w", Tensor::of<float>({2}, {7, 8}));
  EXPECT_EQ(to_text(a.get(w)), "[4. 4.]");
  EXPECT_EQ(to_text(b.get(w)), "[7. 8.]");
}

TEST(Session, CountsTheCallsThatUpdateOrDraw) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(1.0));
  const Session session(g);
  EXPECT_EQ(session.step(), 0);
  const Function grow = session.function({}, {}, {{w, w * 2.0}}), look = session.function({}, {w});
  grow(), look(), grow();
  EXPECT_EQ(session.step(), 2);
  session.function({}, {random_normal(g.scope("noise"), {1})})();
  EXPECT_EQ(session.step(), 3);
}

// Results of one pass over the elements, one of them in the memory of what the others read.
TEST(Session, ReadsAStateUntilItsUpdateIsWritten) {
  for (const bool jit : {true, false}) {
    Graph g;
    const Value w = parameter(g.scope("net"), "w", {300}, initializers::constant(1.0)), x = g.input("x", f32, {300});
    const Session session(g, {.jit = jit});
    const Value next = w * x;
    const Function f = session.function({x}, {exp(next) + w, w - next * next}, {{w, next}});
    const Results r = f(Tensor::of<float>({300}, std::vector<float>(300, 2)));
    EXPECT_NEAR(r[0].at(299), std::exp(2.0) + 1, 1e-6);
    EXPECT_EQ(r[1].at(299), 1 - 4);
    EXPECT_EQ(session.get(w).at(299), 2);
  }
}

TEST(Session, GetsAndSetsEveryState) {
  Graph g;
  const Value x = g.input("x", f32, {1, 2});
  const models::Dense net(g.scope("net"), 2, 1);
  const Value loss = mean(square(net(x) + random_normal(g.scope("noise"), {1, 1})));
  const Session session(g, {.seed = 3});
  const Function train = session.function({x}, {loss}, optimizers::adam().minimize(loss));
  const Tensor at = Tensor::of<float>({1, 2}, {1, 2});
  train(at), train(at);
  std::vector<std::pair<Value, Tensor>> saved;
  for (const Value& state : g.states("**")) saved.emplace_back(state, session.get(state));
  EXPECT_GE(saved.size(), 8u);  // weight, bias, two slots each, adam/step, session/step and session/seed
  const Tensor next = train(at)[0], after = train(at)[0];
  for (const auto& [state, value] : saved) session.set(state, value);
  EXPECT_EQ(session.step(), 2);
  EXPECT_TRUE(identical(train(at)[0], next));
  EXPECT_TRUE(identical(train(at)[0], after));
}

TEST(Session, GivesCopiesOfItsStates) {
  Graph g;
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(1.0));
  const Session session(g);
  Tensor mine = session.get(w);
  mine.span<float>()[0] = 9;
  EXPECT_EQ(to_text(session.get(w)), "[1. 1.]");
  session.set(w, mine);
  mine.span<float>()[0] = 11;
  EXPECT_EQ(to_text(session.get(w)), "[9. 1.]");
}

// Calls are serialized: no increment is lost, and every result is one that a whole call made.
TEST(Session, TakesCallsFromManyThreads) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Value count = state(g.scope("net"), "count", {}, initializers::zeros(), f32);
  const Session session(g);
  const Function add = session.function({x}, {sum(x) + count}, {{count, count + 1.0}}), read = session.function({}, {count});
  constexpr int threads = 4, calls = 200;
  std::vector<std::thread> pool;
  std::vector<int> wrong(threads, 0);
  for (int t = 0; t < threads; ++t)
    pool.emplace_back([&, t] {
      const Tensor fed = Tensor::of<float>({t + 1}, std::vector<float>(static_cast<size_t>(t + 1), 1000.0f));
      float last = -1;
      for (int i = 0; i < calls; ++i) {
        const float before = add(fed)[0].item<float>() - 1000.0f * static_cast<float>(t + 1);
        wrong[static_cast<size_t>(t)] += before <= last || before >= threads * calls;  // the count only grows
        last = before;
        wrong[static_cast<size_t>(t)] += read()[0].item<float>() <= last;
        session.get(count);
        session.step();
      }
    });
  for (std::thread& thread : pool) thread.join();
  for (int t = 0; t < threads; ++t) EXPECT_EQ(wrong[static_cast<size_t>(t)], 0) << t;
  EXPECT_EQ(session.get(count).item<float>(), threads * calls);
  EXPECT_EQ(add.stats().calls, threads * calls);
}

// The first update is made before the index that is out of range is met.
struct Failing {
  Graph g;
  Value index, first, second;
  Session session;
  Function step;
};
Failing failing() {
  Graph g;
  const Value index = g.input("index", i32, {1});
  const Value first = parameter(g.scope("net"), "first", {2}, initializers::constant(1.0)), second = parameter(g.scope("net"), "second", {2}, initializers::constant(2.0));
  const Value grown = first * 2.0;
  const Value read = take(grown * 1.0 + second, index);  // reads both
  const Session session(g);
  return {g, index, first, second, session, session.function({index}, {}, {{first, grown}, {second, second + sum(read)}}, {.name = "train"})};
}

TEST(Torn, StatesAreNamedUntilEachIsSet) {
  const Failing f = failing();
  const Tensor bad = Tensor::of<int32_t>({1}, {7}), good = Tensor::of<int32_t>({1}, {1});
  const std::string failure = message_of([&] { f.step(bad); });
  EXPECT_NE(failure.find("take: index must be in [-2, 2), got 7"), std::string::npos) << failure;
  EXPECT_NE(failure.find("function_test.cpp:"), std::string::npos) << failure;
  const std::string text = message_of([&] { f.step(good); });
  EXPECT_EQ(text.substr(0, text.find("\n  called at function_test.cpp:")),
            "function 'train': the state must be whole, got states that an earlier call which failed may have left half-changed: 'net/first', 'net/second'; "
            "set each of them by session.set before the next call");
  f.session.set(f.first, Tensor::of<float>({2}, {1, 1}));
  EXPECT_NE(message_of([&] { f.step(good); }).find("half-changed: 'net/second'; set"), std::string::npos);
  f.session.set(f.second, Tensor::of<float>({2}, {2, 2}));
  f.step(good);
  EXPECT_EQ(to_text(f.session.get(f.first)), "[2. 2.]");
  EXPECT_EQ(to_text(f.session.get(f.second)), "[6. 6.]");
}

TEST(Torn, IsNothingWhereAFunctionChangesNoState) {
  Graph g;
  const Value index = g.input("index", i32, {1});
  const Value w = parameter(g.scope("net"), "w", {2}, initializers::constant(1.0));
  const Function f = Session(g).function({index}, {take(w, index)});
  EXPECT_NE(message_of([&] { f(Tensor::of<int32_t>({1}, {7})); }), "no error");
  EXPECT_EQ(to_text(f(Tensor::of<int32_t>({1}, {1}))[0]), "[1.]");
}

}  // namespace
}  // namespace lanc
