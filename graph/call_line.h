// graph/call_line.h: the user's line behind what a call refuses, for functions that build no nodes.
#pragma once

#include <source_location>
#include <string>

#include <lanc/graph/error.h>
#include <lanc/graph/location.h>

namespace lanc {

/// run(), whose UserErrors then end with "\n  what at train.cpp:42": the line of the call, or of the outermost open call site.
template <class F>
auto with_line(const char* what, std::source_location where, F run) {
  try {
    return run();
  } catch (const UserError& error) {
    const SourceLine line = CallSite::user_line().known() ? CallSite::user_line() : SourceLine(where);
    throw UserError(std::string(error.what()) + "\n  " + what + " at " + line.text());
  }
}

}  // namespace lanc
