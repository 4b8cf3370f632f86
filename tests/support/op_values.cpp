// Every sample in every dtype and layout on every backend, against an independent value.
#include <cmath>

#include <lanc/tests/support/op_run.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::cases {
namespace {

void check_values(const CaseFile& file, const OpCases& op, const Sample& sample, DType dtype) {
  const std::vector<Tensor> want = expected_of(file, op, sample, flushed_operands(op, sample, dtype));
  for (const Layout& layout : layouts_of(op, sample)) {
    const Built built = build(op, sample, dtype, layout);
    ASSERT_EQ(built.outputs.size(), want.size());
    for (const bool oracle : {true, false}) {
      const Results got = run(built, oracle ? Device::reference() : Device::cpu(), false);
      for (size_t k = 0; k < got.size(); ++k)
        EXPECT_TRUE(near(got[k], want[k], sample.condition * tolerance::reordered(got[k].dtype()), sample.by_element))
            << (oracle ? "reference" : "cpu") << ", " << layout.text() << ", output " << k;
    }
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
