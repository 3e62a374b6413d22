// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

// Running means of squares and quotients by their roots, of the optimizers Adam and RMSprop in
// integers (docs/numerics-primitives.md, "Mean squares"). All in 32 bits, without divisions, tables
// and branches, so that loops over the formulas become vectors on every target.

#if defined(__GNUC__)
#define PARAGON_SQUARE_INLINE [[gnu::always_inline]] inline
#else
#define PARAGON_SQUARE_INLINE inline
#endif

namespace paragon::fixed {

/// A mean square v of Q28 numbers is kept as a *square code*: code = E 2^25 + V stands for
/// V 2^(E - 24) in Q56, where V has 25 bits, the highest of them set unless E = 0. Codes are
/// ordered as what they stand for; 0 is zero.
inline constexpr int kSquareBits = 25;
inline constexpr int32_t kSquareMask = (int32_t{1} << kSquareBits) - 1;
inline constexpr int32_t kSquareTop = int32_t{1} << (kSquareBits - 1);
/// The largest E, of squares below 2^60; only codes up to this one are defined.
inline constexpr int32_t kLargestSquareExponent = 60;
inline constexpr int32_t kLargestSquareCode = (kLargestSquareExponent << kSquareBits) + kSquareMask;
/// 1 - decay of a mean is 2^-bits with bits from 1 to this.
inline constexpr int kMaxDecayBits = 16;

inline constexpr int kRatioFraction = 22;  ///< ratios are Q22
inline constexpr int32_t kRatioLimit = int32_t{32} << kRatioFraction;

/// The code of an integer square in Q56, rounded down; 0 <= square < 2^60.
constexpr int32_t square_code(uint64_t square) {
  const int excess = 64 - std::countl_zero(square) - kSquareBits;  // over 25 bits
  if (square == 0) return 0;
  const uint64_t mantissa = excess >= 0 ? square >> excess : square << -excess;
  return static_cast<int32_t>((excess + 24) << kSquareBits |
                              static_cast<int32_t>(mantissa & kSquareMask));
}

/// Zeros between the highest bit of |g| <= 2^30 and bit 30, by comparisons; for 0 any number from
/// 30 on serves.
PARAGON_SQUARE_INLINE int32_t leading_zeros(int32_t g) {
  uint32_t high = static_cast<uint32_t>(g < 0 ? -g : g);
  int32_t zeros = 0;
  const auto move_up = [&](int step) {
    const bool small = static_cast<int32_t>(high) < (int32_t{1} << (31 - step));
    high <<= small ? step : 0;
    zeros += small ? step : 0;
  };
  move_up(16), move_up(8), move_up(4), move_up(2), move_up(1);
  return zeros;
}

/// v + (g^2 - v) / 2^bits as codes; |g| <= 2^30, bits 1 .. kMaxDecayBits. The square is that of
/// the upper 16 bits of g. `zeros` are its leading_zeros(), which some processors count.
PARAGON_SQUARE_INLINE int32_t mean_square(int32_t code, int32_t g, int bits, int32_t zeros) {
  // |g| = high 2^(15 - zeros) with high of 16 bits, but for what is cut off.
  const uint32_t high = (static_cast<uint32_t>(g < 0 ? -g : g) << zeros) >> 15;
  // g^2 2^-bits = added 2^(exponent - 24)
  const auto added = static_cast<int32_t>((high * high) >> 7);
  const int32_t exponent = 61 - 2 * zeros - bits;

  const int32_t before = code >> kSquareBits, mantissa = code & kSquareMask;
  const int32_t kept = mantissa - ((mantissa + (1 << (bits - 1))) >> bits);
  int32_t e = exponent > before ? exponent : before;
  const int32_t kept_shift = e - before < 31 ? e - before : 31,
                added_shift = e - exponent < 30 ? e - exponent : 30;  // a half of 2^31 would wrap
  int32_t sum = (kept >> kept_shift) + ((added + ((1 << added_shift) >> 1)) >> added_shift);
  const int32_t over = sum >> kSquareBits;
  sum >>= over;
  const int32_t under = sum < kSquareTop && e > 0 ? 1 : 0;
  sum <<= under;
  e += over - under;
  return (e << kSquareBits) + sum;
}

PARAGON_SQUARE_INLINE int32_t mean_square(int32_t code, int32_t g, int bits) {
  return mean_square(code, g, bits, leading_zeros(g));
}

/// x / sqrt(v + epsilon) in Q22 for x in Q28, clipped to +-kRatioLimit; v and epsilon as codes,
/// epsilon >= square_code(1), |x| <= 2^30.
PARAGON_SQUARE_INLINE int32_t ratio_to_root(int32_t x, int32_t code, int32_t epsilon) {
  const int32_t e1 = code >> kSquareBits, e2 = epsilon >> kSquareBits;
  int32_t e = e1 > e2 ? e1 : e2;
  const int32_t shift1 = e - e1 < 31 ? e - e1 : 31, shift2 = e - e2 < 31 ? e - e2 : 31;
  int32_t sum = ((code & kSquareMask) >> shift1) + ((epsilon & kSquareMask) >> shift2);
  const int32_t over = sum >> kSquareBits;
  sum >>= over;
  e += over;

  // 1 / sqrt(sum / 2^24 * 2^odd) as y in Q16: a square polynomial and a step of Newton's.
  const int32_t odd = e & 1, root_exponent = e >> 1;
  const int32_t mantissa = sum >> 9;  // Q15 in [1, 2)
  const int32_t t = mantissa - (1 << 15);
  const int32_t c0 = odd != 0 ? 46193 : 65327, c1 = odd != 0 ? 20165 : 28517,
                c2 = odd != 0 ? 6844 : 9679;
  const int32_t guess = c0 - (((c1 - ((c2 * t) >> 15)) * t) >> 15);
  const auto square = static_cast<uint32_t>(guess) * static_cast<uint32_t>(guess) >> 16;
  const uint32_t one = (square * static_cast<uint32_t>(mantissa)) << odd;  // Q31, near 1
  const auto error = static_cast<int32_t>((uint32_t{1} << 31) - one);
  // From here on products wrap, which they do for nothing but damaged codes.
  const auto times = [](int32_t a, int32_t b) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b));
  };
  const int32_t y = guess + (times(guess, error >> 9) >> 23);

  // |x| 2^-root_exponent in Q22, within 2^28, then times y.
  const int32_t magnitude = x < 0 ? -x : x;
  const int32_t shift = root_exponent - kRatioFraction;
  const int32_t left = shift < 0 ? -shift : 0, right = shift > 0 ? shift : 0;
  const int32_t rounded = (magnitude + ((1 << right) >> 1)) >> right;
  const int32_t most = (2 * kRatioLimit) >> left;
  const int32_t scaled = (rounded < most ? rounded : most) << left;
  const auto sum_of_products = static_cast<uint32_t>(times(scaled >> 14, y)) +
                               static_cast<uint32_t>(times(scaled & 0x3FFF, y) >> 14) + 2;
  const int32_t product = static_cast<int32_t>(sum_of_products) >> 2;
  const int32_t ratio = product < kRatioLimit ? product : kRatioLimit;
  return x < 0 ? -ratio : ratio;
}

}  // namespace paragon::fixed
