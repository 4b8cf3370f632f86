#include <lanc/ops/requirements.h>

#include <algorithm>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

std::string title() {
  const char* function = CallSite::function();
  return function != nullptr ? function : "op";
}

std::string here() {
  const SourceLine line = CallSite::user_line();
  return line.known() ? title() + " at " + line.text() : "";
}

std::string refusal(const std::string& requirement, const std::string& got, const Value& operand) {
  const std::string line = here();
  const OriginRef& origin = operand.node().origin;
  std::string lines = origin && origin->user.known() ? "operand built at " + origin->text() : "";
  if (!line.empty()) lines += (lines.empty() ? "" : "; ") + line;
  return title() + ": " + requirement + ", got " + got + (lines.empty() ? "" : "\n  " + lines);
}

}  // namespace

void refuse(const std::string& requirement, const std::string& got) {
  const std::string line = here();
  throw UserError(title() + ": " + requirement + ", got " + got + (line.empty() ? "" : "\n  " + line));
}

void refuse(const std::string& requirement, const std::string& got, const Value& operand) {
  throw UserError(refusal(requirement, got, operand));
}

void require_equal_dims(const Value& x, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got) {
  const Truth equal = equal_dims(a, b);
  if (equal == Truth::no) refuse(requirement, got, x);
  if (equal == Truth::unknown) require_dims(*x.graph_data(), a, b, refusal(requirement, got, x));
}

void require_dim_at_most(const Value& x, const Dim& a, const Dim& b, const std::string& requirement, const std::string& got) {
  const Truth truth = at_most(a, b);
  if (truth == Truth::no) refuse(requirement, got, x);
  if (truth == Truth::unknown) require_dims_at_most(*x.graph_data(), a, b, refusal(requirement, got, x));
}

int64_t required_axis(const Value& x, int64_t axis) {
  const int64_t rank = x.rank();
  if (rank == 0) refuse("the operand must have at least one axis", x.type().text(), x);
  if (axis < -rank || axis >= rank)
    refuse("axis must be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")", std::to_string(axis) + " for " + x.type().text(), x);
  return axis < 0 ? axis + rank : axis;
}

std::vector<int64_t> required_axes(const Value& x, const std::vector<int64_t>& axes) {
  std::vector<int64_t> out;
  for (int64_t a : axes) {
    const int64_t axis = required_axis(x, a);
    if (std::find(out.begin(), out.end(), axis) != out.end())
      refuse("axes must be named once", "axis " + std::to_string(axis) + " twice for " + x.type().text(), x);
    out.push_back(axis);
  }
  return out;
}

void require_shape(const Graph& graph, const Shape& shape) {
  const std::vector<std::string>& declared = graph.data()->dims;
  for (const Dim& d : shape) {
    if (at_most(0, d) == Truth::no) refuse("sizes must be >= 0", shape_text(shape));
    for (const std::string& symbol : d.symbols())
      if (std::find(declared.begin(), declared.end(), symbol) == declared.end())
        refuse("dims must be declared by graph.dim(name)", "'" + symbol + "' in " + shape_text(shape));
  }
}

}  // namespace lanc
