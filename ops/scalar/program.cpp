#include <lanc/ops/scalar/program.h>

#include <algorithm>
#include <bit>
#include <map>

#include <lanc/graph/error.h>
#include <lanc/ops/scalar/evaluate.h>
#include <lanc/ops/scalar/float_environment.h>
#include <lanc/ops/scalar/rules.h>
#include <lanc/ops/scalar/table.h>

namespace lanc {
namespace {

std::string key_of(const Instruction& i) {
  std::string key;
  for (int64_t part : {static_cast<int64_t>(i.op), static_cast<int64_t>(i.type), static_cast<int64_t>(i.from), int64_t{i.a}, int64_t{i.b}, int64_t{i.c},
                       int64_t{i.index}, static_cast<int64_t>(i.bits)})
    key += std::to_string(part) + ",";
  return i.routine == nullptr ? key : key + i.routine->symbol;
}

uint64_t bits_of(DType type, double real, int64_t integer, bool exact) {
  switch (type) {
    case DType::f64: return std::bit_cast<uint64_t>(real);
    case DType::f32: return std::bit_cast<uint32_t>(static_cast<float>(real));
    case DType::i64: return static_cast<uint64_t>(exact ? integer : static_cast<int64_t>(real));
    case DType::i32: return static_cast<uint32_t>(static_cast<int32_t>(exact ? integer : static_cast<int64_t>(real)));
    case DType::u8: return static_cast<uint8_t>(exact ? integer : static_cast<int64_t>(real));
    case DType::boolean: return real != 0 ? 1 : 0;
    default: throw InternalError("program: 16-bit floats are computed in f32");
  }
}

M literal_of(ProgramBuilder& builder, const Literal& l, DType type) {
  const bool exact = l.kind != Literal::Kind::real;
  return {&builder, builder.add({.op = MachineOp::constant, .type = type, .bits = bits_of(type, l.real, l.integer, exact)})};
}

// Lowers node by node; each call converts its operands to their common dtype first.
class Lowering {
 public:
  Lowering(ProgramBuilder& builder, const Formula& formula, std::span<const DType> inputs) : builder_(builder), formula_(formula), types_(formula.node_types(inputs)) {
    for (size_t i = 0; i < inputs.size(); ++i)
      loads_.push_back(builder.add({.op = MachineOp::load, .type = compute_type(inputs[i]), .from = inputs[i], .index = static_cast<int>(i)}));
  }

  void run() {
    for (size_t id = 0; id < formula_.nodes().size(); ++id) {
      const FormulaNode& n = formula_.nodes()[id];
      if (n.kind == FormulaNode::Kind::input) values_.emplace_back(M(&builder_, loads_[static_cast<size_t>(n.input)]));
      else if (n.kind == FormulaNode::Kind::literal) values_.emplace_back(std::nullopt);
      else values_.emplace_back(call_node(n, *types_[id]));
    }
  }
  // As `value`, for a result that is rounded where it is stored.
  M stored(int id, DType type) {
    const FormulaNode& n = formula_.nodes()[static_cast<size_t>(id)];
    const bool rounds = n.kind == FormulaNode::Kind::call && n.function->name == "cast" && is_storage_only(n.cast_to);
    return rounds && n.cast_to == type ? convert(value(n.args[0], f32), f32) : value(id, type);
  }
  M value(int id, DType type) {
    const FormulaNode& n = formula_.nodes()[static_cast<size_t>(id)];
    return n.kind == FormulaNode::Kind::literal ? literal_of(builder_, n.literal, compute_type(type)) : *values_[static_cast<size_t>(id)];
  }

 private:
  // Is it a number of that 16-bit format already, and not merely of its type?
  bool is_exact(int id, DType type) const {
    const FormulaNode& n = formula_.nodes()[static_cast<size_t>(id)];
    if (n.kind == FormulaNode::Kind::input) return types_[static_cast<size_t>(id)] == type;
    return n.kind == FormulaNode::Kind::call && n.function->name == "cast" && n.cast_to == type;
  }
  M call_node(const FormulaNode& n, DType result) {
    const ScalarFunction& row = *n.function;
    std::vector<DType> arg_types;
    std::optional<DType> met;
    for (size_t i = 0; i < n.args.size(); ++i)
      if (const auto t = types_[static_cast<size_t>(n.args[i])]; t && !(row.signature == Signature::select && i == 0)) met = met ? promote(*met, *t) : *t;
    for (int a : n.args) {
      const FormulaNode& arg = formula_.nodes()[static_cast<size_t>(a)];
      if (const auto t = types_[static_cast<size_t>(a)]) {
        arg_types.push_back(*t);
        continue;
      }
      arg_types.push_back(literal_dtype(arg.literal, met));
    }
    const DType common = compute_type(operand_type(row, arg_types, n.cast_to));
    std::vector<M> args;
    for (size_t i = 0; i < n.args.size(); ++i) {
      const bool condition = row.signature == Signature::select && i == 0;
      const DType target = condition ? boolean : common;
      const FormulaNode& arg = formula_.nodes()[static_cast<size_t>(n.args[i])];
      if (arg.kind == FormulaNode::Kind::literal) args.push_back(literal_of(builder_, arg.literal, target));
      else args.push_back(convert(*values_[static_cast<size_t>(n.args[i])], target));
    }
    const M y = convert(apply_row(row, args), compute_type(result));
    // Arithmetic on 16-bit floats is done in f32 and rounded where it is stored; a conversion rounds wherever it stands.
    const bool rounds = row.name == "cast" && is_storage_only(result) && !is_exact(n.args[0], result);
    return rounds ? rules::rounded(y, result) : y;
  }

  M apply_row(const ScalarFunction& row, const std::vector<M>& args) {
    if (row.rule != nullptr) return row.rule(args);
    // A definition: its own formula, lowered in the operands' dtype, inlined here.
    const Formula body = formula_of_definition(row);
    std::vector<DType> types;
    for (M a : args) types.push_back(a.type());
    ProgramBuilder& builder = builder_;
    Lowering inner(builder, body, args, types);
    inner.run();
    const int out = body.outputs()[0];
    return inner.value(out, types[0]);
  }

  Lowering(ProgramBuilder& builder, const Formula& formula, const std::vector<M>& args, const std::vector<DType>& types)
      : builder_(builder), formula_(formula), types_(formula.node_types(types)) {
    for (M a : args) loads_.push_back(a.id());
  }

  ProgramBuilder& builder_;
  Formula formula_;
  std::vector<std::optional<DType>> types_;
  std::vector<int> loads_;
  std::vector<std::optional<M>> values_;
};

// Leaves out instructions that no output needs.
Program without_dead_code(const Program& program) {
  std::vector<char> live(program.code.size(), 0);
  for (int o : program.outputs) live[static_cast<size_t>(o)] = 1;
  for (size_t i = program.code.size(); i-- > 0;) {
    if (!live[i]) continue;
    for (int operand : {program.code[i].a, program.code[i].b, program.code[i].c})
      if (operand >= 0) live[static_cast<size_t>(operand)] = 1;
  }
  Program result;
  result.inputs = program.inputs;
  result.output_types = program.output_types;
  std::vector<int> renamed(program.code.size(), -1);
  for (size_t i = 0; i < program.code.size(); ++i) {
    if (!live[i]) continue;
    Instruction copy = program.code[i];
    for (int* operand : {&copy.a, &copy.b, &copy.c})
      if (*operand >= 0) *operand = renamed[static_cast<size_t>(*operand)];
    renamed[i] = static_cast<int>(result.code.size());
    result.code.push_back(copy);
  }
  for (int o : program.outputs) result.outputs.push_back(renamed[static_cast<size_t>(o)]);
  return result;
}

}  // namespace

int ProgramBuilder::add(Instruction instruction) {
  // Constants: an instruction whose operands are all constants is computed now.
  const auto constant = [&](int id) { return id < 0 || at(id).op == MachineOp::constant; };
  if (instruction.a >= 0 && constant(instruction.a) && constant(instruction.b) && constant(instruction.c)) {
    const uint64_t bits = evaluate_instruction(instruction, instruction.a < 0 ? 0 : at(instruction.a).bits, instruction.b < 0 ? 0 : at(instruction.b).bits,
                                               instruction.c < 0 ? 0 : at(instruction.c).bits);
    instruction = {.op = MachineOp::constant, .type = instruction.type, .bits = bits};
  }
  const auto [place, fresh] = known_.emplace(key_of(instruction), static_cast<int>(program_.code.size()));
  if (fresh) program_.code.push_back(instruction);
  return place->second;
}

Program lower(const Formula& formula, std::span<const DType> inputs) {
  const FloatEnvironment environment;  // folded constants have the bits that a machine would compute
  ProgramBuilder builder;
  builder.program_.inputs.assign(inputs.begin(), inputs.end());
  Lowering lowering(builder, formula, inputs);
  lowering.run();
  const std::vector<DType> results = formula.result_types(inputs);
  for (size_t k = 0; k < results.size(); ++k) {
    builder.program_.outputs.push_back(convert(lowering.stored(formula.outputs()[k], results[k]), compute_type(results[k])).id());
    builder.program_.output_types.push_back(results[k]);
  }
  return without_dead_code(builder.program_);
}

std::string Program::text() const {
  std::string out;
  for (DType t : inputs) out += std::string(name_of(t)) + " ";
  out += "\n";
  for (const Instruction& i : code) out += key_of(i) + "\n";
  for (size_t k = 0; k < outputs.size(); ++k) out += std::to_string(outputs[k]) + ":" + std::string(name_of(output_types[k])) + " ";
  return out;
}

M M::constant_of(DType type, double value) const {
  return {builder_, builder_->add({.op = MachineOp::constant, .type = type, .bits = bits_of(type, value, 0, false)})};
}
M M::integer(int64_t value) const {
  return {builder_, builder_->add({.op = MachineOp::constant, .type = type(), .bits = bits_of(type(), static_cast<double>(value), value, true)})};
}

namespace {
bool compares(MachineOp op) { return op >= MachineOp::lt && op <= MachineOp::ge; }
}  // namespace

M machine(MachineOp op, M a) { return {a.builder(), a.builder()->add({.op = op, .type = a.type(), .a = a.id()})}; }
M machine(MachineOp op, M a, M b) {
  Instruction i{.op = op, .type = compares(op) ? boolean : a.type(), .a = a.id(), .b = b.id()};
  if (compares(op)) i.from = a.type();
  return {a.builder(), a.builder()->add(i)};
}
M machine(MachineOp op, M a, M b, M c) { return {a.builder(), a.builder()->add({.op = op, .type = a.type(), .a = a.id(), .b = b.id(), .c = c.id()})}; }
M operator+(M a, M b) { return machine(MachineOp::add, a, b); }
M operator-(M a, M b) { return machine(MachineOp::sub, a, b); }
M operator*(M a, M b) { return machine(MachineOp::mul, a, b); }
M operator/(M a, M b) { return machine(MachineOp::div, a, b); }
M operator-(M a) { return machine(MachineOp::neg, a); }
M operator+(M a, double b) { return a + a.constant(b); }
M operator-(M a, double b) { return a - a.constant(b); }
M operator-(double a, M b) { return b.constant(a) - b; }
M operator*(M a, double b) { return a * a.constant(b); }
M operator/(double a, M b) { return b.constant(a) / b; }
M operator<(M a, M b) { return machine(MachineOp::lt, a, b); }
M operator>(M a, M b) { return machine(MachineOp::gt, a, b); }
M operator<(M a, double b) { return machine(MachineOp::lt, a, a.constant(b)); }
M operator<=(M a, double b) { return machine(MachineOp::le, a, a.constant(b)); }
M operator>(M a, double b) { return machine(MachineOp::gt, a, a.constant(b)); }
M operator>=(M a, double b) { return machine(MachineOp::ge, a, a.constant(b)); }
M operator==(M a, double b) { return machine(MachineOp::eq, a, a.constant(b)); }
M operator==(M a, M b) { return machine(MachineOp::eq, a, b); }
M operator!=(M a, M b) { return machine(MachineOp::ne, a, b); }
M operator&(M a, M b) { return machine(MachineOp::bit_and, a, b); }
M operator|(M a, M b) { return machine(MachineOp::bit_or, a, b); }
M fma(M a, M b, M c) { return machine(MachineOp::fma, a, b, c); }

M select(M condition, M a, M b) {
  return {a.builder(), a.builder()->add({.op = MachineOp::select, .type = a.type(), .a = condition.id(), .b = a.id(), .c = b.id()})};
}
M convert(M x, DType type) {
  if (x.type() == type) return x;
  return {x.builder(), x.builder()->add({.op = MachineOp::convert, .type = type, .from = x.type(), .a = x.id()})};
}
M bitcast(M x, DType type) { return {x.builder(), x.builder()->add({.op = MachineOp::bitcast, .type = type, .from = x.type(), .a = x.id()})}; }

M call(std::string_view symbol, M x) {
  const M wide = convert(x, f64);
  return convert(M(x.builder(), x.builder()->add({.op = MachineOp::call, .type = f64, .a = wide.id(), .routine = &scalar_routine(symbol)})), x.type());
}
M call(std::string_view symbol, M x, M y) {
  const M a = convert(x, f64), b = convert(y, f64);
  return convert(M(x.builder(), x.builder()->add({.op = MachineOp::call, .type = f64, .a = a.id(), .b = b.id(), .routine = &scalar_routine(symbol)})), x.type());
}
M rare_call(std::string_view symbol, M x, M otherwise, M condition) {
  return {x.builder(), x.builder()->add({.op = MachineOp::rare_call, .type = x.type(), .a = x.id(), .b = otherwise.id(), .c = condition.id(),
                                         .routine = &scalar_routine(symbol)})};
}
M polynomial(M x, std::initializer_list<double> coefficients) {
  auto c = std::rbegin(coefficients);
  M sum = x.constant(*c);
  for (++c; c != std::rend(coefficients); ++c) sum = fma(sum, x, x.constant(*c));
  return sum;
}

}  // namespace lanc
