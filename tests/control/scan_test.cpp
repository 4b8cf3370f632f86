// scan: one loop against the same steps written one by one, values and derivatives of any order, on both backends.
#include <gtest/gtest.h>

#include <lanc/lanc.h>
#include <lanc/tests/autodiff/support.h>

namespace lanc {
namespace {

using namespace testing_autodiff;
using Values = std::vector<Value>;

// h' = tanh(x W + h U + b), y = h' * h'; the carries and outputs of T steps.
ScanStep cell(const Value& h, const Value& x, const Values& p) {
  const Value next = tanh(matmul(x, p[0]) + matmul(h, p[1]) + p[2]);
  return {.carries = {next}, .outputs = {next * next, next}};
}

struct Recurrence {
  Graph g;
  Value x, h;
  Values weights;
  Values inputs() const { return {x, h, weights[0], weights[1], weights[2]}; }
};
constexpr int64_t steps = 5, batch = 3, in = 2, hidden = 4;
Recurrence recurrence() {
  Graph g;
  return {g, g.input("x", f64, {steps, batch, in}), g.input("h", f64, {batch, hidden}),
          {g.input("w", f64, {in, hidden}), g.input("u", f64, {hidden, hidden}), g.input("b", f64, {hidden})}};
}
Tensors point() { return {wave({steps, batch, in}, 0.1), wave({batch, hidden}, 0.4), wave({in, hidden}, 1), wave({hidden, hidden}, 2), wave({hidden}, 3)}; }

Values scanned(const Recurrence& r, bool reversed) {
  const ScanResult s = scan({.init = {r.h}, .sequences = {r.x}, .reversed = reversed},
                            [&](const Values& c, const Values& e) { return cell(c[0], e[0], r.weights); });
  return {s.carries[0], s.outputs[0], s.outputs[1]};
}
Values unrolled(const Recurrence& r, bool reversed) {
  Value h = r.h;
  Values squares(steps, h), states(steps, h);
  for (int64_t k = 0; k < steps; ++k) {
    const int64_t t = reversed ? steps - 1 - k : k;
    const ScanStep s = cell(h, squeeze(slice_of(r.x, {{.start = t, .stop = t + 1}}), {0}), r.weights);
    h = s.carries[0];
    squares[static_cast<size_t>(t)] = s.outputs[0];
    states[static_cast<size_t>(t)] = s.outputs[1];
  }
  return {h, stack_of(squares, 0), stack_of(states, 0)};
}

struct Case {
  bool cpu, reversed;
};
class ScanOn : public testing::TestWithParam<Case> {
 protected:
  SessionOptions options() const { return {.device = GetParam().cpu ? Device::cpu() : Device::reference()}; }
};
INSTANTIATE_TEST_SUITE_P(, ScanOn, testing::Values(Case{true, false}, Case{true, true}, Case{false, false}, Case{false, true}),
                         [](const testing::TestParamInfo<Case>& c) {
                           return std::string(c.param.cpu ? "Cpu" : "Reference") + (c.param.reversed ? "Reversed" : "");
                         });

TEST_P(ScanOn, IsItsStepsOneByOne) {
  const Recurrence r = recurrence();
  Values both = scanned(r, GetParam().reversed);
  const Values other = unrolled(r, GetParam().reversed);
  both.insert(both.end(), other.begin(), other.end());
  const Results got = Session(r.g, options()).function(r.inputs(), both)(point());
  expect_near({got[0], got[1], got[2]}, {got[3], got[4], got[5]}, 1e-14);
}

Value loss_of(const Values& results) { return sum(results[0] * results[0]) + sum(results[1] * sin(results[2])); }

TEST_P(ScanOn, HasTheGradientsOfItsSteps) {
  const Recurrence r = recurrence();
  Values both = gradients(loss_of(scanned(r, GetParam().reversed)), r.inputs());
  const Values other = gradients(loss_of(unrolled(r, GetParam().reversed)), r.inputs());
  both.insert(both.end(), other.begin(), other.end());
  const Results got = Session(r.g, options()).function(r.inputs(), both)(point());
  for (size_t i = 0; i < other.size(); ++i) expect_near({got[i]}, {got[i + other.size()]}, 1e-12);
}

Values second(const Value& loss, const Values& wrt) {
  const Values g = gradients(loss, wrt);
  Value norm = sum(g[0] * g[0]);
  for (size_t i = 1; i < g.size(); ++i) norm = norm + sum(g[i] * g[i]);
  return gradients(norm, wrt);
}

TEST_P(ScanOn, HasTheSecondDerivativesOfItsSteps) {
  const Recurrence r = recurrence();
  Values both = second(loss_of(scanned(r, GetParam().reversed)), r.inputs());
  const Values other = second(loss_of(unrolled(r, GetParam().reversed)), r.inputs());
  both.insert(both.end(), other.begin(), other.end());
  const Results got = Session(r.g, options()).function(r.inputs(), both)(point());
  for (size_t i = 0; i < other.size(); ++i) expect_near({got[i]}, {got[i + other.size()]}, 1e-11);
}

TEST_P(ScanOn, HasTheTangentsOfItsSteps) {
  const Recurrence r = recurrence();
  Values both = jvp({loss_of(scanned(r, GetParam().reversed))}, r.inputs(), r.inputs());
  const Values other = jvp({loss_of(unrolled(r, GetParam().reversed))}, r.inputs(), r.inputs());
  both.insert(both.end(), other.begin(), other.end());
  const Results got = Session(r.g, options()).function(r.inputs(), both)(point());
  expect_near({got[0]}, {got[1]}, 1e-12);
}

}  // namespace
}  // namespace lanc
