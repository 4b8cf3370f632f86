// Layout and constructors where sizes are symbols, and their use in the user's own words. Values, derivatives and errors: the tables.
#include <gtest/gtest.h>

#include <lanc/graph/error.h>
#include <lanc/lanc.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

std::vector<double> list(const Tensor& t) {
  std::vector<double> out;
  for (int64_t i = 0; i < t.numel(); ++i) out.push_back(t.at(i));
  return out;
}
using List = std::vector<double>;

Tensor counting(Sizes sizes) {
  Tensor t(f64, std::move(sizes));
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, static_cast<double>(i));
  return t;
}

// A vector of symbolic size n, and what becomes of 0, 1, ..., n - 1.
struct Vector {
  Graph g;
  Dim n = g.dim("n");
  Value x = g.input("x", f64, {n});
  List of(const Value& y, int64_t size) const { return list(Session(g, {.verify_passes = true}).eval({y}, {{x, counting({size})}})[0]); }
};

TEST(Slice, OfASymbolicAxisCountsFromTheEnd) {
  const Vector v;
  EXPECT_EQ(v.of(slice_of(v.x, {{-2}}), 5), (List{3, 4}));
  EXPECT_EQ(v.of(slice_of(v.x, {{.stop = -1}}), 3), (List{0, 1}));
  EXPECT_EQ(v.of(slice_of(v.x, {{.stop = v.n - 2}}), 5), (List{0, 1, 2}));
  EXPECT_EQ(v.of(slice_of(v.x, {{1, {}, 2}}), 6), (List{1, 3, 5}));
  EXPECT_EQ(v.of(slice_of(v.x, {{.step = -2}}), 6), (List{5, 3, 1}));
}

TEST(Slice, PositionsBeyondASymbolicAxisAreRefusedWhenItIsBound) {
  const Vector v;
  const Value y = strided_slice(v.x, {{0}, {10}, {1}});
  EXPECT_EQ(v.of(y, 10).size(), 10u);
  try {
    v.of(y, 9);
    FAIL() << "a slice beyond the end ran";
  } catch (const UserError& e) {
    EXPECT_NE(std::string(e.what()).find("slice: positions of axis 0 must lie in [0, n), got 0 to 9 for f64[n]"), std::string::npos) << e.what();
    EXPECT_NE(std::string(e.what()).find("\n  here n is 9"), std::string::npos) << e.what();
  }
}

TEST(Slice, BeyondASymbolicAxisIsRefusedWhenItIsBound) {
  const Vector v;
  const Value y = slice_of(v.x, {{0, 10}});
  EXPECT_EQ(v.of(y, 10).size(), 10u);
  const std::string text = message_of([&] { v.of(y, 9); });
  EXPECT_NE(text.find("slice_of: stop must be in [-n, n], got 10 for axis 0 of f64[n]"), std::string::npos) << text;
  EXPECT_NE(text.find("layout_test.cpp:"), std::string::npos) << text;
}

TEST(Reverse, OfAnEmptySymbolicAxisIsEmpty) {
  const Vector v;
  EXPECT_EQ(v.of(reverse(v.x), 4), (List{3, 2, 1, 0}));
  EXPECT_EQ(v.of(reverse(v.x), 0), List{});
}

TEST(Roll, OfASymbolicAxisIsModuloItsSize) {
  const Vector v;
  EXPECT_EQ(v.of(roll(v.x, 7, 0), 5), (List{3, 4, 0, 1, 2}));
  EXPECT_EQ(v.of(roll(v.x, -1, 0), 3), (List{1, 2, 0}));
  EXPECT_EQ(v.of(roll(v.x, 3, 0), 0), List{});
}

TEST(Split, OfASymbolicAxisIntoEqualPartsNeedsAMultiple) {
  const Vector v;
  const std::vector<Value> halves = split_equal(v.x, 2);
  EXPECT_EQ(v.of(halves[1], 4), (List{2, 3}));
  EXPECT_THROW(v.of(halves[1], 5), UserError);
  const Vector w;
  EXPECT_EQ(w.of(split(w.x, {2, w.n - 2})[1], 3), (List{2}));
}

TEST(Pad, OfASymbolicAxisWithInteriorIsEmptyOfAnEmptyOne) {
  const Vector v;
  const Value y = pad(v.x, {{1, 0, 1}}, 9);
  EXPECT_EQ(v.of(y, 3), (List{9, 0, 9, 1, 9, 2}));
  EXPECT_EQ(v.of(y, 0), (List{9}));
}

TEST(Pad, ModesContinueTheAxis) {
  const Vector v;
  EXPECT_EQ(v.of(pad(v.x, {{2, 1}}, PadMode::reflect), 4), (List{2, 1, 0, 1, 2, 3, 2}));
  EXPECT_EQ(v.of(pad(v.x, {{2, 1}}, PadMode::symmetric), 4), (List{1, 0, 0, 1, 2, 3, 3}));
  EXPECT_EQ(v.of(pad(v.x, {{2, 1}}, PadMode::edge), 4), (List{0, 0, 0, 1, 2, 3, 3}));
  EXPECT_EQ(v.of(pad(v.x, {{2, 1}}, PadMode::wrap), 4), (List{2, 3, 0, 1, 2, 3, 0}));
}

TEST(Concat, TakesBracesAndVectorsAndPromotes) {
  const Vector v;
  const std::vector<Value> twice = {v.x, v.x};
  EXPECT_EQ(v.of(concat(twice), 2), (List{0, 1, 0, 1}));
  const Value mixed = concat({v.x, arange(v.g, 2, i32)});
  EXPECT_EQ(mixed.dtype(), f64);
  EXPECT_EQ(mixed.shape(), (Shape{v.n + 2}));
  EXPECT_EQ(v.of(stack_of({v.x, v.x + 10}, -1), 2), (List{0, 10, 1, 11}));
}

TEST(Tile, AndRepeatTakeSymbols) {
  const Vector v;
  EXPECT_EQ(v.of(tile(v.x, {2}), 3), (List{0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(v.of(repeat(v.x, 2, 0), 3), (List{0, 0, 1, 1, 2, 2}));
  EXPECT_EQ(v.of(tile(v.x, {v.n}), 2), (List{0, 1, 0, 1}));
}

TEST(Constructors, TakeSymbols) {
  const Vector v;
  EXPECT_EQ(v.of(v.x + zeros(v.g, {v.n}, f64), 2), (List{0, 1}));
  EXPECT_EQ(v.of(v.x * 0 + linspace(v.g, 1, 2, v.n, f64), 3), (List{1, 1.5, 2}));
  EXPECT_EQ(v.of(v.x * 0 + linspace(v.g, 1, 2, v.n, f64), 1), (List{1}));
  EXPECT_EQ(v.of(cast(arange(v.g, v.n, v.n + 3), f64) + sum(v.x), 0), (List{0, 1, 2}));
  EXPECT_EQ(v.of(reshape(eye(v.g, v.n, f64), {-1}) + sum(v.x) * 0, 2), (List{1, 0, 0, 1}));
  EXPECT_EQ(v.of(diag(v.x, -1), 2), (List{0, 0, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(v.of(diag(diag(v.x, 1), 1), 4), (List{0, 1, 2, 3}));
  EXPECT_EQ(v.of(trace(diag(v.x)), 4), (List{6}));
}

TEST(Reshape, InfersASizeBesideSymbols) {
  Graph g;
  const Dim batch = g.dim("batch"), t = g.dim("t");
  const Value x = g.input("x", f64, {batch, t, 28, 28});
  EXPECT_EQ(reshape(x, {batch, t, -1}).shape(), (Shape{batch, t, 784}));
  EXPECT_EQ(reshape(x, {batch * t, -1}).shape(), (Shape{batch * t, 784}));
  EXPECT_EQ(reshape(x, {-1, 784}).shape(), (Shape{batch * t, 784}));
  EXPECT_EQ(reshape(x, {t, -1}).shape(), (Shape{t, batch * 784}));
  EXPECT_EQ(reshape(g.input("empty", f64, {0, 5}), {0, -1}).shape(), (Shape{0, 5}));
  EXPECT_EQ(reshape(g.input("scalar", f64, {}), {-1}).shape(), (Shape{1}));
}

TEST(Dim, QuotientByAProductThatDividesEveryTermIsExact) {
  const Dim a = Dim::symbol("a"), b = Dim::symbol("b");
  EXPECT_EQ(floordiv(6 * a * b, 2 * a), 3 * b);
  EXPECT_EQ(floordiv(a * a + 2 * a, a), a + 2);
  EXPECT_EQ(ceildiv(a, a), Dim(1));
  EXPECT_EQ(floordiv(a * b + 1, a).text(), "floordiv(a*b + 1, a)");
  EXPECT_EQ(floordiv(3 * a, 2 * a).text(), "floordiv(3*a, 2*a)");
}

TEST(Concat, OfWhatWasSplitGivesTheSameGradientsAsTheWhole) {
  Graph g;
  const Value x = g.input("x", f64, {g.dim("n"), 4});
  const auto parts = split(x, {1, 3}, 1);
  const Value joined = concat({exp(parts[0]), exp(parts[1])}, 1);
  const Value whole = exp(x);
  const Value d1 = gradient(sum(joined * joined * joined), x), d2 = gradient(sum(whole * whole * whole), x);
  const Results r = Session(g).eval({d1, d2, gradient(sum(d1), x), gradient(sum(d2), x)}, {{x, Tensor::of<double>({2, 4}, {0, 1, -1, 0.5, 2, -2, 0.1, 0.2})}});
  EXPECT_TRUE(identical(r[0], r[1])) << r[0] << r[1];
  EXPECT_TRUE(identical(r[2], r[3])) << r[2] << r[3];
}

TEST(Constructors, HaveTheCallersLine) {
  Graph g;
  const Value z = zeros(g, {2}); const int line = __LINE__;
  EXPECT_EQ(z.node().origin->user.line, static_cast<uint32_t>(line));
  const Value c = concat({z, z}); const int concat_line = __LINE__;
  EXPECT_EQ(c.node().origin->user.line, static_cast<uint32_t>(concat_line));
}

// d2/dx2 of sum((slice of x)^3) is 6 x where the slice reads.
TEST(Slice, HasSecondDerivatives) {
  const Vector v;
  const Value part = slice_of(v.x, {{.start = -1, .step = -2}});
  const Value d1 = gradient(sum(part * part * part), v.x);
  EXPECT_EQ(v.of(gradient(sum(d1), v.x), 4), (List{0, 6, 0, 18}));
}

// The first line of the message; the others say where.
template <class F>
std::string refusal(const F& f) {
  const std::string text = message_of(f);
  return text.substr(0, text.find('\n'));
}

TEST(Layout, SizesThatDoNotExistAreRefused) {
  Graph g;
  const Value a = g.input("a", f32, {}), x = g.input("x", f32, {2, 3});
  const Dim q = Dim::symbol("q");
  EXPECT_EQ(refusal([&] { broadcast_to(a, {-4}, {}); }), "broadcast_to: sizes must be >= 0, got [-4]");
  EXPECT_EQ(refusal([&] { broadcast_to(a, {q}); }), "broadcast_to: dims must be declared by graph.dim(name), got 'q' in [q]");
  EXPECT_EQ(refusal([&] { reshape(x, {q, 3}); }), "reshape: dims must be declared by graph.dim(name), got 'q' in [q,3]");
  EXPECT_EQ(refusal([&] { apply(broadcast_op, {a}, BroadcastAttrs{{-4}, {}}); }), "broadcast: sizes of a result must be >= 0, got f32[-4]");
  EXPECT_EQ(g.size(), 2u);
}

TEST(Concat, OfANodeCountsItsAxisFromTheFront) {
  Graph g;
  const Value x = g.input("x", f32, {2, 3});
  EXPECT_EQ(refusal([&] { apply(concat_op, {x, x}, ConcatAttrs{-1}); }), "concat: axis must be in [0, 2), got -1");
  EXPECT_EQ(concat({x, x}, -1).shape(), (Shape{2, 6}));
}

// Attributes of nodes may count from the end where kernels and passes do too: the bits of both spellings agree.
TEST(Nodes, WithAnAxisFromTheEndGiveTheBitsOfThatFromTheFront) {
  for (const Device device : {Device::cpu(), Device::reference()}) {
    Graph g;
    const Value x = g.input("x", f32, {3, 4}), index = constant(g, Tensor::of<int64_t>({2}, {2, 0}));
    const auto all = [&](int64_t last) {
      return std::vector<Value>{apply(sum_op, {x}, ReduceAttrs{{last}}), apply(reduce_max_op, {exp(x)}, ReduceAttrs{{last}, true}),
                                apply(argmax_op, {x}, ReduceAttrs{{last}}), apply(prod_op, {x}, ReduceAttrs{{last}}),
                                apply(cumsum_op, {x}, CumulativeAttrs{last}), apply(softmax_op, {x}, SoftmaxAttrs{last}),
                                apply(gather_op, {x, index}, IndexAttrs{.axis = last, .slices = true})};
    };
    Tensor fed(f32, {3, 4});
    for (int64_t i = 0; i < 12; ++i) fed.set(i, static_cast<double>((5 * i) % 12) / 7);
    const Session session(g, {.device = device, .verify_passes = true});
    const Results front = session.eval(all(1), {{x, fed}}), end = session.eval(all(-1), {{x, fed}});
    for (size_t i = 0; i < front.size(); ++i) EXPECT_TRUE(identical(front[i], end[i])) << i;
  }
}

}  // namespace
}  // namespace lanc
