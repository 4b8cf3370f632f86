#include <lanc/backends/cpu/object_cache.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

namespace lanc::cpu {
namespace {

namespace fs = std::filesystem;

// FNV-1a with a finisher; two seeds give 128 bits. No defence against an attacker is needed: the folder is the owner's, keys are compared.
uint64_t hash_of(std::string_view bytes, uint64_t seed) {
  uint64_t h = 0xcbf29ce484222325u ^ seed;
  for (const char c : bytes) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  h ^= h >> 32;
  h *= 0xd6e8feb86659fd93u;
  return h ^ (h >> 32);
}

struct Header {
  char magic[8] = {'l', 'a', 'n', 'c', 'o', 'b', 'j', '1'};
  uint64_t key_bytes = 0, object_bytes = 0, checksum = 0;
};

uint64_t checksum_of(std::string_view key, std::string_view object) { return hash_of(object, hash_of(key, 1)); }

constexpr std::string_view suffix = ".lancobj";

}  // namespace

ObjectCache::ObjectCache(std::string folder, int64_t limit_bytes) : folder_(std::move(folder)), limit_bytes_(limit_bytes), unseen_bytes_(limit_bytes) {}

std::string ObjectCache::default_folder() {
  if (const char* own = std::getenv("LANC_CACHE_DIR")) return own;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/lanc";  // the standard takes absolute paths only
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::string(home) + "/.cache/lanc" : "";
}

std::string ObjectCache::file_of(std::string_view key) const {
  char name[40];
  std::snprintf(name, sizeof name, "%016llx%016llx", static_cast<unsigned long long>(hash_of(key, 0)),
                static_cast<unsigned long long>(hash_of(key, 0x9e3779b97f4a7c15u)));
  return folder_ + "/" + name + std::string(suffix);
}

bool ObjectCache::trusted() const {
  struct stat s{};
  return stat(folder_.c_str(), &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == geteuid() && (s.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<std::string> ObjectCache::read(std::string_view key) const {
  if (folder_.empty() || !trusted()) return std::nullopt;
  const std::string path = file_of(key);
  std::ifstream file(path, std::ios::binary);
  Header header;
  if (!file.read(reinterpret_cast<char*>(&header), sizeof header)) return std::nullopt;
  std::error_code ignored;
  const auto size = static_cast<uint64_t>(fs::file_size(path, ignored));
  if (ignored || std::memcmp(header.magic, Header().magic, sizeof header.magic) != 0 || header.key_bytes != key.size() ||
      size < sizeof header + key.size() || header.object_bytes != size - sizeof header - key.size())
    return std::nullopt;
  std::string kept(key.size(), 0), object(header.object_bytes, 0);
  if (!file.read(kept.data(), static_cast<std::streamsize>(kept.size())) || !file.read(object.data(), static_cast<std::streamsize>(object.size())))
    return std::nullopt;
  if (kept != key || header.checksum != checksum_of(key, object)) return std::nullopt;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);  // used lately
  return object;
}

void ObjectCache::write(std::string_view key, std::string_view object) const {
  if (folder_.empty()) return;
  std::error_code ignored;
  if (!fs::exists(folder_, ignored)) {
    fs::create_directories(fs::path(folder_).parent_path(), ignored);
    if (mkdir(folder_.c_str(), 0700) != 0 && !fs::exists(folder_, ignored)) return;
  }
  if (!trusted()) return;
  Header header;
  header.key_bytes = key.size();
  header.object_bytes = object.size();
  header.checksum = checksum_of(key, object);
  std::string temporary = folder_ + "/.writing-XXXXXX";
  const int fd = mkstemp(temporary.data());
  if (fd < 0) return;
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes += key;
  bytes += object;
  const bool whole = ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  close(fd);
  if (!whole || std::rename(temporary.c_str(), file_of(key).c_str()) != 0) {
    unlink(temporary.c_str());
    return;
  }
  if (unseen_bytes_.fetch_add(static_cast<int64_t>(bytes.size())) < limit_bytes_ / 8) return;
  unseen_bytes_ = 0;
  shrink();
}

void ObjectCache::shrink() const {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    int64_t bytes;
  };
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != suffix && it->path().filename().string().rfind(".writing-", 0) != 0) continue;
    std::error_code gone;
    const auto bytes = static_cast<int64_t>(it->file_size(gone));
    const auto used = it->last_write_time(gone);
    if (gone) continue;
    entries.push_back({it->path(), used, bytes});
    total += bytes;
  }
  if (total <= limit_bytes_) return;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& e : entries) {
    if (total <= limit_bytes_ / 4 * 3) break;
    fs::remove(e.path, error);
    total -= e.bytes;
  }
}

}  // namespace lanc::cpu
