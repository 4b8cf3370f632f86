#include <lanc/tools/library_models.h>

#include <algorithm>
#include <cmath>

#include <lanc/lanc.h>

namespace lanc::tools {
namespace {

using MakeOptimizer = optimizers::Optimizer (*)(Hyperparameter rate);
struct NamedOptimizer {
  const char* name;
  MakeOptimizer make;
};
constexpr NamedOptimizer known_optimizers[] = {
    {"sgd", [](Hyperparameter rate) { return optimizers::sgd({.learning_rate = std::move(rate)}); }},
    {"momentum", [](Hyperparameter rate) { return optimizers::momentum({.learning_rate = std::move(rate)}); }},
    {"nesterov", [](Hyperparameter rate) { return optimizers::nesterov({.learning_rate = std::move(rate)}); }},
    {"adagrad", [](Hyperparameter rate) { return optimizers::adagrad({.learning_rate = std::move(rate)}); }},
    {"rmsprop", [](Hyperparameter rate) { return optimizers::rmsprop({.learning_rate = std::move(rate)}); }},
    {"adadelta", [](Hyperparameter rate) { return optimizers::adadelta({.learning_rate = std::move(rate)}); }},
    {"adam", [](Hyperparameter rate) { return optimizers::adam({.learning_rate = std::move(rate)}); }},
    {"adamw", [](Hyperparameter rate) { return optimizers::adamw({.learning_rate = std::move(rate)}); }},
    {"lion", [](Hyperparameter rate) { return optimizers::lion({.learning_rate = std::move(rate)}); }},
};

std::string one_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "" : ", ") + n;
  return out;
}

optimizers::Optimizer make_optimizer(const ModelOptions& options) {
  for (const NamedOptimizer& o : known_optimizers)
    if (options.optimizer == o.name)
      return o.make(options.schedule_steps == 0 ? Hyperparameter(options.learning_rate)
                                                : schedules::cosine({.initial = options.learning_rate, .steps = options.schedule_steps}));
  throw UserError("optimizer: the name must be one of " + one_of(optimizer_names()) + ", got '" + options.optimizer + "'");
}

Value mlp_logits(Graph& g, const Value& x, const ModelOptions& options, Mode) {
  std::vector<int64_t> sizes = {options.inputs};
  sizes.insert(sizes.end(), options.hidden.begin(), options.hidden.end());
  sizes.push_back(options.classes);
  return models::Mlp(g.scope("net"), sizes, relu)(x);
}

// The examples as gray images of equal sides.
Value images_of(const Value& x, const ModelOptions& options) {
  const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(options.inputs))));
  if (side * side != options.inputs)
    throw UserError("inputs: the number must be that of the pixels of a square image, got " + std::to_string(options.inputs));
  return reshape(x, {x.size(0), 1, side, side});
}

Value lenet_logits(Graph& g, const Value& x, const ModelOptions& options, Mode) {
  const Value images = images_of(x, options);
  return models::LeNet(g.scope("net"), {.size = images.size(2).number(), .classes = options.classes})(images);
}

Value resnet20_logits(Graph& g, const Value& x, const ModelOptions& options, Mode mode) {
  return models::ResNet(g.scope("net"), {.channels = 1, .classes = options.classes})(images_of(x, options), mode);
}

struct NamedModel {
  const char* name;
  Value (*logits)(Graph& g, const Value& x, const ModelOptions& options, Mode mode);
};
constexpr NamedModel known_models[] = {{"mlp", mlp_logits}, {"lenet", lenet_logits}, {"resnet20", resnet20_logits}};

}  // namespace

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const NamedModel& m : known_models) names.emplace_back(m.name);
  return names;
}

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const NamedOptimizer& o : known_optimizers) names.emplace_back(o.name);
  return names;
}

ClassifierGraph make_classifier(const std::string& model, const ModelOptions& options, bool training) {
  const auto found = std::find_if(std::begin(known_models), std::end(known_models), [&](const NamedModel& m) { return model == m.name; });
  if (found == std::end(known_models)) throw UserError("model: the name must be one of " + one_of(model_names()) + ", got '" + model + "'");
  Graph g;
  const Dim batch = g.dim("batch");
  const Value x = g.input("x", f32, {batch, options.inputs}), y = g.input("y", i32, {batch});
  const Value logits = found->logits(g, x, options, training ? Mode::training : Mode::inference);
  Value loss = losses::softmax_cross_entropy(logits, y);
  if (options.l2 > 0) loss = loss + options.l2 * regularizers::l2(g.parameters("net/**/weight"));
  ClassifierGraph result{g, x, y, logits, loss};
  if (training) result.updates = make_optimizer(options).minimize(loss);
  return result;
}

}  // namespace lanc::tools
