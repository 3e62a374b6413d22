// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/curve.hpp"

// The formulas behind core/fixed_curve.hpp, without branches, so that loops over them become
// vectors.
// Loops over the formulas become vectors only if they are inlined.
#if defined(__GNUC__)
#define PARAGON_CURVE_INLINE [[gnu::always_inline]] inline
#else
#define PARAGON_CURVE_INLINE inline
#endif

namespace paragon::fixed {

/// 256 cubics, c0 .. c3 in Q30 .. Q33 (tools/curve_tables.py).
using CurveTable = int32_t[256][4];
extern const CurveTable kSigmaTable;      ///< 1 / (1 + e^-u), u < 32
extern const CurveTable kEluTable;        ///< (1 - e^-u) / u, u < 32
extern const CurveTable kNormalTable;     ///< the normal distribution function, u < 8
extern const CurveTable kGeluSlopeTable;  ///< that plus u times its density, u < 8

inline constexpr int32_t kCurveOne = 1 << 30;
inline constexpr int32_t kCurveLimit = kCurveOne - 1;

/// What the exponent means for a whole tensor: how |x| becomes a place in a table.
struct CurveScale {
  int32_t largest = 0;  ///< larger |x| lie beyond the table
  int32_t half = 0;
  int left = 0, right = 0;
  int32_t one = 0;  ///< 1 in units of 2^exponent
};

inline CurveScale curve_scale(Curve which, int32_t exponent) {
  // Tables begin at 0 and end at 2^30: 32 in Q25, 8 in Q27; tanh(x) reads sigma(2 x).
  const int fraction = which == Curve::gelu ? 27 : which == Curve::tanh ? 26 : 25;
  const int64_t shift = -(int64_t{exponent} + fraction);
  CurveScale scale;
  scale.left = static_cast<int>(std::clamp<int64_t>(-shift, 0, 30));
  scale.right = static_cast<int>(std::clamp<int64_t>(shift, 0, 31));
  scale.largest = kCurveLimit >> scale.left;
  scale.half = scale.right > 0 ? 1 << (scale.right - 1) : 0;
  if (exponent <= 1) scale.one = exponent > 0 ? 1 : 1 << std::min(-int64_t{exponent}, int64_t{30});
  return scale;
}

/// floor(a b / 2^bits), which must fit. Spelt with a logical shift: there is no vector of 64-bit
/// arithmetic ones.
template <int bits>
PARAGON_CURVE_INLINE int32_t curve_product(int32_t a, int32_t b, int64_t half = 0) {
  return static_cast<int32_t>(static_cast<uint64_t>(int64_t{a} * b + half) >> bits);
}

PARAGON_CURVE_INLINE int32_t curve_magnitude(int32_t x) {
  const int32_t bounded = x > kCurveLimit ? kCurveLimit : x < -kCurveLimit ? -kCurveLimit : x;
  return bounded < 0 ? -bounded : bounded;
}

/// The place of |x| in a table.
PARAGON_CURVE_INLINE int32_t curve_place(const CurveScale& scale, int32_t magnitude) {
  const int32_t shifted = magnitude > scale.largest ? kCurveLimit : magnitude << scale.left;
  return (shifted + scale.half) >> scale.right;
}

/// The function of a table, Q30.
PARAGON_CURVE_INLINE int32_t curve_read(const CurveTable& table, int32_t place) {
  const int32_t* flat = &table[0][0];
  const int32_t row = (place >> 22) * 4;
  const int32_t t = (place & ((1 << 22) - 1)) << 9;  // Q31
  const int32_t r2 = flat[row + 2] + curve_product<32>(flat[row + 3], t);
  const int32_t r1 = flat[row + 1] + curve_product<32>(r2, t);
  return flat[row] + curve_product<32>(r1, t);
}

/// a b / 2^30 with the sign of x; a, b >= 0, halves away from zero.
PARAGON_CURVE_INLINE int32_t curve_signed(int32_t x, int32_t a, int32_t b) {
  const int32_t product = curve_product<30>(a, b, int64_t{1} << 29);
  return x < 0 ? -product : product;
}

template <Curve which>
PARAGON_CURVE_INLINE int32_t curve_value(const CurveScale& scale, int32_t x) {
  const int32_t size = curve_magnitude(x), place = curve_place(scale, size);
  if constexpr (which == Curve::elu) {
    const int32_t product = curve_product<30>(size, curve_read(kEluTable, place), int64_t{1} << 29);
    const int32_t below = place == kCurveLimit ? scale.one : product;
    return x < 0 ? -below : size;
  } else if constexpr (which == Curve::tanh) {
    const int32_t t = 2 * (curve_read(kSigmaTable, place) - kCurveOne / 2);
    const int32_t bounded = t > kCurveLimit ? kCurveLimit : t;
    return x < 0 ? -bounded : bounded;
  } else {
    const int32_t p = curve_read(which == Curve::gelu ? kNormalTable : kSigmaTable, place);
    const int32_t gate = x < 0 ? kCurveOne - p : p;
    if constexpr (which == Curve::sigmoid) return gate > kCurveLimit ? kCurveLimit : gate;
    return curve_signed(x, size, gate);
  }
}

template <Curve which>
PARAGON_CURVE_INLINE int32_t curve_slope_value(const CurveScale& scale, int32_t x) {
  const int32_t place = curve_place(scale, curve_magnitude(x));
  constexpr int32_t kUnit = kCurveOne / 2;  // 1 in Q29
  if constexpr (which == Curve::elu) {
    const int32_t product = curve_product<26>(place, curve_read(kEluTable, place));  // 1 - e^-u
    const int32_t fallen = place == kCurveLimit ? kUnit : product;
    return x < 0 ? kUnit - fallen : kUnit;
  } else if constexpr (which == Curve::gelu) {
    const int32_t slope = curve_read(kGeluSlopeTable, place) >> 1;
    return x < 0 ? kUnit - slope : slope;
  } else {
    const int32_t p = curve_read(kSigmaTable, place), q = kCurveOne - p;
    if constexpr (which == Curve::sigmoid) return curve_product<31>(p, q);
    if constexpr (which == Curve::tanh) return curve_product<29>(p, q);
    const int32_t slope = (p >> 1) + curve_product<26>(place, curve_product<30>(p, q));
    return x < 0 ? kUnit - slope : slope;
  }
}

}  // namespace paragon::fixed

#undef PARAGON_CURVE_INLINE
