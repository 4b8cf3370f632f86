#include <lanc/ops/cumulative.h>

#include <lanc/ops/elementwise.h>

namespace lanc {
namespace {

void require_axis(const InferArgs& args, int64_t axis) {
  if (args.shape(0).empty()) args.fail("rank must be at least 1", args.types_text());
  args.axis(axis, args.input(0).rank());
}

Types cumulative_types(const InferArgs& args) {
  require_axis(args, args.attrs<CumulativeAttrs>().axis);
  const DType t = args.dtype(0);
  return {{t == boolean || t == u8 ? i64 : t, args.shape(0)}};
}

// dx_i = sum of dy_t over the t whose sum holds x_i: the same sum run the other way.
Cotangents cumsum_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  CumulativeAttrs attrs = args.attrs<CumulativeAttrs>();
  attrs.reversed = !attrs.reversed;
  return {cumsum(args.cotangent(), attrs)};
}

// dx_i = (product before i) * S_i with S_i = sum over t >= i of dy_t * product of x_j for i < j <= t, so S_i = dy_i + x_{i+1} S_{i+1}.
// Exclusive results hold x_i from t = i + 1 on: S_i = T_{i+1} with T_i = dy_i + x_i T_{i+1}.
Cotangents cumprod_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt};
  const auto& attrs = args.attrs<CumulativeAttrs>();
  const DType dtype = compute_type(args.input_type(0).dtype);
  const Value x = cast(args.input(0), dtype), dy = cast(args.cotangent(), dtype);
  const Value before = attrs.exclusive && dtype == args.input_type(0).dtype
                           ? args.output()
                           : cumprod(x, {.axis = attrs.axis, .exclusive = true, .reversed = attrs.reversed});
  const Value after = linear_recurrence(x, dy, {.axis = attrs.axis,
                                                .form = attrs.exclusive ? RecurrenceForm::exclusive : RecurrenceForm::lagged,
                                                .reversed = !attrs.reversed});
  return {cast(before * after, args.input_type(0).dtype)};
}

Types recurrence_types(const InferArgs& args) {
  args.require_number();
  if (const RecurrenceForm form = args.attrs<RecurrenceAttrs>().form; form < RecurrenceForm::plain || form > RecurrenceForm::exclusive)
    args.fail("form must be one of RecurrenceForm", std::to_string(static_cast<int64_t>(form)));
  require_axis(args, args.attrs<RecurrenceAttrs>().axis);
  if (args.dtype(0) != args.dtype(1)) args.fail("operands must be of one dtype", args.types_text());
  if (args.shape(0).size() != args.shape(1).size()) args.fail("shapes must be equal", args.types_text());
  for (size_t i = 0; i < args.shape(0).size(); ++i) args.require_equal(args.shape(0)[i], args.shape(1)[i], "shapes must be equal");
  return {args.input(0)};
}

// With g_t the cotangent of the state s_t, l_t = g_t + c_{t+1} l_{t+1} runs the other way, c_t being the factor of s_{t-1} in s_t:
//   db_t = l_t, dc_t = l_t s_{t-1}.
//   plain:     c_t = a_t,     g = dy:           l is lagged in the other direction; s_{t-1} is the exclusive form
//   lagged:    c_t = a_{t-1}, g = dy:           l is plain; da_t = dc_{t+1} = l_{t+1} s_t: exclusive form of l, times y
//   exclusive: c_t = a_t,     g_t = dy_{t+1}:   l is exclusive; s_{t-1} = y_t
Cotangents recurrence_vjp(const VjpArgs& args) {
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt};
  const auto& attrs = args.attrs<RecurrenceAttrs>();
  const Value a = args.input(0), b = args.input(1), dy = args.cotangent();
  const auto back = [&](RecurrenceForm form) { return linear_recurrence(a, dy, {attrs.axis, form, !attrs.reversed}); };
  Cotangents result(2);
  switch (attrs.form) {
    case RecurrenceForm::plain: {
      const Value l = back(RecurrenceForm::lagged);
      if (args.wanted(0)) result[0] = l * linear_recurrence(a, b, {attrs.axis, RecurrenceForm::exclusive, attrs.reversed});
      result[1] = l;
      break;
    }
    case RecurrenceForm::lagged:
      if (args.wanted(0)) result[0] = back(RecurrenceForm::exclusive) * args.output();
      if (args.wanted(1)) result[1] = back(RecurrenceForm::plain);
      break;
    case RecurrenceForm::exclusive: {
      const Value l = back(RecurrenceForm::exclusive);
      result[0] = l * args.output();
      result[1] = l;
      break;
    }
  }
  return result;
}

Cost recurrence_cost(const CostArgs& args) {
  return {args.outputs[0].numel() * 2, args.inputs[0].bytes() + args.inputs[1].bytes() + args.outputs[0].bytes()};
}

}  // namespace

const OpDef cumsum_op{.name = "cumsum", .family = "reduce", .attributes = attributes<CumulativeAttrs>, .infer = cumulative_types,
                      .vjp = cumsum_vjp, .reads = {.inputs = false},
                      .doc = "Running sum along `axis`, `exclusive` or `reversed`. Floats below f64 accumulate in f64; bool and u8 give i64."};
const OpDef cumprod_op{.name = "cumprod", .family = "reduce", .attributes = attributes<CumulativeAttrs>, .infer = cumulative_types,
                       .vjp = cumprod_vjp, .reads = {.inputs = true, .outputs = true},
                       .doc = "Running product along `axis`, `exclusive` or `reversed`; exact derivatives where elements are 0."};
const OpDef linear_recurrence_op{.name = "linear_recurrence", .family = "reduce", .arity = 2, .attributes = attributes<RecurrenceAttrs>,
                                 .infer = recurrence_types, .vjp = recurrence_vjp, .reads = {.inputs = true, .outputs = true},
                                 .cost = recurrence_cost, .doc = "y_t = a_t y_{t-1} + b_t along `axis`; floats below f64 accumulate in f64."};

Value cumsum(Operand x, CumulativeAttrs attrs) { return apply(cumsum_op, {x}, attrs); }
Value cumprod(Operand x, CumulativeAttrs attrs) { return apply(cumprod_op, {x}, attrs); }

Value linear_recurrence(Operand a, Operand b, RecurrenceAttrs attrs) {
  CallSite site("linear_recurrence", {a, b});
  const DType dtype = promote(a.dtype(), b.dtype());
  return apply(linear_recurrence_op, {cast(a, dtype), cast(b, dtype)}, attrs);
}

}  // namespace lanc
