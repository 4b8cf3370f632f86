// First and second derivatives in f64 against central differences: vjp, jvp, and either against the other. Finite differences are taken of
// the reference backend's values, whose sums are exact to f64; the cotangents are fed, so that one function gives every row of the Jacobian.
#include <algorithm>
#include <cmath>

#include <lanc/autodiff/gradients.h>
#include <lanc/autodiff/pull_back.h>
#include <lanc/graph/error.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/random.h>
#include <lanc/ops/reduce.h>
#include <lanc/tests/support/op_run.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::cases {
namespace {

using Tensors = std::vector<Tensor>;

// Five-point stencil: error h^4 f^(5) / 30 and 1e-16 / h of rounding; both stay below 1e-8 for functions whose fifth derivative is below
// 1e6.
constexpr double step = 1e-3, shorter_step = 1e-4;

double inner(const Tensors& a, const Tensors& b) {
  double total = 0;
  for (size_t k = 0; k < a.size(); ++k)
    for (int64_t i = 0; i < a[k].numel(); ++i) total += a[k].at(i) * b[k].at(i);
  return total;
}
double norm(const Tensors& a) { return std::sqrt(inner(a, a)); }

Tensors moved(const Tensors& x, const Tensors& direction, double by) {
  Tensors out;
  for (size_t k = 0; k < x.size(); ++k) {
    out.push_back(x[k].clone());
    for (int64_t i = 0; i < x[k].numel(); ++i) out[k].set(i, x[k].at(i) + by * direction[k].at(i));
  }
  return out;
}

// Sines of the golden ratio's multiples: fixed, dense, no two alike.
Tensors directions_for(const std::vector<Value>& like, double phase) {
  Tensors out;
  double t = phase;
  for (const Value& v : like) {
    Sizes sizes;
    for (const Dim& d : v.shape()) sizes.push_back(d.number());
    out.emplace_back(f64, sizes);
    for (int64_t i = 0; i < out.back().numel(); ++i) out.back().set(i, std::sin(t += 1.618033988749895) + 0.1);
  }
  return out;
}

std::vector<Value> inputs_like(Graph& graph, const std::string& name, const std::vector<Value>& like) {
  std::vector<Value> out;
  for (size_t i = 0; i < like.size(); ++i) out.push_back(graph.input(name + std::to_string(i), like[i].dtype(), like[i].shape()));
  return out;
}

bool finite(const Tensors& all) {
  for (const Tensor& t : all)
    for (int64_t i = 0; i < t.numel(); ++i)
      if (!std::isfinite(t.at(i))) return false;
  return true;
}

// One sample in f64 with everything that is asked of it: y(x), g = J^T c, t = J d, h = d<g, e>/dx.
class Differentiated {
 public:
  Differentiated(const OpCases& op, const Sample& sample)
      : built_(build(op, sample, f64)), session_(built_.graph, {.device = Device::reference(), .seed = 7}) {
    for (size_t i = 0; i < built_.inputs.size(); ++i)
      if (is_float(built_.inputs[i].dtype()) && built_.inputs[i].dtype() == f64) {
        wanted_.push_back(built_.inputs[i]);
        at_.push_back(built_.feeds[i]);
      } else {
        fixed_.push_back(built_.inputs[i]);
        fixed_feeds_.push_back(built_.feeds[i]);
      }
    for (const Value& y : built_.outputs)
      if (is_float(y.dtype())) outputs_.push_back(y);
  }
  bool nothing() const { return wanted_.empty() || outputs_.empty(); }
  const std::vector<Value>& wanted() const { return wanted_; }
  const std::vector<Value>& outputs() const { return outputs_; }
  const Tensors& at() const { return at_; }

  void differentiate() {
    cotangents_ = inputs_like(built_.graph, "c", outputs_);
    directions_ = inputs_like(built_.graph, "d", wanted_);
    const std::vector<Value> g = vjp(outputs_, wanted_, cotangents_), t = jvp(outputs_, wanted_, directions_);
    const std::vector<Value> h = vjp(g, wanted_, directions_);
    value_ = compiled(outputs_);
    gradient_ = compiled(g);
    tangent_ = compiled(t);
    hessian_ = compiled(h);
  }
  Tensors values(const Tensors& x) const { return call(*value_, x, zeros(outputs_), zeros(wanted_)); }
  Tensors gradient(const Tensors& x, const Tensors& c) const { return call(*gradient_, x, c, zeros(wanted_)); }
  Tensors tangent(const Tensors& x, const Tensors& d) const { return call(*tangent_, x, zeros(outputs_), d); }
  /// The gradient of <J^T c, e> by x.
  Tensors hessian(const Tensors& x, const Tensors& c, const Tensors& e) const { return call(*hessian_, x, c, e); }

 private:
  static Tensors zeros(const std::vector<Value>& like) {
    Tensors out = directions_for(like, 0);
    for (Tensor& t : out)
      for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 0);
    return out;
  }
  std::optional<Function> compiled(const std::vector<Value>& what) const {
    std::vector<Value> inputs = wanted_;
    for (const auto* more : {&fixed_, &cotangents_, &directions_}) inputs.insert(inputs.end(), more->begin(), more->end());
    return session_.function(inputs, what);
  }
  Tensors call(const Function& f, const Tensors& x, const Tensors& c, const Tensors& d) const {
    Tensors feeds = x;
    for (const auto* more : {&fixed_feeds_, &c, &d}) feeds.insert(feeds.end(), more->begin(), more->end());
    // Draws stand still, whatever their parameters.
    if (const auto steps = built_.graph.find(session_step_path)) session_.set(*steps, 0.0);
    return f(feeds);
  }

  Built built_;
  Session session_;
  std::vector<Value> wanted_, fixed_, outputs_, cotangents_, directions_;
  Tensors at_, fixed_feeds_;
  std::optional<Function> value_, gradient_, tangent_, hessian_;
};

// d/ds f(x + s d) at 0 by f(x + h d), f(x - h d), f(x + 2 h d), f(x - 2 h d).
template <class F>
Tensors difference(F f, const Tensors& x, const Tensors& d, double h) {
  const Tensors a = f(moved(x, d, h)), b = f(moved(x, d, -h)), a2 = f(moved(x, d, 2 * h)), b2 = f(moved(x, d, -2 * h));
  Tensors out;
  for (size_t k = 0; k < a.size(); ++k) {
    out.push_back(a[k].clone());
    for (int64_t i = 0; i < a[k].numel(); ++i)
      out[k].set(i, (8 * (a[k].at(i) - b[k].at(i)) - (a2[k].at(i) - b2[k].at(i))) / (12 * h));
  }
  return out;
}

// Along one direction, with either step: either may be the better one, for large values or near a singularity.
template <class F>
class Differences {
 public:
  Differences(F f, const Tensors& x, const Tensors& d) : f_(f), x_(x), d_(d), first_(difference(f, x, d, step)) {}
  /// Of element i of result k: `analytic`, within the tolerance relative to `scale`.
  void expect(size_t k, int64_t i, double analytic, double scale, const std::string& what) {
    const double allowed = tolerance::numerical_derivative * std::max(scale, 1e-3);
    if (std::abs(first_[k].at(i) - analytic) <= allowed) return;
    if (second_.empty()) second_ = difference(f_, x_, d_, shorter_step);
    EXPECT_NEAR(second_[k].at(i), analytic, allowed) << what;
  }

 private:
  F f_;
  const Tensors &x_, &d_;
  Tensors first_, second_ = {};
};

// One number as a result.
Tensors alone(double value) { return {Tensor::scalar<double>(value)}; }

void check_first(const Differentiated& f, const Sample& sample) {
  const Tensors& x = f.at();
  const Tensors c = directions_for(f.outputs(), 0.3), d = directions_for(f.wanted(), 0.7);
  const Tensors g = f.gradient(x, c), t = f.tangent(x, d);
  ASSERT_TRUE(finite(g)) << "a gradient is not finite";
  const double along = inner(g, d), scale = norm(g) * norm(d);
  EXPECT_NEAR(inner(c, t), along, tolerance::jvp_against_vjp * std::max({scale, norm(c) * norm(t), 1e-6})) << "jvp against vjp";
  if (!sample.smooth) return;
  Differences gradient([&](const Tensors& at) { return alone(inner(f.values(at), c)); }, x, d);
  gradient.expect(0, 0, along, scale, "vjp along a direction");
  Differences tangent([&](const Tensors& at) { return f.values(at); }, x, d);
  for (size_t k = 0; k < t.size(); ++k)
    for (int64_t i = 0; i < t[k].numel(); ++i) tangent.expect(k, i, t[k].at(i), norm(t), "jvp of output " + std::to_string(k));
}

// Zeros, but for a 1 in one place.
Tensors unit(const std::vector<Value>& like, size_t k, int64_t i) {
  const Tensors some = directions_for(like, 0);
  Tensors out = moved(some, some, -1);
  out[k].set(i, 1);
  return out;
}

// Every entry of J: by unit cotangents, by unit tangents, and by differences.
void check_jacobian(const Differentiated& f, const Sample& sample) {
  const Tensors& x = f.at();
  std::vector<std::vector<Tensors>> rows;
  const Tensors y = f.values(x);
  for (size_t o = 0; o < y.size(); ++o) {
    rows.emplace_back();
    for (int64_t row = 0; row < y[o].numel(); ++row) rows[o].push_back(f.gradient(x, unit(f.outputs(), o, row)));
  }
  for (size_t w = 0; w < x.size(); ++w)
    for (int64_t column = 0; column < x[w].numel(); ++column) {
      const Tensors d = unit(f.wanted(), w, column), t = f.tangent(x, d);
      Differences differences([&](const Tensors& at) { return f.values(at); }, x, d);
      for (size_t o = 0; o < y.size(); ++o)
        for (int64_t row = 0; row < y[o].numel(); ++row) {
          const Tensors& g = rows[o][static_cast<size_t>(row)];
          const double entry = g[w].at(column), scale = norm(g);
          const std::string what = "d output " + std::to_string(o) + "[" + std::to_string(row) + "] / d operand " + std::to_string(w) +
                                   "[" + std::to_string(column) + "]";
          EXPECT_NEAR(t[o].at(row), entry, tolerance::jvp_against_vjp * std::max(scale, 1e-6)) << what << ", jvp against vjp";
          if (!sample.smooth) continue;
          differences.expect(o, row, entry, scale, what + " by vjp");
          differences.expect(o, row, t[o].at(row), scale, what + " by jvp");
        }
    }
}

void check_second(const Differentiated& f, const Sample& sample) {
  const Tensors& x = f.at();
  const Tensors c = directions_for(f.outputs(), 0.3), e = directions_for(f.wanted(), 1.1), d = directions_for(f.wanted(), 0.7);
  const Tensors h = f.hessian(x, c, e), mirrored = f.hessian(x, c, d);
  ASSERT_TRUE(finite(h)) << "a second derivative is not finite";
  const double along = inner(h, d), scale = norm(h) * norm(d);
  EXPECT_NEAR(inner(mirrored, e), along, tolerance::jvp_against_vjp * std::max({scale, norm(mirrored) * norm(e), 1e-6}))
      << "the Hessian is symmetric";
  if (!sample.smooth) return;
  Differences second([&](const Tensors& at) { return alone(inner(f.gradient(at, c), e)); }, x, d);
  second.expect(0, 0, along, scale, "second derivative along two directions");
}

// Has a node of this op an operand that could be differentiated by? A draw of seed and step has none: its parameters come after it.
bool has_float_operand(const Graph& graph, const std::string& op) {
  for (uint32_t id = 0; id < graph.size(); ++id) {
    const Node& node = graph.node(id);
    if (node.op->name != op) continue;
    for (const Ref r : node.inputs)
      if (is_float(graph.node(r.node).outputs[r.output].dtype)) return true;
  }
  return false;
}

// A gradient through an op whose table says that there is none is a UserError with the reason.
void check_refusal(const OpCases& op, const Sample& sample) {
  Built built = build(op, sample, f64);
  if (!has_float_operand(built.graph, op.op)) return;
  std::vector<Value> wanted;
  for (const Value& x : built.inputs)
    if (is_float(x.dtype())) wanted.push_back(x);
  try {
    gradients(sum(cast(built.outputs[0], f64)), wanted);
    ADD_FAILURE() << "no UserError, though " << op.op << " says: " << op.no_derivative;
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find(op.op + ": " + op.no_derivative), std::string::npos) << error.what();
  }
}

// An op without a derivative says why, and where it stands.
bool refuses(Differentiated& f) {
  try {
    f.differentiate();
  } catch (const UserError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("gradients: every op on the way must have a derivative"), std::string::npos) << text;
    EXPECT_EQ(text.find("it declares none"), std::string::npos) << "no_gradient must say why: " << text;
    return true;
  }
  return false;
}

int64_t elements(const std::vector<Value>& values) {
  int64_t n = 0;
  for (const Value& v : values) n += v.type().numel().number();
  return n;
}

// What the op's rule reads of its node's inputs and outputs, by the cotangents that it builds.
struct Read {
  bool inputs = false, outputs = false;
};
Read read_by_vjp(Graph graph, uint32_t id) {
  const Node& node = graph.node(id);
  std::vector<std::optional<Value>> cotangents;
  for (uint32_t k = 0; k < node.outputs.size(); ++k) {
    cotangents.emplace_back();
    if (is_float(node.outputs[k].dtype)) cotangents[k] = inputs_like(graph, "r" + std::to_string(id) + "_" + std::to_string(k) + "_", {Value(graph.data(), id, k)})[0];
  }
  std::vector<bool> wanted;
  for (const Ref r : node.inputs) wanted.push_back(is_float(graph.node(r.node).outputs[r.output].dtype));
  const auto first = static_cast<uint32_t>(graph.size());
  const Cotangents back = node.op->vjp(VjpArgs(Value(graph.data(), id, 0), cotangents, wanted, derivation));
  std::vector<Ref> roots;
  for (const auto& c : back)
    if (c) roots.push_back({c->node_id(), c->output()});
  Read read;
  const auto look = [&](Ref r) {
    read.outputs |= r.node == id;
    for (const Ref in : node.inputs) read.inputs |= in == r && is_float(graph.node(r.node).outputs[r.output].dtype);
  };
  for (const Ref r : roots) look(r);
  for (const uint32_t made : canonical_order(graph, roots, first))
    for (const Ref r : graph.node(made).inputs) look(r);
  return read;
}

// `reads` of an op says no less than its rule reads.
void check_reads(const OpCases& op, const Sample& sample) {
  const Built built = build(op, sample, f64);
  const auto count = static_cast<uint32_t>(built.graph.size());
  for (uint32_t id = 0; id < count; ++id) {
    const Node& node = built.graph.node(id);
    if (node.op->name != op.op || node.op->vjp == nullptr) continue;
    const Read read = read_by_vjp(built.graph, id);
    EXPECT_TRUE(node.op->reads.inputs || !read.inputs) << "the vjp reads an input, .reads says that it does not";
    EXPECT_TRUE(node.op->reads.outputs || !read.outputs) << "the vjp reads an output, .reads says that it does not";
  }
}

void check_derivatives(const OpCases& op, const Sample& sample) {
  check_reads(op, sample);
  if (!op.no_derivative.empty()) check_refusal(op, sample);
  Differentiated f(op, sample);
  if (f.nothing()) return;
  if (refuses(f)) {
    EXPECT_NE(op.no_derivative, "") << "a table whose op refuses a derivative says so: .no_derivative";
    return;
  }
  check_first(f, sample);
  if (elements(f.wanted()) * elements(f.outputs()) <= 150) check_jacobian(f, sample);
  check_second(f, sample);
}

}  // namespace

void add_derivative_tests(const CaseFile& file) {
  for (const OpCases& op : file.ops)
    for (const Sample& sample : op.samples) {
      if (!sample.derivatives) continue;
      const auto& dtypes = dtypes_of(op, sample);
      if (std::find(dtypes.begin(), dtypes.end(), f64) == dtypes.end()) continue;
      add_test(op.op + "/" + sample.name + "/derivatives", [&op, &sample] { check_derivatives(op, sample); });
    }
}

}  // namespace lanc::cases
