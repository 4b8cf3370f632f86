// Makers that move elements and read and write them by index, of any dtype.
#include <algorithm>

#include <lanc/tests/fuzz/grower.h>

namespace lanc::fuzz {

Value Grower::moved() {
  const Value x = pick();
  switch (random_.below(6)) {
    case 0: {
      std::vector<int64_t> axes;
      for (int64_t a = 0; a < x.rank(); ++a) axes.insert(axes.begin() + random_.below(a + 1), a);
      return permute(x, axes);
    }
    case 1: return x.rank() == 0 ? reshape(x, {1}) : reshape(x, {x.type().numel()});
    case 2: return x.rank() < 5 ? expand_dims(x, {random_.below(x.rank() + 1)}) : squeeze(x);
    case 3: return squeeze(x);
    case 4: {  // two axes as one, or one as two
      Shape shape = x.shape();
      if (x.rank() < 2) return x.rank() == 0 || !x.size(0).is_number() || bound(x.size(0)) % 2 != 0 ? x : reshape(x, {2, x.size(0).number() / 2});
      const int64_t a = random_.below(x.rank() - 1);
      shape[static_cast<size_t>(a)] = shape[static_cast<size_t>(a)] * shape[static_cast<size_t>(a) + 1];
      shape.erase(shape.begin() + a + 1);
      return reshape(x, shape);
    }
    default: {
      Shape shape = x.shape();
      shape.insert(shape.begin(), 1 + random_.below(3));
      return x.rank() < 4 && small(x) ? broadcast_to(x, shape) : x;
    }
  }
}

// Positions are numbers or counted from a symbolic end; steps forth and back.
Value Grower::sliced() {
  const Value x = pick_of_rank(1);
  std::vector<Slice> slices;
  for (const Dim& d : x.shape()) {
    const int64_t n = bound(d);
    if (random_.chance(0.3)) {
      slices.push_back({});
      continue;
    }
    static constexpr int64_t steps[] = {1, 1, 2, 3, -1, -2};
    const int64_t step = steps[random_.below(6)];
    const int64_t first = random_.below(n + 1), behind = first + random_.below(n - first + 1);
    Slice s{.step = step};
    if (step > 0) {
      if (random_.chance(0.7)) s.start = d.is_number() && first > 0 && first < n && random_.chance(0.3) ? Dim(first - n) : Dim(first);
      const Dim stop = d - (n - behind);
      s.stop = s.start || behind > 0 ? std::optional<Dim>(d.is_number() || random_.chance(0.5) ? Dim(behind) : stop) : std::nullopt;
    } else if (n > 0 && first < n && random_.chance(0.7)) {
      s.start = Dim(first);  // down to the first, or to one in between
      if (const int64_t stop = random_.below(first + 1); stop > 0) s.stop = Dim(stop - 1);
    }
    slices.push_back(s);
  }
  return slice_of(x, slices);
}

Value Grower::padded() {
  const Value x = pick();
  if (!small(x)) return x;
  std::vector<Padding> paddings;
  const bool zeros = random_.chance(0.3);
  for (int64_t a = 0; a < x.rank(); ++a) {
    const int64_t low = random_.below(3), high = random_.below(3), interior = random_.chance(0.2) ? 1 : 0;
    paddings.push_back(zeros ? Padding{.low = low} : Padding{.low = low, .high = high, .interior = interior});
  }
  switch (random_.below(5)) {
    case 0: return pad(x, paddings, 1);
    case 1: {  // by its own elements
      static constexpr PadMode modes[] = {PadMode::reflect, PadMode::symmetric, PadMode::edge, PadMode::wrap};
      for (size_t a = 0; a < paddings.size(); ++a) {
        const int64_t n = bound(x.shape()[a]), most = std::max<int64_t>(0, n - 1);
        paddings[a] = {.low = std::min(random_.below(3), most), .high = 0};
        if (random_.chance(0.5)) paddings[a].high = std::min<int64_t>(1, most);
        if (n == 0) return x;
      }
      return pad(x, paddings, modes[random_.below(4)]);
    }
    case 2:
      if (!integers()) return pad(x, paddings, tanh(sum(x)));
      [[fallthrough]];
    default: return pad(x, paddings, 0);
  }
}

// Behind each other or side by side: values of one shape, slices of them, some of them twice.
Value Grower::joined() {
  const Value x = pick();
  if (!small(x)) return x;
  const Value y = pick_like(x), z = random_.chance(0.3) ? pick_like(x) : y;
  std::vector<Value> parts = {x, y};
  if (random_.chance(0.4)) parts.push_back(z);
  if (x.rank() == 0 || random_.chance(0.3)) return stack_of(parts, random_.below(x.rank() + 1));
  const int64_t axis = random_axis(x), n = bound(x.size(axis));
  if (n > 1 && random_.chance(0.5)) {  // what was cut, in another order or in the same
    const int64_t at = 1 + random_.below(n - 1);
    const Value head = slice_axis(x, axis, {.stop = Dim(at)}), tail = slice_axis(x, axis, {.start = Dim(at)});
    if (random_.chance(0.3)) return concat({head, tail}, axis);
    parts = {tail, random_.chance(0.5) ? head : y};
  }
  return concat(parts, axis);
}

Value Grower::repeated() {
  const Value x = pick_of_rank(1);
  if (!small(x)) return x;
  if (random_.chance(0.5)) {
    const int64_t times = random_.below(4);
    return repeat(x, times, random_axis(x));
  }
  std::vector<Dim> times;
  for (int64_t a = 0; a < x.rank(); ++a) times.push_back(random_.chance(0.5) ? 1 : 1 + random_.below(2));
  return tile(x, times);
}

Value Grower::turned() {
  const Value x = pick_of_rank(1);
  if (random_.chance(0.5)) return reverse(x, some_axes(x));
  const int64_t shift = random_.below(9) - 4;
  return roll(x, shift, random_axis(x));
}

Value Grower::triangle() {
  const Value x = pick_of_rank(2);
  const int64_t offset = random_.below(4) - 2;
  if (random_.chance(0.3) && x.size(-1).is_number()) return diagonal(x);  // its step is a size: of batch - 3 nothing says that it is positive
  return random_.chance(0.5) ? tril(x, offset) : triu(x, offset);
}

Value Grower::positions(const Shape& shape, const Value& like, int64_t n, bool from_end) {
  Graph g = result_.graph;
  Dim count = 1;
  bool numbers = true;
  for (const Dim& d : shape) {
    count = count * d;
    numbers &= d.is_number();
  }
  const DType dtype = random_.chance(0.3) ? i32 : i64;
  const int64_t from = from_end && random_.chance(0.3) ? n : 0;
  const int64_t kind = random_.below(3);
  if (kind == 0 && numbers) {
    Sizes sizes;
    for (const Dim& d : shape) sizes.push_back(d.number());
    Tensor t(dtype, sizes);
    for (int64_t i = 0; i < t.numel(); ++i) t.set(i, static_cast<double>(random_.below(n) - from));
    return constant(g, t);
  }
  if (kind == 1 && like.shape() == shape && !smooth()) {  // of what was computed
    const Value whole = integers() ? cast(like, i64) : cast(round(like * 3 + number()), i64);
    return cast(remainder(whole, n) - from, dtype);
  }
  return reshape(cast(remainder(arange(g, count) * 7 + 3, n) - from, dtype), shape);
}

Value Grower::largest_position(const Value& x, const ReduceAttrs& attrs) {
  const Value apart = integers() ? x : x + ramp(x);
  return random_.chance(0.5) ? argmax(apart, attrs) : argmin(apart, attrs);
}

Value Grower::gathered() {
  const Value x = pick_of_rank(1);
  const int64_t axis = random_axis(x), n = bound(x.size(axis));
  if (n == 0) return x;
  if (random_.chance(0.3)) {  // one element of each row
    const bool by_value = random_.chance(0.5) && !smooth();
    Shape shape = x.shape();
    shape.erase(shape.begin() + (axis < 0 ? axis + x.rank() : axis));
    return lanc::pick(x, by_value ? largest_position(x, {.axes = {axis}}) : positions(shape, x, n), axis);
  }
  const Value part = slice_axis(x, axis, {.stop = Dim(1 + random_.below(n))});
  return gather(x, positions(part.shape(), part, n), axis);
}

Value Grower::taken() {
  const Value x = pick_of_rank(1);
  const int64_t axis = random_axis(x), n = bound(x.size(axis));
  if (n == 0 || !small(x)) return x;
  switch (random_.below(4)) {
    case 0: return take(x, random_permutation(draws(), n, fresh("draw")), axis);
    case 1: return take(x, random_.below(n), axis);
    case 2: return take(x, positions({2, 1 + random_.below(2)}, x, n), axis);
    default: return take(x, positions({random_.below(4)}, x, n), axis);
  }
}

Value Grower::scattered() {
  const Value x = pick_of_rank(1);
  const int64_t axis = random_axis(x), n = bound(x.size(axis));
  if (n == 0 || x.dtype() == boolean) return x;
  const Value part = slice_axis(x, axis, {.stop = Dim(1 + random_.below(n))});
  const Value indices = positions(part.shape(), part, n);
  const Value updates = integers() ? part + 1 : sin(part * 2 + number());
  switch (random_.below(smooth() ? 2 : 3)) {
    case 0: return scatter_set(x, indices, updates, axis);
    case 1: return integers() ? scatter_add(x, indices, updates, axis) : tanh(scatter_add(x, indices, updates, axis));
    default: return scatter_max(x, indices, updates, axis);
  }
}

Value Grower::slices_set() {
  const Value x = pick_of_rank(1);
  const int64_t axis = random_axis(x), n = bound(x.size(axis));
  if (n == 0 || x.dtype() == boolean || !small(x)) return x;
  const Value indices = positions({random_.below(4)}, x, n);
  const Value old = take(x, indices, axis);
  const Value updates = integers() ? old * 2 : sin(old + number());
  switch (random_.below(smooth() ? 2 : 3)) {
    case 0: return index_set(x, indices, updates, axis);
    case 1: return integers() ? index_add(x, indices, updates, axis) : tanh(index_add(x, indices, updates, axis));
    default: return index_max(x, indices, updates, axis);
  }
}

Value Grower::labelled() {
  const Value x = pick();
  if (!small(x) || x.rank() > 3) return x;
  const int64_t classes = 1 + random_.below(5);
  const Value labels = integers() ? (x.dtype() == boolean ? cast(x, u8) : x) : cast(round(x * 2 + number()), i64);
  return one_hot(labels, classes, x.dtype(), random_.below(x.rank() + 1));
}

}  // namespace lanc::fuzz
