// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/updates.hpp"

#include <cmath>

#include "backends/cpu/simd_targets.hpp"
#include "backends/cpu/tile_ops.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/updates_real.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/updates-inl.h"
#include "backends/cpu/tile_ops/updates_real-inl.h"

UpdateKernel find_real_update(UpdateKind kind, DType type) {
  switch (kind) {
    case UpdateKind::kSgd:
      return type == DType::float32   ? update_sgd<float>
             : type == DType::float64 ? update_sgd<double>
                                      : nullptr;
    case UpdateKind::kAdam:
      return type == DType::float32   ? update_adam<float>
             : type == DType::float64 ? update_adam<double>
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

HWY_EXPORT(find_real_update);

UpdateKernel real_update_kernel(UpdateKind kind, DType type) {
  return HWY_DYNAMIC_DISPATCH(find_real_update)(kind, type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
