// The blocked interpreter, in each instruction set, against the oracle: the same bits on random programs and hostile numbers.
#include <cstring>
#include <limits>

#include <gtest/gtest.h>

#include <lanc/backends/cpu/interpreter.h>
#include <lanc/graph/error.h>
#include <lanc/graph/tensor.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/float_environment.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  uint64_t bits() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33 | state_ << 31;
  }
  size_t below(size_t n) { return bits() % n; }

 private:
  uint64_t state_;
};

double hostile(Random& random) {
  static constexpr double listed[] = {0.0,
                                      -0.0,
                                      1,
                                      -1,
                                      0.5,
                                      2,
                                      3,
                                      -7,
                                      255,
                                      256,
                                      1e5,
                                      3e9,
                                      -3e9,
                                      1e19,
                                      -1e19,
                                      1e38,
                                      1e-39,
                                      1e300,
                                      1e-310,
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity(),
                                      std::numeric_limits<double>::quiet_NaN()};
  if (random.below(3) == 0) return listed[random.below(std::size(listed))];
  return (static_cast<double>(random.below(2000001)) - 1e6) * 1e-5;
}

// A DAG of rows drawn at random over inputs of random dtypes; rows that do not take the dtypes are drawn again.
Program random_program(Random& random, std::vector<DType>& dtypes) {
  for (;;) {
    dtypes.clear();
    for (size_t i = 0; i < 3; ++i) dtypes.push_back(all_dtypes[random.below(8)]);
    FormulaBuilder builder;
    std::vector<int> nodes;
    for (int i = 0; i < 3; ++i) nodes.push_back(builder.input(i));
    const size_t calls = 1 + random.below(12);
    for (size_t k = 0; k < calls; ++k) {
      const auto rows = scalar_functions();
      const ScalarFunction& row = rows[random.below(rows.size())];
      std::vector<int> args;
      for (int i = 0; i < row.arity; ++i) args.push_back(nodes[random.below(nodes.size())]);
      if (row.arity > 1 && random.below(3) == 0) {
        Literal l;
        l.kind = random.below(2) == 0 ? Literal::Kind::real : Literal::Kind::integer;
        l.integer = static_cast<int64_t>(random.below(9)) - 4;
        l.real = l.kind == Literal::Kind::real ? 0.3 * static_cast<double>(l.integer) : static_cast<double>(l.integer);
        args.back() = builder.literal(l);
      }
      nodes.push_back(builder.call(row, args, all_dtypes[random.below(8)]));
    }
    const int outputs[] = {nodes.back(), nodes[nodes.size() - 1 - random.below(2)]};
    try {
      return lower(builder.finish(3, outputs), dtypes);
    } catch (const UserError&) {}
  }
}

Tensor random_operand(Random& random, DType dtype, int64_t n) {
  Tensor t(dtype, {n});
  for (int64_t i = 0; i < n; ++i) t.set(i, hostile(random));
  return t;
}

// One lane of machine type for each element of storage.
void load(const Instruction& i, const Tensor& from, std::byte* to) {
  const Tensor wide = is_storage_only(i.from) ? from.to(f32) : from;
  std::memcpy(to, wide.data(), static_cast<size_t>(wide.bytes()));
}

std::vector<std::vector<std::byte>> run_block(const cpu::Tier& tier, const Program& program, const std::vector<Tensor>& operands, int n) {
  std::vector<std::vector<std::byte>> slots(program.code.size(), std::vector<std::byte>(cpu::block_elements * 8));
  std::vector<std::byte*> pointers;
  for (auto& slot : slots) pointers.push_back(slot.data());
  for (size_t k = 0; k < program.code.size(); ++k) {
    const Instruction& i = program.code[k];
    if (i.op == MachineOp::load) {
      load(i, operands[static_cast<size_t>(i.index)], slots[k].data());
    } else if (i.op == MachineOp::constant) {
      for (int lane = 0; lane < n; ++lane)
        std::memcpy(slots[k].data() + lane * size_of(i.type), &i.bits, static_cast<size_t>(size_of(i.type)));
    } else {
      cpu::BlockOp op{.loop = tier.loop_for(i), .to = static_cast<int>(k), .a = i.a, .b = i.b, .c = i.c, .instruction = &i};
      for (int o = 0; const int operand : {i.a, i.b, i.c})
        op.types[o++] = operand < 0 ? i.type : program.code[static_cast<size_t>(operand)].type;
      op.loop(op, pointers.data(), n);
    }
  }
  return slots;
}

template <class T>
bool same_number(const std::byte* a, const std::byte* b) {
  T x, y;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&y, b, sizeof y);
  return (x != x && y != y) || std::memcmp(a, b, sizeof x) == 0;  // any NaN is as good as another
}

bool same(DType t, const std::byte* a, const std::byte* b) {
  if (t == f64) return same_number<double>(a, b);
  if (t == f32) return same_number<float>(a, b);
  return std::memcmp(a, b, static_cast<size_t>(size_of(t))) == 0;
}

void compare_with_the_oracle(const cpu::Tier& tier, uint64_t seed) {
  Random random(seed);
  std::vector<DType> dtypes;
  const FloatEnvironment environment;
  Program program = random_program(random, dtypes);
  const int n = 1 + static_cast<int>(random.below(cpu::block_elements));
  std::vector<Tensor> operands;
  std::vector<const std::byte*> in;
  for (const DType t : dtypes) operands.push_back(random_operand(random, t, n));
  for (const Tensor& t : operands) in.push_back(t.data());
  for (DType& t : program.output_types) t = compute_type(t);  // before they are rounded to storage
  std::vector<Tensor> want;
  std::vector<std::byte*> out;
  for (const DType t : program.output_types) want.emplace_back(t, Sizes{n});
  for (Tensor& t : want) out.push_back(t.data());
  evaluate(program, in, out, n);
  const auto slots = run_block(tier, program, operands, n);
  for (size_t k = 0; k < want.size(); ++k) {
    const DType t = program.output_types[k];
    const std::byte* got = slots[static_cast<size_t>(program.outputs[k])].data();
    for (int i = 0; i < n; ++i)
      ASSERT_TRUE(same(t, got + i * size_of(t), want[k].data() + i * size_of(t)))
          << "program " << seed << ", output " << k << ", lane " << i << "\n"
          << program.text();
  }
}

constexpr uint64_t programs = 1500;

TEST(Interpreter, GivesTheOraclesBitsInPortableCode) {
  for (uint64_t seed = 0; seed < programs && !HasFatalFailure(); ++seed) compare_with_the_oracle(cpu::tier_portable(), seed);
}

TEST(Interpreter, GivesTheOraclesBitsInAvx2) {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) GTEST_SKIP() << "no AVX2 with FMA here";
  for (uint64_t seed = 0; seed < programs && !HasFatalFailure(); ++seed) compare_with_the_oracle(cpu::tier_avx2(), seed);
}

TEST(Interpreter, GivesTheOraclesBitsInAvx512) {
  for (const bool has : {__builtin_cpu_supports("avx512f") != 0, __builtin_cpu_supports("avx512bw") != 0,
                         __builtin_cpu_supports("avx512dq") != 0, __builtin_cpu_supports("avx512vl") != 0})
    if (!has) GTEST_SKIP() << "no AVX-512 here";
  for (uint64_t seed = 0; seed < programs && !HasFatalFailure(); ++seed) compare_with_the_oracle(cpu::tier_avx512(), seed);
}

// Programs that mean the same have the same text, whatever order they were built in.
TEST(Program, FoldsConstantsAndSharesInstructions) {
  const DType types[] = {f32};
  const Program p = lower(record<1>([](auto x) { return (x + 1) * (x + 1); }), types);
  EXPECT_EQ(p.code.size(), 4u);  // load, constant, add, mul
}

}  // namespace
}  // namespace lanc
