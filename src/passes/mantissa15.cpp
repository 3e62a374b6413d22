// SPDX-License-Identifier: Apache-2.0
#include "passes/mantissa15.hpp"

#include <cmath>

namespace paragon::fixed {

Mantissa15 to_mantissa15(double value) {
  if (!(value > 0)) return {};
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction 2^exponent, [1/2, 1)
  auto mantissa = static_cast<int32_t>(std::lround(std::ldexp(fraction, 15)));
  if (mantissa == 1 << 15) return {1 << 14, 14 - exponent};
  return {mantissa, 15 - exponent};
}

Mantissa15 reciprocal_log2(uint64_t count) {
  // log2 in Q40 by truncated squarings of a Q62 number in [1, 2): at most a unit too small.
  constexpr int kFraction = 40, kPrecision = 62;
  const int whole = bit_length(count) - 1;
  uint64_t x = count << (kPrecision - whole), log2 = static_cast<uint64_t>(whole);
  for (int bit = 0; bit < kFraction; ++bit) {
    x = static_cast<uint64_t>((static_cast<unsigned __int128>(x) * x) >> kPrecision);
    const int two = static_cast<int>(x >> (kPrecision + 1));
    log2 = log2 * 2 + static_cast<uint64_t>(two);
    x >>= two;
  }
  const int shift = 14 + bit_length(log2 - 1) - kFraction;
  const uint64_t mantissa = ((uint64_t{1} << (kFraction + shift)) + log2 / 2) / log2;
  return mantissa >> 15 != 0 ? Mantissa15{1 << 14, shift - 1}
                             : Mantissa15{static_cast<int32_t>(mantissa), shift};
}

}  // namespace paragon::fixed
