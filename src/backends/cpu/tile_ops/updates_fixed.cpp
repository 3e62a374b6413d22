// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/updates.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <limits>
#include <numeric>
#include <type_traits>

#include "backends/cpu/simd_targets.hpp"
#include "backends/cpu/tile_ops.hpp"
#include "core/fixed_curve_formulas.hpp"
#include "core/fixed_point.hpp"
#include "core/mean_square.hpp"
#include "core/random.hpp"

#define PARAGON_INTEGER_LOOPS  // see loops-inl.h
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/updates_fixed.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
#undef PARAGON_COUNTS_ZEROS
#if HWY_TARGET <= HWY_AVX3 && HWY_COMPILER_GCC_ACTUAL
// Highway runs this target only where AVX-512CD is, but does not tell the compiler.
#pragma GCC target("avx512cd")
#define PARAGON_COUNTS_ZEROS
#endif
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/arithmetic-inl.h"
#include "backends/cpu/tile_ops/fixed_point-inl.h"
#include "backends/cpu/tile_ops/updates-inl.h"
#include "backends/cpu/tile_ops/updates_fixed-inl.h"

UpdateKernel find_fixed_update(UpdateKind kind, DType type) {
  switch (kind) {
    case UpdateKind::kVelocity:
      return type == DType::int32 ? update_velocity : nullptr;
    case UpdateKind::kRatio:
      return type == DType::int32 ? update_ratio : nullptr;
    case UpdateKind::kWrite:
      return type == DType::int32 ? update_write : nullptr;
    case UpdateKind::kWriteView:
      return type == DType::int8    ? update_write_view<int8_t>
             : type == DType::int16 ? update_write_view<int16_t>
                                    : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

HWY_EXPORT(find_fixed_update);

UpdateKernel fixed_update_kernel(UpdateKind kind, DType type) {
  return HWY_DYNAMIC_DISPATCH(find_fixed_update)(kind, type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
