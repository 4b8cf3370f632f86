#include <lanc/train/csv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <system_error>

#include <lanc/graph/error.h>
#include <lanc/train/file.h>

namespace lanc::data {
namespace {

// At most 40 bytes of a field, with everything that is not printable ASCII as \xNN.
std::string shown(std::string_view field) {
  constexpr size_t most = 40;
  constexpr const char* digits = "0123456789abcdef";
  std::string out = "\"";
  for (char c : field.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) out += c;
    else out += std::string("\\x") + digits[byte >> 4] + digits[byte & 15];
  }
  return out + (field.size() > most ? "...\"" : "\"");
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t most = 20;
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), most); ++i) out += (i ? ", " : "") + shown(names[i]);
  return names.size() > most ? out + ", ... (" + std::to_string(names.size()) + ")" : out;
}

struct Place {
  const std::string& file;
  int64_t line;
  size_t field;                                  // from 0
  const std::vector<std::string>* names = nullptr;

  [[noreturn]] void fail(const std::string& what) const {
    std::string column = std::to_string(field + 1);
    if (names != nullptr && field < names->size()) column += " (" + shown((*names)[field]) + ")";
    throw UserError(file + ": line " + std::to_string(line) + ", column " + column + ": " + what);
  }
};

/// Cuts text into records of fields.
class Records {
 public:
  Records(std::string_view text, char delimiter, const std::string& file) : text_(text), delimiter_(delimiter), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }

  int64_t line() const { return record_line_; }

  /// False at the end. Fields are views into the text, or into `unquoted_` until the next call.
  bool next(std::vector<std::string_view>& fields) {
    fields.clear();
    unquoted_.clear();
    while (at_ < text_.size() && line_end(at_) > 0) pass_line_end();
    if (at_ >= text_.size()) return false;
    record_line_ = line_;
    for (;;) {
      fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted(fields.size()) : plain(fields.size()));
      if (at_ >= text_.size()) break;
      if (line_end(at_) > 0) {
        pass_line_end();
        break;
      }
      ++at_;  // the delimiter
    }
    return true;
  }

 private:
  // Bytes of the line end at p: 1, 2, or 0 for none.
  size_t line_end(size_t p) const {
    if (text_[p] == '\n') return 1;
    return text_[p] == '\r' && p + 1 < text_.size() && text_[p + 1] == '\n' ? 2 : 0;
  }
  void pass_line_end() {
    at_ += line_end(at_);
    ++line_;
  }
  [[noreturn]] void fail(size_t field, const std::string& what) const { Place{file_, record_line_, field}.fail(what); }

  std::string_view plain(size_t field) {
    const size_t start = at_;
    for (; at_ < text_.size() && text_[at_] != delimiter_ && line_end(at_) == 0; ++at_) {
      if (text_[at_] == '"')
        fail(field, "a quote must open the field or be within a quoted one, got one after " + shown(text_.substr(start, at_ - start)));
      if (text_[at_] == '\r') fail(field, "a carriage return must be followed by a line feed, got one alone");
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view quoted(size_t field) {
    std::string value;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) fail(field, "a quoted field must be closed, got the end of the text");
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] == '"') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '"') break;  // not a doubled quote
      }
      value += text_[at_];
    }
    if (at_ < text_.size() && text_[at_] != delimiter_ && line_end(at_) == 0)
      fail(field, "a closing quote must be followed by the delimiter or a line end, got " + shown(text_.substr(at_, 1)));
    unquoted_.push_back(std::move(value));
    return unquoted_.back();
  }

  std::string_view text_;
  char delimiter_;
  const std::string& file_;
  size_t at_ = 0;
  int64_t line_ = 1, record_line_ = 1;
  std::deque<std::string> unquoted_;
};

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

template <class T>
T number(std::string_view field, const Place& place) {
  std::string_view s = trimmed(field);
  if (s.size() > 1 && s.front() == '+' && s[1] != '-') s.remove_prefix(1);
  const char* end = s.data() + s.size();
  T value = 0;
  const auto [stop, error] = std::from_chars(s.data(), end, value);
  if (error == std::errc::invalid_argument || stop != end) place.fail("must be a number, got " + shown(field));
  if (error != std::errc()) {  // beyond the range: too small is 0, too large is an error
    long double wide = 0;
    const auto again = std::from_chars(s.data(), end, wide);
    const bool tiny = again.ec == std::errc() ? std::abs(wide) < 1 : s.find("e-") != s.npos || s.find("E-") != s.npos;
    if (!tiny) place.fail("must be within the range of " + std::string(name_of(DTypeOf<T>::value)) + ", got " + shown(field));
    return again.ec == std::errc() ? static_cast<T>(wide) : T{0};
  }
  return value;
}

/// What becomes of each field of a record.
struct Columns {
  std::vector<std::string> names;       // of all fields
  std::vector<size_t> numeric;          // field numbers, in the order asked for
  std::vector<size_t> categorical;
};

size_t find_column(const Columns& columns, const std::string& wanted, const std::string& file) {
  const auto at = std::find(columns.names.begin(), columns.names.end(), wanted);
  if (at == columns.names.end())
    throw UserError(file + ": column " + shown(wanted) + " must be one of " + listed(columns.names) + ", got none of that name");
  return static_cast<size_t>(at - columns.names.begin());
}

Columns choose_columns(std::vector<std::string> names, const CsvOptions& options, const std::string& file) {
  Columns columns = {std::move(names), {}, {}};
  std::map<std::string_view, size_t> seen;
  for (size_t f = 0; f < columns.names.size(); ++f)
    if (const auto [first, is_new] = seen.emplace(columns.names[f], f); !is_new)
      Place{file, 1, f}.fail("column names must differ, got " + shown(columns.names[f]) + " in column " +
                             std::to_string(first->second + 1) + " too");
  for (const std::string& name : options.categorical) columns.categorical.push_back(find_column(columns, name, file));
  for (const std::string& name : options.columns) columns.numeric.push_back(find_column(columns, name, file));
  if (options.columns.empty())
    for (size_t f = 0; f < columns.names.size(); ++f)
      if (std::find(columns.categorical.begin(), columns.categorical.end(), f) == columns.categorical.end()) columns.numeric.push_back(f);
  return columns;
}

/// Collects the names of one categorical column and gives them numbers at the end.
class Category {
 public:
  explicit Category(const std::vector<std::string>* given) {
    if (given == nullptr) return;
    given_ = *given;
    for (size_t i = 0; i < given->size(); ++i) ids_.emplace((*given)[i], static_cast<int32_t>(i));
  }

  void add(std::string_view field, MissingFields missing, const Place& place) {
    if (field.empty()) {
      if (missing == MissingFields::error) place.fail("must name a class, got an empty field");
      labels_.push_back(-1);
      return;
    }
    auto at = ids_.find(field);
    if (at == ids_.end()) {
      if (given_) place.fail("must be one of " + listed(*given_) + ", got " + shown(field));
      at = ids_.emplace(std::string(field), static_cast<int32_t>(ids_.size())).first;
    }
    labels_.push_back(at->second);
  }

  CsvCategory finish(const std::string& name) {
    if (given_) return {name, Tensor::of({static_cast<int64_t>(labels_.size())}, labels_), *given_};
    std::vector<std::string> classes;       // the map is sorted
    std::vector<int32_t> sorted(ids_.size());
    for (const auto& [text, id] : ids_) {
      sorted[static_cast<size_t>(id)] = static_cast<int32_t>(classes.size());
      classes.push_back(text);
    }
    for (int32_t& label : labels_)
      if (label >= 0) label = sorted[static_cast<size_t>(label)];
    return {name, Tensor::of({static_cast<int64_t>(labels_.size())}, labels_), std::move(classes)};
  }

 private:
  std::optional<std::vector<std::string>> given_;
  std::map<std::string, int32_t, std::less<>> ids_;
  std::vector<int32_t> labels_;
};

template <class T>
Csv parse(std::string_view text, const CsvOptions& options, const std::string& file) {
  Records records(text, options.delimiter, file);
  std::vector<std::string_view> fields;
  bool more = records.next(fields);
  if (!more) throw UserError(file + ": must hold at least one record, got none");

  std::vector<std::string> names;
  for (size_t f = 0; f < fields.size(); ++f) names.push_back(options.header ? std::string(fields[f]) : std::to_string(f));
  const Columns columns = choose_columns(std::move(names), options, file);
  if (options.header) more = records.next(fields);

  std::vector<Category> categories;
  for (size_t c = 0; c < columns.categorical.size(); ++c)
    categories.emplace_back(options.classes.empty() ? nullptr : &options.classes[c]);
  std::vector<T> values;
  int64_t rows = 0;
  for (; more; more = records.next(fields), ++rows) {
    Place place = {file, records.line(), 0, &columns.names};
    if (fields.size() != columns.names.size())
      throw UserError(file + ": line " + std::to_string(records.line()) + ": a record must have " +
                      std::to_string(columns.names.size()) + " fields as the first one, got " + std::to_string(fields.size()));
    for (size_t f : columns.numeric) {
      place.field = f;
      if (!trimmed(fields[f]).empty()) values.push_back(number<T>(fields[f], place));
      else if (options.missing == MissingFields::nan) values.push_back(std::numeric_limits<T>::quiet_NaN());
      else place.fail("must be a number, got an empty field (MissingFields::nan reads it as NaN)");
    }
    for (size_t c = 0; c < categories.size(); ++c) {
      place.field = columns.categorical[c];
      categories[c].add(fields[place.field], options.missing, place);
    }
  }

  Csv csv;
  csv.values = Tensor::of({rows, static_cast<int64_t>(columns.numeric.size())}, values);
  for (size_t f : columns.numeric) csv.columns.push_back(columns.names[f]);
  for (size_t c = 0; c < categories.size(); ++c)
    csv.categories.push_back(categories[c].finish(columns.names[columns.categorical[c]]));
  return csv;
}

}  // namespace

const CsvCategory& Csv::category(std::string_view name) const {
  std::vector<std::string> names;
  for (const CsvCategory& c : categories) {
    if (c.name == name) return c;
    names.push_back(c.name);
  }
  throw UserError("csv: category " + shown(name) + " must be one of those read, got " + (names.empty() ? "none" : listed(names)));
}

Csv parse_csv(std::string_view text, const CsvOptions& options, const std::string& name) {
  if (options.delimiter == '"' || options.delimiter == '\n' || options.delimiter == '\r')
    throw UserError(name + ": delimiter must not be a quote or a line end, got " + shown(std::string_view(&options.delimiter, 1)));
  if (!options.classes.empty() && options.classes.size() != options.categorical.size())
    throw UserError(name + ": classes must be given for each of the " + std::to_string(options.categorical.size()) +
                    " categorical columns, got " + std::to_string(options.classes.size()));
  if (options.dtype == f32) return parse<float>(text, options, name);
  if (options.dtype == f64) return parse<double>(text, options, name);
  throw UserError(name + ": dtype must be f32 or f64, got " + std::string(name_of(options.dtype)));
}

Csv read_csv(const std::string& path, const CsvOptions& options) {
  FileReader file(path);
  std::string text;
  constexpr size_t chunk = 1 << 20;
  for (size_t got = chunk; got == chunk;) {
    const size_t size = text.size();
    if (static_cast<int64_t>(size) > options.max_bytes)
      throw UserError(path + ": must have at most max_bytes = " + std::to_string(options.max_bytes) + " bytes, got more");
    text.resize(size + chunk);
    got = static_cast<size_t>(file.read_some(text.data() + size, static_cast<int64_t>(chunk)));
    text.resize(size + got);
  }
  if (static_cast<int64_t>(text.size()) > options.max_bytes)
    throw UserError(path + ": must have at most max_bytes = " + std::to_string(options.max_bytes) + " bytes, got more");
  file.finish();
  return parse_csv(text, options, path);
}

}  // namespace lanc::data
