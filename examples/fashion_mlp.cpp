// Trains a fully connected network on Fashion-MNIST: scripts/quickstart builds and runs it. --help lists its options.
#include <lanc/lanc.h>

#include <cstdio>

using namespace lanc;

int main(int argc, char** argv) try {
  ProgramOptions options(argc, argv, "Trains a fully connected network on Fashion-MNIST.");
  const int64_t epochs = options.integer("epochs", 12, "passes over the training images", 1);
  const int64_t seed = options.integer("seed", 0, "of parameters, validation part and order of batches");
  if (const auto code = options.exit_code()) return *code;

  // Data: all pixels are brought to mean 0 and variance 1 by the figures of the training part.
  auto [training, validation, test] = data::standardize(data::fashion_mnist({.validation = 0.1, .seed = seed}), {.per = data::Per::whole});
  const int64_t batch_size = 128, batches = (training.size() + batch_size - 1) / batch_size;
  std::printf("images: %ld for training, %ld for validation, %ld for the test\n", training.size(), validation.size(), test.size());

  // Network and loss: a graph of symbols, in which nothing is computed yet.
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, 784}), y = g.input("y", i32, {batch});
  const Value logits = models::Mlp(g.scope("net"), {784, 512, 10}, relu)(x);
  const Value loss = losses::softmax_cross_entropy(logits, y) + 5e-5 * regularizers::l2(g.parameters("net/**/weight"));
  std::printf("graph: %s\n", write_graphviz({loss}, "runs/fashion_mlp.graph.svg").c_str());

  // Two compiled functions that share the parameters; the rate falls along half a cosine.
  const Session session(g, {.seed = seed});
  const auto adam = optimizers::adam({.learning_rate = schedules::cosine({.initial = 2e-3, .steps = epochs * batches})});
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
  write_curve_svg("runs/fashion_mlp.curve.svg", "Fashion-MNIST", {losses, accuracies});
  std::printf("learning curve: runs/fashion_mlp.curve.svg\ntest accuracy %.2f %%\n", 100 * evaluate_accuracy(predict, test).value());
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
