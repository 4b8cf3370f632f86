// passes/repeated.h: is a value one known number, repeated?
#pragma once

#include <optional>

#include <lanc/graph/graph.h>
#include <lanc/graph/tensor.h>

namespace lanc {

/// The element that a constant of one element, its broadcasts, reshapes and casts repeat, in the dtype of the value: a cast to u8 of -1 is 0.
std::optional<Tensor> repeated_element(const Value& value);
/// The same as a number; of an i64 beyond 2^53 the nearest double.
std::optional<double> repeated_number(const Value& value);

}  // namespace lanc
