// graph/attributes.h: the attributes of a node: any aggregate with `void fields(auto& visit)`, held without its type.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <lanc/graph/dim.h>
#include <lanc/graph/dtype.h>
#include <lanc/graph/tensor.h>

namespace lanc {

template <class T>
concept TextField = requires(const T& field, const std::string& text) {
  { field.text() } -> std::convertible_to<std::string>;
  { T::parse(text) } -> std::convertible_to<T>;
};

/// What `fields` is called with. Hash, equality, printing, parsing and the binding of dims are each one visitor.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;
  virtual void field(const char* name, bool& value) = 0;
  virtual void field(const char* name, int64_t& value) = 0;
  virtual void field(const char* name, uint64_t& value) = 0;
  virtual void field(const char* name, double& value) = 0;
  virtual void field(const char* name, std::string& value) = 0;
  virtual void field(const char* name, DType& value) = 0;
  virtual void field(const char* name, Dim& value) = 0;
  virtual void field(const char* name, Tensor& value) = 0;
  /// Opens a list; a reader sets its size.
  virtual void open_list(const char* name, size_t& size) = 0;
  virtual void close_list() = 0;
  virtual void open_struct(const char* name) = 0;
  virtual void close_struct() = 0;

  template <class T>
  void operator()(const char* name, T& value) {
    if constexpr (requires { field(name, value); }) {
      field(name, value);
    } else if constexpr (TextField<T>) {
      const std::string before = value.text();
      std::string text = before;
      field(name, text);
      if (text != before) value = T::parse(text);
    } else if constexpr (requires { value.fields(*this); }) {
      open_struct(name);
      value.fields(*this);
      close_struct();
    } else if constexpr (std::is_enum_v<T>) {
      int64_t number = static_cast<int64_t>(value);
      field(name, number);
      value = static_cast<T>(number);
    } else {
      visit_list(name, value);
    }
  }

 private:
  template <class T>
  void visit_list(const char* name, std::vector<T>& values) {
    size_t size = values.size();
    open_list(name, size);
    values.resize(size);
    for (T& value : values) (*this)(nullptr, value);
    close_list();
  }
};

/// What the machinery knows about one attributes struct. Two structs are the same type when their tables are the same object.
struct AttributesDef {
  std::shared_ptr<void> (*create)();
  std::shared_ptr<void> (*copy)(const void*);
  void (*fields)(void*, FieldVisitor&);
};

struct NoAttributes {
  void fields(auto&) {}
};

namespace detail {
template <class T>
inline constexpr AttributesDef attributes_def{
    [] () -> std::shared_ptr<void> { return std::make_shared<T>(); },
    [](const void* p) -> std::shared_ptr<void> { return std::make_shared<T>(*static_cast<const T*>(p)); },
    [](void* p, FieldVisitor& visit) { static_cast<T*>(p)->fields(visit); },
};
}  // namespace detail

/// `OpDef{.attributes = attributes<SumAttrs>}`.
template <class T>
inline constexpr const AttributesDef* attributes = &detail::attributes_def<T>;

/// An immutable, shared attributes struct.
class Attributes {
 public:
  Attributes();
  template <class T>
    requires requires(T& t, FieldVisitor& v) { t.fields(v); }
  Attributes(T value) : def_(attributes<T>), data_(std::make_shared<const T>(std::move(value))) {}
  Attributes(const AttributesDef* def, std::shared_ptr<const void> data) : def_(def), data_(std::move(data)) {}

  const AttributesDef* def() const { return def_; }
  template <class T>
  bool is() const {
    return def_ == attributes<T>;
  }
  template <class T>
  const T& as() const {
    check(attributes<T>);
    return *static_cast<const T*>(data_.get());
  }
  size_t hash() const;
  friend bool operator==(const Attributes& a, const Attributes& b);
  /// "{axes = [1], keep = false}", or nothing for an empty struct.
  std::string text() const;
  /// Reads what text() wrote, from position `at` on, and moves `at` behind it. UserError with the position.
  static Attributes parse(const AttributesDef* def, const std::string& text, size_t& at);
  /// The same attributes with bound dims replaced.
  Attributes substitute(const Bindings& bindings) const;
  void visit(FieldVisitor& visitor) const;  // must not change fields

 private:
  void check(const AttributesDef* wanted) const;
  const AttributesDef* def_;
  std::shared_ptr<const void> data_;
};

bool operator==(const Attributes& a, const Attributes& b);

/// Exact and short: the fewest digits that read back to the same double ("1e-04", "0.1", "inf", "nan").
std::string number_text(double value);
/// "f32[2] [0.5, 1]"; values in full, which graph/text.h reads back.
std::string tensor_literal_text(const Tensor& value);

}  // namespace lanc
