// tests/support/process.h: runs a program and gives what it said.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace lanc::testing_support {

struct Finished {
  int code = -1;            // exit code; 128 + the signal's number when one ended it
  std::string out, err;
};

struct RunOptions {
  std::string directory = "";                                       // working directory; empty: this one
  std::vector<std::pair<std::string, std::string>> environment = {};  // set in addition to ours
};

/// `arguments[0]` is the program's path. Fails the test when it cannot be started.
Finished run_program(const std::vector<std::string>& arguments, const RunOptions& options = {});

}  // namespace lanc::testing_support
