// A character model: an LSTM that reads a text and then writes one like it. --text takes any file; --help lists the options.
#include <lanc/lanc.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

using namespace lanc;

using Ids = std::vector<int32_t>;

struct Text {
  std::string symbols;  // those that occur, in order; an id is a place in it
  Ids ids;
};
Text read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(file)), {});
  if (all.size() < 100) throw UserError("--text: the file must hold at least 100 characters, got " + std::to_string(all.size()) + " in " + path);
  Text text{all, {}};
  std::sort(text.symbols.begin(), text.symbols.end());
  text.symbols.erase(std::unique(text.symbols.begin(), text.symbols.end()), text.symbols.end());
  for (char c : all) text.ids.push_back(static_cast<int32_t>(text.symbols.find(c)));
  return text;
}

// Characters and those that follow them, {time, streams}: a text cut into streams side by side, then into pieces one after the other.
struct Piece {
  Tensor ids, next;
};
std::vector<Piece> pieces(const Ids& text, int64_t streams, int64_t longest) {
  std::vector<Piece> all;
  const int64_t each = (static_cast<int64_t>(text.size()) - 1) / streams;
  for (int64_t begin = 0; begin < each; begin += longest) {
    const int64_t time = std::min(longest, each - begin);
    Ids ids, next;
    for (int64_t t = 0; t < time; ++t)
      for (int64_t s = 0; s < streams; ++s) {
        ids.push_back(text[static_cast<size_t>(s * each + begin + t)]);
        next.push_back(text[static_cast<size_t>(s * each + begin + t + 1)]);
      }
    all.push_back({Tensor::of<int32_t>({time, streams}, ids), Tensor::of<int32_t>({time, streams}, next)});
  }
  return all;
}

// One of the k likeliest, drawn with probabilities proportional to exp(logit / temperature).
int32_t draw(const Tensor& logits, double temperature, int64_t k, std::mt19937_64& random) {
  std::vector<std::pair<double, int32_t>> order;
  for (int64_t i = 0; i < logits.numel(); ++i) order.push_back({logits.at(i), static_cast<int32_t>(i)});
  std::sort(order.rbegin(), order.rend());
  order.resize(static_cast<size_t>(std::min(k, logits.numel())));
  double total = 0;
  for (const auto& [logit, id] : order) total += std::exp((logit - order[0].first) / temperature);
  double left = total * static_cast<double>(random() >> 11) * 0x1p-53;
  for (const auto& [logit, id] : order)
    if ((left -= std::exp((logit - order[0].first) / temperature)) < 0) return id;
  return order.back().second;
}

int main(int argc, char** argv) try {
  ProgramOptions options(argc, argv, "Trains an LSTM to write a text like the one it is given.");
  const std::string path = options.text("text", "/usr/share/common-licenses/GPL-3", "the file to learn from: 90 % for training, 5 % for validation, 5 % for the test");
  const int64_t epochs = options.integer("epochs", 10, "passes over the training text", 1);
  const int64_t hidden = options.integer("hidden", 128, "size of each of the two layers", 1);
  const int64_t streams = options.integer("batch", 32, "streams that are read side by side", 1);
  const int64_t seed = options.integer("seed", 0, "of parameters and of the sample");
  const int64_t length = options.integer("sample", 400, "characters to write", 0);
  const double temperature = options.number("temperature", 0.8, "of the sample: small ones take what is likeliest");
  const int64_t top = options.integer("top-k", 20, "the sample takes only so many of the likeliest", 1);
  if (const auto code = options.exit_code()) return *code;

  const Text text = read_text(path);
  const auto part = [&](double from, double to) {
    const auto at = [&](double share) { return text.ids.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(text.ids.size())); };
    return Ids(at(from), at(to));
  };
  const std::vector<Piece> training = pieces(part(0, 0.9), streams, 64), validation = pieces(part(0.9, 0.95), 1, 64), test = pieces(part(0.95, 1), 1, 64);

  Graph g;
  const Dim time = g.dim("time"), batch = g.dim("batch");
  const Value ids = g.input("ids", i32, {time, batch}), next = g.input("next", i32, {time, batch});
  const Value h = g.input("h", f32, {2, batch, hidden}), c = g.input("c", f32, {2, batch, hidden});
  const models::CharacterModel net(g.scope("net"), static_cast<int64_t>(text.symbols.size()), {.hidden = hidden});
  const auto [logits, last] = net(ids, models::LstmState{h, c});
  const Value loss = losses::softmax_cross_entropy(logits, next);

  const Session session(g, {.seed = seed});
  const auto adam = optimizers::adam({.learning_rate = 2e-3}, {.clip_global_norm = 5.0});
  const Function train = session.function({ids, next, h, c}, {loss, last.hidden, last.cell}, adam.minimize(loss));
  const Function measure = session.function({ids, next, h, c}, {loss, last.hidden, last.cell});
  const Function predict = session.function({ids, h, c}, {logits, last.hidden, last.cell});

  // The state goes on from piece to piece; `done` is told the loss of each. Nats per character of the whole.
  const auto run = [&](const Function& f, const std::vector<Piece>& all, int64_t width, auto done) {
    Tensor hidden_state(f32, {2, width, hidden}), cell_state(f32, {2, width, hidden});
    double sum = 0, count = 0;
    for (const Piece& p : all) {
      const Results r = f(p.ids, p.next, hidden_state, cell_state);
      hidden_state = r[1], cell_state = r[2];
      sum += static_cast<double>(r[0].item<float>() * static_cast<float>(p.ids.numel()));
      count += static_cast<double>(p.ids.numel());
      done(r[0].item<float>());
    }
    return sum / count;
  };
  const auto nats = [&](const std::vector<Piece>& all) { return run(measure, all, 1, [](float) {}); };
  Progress progress(epochs, static_cast<int64_t>(training.size()));
  for (int64_t epoch = 0; epoch < epochs; ++epoch) {
    run(train, training, streams, [&](float value) { progress(epoch, value); });
    progress.note("validation " + std::to_string(nats(validation)).substr(0, 5) + " nats per character");
  }
  std::printf("test %.3f nats per character\n", nats(test));

  std::mt19937_64 random(static_cast<uint64_t>(seed));
  Tensor hidden_state(f32, {2, 1, hidden}), cell_state(f32, {2, 1, hidden});
  int32_t id = text.ids[0];
  for (int64_t i = 0; i < length; ++i) {
    std::putchar(text.symbols[static_cast<size_t>(id)]);
    const Results r = predict(Tensor::of<int32_t>({1, 1}, {id}), hidden_state, cell_state);
    hidden_state = r[1], cell_state = r[2];
    id = draw(r[0], temperature, top, random);
  }
  std::putchar('\n');
} catch (const Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
