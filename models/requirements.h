// models/requirements.h: checks of library functions, in the words of their parameters. For models/ only; CallSite gives name and line.
#pragma once

#include <initializer_list>
#include <string>

#include <lanc/graph/graph.h>

namespace lanc::models::detail {

/// A parameter of a library function, by its name there.
struct Named {
  const char* name;
  Value value;
};

/// Throws UserError: "mse: requirement, got got", and the lines of the values and of the call.
[[noreturn]] void fail(const std::string& requirement, const std::string& got, std::initializer_list<Named> values = {});

/// "prediction f32[batch,3] and target f32[batch]".
std::string types_text(std::initializer_list<Named> values);

/// The same rank and sizes: nothing broadcasts silently. Sizes that may differ are recorded and checked when dims are bound.
void require_shape(const Named& value, const Shape& shape, const std::string& requirement, std::initializer_list<Named> values);
void require_same_shape(const Named& a, const Named& b);
void require_float(const Named& value);

}  // namespace lanc::models::detail
