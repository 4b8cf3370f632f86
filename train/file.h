// train/file.h: the bytes of an untrusted file, plain or gzip-compressed, read in order and within bounds.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace lanc::data {

/// Reads a regular file front to back. A file that starts with the gzip magic 1f 8b is decompressed (RFC 1952: one or more members,
/// each with its CRC checked); offsets are then those of the decompressed bytes, unless a message says "compressed".
/// UserError: no such file, truncated, corrupt or surplus bytes. BackendError: the system does not let us read it.
class FileReader {
 public:
  explicit FileReader(std::string path);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  const std::string& path() const;
  int64_t offset() const;
  bool compressed() const;
  /// No more bytes than this can follow: exact for a plain file; for a compressed one 1,032 (the most that deflate can gain) times
  /// the compressed bytes. What a header promises is checked against it before memory is asked for.
  int64_t at_most() const;
  /// Exactly so many bytes; UserError "file: WHAT must go on to byte ..., ended at offset ...".
  void read(void* to, int64_t bytes, const char* what);
  /// As many as there are, up to so many; fewer only at the end of the file.
  int64_t read_some(void* to, int64_t bytes);
  /// The end of the file and of its last gzip member must be here; UserError when bytes are left or the CRC differs.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lanc::data
