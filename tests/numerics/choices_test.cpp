// tests/numerics/choices_test.cpp: a choice between two numbers gives one of them, bit by bit: denormals too.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include <lanc/lanc.h>

namespace lanc {
namespace {

struct Choice {
  const char* name;
  Value (*build)(const Value&, const Value&);
};
constexpr Choice choices[] = {
    {"x < y ? x : y", [](const Value& x, const Value& y) { return where(less_than(x, y), x, y); }},
    {"x < y ? y : x", [](const Value& x, const Value& y) { return where(less_than(x, y), y, x); }},
    {"x <= y ? x : y", [](const Value& x, const Value& y) { return where(less_or_equal(x, y), x, y); }},
    {"y < x ? x : y", [](const Value& x, const Value& y) { return where(less_than(y, x), x, y); }},
    {"x < 1 ? x : 1", [](const Value& x, const Value&) { return where(less_than(x, 1.0), x, 1.0); }},
    {"-1 < x ? -x : y", [](const Value& x, const Value& y) { return -where(less_than(-1.0, x), x, y); }},
    {"max", [](const Value& x, const Value& y) { return max(x, y); }},
    {"min", [](const Value& x, const Value& y) { return min(x, y); }},
    {"clamp", [](const Value& x, const Value&) { return clamp(x, -1.0, 1.0); }},
    {"relu", [](const Value& x, const Value&) { return relu(x); }},
    {"largest of all", [](const Value& x, const Value& y) { return reduce_max(where(less_than(y, 0.0), x, y)); }},
    {"smallest of all", [](const Value& x, const Value& y) { return reduce_min(where(less_than(0.0, y), x, y)); }},
};

template <class T>
void expect_the_chosen_bits(DType dtype) {
  const T tiny = 100 * std::numeric_limits<T>::denorm_min();
  for (const int64_t n : {1, 3, 8, 37, 300})
    for (const Choice& choice : choices) {
      Graph g;
      const Value x = g.input("x", dtype, {n}), y = g.input("y", dtype, {n});
      const Value chosen = choice.build(x, y);
      Tensor a(dtype, {n}), b(dtype, {n});
      const T left[] = {tiny, -tiny, T(0), -T(0), tiny}, right[] = {T(1), T(-1), -tiny};
      for (int64_t i = 0; i < n; ++i) {
        a.span<T>()[static_cast<size_t>(i)] = left[i % 5];
        b.span<T>()[static_cast<size_t>(i)] = right[i % 3];
      }
      const Tensor want = Session(g, {.device = reference}).eval({chosen}, {{x, a}, {y, b}})[0].clone();
      for (const bool jit : {true, false}) {
        const Tensor got = Session(g, {.jit = jit}).eval({chosen}, {{x, a}, {y, b}})[0];
        EXPECT_EQ(std::memcmp(got.span<T>().data(), want.span<T>().data(), want.span<T>().size_bytes()), 0)
            << choice.name << ", " << name_of(dtype) << ", " << n << " elements" << (jit ? "" : ", interpreted") << "\ngot  " << got << "\nwant " << want;
      }
    }
}

TEST(Choices, GiveOneOfTheirNumbersDenormalsToo) {
  expect_the_chosen_bits<float>(f32);
  expect_the_chosen_bits<double>(f64);
}

}  // namespace
}  // namespace lanc
