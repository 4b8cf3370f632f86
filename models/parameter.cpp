#include <lanc/models/parameter.h>

#include <lanc/graph/error.h>
#include <lanc/ops/random.h>

namespace lanc {
namespace {

// The initial value as a graph of its own.
Graph initial_graph(const char* function, const std::string& path, const Shape& shape, const Initializer& initializer, DType dtype,
                    const Scope& scope, const ScopeName& name) {
  for (const Dim& d : shape)
    if (!d.is_number())
      throw UserError(std::string(function) + " '" + path + "': sizes must be numbers, got " + shape_text(shape) + "\n  " + function + " at " +
                      CallSite::user_line().text());
  Graph body;
  body.set_outputs({initializer(body, shape, dtype, random_key(scope.path(), name.name))});
  return body;
}

}  // namespace

Value parameter(const Scope& scope, const ScopeName& name, Shape shape, const Initializer& initializer, DType dtype,
                std::source_location where) {
  const CallSite site("parameter", where, scope.graph().data());
  const std::string path = (scope / name).path();
  Graph initial = initial_graph("parameter", path, shape, initializer, dtype, scope, name);
  return scope.graph().parameter(path, {dtype, std::move(shape)}, std::move(initial), where);
}

Value state(const Scope& scope, const ScopeName& name, Shape shape, const Initializer& initializer, DType dtype, std::source_location where) {
  const CallSite site("state", where, scope.graph().data());
  const std::string path = (scope / name).path();
  Graph initial = initial_graph("state", path, shape, initializer, dtype, scope, name);
  return scope.graph().state(path, {dtype, std::move(shape)}, std::move(initial), where);
}

}  // namespace lanc
