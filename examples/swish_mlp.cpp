// A new activation in one line, an architecture of one's own, and a net of them trained on Fashion-MNIST. --help lists its options.
#include <lanc/lanc.h>

#include <cstdio>

using namespace lanc;

inline const auto swish = elementwise("swish", [](auto x) { return x / (1 + exp(-x)); });  // a new op, complete

struct Net {  // an architecture is a struct with an operator()
  models::Dense hidden, out;
  Net(const Scope& s, int64_t inputs, int64_t classes) : hidden(s / "hidden", inputs, 256), out(s / "out", 256, classes) {}
  Value operator()(const Value& x) const { return out(swish(hidden(x))); }
};

int main(int argc, char** argv) try {
  ProgramOptions options(argc, argv, "Trains a net with a user's own activation on Fashion-MNIST.");
  const int64_t epochs = options.integer("epochs", 5, "passes over the training images", 1);
  if (const auto code = options.exit_code()) return *code;

  Graph g;
  const Dim batch = g.dim("batch");  // bound when called
  const Value x = g.input("x", f32, {batch, 784}), y = g.input("y", i32, {batch});
  const Net net(g.scope("net"), 784, 10);
  const Value logits = net(x);
  const Value loss = losses::softmax_cross_entropy(logits, y) + 1e-4 * regularizers::l2(g.parameters("net/**/weight"));

  const Session session(g, {.device = Device::cpu(), .seed = 42});  // owns the state: parameters, optimizer slots, step
  const Function train = session.function({x, y}, {loss}, optimizers::adam({.learning_rate = 1e-3}).minimize(loss));
  const Function predict = session.function({x}, {softmax(logits)});  // shares the state

  auto [training, validation, test] = data::fashion_mnist({.validation = 0.1, .seed = 42});
  Progress progress(epochs, (training.size() + 127) / 128);
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    for (auto [images, labels] : data::batches(training, 128, {.epoch = epoch, .seed = 42})) progress(epoch, train(images, labels)[0].item<float>());
    progress.note("validation accuracy " + std::to_string(100 * evaluate_accuracy(predict, validation).value()).substr(0, 5) + " %");
  }
  std::printf("test accuracy %.2f %%\n", 100 * evaluate_accuracy(predict, test).value());
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
