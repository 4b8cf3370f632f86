#include <lanc/ops/elementwise.h>

#include <map>

#include <lanc/graph/error.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/op_set.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

Types elementwise_types(const InferArgs& args) {
  const Formula& formula = *args.op().formula(args.op(), args.attributes());
  if (args.size() == 0 || args.size() != static_cast<size_t>(formula.inputs()))
    args.fail("needs one operand per input of the formula and at least one", std::to_string(args.size()) + " for " + std::to_string(formula.inputs()));
  std::vector<DType> dtypes;
  for (size_t i = 0; i < args.size(); ++i) {
    dtypes.push_back(args.dtype(i));
    if (i == 0) continue;
    if (args.shape(i).size() != args.shape(0).size()) args.fail("operands must have one shape", args.types_text());
    for (size_t axis = 0; axis < args.shape(0).size(); ++axis)
      args.require_equal(args.shape(0)[axis], args.shape(i)[axis], "operands must have one shape");
  }
  std::vector<DType> results;
  try {
    results = formula.result_types(dtypes);
  } catch (const UserError& error) {
    args.fail("dtypes must suit the formula (" + std::string(error.what()) + ")", args.types_text());
  }
  Types types;
  for (DType t : results) types.push_back({t, args.shape(0)});
  return types;
}

// One node per wanted input: reverse mode over the formula, as a formula of (inputs, dy).
Cotangents elementwise_vjp(const VjpArgs& args) {
  const Formula& formula = *args.op().formula(args.op(), args.attributes());
  Cotangents result(args.inputs());
  for (size_t i = 0; i < args.inputs(); ++i) {
    if (!args.wanted(i)) continue;
    for (size_t output = 0; output < formula.outputs().size(); ++output) {
      if (!args.has_cotangent(output)) continue;
      const auto back = derivative(formula, static_cast<int>(output), static_cast<int>(i));
      if (!back) continue;
      std::vector<Operand> operands;
      for (size_t k = 0; k < args.inputs(); ++k) operands.emplace_back(args.input(k));
      operands.emplace_back(args.cotangent(output));
      const Value term = cast(apply_formula(*back, std::move(operands)), args.input_type(i).dtype);
      result[i] = result[i] ? *result[i] + term : term;
    }
  }
  return result;
}

Cost elementwise_cost(const CostArgs& args) { return default_cost(args); }

// What a row's op needs to give its formula.
struct RowContext {
  Formula formula;
};

const Formula* row_formula(const OpDef& op, const Attributes&) { return &static_cast<const RowContext*>(op.context)->formula; }
const Formula* attribute_formula(const OpDef&, const Attributes& attributes) { return &attributes.as<FormulaAttrs>().formula; }

const Formula* cast_formula(const OpDef&, const Attributes& attributes) {
  static const std::vector<Formula> formulas = [] {
    std::vector<Formula> all;
    for (DType t : all_dtypes) all.push_back(record<1>([t](Scalar x) { return cast(x, t); }));
    return all;
  }();
  return &formulas[static_cast<size_t>(attributes.as<CastAttrs>().dtype)];
}

std::vector<Value> elementwise_batch(const BatchArgs& args) {
  Shape shape{args.length};
  shape.insert(shape.end(), args.outputs[0].shape.begin(), args.outputs[0].shape.end());
  std::vector<int64_t> rest;
  for (int64_t a = 1; a < static_cast<int64_t>(shape.size()); ++a) rest.push_back(a);
  std::vector<Operand> operands;
  for (size_t i = 0; i < args.inputs.size(); ++i) operands.emplace_back(args.batched[i] ? args.inputs[i] : broadcast_to(args.inputs[i], shape, rest));
  return apply_all(args.op, operands, args.attributes);
}

OpDef elementwise_def(std::string_view name, int arity, const RowContext* context, std::string_view doc) {
  return {.name = name, .family = "elementwise", .arity = arity, .infer = elementwise_types, .vjp = elementwise_vjp,
          .batch = elementwise_batch, .cost = elementwise_cost, .formula = row_formula, .context = context, .doc = doc};
}

struct Row {
  RowContext context;
  OpDef def;
};

const std::map<std::string_view, std::unique_ptr<Row>>& rows() {
  static const auto all = [] {
    std::map<std::string_view, std::unique_ptr<Row>> map;
    for (const ScalarFunction& f : scalar_functions()) {
      if (f.name == "cast") continue;
      auto row = std::make_unique<Row>();
      row->context.formula = formula_of_row(f);
      row->def = elementwise_def(f.name, f.arity, &row->context, f.doc);
      map.emplace(f.name, std::move(row));
    }
    return map;
  }();
  return all;
}

struct UserRow {
  std::string name;
  RowContext context;
  OpDef def;
};

// Shapes that surely do not meet are reported with the function's name and all operands' lines.
void require_meeting(const OpDef& op, const Attributes& attributes, const std::vector<Value>& values, const Shape& shape, SourceLine line) {
  for (const Value& v : values) {
    const size_t offset = shape.size() - v.shape().size();
    for (size_t i = 0; i < v.shape().size(); ++i) {
      if (v.shape()[i] == Dim(1) || equal_dims(v.shape()[i], shape[offset + i]) != Truth::no) continue;
      Types types;
      std::vector<OriginRef> origins;
      for (const Value& each : values) {
        types.push_back(each.type());
        origins.push_back(each.node().origin);
      }
      const InferArgs args(op, attributes, types, nullptr, CallSite::origin_for(line), origins);
      args.fail("shapes must be equal or broadcast (a size of 1, axes aligned at the end)",
                args.types_text() + " (" + shape[offset + i].text() + " and " + v.shape()[i].text() + ")");
    }
  }
}

}  // namespace

const OpDef formula_op{.name = "formula", .family = "elementwise", .arity = -1, .attributes = attributes<FormulaAttrs>,
                       .infer = elementwise_types, .vjp = elementwise_vjp, .batch = elementwise_batch, .cost = elementwise_cost, .formula = attribute_formula,
                       .doc = "Any scalar formula over its operands, element by element."};
const OpDef cast_op{.name = "cast", .family = "elementwise", .arity = 1, .attributes = attributes<CastAttrs>, .infer = elementwise_types,
                    .vjp = elementwise_vjp, .batch = elementwise_batch, .cost = elementwise_cost, .formula = cast_formula,
                    .doc = "Conversion: float to integer truncates and saturates, NaN gives 0; to bool: not equal to 0."};

const OpDef& scalar_op(std::string_view name) {
  const auto found = rows().find(name);
  if (found == rows().end()) throw InternalError("the scalar table has no row '" + std::string(name) + "'");
  return found->second->def;
}

const std::vector<OpRef>& scalar_ops() {
  static const std::vector<OpRef> all = [] {
    std::vector<OpRef> ops;
    for (const ScalarFunction& f : scalar_functions())
      if (f.name != "cast") ops.push_back(static_op(scalar_op(f.name)));
    return ops;
  }();
  return all;
}

const Formula* formula_of(const OpDef& op, const Attributes& attributes) {
  return op.formula == nullptr ? nullptr : op.formula(op, attributes);
}

Value apply_elementwise(OpRef op, std::vector<Operand> operands, Attributes attributes) {
  const SourceLine line = operands.empty() ? SourceLine{} : operands[0].line();
  std::shared_ptr<GraphData> graph;
  for (const Operand& o : operands)
    if (!o.is_literal()) graph = o.value().graph_data();
  const std::string name(op->name);
  const CallSite site(CallSite::function() == nullptr ? name.c_str() : nullptr, CallSite::user_line().known() ? SourceLine{} : line, graph);
  std::vector<Value> values = resolve_operands(*op, operands);
  const Shape shape = broadcast_shapes(values);
  require_meeting(*op, attributes, values, shape, line);
  std::vector<Operand> meeting;
  for (size_t k = 0; k < values.size(); ++k) {
    const Value& v = values[k];
    std::vector<int64_t> axes;
    const auto offset = static_cast<int64_t>(shape.size()) - v.rank();
    for (int64_t i = 0; i < v.rank(); ++i) axes.push_back(offset + i);
    const bool same = v.shape() == shape;
    meeting.emplace_back(same ? v : apply(broadcast_op, {{v, operands[k].line()}}, BroadcastAttrs{shape, axes}), operands[k].line());
  }
  return apply(std::move(op), std::move(meeting), std::move(attributes));
}

Value apply_formula(Formula formula, std::vector<Operand> operands) {
  if (static_cast<size_t>(formula.inputs()) != operands.size())
    throw UserError("formula: one operand per input is needed, got " + std::to_string(operands.size()) + " for " + std::to_string(formula.inputs()) +
                    (operands.empty() ? "" : "\n  formula at " + CallSite::origin_for(operands[0].line())->text()));
  return apply_elementwise(static_op(formula_op), std::move(operands), FormulaAttrs{std::move(formula)});
}

ElementwiseOp::ElementwiseOp(std::string_view name, Formula formula) {
  require_own_name("elementwise", name);
  auto row = std::make_shared<UserRow>();
  row->name = std::string(name);
  row->context.formula = std::move(formula);
  row->def = elementwise_def(row->name, row->context.formula.inputs(), &row->context, "A user's formula.");
  op_ = OpRef(row, &row->def);
}

const Formula& ElementwiseOp::formula() const { return *row_formula(*op_, {}); }

namespace {

Value unary(const char* name, const Operand& x) { return apply_elementwise(static_op(scalar_op(name)), {x}); }
Value binary(const char* name, const Operand& x, const Operand& y) { return apply_elementwise(static_op(scalar_op(name)), {x, y}); }

}  // namespace

Value operator+(Operand a, Operand b) { return binary("add", a, b); }
Value operator-(Operand a, Operand b) { return binary("sub", a, b); }
Value operator*(Operand a, Operand b) { return binary("mul", a, b); }
Value operator/(Operand a, Operand b) { return binary("div", a, b); }
Value operator-(Operand a) { return unary("neg", a); }
Value operator&&(Operand a, Operand b) { return binary("and", a, b); }
Value operator||(Operand a, Operand b) { return binary("or", a, b); }
Value operator!(Operand a) { return unary("not", a); }
Value logical_xor(Operand x, Operand y) { return binary("xor", x, y); }

Value operator&&(const Value& a, Operand b) { return binary("and", Operand(a, b.line()), b); }
Value operator||(const Value& a, Operand b) { return binary("or", Operand(a, b.line()), b); }
Value operator!(const Value& a) { return unary("not", Operand(a, a.node().origin->user)); }

#define LANC_UNARY(name) \
  Value name(Operand x) { return unary(#name, x); }
#define LANC_BINARY(name) \
  Value name(Operand x, Operand y) { return binary(#name, x, y); }

LANC_UNARY(exp)
LANC_UNARY(exp2)
LANC_UNARY(expm1)
LANC_UNARY(log)
LANC_UNARY(log1p)
LANC_UNARY(log2)
LANC_UNARY(log10)
LANC_UNARY(sqrt)
LANC_UNARY(rsqrt)
LANC_UNARY(cbrt)
LANC_UNARY(square)
LANC_UNARY(reciprocal)
LANC_UNARY(sin)
LANC_UNARY(cos)
LANC_UNARY(tan)
LANC_UNARY(asin)
LANC_UNARY(acos)
LANC_UNARY(atan)
LANC_UNARY(sinh)
LANC_UNARY(cosh)
LANC_UNARY(tanh)
LANC_UNARY(asinh)
LANC_UNARY(acosh)
LANC_UNARY(atanh)
LANC_UNARY(sinc)
LANC_UNARY(sigmoid)
LANC_UNARY(logit)
LANC_UNARY(softplus)
LANC_UNARY(relu)
LANC_UNARY(selu)
LANC_UNARY(gelu)
LANC_UNARY(gelu_tanh)
LANC_UNARY(silu)
LANC_UNARY(mish)
LANC_UNARY(hardtanh)
LANC_UNARY(hardsigmoid)
LANC_UNARY(abs)
LANC_UNARY(sign)
LANC_UNARY(floor)
LANC_UNARY(ceil)
LANC_UNARY(round)
LANC_UNARY(trunc)
LANC_UNARY(erf)
LANC_UNARY(erfc)
LANC_UNARY(erfinv)
LANC_UNARY(lgamma)
LANC_UNARY(digamma)
LANC_UNARY(trigamma)
LANC_UNARY(isnan)
LANC_UNARY(isinf)
LANC_UNARY(isfinite)
LANC_BINARY(pow)
LANC_BINARY(atan2)
LANC_BINARY(hypot)
LANC_BINARY(copysign)
LANC_BINARY(fmod)
LANC_BINARY(remainder)
LANC_BINARY(floor_div)
LANC_BINARY(logaddexp)
LANC_BINARY(xlogy)
LANC_BINARY(equal)
LANC_BINARY(not_equal)
LANC_BINARY(less_than)
LANC_BINARY(less_or_equal)
LANC_BINARY(greater_than)
LANC_BINARY(greater_or_equal)

#undef LANC_UNARY
#undef LANC_BINARY

Value max(Operand x, Operand y) { return binary("max", x, y); }
Value min(Operand x, Operand y) { return binary("min", x, y); }
Value clamp(Operand x, Operand lo, Operand hi) { return apply_elementwise(static_op(scalar_op("clamp")), {x, lo, hi}); }
Value max(const Value& x, const Value& y, std::source_location line) { return max(Operand(x, line), Operand(y, line)); }
Value min(const Value& x, const Value& y, std::source_location line) { return min(Operand(x, line), Operand(y, line)); }
Value clamp(const Value& x, const Value& lo, const Value& hi, std::source_location line) { return clamp(Operand(x, line), Operand(lo, line), Operand(hi, line)); }
Value where(Operand condition, Operand x, Operand y) { return apply_elementwise(static_op(scalar_op("where")), {condition, x, y}); }
Value leaky_relu(Operand x, Operand slope) { return binary("leaky_relu", x, slope); }
Value elu(Operand x, Operand alpha) { return binary("elu", x, alpha); }

Value cast(Operand x, DType dtype) {
  const CallSite site("cast", {x});
  if (x.dtype() == dtype) return x;
  return apply_elementwise(static_op(cast_op), {x}, CastAttrs{dtype});
}

}  // namespace lanc
