#include <lanc/graph/attributes.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

// Writes every field as text; also the basis of hash and equality, so that equal text means equal attributes.
class Printer : public FieldVisitor {
 public:
  std::string out;
  void field(const char* name, bool& v) override { put(name, v ? "true" : "false"); }
  void field(const char* name, int64_t& v) override { put(name, std::to_string(v)); }
  void field(const char* name, uint64_t& v) override {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, v, 16).ptr;
    put(name, "0x" + std::string(digits, end));
  }
  void field(const char* name, double& v) override { put(name, number_text(v)); }
  void field(const char* name, std::string& v) override { put(name, quoted(v)); }
  void field(const char* name, DType& v) override { put(name, std::string(name_of(v))); }
  void field(const char* name, Dim& v) override { put(name, v.text()); }
  void field(const char* name, Tensor& v) override { put(name, tensor_literal_text(v)); }
  void open_list(const char* name, size_t&) override { put(name, "["), fresh_ = true; }
  void close_list() override { out += "]", fresh_ = false; }
  void open_struct(const char* name) override { put(name, "{"), fresh_ = true; }
  void close_struct() override { out += "}", fresh_ = false; }

 private:
  static std::string quoted(const std::string& s) {
    std::string r = "\"";
    for (char c : s) {
      if (c == '"' || c == '\\') r += '\\';
      r += c;
    }
    return r + "\"";
  }
  void put(const char* name, const std::string& text) {
    if (!fresh_) out += ", ";
    fresh_ = false;
    if (name != nullptr) out += std::string(name) + " = ";
    out += text;
  }
  bool fresh_ = true;
};

class Substituter : public FieldVisitor {
 public:
  explicit Substituter(const Bindings& bindings) : bindings_(bindings) {}
  void field(const char*, bool&) override {}
  void field(const char*, int64_t&) override {}
  void field(const char*, uint64_t&) override {}
  void field(const char*, double&) override {}
  void field(const char*, std::string&) override {}
  void field(const char*, DType&) override {}
  void field(const char*, Dim& v) override { v = v.substitute(bindings_); }
  void field(const char*, Tensor&) override {}
  void open_list(const char*, size_t&) override {}
  void close_list() override {}
  void open_struct(const char*) override {}
  void close_struct() override {}

 private:
  const Bindings& bindings_;
};

// Reads the fields in the order in which Printer writes them.
class Reader : public FieldVisitor {
 public:
  Reader(const std::string& text, size_t& at) : text_(text), at_(at) {}
  void field(const char* name, bool& v) override {
    const std::string w = word(name);
    if (w != "true" && w != "false") fail("true or false");
    v = w == "true";
  }
  void field(const char* name, int64_t& v) override { integer(word(name), v, 10); }
  void field(const char* name, uint64_t& v) override {
    const std::string w = word(name);
    if (w.rfind("0x", 0) != 0) fail("a hexadecimal number");
    integer(w.substr(2), v, 16);
  }
  void field(const char* name, double& v) override { v = real(word(name)); }
  void field(const char* name, std::string& v) override {
    key(name);
    if (!take('"')) fail("'\"'");
    v.clear();
    for (;; ++at_) {
      if (at_ >= text_.size()) fail("a closing '\"'");
      if (text_[at_] == '"') break;
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      v += text_[at_];
    }
    ++at_;
  }
  void field(const char* name, DType& v) override {
    const auto found = dtype_named(word(name));
    if (!found) fail("a dtype");
    v = *found;
  }
  void field(const char* name, Dim& v) override {
    key(name);
    v = parse_dim(until_separator());
  }
  void field(const char* name, Tensor& v) override {
    key(name);
    const size_t bracket = text_.find('[', at_);
    if (bracket == std::string::npos) fail("a dtype and sizes");
    const auto dtype = dtype_named(text_.substr(at_, bracket - at_));
    if (!dtype) fail("a dtype");
    at_ = bracket + 1;
    Sizes sizes;
    while (!take(']')) {
      int64_t size = 0;
      integer(plain_word(), size, 10);
      sizes.push_back(size);
      take(',');
    }
    skip();
    if (!take('[')) fail("'['");
    const int64_t count = numel_of(sizes);
    if (count > static_cast<int64_t>(text_.size())) fail("as many values as the sizes say");
    Tensor t(*dtype, sizes);
    for (int64_t i = 0; i < count; ++i) {
      const std::string w = plain_word();
      if (*dtype == i64) integer(w, t.span<int64_t>()[static_cast<size_t>(i)], 10);
      else t.set(i, real(w));
      if (i + 1 < count && !take(',')) fail("','");
    }
    if (!take(']')) fail("']'");
    v = t;
  }
  void open_list(const char* name, size_t& size) override {
    key(name);
    if (!take('[')) fail("'['");
    // Count the elements at this level to size the list before its fields are read.
    size = 0;
    int depth = 0;
    bool quote = false, any = false;
    for (size_t i = at_; i < text_.size(); ++i) {
      const char c = text_[i];
      if (quote) {
        if (c == '\\') ++i;
        else if (c == '"') quote = false;
        continue;
      }
      if (c == '"') quote = true, any = true;
      else if (c == '[' || c == '{' || c == '(') ++depth, any = true;
      else if (depth == 0 && c == ']') break;
      else if (c == ']' || c == '}' || c == ')') --depth;
      else if (depth == 0 && c == ',') ++size;
      else if (c != ' ') any = true;
    }
    if (any) ++size;
    fresh_ = true;
  }
  void close_list() override {
    if (!take(']')) fail("']'");
    fresh_ = false;
  }
  void open_struct(const char* name) override {
    key(name);
    if (!take('{')) fail("'{'");
    fresh_ = true;
  }
  void close_struct() override {
    if (!take('}')) fail("'}'");
    fresh_ = false;
  }

 private:
  [[noreturn]] void fail(const std::string& wanted) const {
    throw UserError("attributes: expected " + wanted + " at character " + std::to_string(at_ + 1) + " of '" + text_ + "'");
  }
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    if (c != '"') skip();
    return true;
  }
  void key(const char* name) {
    skip();
    if (!fresh_ && !take(',')) fail("','");
    fresh_ = false;
    if (name == nullptr) return;
    const std::string wanted = std::string(name) + " = ";
    if (text_.compare(at_, wanted.size(), wanted) != 0) fail("'" + wanted + "'");
    at_ += wanted.size();
  }
  std::string until_separator() {
    const size_t start = at_;
    int depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '(') ++depth;
      if (c == ')') --depth;
      if (depth == 0 && (c == ',' || c == ']' || c == '}')) break;
      ++at_;
    }
    size_t end = at_;
    while (end > start && text_[end - 1] == ' ') --end;
    return text_.substr(start, end - start);
  }
  std::string plain_word() {
    skip();
    return until_separator();
  }
  std::string word(const char* name) {
    key(name);
    return until_separator();
  }
  template <class T>
  void integer(const std::string& w, T& v, int base) {
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v, base);
    if (error != std::errc{} || end != w.data() + w.size()) fail("an integer, got '" + w + "',");
  }
  double real(const std::string& w) {
    double v = 0;
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v);
    if (error != std::errc{} || end != w.data() + w.size()) fail("a number, got '" + w + "',");
    return v;
  }
  const std::string& text_;
  size_t& at_;
  bool fresh_ = true;
};

}  // namespace

std::string number_text(double value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

std::string tensor_literal_text(const Tensor& value) {
  std::string out = value.type_text() + " [";
  for (int64_t i = 0; i < value.numel(); ++i) {
    if (i > 0) out += ", ";
    if (value.dtype() == i64) out += std::to_string(value.span<int64_t>()[static_cast<size_t>(i)]);
    else if (value.dtype() == f32) {
      char digits[40];
      const auto end = std::to_chars(digits, digits + sizeof digits, value.span<float>()[static_cast<size_t>(i)]).ptr;
      out.append(digits, end);
    } else out += number_text(value.at(i));
  }
  return out + "]";
}

Attributes::Attributes() : Attributes(NoAttributes{}) {}

void Attributes::visit(FieldVisitor& visitor) const { def_->fields(const_cast<void*>(data_.get()), visitor); }

std::string Attributes::text() const {
  Printer printer;
  visit(printer);
  return printer.out.empty() ? "" : "{" + printer.out + "}";
}

size_t Attributes::hash() const { return std::hash<std::string>{}(text()); }

bool operator==(const Attributes& a, const Attributes& b) {
  if (a.data_ == b.data_) return true;
  return a.def_ == b.def_ && a.text() == b.text();
}

Attributes Attributes::parse(const AttributesDef* def, const std::string& text, size_t& at) {
  std::shared_ptr<void> data = def->create();
  while (at < text.size() && text[at] == ' ') ++at;
  Printer empty;
  def->fields(data.get(), empty);
  if (empty.out.empty()) return {def, data};
  if (at >= text.size() || text[at] != '{') throw UserError("attributes: expected '{' at character " + std::to_string(at + 1) + " of '" + text + "'");
  ++at;
  Reader reader(text, at);
  def->fields(data.get(), reader);
  if (at >= text.size() || text[at] != '}') throw UserError("attributes: expected '}' at character " + std::to_string(at + 1) + " of '" + text + "'");
  ++at;
  return {def, data};
}

Attributes Attributes::substitute(const Bindings& bindings) const {
  std::shared_ptr<void> data = def_->copy(data_.get());
  Substituter substituter(bindings);
  def_->fields(data.get(), substituter);
  return {def_, data};
}

void Attributes::check(const AttributesDef* wanted) const {
  if (def_ != wanted) throw InternalError("attributes: a node's attributes were read as another struct");
}

}  // namespace lanc
