// LeNet, VGG and ResNet: training steps in f64 against PyTorch's (scripts/reference/convnet_trajectories.py), numbers of parameters from the papers.
#include <lanc/tests/models/support.h>

namespace lanc {
namespace {

using testing_models::numbers;
using testing_models::stored;
using testing_models::tensor_of;
using testing_models::wave;

const nlohmann::json& data() {
  static const nlohmann::json loaded = stored("convnets.json");
  return loaded;
}

bool ends_with(const std::string& text, const std::string& end) { return text.size() >= end.size() && text.substr(text.size() - end.size()) == end; }

// As the script begins: parameter i of its list is a wave of phase i.
void set_start(const Session& session, const nlohmann::json& paths) {
  int i = 0;
  for (const std::string path : paths) {
    const Sizes sizes = session.get(path).sizes();
    const double fan_in = static_cast<double>(numel_of(sizes)) / static_cast<double>(sizes[0]);
    std::vector<double> values = numbers(wave(f64, sizes, i++, ends_with(path, "weight") ? std::sqrt(2 / fan_in) : 0.1));
    if (ends_with(path, "scale"))
      for (double& v : values) v += 1;
    session.set(path, tensor_of(f64, sizes, values));
  }
}

double squares(const Tensor& t) {
  double total = 0;
  for (double v : numbers(t)) total += v * v;
  return total;
}

using Pair = std::pair<Value, Value>;  // in training and in inference

// The steps' losses, then all parameters and running statistics, then the loss in inference. A step multiplies the rounding of single operations by
// little; a wrong formula shows at 1e-3 or more.
void follow(const char* name, Pair (*make)(const Scope&, const Value&), double tolerance) {
  const nlohmann::json& run = data()[name];
  const auto sizes = run["images"].get<Sizes>();
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f64, {batch, sizes[1], sizes[2], sizes[3]}), y = g.input("y", i32, {batch});
  const auto [training, inference] = make(g.scope("net"), x);
  const Value loss = losses::softmax_cross_entropy(training, y), later = losses::softmax_cross_entropy(inference, y);
  const Session session(g);
  const Function train = session.function({x, y}, {loss}, optimizers::momentum({.learning_rate = run["rate"].get<double>()}).minimize(loss));
  EXPECT_EQ(g.parameters().size(), run["parameters"].size());
  set_start(session, run["parameters"]);
  const Tensor images = wave(f64, sizes, 0.3), labels = tensor_of(i32, {sizes[0]}, data()["labels"].get<std::vector<double>>());
  for (size_t step = 0; step < run["losses"].size(); ++step)
    ASSERT_NEAR(train(images, labels)[0].item<double>(), run["losses"][step].get<double>(), tolerance) << name << ": loss of step " << step;
  for (const auto& [path, expected] : run["squares"].items())
    EXPECT_NEAR(squares(session.get(path)), expected.get<double>(), tolerance * (1 + expected.get<double>())) << path;
  EXPECT_NEAR(session.eval({later}, {{x, images}, {y, labels}})[0].item<double>(), run["inference"].get<double>(), tolerance) << name;
}

TEST(LeNet, LearnsAsInTorchFor50Steps) {
  ASSERT_EQ(data()["lenet"]["losses"].size(), 50u);
  follow("lenet", [](const Scope& s, const Value& x) {
    const models::LeNet net(s, {.dtype = f64});
    const Value y = net(x);
    return Pair(y, y);
  }, 1e-9);
}

TEST(Vgg, LearnsAsInTorch) {
  follow("vgg", [](const Scope& s, const Value& x) {
    const models::Vgg net(s, {.stages = {{3, 4}, {6}}, .size = 8, .hidden = 12, .keep = 1, .dtype = f64});
    return Pair(net(x, Mode::training), net(x, Mode::inference));
  }, 1e-9);
}

TEST(ResNet, LearnsAsInTorch) {
  follow("resnet", [](const Scope& s, const Value& x) {
    const models::ResNet net(s, {.blocks = 1, .widths = {4, 8}, .channels = 2, .dtype = f64});
    return Pair(net(x, Mode::training), net(x, Mode::inference));
  }, 1e-9);
}

int64_t parameters_of(const Graph& g) {
  int64_t n = 0;
  for (const Value& p : g.parameters()) n += p.type().numel().number();
  return n;
}

// LeNet-5 with all maps of conv1 in conv2: 156 + 2,416 + 48,120 + 10,164 + 850. He et al., table 6: ResNet-20 has 0.27M.
TEST(Convnets, HaveAsManyParametersAsThePapersSay) {
  Graph lenet, resnet, vgg;
  models::LeNet(lenet.scope("net"));
  models::ResNet(resnet.scope("net"));
  models::Vgg(vgg.scope("net"), {.stages = {{8}}, .size = 4, .hidden = 5, .classes = 2});
  EXPECT_EQ(parameters_of(lenet), 61706);
  EXPECT_EQ(parameters_of(resnet), 269722);
  EXPECT_EQ(parameters_of(vgg), 8 * 9 + 2 * 8 + 32 * 5 + 5 + 5 * 2 + 2);
}

TEST(ResNet, TakesImagesOfAnySize) {
  Graph g;
  const Dim n = g.dim("n"), height = g.dim("height");
  const Value x = g.input("x", f32, {n, 3, height, 32});
  const models::ResNet net(g.scope("net"), {.blocks = 1});
  EXPECT_EQ(net(x, Mode::inference).type().text(), "f32[n,10]");
  EXPECT_EQ(net.blocks.size(), 3u);
}

TEST(Sequential, AppliesItsLayersInOrderAndHandsOnTheMode) {
  Graph g;
  const Value x = g.input("x", f32, {2, 3});
  const models::Dense dense(g.scope("dense"), 3, 2);
  const models::BatchNorm norm(g.scope("norm"), 2);
  const models::Sequential net({dense, norm, relu, [](const Value& v) { return 2.0 * v; }, [](const Value& v, Mode mode) { return mode == Mode::training ? v + 1.0 : v; }});
  const Value training = net(x, Mode::training), inference = net(x, Mode::inference);
  EXPECT_EQ(updates_of(training).size(), 2u);
  EXPECT_TRUE(updates_of(inference).empty());
  const Results r = testing_models::evaluate({training - (2.0 * relu(norm(dense(x), Mode::training)) + 1.0), inference - 2.0 * relu(norm(dense(x), Mode::inference))}, {{x, wave(f32, {2, 3})}});
  for (const Tensor& t : r) EXPECT_EQ(numbers(t), std::vector<double>(4, 0));
  EXPECT_EQ(models::Sequential({})(x, Mode::training), x);
}

TEST(Convnets, SayWhatTheyNeed) {
  Graph g;
  const Scope s = g.scope("net");
  EXPECT_HOLDS(message_of([&] { models::LeNet(s, {.size = 10}); }), "LeNet: the size must be even, 12 or more, got 10\n  LeNet at convnets_test.cpp:");
  EXPECT_HOLDS(message_of([&] { models::Vgg(s, {.stages = {{4}, {}}}); }), "Vgg: each stage must have a convolution, got none in net/stage1");
  EXPECT_HOLDS(message_of([&] { models::Vgg(s, {.stages = {{4}, {4}}, .size = 3}); }), "Vgg: there must be stages, no more than the size can be halved, got 2 for size 3");
  EXPECT_HOLDS(message_of([&] { models::ResNet(s, {.widths = {4, 2}}); }), "ResNet: there must be blocks, and widths that do not fall, got 3 blocks of 2 widths");
  EXPECT_HOLDS(message_of([&] { models::ResidualBlock(s, 4, 4, 0); }), "ResidualBlock: outputs must not be fewer than inputs, and the stride at least 1, got 4 inputs");
  const Value x = g.input("x", f32, {2, 3, 28, 28});
  const models::LeNet net(s);
  EXPECT_HOLDS(message_of([&] { net(x); }), "LeNet: the input must be f32[N,1,size0,size1], got f32[2,3,28,28]");
}

}  // namespace
}  // namespace lanc
