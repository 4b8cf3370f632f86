#include <lanc/ops/scalar/evaluate.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <lanc/graph/error.h>

namespace lanc {
namespace {

template <class T>
T from_bits(uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
template <class T>
uint64_t to_bits(T value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

// Denormals count as 0 in f32, as in every executor that sets FTZ and DAZ.
template <class To, class From>
To converted(From x) {
  if constexpr (std::is_same_v<To, bool>) {
    return x != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    if (std::isnan(x)) return 0;
    if (x <= static_cast<From>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (x >= static_cast<From>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

template <class From>
uint64_t convert_from(DType to, From x) {
  switch (to) {
    case DType::f64: return to_bits(converted<double>(x));
    case DType::f32: return to_bits(converted<float>(x));
    case DType::i64: return to_bits(converted<int64_t>(x));
    case DType::i32: return to_bits(converted<int32_t>(x));
    case DType::u8: return to_bits(converted<uint8_t>(x));
    default: return converted<bool>(x) ? 1 : 0;
  }
}

template <class F>
auto with_type(DType type, F f) {
  switch (type) {
    case DType::f64: return f.template operator()<double>();
    case DType::f32: return f.template operator()<float>();
    case DType::i64: return f.template operator()<int64_t>();
    case DType::i32: return f.template operator()<int32_t>();
    default: return f.template operator()<uint8_t>();
  }
}

template <class T>
uint64_t float_op(MachineOp op, T a, T b, T c) {
  switch (op) {
    case MachineOp::add: return to_bits(static_cast<T>(a + b));
    case MachineOp::sub: return to_bits(static_cast<T>(a - b));
    case MachineOp::mul: return to_bits(static_cast<T>(a * b));
    case MachineOp::div: return to_bits(static_cast<T>(a / b));
    case MachineOp::fma: return to_bits(std::fma(a, b, c));
    case MachineOp::sqrt: return to_bits(std::sqrt(a));
    case MachineOp::neg: return to_bits(-a);
    case MachineOp::abs: return to_bits(std::fabs(a));
    case MachineOp::floor: return to_bits(std::floor(a));
    case MachineOp::ceil: return to_bits(std::ceil(a));
    case MachineOp::trunc: return to_bits(std::trunc(a));
    case MachineOp::rint: return to_bits(std::nearbyint(a));
    default: throw InternalError("program: a float instruction is unknown");
  }
}

template <class T>
uint64_t integer_op(MachineOp op, T a, T b) {
  using U = std::make_unsigned_t<T>;
  using W = std::conditional_t<(sizeof(T) < 4), uint32_t, U>;  // no promotion to int
  const auto u = [](T x) { return static_cast<W>(static_cast<U>(x)); };
  const auto narrow = [](W x) { return to_bits(static_cast<T>(static_cast<U>(x))); };
  const unsigned shift = static_cast<unsigned>(b) & (8 * sizeof(T) - 1);
  switch (op) {
    case MachineOp::add: return narrow(u(a) + u(b));
    case MachineOp::sub: return narrow(u(a) - u(b));
    case MachineOp::mul: return narrow(u(a) * u(b));
    case MachineOp::neg: return narrow(W(0) - u(a));
    case MachineOp::abs: return a < T(0) ? narrow(W(0) - u(a)) : to_bits(a);
    case MachineOp::floor:
    case MachineOp::ceil:
    case MachineOp::trunc:
    case MachineOp::rint: return to_bits(a);
    case MachineOp::bit_and: return to_bits(static_cast<T>(a & b));
    case MachineOp::bit_or: return to_bits(static_cast<T>(a | b));
    case MachineOp::bit_xor: return to_bits(static_cast<T>(a ^ b));
    case MachineOp::bit_not: return to_bits(static_cast<T>(~a));
    case MachineOp::shift_left: return narrow(u(a) << shift);
    case MachineOp::shift_right: return to_bits(static_cast<T>(a >> shift));
    case MachineOp::shift_right_logical: return narrow(static_cast<W>(static_cast<U>(a)) >> shift);
    case MachineOp::int_div:
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return narrow(W(0) - u(a));
      return to_bits(static_cast<T>(a / b));
    case MachineOp::int_rem:
      if (b == 0) return 0;
      if constexpr (std::is_signed_v<T>)
        if (b == T(-1)) return 0;
      return to_bits(static_cast<T>(a % b));
    default: throw InternalError("program: an integer instruction is unknown");
  }
}

template <class T>
bool compared(MachineOp op, T a, T b) {
  switch (op) {
    case MachineOp::lt: return a < b;
    case MachineOp::le: return a <= b;
    case MachineOp::eq: return a == b;
    case MachineOp::ne: return a != b;
    case MachineOp::gt: return a > b;
    default: return a >= b;
  }
}

uint64_t bool_op(MachineOp op, uint64_t a, uint64_t b) {
  switch (op) {
    case MachineOp::bit_and: return a & b;
    case MachineOp::bit_or: return a | b;
    case MachineOp::bit_xor: return a ^ b;
    case MachineOp::bit_not: return a ^ 1;
    case MachineOp::shift_left:
    case MachineOp::shift_right:
    case MachineOp::shift_right_logical: return a;  // the count is taken modulo the width, which is 1
    default: throw InternalError("program: a bool instruction is unknown");
  }
}

uint64_t load_bits(DType stored, const std::byte* p, int64_t i) {
  switch (stored) {
    case DType::bf16: return to_bits(from_bf16_bits(reinterpret_cast<const uint16_t*>(p)[i]));
    case DType::f16: return to_bits(from_f16_bits(reinterpret_cast<const uint16_t*>(p)[i]));
    case DType::boolean: return reinterpret_cast<const uint8_t*>(p)[i] != 0 ? 1 : 0;
    default: {
      uint64_t bits = 0;
      const auto size = static_cast<size_t>(size_of(stored));
      std::memcpy(&bits, p + static_cast<size_t>(i) * size, size);
      return bits;
    }
  }
}

void store_bits(DType stored, std::byte* p, int64_t i, uint64_t bits) {
  if (stored == bf16) bits = to_bf16_bits(from_bits<float>(bits));
  if (stored == f16) bits = to_f16_bits(from_bits<float>(bits));
  const auto size = static_cast<size_t>(size_of(stored));
  std::memcpy(p + static_cast<size_t>(i) * size, &bits, size);
}

}  // namespace

uint64_t evaluate_instruction(const Instruction& i, uint64_t a, uint64_t b, uint64_t c) {
  switch (i.op) {
    case MachineOp::constant: return i.bits;
    case MachineOp::load: throw InternalError("program: a load needs memory");
    case MachineOp::lt:
    case MachineOp::le:
    case MachineOp::eq:
    case MachineOp::ne:
    case MachineOp::gt:
    case MachineOp::ge:
      return with_type(i.from, [&]<class T>() { return compared(i.op, from_bits<T>(a), from_bits<T>(b)); }) ? 1 : 0;
    case MachineOp::select: return a != 0 ? b : c;
    case MachineOp::convert:
      if (i.from == boolean) return convert_from<uint8_t>(i.type, a != 0 ? 1 : 0);
      return with_type(i.from, [&]<class T>() { return convert_from<T>(i.type, from_bits<T>(a)); });
    case MachineOp::bitcast: return a;
    case MachineOp::call:
      return to_bits(i.routine->unary != nullptr ? i.routine->unary(from_bits<double>(a)) : i.routine->binary(from_bits<double>(a), from_bits<double>(b)));
    case MachineOp::rare_call:
      if (c == 0) return b;
      return i.type == f64 ? to_bits(i.routine->unary(from_bits<double>(a)))
                           : to_bits(static_cast<float>(i.routine->unary(static_cast<double>(from_bits<float>(a)))));
    default: break;
  }
  if (i.type == f64) return float_op<double>(i.op, from_bits<double>(a), from_bits<double>(b), from_bits<double>(c));
  if (i.type == f32) return float_op<float>(i.op, from_bits<float>(a), from_bits<float>(b), from_bits<float>(c));
  if (i.type == boolean) return bool_op(i.op, a, b);
  if (i.type == i64) return integer_op<int64_t>(i.op, from_bits<int64_t>(a), from_bits<int64_t>(b));
  if (i.type == i32) return integer_op<int32_t>(i.op, from_bits<int32_t>(a), from_bits<int32_t>(b));
  return integer_op<uint8_t>(i.op, from_bits<uint8_t>(a), from_bits<uint8_t>(b));
}

void evaluate(const Program& program, std::span<const std::byte* const> inputs, std::span<std::byte* const> outputs, int64_t n) {
  std::vector<uint64_t> values(program.code.size());
  const auto at = [&](int id) { return id < 0 ? 0 : values[static_cast<size_t>(id)]; };
  for (int64_t element = 0; element < n; ++element) {
    for (size_t k = 0; k < program.code.size(); ++k) {
      const Instruction& i = program.code[k];
      values[k] = i.op == MachineOp::load ? load_bits(i.from, inputs[static_cast<size_t>(i.index)], element) : evaluate_instruction(i, at(i.a), at(i.b), at(i.c));
    }
    for (size_t k = 0; k < program.outputs.size(); ++k) store_bits(program.output_types[k], outputs[k], element, at(program.outputs[k]));
  }
}

double evaluate_f64(const Formula& formula, std::span<const double> args) {
  const std::vector<DType> types(args.size(), f64);
  const Program program = lower(formula, types);
  std::vector<const std::byte*> in;
  for (const double& a : args) in.push_back(reinterpret_cast<const std::byte*>(&a));
  uint64_t bits = 0;
  std::byte* const out[] = {reinterpret_cast<std::byte*>(&bits)};
  evaluate(program, in, out, 1);
  return program.output_types[0] == f64 ? from_bits<double>(bits) : static_cast<double>(bits & 0xff);
}

}  // namespace lanc
