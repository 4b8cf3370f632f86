// graph/value.h: what users hold: a symbolic value, and the parameter type through which ops take values and numbers.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <lanc/graph/dim.h>
#include <lanc/graph/dtype.h>
#include <lanc/graph/literal.h>
#include <lanc/graph/location.h>

namespace lanc {

using Shape = std::vector<Dim>;

/// dtype and shape of a value.
struct Type {
  DType dtype = DType::f32;
  Shape shape = {};
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  /// Number of elements, as a dim.
  Dim numel() const;
  Dim bytes() const { return numel() * size_of(dtype); }
  /// "f32[batch,784]".
  std::string text() const;
  friend bool operator==(const Type& a, const Type& b) { return a.dtype == b.dtype && a.shape == b.shape; }
};
using Types = std::vector<Type>;

/// "[batch,784]".
std::string shape_text(const Shape& shape);

class Graph;
struct GraphData;
struct Node;

/// A result of a node. Copies mean the same value; a value keeps its graph alive. `==` is identity (elementwise: equal(a, b)).
class Value {
 public:
  Value(std::shared_ptr<GraphData> graph, uint32_t node, uint32_t output)
      : graph_(std::move(graph)), node_(node), output_(output) {}

  const Type& type() const;
  DType dtype() const { return type().dtype; }
  const Shape& shape() const { return type().shape; }
  int64_t rank() const { return type().rank(); }
  /// Size of an axis; negative counts from the end. UserError: out of range.
  Dim size(int64_t axis) const;

  Graph graph() const;
  const Node& node() const;
  uint32_t node_id() const { return node_; }
  uint32_t output() const { return output_; }
  const std::shared_ptr<GraphData>& graph_data() const { return graph_; }

  friend bool operator==(const Value& a, const Value& b) {
    return a.graph_ == b.graph_ && a.node_ == b.node_ && a.output_ == b.output_;
  }

  /// Does not compile: a symbolic value has no truth yet.
  template <class T>
    requires std::same_as<T, bool>
  explicit operator T() const {
    static_assert(!std::same_as<T, bool>,
                  "a lanc::Value is symbolic: its truth is not known while the graph is built. Use where(condition, a, b), "
                  "or run a function and look at its result; for identity compare values with ==");
    return false;
  }

 private:
  std::shared_ptr<GraphData> graph_;
  uint32_t node_ = 0;
  uint32_t output_ = 0;
};

/// How ops take their operands: a Value or a number, with the line at which it was handed over.
class Operand {
 public:
  Operand(Value value, std::source_location where = std::source_location::current()) : value_(std::move(value)), line_(where) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  Operand(T number, std::source_location where = std::source_location::current()) : literal_(number), line_(where) {}

  /// The same value, handed over at another line.
  Operand(Value value, SourceLine line) : value_(std::move(value)), line_(line) {}

  bool is_literal() const { return !value_.has_value(); }
  /// UserError when it is a number.
  const Value& value() const;
  operator const Value&() const { return value(); }
  const Literal& literal() const { return literal_; }
  SourceLine line() const { return line_; }

  const Type& type() const { return value().type(); }
  DType dtype() const { return value().dtype(); }
  const Shape& shape() const { return value().shape(); }
  int64_t rank() const { return value().rank(); }
  Dim size(int64_t axis) const { return value().size(axis); }
  Graph graph() const;

 private:
  std::optional<Value> value_;
  Literal literal_;
  SourceLine line_;
};

}  // namespace lanc
