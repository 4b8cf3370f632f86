// Counts what is allocated by malloc and operator new while a Recording lives, by the library that asked for it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace lanc::testing_support {

/// False under sanitizers, which bring their own allocator.
bool allocations_are_counted();

class Recording {
 public:
  Recording();
  ~Recording();
  /// Stops, and gives the number of allocations by the file name of the calling library: "liblanc.so.0", "libdnnl.so.3".
  std::map<std::string, int64_t> by_library();
};

}  // namespace lanc::testing_support
