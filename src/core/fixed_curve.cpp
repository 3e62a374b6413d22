// SPDX-License-Identifier: Apache-2.0
#include "core/fixed_curve.hpp"

#include "core/fixed_curve_formulas.hpp"

namespace paragon::fixed {

#include "core/curve_tables.inc"

int32_t curve(Curve which, int32_t x, int32_t exponent) {
  const CurveScale scale = curve_scale(which, exponent);
  switch (which) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return curve_value<Curve::name>(scale, x);
#include "core/curves.def"
  }
  return 0;
}

int32_t curve_slope(Curve which, int32_t x, int32_t exponent) {
  const CurveScale scale = curve_scale(which, exponent);
  switch (which) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return curve_slope_value<Curve::name>(scale, x);
#include "core/curves.def"
  }
  return 0;
}

}  // namespace paragon::fixed
