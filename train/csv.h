// train/csv.h: reads comma-separated text (RFC 4180) into tensors: numeric columns into one matrix, categorical columns into labels.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/tensor.h>

namespace lanc::data {

/// What an empty field means.
enum class MissingFields : uint8_t {
  error,
  nan,  // NaN in a numeric column, label -1 in a categorical one
};

/// Columns are named by the header, or "0", "1", ... without one.
struct CsvOptions {
  bool header = true;
  char delimiter = ',';
  /// Numeric columns to read, in this order; empty: all that are not categorical.
  std::vector<std::string> columns = {};
  /// Columns whose fields are names of classes.
  std::vector<std::string> categorical = {};
  /// Classes of each categorical column, as another file gave them (CsvCategory::classes); empty: those that occur, sorted by bytes.
  std::vector<std::vector<std::string>> classes = {};
  /// f32 or f64.
  DType dtype = f32;
  MissingFields missing = MissingFields::error;
  /// A longer file (decompressed) is refused.
  int64_t max_bytes = int64_t{4} << 30;
};

struct CsvCategory {
  std::string name;
  Tensor labels;                     // i32 {rows}, indices into classes
  std::vector<std::string> classes;
};

struct Csv {
  Tensor values;                     // {rows, columns}
  std::vector<std::string> columns;
  std::vector<CsvCategory> categories;

  /// UserError that lists what there is.
  const CsvCategory& category(std::string_view name) const;
};

/// The file (plain or .gz). Fields may be quoted ("a ""b"", c"), then with delimiters and line ends in them; lines end with LF or CRLF;
/// blank lines and a UTF-8 byte order mark are passed over; every record must have the first one's number of fields. Numbers are decimal
/// ("-1.5e3", "+2", "nan", "inf"), spaces around them are allowed, and do not depend on the locale; too small ones are 0.
/// UserError with file, line and column (both from 1, the line that the record starts on): a field that is no number, out of the dtype's
/// range or empty, a record too long or too short, a misplaced or open quote, an unknown class; unknown column names.
Csv read_csv(const std::string& path, const CsvOptions& options = {});
/// The same of text in memory; `name` stands for the file in messages.
Csv parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "text");

}  // namespace lanc::data
