// The compiled tier gives the interpreter's bits: for every scalar function and dtype, for every way to walk through memory, for every
// length of a row, for every width of vectors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include <lanc/backends/cpu/cpu_tier.h>
#include <lanc/backends/cpu/jit_library.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/graph/error.h>
#include <lanc/ops/scalar/table.h>

#include <lanc/tests/jit/nests.h>

namespace lanc::jit_tests {
namespace {

class Jit : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (cpu::JitLibrary::get() == nullptr) GTEST_SKIP() << "no LLVM";
    if (GetParam() == std::string("avx2") && cpu::cpu_tier() < cpu::CpuTier::avx2) GTEST_SKIP() << "no AVX2";
    if (GetParam() == std::string("avx512") && cpu::cpu_tier() < cpu::CpuTier::avx512) GTEST_SKIP() << "no AVX-512";
  }
  TemporaryFolder folder_;
  Environment cache_{"LANC_CACHE_DIR", folder_.path.c_str()};
  Environment tier_{"LANC_CPU_TIER", GetParam()};
};

FusedOutput map() { return {}; }

std::vector<int64_t> all_axes(size_t rank) {
  std::vector<int64_t> axes;
  for (size_t a = 0; a < rank; ++a) axes.push_back(static_cast<int64_t>(a));
  return axes;
}

// Each function of the table in each dtype (of all its operands), in rows of 77.
TEST_P(Jit, ComputesEveryScalarFunctionInEveryDtypeAsTheInterpreterDoes) {
  std::mt19937_64 random(1);
  int tried = 0;
  std::string failures;
  for (DType t : all_dtypes) {
    // Several functions a kernel: the same coverage in fewer compilations.
    std::vector<const ScalarFunction*> fitting;
    for (const ScalarFunction& row : scalar_functions()) {
      if (is_endless(row)) continue;
      const std::vector<DType> operands(static_cast<size_t>(row.arity), t);
      try {
        if (row.name != "cast") formula_of_row(row).result_types(operands);
        fitting.push_back(&row);
      } catch (const UserError&) {
      }
    }
    for (size_t first = 0; first < fitting.size(); first += 6) {
      FormulaBuilder builder;
      const int inputs[] = {builder.input(0), builder.input(1), builder.input(2)};
      std::vector<int> outputs;
      for (size_t k = first; k < std::min(first + 6, fitting.size()); ++k) {
        const ScalarFunction& row = *fitting[k];
        const std::vector<int> args(inputs, inputs + row.arity);
        if (row.name != "cast") outputs.push_back(builder.call(row, args));
        else
          for (DType to : all_dtypes) outputs.push_back(builder.call(row, args, to));
      }
      Nest nest{.sizes = {9, 77}, .operands = {{t, {0, 1}}, {t, {0, 1}}, {t, {0, 1}}}, .formula = builder.finish(3, outputs), .outputs = {}};
      nest.outputs.assign(outputs.size(), map());
      ++tried;
      if (const std::string why = compiled_against_interpreted(nest, random); !why.empty()) failures += why + "\n  in " + nest.text() + "\n";
    }
  }
  EXPECT_EQ(failures, "");
  EXPECT_GE(tried, 60);
}

// All pairs of the ends of the range, 0, 1, -1 and some numbers: a processor would stop at some of them.
TEST_P(Jit, DividesIntegersByZeroAndMinusOneAsTheInterpreterDoes) {
  for (DType t : {i32, i64, u8}) {
    const int64_t low = t == u8 ? 0 : t == i32 ? INT32_MIN : INT64_MIN, high = t == u8 ? 255 : t == i32 ? INT32_MAX : INT64_MAX;
    const int64_t numbers[] = {low, high, 0, 1, t == u8 ? 2 : -1, 7, t == u8 ? 128 : -3, 100};
    FormulaBuilder builder;
    const int inputs[] = {builder.input(0), builder.input(1)};
    std::vector<int> outputs;
    for (const char* name : {"div", "fmod", "floor_div", "remainder"}) outputs.push_back(builder.call(*scalar_function(name), {inputs[0], inputs[1]}));
    Nest nest{.sizes = {8, 8}, .operands = {{t, {0, 1}}, {t, {0, 1}}}, .formula = builder.finish(2, outputs), .outputs = {}};
    nest.outputs.assign(outputs.size(), map());
    Bytes operands(2);
    for (int64_t x : numbers)
      for (int64_t y : numbers)
        for (size_t k = 0; k < 2; ++k) {  // little-endian: the first bytes are the number in the smaller types
          const auto* bytes = reinterpret_cast<const std::byte*>(k == 0 ? &x : &y);
          operands[k].insert(operands[k].end(), bytes, bytes + size_of(t));
        }
    EXPECT_EQ(compiled_against_interpreted(nest, operands), "") << name_of(t);
  }
}

// x * 1 and x + 0 are x but for denormals, which arithmetic takes for 0: a code generator that removes them keeps the denormal.
TEST_P(Jit, FlushesDenormalsWhereArithmeticChangesNothingElse) {
  FormulaBuilder builder;
  const int x = builder.input(0), one = builder.literal(Literal(1.0)), none = builder.literal(Literal(0.0));
  std::vector<int> outputs;
  for (const char* name : {"mul", "div"}) outputs.push_back(builder.call(*scalar_function(name), {x, one}));
  for (const char* name : {"add", "sub"}) outputs.push_back(builder.call(*scalar_function(name), {x, none}));
  const Formula formula = builder.finish(1, outputs);
  for (DType t : {f32, f64}) {
    const double smallest = t == f32 ? 0x1p-126 : 0x1p-1022;
    const std::vector<double> numbers = {0.0, -0.0, smallest, -smallest, smallest / 2, -smallest / 2, smallest / 1024, 1.5};
    Nest nest{.sizes = {static_cast<int64_t>(numbers.size())}, .operands = {{t, {0}}}, .formula = formula, .outputs = {}};
    nest.outputs.assign(outputs.size(), map());
    const Tensor operand = Tensor::of<double>(nest.sizes, numbers).to(t);
    EXPECT_EQ(compiled_against_interpreted(nest, Bytes{{operand.data(), operand.data() + operand.bytes()}}), "") << name_of(t);
  }
}

// Limits that lie beyond the integer's: the conversion itself must saturate.
TEST_P(Jit, SaturatesNumbersThatAreLimitedTooFarOut) {
  const Formula formula = record<1>([](Scalar x) {
    const Scalar low = where(x < -3e9, -3e9, x);
    return cast(where(low > 3e9, 3e9, low), i32);
  });
  const std::vector<float> numbers = {-1e10f, -2.9e9f, -2147483904.0f, -2147483648.0f, -0.5f, 0.0f, 1.5f, 2147483520.0f, 2147483648.0f, 2.9e9f, 1e10f, NAN, INFINITY, -INFINITY};
  const auto n = static_cast<int64_t>(numbers.size());
  const Nest nest{.sizes = {n}, .operands = {{f32, {0}}}, .formula = formula, .outputs = {map()}};
  const auto* bytes = reinterpret_cast<const std::byte*>(numbers.data());
  EXPECT_EQ(compiled_against_interpreted(nest, Bytes{{bytes, bytes + 4 * n}}), "");
}

// Random formulas over random operands: dense, transposed, broadcast along some axes, of any dtype, in up to four axes of awkward sizes,
// with outputs stored and reduced.
TEST_P(Jit, ComputesRandomNestsAsTheInterpreterDoes) {
  std::mt19937_64 random(2);
  const int64_t lengths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 100, 255, 256, 257, 300, 513};
  int reduced = 0;
  for (int trial = 0; trial < 80; ++trial) {
    Nest nest;
    const size_t rank = 1 + random() % 4;
    for (size_t a = 0; a < rank; ++a) nest.sizes.push_back(a + 1 == rank ? lengths[random() % std::size(lengths)] : 1 + static_cast<int64_t>(random() % 6));
    if (random() % 8 == 0) std::swap(nest.sizes.front(), nest.sizes.back());
    std::vector<DType> dtypes;
    for (size_t i = 0, n = 1 + random() % 4; i < n; ++i) {
      NestOperand o{all_dtypes[random() % std::size(all_dtypes)], all_axes(rank)};
      if (random() % 2 == 0) o.dtype = f32;
      for (int64_t& a : o.axes)
        if (random() % 5 == 0) a = -1;
      if (random() % 3 == 0) std::shuffle(o.axes.begin(), o.axes.end(), random);
      if (random() % 8 == 0) std::fill(o.axes.begin(), o.axes.end(), -1);
      nest.operands.push_back(o);
      dtypes.push_back(o.dtype);
    }
    const int outputs = 1 + static_cast<int>(random() % 3);
    nest.formula = random_formula(dtypes, 2 + static_cast<int>(random() % 12), outputs, random);
    const std::vector<DType> types = nest.formula.result_types(dtypes);
    for (int k = 0; k < outputs; ++k) {
      FusedOutput output;
      const DType t = types[static_cast<size_t>(k)];
      if ((t == f32 || t == f64 || t == i64) && random() % 2 == 0) {
        output.kind = static_cast<FusedKind>(1 + random() % 3);
        for (size_t a = 0; a < rank; ++a)
          if (random() % 2 == 0) output.reduced.push_back(static_cast<int64_t>(a));
        if (output.reduced.empty()) output.reduced = {static_cast<int64_t>(random() % rank)};
        ++reduced;
      }
      nest.outputs.push_back(output);
    }
    ASSERT_EQ(compiled_against_interpreted(nest, random), "") << trial << ": " << nest.text();
  }
  EXPECT_GE(reduced, 20);
}

// Sums, maxima and minima along rows, along columns and over all, of every length around the vectors, the 32 lanes and the blocks of 256.
TEST_P(Jit, ReducesRowsOfEveryLengthInTheDocumentedOrder) {
  std::mt19937_64 random(3);
  for (DType t : {f32, f64, i64}) {
    FormulaBuilder builder;
    const int output[] = {builder.input(0), builder.input(0), builder.input(0), builder.input(0)};
    const Formula formula = builder.finish(1, output);
    for (int64_t n = 1; n < 600; n += n < 70 ? 1 : 37) {
      Nest nest{.sizes = {3, n}, .operands = {{t, {0, 1}}}, .formula = formula,
                .outputs = {{FusedKind::sum, {1}}, {FusedKind::max, {1}}, {FusedKind::sum, {0}}, {FusedKind::min, {0, 1}}}};
      ASSERT_EQ(compiled_against_interpreted(nest, random), "") << nest.text();
      // Infinities and NaN of the random operands hide in which order a long row is added.
      ASSERT_EQ(compiled_against_interpreted(nest, tame_operands(nest, random)), "") << nest.text();
    }
  }
}

// Parts, phases and both orders of rank 1.
TEST_P(Jit, SumsLongVectorsPartByPart) {
  std::mt19937_64 random(4);
  for (int64_t n : {16384, 16385, 100000, 262144}) {
    Nest nest{.sizes = {n}, .operands = {{f32, {0}}}, .formula = record<1>([](auto x) { return x * x; }), .outputs = {{FusedKind::sum, {0}}}};
    ASSERT_EQ(compiled_against_interpreted(nest, random), "") << n;
    ASSERT_EQ(compiled_against_interpreted(nest, tame_operands(nest, random)), "") << n;
  }
}

// Axes outside of the rows: each part adds its own rows and no others.
TEST_P(Jit, SumsCubesPartByPart) {
  std::mt19937_64 random(5);
  FormulaBuilder builder;
  const int output[] = {builder.input(0), builder.input(0), builder.input(0)};
  const Nest nest{.sizes = {40, 30, 50}, .operands = {{f32, {0, 1, 2}}}, .formula = builder.finish(1, output),
                  .outputs = {{FusedKind::sum, {0, 1, 2}}, {FusedKind::sum, {0, 2}}, {FusedKind::max, {0, 1}}}};
  EXPECT_EQ(compiled_against_interpreted(nest, tame_operands(nest, random)), "");
}

// What belongs to one code: the sizes do not, the way through memory does.
TEST_P(Jit, ServesAllSizesByOneCode) {
  const Formula formula = record<2>([](auto x, auto y) { return x * y + 1; });
  const auto ir = [&](Sizes sizes, std::vector<int64_t> axes) {
    const NestNode node({.sizes = sizes, .operands = {{f32, {0, 1}}, {f32, axes}}, .formula = formula, .outputs = {map()}});
    cpu::Spec spec = *cpu::spec_of(node.graph(), node.node());
    cpu::collapse(spec);
    return cpu::nest_code(*cpu::nest_shape(spec));
  };
  EXPECT_EQ(ir({10, 20}, {-1, 1}), ir({300, 7}, {-1, 1}));
  EXPECT_NE(ir({10, 20}, {-1, 1}), ir({10, 20}, {0, -1}));
}

INSTANTIATE_TEST_SUITE_P(Tier, Jit, testing::Values("portable", "avx2", "avx512"), [](const auto& tier) { return std::string(tier.param); });

}  // namespace
}  // namespace lanc::jit_tests
