#include <lanc/train/idx.h>

#include <cmath>

#include <lanc/tests/train/files.h>

namespace lanc::data {
namespace {

using testing_train::big_endian;
using testing_train::Bits;
using testing_train::Directory;
using testing_train::gzipped;
using testing_train::mutated;

std::string idx(uint32_t magic, const std::vector<uint32_t>& sizes, const std::string& payload) {
  std::string bytes = big_endian(magic, 4);
  for (uint32_t size : sizes) bytes += big_endian(size, 4);
  return bytes + payload;
}

const std::string six = idx(0x0802, {2, 3}, std::string("\x00\x01\x02\xfd\xfe\xff", 6));

TEST(Idx, ReadsBytesWithTheirSizes) {
  const Directory dir;
  const Tensor t = read_idx(dir.write("a", six));
  EXPECT_TRUE(identical(t, Tensor::of<uint8_t>({2, 3}, {0, 1, 2, 253, 254, 255})));
}

TEST(Idx, ReadsGzipAlsoOfSeveralMembers) {
  const Directory dir;
  const Tensor plain = read_idx(dir.write("a", six));
  EXPECT_TRUE(identical(plain, read_idx(dir.write("b.gz", gzipped(six)))));
  EXPECT_TRUE(identical(plain, read_idx(dir.write("without_the_ending", gzipped(six)))));
  EXPECT_TRUE(identical(plain, read_idx(dir.write("c.gz", gzipped(six.substr(0, 5)) + gzipped(six.substr(5))))));
}

TEST(Idx, SignedBytesAndShortsWidenToI32) {
  const Directory dir;
  const Tensor bytes = read_idx(dir.write("a", idx(0x0901, {3}, std::string("\x80\xff\x7f", 3))));
  EXPECT_TRUE(identical(bytes, Tensor::of<int32_t>({3}, {-128, -1, 127})));
  const Tensor shorts = read_idx(dir.write("b", idx(0x0b01, {3}, big_endian(0x8000, 2) + big_endian(0xffff, 2) + big_endian(258, 2))));
  EXPECT_TRUE(identical(shorts, Tensor::of<int32_t>({3}, {-32768, -1, 258})));
}

TEST(Idx, WidensMoreThanOneChunk) {
  const Directory dir;
  std::string payload;
  for (uint64_t i = 0; i < 10000; ++i) payload += big_endian(i, 2);
  const Tensor t = read_idx(dir.write("a", idx(0x0b01, {10000}, payload)));
  for (int64_t i = 0; i < 10000; ++i) ASSERT_EQ(t.at(i), static_cast<double>(i));
}

TEST(Idx, ReadsI32AndFloatsBigEndian) {
  const Directory dir;
  const Tensor ints = read_idx(dir.write("a", idx(0x0c01, {2}, big_endian(0x80000000, 4) + big_endian(66051, 4))));
  EXPECT_TRUE(identical(ints, Tensor::of<int32_t>({2}, {INT32_MIN, 66051})));
  const Tensor floats = read_idx(dir.write("b", idx(0x0d01, {2}, big_endian(0x3fc00000, 4) + big_endian(0xc0000000, 4))));
  EXPECT_TRUE(identical(floats, Tensor::of<float>({2}, {1.5f, -2.0f})));
  const Tensor doubles = read_idx(dir.write("c", idx(0x0e01, {1}, big_endian(0x3ff8000000000000, 8))));
  EXPECT_TRUE(identical(doubles, Tensor::of<double>({1}, {1.5})));
}

TEST(Idx, AnArrayWithoutElementsIsRead) {
  const Directory dir;
  EXPECT_EQ(read_idx(dir.write("a", idx(0x0803, {0, 28, 28}, ""))).sizes(), (Sizes{0, 28, 28}));
}

TEST(Idx, AMissingFileIsNamed) {
  EXPECT_EQ(message_of([] { read_idx("/nowhere/x.gz"); }), "/nowhere/x.gz: the file must exist, got none");
}

TEST(Idx, ADirectoryIsNotAFile) {
  const Directory dir;
  EXPECT_EQ(message_of([&] { read_idx(dir.path()); }), dir.path() + ": must be a regular file, got a directory or device");
}

TEST(Idx, AnotherMagicThanExpectedIsShown) {
  const Directory dir;
  const std::string path = dir.write("train-images-idx3-ubyte.gz", gzipped(six));
  EXPECT_EQ(message_of([&] { read_idx(path, {.magic = 0x0803}); }), path + ": magic must be 0x00000803, got 0x00000802 at offset 0");
}

TEST(Idx, AnUnknownTypeOrRankIsShown) {
  const Directory dir;
  const std::string type = dir.write("a", idx(0x0a01, {1}, "x")), rank = dir.write("b", idx(0x0809, {1}, "x"));
  EXPECT_EQ(message_of([&] { read_idx(type); }),
            type + ": magic must be 0x0000TTRR with a type TT of 08, 09, 0b, 0c, 0d or 0e, got 0x00000a01 at offset 0");
  EXPECT_EQ(message_of([&] { read_idx(rank); }), rank + ": rank must be 1 to 8, got 9 in magic 0x00000809 at offset 0");
}

TEST(Idx, AFileThatEndsInItsHeaderSaysWhere) {
  const Directory dir;
  const std::string magic = dir.write("a", six.substr(0, 1)), sizes = dir.write("b", six.substr(0, 6));
  EXPECT_EQ(message_of([&] { read_idx(magic); }), magic + ": magic must go on to byte 4, ended at offset 1");
  EXPECT_EQ(message_of([&] { read_idx(sizes); }), sizes + ": sizes must go on to byte 8, ended at offset 6");
}

TEST(Idx, PlainBytesMissingOrSurplusAreCounted) {
  const Directory dir;
  const std::string less = dir.write("a", six.substr(0, 17)), more = dir.write("b", six + "x");
  EXPECT_EQ(message_of([&] { read_idx(less); }), less + ": sizes [2,3] need 6 bytes, got 5 at offset 12");
  EXPECT_EQ(message_of([&] { read_idx(more); }), more + ": sizes [2,3] need 6 bytes, got 7 at offset 12");
}

TEST(Idx, CompressedBytesMissingOrSurplusSayWhere) {
  const Directory dir;
  const std::string less = dir.write("a.gz", gzipped(six.substr(0, 17))), more = dir.write("b.gz", gzipped(six + "x"));
  EXPECT_EQ(message_of([&] { read_idx(less); }), less + ": data must go on to byte 18, ended at offset 17");
  EXPECT_EQ(message_of([&] { read_idx(more); }), more + ": the data must end at offset 18, got more bytes");
}

TEST(Idx, SizesThatAFileCannotHoldAreRefusedBeforeMemoryIsAskedFor) {
  const Directory dir;
  const std::string path = dir.write("a.gz", gzipped(idx(0x0802, {1 << 20, 1 << 20}, "x")));
  const std::string rule = path + ": sizes [1048576,1048576] need 1099511627776 bytes, got a compressed file that holds at most";
  EXPECT_EQ(message_of([&] { read_idx(path); }).find(rule), 0u);
  const std::string huge = dir.write("b", idx(0x0e03, {0xffffffff, 0xffffffff, 0}, ""));
  EXPECT_EQ(message_of([&] { read_idx(huge); }),
            huge + ": sizes must give at most 2^48 bytes, got more with size 4294967295 at offset 8");
}

TEST(Idx, AWrongChecksumIsFound) {
  const Directory dir;
  std::string bytes = gzipped(six);
  bytes[bytes.size() - 8] = static_cast<char>(bytes[bytes.size() - 8] ^ 1);
  const std::string path = dir.write("a.gz", bytes);
  const std::string text = message_of([&] { read_idx(path); });
  EXPECT_EQ(text.substr(0, text.find(" at ")), path + ": gzip data must be intact, got \"incorrect data check\"");
}

TEST(Idx, ACutOrFollowedGzipMemberIsFound) {
  const Directory dir;
  const std::string whole = gzipped(six);
  const std::string cut = dir.write("a.gz", whole.substr(0, whole.size() - 3)), followed = dir.write("b.gz", whole + "garbage");
  EXPECT_EQ(message_of([&] { read_idx(cut); }),
            cut + ": gzip data must be intact, got \"end of file within a gzip member\" at compressed offset " +
                                                    std::to_string(whole.size() - 3));
  EXPECT_NE(message_of([&] { read_idx(followed); }).find("gzip data must be intact, got \"incorrect header check\""), std::string::npos);
}

TEST(Idx, AFileCalledGzThatIsNotIsFound) {
  const Directory dir;
  const std::string path = dir.write("a.gz", six), empty = dir.write("b.gz", "");
  EXPECT_EQ(message_of([&] { read_idx(path); }), path + ": a .gz file must start with 0x1f8b, got 0x0000 at offset 0");
  EXPECT_EQ(message_of([&] { read_idx(empty); }), empty + ": a .gz file must start with 0x1f8b, got fewer than 2 bytes at offset 0");
}

// 1,500 mutants of good files: each is read or gives a typed error; the sanitizer builds see the rest.
TEST(Idx, MutatedFilesGiveOnlyTypedErrors) {
  const Directory dir;
  Bits bits = {1};
  const std::string sources[] = {six, gzipped(six), idx(0x0b02, {3, 2}, std::string(12, 'a')),
                                 gzipped(idx(0x0d01, {4}, std::string(16, 'b')))};
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const std::string path = dir.write("m", mutated(sources[i % 4], bits));
    try {
      const Tensor t = read_idx(path);
      EXPECT_GE(t.bytes(), 0);
    } catch (const Error& error) {
      ++refused;
      EXPECT_EQ(std::string(error.what()).find(path + ": "), 0u);
    }
  }
  EXPECT_GT(refused, 750);  // most mutations break a rule of so small a file
}

}  // namespace
}  // namespace lanc::data
