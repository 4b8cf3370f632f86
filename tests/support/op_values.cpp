// Every sample in every dtype and layout on every backend, against an independent value.
#include <algorithm>
#include <cmath>

#include <lanc/tests/support/op_run.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::cases {
namespace {

// The plain layout is compiled by op_backends.cpp. Of the others one of each kind per op, in f32 or the nearest to it that the op takes, in
// the first sample that has elements: a kernel costs some 15 ms to compile, and there are tens of thousands.
bool compile_here(const OpCases& op, const Sample& sample, DType dtype, const Layout& layout) {
  if (layout.kind == Layout::Kind::plain) return false;
  if (tests_everything()) return true;
  const auto has = [](const std::vector<DType>& list, DType t) { return std::find(list.begin(), list.end(), t) != list.end(); };
  if (dtype != (has(op.dtypes, f32) ? f32 : op.dtypes.front())) return false;
  const auto shows = [&](const Sample& s, const Layout& l) {
    const Sizes& sizes = s.inputs.empty() ? Sizes{} : s.inputs[l.operand].sizes;
    return l.kind == layout.kind && has(dtypes_of(op, s), dtype) && std::find(sizes.begin(), sizes.end(), 0) == sizes.end();
  };
  for (const Sample& s : op.samples)
    for (const Layout& l : layouts_of(op, s))
      if (shows(s, l)) return &s == &sample && l.operand == layout.operand;
  return false;
}

void check_values(const CaseFile& file, const OpCases& op, const Sample& sample, DType dtype) {
  const std::vector<Tensor> want = expected_of(file, op, sample, flushed_operands(op, sample, dtype));
  for (const Layout& layout : layouts_of(op, sample)) {
    const Built built = build(op, sample, dtype, layout);
    ASSERT_EQ(built.outputs.size(), want.size());
    const auto expect = [&](const char* way, const Results& got) {
      for (size_t k = 0; k < got.size(); ++k)
        EXPECT_TRUE(near(got[k], want[k], sample.condition * tolerance::reordered(got[k].dtype()), sample.by_element))
            << way << ", " << layout.text() << ", output " << k;
    };
    expect("reference", run(built, Device::reference(), false));
    expect("cpu, interpreted", run(built, Device::cpu(), false));
    if (compile_here(op, sample, dtype, layout)) expect("cpu, compiled", run(built, Device::cpu(), true));
  }
}

}  // namespace

void add_value_tests(const CaseFile& file) {
  for (const OpCases& op : file.ops)
    for (const Sample& sample : op.samples)
      for (const DType dtype : dtypes_of(op, sample))
        add_test(op.op + "/" + sample.name + "/values/" + std::string(name_of(dtype)),
                 [&file, &op, &sample, dtype] { check_values(file, op, sample, dtype); });
}

}  // namespace lanc::cases
