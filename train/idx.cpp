#include <lanc/train/idx.h>

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstring>

#include <lanc/graph/error.h>
#include <lanc/train/file.h>

namespace lanc::data {
namespace {

struct IdxType {
  uint32_t code;
  int64_t bytes;  // of one element in the file
  DType dtype;    // in memory
};
constexpr IdxType idx_types[] = {{0x08, 1, u8}, {0x09, 1, i32}, {0x0b, 2, i32}, {0x0c, 4, i32}, {0x0d, 4, f32}, {0x0e, 8, f64}};
constexpr uint32_t most_axes = 8;

std::string hex(uint32_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

uint32_t read_u32(FileReader& file, const char* what) {
  unsigned char b[4];
  file.read(b, 4, what);
  return uint32_t{b[0]} << 24 | uint32_t{b[1]} << 16 | uint32_t{b[2]} << 8 | uint32_t{b[3]};
}

// Elements of `size` bytes, big-endian in the file, to the machine's order.
void to_native(std::byte* data, int64_t elements, int64_t size) {
  if (std::endian::native == std::endian::big || size == 1) return;
  for (int64_t i = 0; i < elements; ++i) std::reverse(data + i * size, data + (i + 1) * size);
}

// i8 and i16 widen to i32; a chunk at a time.
void read_widened(FileReader& file, Tensor& to, int64_t size) {
  constexpr int64_t chunk = 4096;
  std::byte bytes[chunk * 2];
  int32_t* out = to.span<int32_t>().data();
  for (int64_t done = 0; done < to.numel();) {
    const int64_t n = std::min(chunk, to.numel() - done);
    file.read(bytes, n * size, "data");
    to_native(bytes, n, size);
    for (int64_t i = 0; i < n; ++i) {
      int16_t wide = 0;
      if (size == 2) std::memcpy(&wide, bytes + 2 * i, 2);
      out[done + i] = size == 1 ? std::bit_cast<int8_t>(bytes[i]) : wide;
    }
    done += n;
  }
}

}  // namespace

Tensor read_idx(const std::string& path, IdxOptions options) {
  FileReader file(path);
  const uint32_t magic = read_u32(file, "magic");
  if (options.magic != 0 && magic != options.magic)
    throw UserError(path + ": magic must be " + hex(options.magic) + ", got " + hex(magic) + " at offset 0");
  const uint32_t rank = magic & 0xff;
  const IdxType* type = nullptr;
  for (const IdxType& t : idx_types)
    if (t.code == magic >> 8) type = &t;
  if (type == nullptr)
    throw UserError(path + ": magic must be 0x0000TTRR with a type TT of 08, 09, 0b, 0c, 0d or 0e, got " + hex(magic) + " at offset 0");
  if (rank < 1 || rank > most_axes)
    throw UserError(path + ": rank must be 1 to 8, got " + std::to_string(rank) + " in magic " + hex(magic) + " at offset 0");

  Sizes sizes;
  int64_t bytes = type->bytes, extent = type->bytes;
  for (uint32_t axis = 0; axis < rank; ++axis) {
    sizes.push_back(read_u32(file, "sizes"));
    // A size of 0 must not hide an overflow of the others: strides are products too.
    if (__builtin_mul_overflow(extent, std::max<int64_t>(sizes.back(), 1), &extent) || extent > int64_t{1} << 48)
      throw UserError(path + ": sizes must give at most 2^48 bytes, got more with size " + std::to_string(sizes.back()) + " at offset " +
                      std::to_string(4 + 4 * axis));
    bytes *= sizes.back();
  }
  const std::string promise = path + ": sizes [" + [&] {
    std::string list;
    for (int64_t size : sizes) list += (list.empty() ? "" : ",") + std::to_string(size);
    return list;
  }() + "] need " + std::to_string(bytes) + " bytes";
  if (!file.compressed() && bytes != file.at_most())
    throw UserError(promise + ", got " + std::to_string(file.at_most()) + " at offset " + std::to_string(file.offset()));
  if (bytes > file.at_most())
    throw UserError(promise + ", got a compressed file that holds at most " + std::to_string(file.at_most()) + " at offset " +
                    std::to_string(file.offset()));

  Tensor result = Tensor::uninitialized(type->dtype, sizes);
  if (type->bytes != size_of(type->dtype)) {
    read_widened(file, result, type->bytes);
  } else {
    file.read(result.data(), bytes, "data");
    to_native(result.data(), result.numel(), type->bytes);
  }
  file.finish();
  return result;
}

}  // namespace lanc::data
