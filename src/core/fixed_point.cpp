// SPDX-License-Identifier: Apache-2.0
#include "core/fixed_point.hpp"

namespace paragon::fixed {

Mantissa15 scale(Mantissa15 value, int32_t factor_q15) {
  int64_t product = int64_t{value.mantissa} * factor_q15;  // shift + 15
  if (product == 0) return {};
  int32_t shift = value.shift + 15;
  const int excess = bit_length(static_cast<uint64_t>(product)) - 15;
  product = round_shift(product, excess);
  shift -= excess;
  if (product == 1 << 15) return {1 << 14, shift - 1};
  return {static_cast<int32_t>(product), shift};
}

Mantissa15 reciprocal(uint64_t count) {
  if (count == 0) return {};
  const int bits = bit_length(count - 1);              // ceil(log2 count)
  const uint64_t scaled = uint64_t{1} << (14 + bits);  // quotient in [2^14, 2^15)
  const uint64_t mantissa = (scaled + count / 2) / count;
  if (mantissa == uint64_t{1} << 15) return {1 << 14, 13 + bits};
  return {static_cast<int32_t>(mantissa), 14 + bits};
}

int32_t half_cosine_q15(uint64_t done, uint64_t total) {
  if (total == 0 || done == 0) return 1 << 15;
  if (done >= total) return 0;
  // cos(pi t) = 1 - 2 sin^2(pi t / 2): with s = sin(pi t / 2), the result is 1 - s^2 = cos^2(pi t /
  // 2). Taylor series of cos at x = pi t / 2 <= pi / 2 in Q30.
  while (total >> 32 != 0) {
    total >>= 1;
    done >>= 1;
  }
  const auto t = static_cast<int64_t>((done << 30) / total);
  constexpr int64_t kHalfPi = 1686629713;  // pi / 2 in Q30
  const int64_t x = round_shift(t * kHalfPi, 30);
  const int64_t x2 = round_shift(x * x, 30);
  int64_t term = int64_t{1} << 30;
  int64_t sum = term;
  for (int64_t k = 1; k <= 7; ++k) {
    term = -round_shift(term * x2, 30) / ((2 * k - 1) * (2 * k));
    sum += term;
  }
  return static_cast<int32_t>(
      std::clamp<int64_t>(round_shift(round_shift(sum * sum, 30), 15), 0, 1 << 15));
}

}  // namespace paragon::fixed
