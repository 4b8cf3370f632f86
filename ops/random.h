// ops/random.h: counter-based random values: the same bits for the same seed, key, step and element on every backend.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <lanc/graph/graph.h>

namespace lanc {

/// Where a draw's numbers come from: the hash of its scope path and name, fixed when it is built. An op added elsewhere changes no draw.
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

/// Options of a draw. Two unnamed draws in one scope are an error: name them or give each its own scope.
struct DrawOptions {
  std::string name = "";
  DType dtype = DType::f32;
};

/// Uniform in [low, high).
Value random_uniform(const Scope& scope, Shape shape, Operand low = 0.0, Operand high = 1.0, DrawOptions options = {});
/// Normal with this mean and standard deviation (Box and Muller 1958).
Value random_normal(const Scope& scope, Shape shape, Operand mean = 0.0, Operand deviation = 1.0, DrawOptions options = {});
/// bool: true with probability p.
Value random_bernoulli(const Scope& scope, Shape shape, Operand p = 0.5, DrawOptions options = {});

/// Uniform in [0, 1) with a key of one's own: what the named draws and the initializers are made of. In a body graph (an initial value)
/// the step is 0.
Value random_bits_uniform(Graph graph, uint64_t key, Shape shape, DType dtype, SourceLine where);

/// The session's step and seed as values. Draws read them; the session advances the step.
Value session_step(Graph graph);
Value session_seed(Graph graph);
inline constexpr std::string_view session_step_path = "session/step";
inline constexpr std::string_view session_seed_path = "session/seed";

/// The generator: four 32-bit words for a counter and a key.
struct Philox {
  uint32_t words[4];
};
Philox philox(uint64_t counter_low, uint64_t counter_high, uint64_t key);
/// The key of a draw under a session's seed.
uint64_t philox_key(uint64_t key, int64_t seed);
/// Elements [begin, end) of a draw, into `out` (float or double by dtype).
void fill_uniform(DType dtype, uint64_t key, int64_t seed, int64_t step, int64_t begin, int64_t end, std::byte* out);

}  // namespace lanc
