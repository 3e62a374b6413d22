// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <paragon/export.hpp>

namespace paragon::cpu {

/// SIMD levels of the CPU kernels, weakest first. kAvx512 is Highway's AVX3 (F, BW, CD, DQ, VL).
enum class Target : uint8_t { kScalar, kAvx2, kAvx512, kAvx512Vnni };

/// "scalar", "avx2", "avx512" or "avx512_vnni".
PARAGON_API std::string_view target_name(Target target);

/// Targets that were compiled in and that this processor can run, weakest first.
PARAGON_API const std::vector<Target>& available_targets();

/// The target in use: the strongest available one, the one of force_target, or the one named by the
/// environment variable PARAGON_SIMD (read once, first use; an unknown or unavailable name raises).
PARAGON_API Target active_target();

/// Forces a target for plans and kernels made from now on (tests, bench). Raises if not available.
/// Also restricts Highway's own dispatch, so every HWY_DYNAMIC_DISPATCH follows.
PARAGON_API void force_target(Target target);

}  // namespace paragon::cpu
