// lanc train mlp: a classifier on images, from the command line.
#include <lanc/tools/commands.h>

#include <memory>

#include <fmt/core.h>

#include <lanc/backends/cpu/thread_pool.h>
#include <lanc/lanc.h>
#include <lanc/runtime/memory.h>
#include <lanc/tools/library_models.h>

namespace lanc::tools {
namespace {

struct TrainOptions {
  std::string data = "fashion-mnist";
  double validation = 0.1;
  int64_t epochs = 10, batch = 128, seed = 0;
  int threads = 0;
  bool constant_rate = false;
  std::string output = "runs/mlp";
  ModelOptions model;
};

data::Parts<2> read_images(const TrainOptions& options) {
  const data::ImageOptions from{.validation = options.validation, .seed = options.seed, .path = options.data == "fashion-mnist" ? "" : options.data};
  return data::standardize(options.data == "fashion-mnist" ? data::fashion_mnist(from) : data::idx_images(from), {.per = data::Per::whole});
}

int64_t classes_in(const Tensor& labels) {
  int32_t most = 0;
  for (int32_t label : labels.span<int32_t>()) most = std::max(most, label);
  return int64_t{most} + 1;
}

void train_mlp(TrainOptions options) {
  const auto [training, validation, test] = read_images(options);
  const int64_t batches = (training.size() + options.batch - 1) / options.batch;
  fmt::print("data        {}: {} images for training, {} for validation, {} for the test\n", options.data, training.size(), validation.size(), test.size());

  options.model.inputs = training.column(0).numel() / training.size();
  options.model.classes = classes_in(training.column(1));
  options.model.schedule_steps = options.constant_rate ? 0 : options.epochs * batches;
  const ClassifierGraph net = make_classifier("mlp", options.model, true);
  fmt::print("\n{}\n", summary({net.logits}, {{"batch", options.batch}}));
  fmt::print("graph       {}\n", write_graphviz({net.loss}, options.output + ".graph.svg", {.title = "mlp"}));

  const Session session(net.graph, {.seed = options.seed, .threads = options.threads});
  const Function train = session.function({net.x, net.y}, {net.loss}, net.updates, {.name = "train"});
  const Function predict = session.function({net.x}, {net.logits}, {}, {.name = "predict"});
  fmt::print("memory      {} for a training step beside parameters and optimizer\n\n", bytes_text(train.memory({{"batch", options.batch}})));

  Progress progress(options.epochs, batches);
  Series losses{.name = "training loss"}, accuracies{.name = "validation accuracy [%]", .axis = Axis::right};
  const auto watch = after_epoch([&](const EpochReport& report) {
    losses.add(report.epoch + 1, report.loss);
    if (validation.size() == 0) return;
    accuracies.add(report.epoch + 1, 100 * evaluate_accuracy(predict, validation).value());
    progress.note(fmt::format("validation accuracy {:.2f} %", accuracies.y.back()));
  });
  fit(train, training, {.epochs = options.epochs, .batch_size = options.batch, .seed = options.seed}, {show(progress), watch});
  progress.finish();
  const std::string curve = options.output + ".curve.svg";
  write_curve_svg(curve, "mlp on " + options.data, accuracies.x.empty() ? std::vector<Series>{losses} : std::vector<Series>{losses, accuracies});
  fmt::print("curve       {}\n", curve);
  fmt::print("test accuracy {:.2f} %\n", 100 * evaluate_accuracy(predict, test).value());
}

}  // namespace

void add_train(CLI::App& app) {
  CLI::App* train = app.add_subcommand("train", "Train a library model on data");
  train->require_subcommand(1);
  CLI::App* mlp = train->add_subcommand("mlp", "A fully connected classifier with rectified hidden layers");
  const auto o = std::make_shared<TrainOptions>();
  const auto real = between(0.0, 1e6);
  mlp->add_option("--data", o->data, "fashion-mnist, or a directory with the four IDX files of MNIST, plain or .gz")->capture_default_str();
  mlp->add_option("--validation", o->validation, "Share of the training images held out to validate")->check(between(0.0, 0.9))->capture_default_str();
  mlp->add_option("--hidden", o->model.hidden, "Units of the hidden layers: --hidden 512 256")->check(between(1, 1 << 20))->capture_default_str();
  mlp->add_option("--epochs", o->epochs, "Passes over the training images")->check(between(1, 1 << 20))->capture_default_str();
  mlp->add_option("--batch", o->batch, "Images in a step")->check(between(1, 1 << 20))->capture_default_str();
  mlp->add_option("--optimizer", o->model.optimizer, "How gradients become updates")->check(one_of(optimizer_names()))->capture_default_str();
  mlp->add_option("--learning-rate", o->model.learning_rate, "At the beginning; it falls along half a cosine")->check(real)->capture_default_str();
  mlp->add_flag("--constant-rate", o->constant_rate, "Keep the learning rate as it is");
  mlp->add_option("--l2", o->model.l2, "Times half the sum of squares of all weights, added to the loss")->check(real)->capture_default_str();
  mlp->add_option("--seed", o->seed, "Of parameters, validation part and order of batches")->check(between<int64_t>(0, INT64_MAX))->capture_default_str();
  mlp->add_option("--threads", o->threads, "0: one per core")->check(between(0, cpu::ThreadPool::most_threads))->capture_default_str();
  mlp->add_option("--output", o->output, "Where pictures of graph and learning go: OUTPUT.graph.svg, OUTPUT.curve.svg")->capture_default_str();
  mlp->callback([o] { train_mlp(*o); });
}

}  // namespace lanc::tools
