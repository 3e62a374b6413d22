// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "network/state.hpp"

namespace paragon::detail {

/// Gives a parameter of the network these numbers, row-major; what was there does not matter. In
/// fixed point the master's exponent leaves as much room above the largest magnitude as
/// initialise() leaves above its bound (a bias keeps the usual exponent while it has that room);
/// smaller numbers are rounded, none is clipped, and the view follows. Raises, changing nothing, if
/// there are too few or too many, if one is not finite, or if the type cannot hold it.
void set_values(const NetworkState& state, Parameter& parameter, std::span<const double> values);

/// What a feature of 1 is worth to a network: in fixed point features are encoded like bytes, as
/// multiples of 1/256 where a byte is b/255.
double feature_scale(DType type);

}  // namespace paragon::detail
