// runtime/memory.h: how much memory this process may still ask for, so that too large a plan is refused instead of ended by the system.
#pragma once

#include <cstdint>
#include <string>

namespace lanc {

/// Bytes that can be had without swapping: the least of the system's MemAvailable and what the process's control groups (v2 and v1) leave.
/// The largest int64 where nothing is known.
int64_t available_memory();

/// "3725.29 GiB (4000000000000 bytes)".
std::string bytes_text(int64_t bytes);

}  // namespace lanc
