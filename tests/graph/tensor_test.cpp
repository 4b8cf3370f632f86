// Tensors: how they are made, read, converted and shared.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include <lanc/graph/error.h>
#include <lanc/graph/tensor.h>
#include <lanc/tests/support/messages.h>

namespace lanc {
namespace {

TEST(Tensor, OfHoldsTheValuesInRowMajorOrder) {
  const Tensor t = Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(t.dtype(), f32);
  EXPECT_EQ(t.sizes(), (Sizes{2, 3}));
  EXPECT_EQ(t.bytes(), 24);
  EXPECT_EQ(t.at(4), 5);
  EXPECT_EQ(t.span<float>()[5], 6);
  EXPECT_EQ(t.type_text(), "f32[2,3]");
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.data()) % 64, 0u);
  EXPECT_EQ(Tensor::of<bool>({2}, {true, false}).dtype(), boolean);
}

TEST(Tensor, ViewIsTheCallersMemory) {
  std::vector<double> mine = {1, 2, 3, 4};
  Tensor t = Tensor::view(std::span(mine), {2, 2});
  mine[3] = 9;
  EXPECT_EQ(t.at(3), 9);
  t.set(0, 7);
  EXPECT_EQ(mine[0], 7);
  const std::vector<double>& constant = mine;
  EXPECT_EQ(Tensor::view(std::span(constant), {4}).at(3), 9);
  EXPECT_THROW(Tensor::view(std::span(mine), {3}), UserError);
}

TEST(Tensor, ItemIsTheOnlyElementInTheTypeAskedFor) {
  EXPECT_EQ(Tensor::scalar(2.75f).item<double>(), 2.75);
  EXPECT_EQ(Tensor::of<int32_t>({1, 1}, {-3}).item<float>(), -3.0f);
  EXPECT_EQ(Tensor::scalar(true).item<bool>(), true);
  EXPECT_THROW(Tensor(f32, {0}).item<float>(), UserError);
}

TEST(Tensor, ToConvertsAsTheCastsOfTheLanguageDo) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const Tensor t = Tensor::of<double>({6}, {1.9, -1.9, 300, nan, inf, -inf});
  const Tensor bytes = t.to(u8), whole = t.to(i32), truth = t.to(boolean);
  const double expected_bytes[] = {1, 0, 255, 0, 255, 0}, expected_whole[] = {1, -1, 300, 0, 2147483647.0, -2147483648.0};
  for (int64_t i = 0; i < 6; ++i) {
    EXPECT_EQ(bytes.at(i), expected_bytes[i]) << i;
    EXPECT_EQ(whole.at(i), expected_whole[i]) << i;
    EXPECT_EQ(truth.at(i), 1) << i;
  }
  EXPECT_EQ(Tensor::of<int64_t>({2}, {(int64_t{1} << 32) + 5, -1}).to(i32).at(0), 5);  // integers wrap
  EXPECT_EQ(Tensor::of<int64_t>({1}, {-1}).to(u8).at(0), 255);
  EXPECT_EQ(Tensor::of<int64_t>({1}, {(int64_t{1} << 62) + 1}).to(i64).span<int64_t>()[0], (int64_t{1} << 62) + 1);  // exact
  EXPECT_EQ(Tensor::of<float>({1}, {1.00390625f}).to(bf16).at(0), 1.0);  // halves to even
  EXPECT_EQ(Tensor::of<float>({1}, {1.01171875f}).to(bf16).at(0), 1.015625);
  EXPECT_EQ(Tensor::of<float>({2}, {70000, 1e-8f}).to(f16).at(0), inf);
  EXPECT_EQ(Tensor::of<float>({2}, {70000, 1e-8f}).to(f16).at(1), 0);
}

TEST(Tensor, CopiesShareMemoryAndClonesDoNot) {
  Tensor t = Tensor::of<float>({2}, {1, 2});
  EXPECT_TRUE(t.unique());
  Tensor same = t, own = t.clone();
  EXPECT_FALSE(t.unique());
  same.set(0, 5);
  EXPECT_EQ(t.at(0), 5);
  EXPECT_EQ(own.at(0), 1);
  EXPECT_TRUE(identical(t, same));
  EXPECT_FALSE(identical(t, own));
  const Tensor part = t.part(1, {1});
  EXPECT_EQ(part.at(0), 2);
  EXPECT_EQ(t.reshaped({2, 1}).data(), t.data());
  EXPECT_THROW(t.part(1, {2}), UserError);
}

TEST(Tensor, OfNoElementsIsAllowed) {
  const Tensor t(f32, {0, 3});
  EXPECT_EQ(t.numel(), 0);
  EXPECT_TRUE(identical(t, t.clone()));
  EXPECT_EQ(t.to(i32).sizes(), (Sizes{0, 3}));
  EXPECT_EQ(t.span<float>().size(), 0u);
}

TEST(Tensor, APartThatBeginsFarOutIsRefused) {
  const Tensor t(f32, {4});
  EXPECT_THROW(t.part(std::numeric_limits<int64_t>::max(), {1}), UserError);
  EXPECT_THROW(t.part(5, {0}), UserError);
  EXPECT_EQ(t.part(4, {0}).numel(), 0);
}

// Wherever the 0 stands, and so strides and products of some of the sizes fit.
TEST(Tensor, OfNoElementsHasOtherSizesThatFit) {
  const int64_t large = int64_t{1} << 40;
  for (const Sizes& sizes : {Sizes{large, large, 0}, Sizes{0, large, large}, Sizes{large, 0, large}}) EXPECT_THROW(numel_of(sizes), UserError);
  EXPECT_EQ(numel_of({0, large, 256}), 0);
  EXPECT_EQ(row_major({0, large, 256}), (Sizes{large * 256, 256, 1}));
}

TEST(Tensor, AnItemIsExactOrRefused) {
  const int64_t odd = (int64_t{1} << 53) + 1, least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(Tensor::scalar(odd).item<int64_t>(), odd);
  EXPECT_EQ(Tensor::scalar(least).item<int64_t>(), least);
  EXPECT_EQ(Tensor::scalar(-1.5).item<int>(), -1);
  EXPECT_EQ(Tensor::scalar(-0.5).item<uint8_t>(), 0);
  EXPECT_EQ(Tensor::scalar(0x1p63).item<uint64_t>(), uint64_t{1} << 63);
  EXPECT_EQ(Tensor::scalar(-128.0).item<int8_t>(), -128);
  EXPECT_TRUE(Tensor::scalar(0.5).item<bool>());
  EXPECT_THROW(Tensor::scalar(-129.0).item<int8_t>(), UserError);
  EXPECT_THROW(Tensor::scalar(0x1p63).item<int64_t>(), UserError);
  EXPECT_THROW(Tensor::scalar(odd).item<int>(), UserError);
  EXPECT_THROW(Tensor::scalar(std::numeric_limits<double>::quiet_NaN()).item<int>(), UserError);
  EXPECT_THROW(Tensor::scalar(std::numeric_limits<float>::infinity()).item<uint64_t>(), UserError);
  EXPECT_EQ(message_of([] { Tensor::scalar(int64_t{300}).item<uint8_t>(); }),
            "tensor: item must be asked for a type that holds the value, got an integer type for 300 of i64[]");
}

}  // namespace
}  // namespace lanc
