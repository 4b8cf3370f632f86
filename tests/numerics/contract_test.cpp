// Products: batches of every size on the CPU backend, subscripts with symbols, the order of several factors.
#include <lanc/tests/numerics/checks.h>

namespace lanc::numerics {
namespace {

Tensor waves(DType t, Sizes sizes, int64_t phase) {
  return filled(f64, std::move(sizes), [=](int64_t i) { return is_float(t) ? wave(i + phase) : std::floor(5 * wave(i + phase)); }).to(t);
}

// Around the sizes at which products go to another kernel (tiles of 4 and 8, 16^3 multiplications), as they lie and transposed.
TEST(Matmul, OfBatchesGivesTheReferencesResults) {
  struct Case {
    int64_t batch, m, n, k;
  };
  for (const Case& c : {Case{2, 1, 1, 1}, Case{3, 1, 9, 5}, Case{3, 9, 1, 13}, Case{5, 8, 8, 8}, Case{4, 3, 4, 7}, Case{3, 13, 11, 17}, Case{2, 16, 16, 16},
                        Case{2, 17, 16, 16}, Case{2, 4, 5, 0}, Case{1, 8, 8, 8}, Case{70, 2, 3, 2}})
    for (DType t : {f64, f32, bf16, f16, i64, i32, u8})
      for (int layout = 0; layout < 4; ++layout) {
        Graph g;
        const bool turn_a = (layout & 1) != 0, turn_b = (layout & 2) != 0;
        const Value a = g.input("a", t, turn_a ? Shape{c.batch, c.k, c.m} : Shape{c.batch, c.m, c.k});
        const Value b = g.input("b", t, turn_b ? Shape{c.batch, c.n, c.k} : Shape{c.batch, c.k, c.n});
        const Value y = matmul(turn_a ? transpose(a) : a, turn_b ? transpose(b) : b);
        const Feeds feeds = {{a, waves(t, turn_a ? Sizes{c.batch, c.k, c.m} : Sizes{c.batch, c.m, c.k}, 0)},
                             {b, waves(t, turn_b ? Sizes{c.batch, c.n, c.k} : Sizes{c.batch, c.k, c.n}, 3)}};
        const Tensor fast = Session(g).eval({y}, feeds)[0], slow = Session(g, {.device = Device::reference()}).eval({y}, feeds)[0];
        const double tolerance = t == f64 ? 1e-12 : t == f32 ? 1e-5 : t == bf16 ? 1.6e-2 : t == f16 ? 2e-3 : 0;
        for (int64_t i = 0; i < fast.numel(); ++i)
          ASSERT_NEAR(fast.at(i), slow.at(i), tolerance * (1 + std::abs(slow.at(i)))) << c.batch << " x " << c.m << "," << c.n << "," << c.k << " "
                                                                                     << name_of(t) << " layout " << layout << " element " << i;
      }
}

// Few rows and many columns: the product is cut into blocks of columns. Two inner axes apart: both operands are packed.
TEST(Contract, InBlocksOfColumnsAndOfPackedOperandsGivesTheReferencesResults) {
  for (DType t : {f64, f32, bf16, f16}) {
    Graph g;
    const Value a = g.input("a", t, {20, 300}), b = g.input("b", t, {300, 1000}), c = g.input("c", t, {5, 6, 7}), d = g.input("d", t, {3, 6, 4});
    const std::vector<Value> products = {matmul(a, b), contract(c, d, {.lhs = {1}, .rhs = {1}})};
    const Function f = Session(g).function({a, b}, {products[0]});
    EXPECT_NE(f.plan_text({}).find(" parts"), std::string::npos) << f.plan_text({});
    const Feeds feeds = {{a, waves(t, {20, 300}, 0)}, {b, waves(t, {300, 1000}, 1)}, {c, waves(t, {5, 6, 7}, 2)}, {d, waves(t, {3, 6, 4}, 3)}};
    const Results fast = Session(g).eval(products, feeds), slow = Session(g, {.device = Device::reference()}).eval(products, feeds);
    const double tolerance = t == f64 ? 1e-12 : t == f32 ? 1e-5 : t == bf16 ? 1.6e-2 : 2e-3;
    for (size_t k = 0; k < 2; ++k)
      for (int64_t i = 0; i < fast[k].numel(); ++i)
        ASSERT_NEAR(fast[k].at(i), slow[k].at(i), tolerance * (20 + std::abs(slow[k].at(i)))) << name_of(t) << " product " << k << " element " << i;
  }
}

// Transposes are read by the product itself only where that leaves the order of its free axes.
TEST(Contract, OfTransposedOperandsKeepsTheOrderOfFreeAxes) {
  Graph g;
  const Value a = g.input("a", f64, {3, 3, 4}), b = g.input("b", f64, {2, 4, 3}), c = g.input("c", f64, {4, 3, 3, 2});
  const std::vector<Value> products = {contract(permute(a, {1, 0, 2}), b, {.lhs = {2}, .rhs = {1}}), contract(permute(a, {2, 1, 0}), b, {.lhs = {0}, .rhs = {1}}),
                                       contract(b, permute(c, {2, 0, 1, 3}), {.lhs = {1}, .rhs = {1}}),
                                       contract(permute(c, {3, 2, 1, 0}), permute(b, {0, 2, 1}), {.lhs = {3}, .rhs = {2}, .lhs_batch = {0}, .rhs_batch = {0}}),
                                       permute(contract(a, b, {.lhs = {2}, .rhs = {1}}), {2, 3, 0, 1}), permute(contract(a, b, {.lhs = {2}, .rhs = {1}}), {1, 0, 3, 2})};
  const Feeds feeds = {{a, waves(f64, {3, 3, 4}, 0)}, {b, waves(f64, {2, 4, 3}, 1)}, {c, waves(f64, {4, 3, 3, 2}, 2)}};
  const Results with = Session(g).eval(products, feeds);
  const Results without = Session(g, {.device = Device::reference(), .disabled_passes = {"contract_flags"}}).eval(products, feeds);
  for (size_t k = 0; k < products.size(); ++k) {
    ASSERT_EQ(with[k].type_text(), without[k].type_text()) << k;
    for (int64_t i = 0; i < with[k].numel(); ++i) ASSERT_NEAR(with[k].at(i), without[k].at(i), 1e-12) << "product " << k << " element " << i;
  }
}

TEST(Einsum, TakesSizesThatAreSymbols) {
  Graph g;
  const Dim n = g.dim("n"), m = g.dim("m");
  const Value a = g.input("a", f64, {n, 3}), b = g.input("b", f64, {3, m}), c = g.input("c", f64, {n, m}), s = g.input("s", f64, {n, n});
  const Function f = Session(g).function({a, b, c, s}, {einsum("ij,jk,ik->", {a, b, c}), einsum("ij,jk", {a, b}), einsum("ii->i", {s}),
                                                       gradient(einsum("ij,jk,ik->", {a, b, c}), a), einsum("ij,ik->ijk", {a, c})});
  for (int64_t rows : {1, 2, 5}) {
    const Tensor ta = waves(f64, {rows, 3}, 1), tb = waves(f64, {3, 4}, 2), tc = waves(f64, {rows, 4}, 3), ts = waves(f64, {rows, rows}, 4);
    const Results r = f(ta, tb, tc, ts);
    double total = 0;
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < 3; ++j) {
        double da = 0;
        for (int64_t k = 0; k < 4; ++k) {
          da += tb.at(j * 4 + k) * tc.at(i * 4 + k);
          EXPECT_DOUBLE_EQ(r[4].at((i * 3 + j) * 4 + k), ta.at(i * 3 + j) * tc.at(i * 4 + k));
        }
        EXPECT_NEAR(r[3].at(i * 3 + j), da, 1e-12);
        total += da * ta.at(i * 3 + j);
      }
      EXPECT_EQ(r[2].at(i), ts.at(i * rows + i));
    }
    EXPECT_NEAR(r[0].item<double>(), total, 1e-11);
    EXPECT_EQ(r[1].sizes(), (Sizes{rows, 4}));
  }
}

TEST(Einsum, ChecksSymbolsWhenTheyAreBound) {
  Graph g;
  const Value a = g.input("a", f32, {g.dim("n"), 2}), b = g.input("b", f32, {g.dim("m"), 2});
  const Function f = Session(g).function({a, b}, {einsum("ij,ij->ij", {a, b})});
  EXPECT_EQ(f(Tensor(f32, {3, 2}), Tensor(f32, {3, 2}))[0].sizes(), (Sizes{3, 2}));
  const std::string text = message_of([&] { f(Tensor(f32, {3, 2}), Tensor(f32, {1, 2})); });
  EXPECT_NE(text.find("einsum: 'i' must have one size, got operand 0 f32[n,2] and operand 1 f32[m,2] (n and m)"), std::string::npos) << text;
  EXPECT_NE(text.find("here n is 3 and m is 1"), std::string::npos) << text;
}

// (a b) c would make 1,000 x 1,000 intermediate elements; b c makes 1,000.
TEST(Einsum, MultipliesThePairFirstThatMakesTheLeast) {
  Graph g;
  const Value a = g.input("a", f32, {1000, 2}), b = g.input("b", f32, {2, 1000}), c = g.input("c", f32, {1000, 1});
  einsum("ij,jk,kl->il", {a, b, c});
  for (uint32_t id = 0; id < g.size(); ++id)
    for (const Type& t : g.node(id).outputs) EXPECT_LE(t.numel().number(), 2000) << t.text();
}

TEST(Einsum, HasDerivativesOfItsDiagonalsAndFactors) {
  const Tensor at = waves(f64, {3, 3}, 0);
  for (const char* subscripts : {"ij,ji->", "ij,jk,kl->il", "ii,ij->j", "ij,ij->i", "ij,kl->il"})
    expect_derivatives([&](const Value& x) {
      const std::vector<Operand> operands(static_cast<size_t>(std::count(subscripts, subscripts + std::string(subscripts).find("->"), ',')) + 1, x);
      return einsum(subscripts, operands);
    }, at);
}

TEST(Contract, AccumulatesHalvesInF32AndWrapsIntegers) {
  // 1 + 4,096 times 2^-12 is 2; in bf16 or f16 sums the small ones would be lost.
  for (DType t : {bf16, f16}) {
    const Tensor ones = filled(t, {4097}, [](int64_t i) { return i == 0 ? 1 : 0x1p-6; }), small = filled(t, {4097}, [](int64_t i) { return i == 0 ? 1 : 0x1p-6; });
    for (const Device device : {Device::cpu(), Device::reference()}) {
      Graph g;
      const Value a = g.input("a", t, {4097}), b = g.input("b", t, {4097});
      EXPECT_EQ(Session(g, {.device = device}).eval({dot(a, b)}, {{a, ones}, {b, small}})[0].item<double>(), 2) << name_of(t);
    }
  }
  Graph g;
  const Value a = g.input("a", i32, {2});
  EXPECT_EQ(Session(g).eval({dot(a, a)}, {{a, Tensor::of<int32_t>({2}, {65536, 3})}})[0].item<int32_t>(), 9);
}

}  // namespace
}  // namespace lanc::numerics
