// Trains a fully connected network on Fashion-MNIST: scripts/quickstart builds and runs it. --epochs N and --seed N are options.
#include <lanc/lanc.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

using namespace lanc;

template <class Set>
double accuracy_on(const Function& predict, const Set& set) {
  double right = 0;
  for (auto [images, labels] : data::in_order(set, 500)) right += accuracy(predict(images)[0], labels) * static_cast<double>(labels.numel());
  return 100 * right / static_cast<double>(set.size());
}

int main(int argc, char** argv) {
  int epochs = 12, seed = 0;
  for (int i = 1; i + 1 < argc; i += 2) (std::strcmp(argv[i], "--epochs") == 0 ? epochs : seed) = std::atoi(argv[i + 1]);
  auto [training, validation, test] = data::fashion_mnist({.validation = 0.1, .seed = seed});
  const int64_t batch_size = 128, steps = epochs * ((static_cast<int64_t>(training.size()) + batch_size - 1) / batch_size);

  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 784});
  const Value y = g.input("y", i32, {batch});
  const models::Dense hidden(g.scope("net/hidden"), 784, 256), out(g.scope("net/out"), 256, 10);
  const Value logits = out(relu(hidden((x - 0.2860) / 0.3530)));  // mean and deviation of the training pixels
  const Value loss = losses::softmax_cross_entropy(logits, y) + 1e-4 * regularizers::l2(g.parameters("net/**/weight"));

  const Value rate = g.input("rate", f32, {});
  const Session session(g, {.seed = seed});
  const Function train = session.function({x, y, rate}, {loss}, optimizers::adam({.learning_rate = rate}).minimize(loss));
  const Function predict = session.function({x}, {logits});
  std::ofstream("fashion_mlp.graph.txt") << to_text({loss});

  Progress progress(epochs, steps / epochs);
  int64_t step = 0;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (auto [images, labels] : data::batches(training, batch_size, {.epoch = epoch, .seed = seed})) {
      const double cosine = 0.5 * (1 + std::cos(3.141592653589793 * static_cast<double>(step++) / static_cast<double>(steps)));
      progress(epoch, train(images, labels, Tensor::scalar(static_cast<float>(1e-3 * cosine)))[0].item<float>());
    }
    progress.note("validation accuracy " + std::to_string(accuracy_on(predict, validation)).substr(0, 5) + " %");
  }
  progress.finish();
  std::printf("test accuracy %.2f %%\n", accuracy_on(predict, test));
}
