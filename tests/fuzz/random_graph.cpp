#include <lanc/tests/fuzz/random_graph.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

namespace lanc::fuzz {

uint64_t Random::next() {  // splitmix64 (Steele et al. 2014)
  uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Random::uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }

namespace {

// Values that may be used next. Every result is squashed to about [-2, 2] where an op could make it large.
class Grower {
 public:
  Grower(uint64_t seed, const GraphOptions& options) : random_(seed), options_(options) {}

  RandomGraph grow() {
    batch_ = result_.graph.dim("batch");
    const int64_t inputs = 1 + random_.below(3);
    for (int64_t i = 0; i < inputs; ++i) add_input(i);
    for (int64_t i = 0; i < options_.nodes; ++i) pool_.push_back(next_value());
    finish();
    return std::move(result_);
  }

 private:
  static constexpr int64_t batch_size = 3;

  Dim random_dim() { return random_.chance(0.3) ? batch_ : Dim(random_.below(5) == 0 ? 1 : 1 + random_.below(6)); }

  int64_t bound(const Dim& d) const { return d.bind({{"batch", batch_size}}); }

  void add_input(int64_t i) {
    Shape shape;
    for (int64_t rank = random_.below(4); rank > 0; --rank) shape.push_back(random_dim());
    const Value x = result_.graph.input("x" + std::to_string(i), options_.dtype, shape);
    Sizes sizes;
    for (const Dim& d : shape) sizes.push_back(bound(d));
    Tensor t(options_.dtype, sizes);
    for (int64_t k = 0; k < t.numel(); ++k) t.set(k, random_.uniform(-1.5, 1.5));
    result_.feeds.emplace_back(x, t);
    inputs_.push_back(x);
    pool_.push_back(x);
  }

  // A float value, recent ones more often.
  Value pick() {
    const auto n = static_cast<int64_t>(pool_.size());
    const int64_t back = std::min(random_.below(n), random_.below(n));
    return pool_[static_cast<size_t>(n - 1 - back)];
  }
  Value pick_of_rank(int64_t rank) {
    Value v = pick();
    for (int tries = 0; tries < 8 && v.rank() < rank; ++tries) v = pick();
    while (v.rank() < rank) v = expand_dims(v, {random_.below(v.rank() + 1)});
    return v;
  }
  int64_t random_axis(const Value& v) { return random_.below(v.rank()) - (random_.chance(0.3) ? v.rank() : 0); }
  double number() { return 0.1 + 0.0137 * static_cast<double>(random_.below(100)); }  // no round number: nothing ties with it
  double signed_number() {
    const double n = number();
    return random_.chance(0.5) ? n : -n;
  }

  Value next_value() {
    using Make = Value (Grower::*)();
    static constexpr Make makers[] = {&Grower::unary,  &Grower::unary,   &Grower::binary,    &Grower::binary, &Grower::binary, &Grower::literal,
                                      &Grower::choose, &Grower::reduced, &Grower::reduced,   &Grower::moved,  &Grower::moved,  &Grower::product,
                                      &Grower::cast_there_and_back, &Grower::user_formula, &Grower::drawn, &Grower::twice};
    return (this->*makers[random_.below(static_cast<int64_t>(std::size(makers)))])();
  }

  Value unary() {
    const Value x = pick();
    switch (random_.below(16)) {
      case 0: return tanh(x);
      case 1: return sigmoid(x);
      case 2: return exp(-abs(x));
      case 3: return log1p(square(x));
      case 4: return sqrt(square(x) + 0.37);
      case 5: return sin(x * 2);
      case 6: return cos(x);
      case 7: return softplus(x) - 0.5;
      case 8: return gelu(x);
      case 9: return x / (1 + abs(x));
      case 10: return erf(x);
      case 11: return atan(x);
      case 12: return relu(x - number());
      case 13: return -x;
      case 14: return rsqrt(1 + x * x);
      default: {
        const double low = -number() - 1, high = number() + 1;  // one draw after the other: compilers evaluate operands in any order
        return clamp(x, low, high);
      }
    }
  }

  // Another value in the shape of the first, by what broadcasting allows.
  Value partner(const Value& x) {
    for (int tries = 0; tries < 6; ++tries) {
      const Value y = pick();
      if (y.rank() > x.rank()) continue;
      bool meets = true;
      for (int64_t i = 1; i <= y.rank(); ++i) meets &= y.size(-i) == Dim(1) || y.size(-i) == x.size(-i);
      if (meets) return y;
    }
    return random_.chance(0.5) ? x : sum(pick()) * 0.1;
  }

  // One of exactly this type, at worst itself.
  Value pick_like(const Value& x) {
    for (int tries = 0; tries < 6; ++tries)
      if (const Value y = pick(); y.type() == x.type()) return y;
    return x;
  }

  Value binary() {
    const Value x = pick(), y = partner(x);
    switch (random_.below(10)) {
      case 0: return x + y;
      case 1: return x - y;
      case 2: return tanh(x * y);
      case 3: return x / (1.5 + square(y));
      case 4: return max(x, y + number());
      case 5: return min(x + number(), y);
      case 6: return hypot(x, y + 2.3);
      case 7: return logaddexp(x, y);
      case 8: return pow(sigmoid(x) + 0.5, tanh(y));
      default: return atan2(x, square(y) + 0.41);
    }
  }

  Value literal() {
    const Value x = pick();
    switch (random_.below(16)) {
      case 0: return x * 1;
      case 1: return x + 0;
      case 7: return x - 0;
      case 8: return 0 + x;
      case 9: return 1 * x;
      case 10: return -(-x);
      case 11: return x + (-pick_like(x));
      case 12: return x - (-pick_like(x));
      case 13: return -1 * x;
      case 14: return log(exp(x));
      case 15: return x / 1 + log(1 + exp(x * 0.5));
      case 2: return x * 2 - x;
      case 3: return x / 4;
      case 4: return number() - x;
      case 5: return x * signed_number();
      case 6: return 1 / (1 + square(x));
      default: return x - x * 0.5;
    }
  }

  Value choose() {
    const Value x = pick(), y = partner(x);
    const Value taken = sin(x * 3) + signed_number();  // its zeros are nowhere in particular
    return where(greater_than(taken, number()), x, y);
  }

  std::vector<int64_t> some_axes(const Value& x) {
    std::vector<int64_t> axes;
    for (int64_t a = 0; a < x.rank(); ++a)
      if (random_.chance(0.6)) axes.push_back(a);
    return axes;
  }

  void count_terms(const Value& x) { result_.longest = std::max(result_.longest, static_cast<double>(x.type().numel().bind({{"batch", batch_size}}))); }

  Value reduced() {
    const Value x = pick();
    count_terms(x);
    const ReduceAttrs attrs{.axes = some_axes(x), .keep = random_.chance(0.4)};
    switch (random_.below(4)) {
      case 0: return tanh(sum(x, attrs));
      case 1: return mean(x, attrs);
      case 2: return reduce_max(x, attrs);
      default: return reduce_min(x, attrs);
    }
  }

  Value moved() {
    const Value x = pick();
    switch (random_.below(4)) {
      case 0: {
        std::vector<int64_t> axes;
        for (int64_t a = 0; a < x.rank(); ++a) axes.insert(axes.begin() + random_.below(a + 1), a);
        return permute(x, axes);
      }
      case 1: return x.rank() == 0 ? reshape(x, {1}) : reshape(x, {x.type().numel()});
      case 2: return expand_dims(x, {random_.below(x.rank() + 1)});
      default: {
        Shape shape = x.shape();
        shape.insert(shape.begin(), 1 + random_.below(3));
        return x.rank() < 4 ? broadcast_to(x, shape) : x;
      }
    }
  }

  Value product() {
    if (!options_.products) return unary();
    const Value x = pick_of_rank(2);
    count_terms(x);
    switch (random_.below(4)) {
      case 0: return tanh(matmul(x, transpose(x)));
      case 1: return tanh(matmul(transpose(x), x + number()));
      case 2: {
        const Value w = constant(result_.graph, weights(bound(x.size(-1)), 1 + random_.below(4)));
        return tanh(x.size(-1).is_number() ? matmul(x, cast(w, x.dtype())) : sum(x, {.axes = {-1}}));
      }
      default: return tanh(contract(x, x * 0.5, {.lhs = {0}, .rhs = {0}}));
    }
  }

  Tensor weights(int64_t rows, int64_t columns) {
    Tensor t(f64, {rows, columns});
    for (int64_t i = 0; i < t.numel(); ++i) t.set(i, random_.uniform(-1, 1));
    return t;
  }

  Value cast_there_and_back() {
    const Value x = pick();
    if (x.dtype() == f64 && random_.chance(0.5)) return x + cast(round(x * 3 + number()), i32);
    return x * cast(less_than(x, number() + 0.05), x.dtype());
  }

  Value user_formula() {
    static const auto gate = elementwise("fuzz_gate", [](auto a, auto b) { return a * sigmoid(b) + tanh(b) / (1 + a * a); });
    const Value x = pick();
    return gate(x, partner(x));
  }

  Value drawn() {
    const Value x = pick();
    const std::string name = "draw" + std::to_string(draws_++);
    const DrawOptions options{.name = name, .dtype = x.dtype()};
    if (random_.chance(0.5)) return x + random_normal(result_.graph.scope("draws"), x.shape(), 0.0, 0.1, options);
    return where(random_bernoulli(result_.graph.scope("draws"), x.shape(), 0.7, options), x, 0);
  }

  // The same work a second time: for CSE.
  Value twice() {
    const Value x = pick();
    return sin(x + 0.25) - 0.5 * cos(sin(x + 0.25));
  }

  void finish() {
    std::optional<Value> loss;
    for (const Value& v : pool_) {
      count_terms(v);
      if (!random_.chance(0.5) && loss) continue;
      const Value term = mean(tanh(cast(v, options_.dtype)));
      loss = loss ? *loss + term : term;
    }
    for (int i = 0; i < 3; ++i) result_.outputs.push_back(pick());
    result_.outputs.push_back(*loss);
    for (const Value& g : gradients(*loss, inputs_, Unreached::zeros)) result_.outputs.push_back(g);
  }

  Random random_;
  GraphOptions options_;
  RandomGraph result_;
  Dim batch_;
  std::vector<Value> inputs_, pool_;
  int draws_ = 0;
};

}  // namespace

RandomGraph random_graph(uint64_t seed, const GraphOptions& options) { return Grower(seed, options).grow(); }

}  // namespace lanc::fuzz
