// graph/op.h: the contract of an op: everything the machinery knows about it, as data in one place.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/attributes.h>
#include <lanc/graph/location.h>
#include <lanc/graph/value.h>

namespace lanc {

struct OpDef;
class Graph;
class Formula;  // ops/scalar/formula.h

/// UserError unless `name` can stand in the text form: letters, digits and '_', a letter first. `function`: whose argument it is.
void require_op_name(std::string_view function, std::string_view name);

/// What an inference rule sees. fail() and the require functions name the op, what it needs, what it got and the user's lines.
class InferArgs {
 public:
  InferArgs(const OpDef& op, const Attributes& attributes, std::span<const Type> inputs, GraphData* graph, OriginRef origin,
            std::span<const OriginRef> operand_origins, std::span<const Graph> bodies = {})
      : op_(op), attributes_(attributes), inputs_(inputs), graph_(graph), origin_(std::move(origin)), operands_(operand_origins), bodies_(bodies) {}

  size_t size() const { return inputs_.size(); }
  const Type& input(size_t i) const { return inputs_[i]; }
  const Shape& shape(size_t i) const { return inputs_[i].shape; }
  DType dtype(size_t i) const { return inputs_[i].dtype; }
  template <class T>
  const T& attrs() const {
    return attributes_.as<T>();
  }
  /// Throws UserError: "op: requirement, got got" and the lines of the call and of the operands.
  [[noreturn]] void fail(const std::string& requirement, const std::string& got) const;
  /// "f32[2,3] and i32[4]".
  std::string types_text() const;
  /// Equal for every binding, or recorded with the user's line and checked when dims are bound; UserError when surely different.
  void require_equal(const Dim& a, const Dim& b, const std::string& requirement) const;
  /// a <= b for every binding, or recorded and checked when dims are bound; UserError when surely not. `got`: as in fail.
  void require_at_most(const Dim& a, const Dim& b, const std::string& requirement, const std::string& got) const;
  /// The axis in [0, rank); UserError "axis must be in [-2, 2), got 2".
  int64_t axis(int64_t axis, int64_t rank) const;
  /// Normalized, sorted; empty means all axes. UserError: out of range or named twice.
  std::vector<int64_t> axes(const std::vector<int64_t>& axes, int64_t rank) const;
  /// UserError unless every input is of a float (number: float or integer) dtype.
  void require_float() const;
  void require_number() const;
  const OpDef& op() const { return op_; }
  const Attributes& attributes() const { return attributes_; }
  /// The graphs that an op of control runs.
  std::span<const Graph> bodies() const { return bodies_; }

 private:
  const OpDef& op_;
  const Attributes& attributes_;
  std::span<const Type> inputs_;
  GraphData* graph_;
  OriginRef origin_;
  std::span<const OriginRef> operands_;
  std::span<const Graph> bodies_;
};

/// What rules are handed from the layer above: how zeros are made, and the derivatives of the graph within a node.
struct Derivation {
  Value (*zeros)(const Value& like);
  /// Cotangents of outputs back to `wanted` values of one graph; none where nothing flows.
  std::vector<std::optional<Value>> (*differentiate)(const std::vector<Value>& outputs, const std::vector<Value>& cotangents, const std::vector<Value>& wanted);
};

/// What a VJP rule sees: the node, its values, and the cotangents of its outputs.
class VjpArgs {
 public:
  VjpArgs(Value first_output, std::vector<std::optional<Value>> cotangents, std::vector<bool> wanted, const Derivation& derivation)
      : node_(std::move(first_output)), cotangents_(std::move(cotangents)), wanted_(std::move(wanted)), derivation_(derivation) {}

  /// Of output i; zeros are made when nothing depends on that output.
  Value cotangent(size_t i = 0) const { return cotangents_[i] ? *cotangents_[i] : derivation_.zeros(output(i)); }
  bool has_cotangent(size_t i) const { return cotangents_[i].has_value(); }
  size_t inputs() const;
  Value input(size_t i) const;
  const Shape& input_shape(size_t i) const { return input_type(i).shape; }
  const Type& input_type(size_t i) const;
  Value output(size_t i = 0) const;
  /// Is the cotangent of input i wanted? A rule may leave out what is not.
  bool wanted(size_t i) const { return wanted_[i]; }
  template <class T>
  const T& attrs() const {
    return attributes().as<T>();
  }
  const Attributes& attributes() const;
  const OpDef& op() const;
  Graph graph() const;
  const Derivation& derivation() const { return derivation_; }

 private:
  Value node_;
  std::vector<std::optional<Value>> cotangents_;
  std::vector<bool> wanted_;
  Derivation derivation_;
};

/// One per input; none where the input has no derivative (integers, bools) or nothing flows.
using Cotangents = std::vector<std::optional<Value>>;

/// One per output; none where nothing moves.
using Tangents = std::vector<std::optional<Value>>;

/// What a JVP rule sees: the node, its values, and the tangents of its inputs.
class JvpArgs {
 public:
  JvpArgs(Value first_output, Tangents tangents) : node_(std::move(first_output)), tangents_(std::move(tangents)) {}

  /// Of input i; none: it stands still.
  const std::optional<Value>& tangent(size_t i = 0) const { return tangents_[i]; }
  size_t inputs() const { return tangents_.size(); }
  Value input(size_t i) const;
  Value output(size_t i = 0) const;
  template <class T>
  const T& attrs() const {
    return attributes().as<T>();
  }
  const Attributes& attributes() const;
  const OpDef& op() const;
  Graph graph() const;

 private:
  Value node_;
  Tangents tangents_;
};

/// What a batch rule sees: the op once more, over many examples at once. Inputs that differ between examples have one more axis in front, of `length`.
struct BatchArgs {
  const OpDef& op;
  const Attributes& attributes;
  std::vector<Value> inputs;
  std::vector<bool> batched;
  Dim length;
  std::vector<Type> outputs;  // of one example
  template <class T>
  const T& attrs() const {
    return attributes.as<T>();
  }
};
/// Values with one more axis in front, one per output.
using BatchRule = std::vector<Value> (*)(const BatchArgs& args);

struct CostArgs {
  std::span<const Type> inputs;
  std::span<const Type> outputs;
  const Attributes& attributes;
  std::span<const Graph> bodies = {};
};
/// Floating-point operations and bytes moved, as dims.
struct Cost {
  Dim flops;
  Dim bytes;
};
/// One flop per element of the first output; every input and output moved once.
Cost default_cost(const CostArgs& args);

/// Which values the VJP rule reads, whatever the attributes: what it does not read is not kept for the backward pass. Tests hold rules to it.
struct Reads {
  bool inputs = true;
  bool outputs = false;
};

enum class Effects : uint8_t {
  none,    // a pure function of its operands
  random,  // pure too (counter-based), but named: an op that draws
  state,   // reads a state of the session: parameter, state, knob
  host,    // calls back into the host, in order: print, probe, check
};

/// Where two runs give the same bits: everywhere, on one machine, nowhere. A strict session takes the first only.
enum class Determinism : uint8_t { same_bits, same_machine, not_deterministic };

/// Composed ops: the op written with others. Given the node's operands; returns its outputs.
using Compose = std::vector<Value> (*)(const std::vector<Value>& inputs, const Attributes& attributes, const OpDef& op);

struct OpDef {
  std::string_view name;
  std::string_view family = "";                   // elementwise, reduce, contract, layout, index, random, source, ...
  int arity = 1;                                  // -1: any number
  const AttributesDef* attributes = lanc::attributes<NoAttributes>;
  Types (*infer)(const InferArgs& args) = nullptr;
  Cotangents (*vjp)(const VjpArgs& args) = nullptr;
  Tangents (*jvp)(const JvpArgs& args) = nullptr; // none: by the vjp of the vjp
  BatchRule batch = nullptr;                      // none: vmap runs a loop
  std::string_view no_gradient = "";              // why there is no vjp
  int residuals = 0;                              // so many last outputs exist for the VJP only
  Reads reads = {};
  Cost (*cost)(const CostArgs& args) = default_cost;
  int alias_of = -1;                              // output 0 has the bytes of this input (reshape)
  Effects effects = Effects::none;
  Determinism determinism = Determinism::same_bits;
  const Formula* (*formula)(const OpDef& op, const Attributes& attributes) = nullptr;  // elementwise ops: the scalar formula
  Compose compose = nullptr;                      // composites: the definition
  const void* context = nullptr;                  // what `formula` needs, e.g. the row of the scalar table
  std::string_view doc = "";
};

/// Static ops are referred to without counting; a user's op object is kept alive by the nodes that use it.
using OpRef = std::shared_ptr<const OpDef>;
inline OpRef static_op(const OpDef& op) { return {std::shared_ptr<void>(), &op}; }

/// One node with this op. Literals take the promoted dtype of the other operands. UserError from the op's inference rule,
/// or when the operands belong to different graphs or are all numbers.
Value apply(const OpDef& op, std::vector<Operand> operands, Attributes attributes = {});
Value apply(OpRef op, std::vector<Operand> operands, Attributes attributes = {});
/// All outputs of the node.
std::vector<Value> apply_all(OpRef op, std::vector<Operand> operands, Attributes attributes = {});
std::vector<Value> apply_all(const OpDef& op, std::vector<Operand> operands, Attributes attributes = {});
/// A node of an op of control, with the graphs that it runs.
std::vector<Value> apply_control(const OpDef& op, const std::vector<Value>& operands, Attributes attributes, std::vector<Graph> bodies, SourceLine where);
/// Numbers become constants of the promoted dtype of the other operands. UserError: several graphs, or only numbers.
std::vector<Value> resolve_operands(const OpDef& op, const std::vector<Operand>& operands);
/// A node without operands.
Value apply_source(const OpDef& op, Graph graph, Attributes attributes, SourceLine where);

/// Ops by name, for reading graphs back: ours (all_ops(), ops/op_set.h) plus the user's.
class OpSet {
 public:
  void add(OpRef op);
  void add(const OpDef& op) { add(static_op(op)); }
  /// Null when there is none.
  OpRef find(std::string_view name) const;
  const std::vector<OpRef>& ops() const { return ops_; }

 private:
  std::vector<OpRef> ops_;
};

}  // namespace lanc
