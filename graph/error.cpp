#include <lanc/graph/error.h>

namespace lanc {

InternalError::InternalError(const std::string& what)
    : Error("internal error: " + what + " (this is a bug of lanc: please report it with the graph's text form)") {}

}  // namespace lanc
