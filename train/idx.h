// train/idx.h: reads the IDX files in which MNIST and its relatives come (http://yann.lecun.com/exdb/mnist), plain or .gz.
#pragma once

#include <cstdint>
#include <string>

#include <lanc/graph/tensor.h>

namespace lanc::data {

struct IdxOptions {
  /// The magic number that the file must have (0x00000803: u8 of rank 3); 0: any.
  uint32_t magic = 0;
};

/// The file's array. An IDX file is a big-endian magic 0x0000TTRR (TT: type, RR: rank, 1 to 8), RR sizes of 4 bytes, and the elements.
/// Types: 08 gives u8; 09 (i8), 0b (i16), 0c (i32) give i32; 0d gives f32; 0e gives f64.
/// UserError, with file, rule and offset: missing, truncated, surplus or corrupt (CRC) bytes, another magic, sizes that the file cannot
/// hold (checked before memory is asked for). BackendError: not readable.
Tensor read_idx(const std::string& path, IdxOptions options = {});

}  // namespace lanc::data
