// Trains a small convolutional network on Fashion-MNIST. --help lists its options.
#include <lanc/lanc.h>

#include <cstdio>

using namespace lanc;

// Five 3 x 3 convolutions with batch norm, two pools, one dense layer: 66,394 parameters.
struct Net {
  models::Sequential layers;
  static models::Conv conv(const Scope& s, int64_t inputs, int64_t outputs) { return {s, inputs, outputs, {.kernel = {3, 3}, .same = true, .bias = false}}; }
  static Value halved(const Value& x) { return max_pool(x, {.kernel = {2, 2}}); }
  explicit Net(const Scope& s)
      : layers({conv(s / "conv1", 1, 16), models::BatchNorm(s / "norm1", 16), relu,
                conv(s / "conv2", 16, 16), models::BatchNorm(s / "norm2", 16), relu, halved,
                conv(s / "conv3", 16, 32), models::BatchNorm(s / "norm3", 32), relu,
                conv(s / "conv4", 32, 32), models::BatchNorm(s / "norm4", 32), relu, halved,
                conv(s / "conv5", 32, 64), models::BatchNorm(s / "norm5", 64), relu,
                models::flatten, models::Dropout(s / "dropout", {.keep = 0.5}), models::Dense(s / "out", 64 * 7 * 7, 10)}) {}
  Value operator()(Operand images, Mode mode) const { return layers(images, mode); }
};

int main(int argc, char** argv) try {
  ProgramOptions options(argc, argv, "Trains a small convolutional network on Fashion-MNIST.");
  const int64_t epochs = options.integer("epochs", 14, "passes over the training images", 1);
  const int64_t seed = options.integer("seed", 0, "of parameters, draws, validation part and order of batches");
  if (const auto code = options.exit_code()) return *code;

  auto [training, validation, test] = data::standardize(data::fashion_mnist({.validation = 0.1, .seed = seed}), {.per = data::Per::whole});
  const int64_t batch_size = 128, batches = (training.size() + batch_size - 1) / batch_size;

  // Half of the images are mirrored while it trains; batch norm, dropout and the draw are not there when it predicts.
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 1, 28, 28}), y = g.input("y", i32, {batch});
  const Net net(g.scope("net"));
  const Value mirrored = where(random_bernoulli(g.scope("mirror"), {batch, 1, 1, 1}), reverse(x, {3}), x);
  const Value loss = losses::softmax_cross_entropy(net(mirrored, Mode::training), y) + 1e-4 * regularizers::l2(g.parameters("net/**/weight"));
  const Value logits = net(x, Mode::inference);
  std::printf("%s", summary({logits}).c_str());

  const Session session(g, {.seed = seed});
  const auto adam = optimizers::adam({.learning_rate = schedules::cosine({.initial = 3e-3, .steps = epochs * batches, .warmup = batches / 4})});
  const Function train = session.function({x, y}, {loss}, adam.minimize(loss));
  const Function predict = session.function({x}, {logits});

  Progress progress(epochs, batches);
  Series losses{.name = "training loss"}, accuracies{.name = "validation accuracy [%]", .axis = Axis::right};
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    for (auto [images, labels] : data::batches(training, batch_size, {.epoch = epoch, .seed = seed}))
      progress(epoch, train(images, labels)[0].item<float>());
    losses.add(epoch + 1, progress.loss());
    accuracies.add(epoch + 1, 100 * evaluate_accuracy(predict, validation).value());
    progress.note("validation accuracy " + std::to_string(accuracies.y.back()).substr(0, 5) + " %");
  }
  write_curve_svg("runs/fashion_cnn.curve.svg", "Fashion-MNIST", {losses, accuracies});
  std::printf("learning curve: runs/fashion_cnn.curve.svg\ntest accuracy %.2f %%\n", 100 * evaluate_accuracy(predict, test).value());
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
