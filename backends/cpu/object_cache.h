// backends/cpu/object_cache.h: compiled objects in files, so that the next process need not compile them again.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lanc::cpu {

/// A folder of files, one an entry, named by a hash of the key and holding the whole key: a hash that two keys share costs a compilation,
/// never a wrong kernel. Files are written under another name and renamed, so that a reader sees all or nothing; a file that was
/// cut, changed or made by another version counts as absent and is replaced. Whatever the file system refuses is as if the entry
/// were absent: no function here fails.
class ObjectCache {
 public:
  /// An empty folder name: nothing is kept. The folder is made, for its owner only, when the first entry is written; one that belongs to
  /// somebody else, or that others may write to, is not used: it holds code.
  explicit ObjectCache(std::string folder, int64_t limit_bytes = int64_t{128} << 20);
  /// $LANC_CACHE_DIR, else $XDG_CACHE_HOME/lanc, else ~/.cache/lanc; "" where none of these is set, or LANC_CACHE_DIR is empty.
  static std::string default_folder();

  std::optional<std::string> read(std::string_view key) const;
  /// Beyond the limit, the entries that were not used for longest are removed, down to three quarters of it. The folder is looked through
  /// at the first write and after every eighth part of the limit, so that it may exceed it by that much.
  void write(std::string_view key, std::string_view object) const;
  std::string file_of(std::string_view key) const;
  const std::string& folder() const { return folder_; }

 private:
  bool trusted() const;
  void shrink() const;
  std::string folder_;
  int64_t limit_bytes_;
  mutable std::atomic<int64_t> unseen_bytes_;  // written since the folder was looked through
};

}  // namespace lanc::cpu
