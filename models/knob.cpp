#include <lanc/models/knob.h>

#include <cmath>

#include <lanc/models/parameter.h>
#include <lanc/models/requirements.h>

namespace lanc {
namespace {

Value knob_state(Graph graph, const std::string& name, double initial, DType dtype, std::source_location where) {
  const CallSite site("Knob", where, graph.data());
  if (!is_float(dtype)) models::detail::fail("dtype must be a float", std::string(name_of(dtype)));
  if (!std::isfinite(initial)) models::detail::fail("the initial value must be finite", number_text(initial));
  return state(graph.root(where), name, {}, initializers::constant(initial), dtype);
}

}  // namespace

Knob::Knob(Graph graph, const std::string& name, double initial, DType dtype, std::source_location where)
    : Value(knob_state(graph, name, initial, dtype, where)) {}

}  // namespace lanc
