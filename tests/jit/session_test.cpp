// What a user sees of compiled kernels: counters, names, switches, many sessions at once; and that errors of the compiler are texts.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/backends/cpu/jit_library.h>
#include <lanc/backends/cpu/nest_code.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/reduce.h>
#include <lanc/runtime/session.h>

#include <lanc/tests/jit/nests.h>

namespace lanc::jit_tests {
namespace {

namespace fs = std::filesystem;

class JitSession : public testing::Test {
 protected:
  void SetUp() override {
    if (cpu::JitLibrary::get() == nullptr) GTEST_SKIP() << "no LLVM";
  }
  TemporaryFolder folder_;
  Environment cache_{"LANC_CACHE_DIR", folder_.path.c_str()};
};

// A formula that no other test compiles: kernels are shared within the process.
Formula own_formula(double constant) {
  return record<1>([=](auto x) { return x * constant / (1 + exp(-x)); });
}

// Formulas stay one node each: one kernel, whatever is fused.
SessionOptions whole(SessionOptions options = {}) {
  options.disabled_passes = {"expand", "fuse"};
  return options;
}

struct Program1 {
  Graph g;
  Value x, y;
  explicit Program1(const Formula& f) : x(g.input("x", f32, {g.dim("n")})), y(apply_formula(f, {x})) {}
  Function function(const Session& session) const { return session.function({x}, {y}); }
};

Tensor ramp(int64_t n) {
  Tensor t(f32, {n});
  for (int64_t i = 0; i < n; ++i) t.set(i, 0.01 * static_cast<double>(i) - 3);
  return t;
}
std::vector<float> values(const Tensor& t) { return {t.span<float>().begin(), t.span<float>().end()}; }

TEST_F(JitSession, CountsWhatItCompiledAndCompilesOnceForAllSizes) {
  const Program1 p(own_formula(1.0101));
  const Function f = p.function(Session(p.g, whole()));
  f(ramp(100));
  EXPECT_EQ(f.stats().kernels_compiled, 1);
  f(ramp(1000));
  f(ramp(7));
  EXPECT_EQ(f.stats().plans_made, 3);
  EXPECT_EQ(f.stats().kernels_compiled, 1);
  const Function again = p.function(Session(p.g, whole()));
  again(ramp(100));
  EXPECT_EQ(again.stats().kernels_compiled, 0);  // found in the process
}

TEST_F(JitSession, NamesTheKernelInThePlan) {
  const Program1 p(own_formula(1.0102));
  EXPECT_NE(p.function(Session(p.g, whole())).plan_text({{"n", 10}}).find("fused (llvm)"), std::string::npos);
  EXPECT_NE(p.function(Session(p.g, whole({.jit = false}))).plan_text({{"n", 10}}).find("fused (interpreter)"), std::string::npos);
  EXPECT_EQ(cpu_info().fused_kernels, cpu::JitLibrary::get()->version());
  EXPECT_EQ(cpu_info().fused_kernels.rfind("llvm 19.", 0), 0u);
}

TEST_F(JitSession, IsSwitchedOffByOptionAndByEnvironment) {
  const Program1 p(own_formula(1.0103));
  const Function option = p.function(Session(p.g, whole({.jit = false})));
  const Tensor interpreted = option(ramp(333))[0];
  EXPECT_EQ(option.stats().kernels_compiled, 0);
  {
    const Environment off("LANC_JIT", "off");
    const Function environment = p.function(Session(p.g, whole()));
    EXPECT_EQ(values(environment(ramp(333))[0]), values(interpreted));
    EXPECT_EQ(environment.stats().kernels_compiled, 0);
    EXPECT_EQ(cpu_info().fused_kernels, "interpreter");
  }
  const Function compiled = p.function(Session(p.g, whole()));
  EXPECT_EQ(values(compiled(ramp(333))[0]), values(interpreted));
  EXPECT_EQ(compiled.stats().kernels_compiled, 1);
  const Function oracle = p.function(Session(p.g, {.device = reference}));
  EXPECT_EQ(values(oracle(ramp(333))[0]), values(interpreted));
}

// The same nests in a cleared process: NestCode objects made by hand stand for those of the next process.
TEST_F(JitSession, FindsObjectsOnDiskAndCompilesAgainWhenTheyAreCorrupt) {
  cpu::NestShape shape;
  const DType types[] = {f32};
  shape.program = lower(own_formula(1.0104), types);
  shape.operands = {{}};
  shape.results = {{}};
  const std::string ir = cpu::nest_ir(shape, cpu::cpu_tier());
  using Origin = cpu::NestCode::Origin;
  const auto make = [&] {
    cpu::NestCode code(ir, cpu::cpu_tier());
    const Origin origin = code.make();
    EXPECT_EQ(code.make(), Origin::none);  // once
    EXPECT_NE(code.function(), nullptr);
    float x[] = {1, 2, 3}, y[3] = {};
    const void* bases[] = {x, y};
    const int64_t extent[] = {1, 3, 0, 0, 1};
    code.function()(bases, extent);
    EXPECT_NEAR(y[1], 2 * 1.0104 / (1 + std::exp(-2.0)), 1e-6);
    return origin;
  };
  EXPECT_EQ(make(), Origin::compiled);
  EXPECT_EQ(make(), Origin::disk);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder_.path)) files.push_back(entry.path());
  ASSERT_EQ(files.size(), 1u);
  fs::resize_file(files[0], fs::file_size(files[0]) - 5);
  EXPECT_EQ(make(), Origin::compiled);
  EXPECT_EQ(make(), Origin::disk);
  std::fstream(files[0], std::ios::in | std::ios::out | std::ios::binary).seekp(-20, std::ios::end).write("garbage", 7);
  EXPECT_EQ(make(), Origin::compiled);
  const Environment unwritable("LANC_CACHE_DIR", "/proc/no/such/folder");
  EXPECT_EQ(make(), Origin::compiled);
  EXPECT_EQ(make(), Origin::compiled);
}

TEST_F(JitSession, ServesManySessionsAtOnceWithOneCompilation) {
  constexpr int sessions = 8;
  const Formula formula = own_formula(1.0105);
  std::atomic<int64_t> compiled = 0;
  std::vector<std::vector<float>> results(sessions);
  std::vector<std::thread> team;
  for (int t = 0; t < sessions; ++t)
    team.emplace_back([&, t] {
      const Program1 p(formula);
      const Function f = p.function(Session(p.g, whole({.threads = 1})));
      for (int64_t n : {5, 50, 500}) results[static_cast<size_t>(t)] = values(f(ramp(n))[0]);
      compiled += f.stats().kernels_compiled;
    });
  for (std::thread& t : team) t.join();
  EXPECT_EQ(compiled.load(), 1);
  for (const auto& r : results) EXPECT_EQ(r, results[0]);
}

TEST_F(JitSession, CompilesTheKernelsOfAPlanOnAllItsThreads) {
  Graph g;
  const Value x = g.input("x", f32, {64});
  std::vector<Value> ys;
  for (int i = 0; i < 6; ++i) ys.push_back(sum(apply_formula(own_formula(2.02 + i), {x})));
  const Function f = Session(g, whole({.threads = 3})).function({x}, ys);
  const Results results = f(ramp(64));
  EXPECT_GE(f.stats().kernels_compiled, 6);
  const Results interpreted = Session(g, whole({.jit = false})).function({x}, ys)(ramp(64));
  for (size_t i = 0; i < ys.size(); ++i) EXPECT_EQ(results[i].item<float>(), interpreted[i].item<float>());
}

class JitLibraryTest : public JitSession {
 protected:
  std::string error_of(const std::string& ir, const char* features = "") {
    std::string why;
    const std::string object = cpu::JitLibrary::get()->compile(ir, cpu::llvm_processor(cpu::CpuTier::portable), features, why);
    EXPECT_TRUE(object.empty());
    return why;
  }
};

TEST_F(JitLibraryTest, GivesErrorsAsText) {
  EXPECT_NE(error_of("define void @lanc_nest() { ret i32 0 }").find("value doesn't match function result type"), std::string::npos);
  EXPECT_NE(error_of("nonsense").find("expected top-level entity"), std::string::npos);
  EXPECT_NE(error_of("define i32 @f(i32 %x) { entry:\n br label %next\nnext:\n %y = add i32 %x, %z\n %z = add i32 %y, 1\n ret i32 %z }"), "");
}

// The code generator knows no such thing and would end the process.
TEST_F(JitLibraryTest, SurvivesWhatLlvmCallsFatal) {
  const std::string ir = "declare token @llvm.experimental.gc.statepoint.p0(i64, i32, ptr, i32, i32, ...)\n"
                         "declare i32 @llvm.amdgcn.workitem.id.x()\ndefine i32 @lanc_nest() {\n %x = call i32 @llvm.amdgcn.workitem.id.x()\n ret i32 %x\n}";
  EXPECT_NE(error_of(ir).find("select"), std::string::npos);
  const std::string good = cpu::nest_ir({.program = lower(own_formula(1.5), std::vector<DType>{f32}), .operands = {{}}, .results = {{}}}, cpu::CpuTier::portable);
  std::string why;
  EXPECT_FALSE(cpu::JitLibrary::get()->compile(good, cpu::llvm_processor(cpu::CpuTier::portable), "", why).empty()) << why;
}

TEST_F(JitLibraryTest, RefusesObjectsWithUnknownNamesOrWithoutTheEntry) {
  const cpu::JitLibrary& library = *cpu::JitLibrary::get();
  std::string why;
  const std::string calls = library.compile("declare void @system(ptr)\ndefine void @lanc_nest(ptr %p) {\n call void @system(ptr %p)\n ret void\n}", "", "", why);
  ASSERT_FALSE(calls.empty()) << why;
  EXPECT_EQ(library.link(calls, "lanc_nest", why).entry, nullptr);
  EXPECT_NE(why.find("system"), std::string::npos) << why;
  const std::string other = library.compile("define void @other() {\n ret void\n}", "", "", why);
  EXPECT_EQ(library.link(other, "lanc_nest", why).entry, nullptr);
  EXPECT_NE(why.find("lanc_nest"), std::string::npos) << why;
  EXPECT_EQ(library.link("not an object", "lanc_nest", why).entry, nullptr);
  EXPECT_NE(why, "");
}

TEST(JitLibraryFile, MayBeMissingOrJunk) {
  std::string why;
  EXPECT_EQ(cpu::JitLibrary::open("/no/such/library.so", why), nullptr);
  EXPECT_NE(why.find("/no/such/library.so"), std::string::npos);
  const TemporaryFolder folder;
  const std::string junk = folder.path + "/junk.so";
  std::ofstream(junk) << "this is not a library";
  EXPECT_EQ(cpu::JitLibrary::open(junk, why), nullptr);
  EXPECT_NE(why.find("junk.so"), std::string::npos);
  EXPECT_EQ(cpu::JitLibrary::open("libz.so.1", why), nullptr);  // a library, but another one
  EXPECT_NE(why.find("the functions of lanc_jit are missing"), std::string::npos) << why;
}

// Here switched off; in the processes that the next test starts, not to be found.
TEST(JitLibraryFile, IsNotNeeded) {
  const Environment off("LANC_JIT", std::getenv("LANC_JIT_LIBRARY") != nullptr ? nullptr : "off");
  const Program1 p(own_formula(1.0106));
  for (int i = 0; i < 2; ++i) {
    const Function f = p.function(Session(p.g, whole()));
    EXPECT_NEAR(values(f(ramp(301))[0])[300], 0.0, 1e-6);
    EXPECT_EQ(f.stats().kernels_compiled, 0);
    EXPECT_NE(f.plan_text({{"n", 10}}).find("fused (interpreter)"), std::string::npos);
  }
  EXPECT_EQ(cpu_info().fused_kernels, "interpreter");
}

// In processes of their own, since the library is looked for once.
TEST(JitLibraryFile, MissingOrJunkGivesTheInterpreterAndOneNotice) {
  const TemporaryFolder folder;
  const std::string junk = folder.path + "/junk.so", out = folder.path + "/out";
  std::ofstream(junk) << "this is not a library";
  for (const std::string& place : {junk, std::string("/no/such/library.so")}) {
    const std::string self = fs::read_symlink("/proc/self/exe").string();
    const std::string command = "LANC_JIT_LIBRARY=" + place + " GTEST_OUTPUT= '" + self +
                                "' --gtest_filter=JitLibraryFile.IsNotNeeded > " + out + " 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0) << place;
    std::ifstream file(out);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_NE(text.find("1 test from 1 test suite ran"), std::string::npos) << text;
    const size_t notice = text.find("lanc: fused kernels are interpreted, since LLVM could not be loaded (" + place);
    EXPECT_NE(notice, std::string::npos) << text;
    EXPECT_EQ(text.find("lanc:", notice + 1), std::string::npos) << text;  // once
  }
}

}  // namespace
}  // namespace lanc::jit_tests
