// graph/error.h: the three kinds of error, by whose fault it is.
#pragma once

#include <stdexcept>
#include <string>

namespace lanc {

/// Everything that Lánc throws. what() is: "op: requirement, got ..." and then the lines of the user's program.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller's mistake, thrown where it is made: a shape, a dtype, an axis, a name, a feed, a file.
class UserError : public Error {
 public:
  using Error::Error;
};

/// The machine said no: memory, a device, a file system.
class BackendError : public Error {
 public:
  using Error::Error;
};

/// A broken invariant of Lánc itself. The message asks for a report.
class InternalError : public Error {
 public:
  explicit InternalError(const std::string& what);
};

}  // namespace lanc
