// Elementwise makers, casts, draws, marks.
#include <iterator>

#include <lanc/tests/fuzz/grower.h>

namespace lanc::fuzz {

Value Grower::unary() {
  const Value x = pick();
  switch (random_.below(smooth() ? 18 : 22)) {
    case 0: return tanh(x);
    case 1: return sigmoid(x);
    case 2: return exp(-square(x));
    case 3: return log1p(square(x));
    case 4: return sqrt(square(x) + 0.37);
    case 5: return sin(x * 2);
    case 6: return cos(x);
    case 7: return softplus(x) - 0.5;
    case 8: return gelu(x);
    case 9: return x / (1 + square(x));
    case 10: return erf(x);
    case 11: return atan(x);
    case 12: return silu(x);
    case 13: return -x;
    case 14: return rsqrt(1 + x * x);
    case 15: return asinh(x);
    case 16: return log(sigmoid(x));
    case 17: return expm1(sin(x));
    case 18: return relu(x - number());
    case 19: return exp(-abs(x));
    case 20: return leaky_relu(x + number(), 0.2);
    default: {
      const double low = -number() - 1, high = number() + 1;
      return clamp(x, low, high);
    }
  }
}

Value Grower::binary() {
  const Value x = pick(), y = partner(x);
  switch (random_.below(smooth() ? 7 : 11)) {
    case 0: return x + y;
    case 1: return x - y;
    case 2: return tanh(x * y);
    case 3: return x / (1.5 + square(y));
    case 4: return hypot(x, square(y) + 0.7);
    case 5: return pow(sigmoid(x) + 0.5, tanh(y));
    case 6: return atan2(x, square(y) + 0.41);
    case 7: return max(x, y + number());
    case 8: return min(x + number(), y);
    case 9: return xlogy(x, sigmoid(y) + 0.1);
    default: return logaddexp(x, y);
  }
}

Value Grower::literal() {
  const Value x = pick();
  switch (random_.below(16)) {
    case 0: return x * 1;
    case 1: return x + 0;
    case 2: return x * 2 - x;
    case 3: return x / 4;
    case 4: return number() - x;
    case 5: return x * signed_number();
    case 6: return 1 / (1 + square(x));
    case 7: return x - 0;
    case 8: return 0 + x;
    case 9: return 1 * x;
    case 10: return -(-x);
    case 11: return x + (-pick_like(x));
    case 12: return x - (-pick_like(x));
    case 13: return -1 * x;
    case 14: return log(exp(x));
    default: return x / 1 + log(1 + exp(x * 0.5));
  }
}

Value Grower::choose() {
  const Value x = pick(), y = partner(x);
  const double moved = signed_number(), limit = number();  // nowhere in particular
  return where(greater_than(sin(x * 3) + moved, limit), x, y);
}

Value Grower::cast_there_and_back() {
  const Value x = pick();
  switch (random_.below(4)) {
    case 0: return x + cast(round(x * 3 + number()), x.dtype() == f64 ? i32 : i64);
    case 1: return cast(square(cast(x, f64)) + 0.1, x.dtype());
    case 2: return x * cast(cast(less_than(x, number() + 0.05), u8), x.dtype());
    default: return x * cast(less_than(x, number() + 0.05), x.dtype());
  }
}

// Into another float dtype and, mostly, back: the pool may hold several.
Value Grower::narrowed() {
  const Value x = pick();
  static constexpr DType floats[] = {f64, f32, bf16, f16};
  const Value y = sin(cast(x, floats[random_.below(4)]));
  return random_.chance(0.8) ? cast(y, x.dtype()) : y;
}

Value Grower::user_formula() {
  static const auto gate = elementwise("fuzz_gate", [](auto a, auto b) { return a * sigmoid(b) + tanh(b) / (1 + a * a); });
  const Value x = pick();
  return gate(x, partner(x));
}

Value Grower::drawn() {
  const Value x = pick();
  const DrawOptions options{.name = fresh("draw"), .dtype = x.dtype()};
  switch (random_.below(4)) {
    case 0: return x + random_normal(draws(), x.shape(), 0.0, 0.1, options);
    case 1: return x * random_uniform(draws(), x.shape(), 0.5, 1.5, options);
    case 2: return x + tanh(random_normal(draws(), x.shape(), partner(x), 0.3, options));
    default: return where(random_bernoulli(draws(), x.shape(), 0.7, options), x, 0);
  }
}

Value Grower::marked() {
  const Value x = pick();
  if (!integers() && random_.chance(0.5)) return sin(stop_gradient(x)) + x;
  return probe(x, fresh("probe"));
}

// The same work a second time: for CSE.
Value Grower::twice() {
  const Value x = pick();
  return sin(x + 0.25) - 0.5 * cos(sin(x + 0.25));
}

Value Grower::integer_unary() {
  const Value x = pick();
  if (x.dtype() == boolean) return random_.chance(0.5) ? !x : cast(x, i32);
  switch (random_.below(6)) {
    case 0: return -x;
    case 1: return abs(x);
    case 2: return sign(x);
    case 3: return square(x);
    case 4: return !x;
    default: {
      const int64_t factor = 2 + random_.below(3), less = random_.below(5);
      return x * factor - less;
    }
  }
}

Value Grower::integer_binary() {
  Value x = pick(), y = partner(x);
  if (x.dtype() == boolean && y.dtype() == boolean) return random_.chance(0.5) ? x && y : x || y;
  switch (random_.below(12)) {
    case 0: return x - y;
    case 1: return x * y;
    case 2: return x / y;
    case 3: return floor_div(x, y);
    case 4: return fmod(x, y);
    case 5: return remainder(x, y);
    case 6: return max(x, y);
    case 7: return min(x, y);
    case 8: return x && y;
    case 9: return x + (-pick_like(x));
    case 10: return x * 0 + y;
    default: return x + y;
  }
}

Value Grower::compared() {
  const Value x = pick(), y = partner(x);
  switch (random_.below(6)) {
    case 0: return less_than(x, y);
    case 1: return less_or_equal(x, y);
    case 2: return greater_than(x, y);
    case 3: return greater_or_equal(x, y);
    case 4: return equal(x, y);
    default: return not_equal(x, y);
  }
}

Value Grower::chosen() {
  const Value x = pick(), y = partner(x);
  return where(cast(partner(x), boolean), x, y);
}

Value Grower::converted() {
  static constexpr DType whole[] = {i64, i32, u8, boolean};
  const Value x = pick();
  return cast(x, whole[random_.below(4)]);
}

}  // namespace lanc::fuzz
