// backends/cpu/reduce_ops.h: what a reduction does with a run of elements, with a row of columns, and with two partial results.
// Each op has: Compute, the type of the elements it reads (16-bit floats as float); Acc; start(), run() along a reduced axis, column()
// beside it, combine() in index order and finish().
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include <lanc/backends/reduction_start.h>
#include <lanc/ops/fused.h>

namespace lanc::cpu {

/// i32 sums stay in 32 bits, other integers have 64; floats in blocks of 256 over 32 lanes (ops/fused.h).
template <class C>
struct SumOf {
  using Compute = C;
  using Acc = std::conditional_t<std::is_floating_point_v<C>, C, std::conditional_t<std::is_same_v<C, int32_t>, uint32_t, uint64_t>>;
  static Acc start() { return 0; }
  static void run(Acc& acc, const C* x, int64_t n, int64_t) {
    if constexpr (std::is_floating_point_v<C>) {
      for (int64_t at = 0; at < n; at += fused_sum_block) acc += block(x + at, n - at < fused_sum_block ? n - at : fused_sum_block);
    } else if constexpr (std::is_same_v<C, uint8_t>) {
      for (int64_t at = 0; at < n; at += 1024) {  // 1,024 * 255 fits in 32 bits
        uint32_t part = 0;
        for (int64_t i = at; i < n && i < at + 1024; ++i) part += x[i];
        acc += part;
      }
    } else {
      Acc part = 0;
      for (int64_t i = 0; i < n; ++i) part += static_cast<Acc>(x[i]);
      acc += part;
    }
  }
  static C block(const C* x, int64_t n) {
    C lanes[fused_sum_lanes] = {};
    int64_t i = 0;
    for (; i + fused_sum_lanes <= n; i += fused_sum_lanes)
      for (int64_t l = 0; l < fused_sum_lanes; ++l) lanes[l] += x[i + l];
    for (int64_t l = 0; i + l < n; ++l) lanes[l] += x[i + l];
    for (int64_t half = fused_sum_lanes / 2; half > 0; half /= 2)
      for (int64_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    return lanes[0];
  }
  static void column(Acc* acc, const C* x, int64_t n, int64_t) {
    for (int64_t j = 0; j < n; ++j) acc[j] += static_cast<Acc>(x[j]);
  }
  static void combine(Acc& acc, const Acc& next) { acc += next; }
  static auto finish(const Acc& acc) {
    if constexpr (std::is_floating_point_v<C>) return acc;
    else return static_cast<int64_t>(static_cast<std::make_signed_t<Acc>>(acc));
  }
};

/// Floats in f64, integers modulo 2^64.
template <class C>
struct ProductOf {
  using Compute = C;
  using Acc = std::conditional_t<std::is_floating_point_v<C>, double, uint64_t>;
  static constexpr int64_t lanes = 8;
  static Acc start() { return 1; }
  static void run(Acc& acc, const C* x, int64_t n, int64_t) {
    Acc part[lanes] = {1, 1, 1, 1, 1, 1, 1, 1};
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
      for (int64_t l = 0; l < lanes; ++l) part[l] *= static_cast<Acc>(x[i + l]);
    for (int64_t l = 0; i + l < n; ++l) part[l] *= static_cast<Acc>(x[i + l]);
    for (int64_t half = lanes / 2; half > 0; half /= 2)
      for (int64_t l = 0; l < half; ++l) part[l] *= part[l + half];
    acc *= part[0];
  }
  static void column(Acc* acc, const C* x, int64_t n, int64_t) {
    for (int64_t j = 0; j < n; ++j) acc[j] *= static_cast<Acc>(x[j]);
  }
  static void combine(Acc& acc, const Acc& next) { acc *= next; }
  static auto finish(const Acc& acc) {
    if constexpr (std::is_floating_point_v<C>) return acc;
    else return static_cast<int64_t>(acc);
  }
};

template <bool largest, class C>
bool better(C a, C b) {
  return largest ? a > b : a < b;
}
/// The best of a run of at least one element, and whether there is a NaN in it (then `best` is any element).
template <bool largest, class C>
struct BestOfRun {
  C best;
  bool nan = false;
  explicit BestOfRun(const C* x, int64_t n) : best(x[0]) {
    constexpr int64_t lanes = 64 / static_cast<int64_t>(sizeof(C));
    if (n < 2 * lanes) {
      for (int64_t i = 0; i < n; ++i) {
        best = better<largest>(x[i], best) ? x[i] : best;
        if constexpr (std::is_floating_point_v<C>) nan |= x[i] != x[i];
      }
      return;
    }
    C top[lanes];
    C unordered[lanes] = {};
    for (int64_t l = 0; l < lanes; ++l) top[l] = x[0];
    int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
      for (int64_t l = 0; l < lanes; ++l) {
        const C v = x[i + l];
        top[l] = better<largest>(v, top[l]) ? v : top[l];
        if constexpr (std::is_floating_point_v<C>) unordered[l] = v != v ? C(1) : unordered[l];
      }
    for (; i < n; ++i) {
      if (better<largest>(x[i], top[0])) top[0] = x[i];
      if constexpr (std::is_floating_point_v<C>) nan |= x[i] != x[i];
    }
    for (int64_t l = 0; l < lanes; ++l) {
      if (better<largest>(top[l], best)) best = top[l];
      nan |= unordered[l] != C(0);
    }
  }
};

/// NaN wins. `boolean` starts at 0 or 1 rather than at the limits of a byte.
template <bool largest, class C, bool boolean = false>
struct ExtremeOf {
  using Compute = C;
  using Acc = C;
  static Acc start() {
    if constexpr (boolean) return largest ? 0 : 1;
    return largest ? maximum_start<C> : minimum_start<C>;
  }
  static void run(Acc& acc, const C* x, int64_t n, int64_t) {
    const BestOfRun<largest, C> b(x, n);
    if constexpr (std::is_floating_point_v<C>)
      if (b.nan) acc = std::numeric_limits<C>::quiet_NaN();
    combine(acc, b.best);
  }
  static void column(Acc* acc, const C* x, int64_t n, int64_t) {
    for (int64_t j = 0; j < n; ++j) acc[j] = acc[j] != acc[j] ? acc[j] : x[j] != x[j] || better<largest>(x[j], acc[j]) ? x[j] : acc[j];
  }
  static void combine(Acc& acc, const Acc& next) { column(&acc, &next, 1, 0); }
  static auto finish(const Acc& acc) { return acc; }
};

template <bool largest, class C>
struct PositionOf {
  using Compute = C;
  struct Acc {
    C value;
    int64_t at;  // -1: nothing yet
  };
  static Acc start() { return {C(0), -1}; }
  static bool beats(C v, const Acc& acc) {
    return acc.at < 0 || (acc.value == acc.value && (v != v || better<largest>(v, acc.value)));
  }
  static void run(Acc& acc, const C* x, int64_t n, int64_t first) {
    const BestOfRun<largest, C> b(x, n);
    if constexpr (std::is_floating_point_v<C>)
      if (b.nan) {
        int64_t i = 0;
        while (x[i] == x[i]) ++i;
        if (beats(x[i], acc)) acc = {x[i], first + i};
        return;
      }
    if (!beats(b.best, acc)) return;
    int64_t i = 0;
    while (x[i] != b.best) ++i;
    acc = {b.best, first + i};
  }
  static void column(Acc* acc, const C* x, int64_t n, int64_t at) {
    for (int64_t j = 0; j < n; ++j)
      if (beats(x[j], acc[j])) acc[j] = {x[j], at};
  }
  static void combine(Acc& acc, const Acc& next) {
    if (next.at >= 0 && beats(next.value, acc)) acc = next;
  }
  static int64_t finish(const Acc& acc) { return acc.at; }
};

}  // namespace lanc::cpu
