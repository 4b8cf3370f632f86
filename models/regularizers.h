// models/regularizers.h: penalties on parameters, to be added to a loss, and the max-norm constraint.
#pragma once

#include <source_location>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>

/// Each takes a list: g.parameters("net/**/weight"), or {a, b}. Result: rank 0. UserError: an empty list, a value that is not a float.
namespace lanc::regularizers {

/// 1/2 sum of squares; its gradient is the parameter itself (weight decay).
Value l2(const std::vector<Value>& values, std::source_location where = std::source_location::current());
/// Sum of absolute values.
Value l1(const std::vector<Value>& values, std::source_location where = std::source_location::current());

struct ElasticNetOptions {
  double l1 = 1;
  double l2 = 1;
};
/// l1 * sum |x| + l2 * 1/2 sum x^2 (Zou and Hastie 2005).
Value elastic_net(const std::vector<Value>& values, ElasticNetOptions options = {}, std::source_location where = std::source_location::current());

/// The updates, with the new value of every parameter of rank 2 or more that matches `pattern` scaled down where the norm of a unit's incoming
/// weights (all axes but the first) exceeds `limit` (Srebro et al. 2005; Srivastava et al. 2014). Applied after the optimizer's step:
///     session.function({x, y}, {loss}, regularizers::max_norm(optimizers::sgd().minimize(loss), 3.0))
/// UserError: a limit that is not positive, no such parameter among the updates.
Updates max_norm(const Updates& updates, double limit, std::string_view pattern = "**", std::source_location line = std::source_location::current());

}  // namespace lanc::regularizers
