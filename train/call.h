// train/call.h: how the loop and the metrics call what the user gave them.
#pragma once

#include <source_location>
#include <type_traits>
#include <vector>

#include <lanc/graph/tensor.h>

namespace lanc {

class Function;

namespace detail {

/// f(tensors...); a Function's errors name the user's line `where`, not ours. Anything else knows its own lines.
template <class F, class... Tensors>
decltype(auto) called_from(std::source_location where, F& f, const Tensors&... tensors) {
  if constexpr (std::is_same_v<std::remove_const_t<F>, Function>) return f(std::vector<Tensor>{tensors...}, where);
  else return f(tensors...);
}

}  // namespace detail
}  // namespace lanc
