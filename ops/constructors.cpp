#include <lanc/ops/constructors.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/slice.h>

namespace lanc {
namespace {

Types iota_types(const InferArgs& args) {
  const auto& attrs = args.attrs<IotaAttrs>();
  if (attrs.dtype == boolean) args.fail("dtype must be a number", "bool");
  args.require_at_most(0, attrs.size, "the number of elements must be >= 0", attrs.size.text());
  return {{attrs.dtype, {attrs.size}}};
}

Value iota_of(const Graph& graph, const Dim& size, DType dtype) { return apply_source(iota_op, graph, IotaAttrs{size, dtype}, CallSite::user_line()); }

Tensor number_tensor(const Literal& number, DType dtype) {
  if (!holds(dtype, number)) refuse("the dtype must hold the number", number.text() + " for " + std::string(name_of(dtype)));
  return literal_tensor(number, dtype);
}

Value full_of(const Graph& graph, const Shape& shape, const Operand& value, std::optional<DType> dtype) {
  if (value.is_literal())
    return broadcast_to(apply_source(constant_op, graph, ConstantAttrs{number_tensor(value.literal(), dtype.value_or(f32))}, CallSite::user_line()), shape, {});
  if (value.rank() != 0) refuse("the value must be of rank 0", value.type().text(), value);
  if (!(value.graph() == graph)) refuse("the value must belong to the graph", "a value of another graph", value);
  return broadcast_to(cast(value, dtype.value_or(value.dtype())), shape, {});
}

// Whole numbers have integer literals, so that they stay exact and take any dtype.
Operand whole(int64_t number) { return Operand(number); }

void require_matrix(const Value& x) {
  if (x.rank() < 2) refuse("the operand must have at least two axes", x.type().text(), x);
}

// Of a diagonal; so that its negative is a number.
void require_offset(int64_t offset) {
  if (offset == std::numeric_limits<int64_t>::min()) refuse("offset must be above -2^63", std::to_string(offset));
}

// column - row of each element of an n x m matrix, compared with the offset.
Value compared(const Graph& graph, const Dim& rows, const Dim& columns, int64_t offset, Value (*compare)(Operand, Operand)) {
  const Value row = reshape(iota_of(graph, rows, i64), {rows, 1}), column = iota_of(graph, columns, i64);
  return compare(column, offset == 0 ? row : row + whole(offset));
}

Value triangle(const Value& x, int64_t offset, Value (*compare)(Operand, Operand)) {
  require_matrix(x);
  const Value inside = compared(x.graph(), x.size(-2), x.size(-1), offset, compare);
  return where(inside, x, x.dtype() == boolean ? Operand(false) : whole(0));
}

// Rows laid behind each other, the diagonal is every (columns + 1)-th element.
Value diagonal_of(const Value& x, int64_t offset) {
  require_matrix(x);
  require_offset(offset);
  const Dim n = x.size(-2), m = x.size(-1);
  if (at_most(offset, m) == Truth::no || at_most(-offset, n) == Truth::no)
    refuse("offset must be in [" + (Dim(0) - n).text() + ", " + m.text() + "]", std::to_string(offset) + " for " + x.type().text(), x);
  const Dim count = larger_of(0, smaller_of(offset < 0 ? n + offset : n, offset > 0 ? m - offset : m));
  Shape flat(x.shape().begin(), x.shape().end() - 2);
  flat.push_back(n * m);
  SliceAttrs attrs{std::vector<Dim>(flat.size(), 0), flat, std::vector<Dim>(flat.size(), 1)};
  attrs.starts.back() = offset >= 0 ? Dim(offset) : Dim(-offset) * m;
  attrs.sizes.back() = count;
  attrs.steps.back() = m + 1;
  return strided_slice(reshape(x, flat), std::move(attrs));
}

Value matrix_of(const Value& x, int64_t offset) {
  require_offset(offset);
  const Dim n = x.size(0), size = n + std::abs(offset);
  const Dim start = offset >= 0 ? Dim(offset) : Dim(-offset) * size;
  return reshape(strided_pad(x, {{start}, {size * size}, {size + 1}}, 0), {size, size});
}

}  // namespace

const OpDef iota_op{.name = "iota", .family = "source", .arity = 0, .attributes = attributes<IotaAttrs>, .infer = iota_types,
                    .no_gradient = "a sequence has no operands", .doc = "0, 1, 2, ... of a number dtype; integers wrap, 16-bit floats round."};

Value full(Graph graph, Shape shape, Operand value, std::optional<DType> dtype, std::source_location where) {
  const CallSite site("full", where, graph.data());
  require_shape(graph, shape);
  return full_of(graph, shape, value, dtype);
}

Value zeros(Graph graph, Shape shape, DType dtype, std::source_location where) {
  const CallSite site("zeros", where, graph.data());
  require_shape(graph, shape);
  return full_of(graph, shape, 0, dtype);
}

Value ones(Graph graph, Shape shape, DType dtype, std::source_location where) {
  const CallSite site("ones", where, graph.data());
  require_shape(graph, shape);
  return full_of(graph, shape, 1, dtype);
}

Value full_like(Operand like, Operand value) {
  const CallSite site("full_like", {like});
  return full_of(like.graph(), like.shape(), value, like.dtype());
}

Value zeros_like(Operand like) {
  const CallSite site("zeros_like", {like});
  return full_of(like.graph(), like.shape(), 0, like.dtype());
}

Value ones_like(Operand like) {
  const CallSite site("ones_like", {like});
  return full_of(like.graph(), like.shape(), 1, like.dtype());
}

Value arange(Graph graph, Dim stop, DType dtype, std::source_location where) {
  const CallSite site("arange", where, graph.data());
  require_shape(graph, {stop});
  return iota_of(graph, stop, dtype);
}

Value arange(Graph graph, Dim start, Dim stop, int64_t step, DType dtype, std::source_location where) {
  const CallSite site("arange", where, graph.data());
  if (step == 0) refuse("step must not be 0", "0");
  if (dtype == boolean) refuse("dtype must be a number", "bool");
  if (step == std::numeric_limits<int64_t>::min()) refuse("step must be above -2^63", std::to_string(step));
  const Dim size = step > 0 ? ceildiv(stop - start, step) : ceildiv(start - stop, -step);
  if (at_most(0, step > 0 ? stop - start : start - stop) == Truth::no)
    refuse("stop must lie on the side of start to which the step leads", start.text() + " to " + stop.text() + " by " + std::to_string(step));
  require_shape(graph, {size});
  if (start == Dim(0) && step == 1) return iota_of(graph, size, dtype);
  Value v = iota_of(graph, size, i64);
  if (step != 1) v = v * whole(step);
  if (start.is_number()) v = v + whole(start.number());
  else v = v + dim_value(graph, start, i64);
  return cast(v, dtype);
}

Value arange_of_reals(Graph graph, double start, double stop, double step, DType dtype, std::source_location where) {
  const CallSite site("arange", where, graph.data());
  const std::string got = number_text(start) + " to " + number_text(stop) + " by " + number_text(step);
  if (!std::isfinite(start) || !std::isfinite(stop) || !std::isfinite(step)) refuse("numbers must be finite", got);
  if (step == 0) refuse("step must not be 0", "0");
  if (!is_float(dtype)) refuse("dtype must be a float for real numbers", std::string(name_of(dtype)));
  const double count = std::ceil((stop - start) / step);
  if ((stop - start) / step < 0) refuse("stop must lie on the side of start to which the step leads", got);
  if (count > 0x1p47) refuse("the number of elements must be below 2^47", got);
  const Value i = iota_of(graph, static_cast<int64_t>(count), f64);
  return cast(start + i * step, dtype);
}

Value linspace(Graph graph, Operand start, Operand stop, Dim count, DType dtype, std::source_location where) {
  const CallSite site("linspace", where, graph.data());
  if (!is_float(dtype)) refuse("dtype must be a float", std::string(name_of(dtype)));
  require_shape(graph, {count});
  for (const Operand& end : {start, stop})
    if (!end.is_literal() && end.rank() != 0) refuse("start and stop must be of rank 0", end.type().text(), end);
  const bool numbers = start.is_literal() && stop.is_literal();
  const DType work = numbers ? f64 : compute_type(dtype);
  const auto at_work = [&](const Operand& end) { return end.is_literal() ? Operand(end.literal().real) : Operand(cast(end, work)); };
  const Operand from = at_work(start), to = at_work(stop);
  const Value i = iota_of(graph, count, work);
  const Value last = dim_value(graph, larger_of(count - 1, 1), work);
  const Value step = (numbers ? Operand(to.literal().real - from.literal().real) : Operand(to - from)) / last;
  const Value nearer_start = less_or_equal(i + i, last);
  return cast(lanc::where(nearer_start, from + i * step, to - (last - i) * step), dtype);
}

Value eye(Graph graph, Dim size, DType dtype, std::source_location where) { return eye(graph, size, size, 0, dtype, where); }

Value eye(Graph graph, Dim rows, Dim columns, int64_t offset, DType dtype, std::source_location where) {
  const CallSite site("eye", where, graph.data());
  require_shape(graph, {rows, columns});
  return cast(compared(graph, rows, columns, offset, equal), dtype);
}

Value tril(Operand x, int64_t offset) {
  const CallSite site("tril", {x});
  return triangle(x, offset, less_or_equal);
}

Value triu(Operand x, int64_t offset) {
  const CallSite site("triu", {x});
  return triangle(x, offset, greater_or_equal);
}

Value diag(Operand x, int64_t offset) {
  const CallSite site("diag", {x});
  if (x.rank() != 1 && x.rank() != 2) refuse("the operand must be a vector or a matrix", x.type().text(), x);
  return x.rank() == 1 ? matrix_of(x, offset) : diagonal_of(x, offset);
}

Value diagonal(Operand x, int64_t offset) {
  const CallSite site("diagonal", {x});
  return diagonal_of(x, offset);
}

Value trace(Operand x, int64_t offset) {
  const CallSite site("trace", {x});
  return sum(diagonal_of(x, offset), {.axes = {-1}});
}

std::vector<Value> meshgrid(Operands vectors, Indexing indexing) {
  const CallSite site("meshgrid", vectors.line(), vectors.graph_data());
  if (vectors.empty()) refuse("there must be at least one operand", "none");
  Shape shape;
  for (const Operand& v : vectors) {
    if (v.rank() != 1) refuse("operands must be vectors", v.type().text(), v);
    if (v.value().graph_data() != vectors.graph_data()) refuse("operands must belong to one graph", "values of two graphs");
    shape.push_back(v.size(0));
  }
  const auto axis_of = [&](size_t k) { return indexing == Indexing::xy && k < 2 && vectors.size() > 1 ? 1 - k : k; };
  Shape grid(shape.size());
  for (size_t k = 0; k < shape.size(); ++k) grid[axis_of(k)] = shape[k];
  std::vector<Value> out;
  for (size_t k = 0; k < vectors.size(); ++k) out.push_back(broadcast_to(vectors[k], grid, {static_cast<int64_t>(axis_of(k))}));
  return out;
}

}  // namespace lanc
