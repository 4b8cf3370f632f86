// Microseconds of one compiled training step: mlp_tiny (784-64-10, batch 32, SGD) and mlp (784-1024-1024-10, batch 128, Adam).
// Prints one JSON record: what ran, on what, and the distribution of the measured steps. Options: --threads N --seconds S --no-jit
// --model NAME --plan (the plan's text to stderr).
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

struct Model {
  std::string name;
  std::vector<int64_t> sizes;
  int64_t batch;
  bool adam;
};

const std::vector<Model> models_measured = {{"mlp_tiny", {784, 64, 10}, 32, false}, {"mlp", {784, 1024, 1024, 10}, 128, true}};

struct Options {
  int threads = 0;
  double seconds = 3;
  bool no_jit = false, plan = false;
  std::string model = "";
  std::vector<std::string> disabled = {};
};

double microseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

// Of all threads of this process: what a step costs where other processes take the cores away.
double processor_microseconds() {
  std::timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

Json measure(const Model& model, const Options& options) {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("batch"), model.sizes.front()});
  const Value y = g.input("y", i32, {g.dim("batch")});
  const models::Mlp net(g.scope("net"), model.sizes, relu);
  const Value loss = losses::softmax_cross_entropy(net(x), y);
  const Session session(g, {.seed = 1, .threads = options.threads, .jit = !options.no_jit, .disabled_passes = options.disabled});
  const optimizers::Optimizer optimizer = model.adam ? optimizers::adam({.learning_rate = 1e-3}) : optimizers::sgd({.learning_rate = 0.01});
  const Function train = session.function({x, y}, {loss}, optimizer.minimize(loss));

  std::vector<float> pixels(static_cast<size_t>(model.batch * model.sizes.front()));
  std::vector<int32_t> classes(static_cast<size_t>(model.batch));
  uint32_t state = 1;
  const auto random = [&state] { return state = state * 1664525u + 1013904223u, state >> 8; };
  for (float& p : pixels) p = static_cast<float>(random() % 256) / 255.0f;
  for (int32_t& c : classes) c = static_cast<int32_t>(random() % static_cast<uint32_t>(model.sizes.back()));
  const Tensor images = Tensor::of<float>({model.batch, model.sizes.front()}, pixels);
  const Tensor labels = Tensor::of<int32_t>({model.batch}, classes);

  const auto first = std::chrono::steady_clock::now();
  float last = train(images, labels)[0].item<float>();
  const double first_call = microseconds_since(first);
  for (int i = 0; i < 20; ++i) last = train(images, labels)[0].item<float>();
  std::vector<double> times, processor_times;
  const auto start = std::chrono::steady_clock::now();
  while (microseconds_since(start) < options.seconds * 1e6) {
    const double processor = processor_microseconds();
    const auto begin = std::chrono::steady_clock::now();
    last = train(images, labels)[0].item<float>();
    times.push_back(microseconds_since(begin));
    processor_times.push_back(processor_microseconds() - processor);
  }
  if (options.plan) std::cerr << model.name << " " << train.plan_text({{"batch", model.batch}});
  std::sort(times.begin(), times.end());
  std::sort(processor_times.begin(), processor_times.end());
  const auto at = [&](double share) { return times[static_cast<size_t>(share * static_cast<double>(times.size() - 1))]; };
  const FunctionStats stats = train.stats();
  return {{"model", model.name},       {"batch", model.batch},          {"optimizer", model.adam ? "adam" : "sgd"}, {"steps_measured", times.size()},
          {"median_us", at(0.5)},      {"p10_us", at(0.1)},             {"p90_us", at(0.9)},                        {"min_us", at(0)},
          {"processor_median_us", processor_times[processor_times.size() / 2]},
          {"first_call_us", first_call}, {"plan_steps", stats.steps},   {"arena_bytes", stats.arena_bytes},
          {"largest_live_bytes", stats.largest_live_bytes},             {"last_loss", last}};
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Microseconds of one compiled training step, as JSON");
  app.add_option("--threads", options.threads, "Threads; 0: one per core that this process may use");
  app.add_option("--seconds", options.seconds, "Measured for about that long, per model");
  app.add_flag("--no-jit", options.no_jit, "Interpret fused kernels");
  app.add_flag("--plan", options.plan, "Print the plans to stderr");
  app.add_option("--model", options.model, "Only this one: mlp_tiny or mlp");
  app.add_option("--disable", options.disabled, "Passes that are left out");
  CLI11_PARSE(app, argc, argv);
  const CpuInfo info = cpu_info();
  Json record = {{"benchmark", "step"},
                 {"cpu", info.model},
                 {"instruction_set", info.instruction_set},
                 {"contract_library", info.contract_library},
                 {"fused_kernels", options.no_jit ? "interpreter" : info.fused_kernels},
                 {"threads", options.threads == 0 ? info.cores : options.threads},
                 {"results", Json::array()}};
  for (const Model& model : models_measured)
    if (options.model.empty() || options.model == model.name) record["results"].push_back(measure(model, options));
  std::cout << record.dump(2) << "\n";
}
