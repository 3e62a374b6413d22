// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/fixed_point.hpp"

namespace paragon::fixed {

/// A setting as an integer and a shift: nearest, halves away from zero; NaN and everything not
/// above 0 give {0, 0}. Programs and steps hold what it gives, never the setting.
Mantissa15 to_mantissa15(double value);

}  // namespace paragon::fixed
