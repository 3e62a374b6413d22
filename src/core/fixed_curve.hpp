// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/curve.hpp"

// The smooth activation functions in fixed point: integer arithmetic only, the same bits everywhere
// (docs/numerics-primitives.md, "Activations").
namespace paragon::fixed {

inline constexpr int kBoundedFraction = 30;  ///< sigmoid and tanh are multiples of 2^-30
inline constexpr int kSlopeFraction = 29;    ///< slopes (up to 1.13) are multiples of 2^-29

/// f(x 2^exponent): bounded functions in Q30, the others in units of 2^exponent, both within
/// +-(2^30 - 1). x is clipped to these limits first. Off by less than 2^-24 (bounded functions), or
/// by less than half a unit and 2^-24 |x 2^exponent|.
int32_t curve(Curve which, int32_t x, int32_t exponent);

/// f'(x 2^exponent) in Q29, off by less than 2^-23.
int32_t curve_slope(Curve which, int32_t x, int32_t exponent);

}  // namespace paragon::fixed
