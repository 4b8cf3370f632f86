#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include <lanc/ops/layout.h>
#include <lanc/ops/slice.h>
#include <lanc/tests/support/op_run.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::cases {
namespace {

// splitmix64 (Steele, Lea, Flood 2014), seeded by the name of what is made.
class Random {
 public:
  explicit Random(const std::string& name) {
    for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  uint64_t bits() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

 private:
  uint64_t state_ = 0xcbf29ce484222325u;
};

// Rounded to what f32, bf16 and f16 hold alike; a draw that this moves out of (lo, hi) is drawn again.
double shared_draw(Random& random, double lo, double hi) {
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const double drawn = lo + (hi - lo) * random.unit();
    const double kept = static_cast<double>(from_f16_bits(to_f16_bits(from_bf16_bits(to_bf16_bits(static_cast<float>(drawn))))));
    if (kept > lo && kept < hi) return kept;
  }
  throw std::runtime_error("uniform: no number between lo and hi is held by bf16 and f16");
}

std::vector<double> elements_of(const Fed& fed, const std::string& name) {
  const auto n = static_cast<size_t>(numel_of(fed.sizes));
  Random random(name);
  std::vector<double> out(n);
  switch (fed.kind) {
    case Fed::Kind::uniform:
      for (double& v : out) v = shared_draw(random, fed.lo, fed.hi);
      break;
    case Fed::Kind::integers:
      for (double& v : out) v = std::min(fed.hi, fed.lo + std::floor((fed.hi - fed.lo + 1) * random.unit()));
      break;
    case Fed::Kind::distinct: {
      const double step = std::exp2(std::floor(std::log2((fed.hi - fed.lo) / std::max<double>(1, static_cast<double>(n)))));
      for (size_t i = 0; i < n; ++i) out[i] = (std::ceil(fed.lo / step) + static_cast<double>(i)) * step;
      for (size_t i = n; i > 1; --i) std::swap(out[i - 1], out[random.bits() % i]);
      break;
    }
    case Fed::Kind::listed:
      if (fed.listed.size() == 1)
        std::fill(out.begin(), out.end(), fed.listed[0]);
      else if (fed.listed.size() == n)
        out = fed.listed;
      else
        throw std::runtime_error("values: " + std::to_string(n) + " elements are needed, got " + std::to_string(fed.listed.size()));
  }
  return out;
}

Tensor permuted(const Tensor& x, const std::vector<int64_t>& axes) {
  Sizes sizes;
  for (int64_t a : axes) sizes.push_back(x.sizes()[static_cast<size_t>(a)]);
  Tensor y = Tensor::uninitialized(x.dtype(), sizes);
  const Sizes strides = row_major(x.sizes());
  const auto bytes = static_cast<size_t>(size_of(x.dtype()));
  Sizes index(sizes.size(), 0);
  for (int64_t i = 0; i < y.numel(); ++i) {
    int64_t at = 0;
    for (size_t a = 0; a < axes.size(); ++a) at += index[a] * strides[static_cast<size_t>(axes[a])];
    std::copy_n(x.data() + static_cast<size_t>(at) * bytes, bytes, y.data() + static_cast<size_t>(i) * bytes);
    for (size_t a = sizes.size(); a-- > 0;) {
      if (++index[a] < sizes[a]) break;
      index[a] = 0;
    }
  }
  return y;
}

Shape shape_of(const Sizes& sizes) { return {sizes.begin(), sizes.end()}; }

// Equal sizes are one symbol, but a 1 stays a 1: a symbol does not broadcast.
Value symbolic_value(Graph& graph, const std::string& name, const Tensor& t) {
  Shape shape;
  for (const int64_t n : t.sizes()) shape.push_back(n == 1 ? Dim(1) : graph.dim("n" + std::to_string(n)));
  return graph.input(name, t.dtype(), shape);
}

Value fed_value(Graph& graph, const std::string& name, const Tensor& t) { return graph.input(name, t.dtype(), shape_of(t.sizes())); }

// The axes turned round: what is fed is x's transpose, what the op sees is x again.
Value through_transpose(Graph& graph, const std::string& name, Tensor& feed) {
  std::vector<int64_t> reversed(feed.sizes().size());
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  feed = permuted(feed, reversed);
  return permute(fed_value(graph, name, feed), reversed);
}

// Every axis twice as long and backwards, with other elements between: what is fed holds x at the places that the slice reads.
Value through_slice(Graph& graph, const std::string& name, Tensor& feed) {
  Sizes spread = feed.sizes();
  for (int64_t& n : spread) n = 2 * n + 1;
  Tensor wide(feed.dtype(), spread);
  for (int64_t i = 0; i < wide.numel(); ++i) wide.set(i, 1);
  const Sizes strides = row_major(spread);
  const auto bytes = static_cast<size_t>(size_of(feed.dtype()));
  Sizes index(spread.size(), 0);
  for (int64_t i = 0; i < feed.numel(); ++i) {
    int64_t at = 0;
    for (size_t a = 0; a < index.size(); ++a) at += (2 * (feed.sizes()[a] - 1 - index[a]) + 1) * strides[a];
    std::copy_n(feed.data() + static_cast<size_t>(i) * bytes, bytes, wide.data() + static_cast<size_t>(at) * bytes);
    for (size_t a = index.size(); a-- > 0;) {
      if (++index[a] < feed.sizes()[a]) break;
      index[a] = 0;
    }
  }
  SliceAttrs attrs;
  for (int64_t n : feed.sizes()) {
    attrs.starts.emplace_back(2 * n - 1);
    attrs.sizes.emplace_back(n);
    attrs.steps.emplace_back(-2);
  }
  feed = wide;
  return strided_slice(fed_value(graph, name, feed), attrs);
}

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(std::function<void()> body) : body_(std::move(body)) {}
  void TestBody() override { body_(); }

 private:
  std::function<void()> body_;
};

}  // namespace

std::string Layout::text() const {
  if (kind == Kind::plain) return "plain";
  if (kind == Kind::symbolic) return "symbols for sizes";
  return "operand " + std::to_string(operand) + (kind == Kind::transposed ? " transposed" : " a strided slice");
}

std::vector<Layout> layouts_of(const OpCases& op, const Sample& sample) {
  std::vector<Layout> layouts = {{}};
  for (size_t i = 0; i < sample.inputs.size(); ++i) {
    if (sample.inputs[i].sizes.size() >= 2) layouts.push_back({Layout::Kind::transposed, i});
    if (!sample.inputs[i].sizes.empty()) layouts.push_back({Layout::Kind::sliced, i});
  }
  if (op.symbolic) layouts.push_back({Layout::Kind::symbolic, 0});
  return layouts;
}

const std::vector<DType>& dtypes_of(const OpCases& op, const Sample& sample) { return sample.dtypes.empty() ? op.dtypes : sample.dtypes; }

DType dtype_of(const Fed& fed, DType tested) { return fed.dtype.value_or(tested); }

std::vector<Tensor> operands_of(const OpCases& op, const Sample& sample, DType dtype) {
  std::vector<Tensor> out;
  for (size_t i = 0; i < sample.inputs.size(); ++i) {
    const Fed& fed = sample.inputs[i];
    const auto elements = elements_of(fed, op.op + "/" + sample.name + "/" + std::to_string(i));
    out.push_back(Tensor::of<double>(fed.sizes, elements).to(dtype_of(fed, dtype)));
  }
  return out;
}

std::vector<Tensor> flushed_operands(const OpCases& op, const Sample& sample, DType dtype) {
  std::vector<Tensor> out;
  for (const Tensor& x : operands_of(op, sample, dtype)) out.push_back(flushed(x));
  return out;
}

bool tests_everything() {
  static const bool all = [] {
    const char* level = std::getenv("LANC_TEST_LEVEL");
    return level != nullptr && std::string_view(level) == "all";
  }();
  return all;
}

Built build(const OpCases& op, const Sample& sample, DType dtype, const Layout& layout) {
  Built b;
  b.feeds = operands_of(op, sample, dtype);
  for (size_t i = 0; i < b.feeds.size(); ++i) {
    const std::string name = "x" + std::to_string(i);
    const bool here = layout.operand == i;
    b.operands.push_back(here && layout.kind == Layout::Kind::transposed ? through_transpose(b.graph, name, b.feeds[i])
                         : here && layout.kind == Layout::Kind::sliced   ? through_slice(b.graph, name, b.feeds[i])
                         : layout.kind == Layout::Kind::symbolic         ? symbolic_value(b.graph, name, b.feeds[i])
                                                                         : fed_value(b.graph, name, b.feeds[i]));
    b.inputs.push_back(*b.graph.find(name));
  }
  b.outputs = sample.build(b.graph, b.operands);
  return b;
}

Results run(const Built& built, Device device, bool jit, bool fusion) {
  SessionOptions options{.device = device, .seed = 7, .jit = jit};
  if (!fusion) options.disabled_passes = {"fuse"};
  const Session session(built.graph, options);
  Feeds feeds;
  for (size_t i = 0; i < built.inputs.size(); ++i) feeds.emplace_back(built.inputs[i], built.feeds[i]);
  return session.eval(built.outputs, feeds);
}

namespace {

int64_t wrapped(DType t, int64_t v) {
  if (t == i32) return static_cast<int32_t>(v);
  if (t == u8) return static_cast<uint8_t>(v);
  if (t == boolean) return v != 0 ? 1 : 0;
  return v;
}

testing::AssertionResult equal_integers(const Tensor& got, const Tensor& want) {
  const Tensor a = got.to(i64), b = want.dtype() == i64 ? want : want.to(got.dtype()).to(i64);
  for (int64_t i = 0; i < got.numel(); ++i) {
    const int64_t x = a.span<int64_t>()[static_cast<size_t>(i)], y = wrapped(got.dtype(), b.span<int64_t>()[static_cast<size_t>(i)]);
    if (x != y) return testing::AssertionFailure() << "element " << i << " of " << got.type_text() << " is " << x << ", not " << y;
  }
  return testing::AssertionSuccess();
}

}  // namespace

testing::AssertionResult near(const Tensor& got, const Tensor& want, double tolerance, bool by_element) {
  if (got.sizes() != want.sizes()) return testing::AssertionFailure() << "sizes are " << got.type_text() << ", not " << want.type_text();
  if (!is_float(got.dtype())) return equal_integers(got, want);
  const Tensor rounded = want.to(got.dtype());
  double norm = 0;
  for (int64_t i = 0; i < got.numel(); ++i)
    if (std::isfinite(rounded.at(i))) norm = std::max(norm, std::abs(rounded.at(i)));
  for (int64_t i = 0; i < got.numel(); ++i) {
    const double x = got.at(i), y = rounded.at(i);
    if ((std::isnan(x) && std::isnan(y)) || x == y) continue;
    // By element: a factor below the smallest number may have been flushed, as in 89 * sigmoid(-89).
    const double allowed = tolerance * std::max(std::abs(y), by_element ? 0 : norm / 8) +
                           (by_element && got.dtype() != f16 ? 1000 : 2) * tolerance::smallest_of(got.dtype());
    if (!(std::isfinite(y) && std::abs(x - y) <= allowed))
      return testing::AssertionFailure() << "element " << i << " of " << got.type_text() << " is " << number_text(x) << ", not "
                                         << number_text(y) << " (off by " << std::abs(x - y) << ", allowed " << allowed << ")";
  }
  return testing::AssertionSuccess();
}

Tensor flushed(const Tensor& x) {
  if (!is_float(x.dtype()) || x.dtype() == f16) return x;  // f16's denormals are ordinary numbers of f32
  const double smallest = x.dtype() == f64 ? 0x1p-1022 : 0x1p-126;
  Tensor y = x.clone();
  for (int64_t i = 0; i < y.numel(); ++i)
    if (std::abs(x.at(i)) < smallest) y.set(i, std::copysign(0.0, x.at(i)));
  return y;
}

void add_test(const std::string& name, std::function<void()> body) {
  std::string plain = name;
  std::replace(plain.begin(), plain.end(), ' ', '_');
  testing::RegisterTest("Ops", plain.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                        [body = std::move(body)]() -> testing::Test* { return new CaseTest(body); });
}

}  // namespace lanc::cases
