// The CPU backend, compiled and interpreted, against the reference, in every dtype.
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>

#include <lanc/autodiff/gradients.h>
#include <lanc/graph/error.h>
#include <lanc/tests/support/op_run.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::cases {
namespace {

// What computes element by element, moves elements or draws gives the same bits everywhere; what adds up may do it in another order.
bool same_bits(const Graph& graph) {
  static const std::set<std::string_view> exact = {"elementwise", "layout", "index", "random", "source", "input", "state", "system"};
  for (uint32_t id = 0; id < graph.size(); ++id)
    if (exact.count(graph.node(id).op->family) == 0) return false;
  return true;
}

testing::AssertionResult agree(const Tensor& fast, const Tensor& slow, bool same, double condition) {
  if (fast.dtype() != slow.dtype())
    return testing::AssertionFailure() << "dtypes differ: " << fast.type_text() << " and " << slow.type_text();
  // 1 ULP of storage where a rounding between two 16-bit results was dropped.
  if (same && is_storage_only(fast.dtype())) return near(fast, slow, condition * tolerance::ulp_of(fast.dtype()));
  if (!same) return near(fast, slow, condition * tolerance::reordered(fast.dtype()));
  for (int64_t i = 0; i < fast.numel(); ++i) {
    const bool nans = std::isnan(fast.at(i)) && std::isnan(slow.at(i));
    if (!nans && std::memcmp(fast.data() + i * size_of(fast.dtype()), slow.data() + i * size_of(fast.dtype()),
                             static_cast<size_t>(size_of(fast.dtype()))) != 0)
      return testing::AssertionFailure() << "bits of element " << i << " differ: " << number_text(fast.at(i)) << " and "
                                         << number_text(slow.at(i));
  }
  return testing::AssertionSuccess();
}

// A ramp of the value's type, as a constant.
Value cotangent_for(Graph& graph, const Value& y) {
  Sizes sizes;
  for (const Dim& d : y.shape()) sizes.push_back(d.number());
  Tensor t(y.dtype(), sizes);
  for (int64_t i = 0; i < t.numel(); ++i) t.set(i, 0.5 + 0.25 * static_cast<double>(i % 5));
  return constant(graph, t);
}

// The gradients of all float outputs by all float operands; none for an op without a derivative, which the derivative tests look at.
std::vector<Value> gradients_of(Built& built) {
  std::vector<Value> outputs, cotangents, wanted;
  for (const Value& y : built.outputs)
    if (is_float(y.dtype())) outputs.push_back(y);
  for (const Value& x : built.inputs)
    if (is_float(x.dtype())) wanted.push_back(x);
  if (outputs.empty() || wanted.empty()) return {};
  for (const Value& y : outputs) cotangents.push_back(cotangent_for(built.graph, y));
  try {
    return vjp(outputs, wanted, cotangents);
  } catch (const UserError&) {
    return {};
  }
}

// How the CPU backend is run: fused kernels compiled or interpreted, or each op by itself.
struct Way {
  const char* name;
  bool jit, fusion;
};

// A kernel costs some 15 ms to compile, and there are tens of thousands here: all of them under --all; otherwise f32's, and those of an op's
// first sample in the other dtypes. Compiled code has the interpreter's bits (tests/jit).
bool compile_here(const OpCases& op, const Sample& sample, DType dtype) {
  return tests_everything() || dtype == f32 || &sample == &op.samples.front();
}

void check_backends(const OpCases& op, const Sample& sample) {
  for (const DType dtype : dtypes_of(op, sample)) {
    Built built = build(op, sample, dtype);
    const size_t values = built.outputs.size();
    if (sample.derivatives)
      for (const Value& g : gradients_of(built)) built.outputs.push_back(g);
    const bool same = same_bits(built.graph);
    const Results slow = run(built, Device::reference());
    for (const Way way : {Way{"compiled", true, true}, Way{"interpreted", false, true}, Way{"not fused", false, false}}) {
      if (way.jit && !compile_here(op, sample, dtype)) continue;
      const Results fast = run(built, Device::cpu(), way.jit, way.fusion);
      ASSERT_EQ(fast.size(), slow.size());
      for (size_t k = 0; k < slow.size(); ++k) {
        const bool dropped = way.fusion && k >= values && is_storage_only(slow[k].dtype());
        const auto verdict = dropped ? near(fast[k], slow[k], sample.condition * tolerance::dropped_roundings(slow[k].dtype()))
                                     : agree(fast[k], slow[k], same, sample.condition);
        EXPECT_TRUE(verdict) << name_of(dtype) << ", " << way.name << ", output " << k;
      }
    }
  }
}

}  // namespace

void add_backend_tests(const CaseFile& file) {
  for (const OpCases& op : file.ops)
    for (const Sample& sample : op.samples)
      add_test(op.op + "/" + sample.name + "/backends", [&op, &sample] { check_backends(op, sample); });
}

}  // namespace lanc::cases
