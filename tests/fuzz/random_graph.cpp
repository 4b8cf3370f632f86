#include <lanc/tests/fuzz/random_graph.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include <lanc/tests/fuzz/grower.h>

namespace lanc::fuzz {

uint64_t Random::next() {  // splitmix64 (Steele et al. 2014)
  uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Random::uniform(double low, double high) { return low + (high - low) * static_cast<double>(next() >> 11) * 0x1p-53; }

Grower::Grower(uint64_t seed, const GraphOptions& options) : random_(seed), options_(options) {}

RandomGraph Grower::grow() {
  batch_ = result_.graph.dim("batch");
  static constexpr int64_t batches[] = {3, 3, 3, 3, 5, 5, 1, 0};
  batch_size_ = batches[random_.below(8)];
  const int64_t inputs = 1 + random_.below(3);
  for (int64_t i = 0; i < inputs; ++i) add_input(i);
  if (options_.updates) add_states();
  for (int64_t i = 0; i < options_.nodes; ++i) pool_.push_back(next_value());
  finish();
  return std::move(result_);
}

Dim Grower::random_dim() {
  if (random_.chance(0.3)) return batch_;
  static constexpr int64_t sizes[] = {1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 0};
  return sizes[random_.below(random_.chance(0.5) ? 12 : 11)];
}

Tensor Grower::random_tensor(DType dtype, const Sizes& sizes) {
  Tensor t(dtype, sizes);
  const bool far = random_.chance(0.2);  // integers that wrap soon
  for (int64_t i = 0; i < t.numel(); ++i) {
    const double u = random_.uniform(-1.5, 1.5);
    t.set(i, is_float(dtype) ? u : dtype == boolean ? u > 0.2 : dtype == u8 ? std::floor(far ? 128 + 80 * u : 4 + 2 * u) : std::floor(u * (far ? 1e9 : 6)));
  }
  return t;
}

void Grower::add_input(int64_t i) {
  static constexpr DType whole[] = {i64, i32, i32, u8, boolean};
  const DType dtype = integers() ? whole[random_.below(5)] : options_.dtype;
  Shape shape;
  for (int64_t rank = random_.below(4); rank > 0; --rank) shape.push_back(random_dim());
  const Value x = result_.graph.input("x" + std::to_string(i), dtype, shape);
  Sizes sizes;
  for (const Dim& d : shape) sizes.push_back(bound(d));
  result_.feeds.emplace_back(x, random_tensor(dtype, sizes));
  inputs_.push_back(x);
  pool_.push_back(x);
}

Value Grower::pick() {
  const auto n = static_cast<int64_t>(pool_.size());
  const int64_t a = random_.below(n), b = random_.below(n);
  return pool_[static_cast<size_t>(n - 1 - std::min(a, b))];
}

Value Grower::pick_of_rank(int64_t rank) {
  Value v = pick();
  for (int tries = 0; tries < 8 && v.rank() < rank; ++tries) v = pick();
  while (v.rank() < rank) v = expand_dims(v, {random_.below(v.rank() + 1)});
  return v;
}

Value Grower::partner(const Value& x) {
  for (int tries = 0; tries < 6; ++tries) {
    const Value y = pick();
    if (y.rank() > x.rank()) continue;
    bool meets = true;
    for (int64_t i = 1; i <= y.rank(); ++i) meets &= y.size(-i) == Dim(1) || y.size(-i) == x.size(-i);
    if (meets) return y;
  }
  if (random_.chance(0.5)) return x;
  return integers() ? sum(pick()) : tanh(sum(pick()) * 0.1);
}

Value Grower::pick_like(const Value& x) {
  for (int tries = 0; tries < 6; ++tries)
    if (const Value y = pick(); y.type() == x.type()) return y;
  return x;
}

int64_t Grower::random_axis(const Value& v) {
  const int64_t axis = random_.below(v.rank());
  return random_.chance(0.3) ? axis - v.rank() : axis;
}

std::vector<int64_t> Grower::some_axes(const Value& x) {
  std::vector<int64_t> axes;
  for (int64_t a = 0; a < x.rank(); ++a)
    if (random_.chance(0.6)) axes.push_back(a);
  return axes;
}

double Grower::signed_number() {
  const double n = number();
  return random_.chance(0.5) ? n : -n;
}

void Grower::count_terms(const Value& x) { result_.longest = std::max(result_.longest, static_cast<double>(elements(x))); }

Value Grower::next_value() {
  struct Row {
    Make make;
    int64_t weight;
    bool jumps = false, narrows = false;
  };
  static constexpr Row floats[] = {
      {&Grower::unary, 4},      {&Grower::binary, 6},       {&Grower::literal, 3},    {&Grower::user_formula, 1},
      {&Grower::twice, 1},      {&Grower::drawn, 2},        {&Grower::marked, 1},     {&Grower::choose, 1, true},
      {&Grower::truth, 1, true}, {&Grower::cast_there_and_back, 1, true},             {&Grower::narrowed, 2, true, true},
      {&Grower::moved, 3},      {&Grower::sliced, 3},       {&Grower::padded, 2},     {&Grower::joined, 3},
      {&Grower::repeated, 1},   {&Grower::turned, 2},       {&Grower::triangle, 1},   {&Grower::gathered, 1},
      {&Grower::taken, 1},      {&Grower::scattered, 1},    {&Grower::slices_set, 1}, {&Grower::labelled, 1, true},
      {&Grower::reduced, 4},    {&Grower::running, 2},      {&Grower::normalized, 2}, {&Grower::spread, 1},
      {&Grower::product, 2},    {&Grower::einsum_product, 2}, {&Grower::convolved, 2}, {&Grower::pooled, 2},
  };
  static constexpr Row whole[] = {
      {&Grower::integer_unary, 2}, {&Grower::integer_binary, 6}, {&Grower::compared, 2},       {&Grower::chosen, 2},
      {&Grower::converted, 3},     {&Grower::marked, 1},         {&Grower::moved, 3},          {&Grower::sliced, 2},
      {&Grower::padded, 2},        {&Grower::joined, 2},         {&Grower::repeated, 1},       {&Grower::turned, 1},
      {&Grower::triangle, 1},      {&Grower::gathered, 1},       {&Grower::taken, 1},          {&Grower::scattered, 1},
      {&Grower::slices_set, 1},    {&Grower::labelled, 1},       {&Grower::integer_reduced, 4}, {&Grower::running, 1},
      {&Grower::integer_product, 2}, {&Grower::convolved, 1},   {&Grower::pooled, 1},
  };
  const std::span<const Row> rows = integers() ? std::span<const Row>(whole) : std::span<const Row>(floats);
  const auto allowed = [&](const Row& r) { return !(r.jumps && smooth()) && !(r.narrows && !bits()); };
  int64_t total = 0;
  for (const Row& r : rows) total += allowed(r) ? r.weight : 0;
  int64_t left = random_.below(total);
  for (const Row& r : rows)
    if (allowed(r) && (left -= r.weight) < 0) return (this->*r.make)();
  return pick();
}

void Grower::finish() {
  std::optional<Value> loss;
  for (const Value& v : pool_) {
    count_terms(v);
    if (!random_.chance(0.5) && loss) continue;
    const double each = 1 / static_cast<double>(std::max<int64_t>(1, elements(v)));
    const Value term = integers() ? sum(cast(v, i64)) : sum(tanh(cast(v, options_.dtype)) * each);
    loss = loss ? *loss + term : term;
  }
  for (int i = 0; i < 3; ++i) result_.outputs.push_back(pick());
  result_.outputs.push_back(*loss);
  if (!integers())
    for (const Value& g : gradients(*loss, inputs_, Unreached::zeros)) result_.outputs.push_back(g);
  if (options_.updates) add_updates(*loss);
}

RandomGraph random_graph(uint64_t seed, const GraphOptions& options) { return Grower(seed, options).grow(); }

}  // namespace lanc::fuzz
