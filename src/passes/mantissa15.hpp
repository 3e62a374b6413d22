// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/fixed_point.hpp"

namespace paragon::fixed {

/// A setting as an integer and a shift: nearest, halves away from zero; NaN and everything not
/// above 0 give {0, 0}. Programs and steps hold what it gives, never the setting.
Mantissa15 to_mantissa15(double value);

/// The one nearest to 1 / log2(count), in integers; 2 <= count < 2^32.
Mantissa15 reciprocal_log2(uint64_t count);

}  // namespace paragon::fixed
