// The fuse pass: what becomes of small graphs, and that nothing but the number of steps changes.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <set>

#include <lanc/graph/rewrite.h>
#include <lanc/graph/text.h>
#include <lanc/graph/verify.h>
#include <lanc/lanc.h>
#include <lanc/ops/fused.h>
#include <lanc/passes/fusion_groups.h>
#include <lanc/passes/passes.h>

namespace lanc {
namespace {

PassContext fusing(bool strict = false) { return {.evaluate = {}, .capabilities = {.fusion = true, .contract_flags = true}, .strict = strict}; }

Graph fused(const std::vector<Value>& outputs, bool strict = false) {
  std::vector<Value> inputs;
  for (const auto& [name, id] : outputs[0].graph().data()->named) inputs.push_back(outputs[0].graph().value({id, 0}));
  Graph g = fuse(extract(outputs[0].graph(), inputs, outputs, {}), fusing(strict));
  verify(g, "fuse");
  return g;
}
std::string text_of(const Graph& g) { return to_text(g, {.lines = false}); }

size_t count(const Graph& g, std::string_view op) {
  size_t n = 0;
  for (uint32_t id = 0; id < g.size(); ++id) n += g.node(id).op->name == op;
  return n;
}
size_t computed(const Graph& g) {
  size_t n = 0;
  for (uint32_t id = 0; id < g.size(); ++id) n += g.node(id).op->family != "source";
  return n;
}

size_t largest_formula(const Graph& g) {
  size_t largest = 0;
  for (uint32_t id = 0; id < g.size(); ++id)
    if (g.node(id).op->name == fused_op.name) largest = std::max(largest, g.node(id).attrs<FusedAttrs>().formula.nodes().size());
  return largest;
}

Tensor filled(DType dtype, Sizes sizes, uint32_t seed) {
  Tensor t(dtype, std::move(sizes));
  for (int64_t i = 0; i < t.numel(); ++i) {
    seed = seed * 1664525u + 1013904223u;
    t.set(i, static_cast<double>(seed >> 8) / double{1 << 24} * 4 - 2);
  }
  return t;
}

Feeds feeds_for(const Graph& g) {
  Feeds feeds;
  uint32_t seed = 7;
  for (const auto& [name, id] : g.data()->named) {
    const Value v = g.value({id, 0});
    Sizes sizes;
    for (const Dim& d : v.shape()) sizes.push_back(d.number());
    feeds.emplace_back(v, filled(v.dtype(), sizes, seed += 11));
  }
  return feeds;
}

// The bits with the pass and without it.
void expect_same_bits(const Graph& g, const std::vector<Value>& outputs, const std::string& what = "") {
  const Feeds feeds = feeds_for(g);
  const Results with = Session(g, {.jit = false, .verify_passes = true}).eval(outputs, feeds);
  const Results without = Session(g, {.jit = false, .disabled_passes = {"fuse"}}).eval(outputs, feeds);
  for (size_t k = 0; k < outputs.size(); ++k) EXPECT_TRUE(identical(with[k], without[k])) << what << " output " << k << "\n" << with[k] << "\n" << without[k];
}

TEST(Fuse, AChainIsOneNestAndItsBroadcastsAndConstantsAreReadInPlace) {
  Graph g;
  const Value x = g.input("x", f32, {4, 3}), b = g.input("b", f32, {3});
  EXPECT_EQ(text_of(fused({tanh(2 * x + b) - 1})),
            "graph\n"
            "%x = input \"x\" : f32[4,3]\n"
            "%b = input \"b\" : f32[3]\n"
            "%0 = fused(%x, %b) {shape = [4, 3], formula = \"2: t2 = mul(2.0, x0); t4 = add(t2, x1); t5 = tanh(t4); t7 = sub(t5, 1.0); t7\", "
            "inputs = [{axes = [0, 1]}, {axes = [1]}], outputs = [{kind = 0, reduced = [], keep = false}]} : f32[4,3]\n"
            "output %0\n");
}

TEST(Fuse, ASingleNodeThatReadsItsOperandsAsTheyAreStaysAsItIs) {
  Graph g;
  const Value x = g.input("x", f32, {4}), y = g.input("y", f32, {4});
  const Graph f = fused({x * y});
  EXPECT_EQ(count(f, "fused"), 0u);
  EXPECT_EQ(count(f, "mul"), 1u);
}

TEST(Fuse, ReductionsShareTheNestOfWhatTheyReduce) {
  Graph g;
  const Value x = g.input("x", f32, {4, 5, 6});
  const Value y = exp(x) * x;
  const Graph f = fused({y, sum(y), sum(y, {.axes = {0}}), sum(y, {.axes = {1}, .keep = true}), reduce_max(y, {.axes = {2}}), reduce_min(y, {.axes = {0, 2}})});
  EXPECT_EQ(computed(f), 1u) << text_of(f);
  expect_same_bits(g, {y, sum(y), sum(y, {.axes = {0}}), sum(y, {.axes = {1}, .keep = true}), reduce_max(y, {.axes = {2}}), reduce_min(y, {.axes = {0, 2}})});
}

// max; sub, exp, sum; div: each reduction that is read back over its rows ends a nest.
TEST(Fuse, SoftmaxIsThreeNests) {
  Graph g;
  const Value x = g.input("x", f32, {8, 10});
  const Value e = exp(x - reduce_max(x, {.axes = {1}, .keep = true}));
  const Value y = e / sum(e, {.axes = {1}, .keep = true});
  EXPECT_EQ(computed(fused({y})), 3u);
  expect_same_bits(g, {y});
}

TEST(Fuse, OnlyWhatOthersReadIsStored) {
  Graph g;
  const Value x = g.input("x", f32, {16, 16});
  const Value a = exp(x), b = a * a, c = b + x;
  const Graph f = fused({c, matmul(b, b)});
  ASSERT_EQ(count(f, "fused"), 1u) << text_of(f);
  for (uint32_t id = 0; id < f.size(); ++id)
    EXPECT_EQ(f.node(id).outputs.size(), f.node(id).op->name == "fused" ? 2u : 1u);
}

TEST(Fuse, ANodeThatTheBackwardPassAloneReadsIsComputedThere) {
  Graph g;
  const Value x = g.input("x", f32, {16, 16}), w = g.input("w", f32, {16, 16});
  const Value h = relu(matmul(x, w));
  const Value mask = where(greater_than(h, 0), 1.0, 0.0);  // could be computed beside h, and would then be stored
  const Graph f = fused({matmul(h, w) * mask});
  for (uint32_t id = 0; id < f.size(); ++id) EXPECT_EQ(f.node(id).outputs.size(), 1u) << text_of(f);
  EXPECT_EQ(computed(f), 4u) << text_of(f);  // product, relu, product, the rest
}

TEST(Fuse, TransposesAndAxesOfSizeOneAreReadThrough) {
  Graph g;
  const Value x = g.input("x", f32, {6, 4}), y = g.input("y", f32, {4, 6}), r = g.input("r", f32, {1, 4, 1});
  const Value z = exp(transpose(x)) + y * reshape(r, {4, 1});
  const Graph f = fused({z});
  EXPECT_EQ(count(f, "broadcast") + count(f, "reshape"), 0u) << text_of(f);
  expect_same_bits(g, {z, transpose(z) * x, sum(transpose(z), {.axes = {0}}), sum(transpose(z), {.axes = {1}})});
}

TEST(Fuse, DeadNodesAreLeftOutAndFedInputsKept) {
  Graph g;
  const Value x = g.input("x", f32, {4}), unused = g.input("unused", f32, {4});
  const Value dead = exp(x) + 1;
  const Graph f = fused({x * 2});
  EXPECT_EQ(computed(f), 1u);
  EXPECT_TRUE(f.find("unused").has_value());
  static_cast<void>(dead);
}

TEST(Fuse, OnAndOffGiveTheSameBits) {
  for (DType t : {f32, f64})
    for (const Sizes& sizes : std::vector<Sizes>{{}, {1}, {0, 3}, {5}, {300}, {3, 7}, {4, 300}, {70, 3, 5}, {2, 1, 9}, {40, 1000}}) {
      Graph g;
      Shape shape;
      for (int64_t s : sizes) shape.emplace_back(s);
      const Value x = g.input("x", t, shape), y = g.input("y", t, shape);
      const Value a = sigmoid(x) * y + 0.5, b = where(greater_than(a, x), a, exp(-y));
      std::vector<Value> outputs = {a, b, max(a, b), sum(a * b), reduce_max(b), reduce_min(a - b)};
      for (int64_t axis = 0; axis < static_cast<int64_t>(sizes.size()); ++axis) {
        outputs.push_back(sum(b, {.axes = {axis}}));
        outputs.push_back(a - mean(a, {.axes = {axis}, .keep = true}));
        outputs.push_back(reduce_max(a, {.axes = {axis}, .keep = true}) + sum(a, {.axes = {axis}, .keep = true}));
      }
      expect_same_bits(g, outputs, shape_text(shape) + " " + std::string(name_of(t)));
    }
}

TEST(Fuse, IntegersAndBoolsGiveTheSameBits) {
  Graph g;
  const Value i = g.input("i", i32, {9, 20}), j = g.input("j", i64, {9, 20}), u = g.input("u", u8, {9, 20}), x = g.input("x", f32, {9, 20});
  const Value odd = equal(remainder(i, 2), 1);
  const Value k = where(odd, 1, 0);
  expect_same_bits(g, {k, i * 3 + 1, j + i, sum(j * 2, {.axes = {0}}), where(odd, x, 0), cast(u, f32) * x, u + u, odd && less_than(j, 1), x * k, cast(x, i32) / 2,
                       reduce_max(j, {.axes = {1}})});
}

// An operand whose dtype is wider than the constant's, and the other way round: the formula's literals are typed by what they meet.
TEST(Fuse, ConstantsKeepTheirDtype) {
  Graph g;
  const Value x = g.input("x", bf16, {8}), y = g.input("y", f32, {8});
  const Value c = constant(g, Tensor::scalar(0.1f)), d = constant(g, Tensor::scalar(0.1));
  const std::vector<Value> outputs = {x + c, x + d, y * d, y * c, where(greater_than(y, c), c, c), clamp(y, c, d), cast(cast(c, f64) * d, f32) + y};
  const Feeds feeds = feeds_for(g);
  const Results with = Session(g, {.jit = false}).eval(outputs, feeds), without = Session(g, {.jit = false, .disabled_passes = {"fuse", "fold", "algebra"}}).eval(outputs, feeds);
  for (size_t k = 0; k < outputs.size(); ++k) EXPECT_TRUE(identical(with[k], without[k])) << k << with[k] << without[k];
}

TEST(Fuse, SixteenBitIntermediatesAreRoundedWhenStrictAndByExplicitCasts) {
  Graph g;
  const Value x = g.input("x", bf16, {64}), y = g.input("y", f32, {64});
  const Value chain = (x * x + x) * x;
  const Value cut = y - cast(cast(y, bf16), f32), half = y - cast(cast(y, f16), f32);  // what the rounding drops, in f32
  EXPECT_NE(text_of(fused({chain}, true)).find("cast("), std::string::npos);
  EXPECT_EQ(text_of(fused({chain}, false)).find("cast("), std::string::npos);
  expect_same_bits(g, {cut, half});
  const Feeds feeds = feeds_for(g);
  const Tensor with = Session(g, {.jit = false}).eval({chain}, feeds)[0], without = Session(g, {.jit = false, .disabled_passes = {"fuse"}}).eval({chain}, feeds)[0];
  for (int64_t i = 0; i < 64; ++i) EXPECT_NEAR(with.at(i), without.at(i), 3 * std::ldexp(std::abs(without.at(i)) + 1, -8)) << i;
}

// They accumulate in f32, between casts that join the nest: in bf16 a sum of ones would stand still at 256.
TEST(Fuse, SumsOfSixteenBitFloatsFuse) {
  Graph g;
  const Value x = g.input("x", bf16, {4, 1000});
  const Function f = Session(g).function({x}, {sum(square(x), {.axes = {1}}), reduce_max(x, {.axes = {1}})});
  const std::string plan = f.plan_text({});
  EXPECT_EQ(plan.find("reference"), std::string::npos) << plan;
  Tensor ones(bf16, {4, 1000});
  for (int64_t i = 0; i < ones.numel(); ++i) ones.set(i, 1);
  EXPECT_EQ(f(ones)[0].at(3), 1000);
  EXPECT_EQ(f(ones)[1].at(3), 1);
}

// Every f32 near the boundaries of a 16-bit format, and a sample of all others.
TEST(Fuse, ACastWithinAFormulaRoundsAsAStoreDoes) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("n")});
  const Session session(g);
  const Function f = session.function({x}, {cast(cast(x, bf16), f32) + 0.0, cast(cast(x, f16), f32) + 0.0, cast(x, bf16), cast(x, f16)});
  std::vector<float> values = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 65504.0f, 65519.996f, 65520.0f, -65520.0f, 1e30f, 6.1035156e-05f, 5.96e-8f, 2.98e-8f, 2.9802326e-8f};
  uint32_t state = 3;
  for (int i = 0; i < 200000; ++i) {
    state = state * 1664525u + 1013904223u;
    uint32_t bits = i % 2 == 0 ? state : (0x30000000u + (state >> 4) % 0x18000000u);  // from 2^-31 to 2^17
    if (i % 3 == 0) bits &= ~0xfffu;
    float v;
    std::memcpy(&v, &bits, sizeof v);
    if (std::fpclassify(v) != FP_SUBNORMAL) values.push_back(v);
  }
  const Results r = f(Tensor::of<float>({static_cast<int64_t>(values.size())}, values));
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i)
    for (size_t k : {0u, 1u}) {
      const double a = r[k].at(i), b = r[k + 2].at(i);
      ASSERT_TRUE(a == b || (std::isnan(a) && std::isnan(b))) << values[static_cast<size_t>(i)] << ": " << a << " and " << b;
    }
}

// A group must not span two sides of a product: a -> matmul -> b with a and b of one shape, in many entanglements.
TEST(Fuse, GroupsFormNoCircle) {
  Graph g;
  const Value x = g.input("x", f32, {8, 8});
  const Value a = exp(x), b = tanh(x), m = matmul(a, b), n = matmul(b, m);
  const Value c = a + m, d = b * n, e = c - d, s = sum(e, {.axes = {0}, .keep = true}), k = e * s + a, l = transpose(k) + e;
  const std::vector<Value> outputs = {c, d, k, l, reduce_max(l * m), sum(a * n, {.axes = {1}})};
  fused(outputs);
  expect_same_bits(g, outputs);
}

// Random graphs over shapes that broadcast into each other.
struct RandomGraph {
  uint32_t state;
  Graph g;
  std::vector<Value> values;

  uint32_t next(uint32_t below) {
    state = state * 1664525u + 1013904223u;
    return (state >> 10) % below;
  }
  const Value& any() { return values[values.size() - 1 - next(static_cast<uint32_t>(std::min<size_t>(values.size(), 12)))]; }
  Value bounded(Value v) { return tanh(v); }  // values stay small, whatever is piled up

  void grow(DType t, int nodes) {
    values = {g.input("a", t, {6, 5}), g.input("b", t, {5}), g.input("c", t, {6, 1}), g.input("d", t, {}), g.input("e", t, {5, 6}), g.input("f", t, {3, 6, 5})};
    for (int i = 0; i < nodes; ++i) add();
  }
  bool meets(const Value& x, const Value& y) {
    for (size_t i = 1; i <= x.shape().size() && i <= y.shape().size(); ++i) {
      const Dim a = x.shape()[x.shape().size() - i], b = y.shape()[y.shape().size() - i];
      if (!(a == b) && !(a == Dim(1)) && !(b == Dim(1))) return false;
    }
    return true;
  }
  void add() {
    const Value x = any(), y = any();
    const auto rank = static_cast<uint32_t>(x.rank());
    switch (next(12)) {
      case 0: values.push_back(exp(-bounded(x))); break;
      case 1: values.push_back(relu(x) + 0.25); break;
      case 2: values.push_back(bounded(sum(x))); break;
      case 3:
        if (rank > 0) values.push_back(bounded(sum(x, {.axes = {next(rank)}, .keep = next(2) == 0})));
        break;
      case 4:
        if (rank > 0) values.push_back(reduce_max(x, {.axes = {next(rank)}, .keep = true}));
        break;
      case 5:
        if (rank >= 2) values.push_back(transpose(x));
        break;
      case 6:
        if (rank == 2 && y.rank() == 2 && x.shape()[1] == y.shape()[0]) values.push_back(bounded(matmul(x, y)));
        break;
      case 7:
        if (rank == 2 && x.shape()[1] == Dim(1)) values.push_back(reshape(x, {x.shape()[0]}));
        break;
      case 8:
        if (meets(x, y)) values.push_back(where(greater_than(x, y), x, y * 0.5));
        break;
      default:
        if (meets(x, y)) values.push_back(next(2) == 0 ? bounded(x * y) : bounded(x + y));
    }
  }
};

TEST(Fuse, RandomGraphsGiveTheSameBitsAndNoCircles) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    RandomGraph r{.state = seed * 2654435761u + 1, .g = Graph(), .values = {}};
    r.grow(seed % 2 == 0 ? f32 : f64, 60);
    std::vector<Value> outputs;
    for (int k = 0; k < 5; ++k) outputs.push_back(r.any());
    const Graph f = fused(outputs);  // verified, and it throws where groups form a circle
    EXPECT_LE(largest_formula(f), 600u);
    expect_same_bits(r.g, outputs, "seed " + std::to_string(seed));
    if (testing::Test::HasFailure()) return;
  }
}

TEST(Passes, ThatAreSwitchedOffDoNotRun) {
  Graph g;
  const Value x = g.input("x", f32, {3});
  const Value y = x + -0.0;
  const auto adds = [&](SessionOptions options) { return to_text(Session(g, std::move(options)).function({x}, {y}).graph()).find("add(") != std::string::npos; };
  EXPECT_FALSE(adds({}));
  EXPECT_TRUE(adds({.disabled_passes = {"algebra"}}));
}

// A user's composite that is made of a softmax, which is one itself: both are gone.
TEST(Passes, ComposeWhatCompositionsAreMadeOf) {
  static const OpDef doubled{.name = "doubled_softmax", .family = "test", .infer = [](const InferArgs& args) { return Types{args.input(0)}; },
                             .compose = [](const std::vector<Value>& inputs, const Attributes&, const OpDef&) {
                               return std::vector<Value>{2.0 * softmax(inputs[0])};
                             }};
  Graph g;
  const Value x = g.input("x", f64, {2});
  const Function f = Session(g).function({x}, {apply(doubled, {x})});
  EXPECT_EQ(to_text(f.graph()).find("softmax"), std::string::npos) << to_text(f.graph());
  EXPECT_NEAR(f(Tensor::of<double>({2}, {0, std::log(3.0)}))[0].at(1), 1.5, 1e-15);
}

// Literals of each kind become constants of the dtypes that the formula gives them.
TEST(Passes, ExpandLiteralsAsWhatTheyAre) {
  const Formula formula = record<2>([](Scalar x, Scalar truth) { return where((x > 0.5) && (truth && Scalar(true)), x * 2 + 0.25, where(truth || Scalar(false), 3, x)); });
  for (DType t : {f32, i32}) {
    Graph g;
    const Value x = g.input("x", t, {4}), truth = g.input("truth", boolean, {4});
    const Value y = apply_formula(formula, {x, truth});
    const Feeds feeds = {{x, Tensor::of<double>({4}, {0, 1, 2, 3}).to(t)}, {truth, Tensor::of<bool>({4}, {true, false, true, false})}};
    const Tensor with = Session(g).eval({y}, feeds)[0], without = Session(g, {.device = Device::reference(), .disabled_passes = {"expand"}}).eval({y}, feeds)[0];
    EXPECT_TRUE(identical(with, without)) << to_text(with) << " and " << to_text(without);
    EXPECT_EQ(with.at(2), 4.25);
  }
}

// Each pass alone switched off, and all of them: the same values up to the order of arithmetic.
TEST(Passes, EachSwitchedOffAloneGivesTheSameValues) {
  for (uint32_t seed = 0; seed < 40; ++seed) {
    RandomGraph r{.state = seed * 747796405u + 3, .g = Graph(), .values = {}};
    r.grow(f64, 40);
    std::vector<Value> outputs = {r.any(), r.any(), r.any()};
    outputs.push_back(gradient(sum(outputs[0]), r.values[0], Unreached::zeros));
    const Feeds feeds = feeds_for(r.g);
    const Results all = Session(r.g, {.jit = false}).eval(outputs, feeds);
    std::vector<std::vector<std::string>> off;
    std::vector<std::string> every;
    for (const auto passes : {general_passes(), target_passes()})
      for (const Pass& p : passes) {
        if (std::string(p.name) == "compose" || std::string(p.name) == "expand") continue;  // what they leave the others need
        off.push_back({p.name});
        every.emplace_back(p.name);
      }
    off.push_back(every);
    for (const auto& disabled : off) {
      const Results some = Session(r.g, {.jit = false, .disabled_passes = disabled}).eval(outputs, feeds);
      for (size_t k = 0; k < outputs.size(); ++k)
        for (int64_t i = 0; i < all[k].numel(); ++i)
          ASSERT_NEAR(all[k].at(i), some[k].at(i), 1e-9 * (1 + std::abs(all[k].at(i)))) << "seed " << seed << ", without " << disabled[0] << ", output " << k;
    }
  }
}

TEST(Algebra, ComputesOnceWhatIsComputedOfRepeatedScalars) {
  Graph g;
  const Value x = g.input("x", f32, {5, 7}), s = g.input("s", f32, {});
  const Value y = x * where(greater_than(broadcast_to(s, {5, 7}), 0), -broadcast_to(s, {5, 7}), 1.0);
  const Graph a = algebra(extract(g, {x, s}, {y}, {}), fusing());
  size_t large = 0;
  const Graph live = extract(a, {}, a.outputs(), {});  // replaced nodes are dead, and still in the arena
  for (uint32_t id = 0; id < live.size(); ++id) large += live.node(id).op->family == "elementwise" && live.node(id).outputs[0].rank() == 2;
  EXPECT_EQ(large, 1u);
  expect_same_bits(g, {y});
}

// A chain beside a sum of many, of one shape.
std::vector<Value> chain_and_wide_sum(const Value& x, int nodes) {
  Value chain = x;
  for (int i = 0; i < nodes / 2; ++i) chain = i % 2 == 0 ? chain * 0.999 : chain + x;
  std::vector<Value> wide;
  for (int i = 0; i < nodes / 4; ++i) wide.push_back(x * (0.001 * i));
  while (wide.size() > 1) {
    std::vector<Value> next;
    for (size_t i = 0; i + 1 < wide.size(); i += 2) next.push_back(wide[i] + wide[i + 1]);
    if (wide.size() % 2 == 1) next.push_back(wide.back());
    wide = next;
  }
  return {chain, wide[0]};
}

TEST(Fuse, LargeNestsAreCutIntoPieces) {
  Graph g;
  const Value x = g.input("x", f32, {32});
  const std::vector<Value> outputs = chain_and_wide_sum(x, 1600);
  EXPECT_GE(count(fused(outputs), "fused"), 3u);
  expect_same_bits(g, outputs);
}

// The time is recorded, 30 ms on one core of a Zen 4 server.
TEST(Fuse, TenThousandNodesAreFusedInPieces) {
  Graph g;
  const Value x = g.input("x", f32, {32});
  const std::vector<Value> outputs = chain_and_wide_sum(x, 10000);
  const Graph small = extract(g, {x}, outputs, {});
  ASSERT_GE(small.size(), 10000u);
  const auto start = std::chrono::steady_clock::now();
  const Graph f = fuse(small, fusing());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("milliseconds", static_cast<int>(1000 * seconds));
  verify(f, "fuse");
  EXPECT_LE(computed(f), 80u);
  EXPECT_GE(count(f, "fused"), 10u);
  EXPECT_LE(largest_formula(f), 600u);
}

TEST(Fuse, ReadsThroughAxesAsTheViewsCompose) {
  Graph g;
  const Value x = g.input("x", f32, {4, 1, 3});
  const Value y = permute(broadcast_to(reshape(x, {4, 3}), {2, 4, 3}), {2, 0, 1});  // [3,2,4]
  const Access access = read_through(g, {y.node_id(), y.output()});
  EXPECT_EQ(access.source.node, x.node_id());
  EXPECT_EQ(access.axes, (std::vector<int64_t>{2, -1, 0}));
}

TEST(Fuse, TheFusedNodeKeepsALineOfTheUser) {
  Graph g;
  const Value x = g.input("x", f32, {4});
  const Value y = exp(x) + x;
  const Graph f = fused({y});
  EXPECT_NE(f.node(static_cast<uint32_t>(f.size() - 1)).origin->text().find("fuse_test.cpp:"), std::string::npos);
}

}  // namespace
}  // namespace lanc
