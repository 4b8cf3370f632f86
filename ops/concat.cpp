#include <lanc/ops/concat.h>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/requirements.h>
#include <lanc/ops/slice.h>

namespace lanc {
namespace {

Types concat_types(const InferArgs& args) {
  if (args.size() == 0) args.fail("needs at least one operand", "none");
  const auto rank = static_cast<int64_t>(args.shape(0).size());
  if (rank == 0) args.fail("operands must have at least one axis", args.types_text());
  const int64_t axis = args.attrs<ConcatAttrs>().axis;  // of a node: from 0 on; builders count from the end
  if (axis < 0 || axis >= rank) args.fail("axis must be in [0, " + std::to_string(rank) + ")", std::to_string(axis));
  Shape shape = args.shape(0);
  for (size_t i = 1; i < args.size(); ++i) {
    if (args.dtype(i) != args.dtype(0)) args.fail("operands must be of one dtype", args.types_text());
    if (static_cast<int64_t>(args.shape(i).size()) != rank) args.fail("operands must be of one rank", args.types_text());
    for (int64_t a = 0; a < rank; ++a) {
      const auto k = static_cast<size_t>(a);
      if (a == axis) shape[k] = shape[k] + args.shape(i)[k];
      else args.require_equal(shape[k], args.shape(i)[k], "sizes beside axis " + std::to_string(axis) + " must be equal");
    }
  }
  return {{args.dtype(0), shape}};
}

// Each operand gets its part of dy.
Cotangents concat_vjp(const VjpArgs& args) {
  Cotangents result(args.inputs());
  const Value dy = args.cotangent();
  const auto axis = static_cast<size_t>(args.attrs<ConcatAttrs>().axis);
  Dim start = 0;
  for (size_t i = 0; i < args.inputs(); ++i) {
    const Dim size = args.input_shape(i)[axis];
    if (args.wanted(i)) {
      SliceAttrs attrs{std::vector<Dim>(dy.shape().size(), 0), dy.shape(), std::vector<Dim>(dy.shape().size(), 1)};
      attrs.starts[axis] = start;
      attrs.sizes[axis] = size;
      result[i] = strided_slice(dy, std::move(attrs));
    }
    start = start + size;
  }
  return result;
}

Cost concat_cost(const CostArgs& args) { return {0, Dim(2) * args.outputs[0].bytes()}; }

// Values in their promoted dtype. At least one operand is a value (numbers have no axis).
std::vector<Operand> of_one_dtype(const Operands& values) {
  std::optional<DType> met;
  for (const Operand& o : values) {
    if (o.is_literal()) refuse("operands must be values", "a number");
    met = met ? promote(*met, o.dtype()) : o.dtype();
  }
  std::vector<Operand> out;
  for (const Operand& o : values) out.emplace_back(o.dtype() == *met ? o : Operand(cast(o, *met)));
  return out;
}

// Said here, of the operands as they are given; what concat says is of operands with one more axis.
void require_one_shape(const Value& first, const Value& other) {
  const std::string requirement = "operands must be of one shape", got = first.type().text() + " and " + other.type().text();
  if (other.rank() != first.rank()) refuse(requirement, got, other);
  if (first.graph_data() != other.graph_data()) return;  // refused by concat
  for (size_t a = 0; a < first.shape().size(); ++a) require_equal_dims(other, first.shape()[a], other.shape()[a], requirement, got);
}

void require_times(const Value& x, const std::vector<Dim>& times) {
  for (const Dim& t : times)
    if (at_most(0, t) == Truth::no) refuse("times must be >= 0", shape_text(times) + " for " + x.type().text(), x);
}

}  // namespace

const OpDef concat_op{.name = "concat", .family = "layout", .arity = -1, .attributes = attributes<ConcatAttrs>, .infer = concat_types,
                      .vjp = concat_vjp, .reads = {.inputs = false}, .cost = concat_cost,
                      .doc = "Operands of one dtype one behind the other along an axis. Any dtype."};

Value concat(Operands values, int64_t axis) {
  const CallSite site("concat", values.line(), values.graph_data());
  if (values.empty()) refuse("there must be at least one operand", "none");
  const Value& first = values[0];
  axis = required_axis(first, axis);
  if (values.size() == 1) return first;
  return apply(concat_op, of_one_dtype(values), ConcatAttrs{axis});
}

Value stack_of(Operands values, int64_t axis) {
  const CallSite site("stack_of", values.line(), values.graph_data());
  if (values.empty()) refuse("there must be at least one operand", "none");
  const Value& first = values[0];
  const int64_t rank = first.rank() + 1;
  if (axis < -rank || axis >= rank)
    refuse("axis must be in [" + std::to_string(-rank) + ", " + std::to_string(rank) + ")", std::to_string(axis) + " for " + first.type().text(), first);
  if (axis < 0) axis += rank;
  std::vector<Operand> parts;
  const std::vector<Operand> converted = of_one_dtype(values);
  for (size_t i = 0; i < values.size(); ++i) {
    require_one_shape(first, values[i]);
    parts.emplace_back(expand_dims(converted[i], {axis}), values[i].line());
  }
  if (parts.size() == 1) return parts[0];
  return apply(concat_op, std::move(parts), ConcatAttrs{axis});
}

// {n0, n1} -> {t0, n0, t1, n1} -> {t0 * n0, t1 * n1}.
Value tile(Operand x, std::vector<Dim> times) {
  const CallSite site("tile", {x});
  if (static_cast<int64_t>(times.size()) != x.rank())
    refuse("there must be one number of times for each axis", std::to_string(times.size()) + " for " + x.type().text(), x);
  require_times(x, times);
  Shape spread, shape;
  std::vector<int64_t> axes;
  for (size_t a = 0; a < times.size(); ++a) {
    if (!(times[a] == Dim(1))) spread.push_back(times[a]);
    axes.push_back(static_cast<int64_t>(spread.size()));
    spread.push_back(x.shape()[a]);
    shape.push_back(times[a] * x.shape()[a]);
  }
  return reshape(broadcast_to(x, spread, axes), shape);
}

// {n} -> {n, t} -> {n * t}.
Value repeat(Operand x, Dim times, int64_t axis) {
  const CallSite site("repeat", {x});
  axis = required_axis(x, axis);
  require_times(x, {times});
  if (times == Dim(1)) return x;
  Shape spread = x.shape(), shape = x.shape();
  spread.insert(spread.begin() + axis + 1, times);
  shape[static_cast<size_t>(axis)] = shape[static_cast<size_t>(axis)] * times;
  std::vector<int64_t> axes;
  for (int64_t a = 0; a < x.rank(); ++a) axes.push_back(a <= axis ? a : a + 1);
  return reshape(broadcast_to(x, spread, axes), shape);
}

}  // namespace lanc
