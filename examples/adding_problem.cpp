// The adding problem (Hochreiter and Schmidhuber 1997): the sum of the two numbers of a long sequence that are marked. --help lists its options.
#include <lanc/lanc.h>

#include <cstdio>
#include <random>

using namespace lanc;

// Sequences {length, count, 2}: a number in [0, 1), and a mark, which is 1 once in each half; the target {count, 1} is the sum of the marked numbers.
struct Sequences {
  Tensor x, target;
};
Sequences draw(int64_t length, int64_t count, std::mt19937_64& random) {
  const auto uniform = [&] { return static_cast<float>(random() >> 40) / 16777216.0f; };
  std::vector<float> x(static_cast<size_t>(length * count * 2), 0), target(static_cast<size_t>(count), 0);
  for (size_t i = 0; i < x.size(); i += 2) x[i] = uniform();
  for (int64_t b = 0; b < count; ++b)
    for (int64_t half = 0; half < 2; ++half) {
      const int64_t begin = half * (length / 2), size = half == 0 ? length / 2 : length - length / 2;
      const int64_t t = begin + static_cast<int64_t>(random() % static_cast<uint64_t>(size));
      const auto at = static_cast<size_t>((t * count + b) * 2);
      x[at + 1] = 1;
      target[static_cast<size_t>(b)] += x[at];
    }
  return {Tensor::of<float>({length, count, 2}, x), Tensor::of<float>({count, 1}, target)};
}

int main(int argc, char** argv) try {
  ProgramOptions options(argc, argv, "Trains an LSTM on the adding problem until it has learned it.");
  const int64_t length = options.integer("length", 200, "elements of a sequence", 3);
  const int64_t hidden = options.integer("hidden", 64, "size of the LSTM's state", 1);
  const int64_t most = options.integer("steps", 20000, "training steps at most", 1);
  const int64_t seed = options.integer("seed", 0, "of parameters and sequences");
  const double goal = options.number("goal", 0.002, "mean squared error on sequences for validation at which training ends");
  if (const auto code = options.exit_code()) return *code;

  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {length, batch, 2}), target = g.input("target", f32, {batch, 1});
  // Gates i, f, g, o that remember for about 1, ..., length elements (Tallec and Ollivier 2018); a half, as there are two biases.
  const Initializer chrono = [&](Graph body, const Shape&, DType dtype, uint64_t key) {
    const Value b = log(initializers::uniform(1, static_cast<double>(length - 1))(body, {hidden}, dtype, key)) / 2;
    return concat({-b, b, zeros(body, {2 * hidden}, dtype)});
  };
  const models::SequenceClassifier net(g.scope("net"), 2, hidden, 1, {.bias_initializer = chrono});  // an LSTM, and a dense layer on its last state
  const Value loss = losses::mse(net(x), target);

  const Session session(g, {.seed = seed});
  const Function train = session.function({x, target}, {loss}, optimizers::adam({.learning_rate = 2e-3}, {.clip_global_norm = 1.0}).minimize(loss));
  const Function error = session.function({x, target}, {loss});

  std::mt19937_64 random(static_cast<uint64_t>(seed) + 1);
  const Sequences validation = draw(length, 500, random), test = draw(length, 2000, random);
  const int64_t every = 100;
  Progress progress((most + every - 1) / every, every);
  int64_t steps = 0;
  for (double reached = 1; steps < most && reached > goal;) {
    const Sequences now = draw(length, 50, random);
    progress(steps / every, train(now.x, now.target)[0].item<float>());
    if (++steps % every != 0) continue;
    reached = error(validation.x, validation.target)[0].item<float>();
    progress.note("validation MSE " + std::to_string(reached));
  }
  double constant_error = 0;  // of the best constant, 1
  for (int64_t b = 0; b < test.target.numel(); ++b) constant_error += (test.target.at(b) - 1) * (test.target.at(b) - 1) / static_cast<double>(test.target.numel());
  std::printf("steps %ld\ntest MSE %.5f (of the constant 1: %.5f)\n", steps, error(test.x, test.target)[0].item<float>(), constant_error);
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
