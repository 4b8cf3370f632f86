// backends/cpu/interpreter_body.h: the loops of the interpreter; included by one file per instruction set, which defines LANC_BLOCK_FUNCTION.
// No #pragma once on purpose: it is a template of a translation unit.
#include <cstdint>
#include <limits>

#include <lanc/backends/cpu/interpreter.h>
#include <lanc/ops/scalar/evaluate.h>

namespace lanc::cpu {
namespace {

template <class T>
const T* lanes(std::byte* const* slots, int id) {
  return reinterpret_cast<const T*>(slots[id]);
}

template <class T, class F>
void map1(std::byte* const* s, const Instruction& i, std::byte* to, int n, F f) {
  const T* __restrict a = lanes<T>(s, i.a);
  T* __restrict r = reinterpret_cast<T*>(to);
  for (int k = 0; k < n; ++k) r[k] = f(a[k]);
}
template <class T, class F>
void map2(std::byte* const* s, const Instruction& i, std::byte* to, int n, F f) {
  const T* __restrict a = lanes<T>(s, i.a);
  const T* __restrict b = lanes<T>(s, i.b);
  T* __restrict r = reinterpret_cast<T*>(to);
  for (int k = 0; k < n; ++k) r[k] = f(a[k], b[k]);
}
template <class T, class F>
void compare(std::byte* const* s, const Instruction& i, std::byte* to, int n, F f) {
  const T* __restrict a = lanes<T>(s, i.a);
  const T* __restrict b = lanes<T>(s, i.b);
  auto* __restrict r = reinterpret_cast<uint8_t*>(to);
  for (int k = 0; k < n; ++k) r[k] = f(a[k], b[k]) ? 1 : 0;
}
template <class T>
void select(std::byte* const* s, const Instruction& i, std::byte* to, int n) {
  const uint8_t* __restrict c = lanes<uint8_t>(s, i.a);
  const T* __restrict a = lanes<T>(s, i.b);
  const T* __restrict b = lanes<T>(s, i.c);
  T* __restrict r = reinterpret_cast<T*>(to);
  for (int k = 0; k < n; ++k) r[k] = c[k] != 0 ? a[k] : b[k];
}

template <class T>
bool float_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  switch (i.op) {
    case MachineOp::add: map2<T>(s, i, to, n, [](T a, T b) { return a + b; }); return true;
    case MachineOp::sub: map2<T>(s, i, to, n, [](T a, T b) { return a - b; }); return true;
    case MachineOp::mul: map2<T>(s, i, to, n, [](T a, T b) { return a * b; }); return true;
    case MachineOp::div: map2<T>(s, i, to, n, [](T a, T b) { return a / b; }); return true;
    case MachineOp::neg: map1<T>(s, i, to, n, [](T a) { return -a; }); return true;
    case MachineOp::abs: map1<T>(s, i, to, n, [](T a) { return sizeof(T) == 4 ? static_cast<T>(__builtin_fabsf(static_cast<float>(a))) : static_cast<T>(__builtin_fabs(static_cast<double>(a))); }); return true;
    case MachineOp::sqrt: map1<T>(s, i, to, n, [](T a) { return sizeof(T) == 4 ? static_cast<T>(__builtin_sqrtf(static_cast<float>(a))) : static_cast<T>(__builtin_sqrt(static_cast<double>(a))); }); return true;
    case MachineOp::rint: map1<T>(s, i, to, n, [](T a) { return sizeof(T) == 4 ? static_cast<T>(__builtin_nearbyintf(static_cast<float>(a))) : static_cast<T>(__builtin_nearbyint(static_cast<double>(a))); }); return true;
    case MachineOp::fma: {
      const T* __restrict a = lanes<T>(s, i.a);
      const T* __restrict b = lanes<T>(s, i.b);
      const T* __restrict c = lanes<T>(s, i.c);
      T* __restrict r = reinterpret_cast<T*>(to);
      for (int k = 0; k < n; ++k)
        r[k] = sizeof(T) == 4 ? static_cast<T>(__builtin_fmaf(static_cast<float>(a[k]), static_cast<float>(b[k]), static_cast<float>(c[k])))
                              : static_cast<T>(__builtin_fma(static_cast<double>(a[k]), static_cast<double>(b[k]), static_cast<double>(c[k])));
      return true;
    }
    default: return false;
  }
}

bool i32_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  using U = uint32_t;
  switch (i.op) {
    case MachineOp::add: map2<U>(s, i, to, n, [](U a, U b) { return a + b; }); return true;
    case MachineOp::sub: map2<U>(s, i, to, n, [](U a, U b) { return a - b; }); return true;
    case MachineOp::mul: map2<U>(s, i, to, n, [](U a, U b) { return a * b; }); return true;
    case MachineOp::bit_and: map2<U>(s, i, to, n, [](U a, U b) { return a & b; }); return true;
    case MachineOp::bit_or: map2<U>(s, i, to, n, [](U a, U b) { return a | b; }); return true;
    case MachineOp::shift_left: map2<U>(s, i, to, n, [](U a, U b) { return a << (b & 31); }); return true;
    case MachineOp::shift_right: map2<int32_t>(s, i, to, n, [](int32_t a, int32_t b) { return a >> (b & 31); }); return true;
    default: return false;
  }
}

bool bool_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  using B = uint8_t;
  switch (i.op) {
    case MachineOp::bit_and: map2<B>(s, i, to, n, [](B a, B b) { return static_cast<B>(a & b); }); return true;
    case MachineOp::bit_or: map2<B>(s, i, to, n, [](B a, B b) { return static_cast<B>(a | b); }); return true;
    case MachineOp::bit_xor: map2<B>(s, i, to, n, [](B a, B b) { return static_cast<B>(a ^ b); }); return true;
    case MachineOp::bit_not: map1<B>(s, i, to, n, [](B a) { return static_cast<B>(a ^ 1); }); return true;
    default: return false;
  }
}

template <class T>
bool compare_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  switch (i.op) {
    case MachineOp::lt: compare<T>(s, i, to, n, [](T a, T b) { return a < b; }); return true;
    case MachineOp::le: compare<T>(s, i, to, n, [](T a, T b) { return a <= b; }); return true;
    case MachineOp::eq: compare<T>(s, i, to, n, [](T a, T b) { return a == b; }); return true;
    case MachineOp::ne: compare<T>(s, i, to, n, [](T a, T b) { return a != b; }); return true;
    case MachineOp::gt: compare<T>(s, i, to, n, [](T a, T b) { return a > b; }); return true;
    case MachineOp::ge: compare<T>(s, i, to, n, [](T a, T b) { return a >= b; }); return true;
    default: return false;
  }
}

bool convert_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  if (i.from == f32 && i.type == i32) {
    const float* __restrict a = lanes<float>(s, i.a);
    auto* __restrict r = reinterpret_cast<int32_t*>(to);
    for (int k = 0; k < n; ++k) {
      const float x = a[k];
      const float low = x > -2147483648.0f ? x : -2147483648.0f;
      const float inside = low < 2147483520.0f ? low : 2147483520.0f;
      const int32_t v = static_cast<int32_t>(inside);
      const int32_t saturated = x >= 2147483648.0f ? std::numeric_limits<int32_t>::max() : v;
      r[k] = x == x ? saturated : 0;
    }
    return true;
  }
  if (i.from == i32 && i.type == f32) {
    const int32_t* __restrict a = lanes<int32_t>(s, i.a);
    auto* __restrict r = reinterpret_cast<float*>(to);
    for (int k = 0; k < n; ++k) r[k] = static_cast<float>(a[k]);
    return true;
  }
  if (i.from == boolean && i.type == f32) {
    const uint8_t* __restrict a = lanes<uint8_t>(s, i.a);
    auto* __restrict r = reinterpret_cast<float*>(to);
    for (int k = 0; k < n; ++k) r[k] = a[k] != 0 ? 1.0f : 0.0f;
    return true;
  }
  return false;
}

uint64_t lane_bits(std::byte* const* s, int id, DType type, int k) {
  uint64_t bits = 0;
  const auto size = static_cast<size_t>(size_of(type));
  __builtin_memcpy(&bits, s[id] + static_cast<size_t>(k) * size, size);
  return bits;
}

// Everything without a loop of its own: lane by lane by the oracle's rule.
void any_loop(const Instruction* code, const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  const auto size = static_cast<size_t>(size_of(i.type));
  for (int k = 0; k < n; ++k) {
    const auto bits = [&](int id) { return id < 0 ? 0 : lane_bits(s, id, code[id].type, k); };
    const uint64_t r = evaluate_instruction(i, bits(i.a), bits(i.b), bits(i.c));
    __builtin_memcpy(to + static_cast<size_t>(k) * size, &r, size);
  }
}

bool typed_loop(const Instruction& i, std::byte* const* s, std::byte* to, int n) {
  if (i.op >= MachineOp::lt && i.op <= MachineOp::ge) {
    if (i.from == f32) return compare_loop<float>(i, s, to, n);
    if (i.from == f64) return compare_loop<double>(i, s, to, n);
    if (i.from == i32) return compare_loop<int32_t>(i, s, to, n);
    if (i.from == i64) return compare_loop<int64_t>(i, s, to, n);
    return compare_loop<uint8_t>(i, s, to, n);
  }
  if (i.op == MachineOp::select) {
    const int64_t size = size_of(i.type);
    if (size == 8) select<uint64_t>(s, i, to, n);
    else if (size == 4) select<uint32_t>(s, i, to, n);
    else select<uint8_t>(s, i, to, n);
    return true;
  }
  if (i.op == MachineOp::bitcast) {
    __builtin_memcpy(to, s[i.a], static_cast<size_t>(n) * static_cast<size_t>(size_of(i.type)));
    return true;
  }
  if (i.op == MachineOp::convert) return convert_loop(i, s, to, n);
  if (i.op == MachineOp::rare_call) {
    const uint8_t* c = lanes<uint8_t>(s, i.c);
    int any = 0;
    for (int k = 0; k < n; ++k) any |= c[k];
    if (any != 0) return false;
    __builtin_memcpy(to, s[i.b], static_cast<size_t>(n) * static_cast<size_t>(size_of(i.type)));
    return true;
  }
  if (i.type == f32) return float_loop<float>(i, s, to, n);
  if (i.type == f64) return float_loop<double>(i, s, to, n);
  if (i.type == i32) return i32_loop(i, s, to, n);
  if (i.type == boolean) return bool_loop(i, s, to, n);
  return false;
}

}  // namespace

void LANC_BLOCK_FUNCTION(const Instruction* code, int count, std::byte* const* slots, int n) {
  for (int k = 0; k < count; ++k) {
    const Instruction& i = code[k];
    if (i.op == MachineOp::constant || i.op == MachineOp::load) continue;
    if (i.op == MachineOp::call || !typed_loop(i, slots, slots[k], n)) any_loop(code, i, slots, slots[k], n);
  }
}

}  // namespace lanc::cpu
