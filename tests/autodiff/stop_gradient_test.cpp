// stop_gradient is the identity whose derivative is zero on purpose.
#include <gtest/gtest.h>

#include <lanc/lanc.h>

namespace lanc {
namespace {

TEST(StopGradient, KeepsTheValue) {
  for (const DType t : all_dtypes) {
    Graph g;
    const Value x = g.input("x", t, {2, 2});
    Tensor fed(t, {2, 2});
    for (int64_t i = 0; i < 4; ++i) fed.set(i, static_cast<double>(i));
    for (const Device device : {Device::cpu(), Device::reference()})
      EXPECT_TRUE(identical(Session(g, {.device = device}).eval({stop_gradient(x)}, {{x, fed}})[0], fed));
  }
}

// d (x * stop(x)) / dx = stop(x), and that derivative has none.
TEST(StopGradient, LetsNothingFlowBack) {
  Graph g;
  const Value x = g.input("x", f64, {});
  const Value dx = gradient(x * stop_gradient(x), x);
  EXPECT_EQ(Session(g).eval({dx}, {{x, Tensor::scalar(3.0)}})[0].item<double>(), 3);
  const Value second = gradient(dx, x, Unreached::zeros);
  EXPECT_EQ(Session(g).eval({second}, {{x, Tensor::scalar(3.0)}})[0].item<double>(), 0);
  EXPECT_EQ(Session(g).eval({jvp({stop_gradient(x)}, {x}, {x})[0]}, {{x, Tensor::scalar(3.0)}})[0].item<double>(), 0);
}

}  // namespace
}  // namespace lanc
