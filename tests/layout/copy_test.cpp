// The CPU backend's strided copies against the reference's loops, on sizes that reach tiles, remainders and several parts.
#include <gtest/gtest.h>

#include <functional>

#include <lanc/lanc.h>

namespace lanc {
namespace {

struct CopyCase {
  const char* name;
  Shape shape;
  std::function<Value(const Value&)> build;
};

// Every element another one, as far as the dtype goes.
Tensor numbered(DType dtype, const Shape& shape) {
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(d.number());
  Tensor t(dtype, sizes);
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, static_cast<double>(dtype == boolean ? i % 3 % 2 : dtype == u8 ? i * 7 % 251 : i % 2039));
  return t;
}

Tensor run(const CopyCase& c, DType dtype, Device device, int threads) {
  Graph g;
  const Value x = g.input("x", dtype, c.shape);
  return Session(g, {.device = device, .threads = threads}).eval({c.build(x)}, {{x, numbered(dtype, c.shape)}})[0];
}

std::vector<CopyCase> copy_cases() {
  const auto by = [](std::vector<int64_t> axes) { return [=](const Value& x) { return permute(x, axes); }; };
  return {{"a transpose with remainders of tiles", {131, 77}, by({1, 0})},
          {"a transpose in parts", {200, 300}, by({1, 0})},
          {"a transpose of a thin matrix", {3, 5000}, by({1, 0})},
          {"a transpose of a long one", {5000, 3}, by({1, 0})},
          {"channels to the end", {2, 33, 20, 17}, by({0, 2, 3, 1})},
          {"channels to the front", {2, 20, 17, 33}, by({0, 3, 1, 2})},
          {"all axes turned round", {9, 17, 33, 5}, by({3, 2, 1, 0})},
          {"axes whose rows stay", {9, 17, 33, 5}, by({2, 0, 1, 3})},
          {"a slice of rows", {513, 100}, [](const Value& x) { return slice_axis(x, 0, {1, 400}); }},
          {"a slice of columns", {400, 131}, [](const Value& x) { return slice_axis(x, 1, {3, 120}); }},
          {"every third of both", {400, 131}, [](const Value& x) { return slice_of(x, {{1, {}, 3}, {.step = 3}}); }},
          {"backwards in both", {400, 131}, [](const Value& x) { return reverse(x); }},
          {"backwards by two", {400, 131}, [](const Value& x) { return slice_of(x, {{.step = -2}, {.step = -2}}); }},
          {"backwards rows, transposed", {131, 200}, [](const Value& x) { return transpose(reverse(x, {0})); }},
          {"a frame", {20, 30, 40}, [](const Value& x) { return pad(x, {{1, 2}, {3, 0}, {0, 5}}, 1); }},
          {"a long vector with a tail", {100000}, [](const Value& x) { return pad(x, {{1, 70000}}, 1); }},
          {"gaps", {50, 60}, [](const Value& x) { return pad(x, {{1, 0, 1}, {0, 2, 2}}, 1); }},
          {"a backwards pad", {50, 60}, [](const Value& x) { return strided_pad(x, {{54, 0}, {60, 70}, {-1, 1}}, 1); }},
          {"a diagonal", {200}, [](const Value& x) { return diag(x, 3); }},
          {"concatenation of columns", {300, 50}, [](const Value& x) { return concat({x, slice_axis(x, 1, {0, 7}), x}, 1); }},
          {"concatenation of rows", {300, 50}, [](const Value& x) { return concat({x, x, x}, 0); }},
          {"repeated rows", {700}, [](const Value& x) { return broadcast_to(x, {200, 700}); }},
          {"repeated elements", {700}, [](const Value& x) { return broadcast_to(x, {700, 200}, {0}); }},
          {"a repeated scalar", {}, [](const Value& x) { return broadcast_to(x, {700, 200}); }},
          {"a repeated middle", {60, 1, 50}, [](const Value& x) { return broadcast_to(x, {60, 40, 50}); }}};
}

TEST(StridedCopy, EqualsTheReferenceInEveryDtype) {
  for (const CopyCase& c : copy_cases())
    for (const DType dtype : {f64, f32, bf16, boolean})
      EXPECT_TRUE(identical(run(c, dtype, Device::cpu(), 1), run(c, dtype, Device::reference(), 1))) << c.name << ", " << name_of(dtype);
}

TEST(StridedCopy, HasTheSameBitsForAnyNumberOfThreads) {
  for (const CopyCase& c : copy_cases()) EXPECT_TRUE(identical(run(c, u8, Device::cpu(), 3), run(c, u8, Device::reference(), 1))) << c.name;
}

TEST(StridedCopy, RunsWhatOnlyMovesElements) {
  Graph g;
  const Value x = g.input("x", f32, {64, 32});
  for (const Value& y : {transpose(x), reverse(x), pad(x, {{1, 1}, {}}), concat({x, x}), broadcast_to(x, {2, 64, 32})}) {
    const std::string plan = Session(g).function({x}, {y}).plan_text({});
    EXPECT_NE(plan.find("strided copy"), std::string::npos) << plan;
  }
}

}  // namespace
}  // namespace lanc
