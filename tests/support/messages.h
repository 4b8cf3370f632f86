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

/// The same without its last line where that is the line of the call, "called at some_test.cpp:42", which has tests of its own.
template <class E = UserError, class F>
std::string message_before_line(F&& f) {
  const std::string text = message_of<E>(f);
  const size_t last = text.rfind("\n  ");
  return last != std::string::npos && text.find("_test.cpp:", last) != std::string::npos ? text.substr(0, last) : text;
}

}  // namespace lanc
