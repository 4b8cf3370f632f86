// What case tables cannot say of ops by index: mistakes that only the data make, threads, large shapes, symbols.
#include <gtest/gtest.h>

#include <lanc/lanc.h>
#include <lanc/models/parameter.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

void expect_has(const std::string& text, const std::string& part) { EXPECT_NE(text.find(part), std::string::npos) << text; }

std::string line_text(int line) { return "index_test.cpp:" + std::to_string(line); }

Tensor whole_numbers(DType dtype, const Sizes& sizes, int64_t below, uint64_t seed) {
  Tensor t(dtype, sizes);
  for (int64_t i = 0; i < t.numel(); ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    t.set(i, static_cast<double>((seed >> 33) % static_cast<uint64_t>(below)));
  }
  return t;
}
// Numbers whose sums are not exact, so that their order shows.
Tensor fractions(DType dtype, const Sizes& sizes, uint64_t seed) {
  Tensor t = whole_numbers(dtype, sizes, 1 << 20, seed);
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, t.at(i) / 3.0 - 170000);
  return t;
}

const Device devices[] = {Device::cpu(), Device::reference()};

TEST(IndexOutOfRange, NamesValueBoundPositionAndLine) {
  for (const Device device : devices) {
    Graph g;
    const Value x = g.input("x", f32, {5, 2}), i = g.input("i", i32, {2, 3});
    const int line = __LINE__ + 1;
    const Value y = take(x, i);
    const Session session(g, {.device = device});
    const Function f = session.function({x, i}, {y});
    const Tensor good = Tensor::of<int32_t>({2, 3}, {0, 1, -5, 2, 4, 3}), table(f32, {5, 2});
    for (const int32_t wrong : {5, -6, 2147483647, -2147483647 - 1}) {
      Tensor bad = good.clone();
      bad.span<int32_t>()[4] = wrong;
      const std::string text = message_of([&] { f(table, bad); });
      expect_has(text, "take: index must be in [-5, 5), got " + std::to_string(wrong) + " at [1,1]\n  gather at " + line_text(line));
      EXPECT_EQ(f(table, good)[0].numel(), 12);  // the session is as usable as before
    }
  }
}

TEST(IndexOutOfRange, NamesTheFirstOfSeveral) {
  for (const Device device : devices) {
    Graph g;
    const Value x = g.input("x", f32, {100, 64}), i = g.input("i", i64, {20000});
    const Function f = Session(g, {.device = device, .threads = 3}).function({x, i}, {take(x, i)});
    Tensor indices = whole_numbers(i64, {20000}, 100, 1);
    for (int64_t at : {777, 5000, 19999}) indices.set(at, 1000.0 + static_cast<double>(at));
    expect_has(message_of([&] { f(Tensor(f32, {100, 64}), indices); }), "got 1777 at [777]");
  }
}

TEST(IndexOutOfRange, OfEveryOpIsRefused) {
  for (const Device device : devices) {
    Graph g;
    const Value x = g.input("x", f32, {3, 2}), i = g.input("i", i64, {2, 2}), v = g.input("v", i64, {2}), u = g.input("u", f32, {2, 2});
    const std::vector<std::pair<std::string, Value>> values = {
        {"gather: index", gather(x, i, 0)},        {"pick: index", pick(x, v, 0)},
        {"embedding: id", embedding(x, v)},           {"scatter_set: index", scatter_set(x, i, u, 0)},
        {"scatter_add: index", scatter_add(x, i, u, 0)}, {"scatter_max: index", scatter_max(x, i, u, 0)},
        {"index_set: index", index_set(x, v, u)}, {"index_add: index", index_add(x, v, u)}, {"index_max: index", index_max(x, v, u)}};
    for (const auto& [op, value] : values) {
      const Session session(g, {.device = device});
      const std::string bound = op == "embedding: id" ? " must be in [0, 3)" : " must be in [-3, 3)";
      expect_has(message_of([&] {
        session.eval({value}, {{x, Tensor(f32, {3, 2})}, {i, Tensor::of<int64_t>({2, 2}, {0, 1, 3, 2})}, {v, Tensor::of<int64_t>({2}, {1, 3})}, {u, Tensor(f32, {2, 2})}});
      }), op + bound + ", got 3 at [1");
    }
  }
}

// Constants are folded when the function is made; their mistake is told where it is run, with the line as ever.
TEST(IndexOutOfRange, OfConstantsIsToldWhenTheFunctionRuns) {
  for (const Device device : devices) {
    Graph g;
    const Value x = constant(g, fractions(f32, {3}, 1)), i = constant(g, Tensor::of<int32_t>({2}, {0, 7}));
    const int line = __LINE__ + 1;
    const Value y = take(x, i);
    const Function f = Session(g, {.device = device}).function({}, {y});
    expect_has(message_of([&] { f(); }), "take: index must be in [-3, 3), got 7 at [1]\n  gather at " + line_text(line));
  }
}

TEST(IndexOutOfRange, CountsFromTheEndExceptForIds) {
  Graph g;
  const Value x = g.input("x", f32, {3, 2}), v = g.input("v", i64, {1});
  const Session session(g);
  expect_has(message_of([&] { session.eval({embedding(x, v)}, {{x, Tensor(f32, {3, 2})}, {v, Tensor::of<int64_t>({1}, {-1})}}); }),
             "embedding: id must be in [0, 3), got -1 at [0]");
}

TEST(IndexOutOfRange, OfAnEmptyAxisIsAnyIndex) {
  for (const Device device : devices) {
    Graph g;
    const Value x = g.input("x", f32, {0, 2});
    expect_has(message_of([&] { Session(g, {.device = device}).eval({take(x, 0)}, {{x, Tensor(f32, {0, 2})}}); }), "index must be in [0, 0), got 0\n");
  }
}

TEST(IndexOutOfRange, InAStepLeavesTheStateAsItWas) {
  for (const Device device : devices) {
    Graph g;
    const Value ids = g.input("ids", i32, {4});
    models::Dense out(g.scope("out"), 3, 2);
    const Value table = parameter(g.scope("table"), "weight", {10, 3}, initializers::normal(0, 1));
    const Value loss = mean(square(out(embedding(table, ids))));
    const Session session(g, {.device = device, .seed = 3});
    const Function train = session.function({ids}, {loss}, optimizers::adam({.learning_rate = 0.1}).minimize(loss));
    const Tensor good = Tensor::of<int32_t>({4}, {1, 9, 1, 0});
    train(good);
    const Tensor before = session.get(table);
    const int64_t step = session.step();
    expect_has(message_of([&] { train(Tensor::of<int32_t>({4}, {1, 10, 1, 0})); }), "embedding: id must be in [0, 10), got 10 at [1]");
    EXPECT_TRUE(identical(session.get(table), before));
    EXPECT_EQ(session.step(), step);
    EXPECT_NO_THROW(train(good));
    EXPECT_FALSE(identical(session.get(table), before));
  }
}

// One shape per way of dividing the work: rows, columns, the axis, elements.
TEST(IndexKernels, GiveTheReferencesBitsOnAnyNumberOfThreads) {
  struct Shapes {
    Sizes x, indices;
    int64_t axis;
    bool slices;
  };
  const Shapes all[] = {{{300, 256}, {2000}, 0, true}, {{50, 3}, {70000}, 0, true}, {{7, 40, 100}, {64}, 1, true}, {{1000}, {100000}, 0, true},
                        {{300, 257}, {400, 257}, 0, false}, {{900, 33}, {900, 50}, 1, false}, {{20, 30, 40}, {20, 50, 40}, 1, false},
                        {{2, 50000}, {1}, 0, true}};
  for (const Shapes& s : all)
    for (const DType dtype : {f64, f32, bf16, f16, i64, i32, u8}) {
      Graph g;
      const Shape shape(s.x.begin(), s.x.end()), index_shape(s.indices.begin(), s.indices.end());
      const Value x = g.input("x", dtype, shape), i = g.input("i", i32, index_shape);
      const Value y = s.slices ? take(x, i, s.axis) : gather(x, i, s.axis);
      const Value u = g.input("u", dtype, y.shape());
      const auto write = [&](auto by_slice, auto by_element) { return s.slices ? by_slice(x, i, u, s.axis) : by_element(x, i, u, s.axis); };
      const std::vector<Value> values = {y, write(index_set, scatter_set), write(index_add, scatter_add), write(index_max, scatter_max)};
      const Tensor updates = fractions(dtype, [&] { Sizes n; for (const Dim& d : y.shape()) n.push_back(d.number()); return n; }(), 5);
      const Feeds feeds = {{x, fractions(dtype, s.x, 7)}, {i, whole_numbers(i32, s.indices, s.x[static_cast<size_t>(s.axis)], 9)}, {u, updates}};
      const Results want = Session(g, {.device = Device::reference()}).eval(values, feeds);
      for (const int threads : {1, 2, 3, 4}) {
        const Results got = Session(g, {.threads = threads}).eval(values, feeds);
        for (size_t k = 0; k < got.size(); ++k) EXPECT_TRUE(identical(got[k], want[k])) << name_of(dtype) << ", value " << k << ", threads " << threads;
      }
    }
}

TEST(ScatterAdd, OfSixteenBitFloatsRoundsOnce) {
  for (const Device device : devices) {
    Graph g;
    const Value x = g.input("x", bf16, {1}), i = g.input("i", i32, {1000}), u = g.input("u", bf16, {1000});
    // 256 + 1000 * 1: a sum in bf16 would stay at 256, whose step is 2.
    const Results y = Session(g, {.device = device}).eval({scatter_add(x, i, u, 0)}, {{x, Tensor::of<float>({1}, {256}).to(bf16)}, {i, Tensor(i32, {1000})},
                                                                                   {u, Tensor::of<float>({1000}, std::vector<float>(1000, 1)).to(bf16)}});
    EXPECT_EQ(y[0].at(0), 1256);
  }
}

TEST(ScatterMax, SharesItsDerivativeEquallyAmongTies) {
  Graph g;
  const Value x = g.input("x", f64, {3}), u = g.input("u", f64, {4});
  const Value y = scatter_max(x, constant(g, Tensor::of<int64_t>({4}, {0, 0, 1, 2})), u, 0);
  const Results r = Session(g).eval({y, gradient(sum(y), x), gradient(sum(y), u)}, {{x, Tensor::of<double>({3}, {1, 2, 5})}, {u, Tensor::of<double>({4}, {1, 1, 2, 4})}});
  EXPECT_EQ(to_text(r[0]), "[1. 2. 5.]");
  for (int64_t i = 0; i < 3; ++i) EXPECT_DOUBLE_EQ(r[1].at(i), i == 0 ? 1.0 / 3 : i == 1 ? 0.5 : 1.0) << i;
  for (int64_t i = 0; i < 4; ++i) EXPECT_DOUBLE_EQ(r[2].at(i), i < 2 ? 1.0 / 3 : i == 2 ? 0.5 : 0.0) << i;
}

TEST(Index, TakesSymbolsAndTheirBindings) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value x = g.input("x", f32, {n, 2}), i = g.input("i", i64, {m});
  const Value y = take(x, i), dx = vjp({sum(square(y))}, {x}, {ones_like(sum(y))})[0];
  EXPECT_EQ(shape_text(y.shape()), "[m,2]");
  EXPECT_EQ(shape_text(dx.shape()), "[n,2]");
  const Value set = index_set(x, i, y * 2.0), du = gradient(sum(set), x);
  EXPECT_EQ(shape_text(du.shape()), "[n,2]");
  const Function f = Session(g).function({x, i}, {dx, du, one_hot(i, n)});
  const Results r = f(Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}), Tensor::of<int64_t>({2}, {2, 2}));
  EXPECT_EQ(to_text(r[0]), to_text(Tensor::of<float>({3, 2}, {0, 0, 0, 0, 20, 24})));
  EXPECT_EQ(to_text(r[1]), to_text(Tensor::of<float>({3, 2}, {1, 1, 1, 1, 2, 2})));  // of two equal updates only the last counts
  EXPECT_EQ(to_text(r[2]), to_text(Tensor::of<float>({2, 3}, {0, 0, 1, 0, 0, 1})));
  expect_has(message_of([&] { f(Tensor::of<float>({1, 2}, {1, 2}), Tensor::of<int64_t>({1}, {1})); }), "take: index must be in [-1, 1), got 1 at [0]");
}

TEST(Index, IsPrintedWithItsAttributes) {
  Graph g;
  const Value x = g.input("x", f32, {4, 3}), i = g.input("i", i32, {2});
  EXPECT_NE(to_text({embedding(x, i)}, {.lines = false}).find("gather(%x, %i) {axis = 0, slices = true, from_end = false, what = \"id\"} : f32[2,3]"), std::string::npos)
      << to_text({embedding(x, i)});
}

}  // namespace
}  // namespace lanc
