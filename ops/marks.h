// ops/marks.h: ops that return their first operand as it is and say something about it: no derivative here, a state's new value, something to look at.
#pragma once

#include <string>

#include <lanc/graph/graph.h>

namespace lanc {

/// The operand; nothing flows back through it. Built by stop_gradient (autodiff/gradients.h).
extern const OpDef stop_gradient_op;
/// Operands: x, state, new value; result: x. Built by with_update (models/updates.h); leaves the graph with the composites.
extern const OpDef with_update_op;

struct WatchAttrs {
  std::string name = "";
  void fields(auto& visit) { visit("name", name); }
};
/// Both are kept by every pass. A function runs those that stand on the way to its outputs and updates, and those whose operand it computes anyway.
extern const OpDef probe_op;
extern const OpDef print_op;

/// v, whose value can be looked at after each call: function.probe("h"), session.probe("h"). Without a name it is called by its line: "train.cpp:42".
///     probe(h, "h");  or  Value h = probe(relu(x), "h");
/// It costs the memory of v, and lets nothing be computed in place of it. UserError, when a function is made: two of one name.
Value probe(Operand v, const std::string& name = "");
/// v, which is printed at the end of each call: name, type, line and values, to the session's .print_to (the standard error by default). In the order of
/// the function's steps. Several may have one name.
Value print(Operand v, const std::string& name = "");

}  // namespace lanc
