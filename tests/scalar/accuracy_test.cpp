// Every function of the scalar table against values of higher precision: the largest error over a dense sample of its domain stays within
// the bound that its row states. f32 against libm in f64, f64 against libm in long double; what libm lacks against mpmath's stored values.
#include <bit>
#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <lanc/graph/attributes.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/float_environment.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

using Long = long double;
static_assert(std::numeric_limits<Long>::digits >= 64, "the reference of f64 is the 80-bit format");

constexpr Long pi = 3.14159265358979323846264338327950288L;

struct Domain {
  double lo, hi;
};

// The function in long double and where it is sampled: floats evenly spaced by their bits, so that every binade counts alike.
struct Reference {
  std::function<Long(Long)> f;
  std::vector<Domain> domains;
};

Long sigmoid_long(Long x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
Long softplus_long(Long x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
Long sinc_long(Long x) {
  if (x == 0) return 1;
  const Long r = x - std::nearbyint(x);  // sin(pi x) = +-sin(pi r), r exact
  const Long s = std::sin(pi * r);
  return (std::fmod(std::nearbyint(x), 2.0L) == 0 ? s : -s) / (pi * x);
}
// Halves to even, whatever libm's mode.
Long round_long(Long x) { return std::nearbyint(x); }

const std::map<std::string, Reference>& unary_references() {
  static const std::map<std::string, Reference> all = {
      {"neg", {[](Long x) { return -x; }, {{-1e30, 1e30}}}},
      {"exp", {[](Long x) { return std::exp(x); }, {{-87, 88.7}, {-1e-3, 1e-3}}}},
      {"exp2", {[](Long x) { return std::exp2(x); }, {{-125.9, 127.9}}}},
      {"expm1", {[](Long x) { return std::expm1(x); }, {{-80, 88}, {-1, 1}}}},
      {"log", {[](Long x) { return std::log(x); }, {{1.2e-38, 3e38}, {0.5, 2}}}},
      {"log2", {[](Long x) { return std::log2(x); }, {{1.2e-38, 3e38}, {0.5, 2}}}},
      {"log10", {[](Long x) { return std::log10(x); }, {{1.2e-38, 3e38}, {0.5, 2}}}},
      {"log1p", {[](Long x) { return std::log1p(x); }, {{-0.999999, 3e38}, {-0.5, 1}}}},
      {"sqrt", {[](Long x) { return std::sqrt(x); }, {{1.2e-38, 3e38}}}},
      {"rsqrt", {[](Long x) { return 1 / std::sqrt(x); }, {{1.2e-38, 3e38}}}},
      {"cbrt", {[](Long x) { return std::cbrt(x); }, {{-3e38, 3e38}}}},
      {"square", {[](Long x) { return x * x; }, {{-1e18, 1e18}}}},
      {"reciprocal", {[](Long x) { return 1 / x; }, {{1.2e-38, 8e37}, {-8e37, -1.2e-38}}}},
      {"sin", {[](Long x) { return std::sin(x); }, {{-1e5, 1e5}, {-7, 7}, {1e5, 1e18}}}},
      {"cos", {[](Long x) { return std::cos(x); }, {{-1e5, 1e5}, {-7, 7}, {1e5, 1e18}}}},
      {"tan", {[](Long x) { return std::tan(x); }, {{-1e5, 1e5}, {-7, 7}}}},
      {"asin", {[](Long x) { return std::asin(x); }, {{-1, 1}}}},
      {"acos", {[](Long x) { return std::acos(x); }, {{-1, 1}}}},
      {"atan", {[](Long x) { return std::atan(x); }, {{-1e30, 1e30}}}},
      {"sinh", {[](Long x) { return std::sinh(x); }, {{-88, 88}}}},
      {"cosh", {[](Long x) { return std::cosh(x); }, {{-88, 88}}}},
      {"tanh", {[](Long x) { return std::tanh(x); }, {{-20, 20}, {-1, 1}}}},
      {"asinh", {[](Long x) { return std::asinh(x); }, {{-1e18, 1e18}}}},
      {"acosh", {[](Long x) { return std::acosh(x); }, {{1, 1e18}, {1, 2}}}},
      {"atanh", {[](Long x) { return std::atanh(x); }, {{-0.999999, 0.999999}}}},
      {"sinc", {sinc_long, {{-1000, 1000}, {-4, 4}}}},
      {"sigmoid", {sigmoid_long, {{-87, 87}}}},
      {"logit",
       {[](Long x) { return x < 0.25L ? std::log(x / (1 - x)) : std::log1p((2 * x - 1) / (1 - x)); }, {{1e-30, 0.999999}, {0.4, 0.6}}}},
      {"softplus", {softplus_long, {{-87, 87}}}},
      {"relu", {[](Long x) { return x > 0 ? x : 0; }, {{-1e30, 1e30}}}},
      {"selu",
       {[](Long x) { return 1.0507009873554804934193349852946L * (x > 0 ? x : 1.6732632423543772848170429916717L * std::expm1(x)); },
        {{-80, 1e30}}}},
      {"gelu", {[](Long x) { return x / 2 * std::erfc(-x / std::sqrt(2.0L)); }, {{-12, 1e18}, {-2, 2}}}},
      {"gelu_tanh", {[](Long x) { return x * sigmoid_long(2 * std::sqrt(2 / pi) * (x + 0.044715L * x * x * x)); }, {{-9, 1e10}}}},
      {"silu", {[](Long x) { return x * sigmoid_long(x); }, {{-80, 1e30}}}},
      {"mish", {[](Long x) { return x * std::tanh(softplus_long(x)); }, {{-80, 1e30}}}},
      {"hardtanh", {[](Long x) { return x < -1  ? -1
                                        : x > 1 ? 1
                                                : x; }, {{-4, 4}}}},
      {"hardsigmoid", {[](Long x) { return x < -3  ? 0
                                           : x > 3 ? 1
                                                   : x / 6 + 0.5L; }, {{-4, 4}}}},
      {"abs", {[](Long x) { return std::fabs(x); }, {{-1e30, 1e30}}}},
      {"sign", {[](Long x) { return x > 0   ? 1
                                    : x < 0 ? -1
                                            : 0; }, {{-1e30, 1e30}}}},
      {"floor", {[](Long x) { return std::floor(x); }, {{-1e10, 1e10}}}},
      {"ceil", {[](Long x) { return std::ceil(x); }, {{-1e10, 1e10}}}},
      {"round", {round_long, {{-1e10, 1e10}}}},
      {"trunc", {[](Long x) { return std::trunc(x); }, {{-1e10, 1e10}}}},
      {"erf", {[](Long x) { return std::erf(x); }, {{-6, 6}}}},
      {"erfc", {[](Long x) { return std::erfc(x); }, {{-6, 9}}}},
      {"lgamma", {[](Long x) { return std::lgamma(x); }, {{1e-10, 1e30}, {0.5, 4}}}},
  };
  return all;
}

struct BinaryReference {
  std::function<Long(Long, Long)> f;
  Domain x, y;
};

const std::map<std::string, BinaryReference>& binary_references() {
  static const std::map<std::string, BinaryReference> all = {
      {"add", {[](Long x, Long y) { return x + y; }, {-1e3, 1e3}, {-1e3, 1e3}}},
      {"sub", {[](Long x, Long y) { return x - y; }, {-1e3, 1e3}, {-1e3, 1e3}}},
      {"mul", {[](Long x, Long y) { return x * y; }, {-1e15, 1e15}, {-1e15, 1e15}}},
      {"guarded_mul", {[](Long x, Long y) { return x * y; }, {-1e15, 1e15}, {-1e15, 1e15}}},
      {"div", {[](Long x, Long y) { return x / y; }, {-1e15, 1e15}, {1e-15, 1e15}}},
      {"pow", {[](Long x, Long y) { return std::pow(x, y); }, {0.01, 100}, {-15, 15}}},
      {"atan2", {[](Long y, Long x) { return std::atan2(y, x); }, {-1e10, 1e10}, {-1e10, 1e10}}},
      {"hypot", {[](Long x, Long y) { return std::hypot(x, y); }, {-1e30, 1e30}, {-1e30, 1e30}}},
      {"copysign", {[](Long x, Long y) { return std::copysign(x, y); }, {-1e30, 1e30}, {-1e30, 1e30}}},
      {"fmod", {[](Long x, Long y) { return std::fmod(x, y); }, {-1e6, 1e6}, {0.01, 1e3}}},
      {"remainder",
       {[](Long x, Long y) {
          const Long r = std::fmod(x, y);
          return r < 0 ? r + y : r;
        },
        {-1e6, 1e6},
        {0.01, 1e3}}},
      {"min", {[](Long x, Long y) { return std::min(x, y); }, {-1e30, 1e30}, {-1e30, 1e30}}},
      {"max", {[](Long x, Long y) { return std::max(x, y); }, {-1e30, 1e30}, {-1e30, 1e30}}},
      {"logaddexp", {[](Long x, Long y) { return std::max(x, y) + std::log1p(std::exp(-std::fabs(x - y))); }, {-80, 80}, {-80, 80}}},
      {"xlogy", {[](Long x, Long y) { return x == 0 ? 0 : x * std::log(y); }, {-1e10, 1e10}, {1e-30, 1e30}}},
      {"leaky_relu", {[](Long x, Long y) { return x > 0 ? x : x * y; }, {-1e10, 1e10}, {0.001, 0.9}}},
      {"elu", {[](Long x, Long y) { return x > 0 ? x : y * std::expm1(x); }, {-60, 1e10}, {0.1, 10}}},
  };
  return all;
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, int32_t, int64_t>;

// Bits that order like the numbers do.
template <class T>
Bits<T> ordered(T x) {
  const auto bits = std::bit_cast<Bits<T>>(x);
  return bits < 0 ? std::numeric_limits<Bits<T>>::min() - bits : bits;
}
template <class T>
T from_ordered(Bits<T> o) {
  return std::bit_cast<T>(o < 0 ? static_cast<Bits<T>>(std::numeric_limits<Bits<T>>::min() - o) : o);
}

// `count` numbers of the domain, the i-th near the i-th part of its bits; normal ones only.
template <class T>
std::vector<T> sample(Domain d, size_t count) {
  std::vector<T> out;
  const double lo = static_cast<double>(ordered(static_cast<T>(d.lo))), hi = static_cast<double>(ordered(static_cast<T>(d.hi)));
  uint64_t state = 1;
  for (size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double at = (static_cast<double>(i) + static_cast<double>(state >> 40) * 0x1p-24) / static_cast<double>(count);
    const T x = from_ordered<T>(static_cast<Bits<T>>(lo + (hi - lo) * at));
    if (x >= static_cast<T>(d.lo) && x <= static_cast<T>(d.hi) && (x == 0 || std::abs(x) >= std::numeric_limits<T>::min()))
      out.push_back(x);
  }
  return out;
}

// |got - want| in units of the last place of want; of `floor` where want is smaller.
template <class T>
double error_in_ulp(T got, Long want, double floor) {
  const T rounded = static_cast<T>(want);
  if (std::isnan(want)) return std::isnan(got) ? 0 : INFINITY;
  if (got == rounded)
    return std::isinf(got) ? 0
                           : static_cast<double>(std::fabs(static_cast<Long>(got) - want) /
                                                 std::ldexp(1.0L, std::max(std::ilogb(std::max(std::fabs(want), static_cast<Long>(floor))),
                                                                           std::numeric_limits<T>::min_exponent - 1) -
                                                                      std::numeric_limits<T>::digits + 1));
  if (std::isinf(got) || std::isinf(rounded) || std::isnan(got)) return INFINITY;
  if (std::fabs(want) < std::numeric_limits<T>::min() && got == 0) return 0;  // flushed
  const Long size = std::max({std::fabs(want), static_cast<Long>(floor), static_cast<Long>(std::numeric_limits<T>::min())});
  return static_cast<double>(std::fabs(static_cast<Long>(got) - want) /
                             std::ldexp(1.0L, std::ilogb(size) - std::numeric_limits<T>::digits + 1));
}

template <class T>
std::vector<T> evaluated(const ScalarFunction& row, const std::vector<std::vector<T>>& args) {
  const FloatEnvironment environment;
  const std::vector<DType> types(args.size(), DTypeOf<T>::value);
  const Program program = lower(formula_of_row(row), types);
  std::vector<const std::byte*> in;
  for (const auto& a : args) in.push_back(reinterpret_cast<const std::byte*>(a.data()));
  std::vector<T> out(args[0].size());
  std::byte* const to[] = {reinterpret_cast<std::byte*>(out.data())};
  evaluate(program, in, to, static_cast<int64_t>(out.size()));
  return out;
}

struct Worst {
  double ulp = 0;
  std::string where;
  void see(double error, const std::string& at) {
    if (error > ulp || std::isnan(error)) {
      ulp = std::isnan(error) ? INFINITY : error;
      where = at;
    }
  }
};

template <class T>
Worst worst_unary(const ScalarFunction& row, const Reference& reference) {
  Worst worst;
  for (const Domain& d : reference.domains) {
    const std::vector<T> x = sample<T>(d, 40000);
    const std::vector<T> y = evaluated<T>(row, {x});
    for (size_t i = 0; i < x.size(); ++i) {
      // f32 is held against f64, of which glibc's errors are 2^-29 of an f32 ULP.
      const Long want = sizeof(T) == 4 ? static_cast<Long>(reference.f(static_cast<Long>(x[i]))) : reference.f(static_cast<Long>(x[i]));
      worst.see(error_in_ulp(y[i], want, row.accuracy.floor), "x = " + number_text(x[i]));
    }
  }
  return worst;
}

template <class T>
Worst worst_binary(const ScalarFunction& row, const BinaryReference& reference) {
  Worst worst;
  std::vector<T> x = sample<T>(reference.x, 40000), y = sample<T>(reference.y, 40000);
  const size_t n = std::min(x.size(), y.size());
  x.resize(n);
  y.resize(n);
  std::vector<T> turned(n);
  for (size_t i = 0; i < n; ++i) turned[i] = y[i * 7919 % n];
  const std::vector<T> r = evaluated<T>(row, {x, turned});
  for (size_t i = 0; i < n; ++i)
    worst.see(error_in_ulp(r[i], reference.f(static_cast<Long>(x[i]), static_cast<Long>(turned[i])), row.accuracy.floor),
              "x = " + number_text(x[i]) + ", y = " + number_text(turned[i]));
  return worst;
}

// {"function": [[x..., head, tail], ...]}: the value is head + tail.
struct Stored {
  std::vector<std::vector<double>> args;
  std::vector<Long> values;
};
std::map<std::string, Stored> stored_functions() {
  std::ifstream in(LANC_SOURCE_DIR "/tests/data/scalar_functions.json");
  const auto all = nlohmann::json::parse(in);
  std::map<std::string, Stored> out;
  for (const auto& [name, rows] : all.at("functions").items()) {
    Stored& s = out[name];
    for (const auto& row : rows) {
      const auto numbers = row.get<std::vector<double>>();
      s.args.resize(numbers.size() - 2);
      for (size_t i = 0; i + 2 < numbers.size(); ++i) s.args[i].push_back(numbers[i]);
      s.values.push_back(static_cast<Long>(numbers[numbers.size() - 2]) + static_cast<Long>(numbers.back()));
    }
  }
  return out;
}

// Arguments are held by f32 too.
template <class T>
Worst worst_stored(const ScalarFunction& row, const Stored& stored) {
  Worst worst;
  std::vector<std::vector<T>> args;
  for (const auto& a : stored.args) args.emplace_back(a.begin(), a.end());
  const std::vector<T> y = evaluated<T>(row, args);
  for (size_t i = 0; i < y.size(); ++i)
    worst.see(error_in_ulp(y[i], stored.values[i], row.accuracy.floor), "x = " + number_text(stored.args.back()[i]));
  return worst;
}

void expect_within(const std::string& name, const char* dtype, const Worst& worst, double bound) {
  testing::Test::RecordProperty(name + "_" + dtype, std::to_string(worst.ulp));
  EXPECT_LE(worst.ulp, bound) << name << " in " << dtype << " at " << worst.where;
  // A bound that is far from the truth says nothing.
  EXPECT_GE(worst.ulp * 2.5 + 0.51, bound) << name << " in " << dtype << ": the stated bound is too wide";
}

// Rows that give bools, choose, or move bits have no rounding.
bool rounds(const ScalarFunction& row) {
  return (row.signature == Signature::real || row.signature == Signature::number) && row.name != "clamp" && row.name != "floor_div";
}

TEST(Accuracy, OfEveryFunctionIsWithinItsRowsBound) {
  const auto stored = stored_functions();
  for (const ScalarFunction& row : scalar_functions()) {
    if (!rounds(row)) continue;
    const std::string name(row.name);
    SCOPED_TRACE(name);
    if (const auto at = unary_references().find(name); at != unary_references().end()) {
      expect_within(name, "f32", worst_unary<float>(row, at->second), row.accuracy.f32);
      expect_within(name, "f64", worst_unary<double>(row, at->second), row.accuracy.f64);
    } else if (const auto two = binary_references().find(name); two != binary_references().end()) {
      expect_within(name, "f32", worst_binary<float>(row, two->second), row.accuracy.f32);
      expect_within(name, "f64", worst_binary<double>(row, two->second), row.accuracy.f64);
    } else if (const auto three = stored.find(name); three != stored.end()) {
      expect_within(name, "f32", worst_stored<float>(row, three->second), row.accuracy.f32);
      expect_within(name, "f64", worst_stored<double>(row, three->second), row.accuracy.f64);
    } else {
      ADD_FAILURE() << name << " has no values of higher precision to be held against";
    }
  }
}

}  // namespace
}  // namespace lanc
