// ops/random.h: counter-based random values: the same bits for the same seed, key, step and element on every backend and number of threads.
//
// A draw is named by the path of its scope and by {.name = ...}: an op added elsewhere changes no draw. It is made anew in every call that
// draws or updates (the session's step counts them), and is the same within one call, wherever it is read or recomputed. Shapes may have
// symbols. Parameters (bounds, mean, ...) are numbers or values that broadcast to the shape; they have derivatives of any order, by which the
// draw itself stands still. Draws of bf16 and f16 are made in f32 and rounded. UserError of all: two draws of one name in one scope (both lines
// are named), a dtype that is no float, parameters that do not broadcast to the shape.
#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Where a draw's numbers come from: the hash of its scope path and name, fixed when it is built.
uint64_t random_key(std::string_view path, std::string_view name);

struct RandomAttrs {
  uint64_t key = 0;
  Shape shape = {};
  DType dtype = DType::f32;
  void fields(auto& visit) {
    visit("key", key);
    visit("shape", shape);
    visit("dtype", dtype);
  }
};
/// Operands: the session's seed and step, both i64[]. Result: uniform in [0, 1), multiples of 2^-24 (f32) or 2^-53 (f64), from
/// Philox4x32-10 (Salmon et al. 2011) with key = hash(seed, key) and counter = (element, step).
extern const OpDef random_uniform_op;
/// Operands also: p, or logits. Composites of random_uniform that say why they have no derivative.
extern const OpDef random_bernoulli_op;
extern const OpDef random_categorical_op;

struct PermutationAttrs {
  uint64_t key = 0;
  Dim size = {};
  void fields(auto& visit) {
    visit("key", key);
    visit("size", size);
  }
};
/// Operands: seed and step.
extern const OpDef random_permutation_op;

struct DrawOptions {
  std::string name = "";
  DType dtype = DType::f32;
};

/// Uniform in [low, high): low + u (high - low); high itself only where the sum rounds to it.
Value random_uniform(const Scope& scope, Shape shape, Operand low = 0.0, Operand high = 1.0, DrawOptions options = {},
                     std::source_location where = std::source_location::current());
/// Normal with this mean and standard deviation (Box and Muller 1958). In f32 the largest distance from the mean is 5.8 deviations.
Value random_normal(const Scope& scope, Shape shape, Operand mean = 0.0, Operand deviation = 1.0, DrawOptions options = {},
                    std::source_location where = std::source_location::current());

/// Where a normal is cut off, in deviations from the mean.
struct TruncatedOptions {
  double low = -2;
  double high = 2;
  std::string name = "";
  DType dtype = DType::f32;
};
/// mean + z * deviation, z normal under the condition low <= z <= high; by the inverse distribution function, in f64.
/// UserError also: low not below high, low above 6 or high below -6 (f64 does not resolve the normal there).
Value random_truncated_normal(const Scope& scope, Shape shape, Operand mean = 0.0, Operand deviation = 1.0, TruncatedOptions options = {},
                              std::source_location where = std::source_location::current());
/// Exponential with density rate e^(-rate x): -log(1 - u) / rate.
Value random_exponential(const Scope& scope, Shape shape, Operand rate = 1.0, DrawOptions options = {},
                         std::source_location where = std::source_location::current());
/// Gumbel with distribution function e^(-e^(-(x - location) / scale)): location - scale log(-log(1 - u)), finite.
Value random_gumbel(const Scope& scope, Shape shape, Operand location = 0.0, Operand scale = 1.0, DrawOptions options = {},
                    std::source_location where = std::source_location::current());

/// bool: true with probability p, of a draw in options.dtype. No derivative.
Value random_bernoulli(const Scope& scope, Shape shape, Operand p = 0.5, DrawOptions options = {},
                       std::source_location where = std::source_location::current());
/// i64 {...} for logits {..., classes}: class k with probability softmax(logits)[k], as the largest of logits + gumbel (Gumbel 1954). A logit
/// of -inf is a class that never comes, a row with a NaN gives 0. In f32 probabilities below 2^-24 are not resolved. No
/// derivative. UserError: logits that are no floats, rank 0, no classes.
Value random_categorical(const Scope& scope, Operand logits, std::string name = "",
                         std::source_location where = std::source_location::current());
/// i64 {size}: 0, 1, ..., size - 1 in random order: the positions sorted by 64 random bits each. UserError: a negative size.
Value random_permutation(const Scope& scope, Dim size, std::string name = "",
                         std::source_location where = std::source_location::current());

/// Uniform in [0, 1) with a key of one's own: what the named draws and the initializers are made of. In a body graph (an initial value)
/// the step is 0.
Value random_bits_uniform(Graph graph, uint64_t key, Shape shape, DType dtype, SourceLine where);

/// The session's step and seed as values. Draws read them; the session advances the step.
Value session_step(Graph graph);
Value session_seed(Graph graph);
inline constexpr std::string_view session_step_path = "session/step";
inline constexpr std::string_view session_seed_path = "session/seed";

}  // namespace lanc
