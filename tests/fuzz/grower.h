// tests/fuzz/grower.h: grows a random graph: a pool of values, and makers that make one more of some of them. Every result is squashed to about
// [-2, 2] where an op could make it large, and no axis grows without bound. Draws are made one statement at a time: compilers evaluate
// operands in any order.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <lanc/tests/fuzz/random_graph.h>

namespace lanc::fuzz {

class Grower {
 public:
  Grower(uint64_t seed, const GraphOptions& options);
  RandomGraph grow();

 private:
  using Make = Value (Grower::*)();

  // The pool (random_graph.cpp).
  void add_input(int64_t i);
  Value next_value();
  void finish();
  Dim random_dim();
  int64_t bound(const Dim& d) const { return d.bind({{"batch", batch_size_}}); }
  int64_t elements(const Value& x) const { return bound(x.type().numel()); }
  /// Small enough to be made larger.
  bool small(const Value& x) const { return elements(x) <= 400 && x.rank() < 5; }
  bool integers() const { return is_integer(options_.dtype); }
  bool smooth() const { return options_.compared == Compared::smoothly; }
  bool bits() const { return options_.compared == Compared::by_bits; }
  /// A value, recent ones more often.
  Value pick();
  Value pick_of_rank(int64_t rank);
  /// Another value in the shape of the first, by what broadcasting allows.
  Value partner(const Value& x);
  /// One of exactly this type, at worst itself.
  Value pick_like(const Value& x);
  int64_t random_axis(const Value& v);
  std::vector<int64_t> some_axes(const Value& x);
  double number() { return 0.1 + 0.0137 * static_cast<double>(random_.below(100)); }  // no round number: nothing ties with it
  double signed_number();
  void count_terms(const Value& x);
  Tensor random_tensor(DType dtype, const Sizes& sizes);
  std::string fresh(const char* what) { return what + std::to_string(names_++); }
  Scope draws() const { return result_.graph.scope("draws"); }

  // Elementwise, draws (make_elementwise.cpp).
  Value unary();
  Value binary();
  Value literal();
  Value choose();
  Value cast_there_and_back();
  Value narrowed();
  Value user_formula();
  Value drawn();
  Value marked();
  Value twice();
  Value integer_unary();
  Value integer_binary();
  Value compared();
  Value chosen();
  Value converted();

  // Moves and indices, of any dtype (make_moves.cpp, make_indexed.cpp).
  Value moved();
  Value sliced();
  Value padded();
  Value joined();
  Value repeated();
  Value turned();
  Value triangle();
  /// Whole numbers in [0, n) of this shape; sometimes counted from the end.
  Value positions(const Shape& shape, const Value& like, int64_t n, bool from_end = true);
  Value gathered();
  Value taken();
  Value scattered();
  Value slices_set();
  Value labelled();
  Value largest_position(const Value& x, const ReduceAttrs& attrs);

  // Reductions and products (make_sums.cpp).
  Value ramp(const Value& like);
  Value reduced();
  Value truth();
  Value running();
  Value normalized();
  Value spread();
  Value product();
  Value einsum_product();
  Value integer_reduced();
  Value integer_product();
  Value convolved();
  Value pooled();

  // States and their new values (make_updates.cpp).
  void add_states();
  Value new_value(const Value& state, const std::vector<Value>& gradients);
  void add_updates(const Value& loss);

  Random random_;
  GraphOptions options_;
  RandomGraph result_;
  Dim batch_;
  int64_t batch_size_ = 3;
  std::vector<Value> inputs_, pool_;
  int names_ = 0;
};

}  // namespace lanc::fuzz
