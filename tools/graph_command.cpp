// lanc graph: the graph of a library model as text, table or picture.
#include <lanc/tools/commands.h>

#include <memory>

#include <fmt/core.h>

#include <lanc/lanc.h>
#include <lanc/tools/library_models.h>
#include <lanc/train/output_file.h>

namespace lanc::tools {
namespace {

struct GraphOptions {
  std::string model;
  std::string part = "network";
  std::string as = "text";
  std::string output;
  bool lines = false;
  ModelOptions options;
};

void print_graph(const GraphOptions& o) {
  const ClassifierGraph net = make_classifier(o.model, o.options, o.part == "training");
  Graph g = net.graph;
  g.set_outputs({o.part == "network" ? net.logits : net.loss});
  g.set_updates(net.updates);
  if (o.as == "picture") {
    const std::string path = o.output.empty() ? "runs/" + o.model + ".svg" : o.output;
    fmt::print("{}\n", write_graphviz(g, path, {.title = o.model + ": " + o.part, .lines = o.lines}));
    return;
  }
  const std::string text = o.as == "text" ? to_text(g, {.lines = o.lines}) : o.part == "training" ? summary(g) : summary(g.outputs());
  if (o.output.empty()) {
    fmt::print("{}", text);
    return;
  }
  write_whole_file(o.output, text);
  fmt::print("{}\n", o.output);
}

}  // namespace

void add_graph(CLI::App& app) {
  CLI::App* command = app.add_subcommand("graph", "The graph of a library model: text that reads back, a table of layers, or a picture");
  const auto o = std::make_shared<GraphOptions>();
  command->add_option("model", o->model, "Which model")->required()->check(one_of(model_names()));
  command->add_option("--part", o->part, "The network, its loss too, or a whole training step with derivatives and updates")
      ->check(one_of({"network", "loss", "training"}))->capture_default_str();
  command->add_option("--as", o->as, "text, summary, or picture (by the program dot; without it the .dot file)")
      ->check(one_of({"text", "summary", "picture"}))->capture_default_str();
  command->add_option("--output", o->output, "File to write; without it the standard output, and runs/MODEL.svg for a picture");
  command->add_flag("--lines", o->lines, "With the lines that built each node");
  command->add_option("--inputs", o->options.inputs, "Elements of an example")->check(between(1, 1 << 24))->capture_default_str();
  command->add_option("--classes", o->options.classes, "Classes")->check(between(1, 1 << 20))->capture_default_str();
  command->add_option("--hidden", o->options.hidden, "Units of the hidden layers of mlp: --hidden 512 256")->check(between(1, 1 << 20))->capture_default_str();
  command->add_option("--optimizer", o->options.optimizer, "Of the training step")->check(one_of(optimizer_names()))->capture_default_str();
  command->callback([o] { print_graph(*o); });
}

}  // namespace lanc::tools
