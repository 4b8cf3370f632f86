#include <lanc/train/output_file.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <lanc/graph/error.h>

namespace lanc {

void write_whole_file(const std::string& path, std::string_view contents) {
  std::error_code error;
  const std::filesystem::path target(path);
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  static std::atomic<uint64_t> drafts = 0;  // threads that write one path at once have drafts of their own
  const std::string draft = path + ".part" + std::to_string(getpid()) + "_" + std::to_string(drafts++);
  const auto give_up = [&](const std::string& reason) {
    std::filesystem::remove(draft, error);
    throw BackendError(path + ": the file must be writable, got \"" + reason + "\"");
  };
  {
    std::ofstream file(draft, std::ios::binary);
    file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
    file.close();
    if (!file) give_up(std::strerror(errno));
  }
  std::filesystem::rename(draft, target, error);
  if (error) give_up(error.message());
}

}  // namespace lanc
