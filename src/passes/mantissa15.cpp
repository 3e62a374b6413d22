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

}  // namespace paragon::fixed
