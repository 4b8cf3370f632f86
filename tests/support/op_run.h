// tests/support/op_run.h: from a sample to tensors: operands, graphs, sessions, comparison. What the consumers of op_cases.h share.
#pragma once

#include <gtest/gtest.h>

#include <lanc/runtime/session.h>
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {

/// How the op sees its operands: as they were fed, or one of them through a view that undoes what was done to the fed tensor.
struct Layout {
  enum class Kind : uint8_t { plain, transposed, sliced, symbolic };
  Kind kind = Kind::plain;
  size_t operand = 0;
  std::string text() const;
};
/// Those that this sample's ranks and this op allow; the plain one first.
std::vector<Layout> layouts_of(const OpCases& op, const Sample& sample);

/// The elements of each operand in the dtype under test.
std::vector<Tensor> operands_of(const OpCases& op, const Sample& sample, DType dtype);
/// What an independent system is asked: the same with denormals flushed.
std::vector<Tensor> flushed_operands(const OpCases& op, const Sample& sample, DType dtype);
DType dtype_of(const Fed& fed, DType tested);
const std::vector<DType>& dtypes_of(const OpCases& op, const Sample& sample);

/// LANC_TEST_LEVEL=all: every kernel is compiled, whatever that costs.
bool tests_everything();

struct Built {
  Graph graph;
  std::vector<Value> inputs;    // what is fed
  std::vector<Value> operands;  // what the op sees
  std::vector<Value> outputs;
  std::vector<Tensor> feeds;
};
Built build(const OpCases& op, const Sample& sample, DType dtype, const Layout& layout = {});
/// Its outputs on a device. `jit`: through compiled kernels where there are any, else interpreted.
Results run(const Built& built, Device device, bool jit = true, bool fusion = true);

/// Sizes equal; integers equal modulo their width; floats within tolerance * max(|want|, norm / 8), or tolerance * |want| by element, after
/// both are rounded to the dtype.
testing::AssertionResult near(const Tensor& got, const Tensor& want, double tolerance, bool by_element = false);
/// Denormals of the tensor's dtype become zeros, as all code of ours takes them (FTZ, DAZ): what an independent system is asked.
Tensor flushed(const Tensor& x);

/// The expected results: stored by torch or computed by `expect`. Throws std::runtime_error with the command to run when they are missing.
std::vector<Tensor> expected_of(const CaseFile& file, const OpCases& op, const Sample& sample, const std::vector<Tensor>& operands);
/// The key under which a sample's values for these operands are stored: changes with expression and elements.
std::string key_of(const Sample& sample, const std::vector<Tensor>& operands);
/// Keys that tests/data/ops/NAME.json holds.
std::vector<std::string> stored_keys(const CaseFile& file);
void dump_samples(const std::vector<CaseFile>& files, const std::string& path);

/// Registers Ops.<name> with this body.
void add_test(const std::string& name, std::function<void()> body);

void add_value_tests(const CaseFile& file);
void add_derivative_tests(const CaseFile& file);
void add_backend_tests(const CaseFile& file);
void add_error_tests(const CaseFile& file);
void add_coverage_tests(const std::vector<CaseFile>& files);
/// The mistakes that go with the op's signature.
std::vector<ErrorCase> generated_errors(const OpCases& op);

}  // namespace lanc::cases
