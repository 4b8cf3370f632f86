// backends/cpu/interpreter_body.h: the loops of the interpreter; included by one file per instruction set, which defines LANC_TIER.
// No #pragma once on purpose: it is a template of a translation unit. All functions are local to it: a template shared with other files could be
// linked in the version that this processor lacks the instructions for.
#include <cstdint>
#include <limits>
#include <type_traits>

#include <lanc/backends/cpu/interpreter.h>
#include <lanc/backends/reduction_start.h>
#include <lanc/ops/scalar/evaluate.h>

namespace lanc::cpu {
namespace {

using Slots = std::byte* const*;

// A result may lie exactly where an operand lies: each element is read before it is written, and no other one matters.
#if defined(__clang__)
#define LANC_EACH_LANE_FOR_ITSELF _Pragma("clang loop vectorize(assume_safety)")
#else
#define LANC_EACH_LANE_FOR_ITSELF _Pragma("GCC ivdep")
#endif

template <class T>
const T* lanes(Slots slots, int id) {
  return reinterpret_cast<const T*>(slots[id]);
}

// The functions of one element. Explicit fma only; -ffp-contract is off.
struct Add { template <class T> static T of(T a, T b) { return static_cast<T>(a + b); } };
struct Sub { template <class T> static T of(T a, T b) { return static_cast<T>(a - b); } };
struct Mul { template <class T> static T of(T a, T b) { return static_cast<T>(a * b); } };
struct Div { template <class T> static T of(T a, T b) { return a / b; } };
struct And { template <class T> static T of(T a, T b) { return static_cast<T>(a & b); } };
struct Or { template <class T> static T of(T a, T b) { return static_cast<T>(a | b); } };
struct Xor { template <class T> static T of(T a, T b) { return static_cast<T>(a ^ b); } };
struct ShiftLeft { template <class T> static T of(T a, T b) { return static_cast<T>(a << (b & T(8 * sizeof(T) - 1))); } };
struct ShiftRight { template <class T> static T of(T a, T b) { return static_cast<T>(a >> (b & T(8 * sizeof(T) - 1))); } };  // of T's signedness
struct Neg { template <class T> static T of(T a) { return static_cast<T>(-a); } };
struct Not { template <class T> static T of(T a) { return static_cast<T>(a ^ T(1)); } };  // of a bool
struct Flip { template <class T> static T of(T a) { return static_cast<T>(~a); } };
struct Abs {
  static float of(float a) { return __builtin_fabsf(a); }
  static double of(double a) { return __builtin_fabs(a); }
};
struct Sqrt {
  static float of(float a) { return __builtin_sqrtf(a); }
  static double of(double a) { return __builtin_sqrt(a); }
};
struct Rint {
  static float of(float a) { return __builtin_nearbyintf(a); }
  static double of(double a) { return __builtin_nearbyint(a); }
};
struct Floor {
  static float of(float a) { return __builtin_floorf(a); }
  static double of(double a) { return __builtin_floor(a); }
};
struct Ceil {
  static float of(float a) { return __builtin_ceilf(a); }
  static double of(double a) { return __builtin_ceil(a); }
};
struct Trunc {
  static float of(float a) { return __builtin_truncf(a); }
  static double of(double a) { return __builtin_trunc(a); }
};
struct Fma {
  static float of(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double of(double a, double b, double c) { return __builtin_fma(a, b, c); }
};
struct Less { template <class T> static bool of(T a, T b) { return a < b; } };
struct LessEqual { template <class T> static bool of(T a, T b) { return a <= b; } };
struct Equal { template <class T> static bool of(T a, T b) { return a == b; } };
struct NotEqual { template <class T> static bool of(T a, T b) { return a != b; } };
struct Greater { template <class T> static bool of(T a, T b) { return a > b; } };
struct GreaterEqual { template <class T> static bool of(T a, T b) { return a >= b; } };
// `compared`, in a form that clang does not take for the processor's min or max, which would turn a chosen denormal into 0.
bool as_it_is(bool compared) {
#if defined(__clang__)
  return compared ^ never;
#else
  return compared;
#endif
}
struct Maximum { template <class T> static T of(T a, T b) { return as_it_is((a > b) | (a != a)) ? a : b; } };
struct Minimum { template <class T> static T of(T a, T b) { return as_it_is((a < b) | (a != a)) ? a : b; } };

template <class T, class F>
void map1(const BlockOp& op, Slots s, int n) {
  const T* a = lanes<T>(s, op.a);
  T* r = reinterpret_cast<T*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = F::of(a[k]);
}
template <class T, class F>
void map2(const BlockOp& op, Slots s, int n) {
  const T* a = lanes<T>(s, op.a);
  const T* b = lanes<T>(s, op.b);
  T* r = reinterpret_cast<T*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = F::of(a[k], b[k]);
}
template <class T, class F>
void map3(const BlockOp& op, Slots s, int n) {
  const T* a = lanes<T>(s, op.a);
  const T* b = lanes<T>(s, op.b);
  const T* c = lanes<T>(s, op.c);
  T* r = reinterpret_cast<T*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = F::of(a[k], b[k], c[k]);
}
template <class T, class F>
void compare(const BlockOp& op, Slots s, int n) {
  const T* a = lanes<T>(s, op.a);
  const T* b = lanes<T>(s, op.b);
  auto* r = reinterpret_cast<uint8_t*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = F::of(a[k], b[k]) ? 1 : 0;
}
template <class T>
void select(const BlockOp& op, Slots s, int n) {
  const uint8_t* c = lanes<uint8_t>(s, op.a);
  const T* a = lanes<T>(s, op.b);
  const T* b = lanes<T>(s, op.c);
  T* r = reinterpret_cast<T*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = c[k] != 0 ? a[k] : b[k];
}
template <class T, class F>
void select_compared(const BlockOp& op, Slots s, int n) {
  const T* a = lanes<T>(s, op.a);
  const T* b = lanes<T>(s, op.b);
  const T* c = lanes<T>(s, op.c);
  const T* d = lanes<T>(s, op.d);
  T* r = reinterpret_cast<T*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) {
    const T yes = c[k], no = d[k];
    r[k] = F::of(a[k], b[k]) ? yes : no;
  }
}
template <class From, class To>
void convert(const BlockOp& op, Slots s, int n) {
  const From* a = lanes<From>(s, op.a);
  To* r = reinterpret_cast<To*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = static_cast<To>(a[k]);
}
template <class From>
void to_boolean(const BlockOp& op, Slots s, int n) {
  const From* a = lanes<From>(s, op.a);
  auto* r = reinterpret_cast<uint8_t*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = a[k] != From(0) ? 1 : 0;
}
void f32_to_i32(const BlockOp& op, Slots s, int n) {
  const float* a = lanes<float>(s, op.a);
  auto* r = reinterpret_cast<int32_t*>(s[op.to]);
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) {
    const float x = a[k];
    const float low = x > -2147483648.0f ? x : -2147483648.0f;
    const float inside = low < 2147483520.0f ? low : 2147483520.0f;
    const int32_t v = static_cast<int32_t>(inside);
    const int32_t saturated = x >= 2147483648.0f ? std::numeric_limits<int32_t>::max() : v;
    r[k] = x == x ? saturated : 0;
  }
}
template <int size>
void copy(const BlockOp& op, Slots s, int n) {
  __builtin_memmove(s[op.to], s[op.a], static_cast<size_t>(n) * size);
}

// Everything without a loop of its own: lane by lane by the oracle's rule.
void any_loop(const BlockOp& op, Slots s, int n) {
  const Instruction& i = *op.instruction;
  const auto size = static_cast<size_t>(size_of(i.type));
  const auto bits = [&](int id, DType type, int k) {
    uint64_t value = 0;
    if (id < 0) return value;
    const auto bytes = static_cast<size_t>(size_of(type));
    __builtin_memcpy(&value, s[id] + static_cast<size_t>(k) * bytes, bytes);
    return value;
  };
  for (int k = 0; k < n; ++k) {
    const uint64_t r = evaluate_instruction(i, bits(op.a, op.types[0], k), bits(op.b, op.types[1], k), bits(op.c, op.types[2], k));
    __builtin_memcpy(s[op.to] + static_cast<size_t>(k) * size, &r, size);
  }
}

// No lane needs the routine: the usual case.
void rare_call_loop(const BlockOp& op, Slots s, int n) {
  const uint8_t* c = lanes<uint8_t>(s, op.c);
  int any = 0;
  for (int k = 0; k < n; ++k) any |= c[k];
  if (any != 0) return any_loop(op, s, n);
  __builtin_memmove(s[op.to], s[op.b], static_cast<size_t>(n) * static_cast<size_t>(size_of(op.instruction->type)));
}

template <class T>
Loop float_loop(MachineOp op) {
  switch (op) {
    case MachineOp::add: return map2<T, Add>;
    case MachineOp::sub: return map2<T, Sub>;
    case MachineOp::mul: return map2<T, Mul>;
    case MachineOp::div: return map2<T, Div>;
    case MachineOp::neg: return map1<T, Neg>;
    case MachineOp::abs: return map1<T, Abs>;
    case MachineOp::sqrt: return map1<T, Sqrt>;
    case MachineOp::rint: return map1<T, Rint>;
    case MachineOp::floor: return map1<T, Floor>;
    case MachineOp::ceil: return map1<T, Ceil>;
    case MachineOp::trunc: return map1<T, Trunc>;
    case MachineOp::fma: return map3<T, Fma>;
    default: return any_loop;
  }
}
// T is signed; arithmetic wraps, in its unsigned type.
template <class T>
Loop integer_loop(MachineOp op) {
  using U = std::make_unsigned_t<T>;
  switch (op) {
    case MachineOp::add: return map2<U, Add>;
    case MachineOp::sub: return map2<U, Sub>;
    case MachineOp::mul: return map2<U, Mul>;
    case MachineOp::neg: return map1<U, Neg>;
    case MachineOp::bit_and: return map2<U, And>;
    case MachineOp::bit_or: return map2<U, Or>;
    case MachineOp::bit_xor: return map2<U, Xor>;
    case MachineOp::bit_not: return map1<U, Flip>;
    case MachineOp::shift_left: return map2<U, ShiftLeft>;
    case MachineOp::shift_right: return map2<T, ShiftRight>;
    case MachineOp::shift_right_logical: return map2<U, ShiftRight>;
    default: return any_loop;
  }
}
Loop boolean_loop(MachineOp op) {
  switch (op) {
    case MachineOp::bit_and: return map2<uint8_t, And>;
    case MachineOp::bit_or: return map2<uint8_t, Or>;
    case MachineOp::bit_xor: return map2<uint8_t, Xor>;
    case MachineOp::bit_not: return map1<uint8_t, Not>;
    default: return any_loop;
  }
}
template <class T>
Loop compare_loop(MachineOp op) {
  switch (op) {
    case MachineOp::lt: return compare<T, Less>;
    case MachineOp::le: return compare<T, LessEqual>;
    case MachineOp::eq: return compare<T, Equal>;
    case MachineOp::ne: return compare<T, NotEqual>;
    case MachineOp::gt: return compare<T, Greater>;
    case MachineOp::ge: return compare<T, GreaterEqual>;
    default: return any_loop;
  }
}
template <class T>
Loop select_compared_loop(MachineOp op) {
  switch (op) {
    case MachineOp::lt: return select_compared<T, Less>;
    case MachineOp::le: return select_compared<T, LessEqual>;
    case MachineOp::eq: return select_compared<T, Equal>;
    case MachineOp::ne: return select_compared<T, NotEqual>;
    case MachineOp::gt: return select_compared<T, Greater>;
    case MachineOp::ge: return select_compared<T, GreaterEqual>;
    default: return nullptr;
  }
}
template <class From>
Loop convert_loop(DType type) {
  switch (type) {
    case DType::f64: return convert<From, double>;
    case DType::f32: return convert<From, float>;
    case DType::i64: return std::is_integral_v<From> ? convert<From, int64_t> : any_loop;
    case DType::i32: return std::is_integral_v<From> ? convert<From, int32_t> : std::is_same_v<From, float> ? f32_to_i32 : any_loop;
    case DType::u8: return std::is_integral_v<From> ? convert<From, uint8_t> : any_loop;
    case DType::boolean: return to_boolean<From>;
    default: return any_loop;
  }
}

template <class F>
Loop by_type(DType type, F f) {
  switch (type) {
    case DType::f64: return f.template operator()<double>();
    case DType::f32: return f.template operator()<float>();
    case DType::i64: return f.template operator()<int64_t>();
    case DType::i32: return f.template operator()<int32_t>();
    default: return f.template operator()<uint8_t>();
  }
}

Loop loop_for(const Instruction& i) {
  if (i.op >= MachineOp::lt && i.op <= MachineOp::ge) return by_type(i.from, [&]<class T>() { return compare_loop<T>(i.op); });
  const int64_t size = size_of(i.type);
  if (i.op == MachineOp::select) return size == 8 ? select<uint64_t> : size == 4 ? select<uint32_t> : select<uint8_t>;
  if (i.op == MachineOp::bitcast) return size == 8 ? copy<8> : size == 4 ? copy<4> : copy<1>;
  if (i.op == MachineOp::convert) return by_type(i.from, [&]<class T>() { return convert_loop<T>(i.type); });
  if (i.op == MachineOp::rare_call) return rare_call_loop;
  if (i.op == MachineOp::call) return any_loop;
  switch (i.type) {
    case DType::f64: return float_loop<double>(i.op);
    case DType::f32: return float_loop<float>(i.op);
    case DType::i64: return integer_loop<int64_t>(i.op);
    case DType::i32: return integer_loop<int32_t>(i.op);
    case DType::u8: return any_loop;
    default: return boolean_loop(i.op);
  }
}

Loop maximum(DType type) { return type == f32 ? map2<float, Maximum> : type == f64 ? map2<double, Maximum> : nullptr; }
Loop minimum(DType type) { return type == f32 ? map2<float, Minimum> : type == f64 ? map2<double, Minimum> : nullptr; }
Loop select_by(MachineOp compare, DType from, DType type) {
  if (from != type) return nullptr;
  return type == f32 ? select_compared_loop<float>(compare) : type == f64 ? select_compared_loop<double>(compare) : nullptr;
}

struct CombineSum {
  template <class T>
  static T of(T a, T b) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    else return a + b;
  }
};
struct CombineMax { template <class T> static T of(T a, T b) { return as_it_is((b > a) | (b != b)) ? b : a; } };
struct CombineMin { template <class T> static T of(T a, T b) { return as_it_is((b < a) | (b != b)) ? b : a; } };

template <class T, class F>
void reduce_as(FusedKind kind, const T* x, int n, T* accumulator) {
  constexpr int width = fused_sum_lanes;
  T sums[width];
  for (int l = 0; l < width; ++l) sums[l] = reduction_start<T>[static_cast<size_t>(kind)];
  int k = 0;
  for (; k + width <= n; k += width)
    for (int l = 0; l < width; ++l) sums[l] = F::of(sums[l], x[k + l]);
  for (int l = 0; k < n; ++k, ++l) sums[l] = F::of(sums[l], x[k]);
  // Lanes that hold the identity change nothing: where there are few values the first halvings are left out.
  int half = width / 2;
  while (half > 1 && half >= n) half /= 2;
  for (; half > 0; half /= 2)
    for (int l = 0; l < half; ++l) sums[l] = F::of(sums[l], sums[l + half]);
  *accumulator = F::of(*accumulator, sums[0]);
}
template <class T, class F>
void accumulate_as(const T* x, int n, T* r) {
  LANC_EACH_LANE_FOR_ITSELF
  for (int k = 0; k < n; ++k) r[k] = F::of(r[k], x[k]);
}
template <class T, class Call>
void by_kind(FusedKind kind, Call call) {
  if (kind == FusedKind::sum) call.template operator()<T, CombineSum>();
  else if (kind == FusedKind::max) call.template operator()<T, CombineMax>();
  else call.template operator()<T, CombineMin>();
}
template <class Call>
void by_accumulator(FusedKind kind, DType type, Call call) {
  if (type == f32) by_kind<float>(kind, call);
  else if (type == f64) by_kind<double>(kind, call);
  else by_kind<int64_t>(kind, call);
}
void reduce(FusedKind kind, DType type, const std::byte* values, int n, std::byte* accumulator) {
  by_accumulator(kind, type, [&]<class T, class F>() { reduce_as<T, F>(kind, reinterpret_cast<const T*>(values), n, reinterpret_cast<T*>(accumulator)); });
}
void accumulate(FusedKind kind, DType type, const std::byte* values, int n, std::byte* accumulators) {
  by_accumulator(kind, type, [&]<class T, class F>() { accumulate_as<T, F>(reinterpret_cast<const T*>(values), n, reinterpret_cast<T*>(accumulators)); });
}

void widen(DType stored, const std::byte* from, int64_t stride, int n, float* to) {
  const auto* bits = reinterpret_cast<const uint16_t*>(from);
  if (stored != bf16) {
    for (int k = 0; k < n; ++k) to[k] = from_f16_bits(bits[k * stride]);
    return;
  }
  auto* words = reinterpret_cast<uint32_t*>(to);
  if (stride == 1)
    for (int k = 0; k < n; ++k) words[k] = static_cast<uint32_t>(bits[k]) << 16;
  else
    for (int k = 0; k < n; ++k) words[k] = static_cast<uint32_t>(bits[k * stride]) << 16;
}
void narrow(DType stored, const float* from, int n, std::byte* to) {
  auto* bits = reinterpret_cast<uint16_t*>(to);
  if (stored == bf16)
    for (int k = 0; k < n; ++k) bits[k] = to_bf16_bits(from[k]);
  else
    for (int k = 0; k < n; ++k) bits[k] = to_f16_bits(from[k]);
}

}  // namespace

const Tier& LANC_TIER() {
  static constexpr Tier all = {loop_for, maximum, minimum, select_by, reduce, accumulate, widen, narrow};
  return all;
}

}  // namespace lanc::cpu
