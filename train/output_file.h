// train/output_file.h: a file that is replaced whole or not at all.
#pragma once

#include <string>
#include <string_view>

namespace lanc {

/// Writes a draft beside it and renames that: a reader sees the old or the new contents, never half. Makes the directory when needed.
/// BackendError, with the path and the system's reason, when it cannot be written; the draft is gone then.
void write_whole_file(const std::string& path, std::string_view contents);

}  // namespace lanc
