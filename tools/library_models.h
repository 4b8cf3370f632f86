// tools/library_models.h: the models that the command line knows by name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc::tools {

struct ModelOptions {
  int64_t inputs = 784;
  int64_t classes = 10;
  std::vector<int64_t> hidden = {256};  // of the mlp
  double l2 = 1e-4;             // times half the sum of squares of all weights
  std::string optimizer = "adam";
  double learning_rate = 2e-3;
  int64_t schedule_steps = 0;   // the rate falls along half a cosine in so many steps; 0: it stays
};

/// A classifier in parts: the network, its loss, and one training step.
struct ClassifierGraph {
  Graph graph;
  Value x, y, logits, loss;
  Updates updates = {};
};

/// Names that make_classifier knows: "mlp", "lenet", "resnet20".
std::vector<std::string> model_names();
std::vector<std::string> optimizer_names();
/// UserError: a name that is not known, inputs that are no square image where there are convolutions, and what the model's layers ask for. Updates are made,
/// and layers learn, when `training` is true.
ClassifierGraph make_classifier(const std::string& model, const ModelOptions& options, bool training);

}  // namespace lanc::tools
