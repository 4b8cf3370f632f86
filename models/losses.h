// models/losses.h: how far predictions are from what they should be: one number per example, then their mean.
#pragma once

#include <optional>

#include <lanc/graph/graph.h>

namespace lanc {

/// What becomes of the examples' losses.
enum class Reduction : uint8_t { mean, sum, none };

/// Options of every loss. Weights and mask have the shape of the examples' losses (what Reduction::none gives).
///     mean: sum(w * l) / sum(w) over the examples that the mask lets through; w is 1 without weights
///     sum:  sum(w * l)
///     none: w * l, 0 where the mask is false
/// A mean over no examples, or whose weights sum to 0, is the sum.
struct LossOptions {
  Reduction reduction = Reduction::mean;
  std::optional<Value> weights = {};  // of a number dtype
  std::optional<Value> mask = {};     // bool; a masked example gives no loss and no gradient, whatever it holds: a NaN, a label of -1
};

}  // namespace lanc

/// Predictions p and targets t have one shape; nothing broadcasts, but a target may be a number. The first axis counts the examples, the others
/// belong to one example (rank 0 and 1: each element is an example). The loss has the promoted dtype of both, f32 for 16-bit floats; integer and
/// bool targets count as numbers. UserError: shapes that differ, a prediction that is not a float, weights or a mask of another shape; the
/// message names both lines.
namespace lanc::losses {

/// 1/2 ||p - t||^2.
Value half_squared_error(Operand prediction, Operand target, LossOptions options = {});
/// Mean of (p - t)^2.
Value mse(Operand prediction, Operand target, LossOptions options = {});
/// Mean of |p - t|.
Value mae(Operand prediction, Operand target, LossOptions options = {});
/// Sum of |p - t|: the L1 norm.
Value l1(Operand prediction, Operand target, LossOptions options = {});
/// Mean of 1/2 d^2 where |d| <= delta, else delta (|d| - 1/2 delta), d = p - t (Huber 1964). UserError: delta a number that is not positive.
Value huber(Operand prediction, Operand target, Operand delta = 1.0, LossOptions options = {});
/// Mean of -t log s(x) - (1 - t) log(1 - s(x)), s the sigmoid, x the logits, t in [0, 1]; exact for large |x|, smooth everywhere.
Value bce_with_logits(Operand logits, Operand target, LossOptions options = {});
/// Mean of max(0, 1 - t p), t -1 or 1.
Value hinge(Operand prediction, Operand target, LossOptions options = {});

// The next three take distributions over C classes along the last axis, {..., C}, C a number; all other axes count examples.

/// -log softmax(x)[label] for integer labels {...}, or -sum of q log softmax(x) for a float target q {..., C}. Stable for any logits; one
/// of -inf is a class that cannot be: it costs nothing where q is 0. A label outside [0, C), where the mask does
/// not hide it, is a UserError of the call: it names the label, its position and the user's line.
Value softmax_cross_entropy(Operand logits, Operand target, LossOptions options = {});
/// -p[label] of log-probabilities p {..., C}; integer labels {...} as above.
Value nll(Operand log_probabilities, Operand labels, LossOptions options = {});
/// Sum of t (log t - p): the divergence of the distribution exp(p), given by its logarithm p, from the target t; 0 log 0 = 0.
Value kl_divergence(Operand log_prediction, Operand target, LossOptions options = {});

}  // namespace lanc::losses
