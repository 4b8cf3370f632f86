// tests/support/messages.h: what an error says, as text that a test can compare.
#pragma once

#include <exception>
#include <string>

#include <lanc/graph/error.h>

namespace lanc {

/// The message of the E that f throws; "no error" when it throws none. A call whose line the message names stands on one line: compilers
/// report different lines of a long statement.
template <class E = UserError, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another kind of error: ") + error.what();
  }
  return "no error";
}

}  // namespace lanc
