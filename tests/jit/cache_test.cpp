// Compiled objects on disk: found again, never trusted blindly, never in the way.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <lanc/backends/cpu/object_cache.h>

#include <lanc/tests/jit/nests.h>

namespace lanc::jit_tests {
namespace {

namespace fs = std::filesystem;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void overwrite(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes; }

class ObjectCacheTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  cpu::ObjectCache cache_{folder_.path + "/objects"};
};

TEST_F(ObjectCacheTest, GivesBackWhatWasWritten) {
  EXPECT_FALSE(cache_.read("key"));
  const std::string object("\0\1binary\xff", 9);
  cache_.write("key", object);
  cache_.write("other key", "other");
  EXPECT_EQ(cache_.read("key"), object);
  EXPECT_EQ(cache_.read("other key"), "other");
  EXPECT_EQ(cpu::ObjectCache(cache_.folder()).read("key"), object);  // as the next process would
  struct stat s{};
  ASSERT_EQ(stat(cache_.folder().c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777u, 0700u);
}

TEST_F(ObjectCacheTest, TakesAFileOfAnotherKeyForAbsent) {
  cache_.write("one", "object one");
  fs::copy_file(cache_.file_of("one"), cache_.file_of("two"));  // as if both had the same hash
  EXPECT_FALSE(cache_.read("two"));
  EXPECT_EQ(cache_.read("one"), "object one");
}

// Every byte of the file, changed, and every shorter or longer file.
TEST_F(ObjectCacheTest, TakesAChangedOrCutFileForAbsentAndReplacesIt) {
  const std::string key = "the key", object = "the object";
  cache_.write(key, object);
  const std::string path = cache_.file_of(key), good = contents(path);
  ASSERT_FALSE(good.empty());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    overwrite(path, bad);
    EXPECT_FALSE(cache_.read(key)) << "byte " << i;
    overwrite(path, good.substr(0, i));
    EXPECT_FALSE(cache_.read(key)) << "cut to " << i;
  }
  overwrite(path, good + "x");
  EXPECT_FALSE(cache_.read(key));
  cache_.write(key, object);
  EXPECT_EQ(cache_.read(key), object);
}

TEST_F(ObjectCacheTest, StaysWithinItsLimitAndDropsWhatWasNotUsed) {
  const cpu::ObjectCache small(folder_.path + "/small", 64 << 10);
  const std::string object(1000, 'x');
  for (int i = 0; i < 300; ++i) {
    small.write("key " + std::to_string(i), object);
    if (i == 0) fs::last_write_time(small.file_of("key 0"), fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
  int64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(small.folder())) bytes += static_cast<int64_t>(entry.file_size());
  EXPECT_LE(bytes, (64 << 10) + (64 << 10) / 8 + 2000);
  EXPECT_GE(bytes, 32 << 10);
  EXPECT_FALSE(small.read("key 0"));
  EXPECT_EQ(small.read("key 299"), object);
}

// An object that was written long ago and is read now outlives those that nobody reads.
TEST_F(ObjectCacheTest, KeepsWhatIsReadAgain) {
  const cpu::ObjectCache small(folder_.path + "/small", 64 << 10);
  const std::string object(1000, 'x');
  small.write("old", object);
  for (int i = 0; i < 300; ++i) {
    fs::last_write_time(small.file_of("old"), fs::file_time_type::clock::now() - std::chrono::hours(1));
    ASSERT_TRUE(small.read("old")) << i;
    small.write("key " + std::to_string(i), object);
    // What is dropped makes room for a quarter: of 60 objects, 45 stay, less those of one tick of the file system's clock.
    if (i >= 30) {
      ASSERT_TRUE(fs::exists(small.file_of("key " + std::to_string(i - 30)))) << i;
    }
  }
  EXPECT_FALSE(small.read("key 0"));
}

TEST_F(ObjectCacheTest, DoesNothingWhereItMayNotWrite) {
  cpu::ObjectCache nowhere("");
  nowhere.write("key", "object");
  EXPECT_FALSE(nowhere.read("key"));
  overwrite(folder_.path + "/file", "not a folder");
  cpu::ObjectCache file(folder_.path + "/file"), below(folder_.path + "/file/below"), proc("/proc/lanc");
  for (const cpu::ObjectCache* c : {&file, &below, &proc}) {
    c->write("key", "object");
    EXPECT_FALSE(c->read("key")) << c->folder();
  }
  EXPECT_EQ(contents(folder_.path + "/file"), "not a folder");
}

TEST_F(ObjectCacheTest, DoesNotTrustAFolderThatOthersMayWriteTo) {
  cache_.write("key", "object");
  ASSERT_TRUE(cache_.read("key"));
  for (const mode_t mode : {0777u, 0720u, 0702u}) {
    chmod(cache_.folder().c_str(), mode);
    EXPECT_FALSE(cache_.read("key")) << mode;
    cache_.write("second", "object");
    EXPECT_FALSE(fs::exists(cache_.file_of("second"))) << mode;
  }
  chmod(cache_.folder().c_str(), 0755);
  EXPECT_TRUE(cache_.read("key"));
}

TEST(ObjectCacheFolder, IsTakenFromTheEnvironment) {
  const Environment own("LANC_CACHE_DIR", "/a/b"), xdg("XDG_CACHE_HOME", "/cache"), home("HOME", "/home/user");
  EXPECT_EQ(cpu::ObjectCache::default_folder(), "/a/b");
  const Environment empty("LANC_CACHE_DIR", "");
  EXPECT_EQ(cpu::ObjectCache::default_folder(), "");
  const Environment none("LANC_CACHE_DIR", nullptr);
  EXPECT_EQ(cpu::ObjectCache::default_folder(), "/cache/lanc");
  const Environment relative("XDG_CACHE_HOME", "cache");
  EXPECT_EQ(cpu::ObjectCache::default_folder(), "/home/user/.cache/lanc");
  const Environment homeless("HOME", nullptr);
  EXPECT_EQ(cpu::ObjectCache::default_folder(), "");
}

}  // namespace
}  // namespace lanc::jit_tests
