// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

// The smooth activation functions. In floating point: core/real_curve.hpp; in fixed point:
// core/fixed_curve.hpp.
namespace paragon {

enum class Curve : uint8_t {
#define PARAGON_CURVE(name, bounded) name,
#include "core/curves.def"
};

inline constexpr size_t kCurves = 0
#define PARAGON_CURVE(name, bounded) +1
#include "core/curves.def"
    ;

std::string_view name(Curve curve);
/// Whether the values lie within -1 .. 1.
bool is_bounded(Curve curve);

}  // namespace paragon
