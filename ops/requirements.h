// ops/requirements.h: how builders of ops refuse their arguments, in the words of InferArgs, which refuses for single nodes.
#pragma once

#include <string>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Throws UserError "function: requirement, got got", then the operand's line and the user's, for the function of the open CallSite.
[[noreturn]] void refuse(const std::string& requirement, const std::string& got);
[[noreturn]] void refuse(const std::string& requirement, const std::string& got, const Value& operand);

/// The axis in [0, rank of x); UserError "axis must be in [-2, 2), got 2".
int64_t required_axis(const Value& x, int64_t axis);
/// All of them, in their order. UserError: out of range or named twice.
std::vector<int64_t> required_axes(const Value& x, const std::vector<int64_t>& axes);
/// Are these sizes equal? Refused when surely not; recorded and checked when dims are bound when not known.
void require_equal_dims(const Value& x, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got);
/// As require_equal_dims, a <= b.
void require_dim_at_most(const Value& x, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got);
/// UserError: a size that is surely negative, or a dim that this graph has not declared.
void require_shape(const Graph& graph, const Shape& shape);

}  // namespace lanc
