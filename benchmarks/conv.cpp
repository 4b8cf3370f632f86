// Microseconds of single convolutions: y, dx and dw of the layers named on the command line, each as "N,C,H,O,K,stride,padding" (square images and
// kernels). Prints one JSON record. Options: --threads N --seconds S (of each) --plan (the plans' text to stderr).
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <lanc/lanc.h>

namespace {

using namespace lanc;
using Json = nlohmann::ordered_json;

struct Layer {
  int64_t images = 1, inputs = 1, size = 1, outputs = 1, kernel = 1, stride = 1, padding = 0;
};

Layer parsed(const std::string& text) {
  Layer l;
  if (std::sscanf(text.c_str(), "%ld,%ld,%ld,%ld,%ld,%ld,%ld", &l.images, &l.inputs, &l.size, &l.outputs, &l.kernel, &l.stride, &l.padding) != 7)
    throw CLI::ValidationError("a layer is N,C,H,O,K,stride,padding, got " + text);
  return l;
}

Tensor noise(const Shape& shape) {
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(d.number());
  std::vector<float> values(static_cast<size_t>(numel_of(sizes)));
  uint32_t state = 1;
  for (float& v : values) state = state * 1664525u + 1013904223u, v = static_cast<float>(state >> 8) / 8388608.0f - 1;
  return Tensor::of<float>(sizes, values);
}

double seconds_of(clockid_t clock) {
  std::timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Median and least. One thread: of the processor's time, which other processes do not take; several: of the time that passes.
Json microseconds(const Function& f, const std::vector<Tensor>& feeds, int threads, double seconds) {
  const clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  for (int i = 0; i < 3; ++i) f(feeds);
  std::vector<double> times;
  for (const double start = seconds_of(CLOCK_MONOTONIC); seconds_of(CLOCK_MONOTONIC) - start < seconds || times.size() < 5;) {
    const double begin = seconds_of(clock);
    const Results results = f(feeds);  // given back after the clock is read
    times.push_back((seconds_of(clock) - begin) * 1e6);
  }
  std::sort(times.begin(), times.end());
  return Json{times[times.size() / 2], times.front()};
}

Json measured(const std::string& text, int threads, double seconds, bool plan) {
  const Layer l = parsed(text);
  Graph g;
  const Value x = g.input("x", f32, {l.images, l.inputs, l.size, l.size}), w = g.input("w", f32, {l.outputs, l.inputs, l.kernel, l.kernel});
  const Value y = conv(x, w, {.strides = {l.stride}, .padding = {l.padding}});
  const Value dy = g.input("dy", f32, y.shape());
  const std::vector<Value> derivatives = vjp({y}, {x, w}, {dy});
  const Session session(g, {.threads = threads});
  const Function forward = session.function({x, w}, {y}), to_x = session.function({dy, w}, {derivatives[0]}),
                 to_w = session.function({x, dy}, {derivatives[1]});
  const Tensor tx = noise(x.shape()), tw = noise(w.shape()), tdy = noise(dy.shape());
  Json record = {{"layer", text}, {"threads", threads}};
  record["y"] = microseconds(forward, {tx, tw}, threads, seconds);
  record["dx"] = microseconds(to_x, {tdy, tw}, threads, seconds);
  record["dw"] = microseconds(to_w, {tx, tdy}, threads, seconds);
  if (plan) std::cerr << forward.plan_text({}) << to_x.plan_text({}) << to_w.plan_text({});
  return record;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Microseconds of single convolutions"};
  std::vector<std::string> layers = {"128,1,28,32,5,1,0", "128,32,14,64,3,1,0"};
  int threads = 1;
  double seconds = 0.3;
  bool plan = false;
  app.add_option("layers", layers, "N,C,H,O,K,stride,padding");
  app.add_option("--threads", threads);
  app.add_option("--seconds", seconds);
  app.add_flag("--plan", plan);
  CLI11_PARSE(app, argc, argv);
  Json all = Json::array();
  for (const std::string& layer : layers) all.push_back(measured(layer, threads, seconds, plan));
  std::cout << all.dump() << "\n";
  return 0;
}
