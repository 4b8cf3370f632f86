// models/parameter.h: how layers make what is trained, and what else the session keeps.
#pragma once

#include <source_location>

#include <lanc/graph/graph.h>
#include <lanc/models/initializers.h>

namespace lanc {

/// A trainable parameter at scope/name, drawn from the session's seed and this path. UserError: a size that is not a number, a path created twice.
Value parameter(const Scope& scope, const ScopeName& name, Shape shape, const Initializer& initializer, DType dtype = f32,
                std::source_location where = std::source_location::current());
/// A state that is not trained (running statistics, counters), any dtype.
Value state(const Scope& scope, const ScopeName& name, Shape shape, const Initializer& initializer, DType dtype = f32,
            std::source_location where = std::source_location::current());

}  // namespace lanc
