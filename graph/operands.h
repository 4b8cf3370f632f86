// graph/operands.h: how ops take a list of operands: values and numbers in braces, or a vector of values.
#pragma once

#include <vector>

#include <lanc/graph/value.h>

namespace lanc {

/// concat({a, b}, 1), or concat(values, 1) with a std::vector<Value>. Keeps the line at which the list was handed over.
class Operands {
 public:
  Operands(std::initializer_list<Operand> operands) : operands_(operands) {}
  Operands(std::vector<Operand> operands) : operands_(std::move(operands)) {}
  Operands(const std::vector<Value>& values, std::source_location where = std::source_location::current()) {
    for (const Value& v : values) operands_.emplace_back(v, where);
  }

  size_t size() const { return operands_.size(); }
  bool empty() const { return operands_.empty(); }
  const Operand& operator[](size_t i) const { return operands_[i]; }
  auto begin() const { return operands_.begin(); }
  auto end() const { return operands_.end(); }
  const std::vector<Operand>& list() const { return operands_; }
  /// Of the first operand; unknown when there is none.
  SourceLine line() const { return operands_.empty() ? SourceLine{} : operands_[0].line(); }
  /// Of the first operand that is a value; null when there is none.
  std::shared_ptr<GraphData> graph_data() const {
    for (const Operand& o : operands_)
      if (!o.is_literal()) return o.value().graph_data();
    return nullptr;
  }

 private:
  std::vector<Operand> operands_;
};

}  // namespace lanc
