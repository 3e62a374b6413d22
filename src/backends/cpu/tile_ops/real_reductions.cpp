// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <type_traits>

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/real_reductions.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/reductions-inl.h"

PARAGON_REDUCTION_KERNELS(f32, float, float)
PARAGON_REDUCTION_KERNELS(f64, double, double)

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

PARAGON_REDUCTION_CALLS(f32, float, float)
PARAGON_REDUCTION_CALLS(f64, double, double)

}  // namespace paragon::cpu
#endif  // HWY_ONCE
