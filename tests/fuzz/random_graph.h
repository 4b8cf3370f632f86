// tests/fuzz/random_graph.h: valid graphs made at random from a seed, with feeds, gradients of a scalar made from all values, and updates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <lanc/lanc.h>

namespace lanc::fuzz {

/// A generator of its own, so that a seed means the same graph everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) { state_ = next(); }  // far apart: else seed 2 draws what seed 1 does, one later
  uint64_t next();
  /// In [0, n).
  int64_t below(int64_t n) { return static_cast<int64_t>(next() >> 11) % n; }
  /// In [low, high).
  double uniform(double low, double high);
  bool chance(double p) { return uniform(0, 1) < p; }

 private:
  uint64_t state_;
};

/// What a graph may hold, by how its results are compared.
enum class Compared : uint8_t {
  nearly,    // jumps (comparisons, positions of maxima) only where nothing ties but by chance
  smoothly,  // no jumps, none of derivatives either: for 16-bit floats, where all kinds of things tie
  by_bits,   // also narrowing casts, whose roundings carry the last bit of what is before them on
};

struct GraphOptions {
  DType dtype = f64;     // of the inputs; an integer dtype: inputs of all integer dtypes, no gradients
  int64_t nodes = 12;    // results of the chain of ops, each made from one to three earlier ones
  bool products = true;  // contractions: their sums may be reordered
  bool updates = false;  // parameters and states, and new values for them
  Compared compared = Compared::nearly;
};

/// A graph in which every value stays small and away from jumps, so that two orders of the same arithmetic agree.
struct RandomGraph {
  Graph graph;
  Feeds feeds;
  std::vector<Value> outputs;  // some values, a scalar loss, its gradients
  Updates updates;
  std::vector<Value> states;   // all of them, updated or not
  double longest = 1;          // largest number of terms that a sum anywhere adds
};
RandomGraph random_graph(uint64_t seed, const GraphOptions& options);

}  // namespace lanc::fuzz
