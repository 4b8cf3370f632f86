// expect: a lanc::Value is symbolic: its truth is not known while the graph is built
#include <lanc/ops/elementwise.h>

using namespace lanc;

Value larger(const Value& a, const Value& b) {
#ifdef MISTAKE
  if (greater_than(a, b)) return a;
  return b;
#else
  if (a == b) return a;  // identity
  return where(greater_than(a, b) && !isnan(b), a, b);
#endif
}
