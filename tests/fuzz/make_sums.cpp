// Reductions, running sums, normalizations, products.
#include <cmath>

#include <lanc/tests/fuzz/grower.h>

namespace lanc::fuzz {

// Different numbers for different places, in [-0.5, 0.5]: what is added to them has no ties and no variance of 0.
Value Grower::ramp(const Value& like) {
  const Value places = reshape(arange(result_.graph, like.type().numel(), f32), like.shape());
  return cast(sin(places * 1.7) * 0.5, like.dtype());
}

Value Grower::reduced() {
  const Value x = pick();
  count_terms(x);
  const ReduceAttrs attrs{.axes = some_axes(x), .keep = random_.chance(0.4)};
  const bool empty = elements(x) == 0;
  switch (random_.below(empty ? 2 : smooth() ? 3 : 5)) {
    case 0: return tanh(sum(x, attrs));
    case 1: return tanh(prod(0.8 + 0.5 * sin(x), attrs));
    case 2: return mean(x, attrs);
    case 3: return reduce_max(x, attrs);
    default: return reduce_min(x, attrs);
  }
}

Value Grower::truth() {
  const Value x = pick();
  const ReduceAttrs attrs{.axes = some_axes(x), .keep = random_.chance(0.4)};
  const double moved = signed_number(), limit = number() - 0.6;
  const Value holds = greater_than(sin(x * 3) + moved, limit);
  switch (random_.below(4)) {
    case 0: return cast(reduce_any(holds, attrs), x.dtype());
    case 1: return cast(reduce_all(holds, attrs), x.dtype());
    case 2: return cast(cast(count(holds, attrs), f32) * 0.1, x.dtype());
    default: return elements(x) == 0 ? x : cast(sin(cast(largest_position(x, attrs), f32)), x.dtype());
  }
}

Value Grower::running() {
  const Value x = pick_of_rank(1);
  count_terms(x);
  const CumulativeAttrs attrs{.axis = random_axis(x), .exclusive = random_.chance(0.3), .reversed = random_.chance(0.3)};
  const int64_t kind = random_.below(3);
  if (integers()) return kind == 0 ? cumprod(x, attrs) : cumsum(x, attrs);
  if (kind == 0) return cumprod(0.8 + 0.3 * sin(x), attrs);
  if (kind == 1) return tanh(cumsum(x, attrs));
  return tanh(linear_recurrence(sigmoid(x), pick_like(x), {.axis = attrs.axis, .reversed = attrs.reversed}));
}

Value Grower::normalized() {
  const Value x = pick_of_rank(1);
  count_terms(x);
  const int64_t axis = random_axis(x);
  switch (random_.below(4)) {
    case 0: return softmax(x, {.axis = axis});
    case 1: return 0.3 * log_softmax(x, {.axis = axis});
    case 2: return log(softmax(x, {.axis = axis})) * 0.2;
    default: return elements(x) == 0 ? x : 0.5 * logsumexp(x, {.axes = some_axes(x), .keep = random_.chance(0.4)});
  }
}

Value Grower::spread() {
  const Value x = pick_of_rank(1), apart = x + ramp(x) + number();
  count_terms(x);
  const std::vector<int64_t> axes = {random_axis(x)};
  const bool keep = random_.chance(0.4);
  const double n = static_cast<double>(bound(x.size(axes[0])));
  const double correction = n > 1 ? 1 : 0;
  const int64_t kind = random_.below(smooth() ? 3 : 5);
  if (n < 2) return tanh(norm(apart, {.p = 2, .axes = axes, .keep = keep}));
  switch (kind) {
    case 0: return tanh(variance(x, {.axes = axes, .keep = keep, .correction = correction}));
    case 1: return tanh(standard_deviation(apart, {.axes = axes, .keep = keep, .correction = correction}));
    case 2: return tanh(norm(apart, {.p = 2, .axes = axes, .keep = keep}) * 0.5);
    case 3: return tanh(norm(apart, {.p = 1, .axes = axes, .keep = keep}) * 0.2);
    default: return norm(apart, {.p = INFINITY, .axes = axes, .keep = keep});
  }
}

Value Grower::product() {
  if (!options_.products) return unary();
  const Value x = pick_of_rank(2);
  if (!small(x)) return sum(x, {.axes = {-1}}) * 0.1;
  count_terms(x);
  switch (random_.below(6)) {
    case 0: return tanh(matmul(x, transpose(x)));
    case 1: return tanh(matmul(transpose(x), x + number()));
    case 2: {
      const int64_t columns = 1 + random_.below(4);
      const Value w = constant(result_.graph, random_tensor(x.dtype(), {bound(x.size(-1)), columns}));
      return tanh(x.size(-1).is_number() ? matmul(x, w) : sum(x, {.axes = {-1}}));
    }
    case 3: {  // a batch with one matrix, or a matrix with one row
      if (bound(x.size(0)) == 0) return sin(x);
      const Value one = slice_axis(x, 0, {.stop = Dim(1)});
      return x.rank() == 2 ? tanh(matmul(x, reshape(one, {x.size(1) * one.size(0)}))) : tanh(matmul(x, transpose(squeeze(one, {0}))));
    }
    case 4: return tanh(tensordot(x, x - number(), {0}, {0}));
    default: return tanh(contract(x, x * 0.5, {.lhs = {0}, .rhs = {0}}));
  }
}

Value Grower::einsum_product() {
  if (!options_.products) return binary();
  const Value x = pick_of_rank(1), y = pick_like(x);
  if (!small(x)) return mean(x, {.axes = {0}});
  count_terms(x);
  const int64_t kind = random_.below(4);
  if (x.rank() == 1) {
    static constexpr const char* forms[] = {"i,i->", "i,j->ij", "i,i->i", "i,j->"};
    return kind == 3 ? tanh(outer(x, y)) : tanh(einsum(forms[random_.below(4)], {x, y}));
  }
  if (x.rank() == 2) {
    static constexpr const char* forms[] = {"ij,kj->ik", "ij,ij->i", "ij,ik->jk", "ij,ij->", "ij,kj->ki", "ij,il->lj"};
    if (kind == 0) return tanh(einsum("ij->j", {x}));
    if (kind == 1) return tanh(einsum("ij,j,kj->ik", {x, sum(y, {.axes = {0}}) * 0.3, y}));
    return tanh(einsum(forms[random_.below(6)], {x, y}));
  }
  if (kind == 0) return einsum("...ij->...ji", {x});
  if (kind == 1) return tanh(einsum("...ij,...kj->...ik", {x, y}));
  if (kind == 2) return tanh(einsum("i...,i...->...i", {x, y}));
  return tanh(einsum("i...j,i...k->...jk", {x, y}));
}

Value Grower::integer_reduced() {
  const Value x = pick();
  const ReduceAttrs attrs{.axes = some_axes(x), .keep = random_.chance(0.4)};
  switch (random_.below(8)) {
    case 0: return prod(x, attrs);
    case 1: return reduce_max(x, attrs);
    case 2: return reduce_min(x, attrs);
    case 3: return reduce_any(x, attrs);
    case 4: return reduce_all(x, attrs);
    case 5: return count(x, attrs);
    case 6: return elements(x) == 0 ? x : largest_position(x, attrs);
    default: return sum(x, attrs);
  }
}

Value Grower::integer_product() {
  Value x = pick_of_rank(1);
  if (x.dtype() == boolean) x = cast(x, u8);
  const Value y = random_.chance(0.5) ? x : x + 1;
  if (!small(x)) return sum(x);
  if (x.rank() == 1) return random_.chance(0.5) ? einsum("i,i->", {x, y}) : outer(x, y);
  return random_.chance(0.5) ? matmul(x, transpose(y)) : einsum("i...,i...->...", {x, y});
}

// The first two axes are batch and channels, the others are convolved over. The weight depends on the inputs, so that it has a derivative.
Value Grower::convolved() {
  if (!options_.products) return unary();
  Value x = pick_of_rank(3);
  if (x.dtype() == boolean) x = cast(x, u8);
  if (!small(x) || x.rank() > 5 || !x.size(1).is_number()) return integers() ? x + 1 : tanh(x);
  count_terms(x);
  const int64_t channels = bound(x.size(1)), groups = channels > 0 && channels % 2 == 0 && random_.chance(0.4) ? 2 : 1;
  const int64_t outputs = groups * (1 + random_.below(3));
  bool transposed = random_.chance(0.3);
  ConvOptions options{.groups = groups};
  Sizes kernel;
  for (int64_t a = 2; a < x.rank(); ++a) {
    const int64_t stride = 1 + random_.below(2), dilation = 1 + random_.below(2), low = random_.below(3), high = random_.below(2), size = bound(x.size(a));
    const int64_t wanted = 1 + random_.below(3), room = size + low + high;
    options.strides.push_back(stride);
    options.dilations.push_back(dilation);
    options.padding.emplace_back(low, room == 0 ? 1 : high);
    kernel.push_back(dilation * (wanted - 1) < room ? wanted : 1);
    transposed = transposed && size > 0;
  }
  Sizes sizes = transposed ? Sizes{channels, outputs / groups} : Sizes{outputs, channels / groups};
  sizes.insert(sizes.end(), kernel.begin(), kernel.end());
  Value weight = constant(result_.graph, random_tensor(x.dtype(), sizes));
  if (!integers()) weight = weight + 0.3 * tanh(sum(x) * 0.05);
  const Value y = transposed ? conv_transpose(x, weight, {.strides = options.strides, .dilations = options.dilations, .groups = groups}) : conv(x, weight, options);
  return integers() ? y : tanh(y * 0.5);
}

// Windows over all axes but the first two. Where positions of the largest could tip, elements are moved apart first.
Value Grower::pooled() {
  Value x = pick_of_rank(3);
  if (x.dtype() == boolean) x = cast(x, u8);
  bool any = x.rank() <= 5;
  PoolOptions options{.count_padding = random_.chance(0.5)};
  for (int64_t a = 2; a < x.rank(); ++a) {
    const int64_t size = bound(x.size(a)), wanted = 1 + random_.below(3), stride = 1 + random_.below(2), dilation = 1 + random_.below(2);
    const int64_t kernel = dilation * (wanted - 1) < size ? wanted : 1, most = size < dilation ? 0 : dilation * (kernel - 1);
    const int64_t low = random_.below(2), high = random_.below(3);
    options.kernel.push_back(kernel);
    options.strides.push_back(stride);
    options.dilations.push_back(dilation);
    options.padding.emplace_back(std::min(low, most), std::min(high, most));
    any = any && size > 0;
  }
  if (!any) return integers() ? x + 1 : tanh(x);
  count_terms(x);
  const int64_t kind = random_.below(5);
  if (integers()) return max_pool(x, options);
  if (kind == 0) return global_average_pool(x);
  if (kind < 3 || smooth()) return average_pool(x, options);
  const Value apart = x + ramp(x);
  if (kind == 3) return max_pool(apart, options);
  const std::vector<Value> found = max_pool_with_positions(apart, options);
  const Shape plane(x.shape().begin() + 2, x.shape().end());
  return tanh(max_unpool(found[0], found[1], plane));
}

}  // namespace lanc::fuzz
