// Convolutions on the CPU backend: sizes at which it takes another way, any number of threads, symbols for sizes.
#include <cstring>

#include <lanc/tests/numerics/checks.h>
#include <lanc/tests/support/tolerances.h>

namespace lanc::numerics {
namespace {

Tensor waves(DType t, Sizes sizes, int64_t phase) {
  return filled(f64, std::move(sizes), [=](int64_t i) { return is_float(t) ? wave(i + phase) : std::floor(5 * wave(i + phase)); }).to(t);
}

// y, dx and dw of one convolution.
struct Case {
  const char* name;
  Sizes x, weight;
  ConvOptions options = {};
};

std::vector<Case> cases() {
  return {{"one channel", {12, 1, 14, 13}, {8, 1, 5, 5}},
          {"three channels", {6, 3, 12, 12}, {32, 3, 3, 3}, {.padding = {1}}},
          {"blocks of channels", {4, 32, 9, 9}, {16, 32, 3, 3}, {.padding = {1}}},
          {"channels that fill no block", {4, 20, 7, 7}, {50, 20, 5, 5}},
          {"strides and uneven padding", {6, 16, 11, 10}, {32, 16, 3, 3}, {.strides = {2, 3}, .padding = {{0, 1}, {2, 1}}}},
          {"dilations", {3, 16, 12, 12}, {16, 16, 3, 3}, {.dilations = {2, 3}}},
          {"groups", {4, 32, 8, 8}, {48, 16, 3, 3}, {.padding = {1}, .groups = 2}},
          {"a group for each channel", {4, 24, 8, 8}, {24, 1, 3, 3}, {.padding = {1}, .groups = 24}},
          {"single elements", {4, 32, 6, 6}, {40, 32, 1, 1}},
          {"single elements with a stride", {4, 32, 6, 6}, {40, 32, 1, 1}, {.strides = {2}}},
          {"padding beyond the kernel", {2, 4, 5, 5}, {4, 4, 2, 2}, {.padding = {3}}},
          {"one place", {64, 16, 3, 3}, {32, 16, 3, 3}},
          {"one axis", {8, 16, 40}, {16, 16, 5}, {.strides = {2}, .padding = {2}}},
          {"three axes", {2, 8, 5, 6, 5}, {16, 8, 3, 2, 3}, {.strides = {1, 2, 1}, .padding = {1}}},
          {"a prime number of images", {13, 8, 10, 10}, {16, 8, 3, 3}},
          {"one image", {1, 16, 20, 20}, {16, 16, 3, 3}, {.padding = {1}}},
          {"lines in tiles", {2, 16, 60, 60}, {8, 16, 3, 3}}};
}

struct Built {
  Graph g = {};
  std::vector<Value> results = {};
  Feeds feeds = {};
};

Built built(const Case& c, DType t) {
  Built b;
  const Value x = b.g.input("x", t, {c.x.begin(), c.x.end()});
  const Value w = b.g.input("w", t, {c.weight.begin(), c.weight.end()});
  const Value y = conv(x, w, c.options);
  Sizes sizes;
  for (const Dim& d : y.shape()) sizes.push_back(d.number());
  const Value dy = b.g.input("dy", t, y.shape());
  b.feeds = {{x, waves(t, c.x, 0)}, {w, waves(t, c.weight, 3)}, {dy, waves(t, sizes, 5)}};
  b.results = {y};
  if (is_float(t))
    for (const Value& d : vjp({y}, {x, w}, {dy})) b.results.push_back(d);
  return b;
}

// oneDNN's kernels and the products of columns (LANC_ONEDNN=off: for f32 too) against the reference's loops.
TEST(Conv, OfEverySizeGivesTheReferencesResults) {
  for (const Case& c : cases())
    for (DType t : {f64, f32, bf16, f16, i32}) {
      const Built b = built(c, t);
      const Results fast = Session(b.g).eval(b.results, b.feeds), slow = Session(b.g, {.device = Device::reference()}).eval(b.results, b.feeds);
      for (size_t k = 0; k < fast.size(); ++k) {
        double norm = 0;
        for (int64_t i = 0; i < slow[k].numel(); ++i) norm = std::max(norm, std::abs(slow[k].at(i)));
        for (int64_t i = 0; i < fast[k].numel(); ++i)
          ASSERT_NEAR(fast[k].at(i), slow[k].at(i), tolerance::reordered(t) * norm) << c.name << ", " << name_of(t) << ", result " << k << ", element " << i;
      }
    }
}

TEST(Conv, HasTheSameBitsOnAnyNumberOfThreads) {
  for (const Case& c : cases())
    for (DType t : {f64, f32, bf16}) {
      const Built b = built(c, t);
      const Results one = Session(b.g, {.threads = 1}).eval(b.results, b.feeds);
      for (int threads : {2, 3, 4}) {
        const Results many = Session(b.g, {.threads = threads}).eval(b.results, b.feeds);
        for (size_t k = 0; k < one.size(); ++k)
          EXPECT_EQ(std::memcmp(one[k].data(), many[k].data(), static_cast<size_t>(one[k].bytes())), 0)
              << c.name << ", " << name_of(t) << ", result " << k << ", " << threads << " threads";
      }
    }
}

TEST(Conv, SharesItsImagesAmongThreads) {
  Graph g;
  const Value x = g.input("x", f32, {64, 16, 14, 14}), w = g.input("w", f32, {32, 16, 3, 3});
  const Function f = Session(g).function({x, w}, {conv(x, w), gradient(sum(square(conv(x, w))), w), gradient(sum(square(conv(x, w))), x)});
  const std::string plan = f.plan_text({});
  for (const char* step : {" in 8 parts conv f32", " in 8 parts conv_weight_gradient f32", " in 8 parts conv_input_gradient f32"})
    EXPECT_NE(plan.find(step), std::string::npos) << plan;
}

TEST(Conv, TakesSymbolsForBatchAndPlaces) {
  Graph g;
  const Dim n = g.dim("n"), h = g.dim("h");
  const Value x = g.input("x", f64, {n, 2, h, 7}), w = g.input("w", f64, {4, 2, 3, 2});
  const Value y = conv(x, w, {.strides = {2, 1}, .padding = {1}});
  EXPECT_EQ(y.type().text(), "f64[n,4,floordiv(h - 1, 2) + 1,8]");
  EXPECT_EQ(conv_transpose(y, w, {.strides = {2, 1}, .padding = {1}}).size(3), Dim(7));
  const Function f = Session(g).function({x, w}, {y, gradient(sum(square(y)), x), gradient(sum(square(y)), w)});
  for (const auto& [batch, height] : {std::pair<int64_t, int64_t>{3, 6}, {1, 5}, {0, 4}, {2, 1}}) {
    const Results r = f(waves(f64, {batch, 2, height, 7}, 1), waves(f64, {4, 2, 3, 2}, 2));
    EXPECT_EQ(r[0].sizes(), (Sizes{batch, 4, (height - 1) / 2 + 1, 8}));
    EXPECT_EQ(r[1].sizes(), (Sizes{batch, 2, height, 7}));
    EXPECT_EQ(r[2].sizes(), (Sizes{4, 2, 3, 2}));
  }
}

TEST(Conv, ChecksSymbolsWhenTheyAreBound) {
  Graph g;
  const Value x = g.input("x", f32, {1, g.dim("c"), g.dim("h")}), w = g.input("w", f32, {4, 3, 5});
  const Function f = Session(g).function({x, w}, {conv(x, w)});
  EXPECT_EQ(f(Tensor(f32, {1, 3, 5}), Tensor(f32, {4, 3, 5}))[0].sizes(), (Sizes{1, 4, 1}));
  std::string text = message_of([&] { f(Tensor(f32, {1, 2, 5}), Tensor(f32, {4, 3, 5})); });
  EXPECT_NE(text.find("conv: channels must be groups times the weight's, got lhs f32[1,c,h] and rhs f32[4,3,5] (3 and c)"), std::string::npos) << text;
  text = message_of([&] { f(Tensor(f32, {1, 3, 4}), Tensor(f32, {4, 3, 5})); });
  EXPECT_NE(text.find("conv: a window must not be larger than the padded input"), std::string::npos) << text;
}

// conv_transpose of a size that stride 2 makes of two sizes: which one, output_padding says, with symbols too.
TEST(ConvTranspose, UndoesTheSizesOfConv) {
  Graph g;
  const Dim h = g.dim("h");
  const Value x = g.input("x", f64, {2, 3, h}), w = g.input("w", f64, {3, 2, 3});
  const Value y = conv_transpose(x, w, {.strides = {2}, .padding = {1}, .output_padding = {1}});
  EXPECT_EQ(y.type().text(), "f64[2,2,2*h]");
  EXPECT_EQ(conv(y, w, {.strides = {2}, .padding = {1}}).type().text(), "f64[2,3,h]");
  const Function f = Session(g).function({x, w}, {y, gradient(sum(square(y)), x)});
  EXPECT_EQ(f(waves(f64, {2, 3, 4}, 0), waves(f64, {3, 2, 3}, 1))[0].sizes(), (Sizes{2, 2, 8}));
}

TEST(Conv, AccumulatesHalvesInF32AndWrapsIntegers) {
  // 1 + 4,096 times 2^-12 is 2; in bf16 or f16 sums the small ones would be lost.
  for (DType t : {bf16, f16})
    for (const Device device : {Device::cpu(), Device::reference()}) {
      Graph g;
      const Value x = g.input("x", t, {1, 4097, 1}), w = g.input("w", t, {1, 4097, 1});
      const Tensor small = filled(t, {1, 4097, 1}, [](int64_t i) { return i == 0 ? 1 : 0x1p-6; });
      const Value dx = conv_input_gradient(x, reshape(w, {4097, 1, 1}), {.strides = {1}, .padding = {0}, .dilations = {1}, .shape = {1, 1, 1}});
      const Value dw = conv_weight_gradient(reshape(x, {4097, 1, 1}), reshape(w, {4097, 1, 1}), {.strides = {1}, .padding = {0}, .dilations = {1}, .shape = {1, 1, 1}});
      for (const Tensor& r : Session(g, {.device = device}).eval({conv(x, w), dx, dw}, {{x, small}, {w, small}})) EXPECT_EQ(r.item<double>(), 2) << name_of(t);
    }
  Graph g;
  const Value x = g.input("x", i32, {1, 2, 1}), w = reshape(x, {1, 2, 1});
  EXPECT_EQ(Session(g).eval({conv(x, w)}, {{x, Tensor::of<int32_t>({1, 2, 1}, {65536, 3})}})[0].item<int32_t>(), 9);
}

}  // namespace
}  // namespace lanc::numerics
