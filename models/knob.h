// models/knob.h: a number that the host sets between calls, without recompiling.
#pragma once

#include <source_location>

#include <lanc/graph/graph.h>

namespace lanc {

/// A state of rank 0, f32 unless said otherwise: `Knob rate(g, "learning_rate", 1e-3); ... session.set(rate, 1e-4);`. It is a Value, so it goes wherever a
/// value or a hyperparameter does. Nothing in the graph updates it. UserError: a name used twice, a dtype that is not a float.
class Knob : public Value {
 public:
  Knob(Graph graph, const std::string& name, double initial, DType dtype = f32, std::source_location where = std::source_location::current());
};

}  // namespace lanc
