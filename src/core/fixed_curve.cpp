// SPDX-License-Identifier: Apache-2.0
#include "core/fixed_curve.hpp"

#include <algorithm>
#include <cmath>

namespace paragon::fixed {

int32_t curve(Curve which, int32_t x, int32_t exponent) {
  const double y = paragon::curve(which, std::ldexp(static_cast<double>(x), exponent));
  const int unit = is_bounded(which) ? kBoundedFraction : -exponent;
  return static_cast<int32_t>(std::clamp(std::ldexp(y, unit), -1073741823.0, 1073741823.0));
}

int32_t curve_slope(Curve which, int32_t x, int32_t exponent) {
  const double y = paragon::curve_slope(which, std::ldexp(static_cast<double>(x), exponent));
  return static_cast<int32_t>(std::ldexp(y, kSlopeFraction));
}

}  // namespace paragon::fixed
