// Processor microseconds (of all threads) of one compiled training step (forward, backward, SGD) of a recurrent layer, x {T, B, H}, loss the mean square of the outputs.
// Prints one JSON record. Options: --kind lstm|gru|rnn --time T... --batch B... --hidden H... --threads N --seconds S --plan.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <lanc/backends/cpu/cpu.h>
#include <lanc/lanc.h>

namespace {

using namespace lanc;
using Json = nlohmann::ordered_json;

struct Options {
  std::string kind = "lstm";
  std::vector<int64_t> time{64}, batch{32}, hidden{128};
  int threads = 1;
  double seconds = 1;
  bool plan = false;
};

double microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

// What a step costs where other processes take the cores away.
double processor_microseconds() {
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

Value outputs_of(const std::string& kind, const Scope& scope, const Value& x, int64_t hidden) {
  if (kind == "lstm") return models::Lstm(scope, hidden, hidden)(x).outputs;
  if (kind == "gru") return models::Gru(scope, hidden, hidden)(x).outputs;
  return models::Rnn(scope, hidden, hidden)(x).outputs;
}

double median_microseconds(const Function& f, const Tensor& x, double seconds) {
  for (int i = 0; i < 5; ++i) f(x)[0].item<float>();
  std::vector<double> times;
  for (const auto start = std::chrono::steady_clock::now(); microseconds_since(start) < seconds * 1e6 || times.size() < 5;) {
    const double begin = processor_microseconds();
    f(x)[0].item<float>();
    times.push_back(processor_microseconds() - begin);
  }
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

Json measure(const Options& options, int64_t time, int64_t batch, int64_t hidden) {
  Graph g;
  const Value x = g.input("x", f32, {time, batch, hidden});
  const Value y = outputs_of(options.kind, g.scope("net"), x, hidden);
  const Value loss = mean(y * y);
  const Session session(g, {.seed = 1, .threads = options.threads});
  const Function forward = session.function({x}, {loss}), train = session.function({x}, {loss}, optimizers::sgd({.learning_rate = 0.01}).minimize(loss));
  std::vector<float> numbers(static_cast<size_t>(time * batch * hidden));
  uint32_t state = 1;
  for (float& v : numbers) v = static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1;
  const Tensor fed = Tensor::of<float>({time, batch, hidden}, numbers);
  const double forward_us = median_microseconds(forward, fed, options.seconds), train_us = median_microseconds(train, fed, options.seconds);
  if (options.plan) std::cerr << train.plan_text({});
  return {{"kind", options.kind}, {"time", time}, {"batch", batch}, {"hidden", hidden}, {"forward_us", forward_us}, {"train_us", train_us}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Microseconds of one training step of a recurrent layer, as JSON");
  app.add_option("--kind", options.kind, "lstm, gru or rnn");
  app.add_option("--time", options.time, "Lengths of sequences");
  app.add_option("--batch", options.batch, "Sizes of batches");
  app.add_option("--hidden", options.hidden, "Sizes of inputs and states");
  app.add_option("--threads", options.threads, "Threads; 0: one per core that this process may use");
  app.add_option("--seconds", options.seconds, "Measured for about that long, per case and function");
  app.add_flag("--plan", options.plan, "Print the plans to stderr");
  CLI11_PARSE(app, argc, argv);
  const CpuInfo info = cpu_info();
  Json record = {{"benchmark", "recurrent"}, {"cpu", info.model}, {"instruction_set", info.instruction_set}, {"contract_library", info.contract_library},
                 {"fused_kernels", info.fused_kernels}, {"threads", options.threads}, {"results", Json::array()}};
  for (int64_t time : options.time)
    for (int64_t batch : options.batch)
      for (int64_t hidden : options.hidden) record["results"].push_back(measure(options, time, batch, hidden));
  std::cout << record.dump(2) << "\n";
}
