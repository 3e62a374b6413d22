// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>

// The scalar definitions of fixed-point arithmetic (docs/numerics.md). Everything here is exact
// integer arithmetic; the SIMD kernels give the same bits.
namespace paragon::fixed {

inline int bit_length(uint64_t value) {
  return 64 - std::countl_zero(value);
}

inline uint64_t magnitude(int64_t value) {
  return value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
}

inline int64_t clip(int64_t value, int64_t limit) {
  return std::clamp(value, -limit, limit);
}

/// value / 2^shift, rounded to nearest, halves away from zero; a negative shift multiplies and
/// saturates at +-(2^62).
inline int64_t round_shift(int64_t value, int64_t shift) {
  constexpr int64_t kLargest = int64_t{1} << 62;
  if (shift <= 0) {
    const int left = static_cast<int>(std::min<int64_t>(-shift, 63));
    if (bit_length(magnitude(value)) + left > 62)
      return value == 0 ? 0 : value < 0 ? -kLargest : kLargest;
    return static_cast<int64_t>(static_cast<uint64_t>(value) << left);
  }
  if (shift > 63) return 0;
  const uint64_t rounded = (magnitude(value) + (uint64_t{1} << (shift - 1))) >> shift;
  return value < 0 ? -static_cast<int64_t>(rounded) : static_cast<int64_t>(rounded);
}

/// floor((value + (random mod 2^shift)) / 2^shift): rounds up with probability equal to the
/// fraction. Shifts above 31 give 0; shifts <= 0 multiply exactly as round_shift does.
inline int64_t stochastic_shift(int64_t value, int64_t shift, uint32_t random) {
  if (shift <= 0) return round_shift(value, shift);
  if (shift > 31) return 0;
  const int64_t mask = (int64_t{1} << shift) - 1;
  return (value + (static_cast<int64_t>(random) & mask)) >> shift;
}

/// a b / 2^shift, rounded as round_shift, clipped to +-limit. The product is exact (|a|, |b| <
/// 2^31).
inline int64_t mul_shift(int64_t a, int64_t b, int64_t shift, int64_t limit) {
  return clip(round_shift(a * b, shift), limit);
}

/// Largest integer whose square is <= value.
inline uint64_t isqrt(uint64_t value) {
  if (value == 0) return 0;
  uint64_t x = uint64_t{1} << ((bit_length(value) + 1) / 2);
  while (true) {  // Newton from above falls until it has arrived
    const uint64_t next = (x + value / x) / 2;
    if (next >= x) return x;
    x = next;
  }
}

/// 2^-x on 0 <= x < 1, lowest power first, Q30.
inline constexpr int32_t kExp2[] = {1073741764, -744256774, 257890191,
                                    -59375904,  9888282,    -1016701};
inline constexpr int kPowerFraction = 24;    ///< fraction bits of exp2_negative's argument
inline constexpr int64_t kLog2E = 24204406;  ///< log2(e) in Q24

/// 2^-t in Q30 for t >= 0 in Q24 (a negative t counts as 0): a polynomial of degree 5 on the
/// fractional part, error below 2^-23.
inline int32_t exp2_negative(int64_t t) {
  if (t < 0) t = 0;
  const int64_t whole = t >> kPowerFraction;
  if (whole > 30) return 0;
  const int64_t x = (t & ((int64_t{1} << kPowerFraction) - 1)) << (30 - kPowerFraction);
  int64_t sum = 0;
  for (size_t i = std::size(kExp2); i-- > 0;) sum = kExp2[i] + round_shift(sum * x, 30);
  return static_cast<int32_t>(sum >> whole);
}

/// 2^16 log2(value) for value > 0 by 16 truncated squarings: its floor or one unit less.
inline int32_t log2_q16(uint64_t value) {
  if (value == 0) return 0;
  const int whole = bit_length(value) - 1;
  uint64_t x = whole <= 31 ? value << (31 - whole) : value >> (whole - 31);  // Q31 in [1, 2)
  int32_t result = whole;
  for (int bit = 0; bit < 16; ++bit) {
    x = (x * x) >> 31;
    const bool two = x >> 32 != 0;
    result = result * 2 + (two ? 1 : 0);
    if (two) x >>= 1;
  }
  return result;
}

/// (a + b / 2) / b for a >= 0, b > 0.
inline int64_t div_round(int64_t a, int64_t b) {
  return b <= 0 ? 0 : (a + b / 2) / b;
}

/// A positive number as mantissa * 2^-shift with the mantissa in [2^14, 2^15).
struct Mantissa15 {
  int32_t mantissa = 0;
  int32_t shift = 0;
};
Mantissa15 scale(Mantissa15 value, int32_t factor_q15);  ///< value * factor / 2^15, renormalised
Mantissa15 reciprocal(uint64_t count);                   ///< 1 / count, exact for powers of two

/// (1 + cos(pi * done / total)) / 2 in Q15, integer arithmetic only, error below 2 units.
int32_t half_cosine_q15(uint64_t done, uint64_t total);

}  // namespace paragon::fixed
