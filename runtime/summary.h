// runtime/summary.h: what a network is made of, as a table: layers, shapes, parameters, work.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// One line per scope, in the order in which the forward pass meets them: its result's type, number of parameters, and floating-point operations
/// (a multiplication and an addition are two), then what lies outside of all scopes, what differentiation added, and the sums. Bound dims stand as numbers:
/// summary(g, {{"batch", 128}}).
///     layer        output          parameters  operations
///     net/layer0   f32[128,256]       200,960  51,413,…
/// Of a graph: all its nodes; of values: what they need. UserError: no values, values of several graphs.
std::string summary(const Graph& graph, const Bindings& dims = {});
std::string summary(const std::vector<Value>& values, const Bindings& dims = {});

}  // namespace lanc
