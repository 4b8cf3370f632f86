#include <lanc/backends/cpu/program_ir.h>

#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>

#include <lanc/graph/error.h>

namespace lanc::cpu {

std::string cat(std::initializer_list<std::string_view> parts) {
  std::string out;
  for (std::string_view p : parts) out += p;
  return out;
}

namespace {

std::string text(int64_t n) { return std::to_string(n); }
bool compares(MachineOp op) { return op >= MachineOp::lt && op <= MachineOp::ge; }
bool is_signed(DType t) { return t == i64 || t == i32; }
int bits_in(DType t) { return t == boolean ? 1 : static_cast<int>(8 * size_of(t)); }

std::string of_lanes(std::string_view element, int lanes) { return lanes == 1 ? std::string(element) : cat({"<", text(lanes), " x ", element, ">"}); }
std::string_view element_type(DType t) {
  switch (t) {
    case DType::f64: return "double";
    case DType::f32: return "float";
    case DType::i64: return "i64";
    case DType::i32: return "i32";
    case DType::u8: return "i8";
    case DType::boolean: return "i1";
    default: throw InternalError("program: 16-bit floats are computed in f32");
  }
}
std::string integer_type(int bits, int lanes) { return of_lanes("i" + text(bits), lanes); }
std::string integer_constant(int bits, int64_t n, int lanes) {
  return lanes == 1 ? text(n) : cat({"splat (i", text(bits), " ", text(n), ")"});
}
// ".v16f32", ".f32": how intrinsics are named after their types.
std::string suffix(DType t, int lanes) {
  const std::string element = (is_float(t) ? "f" : "i") + text(bits_in(t));
  return lanes == 1 ? "." + element : ".v" + text(lanes) + element;
}

double real_of(const Instruction& i) {
  return i.type == f32 ? static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(i.bits))) : std::bit_cast<double>(i.bits);
}

constexpr Bounds anything{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};

}  // namespace

std::string IrWriter::value(std::string_view text) {
  std::string name = "%v" + std::to_string(next_++);
  body += cat({"  ", name, " = ", text, "\n"});
  return name;
}
void IrWriter::line(std::string_view text) { body += cat({"  ", text, "\n"}); }
void IrWriter::label(std::string_view name) {
  body += cat({name, ":\n"});
  block_ = name;
}
std::string IrWriter::fresh_label(std::string_view stem) { return cat({stem, ".", std::to_string(next_++)}); }
void IrWriter::declare(std::string_view text) {
  if (module.find(text) == std::string::npos) module += cat({text, "\n"});
}

std::string ir_type(DType type, int lanes) { return of_lanes(element_type(type), lanes); }
std::string memory_type(DType stored, int lanes) {
  if (is_storage_only(stored)) return of_lanes("i16", lanes);
  return of_lanes(stored == boolean ? "i8" : element_type(stored), lanes);
}

std::string ir_constant(DType type, uint64_t bits, int lanes) {
  std::string number;
  if (is_float(type)) {
    const double real = type == f32 ? static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits))) : std::bit_cast<double>(bits);
    char hex[32];  // floats too are written as the bits of a double
    std::snprintf(hex, sizeof hex, "0x%016" PRIX64, std::bit_cast<uint64_t>(real));
    number = hex;
  } else if (type == boolean) {
    number = bits != 0 ? "true" : "false";
  } else {
    number = type == u8 ? text(static_cast<uint8_t>(bits)) : type == i32 ? text(static_cast<int32_t>(bits)) : text(static_cast<int64_t>(bits));
  }
  return lanes == 1 ? number : cat({"splat (", element_type(type), " ", number, ")"});
}

// Comparisons with a constant narrow what `select` lets through: select(x < c, c, x) is not below c.
std::vector<Bounds> bounds_of(const Program& program) {
  std::vector<Bounds> bounds(program.code.size(), anything);
  const auto at = [&](int id) { return bounds[static_cast<size_t>(id)]; };
  const auto chosen = [&](const Instruction& condition, int id, bool holds) {
    Bounds b = at(id);
    if (!compares(condition.op) || condition.a != id || program.code[static_cast<size_t>(condition.b)].op != MachineOp::constant || !is_float(condition.from)) return b;
    const double c = real_of(program.code[static_cast<size_t>(condition.b)]);
    const bool below = condition.op == MachineOp::lt || condition.op == MachineOp::le, above = condition.op == MachineOp::gt || condition.op == MachineOp::ge;
    if ((below && holds) || (above && !holds)) b.high = std::min(b.high, c);
    if ((above && holds) || (below && !holds)) b.low = std::max(b.low, c);
    return b;
  };
  for (size_t k = 0; k < program.code.size(); ++k) {
    const Instruction& i = program.code[k];
    if (!is_float(i.type)) continue;
    Bounds& b = bounds[k];
    switch (i.op) {
      case MachineOp::constant: {
        const double c = real_of(i);
        if (c == c) b = {c, c};
        break;
      }
      case MachineOp::select: {
        const Instruction& condition = program.code[static_cast<size_t>(i.a)];
        const Bounds yes = chosen(condition, i.b, true), no = chosen(condition, i.c, false);
        b = {std::min(yes.low, no.low), std::max(yes.high, no.high)};
        break;
      }
      case MachineOp::mul: {
        const Bounds x = at(i.a), y = at(i.b);
        if (!std::isfinite(x.low + x.high + y.low + y.high)) break;
        const double corners[] = {x.low * y.low, x.low * y.high, x.high * y.low, x.high * y.high};
        b = {*std::min_element(corners, corners + 4), *std::max_element(corners, corners + 4)};
        break;
      }
      case MachineOp::rint: b = {std::rint(at(i.a).low), std::rint(at(i.a).high)}; break;
      case MachineOp::neg: b = {-at(i.a).high, -at(i.a).low}; break;
      default: break;
    }
    if (i.type == f32) b = {b.low - std::abs(b.low) * 1e-7, b.high + std::abs(b.high) * 1e-7};  // each result was rounded to f32
  }
  return bounds;
}

bool is_opaque(const Program& program, int id) {
  const Instruction& constant = program.code[static_cast<size_t>(id)];
  if (constant.op != MachineOp::constant || !is_float(constant.type)) return false;
  const double c = std::abs(real_of(constant));
  for (const Instruction& i : program.code) {
    if (i.a != id && i.b != id) continue;
    if (c == 1 && (i.op == MachineOp::mul || (i.op == MachineOp::div && i.b == id))) return true;
    if (c == 0 && (i.op == MachineOp::add || i.op == MachineOp::sub)) return true;
  }
  return false;
}

bool is_chosen_as_it_is(const Program& program, int id) {
  const Instruction& choice = program.code[static_cast<size_t>(id)];
  if (choice.op != MachineOp::select || !is_float(choice.type)) return false;
  const Instruction& condition = program.code[static_cast<size_t>(choice.a)];
  const bool straight = condition.a == choice.b && condition.b == choice.c, crossed = condition.a == choice.c && condition.b == choice.b;
  if (!compares(condition.op) || !(straight || crossed)) return false;
  for (int output : program.outputs)
    if (output == id) return true;
  for (const Instruction& i : program.code) {
    const bool computes = (i.op >= MachineOp::add && i.op <= MachineOp::sqrt) || compares(i.op);
    if (!computes && (i.a == id || i.b == id || i.c == id)) return true;
  }
  return false;
}

ProgramIr::ProgramIr(const Program& program, IrWriter& writer, CpuTier tier, int width)
    : program_(program), writer_(writer), tier_(tier), width_(width), bounds_(bounds_of(program)) {}

std::string ProgramIr::buffer(std::string_view name, std::string_view type) {
  writer_.line(cat({name, " = alloca ", type, ", align 64"}));
  return std::string(name);
}

void ProgramIr::prepare() {
  bool calls = false, hides = false;
  for (size_t k = 0; k < program_.code.size(); ++k) hides |= is_chosen_as_it_is(program_, static_cast<int>(k));
  if (hides) {
    writer_.declare("@never = internal global i1 false");
    writer_.line("%never = load i1, ptr @never");
  }
  for (const Instruction& i : program_.code) calls |= i.op == MachineOp::call || i.op == MachineOp::rare_call;
  for (DType t : program_.inputs) calls |= t == f16;
  for (DType t : program_.output_types) calls |= t == f16;
  if (!calls) return;
  buffer("%lanes.a", of_lanes("double", width_));
  buffer("%lanes.b", of_lanes("double", width_));
  buffer("%lanes.c", of_lanes("i8", width_));
}

std::string ProgramIr::opaque_constant(int id) {
  const Instruction& i = program_.code[static_cast<size_t>(id)];
  const std::string type = ir_type(i.type, 1), name = "@constant." + text(id);
  writer_.declare(cat({name, " = internal global ", type, " ", ir_constant(i.type, i.bits, 1)}));
  return writer_.value(cat({"load ", type, ", ptr ", name}));
}

std::string ProgramIr::splat(DType type, std::string_view scalar) {
  const std::string vector = ir_type(type, width_);
  const std::string one = writer_.value(cat({"insertelement ", vector, " poison, ", ir_type(type, 1), " ", scalar, ", i32 0"}));
  return writer_.value(cat({"shufflevector ", vector, " ", one, ", ", vector, " poison, <", text(width_), " x i32> zeroinitializer"}));
}

std::string ProgramIr::select(std::string_view condition, std::string_view a, std::string_view b, DType type, int lanes) {
  const std::string t = ir_type(type, lanes);
  return writer_.value(cat({"select ", of_lanes("i1", lanes), " ", condition, ", ", t, " ", a, ", ", t, " ", b}));
}

std::string ProgramIr::intrinsic(std::string_view name, DType type, int lanes, std::initializer_list<std::string_view> args) {
  const std::string t = ir_type(type, lanes);
  std::string typed, types;
  for (std::string_view a : args) {
    typed += cat({typed.empty() ? "" : ", ", t, " ", a});
    types += cat({types.empty() ? "" : ", ", t});
  }
  const std::string full = cat({"@llvm.", name, suffix(type, lanes)});
  writer_.declare(cat({"declare ", t, " ", full, "(", types, ")"}));
  return writer_.value(cat({"call ", t, " ", full, "(", typed, ")"}));
}

std::string ProgramIr::instruction(int id, std::string_view a, std::string_view b, std::string_view c, int lanes, std::string_view mask) {
  const Instruction& i = program_.code[static_cast<size_t>(id)];
  if (compares(i.op)) return compare(i, a, b, lanes);
  switch (i.op) {
    case MachineOp::select: {
      if (!is_chosen_as_it_is(program_, id)) return select(a, b, c, i.type, lanes);
      const std::string never = lanes == 1 ? "%never" : splat(boolean, "%never");
      return select(writer_.value(cat({"xor ", of_lanes("i1", lanes), " ", a, ", ", never})), b, c, i.type, lanes);
    }
    case MachineOp::convert: return convert(i, a, lanes);
    case MachineOp::bitcast: return writer_.value(cat({"bitcast ", ir_type(i.from, lanes), " ", a, " to ", ir_type(i.type, lanes)}));
    case MachineOp::call: return call(i, a, b, lanes);
    case MachineOp::rare_call: return rare_call(i, a, b, c, lanes, mask);
    default: return is_float(i.type) ? arithmetic(i, a, b, c, lanes) : integer(i, a, b, lanes);
  }
}

std::string ProgramIr::arithmetic(const Instruction& i, std::string_view a, std::string_view b, std::string_view c, int lanes) {
  const std::string t = ir_type(i.type, lanes);
  const auto binary = [&](std::string_view op) { return writer_.value(cat({op, " ", t, " ", a, ", ", b})); };
  switch (i.op) {
    case MachineOp::add: return binary("fadd");
    case MachineOp::sub: return binary("fsub");
    case MachineOp::mul: return binary("fmul");
    case MachineOp::div: return binary("fdiv");
    case MachineOp::neg: return writer_.value(cat({"fneg ", t, " ", a}));
    case MachineOp::fma: return intrinsic("fma", i.type, lanes, {a, b, c});
    case MachineOp::sqrt: return intrinsic("sqrt", i.type, lanes, {a});
    case MachineOp::abs: return intrinsic("fabs", i.type, lanes, {a});
    case MachineOp::floor: return intrinsic("floor", i.type, lanes, {a});
    case MachineOp::ceil: return intrinsic("ceil", i.type, lanes, {a});
    case MachineOp::trunc: return intrinsic("trunc", i.type, lanes, {a});
    case MachineOp::rint: return intrinsic("rint", i.type, lanes, {a});
    default: throw InternalError("program: a float instruction is unknown");
  }
}

std::string ProgramIr::integer(const Instruction& i, std::string_view a, std::string_view b, int lanes) {
  const std::string t = ir_type(i.type, lanes);
  const auto binary = [&](std::string_view op, std::string_view x, std::string_view y) { return writer_.value(cat({op, " ", t, " ", x, ", ", y})); };
  const auto shift = [&](std::string_view op) { return binary(op, a, binary("and", b, ir_constant(i.type, static_cast<uint64_t>(bits_in(i.type) - 1), lanes))); };
  const std::string zero = ir_constant(i.type, 0, lanes);
  switch (i.op) {
    case MachineOp::add: return binary("add", a, b);
    case MachineOp::sub: return binary("sub", a, b);
    case MachineOp::mul: return binary("mul", a, b);
    case MachineOp::neg: return binary("sub", zero, a);
    case MachineOp::abs: {
      if (!is_signed(i.type)) return std::string(a);
      const std::string negative = writer_.value(cat({"icmp slt ", t, " ", a, ", ", zero}));
      return select(negative, binary("sub", zero, a), a, i.type, lanes);
    }
    case MachineOp::floor:
    case MachineOp::ceil:
    case MachineOp::trunc:
    case MachineOp::rint: return std::string(a);
    case MachineOp::bit_and: return binary("and", a, b);
    case MachineOp::bit_or: return binary("or", a, b);
    case MachineOp::bit_xor: return binary("xor", a, b);
    case MachineOp::bit_not: return binary("xor", a, ir_constant(i.type, ~uint64_t{0}, lanes));
    case MachineOp::shift_left: return shift("shl");
    case MachineOp::shift_right: return shift(is_signed(i.type) ? "ashr" : "lshr");
    case MachineOp::shift_right_logical: return shift("lshr");
    case MachineOp::int_div:
    case MachineOp::int_rem: return divide(i, a, b, lanes);
    default: throw InternalError("program: an integer instruction is unknown");
  }
}

// x / 0 = x % 0 = 0; the smallest number by -1 wraps: both are taken out before the processor sees them.
std::string ProgramIr::divide(const Instruction& i, std::string_view a, std::string_view b, int lanes) {
  const std::string t = ir_type(i.type, lanes), zero = ir_constant(i.type, 0, lanes), one = ir_constant(i.type, 1, lanes);
  const bool quotient = i.op == MachineOp::int_div;
  const std::string by_zero = writer_.value(cat({"icmp eq ", t, " ", b, ", ", zero}));
  std::string safe = select(by_zero, one, b, i.type, lanes);
  if (!is_signed(i.type)) {
    const std::string r = writer_.value(cat({quotient ? "udiv " : "urem ", t, " ", a, ", ", safe}));
    return select(by_zero, zero, r, i.type, lanes);
  }
  const std::string by_minus_one = writer_.value(cat({"icmp eq ", t, " ", b, ", ", ir_constant(i.type, ~uint64_t{0}, lanes)}));
  safe = select(by_minus_one, one, safe, i.type, lanes);
  const std::string r = writer_.value(cat({quotient ? "sdiv " : "srem ", t, " ", a, ", ", safe}));
  const std::string negated = quotient ? writer_.value(cat({"sub ", t, " ", zero, ", ", a})) : zero;
  return select(by_zero, zero, select(by_minus_one, negated, r, i.type, lanes), i.type, lanes);
}

std::string ProgramIr::compare(const Instruction& i, std::string_view a, std::string_view b, int lanes) {
  static constexpr std::string_view ordered[] = {"olt", "ole", "oeq", "une", "ogt", "oge"}, with_sign[] = {"slt", "sle", "eq", "ne", "sgt", "sge"},
                                    without[] = {"ult", "ule", "eq", "ne", "ugt", "uge"};
  const auto which = static_cast<size_t>(i.op) - static_cast<size_t>(MachineOp::lt);
  const std::string t = ir_type(i.from, lanes);
  if (is_float(i.from)) return writer_.value(cat({"fcmp ", ordered[which], " ", t, " ", a, ", ", b}));
  return writer_.value(cat({"icmp ", is_signed(i.from) ? with_sign[which] : without[which], " ", t, " ", a, ", ", b}));
}

std::string ProgramIr::convert(const Instruction& i, std::string_view a, int lanes) {
  const std::string from = ir_type(i.from, lanes), to = ir_type(i.type, lanes);
  const auto cast = [&](std::string_view op) { return writer_.value(cat({op, " ", from, " ", a, " to ", to})); };
  if (i.from == i.type) return std::string(a);
  if (i.type == boolean)
    return writer_.value(cat({is_float(i.from) ? "fcmp une " : "icmp ne ", from, " ", a, ", ", ir_constant(i.from, 0, lanes)}));
  if (is_float(i.from) && is_float(i.type)) return cast(i.type == f64 ? "fpext" : "fptrunc");
  if (is_float(i.from)) return to_integer(i, a, lanes);
  if (is_float(i.type)) return cast(is_signed(i.from) ? "sitofp" : "uitofp");
  if (bits_in(i.type) < bits_in(i.from)) return cast("trunc");
  return cast(is_signed(i.from) ? "sext" : "zext");
}

// Truncates and saturates, NaN gives 0. Where the value cannot leave the range, the processor's own conversion does, NaN apart.
std::string ProgramIr::to_integer(const Instruction& i, std::string_view a, int lanes) {
  const std::string from = ir_type(i.from, lanes), to = ir_type(i.type, lanes);
  const Bounds b = bounds_[static_cast<size_t>(i.a)];
  const double limit = std::ldexp(1.0, bits_in(i.type) - (is_signed(i.type) ? 1 : 0));
  if (b.high < limit && b.low >= (is_signed(i.type) ? -limit : 0)) {
    const std::string number = writer_.value(cat({"fcmp ord ", from, " ", a, ", ", ir_constant(i.from, 0, lanes)}));
    const std::string r = writer_.value(cat({is_signed(i.type) ? "fptosi " : "fptoui ", from, " ", a, " to ", to}));
    return select(number, r, ir_constant(i.type, 0, lanes), i.type, lanes);
  }
  const std::string name = cat({"@llvm.", is_signed(i.type) ? "fptosi" : "fptoui", ".sat", suffix(i.type, lanes), suffix(i.from, lanes)});
  writer_.declare(cat({"declare ", to, " ", name, "(", from, ")"}));
  return writer_.value(cat({"call ", to, " ", name, "(", from, " ", a, ")"}));
}

std::string ProgramIr::call(const Instruction& i, std::string_view a, std::string_view b, int lanes) {
  const bool unary = i.routine->unary != nullptr;
  const std::string routine = cat({"@", i.routine->symbol});
  writer_.declare(cat({"declare double ", routine, unary ? "(double)" : "(double, double)"}));
  if (lanes == 1) return writer_.value(cat({"call double ", routine, "(double ", a, unary ? std::string(")") : cat({", double ", b, ")"})}));
  const std::string t = ir_type(f64, lanes);
  writer_.line(cat({"store ", t, " ", a, ", ptr %lanes.a"}));
  if (!unary) writer_.line(cat({"store ", t, " ", b, ", ptr %lanes.b"}));
  writer_.declare("declare void @lanc_lanes_unary(ptr, ptr, i64)");
  writer_.declare("declare void @lanc_lanes_binary(ptr, ptr, ptr, i64)");
  writer_.line(unary ? cat({"call void @lanc_lanes_unary(ptr ", routine, ", ptr %lanes.a, i64 ", text(lanes), ")"})
                     : cat({"call void @lanc_lanes_binary(ptr ", routine, ", ptr %lanes.a, ptr %lanes.b, i64 ", text(lanes), ")"}));
  return writer_.value(cat({"load ", t, ", ptr %lanes.a"}));
}

std::string ProgramIr::rare_call(const Instruction& i, std::string_view a, std::string_view b, std::string_view c, int lanes, std::string_view mask) {
  const std::string t = ir_type(i.type, lanes), bits = of_lanes("i1", lanes);
  std::string any(c), counted(c);
  if (lanes > 1) {
    if (!mask.empty()) counted = writer_.value(cat({"and ", bits, " ", c, ", ", mask}));
    const std::string name = "@llvm.vector.reduce.or.v" + text(lanes) + "i1";
    writer_.declare(cat({"declare i1 ", name, "(", bits, ")"}));
    any = writer_.value(cat({"call i1 ", name, "(", bits, " ", counted, ")"}));
  }
  const std::string slow = writer_.fresh_label("rare"), done = writer_.fresh_label("usual"), from = writer_.block();
  writer_.line(cat({"br i1 ", any, ", label %", slow, ", label %", done, ", !prof !0"}));
  writer_.declare("!0 = !{!\"branch_weights\", i32 1, i32 1000}");
  writer_.label(slow);
  writer_.line(cat({"store ", t, " ", a, ", ptr %lanes.a"}));
  writer_.line(cat({"store ", t, " ", b, ", ptr %lanes.b"}));
  const std::string bytes = writer_.value(cat({"zext ", bits, " ", counted, " to ", of_lanes("i8", lanes)}));
  writer_.line(cat({"store ", of_lanes("i8", lanes), " ", bytes, ", ptr %lanes.c"}));
  const std::string helper = i.type == f64 ? "@lanc_lanes_rare_f64" : "@lanc_lanes_rare_f32";
  writer_.declare(cat({"declare void ", helper, "(ptr, ptr, ptr, ptr, i64)"}));
  writer_.declare(cat({"declare double @", i.routine->symbol, "(double)"}));
  writer_.line(cat({"call void ", helper, "(ptr @", i.routine->symbol, ", ptr %lanes.a, ptr %lanes.b, ptr %lanes.c, i64 ", text(lanes), ")"}));
  const std::string computed = writer_.value(cat({"load ", t, ", ptr %lanes.b"}));
  writer_.line(cat({"br label %", done}));
  writer_.label(done);
  return writer_.value(cat({"phi ", t, " [ ", b, ", %", from, " ], [ ", computed, ", %", slow, " ]"}));
}

std::string ProgramIr::load(DType stored, std::string_view pointer, int lanes) {
  const std::string memory = memory_type(stored, lanes), t = ir_type(compute_type(stored), lanes);
  if (stored == f16 && tier_ == CpuTier::portable) {
    writer_.declare("declare void @lanc_lanes_from_f16(ptr, ptr, i64)");
    writer_.line(cat({"call void @lanc_lanes_from_f16(ptr %lanes.a, ptr ", pointer, ", i64 ", text(lanes), ")"}));
    return writer_.value(cat({"load ", t, ", ptr %lanes.a"}));
  }
  const std::string raw = writer_.value(cat({"load ", memory, ", ptr ", pointer, ", align ", text(size_of(stored))}));
  if (stored == boolean) return writer_.value(cat({"icmp ne ", memory, " ", raw, ", ", integer_constant(8, 0, lanes)}));
  if (stored == f16) {
    const std::string half = of_lanes("half", lanes);
    return writer_.value(cat({"fpext ", half, " ", writer_.value(cat({"bitcast ", memory, " ", raw, " to ", half})), " to ", t}));
  }
  if (stored != bf16) return raw;
  const std::string wide = writer_.value(cat({"zext ", memory, " ", raw, " to ", integer_type(32, lanes)}));
  const std::string high = writer_.value(cat({"shl ", integer_type(32, lanes), " ", wide, ", ", integer_constant(32, 16, lanes)}));
  return writer_.value(cat({"bitcast ", integer_type(32, lanes), " ", high, " to ", t}));
}

void ProgramIr::store(DType stored, std::string_view value, std::string_view pointer, int lanes) {
  const std::string memory = memory_type(stored, lanes), t = ir_type(compute_type(stored), lanes);
  const auto put = [&](std::string_view raw) { writer_.line(cat({"store ", memory, " ", raw, ", ptr ", pointer, ", align ", text(size_of(stored))})); };
  if (stored == boolean) return put(writer_.value(cat({"zext ", t, " ", value, " to ", memory})));
  if (!is_storage_only(stored)) return put(value);
  if (stored == f16 && tier_ == CpuTier::portable) {
    writer_.declare("declare void @lanc_lanes_to_f16(ptr, ptr, i64)");
    writer_.line(cat({"store ", t, " ", value, ", ptr %lanes.a"}));
    return writer_.line(cat({"call void @lanc_lanes_to_f16(ptr ", pointer, ", ptr %lanes.a, i64 ", text(lanes), ")"}));
  }
  if (stored == f16) {
    const std::string half = of_lanes("half", lanes), rounded = writer_.value(cat({"fptrunc ", t, " ", value, " to ", half}));
    return put(writer_.value(cat({"bitcast ", half, " ", rounded, " to ", memory})));
  }
  // bf16: to nearest, ties to even, on the bits; NaN stays NaN.
  const std::string w = integer_type(32, lanes);
  const auto n = [&](int64_t c) { return integer_constant(32, c, lanes); };
  const auto op = [&](std::string_view name, std::string_view x, std::string_view y) { return writer_.value(cat({name, " ", w, " ", x, ", ", y})); };
  const std::string bits = writer_.value(cat({"bitcast ", t, " ", value, " to ", w}));
  const std::string high = op("lshr", bits, n(16));
  const std::string rounded = op("lshr", op("add", op("add", bits, n(0x7fff)), op("and", high, n(1))), n(16));
  const std::string is_nan = writer_.value(cat({"fcmp uno ", t, " ", value, ", ", ir_constant(f32, 0, lanes)}));
  const std::string quiet = op("or", high, n(0x40));
  const std::string chosen = writer_.value(cat({"select ", of_lanes("i1", lanes), " ", is_nan, ", ", w, " ", quiet, ", ", w, " ", rounded}));
  put(writer_.value(cat({"trunc ", w, " ", chosen, " to ", memory})));
}

namespace {

// What the written code calls for each lane. Plain C types: the code is not C++.
void lanes_unary(double (*f)(double), double* x, int64_t n) {
  for (int64_t k = 0; k < n; ++k) x[k] = f(x[k]);
}
void lanes_binary(double (*f)(double, double), double* x, const double* y, int64_t n) {
  for (int64_t k = 0; k < n; ++k) x[k] = f(x[k], y[k]);
}
void lanes_rare_f32(double (*f)(double), const float* x, float* y, const uint8_t* wanted, int64_t n) {
  for (int64_t k = 0; k < n; ++k)
    if (wanted[k] != 0) y[k] = static_cast<float>(f(static_cast<double>(x[k])));
}
void lanes_rare_f64(double (*f)(double), const double* x, double* y, const uint8_t* wanted, int64_t n) {
  for (int64_t k = 0; k < n; ++k)
    if (wanted[k] != 0) y[k] = f(x[k]);
}
void lanes_from_f16(float* to, const uint16_t* from, int64_t n) {
  for (int64_t k = 0; k < n; ++k) to[k] = from_f16_bits(from[k]);
}
void lanes_to_f16(uint16_t* to, const float* from, int64_t n) {
  for (int64_t k = 0; k < n; ++k) to[k] = to_f16_bits(from[k]);
}
template <class T>
void lanes_gather(T* to, const T* from, int64_t stride, int64_t n) {
  for (int64_t k = 0; k < n; ++k) to[k] = from[k * stride];
}

template <class F>
const void* address(F* function) {
  return reinterpret_cast<const void*>(function);
}

}  // namespace

const std::vector<NamedAddress>& ir_symbols() {
  static const std::vector<NamedAddress> symbols = [] {
    std::vector<NamedAddress> list = {
        {"lanc_lanes_unary", address(lanes_unary)},
        {"lanc_lanes_binary", address(lanes_binary)},
        {"lanc_lanes_rare_f32", address(lanes_rare_f32)},
        {"lanc_lanes_rare_f64", address(lanes_rare_f64)},
        {"lanc_lanes_from_f16", address(lanes_from_f16)},
        {"lanc_lanes_to_f16", address(lanes_to_f16)},
        {"lanc_lanes_gather_1", address(lanes_gather<uint8_t>)},
        {"lanc_lanes_gather_2", address(lanes_gather<uint16_t>)},
        {"lanc_lanes_gather_4", address(lanes_gather<uint32_t>)},
        {"lanc_lanes_gather_8", address(lanes_gather<uint64_t>)},
        {"memcpy", address(static_cast<void* (*)(void*, const void*, size_t)>(std::memcpy))},
        {"memset", address(static_cast<void* (*)(void*, int, size_t)>(std::memset))},
        // What code generators call where the processor has no such instruction.
        {"fma", address(static_cast<double (*)(double, double, double)>(::fma))},
        {"fmaf", address(::fmaf)},
        {"floor", address(static_cast<double (*)(double)>(::floor))},
        {"floorf", address(::floorf)},
        {"ceil", address(static_cast<double (*)(double)>(::ceil))},
        {"ceilf", address(::ceilf)},
        {"trunc", address(static_cast<double (*)(double)>(::trunc))},
        {"truncf", address(::truncf)},
        {"rint", address(static_cast<double (*)(double)>(::rint))},
        {"rintf", address(::rintf)},
    };
    for (const ScalarRoutine& r : scalar_routines())
      list.push_back({r.symbol, r.unary != nullptr ? address(r.unary) : address(r.binary)});
    return list;
  }();
  return symbols;
}

}  // namespace lanc::cpu
