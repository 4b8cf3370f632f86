// tests/models/support.h: what the tests of models/ share: evaluation without inputs, tensors, stored results.
#pragma once

#include <cmath>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <lanc/lanc.h>
#include <lanc/models/parameter.h>
#include <lanc/models/updates.h>
#include <lanc/train/early_stopping.h>
#include <lanc/tests/support/messages.h>

namespace lanc::testing_models {

inline bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

#define EXPECT_HOLDS(text, part) EXPECT_PRED2(::lanc::testing_models::holds, text, part)

inline nlohmann::json stored(const std::string& file) {
  std::ifstream in(std::string(LANC_SOURCE_DIR) + "/tests/data/" + file);
  return nlohmann::json::parse(in);
}

inline std::vector<double> numbers(const Tensor& t) {
  std::vector<double> out;
  for (int64_t i = 0; i < t.numel(); ++i) out.push_back(t.at(i));
  return out;
}

/// Values without inputs, computed by a session of their own.
inline Results evaluate(const std::vector<Value>& values, const Feeds& feeds = {}) { return Session(values[0].graph()).eval(values, feeds); }

inline Tensor tensor_of(DType dtype, Sizes sizes, const std::vector<double>& values) { return Tensor::of<double>(std::move(sizes), values).to(dtype); }

/// Smooth numbers in [-scale, scale] that repeat nowhere.
inline Tensor wave(DType dtype, const Sizes& sizes, double phase = 0, double scale = 1) {
  std::vector<double> values;
  for (int64_t i = 0; i < numel_of(sizes); ++i) {
    const auto x = static_cast<double>(i);
    values.push_back(scale * std::sin(1.7 * x + phase + 0.05 * x * x));
  }
  return tensor_of(dtype, sizes, values);
}

}  // namespace lanc::testing_models
