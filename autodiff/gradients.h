// autodiff/gradients.h: derivatives as graph: reverse mode, and what is built on it. Every result can be differentiated again.
#pragma once

#include <functional>
#include <source_location>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>
#include <lanc/ops/marks.h>

namespace lanc {

/// What a derivative with respect to a value that the output does not depend on is.
enum class Unreached : uint8_t { error, zeros };

/// d loss / d wrt[i], each of the type of wrt[i]. UserError: the loss is not a float of rank 0, a wanted value is not a float, or
/// (Unreached::error) the loss does not depend on it; the message names it and its line.
std::vector<Value> gradients(Operand loss, const std::vector<Value>& wrt, Unreached unreached = Unreached::error);
/// The same for one value.
Value gradient(Operand loss, const Value& wrt, Unreached unreached = Unreached::error);

/// Sum over outputs of cotangent^T * (d output / d wrt[i]). Cotangents have the outputs' types.
std::vector<Value> vjp(const std::vector<Value>& outputs, const std::vector<Value>& wrt, const std::vector<Value>& cotangents,
                       Unreached unreached = Unreached::zeros, std::source_location where = std::source_location::current());
/// Sum over i of (d output / d wrt[i]) * tangents[i], one per output: the derivative along a direction; zeros for an output that does not
/// depend on any. UserError: another number of tangents, a tangent of another type than its value, an output or value that is not a float.
std::vector<Value> jvp(const std::vector<Value>& outputs, const std::vector<Value>& wrt, const std::vector<Value>& tangents,
                       std::source_location where = std::source_location::current());
/// Hessian of the loss times a direction, one per wrt. UserError: as gradients; another number of directions, or of another type than their values.
std::vector<Value> hvp(Operand loss, const std::vector<Value>& wrt, const std::vector<Value>& direction);

/// All derivatives d y[i...] / d x[j...]: of shape y's axes, then x's. Rows are made at once, by vmap of vjp. UserError: y or x is not a float, or y does
/// not depend on x.
Value jacobian(Operand y, const Value& x);

/// The value itself; nothing flows back through it.
Value stop_gradient(Operand x);

/// `forward` with another derivative: backward(inputs, outputs, cotangents) gives one cotangent per input, of its type (none: zero; integers
/// need none). Cotangents of outputs that nothing uses are zeros. The forward's own derivative is not used; the backward may itself be
/// differentiated. The graph keeps `backward`, and a Value keeps its graph: a backward that captures a Value keeps the graph alive for ever. It should
/// capture numbers only, and take the values that it needs as inputs.
/// UserError: no input, no output; cotangents of another number or type, when a derivative is asked for.
using CustomForward = std::function<std::vector<Value>(const std::vector<Value>& inputs)>;
using CustomBackward =
    std::function<Cotangents(const std::vector<Value>& inputs, const std::vector<Value>& outputs, const std::vector<Value>& cotangents)>;
std::vector<Value> custom_vjp(std::string_view name, const std::vector<Value>& inputs, const CustomForward& forward, CustomBackward backward,
                              std::source_location where = std::source_location::current());

}  // namespace lanc
