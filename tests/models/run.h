// tests/models/run.h: runs graphs on the reference kernels, without planner and session, so that a failure here is one of models/.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <lanc/backends/reference/reference.h>
#include <lanc/graph/error.h>
#include <lanc/graph/rewrite.h>
#include <lanc/ops/random.h>
#include <lanc/passes/passes.h>

namespace lanc::models_test {

using Named = std::map<std::string, Tensor>;
using Fed = std::vector<std::pair<Value, Tensor>>;

// Initial values of all parameters and states of a graph.
inline Named initial_states(const Graph& graph, int64_t seed = 0) {
  Named states = {{std::string(session_seed_path), Tensor::scalar<int64_t>(seed)}, {std::string(session_step_path), Tensor::scalar<int64_t>(0)}};
  const Named draws = states;
  for (const auto& [path, id] : graph.data()->named)
    if (!graph.node(id).bodies.empty()) states[path] = evaluate_graph(graph.node(id).bodies[0], draws)[0].clone();
  return states;
}

// Outputs and updates of a graph, evaluated node by node.
class Step {
 public:
  Step(const Graph& graph, const std::vector<Value>& inputs, const std::vector<Value>& outputs, const Updates& updates = {}, const Bindings& dims = {})
      : graph_(bind_dims(compose(extract(graph, inputs, outputs, updates), {}), dims)), outputs_(outputs.size()) {
    std::vector<Value> all = graph_.outputs();
    for (const Update& u : graph_.updates()) {
      updated_.push_back(u.state.node().attrs<NamedAttrs>().name);
      all.push_back(u.value);
    }
    graph_.set_updates({});
    graph_.set_outputs(all);
  }
  std::vector<Tensor> operator()(Named& states, const Named& feeds = {}) const {
    Named named = states;
    for (const auto& [name, tensor] : feeds) named[name] = tensor;
    std::vector<Tensor> results = evaluate_graph(graph_, named);
    for (size_t i = 0; i < updated_.size(); ++i) states[updated_[i]] = results[outputs_ + i].clone();
    results.resize(outputs_);
    return results;
  }

 private:
  Graph graph_;
  size_t outputs_;
  std::vector<std::string> updated_;
};

// Values that depend on constants, parameters and states only.
inline std::vector<Tensor> values_of(const std::vector<Value>& values) {
  Named states = initial_states(values[0].graph());
  return Step(values[0].graph(), {}, values)(states);
}
inline Tensor value_of(const Value& value) { return values_of({value})[0]; }
inline double number_of(const Value& value) { return value_of(value).item<double>(); }

inline std::vector<double> doubles(const Tensor& t) {
  std::vector<double> result;
  for (int64_t i = 0; i < t.numel(); ++i) result.push_back(t.at(i));
  return result;
}

inline Value f64_of(Graph g, Sizes sizes, const std::vector<double>& numbers) { return constant(g, Tensor::of<double>(std::move(sizes), numbers)); }
inline Value i32_of(Graph g, Sizes sizes, const std::vector<int32_t>& numbers) { return constant(g, Tensor::of<int32_t>(std::move(sizes), numbers)); }

inline void expect_near(const Tensor& got, const std::vector<double>& wanted, double tolerance) {
  ASSERT_EQ(got.numel(), static_cast<int64_t>(wanted.size()));
  for (int64_t i = 0; i < got.numel(); ++i) EXPECT_NEAR(got.at(i), wanted[static_cast<size_t>(i)], tolerance) << "element " << i;
}

// What f throws; empty when it does not.
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

}  // namespace lanc::models_test

#define EXPECT_HAS(text, part) EXPECT_NE(std::string(text).find(part), std::string::npos) << "in: " << (text)
