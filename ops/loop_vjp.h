// ops/loop_vjp.h: the derivative of a loop: a loop that runs the other way round over what the forward one has kept.
#pragma once

#include <lanc/graph/op.h>

namespace lanc {

Cotangents loop_vjp(const VjpArgs& args);

}  // namespace lanc
