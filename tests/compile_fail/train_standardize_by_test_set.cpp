// expect: fit_standardization
// expect: TestSet
#include <lanc/train/standardize.h>

using namespace lanc;

data::Standardization fitted(const data::Parts<2>& parts) {
#ifdef MISTAKE
  return data::fit_standardization(parts.test);
#else
  return data::fit_standardization(parts.training);
#endif
}
