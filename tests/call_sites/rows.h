// tests/call_sites/rows.h: one row per public builder: a call of it, and a mistake that it refuses, both on the row's line.
#pragma once

#include <source_location>
#include <string>
#include <vector>

#include <lanc/lanc.h>

namespace lanc::call_sites {

/// A graph with operands for every row.
struct In {
  Graph g, other;
  Value x = g.input("x", f32, {3, 4});
  Value y = g.input("y", f32, {3, 4});
  Value square = g.input("square", f32, {4, 4});
  Value wide = g.input("wide", f32, {5});
  Value vector = g.input("vector", f32, {4});
  Value scalar = g.input("scalar", f32, {});
  Value flag = g.input("flag", boolean, {3, 4});
  Value label = g.input("label", i32, {3});
  Value index = g.input("index", i64, {3, 4});
  Value count = g.input("count", i64, {});
  Value images = g.input("images", f32, {2, 3, 6, 6});
  Value kernel = g.input("kernel", f32, {4, 3, 3, 3});
  Value maps = g.input("maps", f32, {2, 4, 4, 4});
  Value sequence = g.input("sequence", f32, {5, 3, 4});
  Value foreign = other.input("foreign", f32, {3, 4});
  Scope scope = g.scope("net");
  Value w = parameter(scope, "w", {3, 4}, initializers::zeros());
  Value running = state(scope, "running", {}, initializers::zeros());
  Value product = x * w;
  Value loss = mean(product);
  models::Dense dense{g.scope("dense"), 4, 2};
  models::Embedding table{g.scope("table"), 5, 2};
  models::Rnn rnn{g.scope("rnn"), 4, 2};
  models::Lstm lstm{g.scope("lstm"), 4, 2};
  models::Gru gru{g.scope("gru"), 4, 2};
  models::SequenceClassifier classifier{g.scope("classifier"), 4, 2, 3};
  models::Tagger tagger{g.scope("tagger"), 4, 2, 3};
  models::CharacterModel characters{g.scope("characters"), 9, {.embedding = 3, .hidden = 2}};
  models::Mlp mlp{g.scope("mlp"), {4, 3, 2}};
  models::Activation activation = tanh;
  Value image = g.input("image", f32, {2, 1, 12, 12});
  models::LeNet lenet{g.scope("lenet"), {.size = 12}};
  models::Vgg vgg{g.scope("vgg"), {.stages = {{2}}, .size = 12}};
  models::ResNet resnet{g.scope("resnet"), {.blocks = 1, .widths = {2, 4}}};
  models::Conv conv_layer{g.scope("conv"), 3, 4, {.kernel = {3, 3}}};
  models::BatchNorm batch_norm{g.scope("batch_norm"), 4};
  models::LayerNorm layer_norm{g.scope("layer_norm"), {4}};
  models::GroupNorm group_norm{g.scope("group_norm"), 2, 4};
  models::InstanceNorm instance_norm{g.scope("instance_norm"), 4};
  models::RmsNorm rms_norm{g.scope("rms_norm"), {4}};
  models::Dropout dropout{g.scope("dropout")};
  models::AlphaDropout alpha_dropout{g.scope("alpha_dropout")};
  ElementwiseOp swish = elementwise("swish", [](auto a) { return a / (1 + exp(-a)); });
};

using Call = void (*)(In&);

struct Row {
  std::string name;
  Call build;
  Call mistake;  // null: nothing can be wrong (named in the test)
  std::source_location where;
};
inline Row row(const char* name, Call build, Call mistake, std::source_location where = std::source_location::current()) { return {name, build, mistake, where}; }
using Rows = std::vector<Row>;

// One table per family of headers; each stands in a file of its own.
Rows elementwise_rows();
Rows op_rows();
Rows model_rows();

}  // namespace lanc::call_sites
