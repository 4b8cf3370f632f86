#include <lanc/train/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <zlib.h>

#include <lanc/graph/error.h>

namespace lanc::data {

struct FileReader::State {
  std::string path;
  std::FILE* file = nullptr;
  int64_t file_bytes = 0;
  int64_t offset = 0;       // of the bytes handed out
  bool compressed = false;
  bool inflating = false;   // `stream` is initialized
  bool in_member = true;    // within a gzip member
  z_stream stream = {};
  int64_t consumed = 0;     // bytes read from the file
  std::array<unsigned char, 1 << 16> buffer;

  ~State() {
    if (inflating) inflateEnd(&stream);
    if (file != nullptr) std::fclose(file);
  }

  size_t read_raw(void* to, size_t bytes) {
    const size_t got = std::fread(to, 1, bytes, file);
    if (got < bytes && std::ferror(file) != 0)
      throw BackendError(path + ": the file must be readable, got \"" + std::strerror(errno) + "\" at offset " +
                         std::to_string(consumed));
    consumed += static_cast<int64_t>(got);
    return got;
  }

  // False at the end of the file.
  bool refill() {
    stream.next_in = buffer.data();
    stream.avail_in = static_cast<uInt>(read_raw(buffer.data(), buffer.size()));
    return stream.avail_in > 0;
  }

  [[noreturn]] void corrupt(const std::string& got) const {
    throw UserError(path + ": gzip data must be intact, got \"" + got + "\" at compressed offset " +
                    std::to_string(consumed - static_cast<int64_t>(stream.avail_in)));
  }

  size_t inflate_some(void* to, size_t bytes) {
    size_t done = 0;
    while (done < bytes) {
      if (stream.avail_in == 0 && !refill()) {
        if (in_member) corrupt("end of file within a gzip member");
        break;
      }
      if (!in_member) {  // another member, or bytes that do not belong here
        inflateReset(&stream);
        in_member = true;
      }
      const size_t room = std::min<size_t>(bytes - done, 1u << 30);
      stream.next_out = static_cast<Bytef*>(to) + done;
      stream.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream, Z_NO_FLUSH);
      done += room - stream.avail_out;
      if (status == Z_STREAM_END) in_member = false;
      else if (status == Z_MEM_ERROR) throw BackendError(path + ": memory to decompress must be available, got none");
      else if (status == Z_NEED_DICT) corrupt("a preset dictionary");
      else if (status != Z_OK && status != Z_BUF_ERROR) corrupt(stream.msg != nullptr ? stream.msg : "a broken stream");
    }
    return done;
  }
};

FileReader::FileReader(std::string path) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = std::move(path);
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(s.path, error);
  if (status.type() == std::filesystem::file_type::not_found) throw UserError(s.path + ": the file must exist, got none");
  if (error) throw BackendError(s.path + ": the file must be readable, got \"" + error.message() + "\"");
  if (!std::filesystem::is_regular_file(status)) throw UserError(s.path + ": must be a regular file, got a directory or device");
  const auto size = std::filesystem::file_size(s.path, error);
  if (!error) s.file = std::fopen(s.path.c_str(), "rb");
  if (s.file == nullptr)
    throw BackendError(s.path + ": the file must be readable, got \"" + (error ? error.message() : std::strerror(errno)) + "\"");
  s.file_bytes = static_cast<int64_t>(size);

  unsigned char magic[2] = {0, 0};
  const size_t got = s.read_raw(magic, 2);
  s.compressed = got == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
  if (!s.compressed && s.path.ends_with(".gz")) {
    char text[64];
    std::snprintf(text, sizeof text, "got 0x%02x%02x", magic[0], magic[1]);
    throw UserError(s.path + ": a .gz file must start with 0x1f8b, " + (got == 2 ? text : "got fewer than 2 bytes") + " at offset 0");
  }
  std::rewind(s.file);
  s.consumed = 0;
  if (!s.compressed) return;
  if (inflateInit2(&s.stream, MAX_WBITS + 16) != Z_OK)
    throw BackendError(s.path + ": memory to decompress must be available, got none");
  s.inflating = true;
}

FileReader::~FileReader() = default;

const std::string& FileReader::path() const { return state_->path; }
int64_t FileReader::offset() const { return state_->offset; }
bool FileReader::compressed() const { return state_->compressed; }

int64_t FileReader::at_most() const {
  const State& s = *state_;
  if (!s.compressed) return s.file_bytes - s.offset;
  constexpr int64_t most_gain = 1032;  // a match of 258 bytes takes at least 2 bits
  return s.file_bytes * most_gain - s.offset;
}

int64_t FileReader::read_some(void* to, int64_t bytes) {
  State& s = *state_;
  const size_t wanted = static_cast<size_t>(bytes);
  const size_t got = s.compressed ? s.inflate_some(to, wanted) : s.read_raw(to, wanted);
  s.offset += static_cast<int64_t>(got);
  return static_cast<int64_t>(got);
}

void FileReader::read(void* to, int64_t bytes, const char* what) {
  const int64_t end = offset() + bytes;
  if (read_some(to, bytes) < bytes)
    throw UserError(path() + ": " + what + " must go on to byte " + std::to_string(end) + ", ended at offset " +
                    std::to_string(offset()));
}

void FileReader::finish() {
  const int64_t end = offset();
  char surplus = 0;
  if (read_some(&surplus, 1) != 0)
    throw UserError(path() + ": the data must end at offset " + std::to_string(end) + ", got more bytes");
}

}  // namespace lanc::data
