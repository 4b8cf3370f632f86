// Convolution, normalization and dropout layers: values, gradients and running statistics against PyTorch's (scripts/reference/layer_values.py),
// second derivatives against differences, and what they say to those who call them wrongly.
#include <lanc/tests/models/support.h>

#include <optional>

namespace lanc {
namespace {

using testing_models::evaluate;
using testing_models::numbers;
using testing_models::stored;
using testing_models::tensor_of;
using testing_models::wave;

const nlohmann::json& data() {
  static const nlohmann::json loaded = stored("layers.json");
  return loaded;
}

void expect_near(const Tensor& got, const nlohmann::json& expected, double tolerance, const std::string& what) {
  ASSERT_EQ(static_cast<size_t>(got.numel()), expected.size()) << what;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double e = expected[i];
    ASSERT_NEAR(got.at(static_cast<int64_t>(i)), e, tolerance * (1 + std::abs(e))) << what << " [" << i << "]";
  }
}

Tensor shifted(double by, const Tensor& t) {
  std::vector<double> values = numbers(t);
  for (double& v : values) v += by;
  return tensor_of(t.dtype(), t.sizes(), values);
}

Sizes sizes_of(const Value& v) {
  Sizes out;
  for (const Dim& d : v.shape()) out.push_back(d.number());
  return out;
}

// A graph with an input x whose batch is a symbol.
struct Inputs {
  Inputs(DType dtype, const Sizes& sizes) : batch(g.dim("batch")) {
    Shape shape = {batch};
    for (size_t i = 1; i < sizes.size(); ++i) shape.push_back(sizes[i]);
    x = g.input("x", dtype, shape);
  }
  Graph g;
  Dim batch;
  Value x = g.input("unused", f32, {});
};

std::vector<Margin> margins(const nlohmann::json& c) {
  std::vector<Margin> out;
  for (const auto& m : c.value("padding", nlohmann::json::array())) out.emplace_back(m.get<int64_t>());
  return out;
}

// <y, wave(0.7)> by x and the parameters, in this order, behind y.
std::vector<Value> with_gradients(const Value& y, const nlohmann::json& c, const std::vector<Value>& by) {
  const Value direction = constant(y.graph(), wave(y.dtype(), c["sizes"].get<Sizes>(), 0.7));
  std::vector<Value> all = {y};
  for (const Value& v : by) all.push_back(gradient(sum(y * reshape(direction, y.shape())), v));
  return all;
}

void compare_conv(const nlohmann::json& c, DType dtype, double tolerance) {
  const auto sizes = c["x"].get<Sizes>();
  Inputs in(dtype, sizes);
  const auto list = [&](const char* name) { return c.value(name, std::vector<int64_t>{}); };
  const models::Conv layer(in.g.scope("conv"), sizes[1], c["outputs"],
                           {.kernel = list("kernel"), .strides = list("strides"), .padding = margins(c), .same = c.value("same", false),
                            .dilations = list("dilations"), .groups = c.value("groups", 1), .bias = c.value("bias", true), .dtype = dtype});
  const Value y = layer(in.x);
  std::vector<Value> by = {in.x, layer.weight};
  if (layer.bias) by.push_back(*layer.bias);
  const Session session(in.g);
  session.set(layer.weight, wave(dtype, sizes_of(layer.weight), 1.1));
  if (layer.bias) session.set(*layer.bias, wave(dtype, sizes_of(*layer.bias), 2.3));
  const Results r = session.eval(with_gradients(y, c, by), {{in.x, wave(dtype, sizes, 0.3)}});
  EXPECT_EQ(r[0].sizes(), c["sizes"].get<Sizes>());
  expect_near(r[0], c["y"], tolerance, "y");
  expect_near(r[1], c["d_x"], tolerance, "d_x");
  expect_near(r[2], c["d_weight"], tolerance, "d_weight");
  if (layer.bias) expect_near(r[3], c["d_bias"], tolerance, "d_bias");
}

TEST(Conv, EqualsTorchOverOneTwoAndThreeAxes) {
  ASSERT_EQ(data()["convs"].size(), 6u);
  for (const auto& c : data()["convs"]) {
    SCOPED_TRACE(c["kernel"].dump() + " over " + c["x"].dump());
    compare_conv(c, f64, 1e-13);
    compare_conv(c, f32, 1e-5);  // up to 40 rounded products of numbers near 1
  }
}

TEST(Conv, BeginsAsHeEtAlSay) {
  Graph g;
  const models::Conv layer(g.scope("conv"), 64, 128, {.kernel = {3, 3}});
  EXPECT_EQ(layer.weight.node().attrs<NamedAttrs>().name, "conv/weight");
  EXPECT_EQ(layer.bias->node().attrs<NamedAttrs>().name, "conv/bias");
  const Results r = evaluate({standard_deviation(layer.weight), mean(layer.weight), reduce_max(abs(*layer.bias))});
  const double expected = std::sqrt(2.0 / (64 * 9));  // 73,728 draws: the deviation is known to 0.3 %, the mean to 0.0002
  EXPECT_NEAR(r[0].item<float>(), expected, 0.015 * expected);
  EXPECT_NEAR(r[1].item<float>(), 0, 0.001);
  EXPECT_EQ(r[2].item<float>(), 0);
}

TEST(Conv, TwoCallsShareTheParameters) {
  Graph g;
  const Value a = g.input("a", f32, {1, 1, 3, 3}), b = g.input("b", f32, {1, 1, 5, 4});
  const models::Conv layer(g.scope("conv"), 1, 1, {.kernel = {2, 2}});
  layer(a), layer(b);
  EXPECT_EQ(g.parameters().size(), 2u);
}

TEST(Conv, SaysWhatItNeeds) {
  Graph g;
  const Scope s = g.scope("conv");
  EXPECT_HOLDS(message_of([&] { models::Conv(s, 3, 4, {}); }), "Conv: the kernel must have one, two or three sizes of at least 1, got {}\n  Conv at layers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { models::Conv(s, 3, 4, {.kernel = {3, 0}}); }), "Conv: the kernel must have one, two or three sizes of at least 1, got {3,0}");
  EXPECT_HOLDS(message_of([&] { models::Conv(s, 0, 4, {.kernel = {3}}); }), "Conv: inputs and outputs must be positive, got 0 inputs and 4 outputs");
  EXPECT_HOLDS(message_of([&] { models::Conv(s, 3, 4, {.kernel = {3}, .groups = 2}); }), "Conv: groups must divide inputs and outputs, got 2 groups for 3 inputs and 4 outputs");
  EXPECT_HOLDS(message_of([&] { models::Conv(s, 3, 4, {.kernel = {3}, .padding = {1}, .same = true}); }), "Conv: padding must be given or be same, got both");
  const models::Conv layer(s, 3, 4, {.kernel = {3, 3}});
  const Value flat = g.input("flat", f32, {2, 27}), gray = g.input("gray", f32, {2, 1, 8, 8}), small = g.input("small", f32, {2, 3, 2, 8});
  EXPECT_HOLDS(message_of([&] { layer(flat); }), "Conv: the input must be f32[N,3,size0,size1], got f32[2,27]\n  input built at layers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { layer(gray); }), "Conv: the input must be f32[N,3,size0,size1], got f32[2,1,8,8]");
  EXPECT_HOLDS(message_of([&] { layer(small); }), "got");  // the kernel is larger than the image: conv's own words
  EXPECT_HOLDS(message_of([&] { models::flatten(g.input("number", f32, {})); }), "flatten: the operand must have a first axis, got f32[]");
}

TEST(Flatten, KeepsTheFirstAxis) {
  Inputs in(f32, {2, 3, 4});
  EXPECT_EQ(models::flatten(in.x).type().text(), "f32[batch,12]");
  EXPECT_EQ(models::flatten(in.g.input("labels", f32, {5})).type().text(), "f32[5,1]");
}

// The layer of one stored case, whatever its kind.
struct NormUnderTest {
  std::optional<models::BatchNorm> batch;
  std::optional<Value> scale, shift;
  Value y;

  NormUnderTest(const nlohmann::json& c, const Inputs& in) : y(in.x) {
    const auto sizes = c["x"].get<Sizes>();
    const DType dtype = in.x.dtype();
    const std::string kind = c["norm"];
    const Scope scope = in.g.scope("norm");
    const std::vector<int64_t> last(sizes.end() - (kind.back() == '2' ? 2 : 1), sizes.end());
    const auto use = [&](const models::NormParameters& layer) { scale = layer.scale, shift = layer.shift; };
    if (kind == "batch") {
      batch.emplace(scope, sizes[1], models::BatchNormOptions{.dtype = dtype});
      use(*batch), y = (*batch)(in.x, Mode::training);
    } else if (kind == "group") {
      const models::GroupNorm layer(scope, 2, sizes[1], {.dtype = dtype});
      use(layer), y = layer(in.x);
    } else if (kind == "instance") {
      const models::InstanceNorm layer(scope, sizes[1], {.dtype = dtype});
      use(layer), y = layer(in.x);
    } else if (kind.substr(0, 3) == "rms") {
      const models::RmsNorm layer(scope, last, {.dtype = dtype});
      scale = layer.scale, y = layer(in.x);
    } else {
      const models::LayerNorm layer(scope, last, {.dtype = dtype});
      use(layer), y = layer(in.x);
    }
  }
};

Tensor times(double factor, const Tensor& t) {
  std::vector<double> values = numbers(t);
  for (double& v : values) v *= factor;
  return tensor_of(t.dtype(), t.sizes(), values);
}

void compare_norm(const nlohmann::json& c, DType dtype, double tolerance) {
  const auto sizes = c["x"].get<Sizes>();
  Inputs in(dtype, sizes);
  NormUnderTest layer(c, in);
  std::vector<Value> by = {in.x, *layer.scale};
  if (layer.shift) by.push_back(*layer.shift);
  const Session session(in.g);
  session.set(*layer.scale, shifted(1, wave(dtype, sizes_of(*layer.scale), 1.1, 0.5)));
  if (layer.shift) session.set(*layer.shift, wave(dtype, sizes_of(*layer.shift), 2.3));
  const Tensor x = shifted(3, wave(dtype, sizes, 0.3, 2));
  const Results r = session.eval(with_gradients(layer.y, c, by), {{in.x, x}});
  expect_near(r[0], c["y"], tolerance, "y");
  expect_near(r[1], c["d_x"], 4 * tolerance, "d_x");  // differences of sums that nearly cancel
  expect_near(r[2], c["d_scale"], 4 * tolerance, "d_scale");
  if (layer.shift) expect_near(r[3], c["d_shift"], 4 * tolerance, "d_shift");
  if (!layer.batch) return;
  const Function train = session.function({in.x}, {}, updates_of(layer.y));
  train(x);
  expect_near(session.get(layer.batch->running_mean), c["mean1"], tolerance, "running mean");
  expect_near(session.get(layer.batch->running_variance), c["variance1"], tolerance, "running variance");
  train(times(0.5, x));
  expect_near(session.get(layer.batch->running_mean), c["mean2"], tolerance, "running mean after two");
  expect_near(session.get(layer.batch->running_variance), c["variance2"], tolerance, "running variance after two");
  expect_near(session.eval({(*layer.batch)(in.x, Mode::inference)}, {{in.x, x}})[0], c["inference"], tolerance, "inference");
}

TEST(Norms, EqualTorchInValueGradientsAndRunningStatistics) {
  ASSERT_EQ(data()["norms"].size(), 12u);
  for (const auto& c : data()["norms"]) {
    SCOPED_TRACE(c["norm"].get<std::string>() + " over " + c["x"].dump());
    compare_norm(c, f64, 1e-12);
    compare_norm(c, f32, 1e-5);  // 24 elements of up to 5, rounded to 3e-7 of themselves
  }
}

// Second derivatives of <batch_norm(x), direction> along another direction: error of order h^2 = 1e-10 and rounding 1e-15 / h = 1e-10.
TEST(Norms, HaveTheSecondDerivativesOfTheirGradientsDifferences) {
  for (const auto& c : data()["norms"]) {
    const auto sizes = c["x"].get<Sizes>();
    Inputs in(f64, sizes);
    const NormUnderTest layer(c, in);
    const Value d = with_gradients(layer.y, c, {in.x})[1];
    const Tensor x = shifted(3, wave(f64, sizes, 0.3, 2)), along = wave(f64, sizes, 2.5);
    const Value second = gradient(sum(d * reshape(constant(in.g, along), in.x.shape())), in.x);
    const auto at = [&](double h) {
      std::vector<double> moved = numbers(x);
      for (size_t i = 0; i < moved.size(); ++i) moved[i] += h * along.at(static_cast<int64_t>(i));
      return tensor_of(f64, sizes, moved);
    };
    constexpr double h = 1e-5;
    const Session session(in.g);
    const Function by_x = session.function({in.x}, {d});
    const std::vector<double> high = numbers(by_x(at(h))[0]), low = numbers(by_x(at(-h))[0]);
    const std::vector<double> got = numbers(session.eval({second}, {{in.x, x}})[0]);
    for (size_t i = 0; i < got.size(); ++i)
      ASSERT_NEAR(got[i], (high[i] - low[i]) / (2 * h), 1e-8 * (1 + std::abs(got[i]))) << c["norm"] << " [" << i << "]";
  }
}

TEST(Norms, OfNarrowFloatsAreComputedInF32) {
  Graph g;
  const Value x = g.input("x", bf16, {4, 3, 5});
  const models::BatchNorm batch(g.scope("batch"), 3, {.dtype = bf16});
  EXPECT_EQ(batch.running_mean.dtype(), f32);
  const Value y = batch(x, Mode::training), exact = models::batch_norm(cast(x, f64));
  EXPECT_EQ(y.dtype(), bf16);
  const Results r = evaluate({reduce_max(abs(cast(y, f64) - exact)), reduce_max(abs(cast(models::rms_norm(x), f64) - models::rms_norm(cast(x, f64))))},
                             {{x, shifted(100, wave(bf16, {4, 3, 5}, 0, 20))}});
  EXPECT_LT(r[0].at(0), 1.5 * 0x1p-8 * 2);  // one rounding of numbers below 4
  EXPECT_LT(r[1].at(0), 1.5 * 0x1p-8);
}

// Two calls on batches a and b: running = 0.9 (0.9 r + 0.1 a) + 0.1 b.
TEST(BatchNorm, CalledTwiceInOneFunctionChainsInCallOrder) {
  Graph g;
  const Value a = g.input("a", f64, {2, 1}), b = g.input("b", f64, {2, 1});
  const models::BatchNorm norm(g.scope("norm"), 1, {.dtype = f64});
  const Value of_a = norm(a, Mode::training), of_b = norm(b, Mode::training);
  const Value loss = sum(square(of_b)) + sum(square(of_a));
  EXPECT_EQ(updates_of(loss).size(), 2u);
  const Session session(g);
  session.function({a, b}, {loss}, updates_of(loss))(Tensor::of<double>({2, 1}, {9, 11}), Tensor::of<double>({2, 1}, {1, 5}));
  EXPECT_NEAR(session.get(norm.running_mean).item<double>(), 0.9 * 0.1 * 10 + 0.1 * 3, 1e-14);
  EXPECT_NEAR(session.get(norm.running_variance).item<double>(), 0.9 * (0.9 + 0.1 * 2) + 0.1 * 8, 1e-14);  // n - 1 = 1 in the denominator
}

TEST(BatchNorm, OnlyDeclaresAndCanBeToldNotTo) {
  Graph g;
  const Value x = g.input("x", f64, {2, 1});
  const models::BatchNorm norm(g.scope("norm"), 1, {.scale = false, .shift = false, .dtype = f64});
  EXPECT_EQ(updates_of(norm(x, Mode::training)).size(), 2u);
  EXPECT_TRUE(updates_of(norm(x, Mode::training, {.update = false})).empty());
  EXPECT_TRUE(updates_of(norm(x, Mode::inference)).empty());
  const Session session(g);
  session.eval({norm(x, Mode::training)}, {{x, Tensor::of<double>({2, 1}, {9, 11})}});
  EXPECT_EQ(session.get(norm.running_mean).item<double>(), 0);
}

TEST(BatchNorm, StatisticsAreUpdatedByMinimize) {
  Graph g;
  const Value x = g.input("x", f64, {2, 1});
  const models::BatchNorm norm(g.scope("norm"), 1, {.momentum = 0.5, .dtype = f64});
  const Value loss = sum(square(norm(x, Mode::training)));
  const Session session(g);
  session.function({x}, {loss}, optimizers::sgd().minimize(loss))(Tensor::of<double>({2, 1}, {3, 5}));
  EXPECT_EQ(session.get(norm.running_mean).item<double>(), 2);
  EXPECT_EQ(session.get(norm.running_variance).item<double>(), 0.5 * 1 + 0.5 * 2);
}

TEST(BatchNorm, OfOneElementPerChannelIsRefusedWhereItTrains) {
  Inputs in(f32, {2, 3});
  const models::BatchNorm norm(in.g.scope("norm"), 3);
  const Value one = in.g.input("one", f32, {1, 3});
  EXPECT_HOLDS(message_of([&] { norm(one, Mode::training); }), "BatchNorm: training needs two elements or more per channel, got 1 of f32[1,3]");
  const Value train = norm(in.x, Mode::training), predict = norm(in.x, Mode::inference);
  const Session session(in.g);
  const Tensor single = wave(f32, {1, 3});
  EXPECT_HOLDS(message_of([&] { session.eval({train}, {{in.x, single}}); }), "BatchNorm: training needs two elements or more per channel");
  EXPECT_EQ(message_of([&] { session.eval({predict}, {{in.x, single}}); }), "no error");
}

TEST(Norms, WithoutScaleAndShiftHaveNoParameters) {
  Graph g;
  const Value x = g.input("x", f32, {2, 4, 3});
  const models::LayerNorm layer(g.scope("layer"), {3}, {.scale = false, .shift = false});
  const models::RmsNorm rms(g.scope("rms"), {4, 3}, {.scale = false});
  EXPECT_FALSE(layer.scale || layer.shift || rms.scale);
  const Results r = evaluate({mean(layer(x), {.axes = {2}}), mean(square(rms(x)), {.axes = {1, 2}})}, {{x, wave(f32, {2, 4, 3})}});
  for (double m : numbers(r[0])) EXPECT_NEAR(m, 0, 1e-6);
  for (double m : numbers(r[1])) EXPECT_NEAR(m, 1, 1e-4);
}

TEST(Norms, SayWhatTheyNeed) {
  Graph g;
  const Scope s = g.scope("norm");
  EXPECT_HOLDS(message_of([&] { models::BatchNorm(s, 0); }), "BatchNorm: channels must be positive, got 0\n  BatchNorm at layers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { models::BatchNorm(s, 3, {.momentum = 2}); }), "BatchNorm: momentum must be in [0, 1], got 2");
  EXPECT_HOLDS(message_of([&] { models::BatchNorm(s, 3, {.epsilon = 0}); }), "BatchNorm: epsilon must be positive and finite, got 0");
  EXPECT_HOLDS(message_of([&] { models::BatchNorm(s, 3, {.dtype = i32}); }), "BatchNorm: dtype must be a float, got i32");
  EXPECT_HOLDS(message_of([&] { models::LayerNorm(s, {}); }), "LayerNorm: there must be sizes, all of them positive, got []");
  EXPECT_HOLDS(message_of([&] { models::GroupNorm(s, 2, 5); }), "GroupNorm: groups must divide the channels, got 2 groups for 5 channels");
  const models::BatchNorm batch(g.scope("batch"), 3);
  const models::InstanceNorm instance(g.scope("instance"), 3);
  const models::LayerNorm layer(g.scope("layer"), {4, 3});
  const Value x = g.input("x", f32, {2, 4, 3}), pairs = g.input("pairs", f32, {2, 3}), count = g.input("count", i32, {2, 3});
  EXPECT_HOLDS(message_of([&] { batch(x, Mode::training); }), "BatchNorm: the input must be f32[N,3,...], got f32[2,4,3]\n  input built at layers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { instance(pairs); }), "InstanceNorm: the input must be f32[N,3,size0,...], got f32[2,3]");
  EXPECT_HOLDS(message_of([&] { layer(pairs); }), "LayerNorm: the input must be f32[...,4,3], got f32[2,3]");
  EXPECT_HOLDS(message_of([&] { models::layer_norm(x, 4); }), "layer_norm: axes must be in [1, 3], got 4 for f32[2,4,3]");
  EXPECT_HOLDS(message_of([&] { models::layer_norm(count); }), "layer_norm: input must be of a float dtype, got i32[2,3]");
  EXPECT_HOLDS(message_of([&] { models::layer_norm(x, 1, {.scale = pairs}); }), "layer_norm: scale must be f32[3], got");
  EXPECT_HOLDS(message_of([&] { models::group_norm(x, 3); }), "group_norm: groups must divide the channels, got 3 groups for f32[2,4,3]");
  EXPECT_HOLDS(message_of([&] { models::rms_norm(pairs, 1, {.shift = pairs}); }), "rms_norm: there must be no shift, got f32[2,3]");
  EXPECT_HOLDS(message_of([&] { models::batch_norm(x, pairs, pairs); }), "batch_norm: mean and variance must have one element for each channel, got");
}

// Of 40,000 draws the share that is kept has the deviation 0.0023 (keep 0.7), and the mean of y = x / keep 0.0033: five of them.
TEST(Dropout, KeepsAShareAndTheExpectation) {
  Graph g;
  const Value x = g.input("x", f64, {200, 200});
  const models::Dropout layer(g.scope("drop"), {.keep = 0.7});
  const Value y = layer(x, Mode::training), dx = gradient(sum(y), x);
  const Session session(g);
  const Results r = session.eval({y, mean(cast(not_equal(y, 0), f64)), mean(y), dx, layer(x, Mode::inference)}, {{x, tensor_of(f64, {200, 200}, std::vector<double>(40000, 1))}});
  EXPECT_NEAR(r[1].item<double>(), 0.7, 0.012);
  EXPECT_NEAR(r[2].item<double>(), 1, 0.017);
  EXPECT_EQ(numbers(r[3]), numbers(r[0]));  // x is 1: the derivative has the mask of the value
  for (double v : numbers(r[0])) ASSERT_TRUE(v == 0 || std::abs(v - 1 / 0.7) < 1e-15) << v;
  for (double v : numbers(r[4])) ASSERT_EQ(v, 1);
}

TEST(Dropout, DrawsAnewInEachCallThatTrains) {
  Graph g;
  const Value x = g.input("x", f32, {64}), w = parameter(g.root(), "w", {}, initializers::ones());
  const models::Dropout layer(g.scope("drop"));
  const Value y = w * layer(x, Mode::training);
  const Session session(g);
  const Function train = session.function({x}, {y}, optimizers::sgd({.learning_rate = 0}).minimize(sum(y)));
  const Tensor ones = tensor_of(f32, {64}, std::vector<double>(64, 1));
  const std::vector<double> first = numbers(train(ones)[0]), second = numbers(train(ones)[0]);
  EXPECT_NE(first, second);
}

TEST(Dropout, KeepMayBeAKnob) {
  Graph g;
  const Value x = g.input("x", f32, {1000});
  const Knob keep(g, "keep", 1);
  const Value y = models::Dropout(g.scope("drop"), {.keep = keep})(x, Mode::training);
  const Session session(g);
  const Tensor ones = tensor_of(f32, {1000}, std::vector<double>(1000, 1));
  EXPECT_EQ(numbers(session.eval({y}, {{x, ones}})[0]), std::vector<double>(1000, 1));
  session.set(keep, 0.25);
  const Results r = session.eval({sum(y), reduce_max(y)}, {{x, ones}});
  EXPECT_EQ(r[1].item<float>(), 4);
  EXPECT_NEAR(r[0].item<float>() / 4, 250, 70);  // five deviations of sqrt(1000 / 4 * 3 / 4)
}

// With x of mean 0 and variance 1, so is y: 40,000 elements, five deviations.
TEST(AlphaDropout, KeepsMeanAndVariance) {
  Graph g;
  const Value x = random_normal(g.scope("data"), {200, 200}, 0.0, 1.0, {.dtype = f64});
  const Value y = models::AlphaDropout(g.scope("drop"), {.keep = 0.6})(x, Mode::training);
  const Results r = evaluate({mean(y), variance(y)});
  EXPECT_NEAR(r[0].item<double>(), 0, 0.025);
  EXPECT_NEAR(r[1].item<double>(), 1, 0.05);
}

TEST(Dropout, SaysWhatItNeeds) {
  Graph g;
  const Value x = g.input("x", f32, {4}), n = g.input("n", i32, {4});
  EXPECT_HOLDS(message_of([&] { models::Dropout(g.scope("a"), {.keep = 0}); }), "Dropout: keep must be in (0, 1], got 0\n  Dropout at layers_test.cpp:");
  EXPECT_HOLDS(message_of([&] { models::AlphaDropout(g.scope("a"), {.keep = 1.5}); }), "AlphaDropout: keep must be in (0, 1], got 1.5");
  EXPECT_HOLDS(message_of([&] { models::Dropout(g.scope("a"), {.keep = x}); }), "Dropout: keep must be a float of rank 0, got f32[4]");
  const models::Dropout layer(g.scope("drop"));
  EXPECT_HOLDS(message_of([&] { layer(n, Mode::inference); }), "Dropout: input must be of a float dtype, got i32[4]");
  layer(x, Mode::training);
  EXPECT_HOLDS(message_of([&] { layer(x, Mode::training); }), "got");  // one draw in one scope: the draw's own words, with both lines
}

}  // namespace
}  // namespace lanc
