#include <lanc/models/initializers.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <lanc/models/requirements.h>
#include <lanc/ops/box_muller.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/random.h>
#include <lanc/ops/reduce.h>

namespace lanc {

Value Initializer::operator()(Graph body, const Shape& shape, DType dtype, uint64_t key) const {
  const Value value = build_(body, shape, dtype, key);
  const Type wanted{dtype, shape};
  if (!(value.type() == wanted) || value.graph_data() != body.data())
    models::detail::fail("an initial value must be " + wanted.text() + " in the body graph",
                         value.type().text() + (value.graph_data() == body.data() ? "" : " in another graph"));
  return value;
}

Fans fans_of(const Shape& shape) {
  if (shape.empty()) return {};
  if (shape.size() == 1) return {shape[0].number(), shape[0].number()};
  Dim window = 1;
  for (size_t i = 2; i < shape.size(); ++i) window = window * shape[i];
  return {(shape[1] * window).number(), (shape[0] * window).number()};
}

}  // namespace lanc

namespace lanc::initializers {
namespace {

// Draws are made in f32 or f64.
DType draw_type(DType dtype) { return dtype == f64 ? f64 : f32; }

Value draw(Graph body, const Shape& shape, DType dtype, uint64_t key) {
  return random_bits_uniform(body, key, shape, draw_type(dtype), CallSite::user_line());
}

Value standard_normal(Graph body, const Shape& shape, DType dtype, uint64_t key) {
  const Value u = draw(body, shape, dtype, key);
  return box_muller(u, draw(body, shape, dtype, key ^ 0x9e3779b97f4a7c15u));
}

void require_float(DType dtype) {
  if (!is_float(dtype)) models::detail::fail("an initial value that is drawn must be of a float dtype", std::string(name_of(dtype)));
}

// Variance `scale` / fan: as a normal, or as a uniform of the same variance.
Initializer scaled_normal(double scale, int64_t (*fan)(Fans)) {
  return [=](Graph body, const Shape& shape, DType dtype, uint64_t key) {
    const auto n = static_cast<double>(std::max<int64_t>(fan(fans_of(shape)), 1));
    return normal(0, std::sqrt(scale / n))(body, shape, dtype, key);
  };
}
Initializer scaled_uniform(double scale, int64_t (*fan)(Fans)) {
  return [=](Graph body, const Shape& shape, DType dtype, uint64_t key) {
    const auto n = static_cast<double>(std::max<int64_t>(fan(fans_of(shape)), 1));
    const double limit = std::sqrt(3 * scale / n);
    return uniform(-limit, limit)(body, shape, dtype, key);
  };
}
int64_t fan_sum(Fans f) { return f.in + f.out; }
int64_t fan_in(Fans f) { return f.in; }

// 0, 1, ... as f64, along an axis of a matrix.
Value index_along(Graph body, int64_t size, Sizes sizes) {
  std::vector<double> numbers;
  for (int64_t i = 0; i < size; ++i) numbers.push_back(static_cast<double>(i));
  return lanc::constant(body, Tensor::of<double>(std::move(sizes), numbers));
}

// (1 + n)^-1 of a strictly upper triangular n of this size: the finite product (1 - n)(1 + n^2)(1 + n^4)...
Value inverse_of_one_plus(Value n, const Value& one, int64_t size) {
  Value inverse = one - n;
  for (int64_t power = 2; power < size; power *= 2) {
    n = matmul(n, n);
    inverse = matmul(inverse, one + n);
  }
  return inverse;
}

// Columns of a tall {rows, columns} matrix, f64: the first columns of a uniformly distributed orthogonal matrix. Reflection k sends
// unit vector k to -+ the direction of a normal vector on the coordinates >= k; their product is 1 - V T V^T with the unit vectors V as
// columns and T^-1 = the strict upper triangle of V^T V plus half its diagonal (Joffrain et al. 2006).
Value orthonormal_columns(Graph body, int64_t rows, int64_t columns, uint64_t key) {
  const Value row = index_along(body, rows, {rows, 1}), column = index_along(body, columns, {1, columns});
  const Value corner = cast(equal(row, column), f64);  // {rows, columns}: 1 on the diagonal
  const Value x = where(greater_or_equal(row, column), standard_normal(body, {rows, columns}, f64, key), 0.0);
  const Value first = sum(x * corner, {.axes = {0}, .keep = true});
  const Value signs = where(less_than(first, 0.0), -1.0, cast(equal(first, first), f64));
  const Value raw = x + corner * (signs * sqrt(sum(square(x), {.axes = {0}, .keep = true})));
  const Value v = raw / sqrt(sum(square(raw), {.axes = {0}, .keep = true}));
  const Value square_row = index_along(body, columns, {columns, 1});
  const Value one = cast(equal(square_row, column), f64);
  const Value gram = contract(v, v, {.lhs = {0}, .rhs = {0}});
  const Value t = 2.0 * inverse_of_one_plus(where(less_than(square_row, column), 2.0 * gram, 0.0), one, columns);
  const Value top = contract(v, corner, {.lhs = {0}, .rhs = {0}});  // V^T restricted to the first columns
  return (corner - matmul(v, matmul(t, top))) * -signs;
}

}  // namespace

Initializer constant(double value) {
  return [value](Graph body, const Shape& shape, DType dtype, uint64_t) {
    Tensor t(dtype, {});
    t.set(0, value);
    return broadcast_to(lanc::constant(body, t), shape, {});
  };
}
Initializer zeros() { return constant(0); }
Initializer ones() { return constant(1); }

Initializer normal(double mean, double deviation) {
  return [=](Graph body, const Shape& shape, DType dtype, uint64_t key) {
    require_float(dtype);
    if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation < 0)
      models::detail::fail("an initial mean must be finite, its deviation at least 0", number_text(mean) + " and " + number_text(deviation));
    const Value z = standard_normal(body, shape, dtype, key) * deviation;
    return cast(mean == 0 ? z : z + mean, dtype);
  };
}

Initializer uniform(double low, double high) {
  return [=](Graph body, const Shape& shape, DType dtype, uint64_t key) {
    require_float(dtype);
    if (!std::isfinite(low) || !std::isfinite(high) || low > high)
      models::detail::fail("initial values must be drawn from finite low to high", number_text(low) + " to " + number_text(high));
    return cast(draw(body, shape, dtype, key) * (high - low) + low, dtype);
  };
}

Initializer glorot_uniform() { return scaled_uniform(2, fan_sum); }
Initializer glorot_normal() { return scaled_normal(2, fan_sum); }
Initializer he_uniform() { return scaled_uniform(2, fan_in); }
Initializer he_normal() { return scaled_normal(2, fan_in); }
Initializer lecun_uniform() { return scaled_uniform(1, fan_in); }
Initializer lecun_normal() { return scaled_normal(1, fan_in); }

Initializer orthogonal(double gain) {
  return [gain](Graph body, const Shape& shape, DType dtype, uint64_t key) {
    require_float(dtype);
    if (shape.size() < 2) models::detail::fail("an orthogonal initial value must be of rank 2 or more", shape_text(shape));
    Dim rest = 1;
    for (size_t i = 1; i < shape.size(); ++i) rest = rest * shape[i];
    const int64_t rows = shape[0].number(), columns = rest.number();
    if (rows == 0 || columns == 0) return zeros()(body, shape, dtype, key);
    const Value tall = orthonormal_columns(body, std::max(rows, columns), std::min(rows, columns), key);
    return cast(reshape(rows < columns ? transpose(tall) : tall, shape) * gain, dtype);
  };
}

}  // namespace lanc::initializers
