// Prints `name hash` for results whose bits must not depend on compiler, optimization, sanitizers or number of threads. scripts/test runs it
// in two trees with LANC_JIT=off and LANC_ONEDNN=off and compares what they print; the tree's own run compares the numbers of threads.
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include <lanc/lanc.h>
#include <lanc/ops/scalar/table.h>

using namespace lanc;

namespace {

uint64_t hash_of(const Tensor& t, uint64_t h = 14695981039346656037u) {  // FNV-1a
  for (int64_t i = 0; i < t.bytes(); ++i) h = (h ^ static_cast<uint64_t>(t.data()[i])) * 1099511628211u;
  return h;
}

using Line = std::pair<std::string, uint64_t>;

// Numbers of all magnitudes, the special ones included; from integers only, so that every compiler makes the same.
Tensor sweep(DType dtype, int64_t n, uint64_t seed) {
  Tensor t(dtype, {n});
  uint64_t s = seed;
  for (int64_t i = 0; i < n; ++i) {
    s = s * 6364136223846793005u + 1442695040888963407u;
    const double mantissa = static_cast<double>(s >> 40) / (1 << 23) - 1;
    const int exponent = static_cast<int>((s >> 20) % 16) - 8;
    double x = mantissa;
    for (int k = 0; k < exponent; ++k) x *= 2;
    for (int k = 0; k > exponent; --k) x /= 2;
    t.set(i, x);
  }
  return t;
}

void scalar_functions_lines(const SessionOptions& options, std::vector<Line>& lines) {
  for (DType dtype : {f32, f64, bf16}) {
    Graph g;
    std::vector<Value> inputs;
    Feeds feeds;
    for (int i = 0; i < 3; ++i) {
      inputs.push_back(g.input("x" + std::to_string(i), dtype, {1000}));
      feeds.emplace_back(inputs.back(), sweep(dtype, 1000, static_cast<uint64_t>(i) + 1));
    }
    std::vector<Value> values;
    std::vector<std::string> names;
    for (const ScalarFunction& f : scalar_functions()) {
      if (f.name == "cast" || f.signature == Signature::bits || f.signature == Signature::shift) continue;
      std::vector<Operand> operands;
      if (f.signature == Signature::select) operands.emplace_back(greater_than(inputs[0], inputs[1]));
      while (static_cast<int>(operands.size()) < f.arity) operands.emplace_back(inputs[operands.size()]);
      values.push_back(apply_elementwise(static_op(scalar_op(f.name)), std::move(operands)));
      names.push_back(std::string(f.name) + "/" + std::string(name_of(dtype)));
    }
    const Results results = Session(g, options).eval(values, feeds);
    for (size_t i = 0; i < results.size(); ++i) lines.emplace_back(names[i], hash_of(results[i]));
  }
}

void array_lines(const SessionOptions& options, std::vector<Line>& lines) {
  for (DType dtype : {f32, f64}) {
    Graph g;
    const Value a = g.input("a", dtype, {70, 90}), b = g.input("b", dtype, {90, 50});
    const Value loss = sum(square(tanh(matmul(a, b)))) / 7 + mean(exp(a * 0.01));
    const Value da = gradient(loss, a);
    const std::vector<Value> values = {matmul(a, b),
                                       sum(a, {.axes = {0}}),
                                       sum(a, {.axes = {1}}),
                                       sum(a),
                                       mean(b, {.axes = {0}}),
                                       reduce_max(a, {.axes = {1}}),
                                       loss,
                                       da,
                                       random_normal(g.scope("noise"), {500}, 0.0, 1.0, {.dtype = dtype}),
                                       transpose(a) * 2,
                                       random_gumbel(g.scope("gumbel"), {500}, 0.0, 1.0, {.dtype = dtype}),
                                       random_permutation(g.scope("order"), 500),
                                       index_add(b, random_categorical(g.scope("classes"), a), take(b, random_permutation(g.scope("rows"), 70)))};
    const Results results = Session(g, options).eval(values, {{a, sweep(dtype, 6300, 5).reshaped({70, 90})}, {b, sweep(dtype, 4500, 6).reshaped({90, 50})}});
    for (size_t i = 0; i < results.size(); ++i)
      lines.emplace_back("array " + std::to_string(i) + "/" + std::string(name_of(dtype)), hash_of(results[i]));
  }
}

void conv_lines(const SessionOptions& options, std::vector<Line>& lines) {
  for (DType dtype : {f32, f64, bf16}) {
    Graph g;
    const Value x = g.input("x", dtype, {12, 10, 9, 9}), w = g.input("w", dtype, {16, 10, 3, 3});
    const Value y = conv(x, w, {.strides = {1, 2}, .padding = {1}});
    const Value loss = sum(square(y));
    const Value largest = max_pool(x, {.kernel = {3}, .strides = {2}, .padding = {1}}), means = average_pool(x, {.kernel = {3}, .strides = {2}, .padding = {1}});
    const std::vector<Value> values = {y, gradient(loss, x), gradient(loss, w), largest, means, gradient(sum(square(largest) + square(means)), x)};
    const Results results = Session(g, options).eval(values, {{x, sweep(dtype, 9720, 7).reshaped({12, 10, 9, 9})}, {w, sweep(dtype, 1440, 8).reshaped({16, 10, 3, 3})}});
    for (size_t i = 0; i < results.size(); ++i)
      lines.emplace_back("conv " + std::to_string(i) + "/" + std::string(name_of(dtype)), hash_of(results[i]));
  }
}

void training_lines(const SessionOptions& options, std::vector<Line>& lines) {
  const std::vector<std::pair<std::string, std::function<optimizers::Optimizer()>>> rules = {
      {"sgd", [] { return optimizers::sgd(); }},           {"momentum", [] { return optimizers::momentum(); }},
      {"nesterov", [] { return optimizers::nesterov(); }}, {"adagrad", [] { return optimizers::adagrad(); }},
      {"rmsprop", [] { return optimizers::rmsprop(); }},   {"adadelta", [] { return optimizers::adadelta(); }},
      {"adam", [] { return optimizers::adam(); }},         {"adamw", [] { return optimizers::adamw(); }},
      {"lion", [] { return optimizers::lion(); }}};
  for (const auto& [name, make] : rules) {
    Graph g;
    const Dim batch = g.dim("batch");
    const Value x = g.input("x", f32, {batch, 20}), y = g.input("y", i32, {batch});
    const models::Dense hidden(g.scope("hidden"), 20, 33), out(g.scope("out"), 33, 5);
    const Value loss = losses::softmax_cross_entropy(out(gelu(hidden(x))), y) + 1e-3 * regularizers::l2(g.parameters("**/weight"));
    const Session session(g, options);
    const Function train = session.function({x, y}, {loss}, make().minimize(loss));
    Tensor labels(i32, {24});
    for (int64_t i = 0; i < 24; ++i) labels.set(i, static_cast<double>(i % 5));
    uint64_t h = 1;
    for (uint64_t step = 0; step < 10; ++step) h = hash_of(train(sweep(f32, 480, step + 9).reshaped({24, 20}), labels)[0], h);
    for (const Value& p : g.parameters()) h = hash_of(session.get(p), h);
    lines.emplace_back("ten steps of " + name, h);
  }
}

std::vector<Line> all_lines(int threads) {
  const SessionOptions options{.seed = 3, .threads = threads};
  std::vector<Line> lines;
  scalar_functions_lines(options, lines);
  array_lines(options, lines);
  conv_lines(options, lines);
  training_lines(options, lines);
  return lines;
}

}  // namespace

int main() {
  const std::vector<Line> lines = all_lines(1);
  int different = 0;
  for (int threads : {2, 3, 4}) {
    const std::vector<Line> others = all_lines(threads);
    for (size_t i = 0; i < lines.size(); ++i)
      if (others[i] != lines[i]) std::fprintf(stderr, "%s: %d threads give other bits than 1\n", lines[i].first.c_str(), threads), ++different;
  }
  for (const auto& [name, hash] : lines) std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(hash));
  return different == 0 ? 0 : 1;
}
