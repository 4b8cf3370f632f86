#include <lanc/models/requirements.h>

#include <lanc/graph/error.h>

namespace lanc::models::detail {
namespace {

std::string title() { return CallSite::function() != nullptr ? CallSite::function() : "models"; }

std::string lines_text(std::initializer_list<Named> values) {
  std::string out;
  for (const Named& v : values) {
    const OriginRef& origin = v.value.node().origin;
    if (!origin || !origin->user.known()) continue;
    out += (out.empty() ? "" : ", ") + std::string(v.name) + (out.empty() ? " built at " : " at ") + origin->text();
  }
  if (CallSite::user_line().known()) out += (out.empty() ? "" : "; ") + title() + " at " + CallSite::user_line().text();
  if (const std::string scope = CallSite::origin_for({})->scope; !scope.empty()) out += " (" + scope + ")";
  return out.empty() ? "" : "\n  " + out;
}

std::string message(const std::string& requirement, const std::string& got, std::initializer_list<Named> values) {
  return title() + ": " + requirement + ", got " + got + lines_text(values);
}

}  // namespace

void fail(const std::string& requirement, const std::string& got, std::initializer_list<Named> values) {
  throw UserError(message(requirement, got, values));
}

std::string types_text(std::initializer_list<Named> values) {
  std::string out;
  for (const Named& v : values) out += (out.empty() ? "" : " and ") + std::string(v.name) + " " + v.value.type().text();
  return out;
}

void require_shape(const Named& value, const Shape& shape, const std::string& requirement, std::initializer_list<Named> values) {
  bool equal = value.value.shape().size() == shape.size();
  for (size_t i = 0; equal && i < shape.size(); ++i) equal = equal_dims(value.value.shape()[i], shape[i]) != Truth::no;
  if (!equal) fail(requirement, types_text(values), values);
  for (size_t i = 0; i < shape.size(); ++i)
    if (equal_dims(value.value.shape()[i], shape[i]) == Truth::unknown)
      require_dims(*value.value.graph_data(), value.value.shape()[i], shape[i], message(requirement, types_text(values), values));
}

void require_same_shape(const Named& a, const Named& b) {
  require_shape(b, a.value.shape(), std::string(a.name) + " and " + b.name + " must have one shape", {a, b});
}

void require_float(const Named& value) {
  if (!is_float(value.value.dtype())) fail(std::string(value.name) + " must be of a float dtype", value.value.type().text(), {value});
}

}  // namespace lanc::models::detail
