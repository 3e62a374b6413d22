// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <type_traits>

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/integer_reductions.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/reductions-inl.h"

int32_t or_int32(const int32_t* x, size_t n) {
  return or_magnitudes_loop(x, n);
}
int64_t or_int64(const int64_t* x, size_t n) {
  return or_magnitudes_loop(x, n);
}

PARAGON_REDUCTION_KERNELS(i32, int32_t, int32_t)
PARAGON_REDUCTION_KERNELS(i64, int64_t, int64_t)
PARAGON_REDUCTION_KERNELS(i8, int32_t, int8_t)
PARAGON_REDUCTION_KERNELS(i16, int32_t, int16_t)

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

HWY_EXPORT(or_int32);
HWY_EXPORT(or_int64);

int32_t or_magnitudes(const int32_t* x, size_t n) {
  return HWY_DYNAMIC_DISPATCH(or_int32)(x, n);
}
int64_t or_magnitudes(const int64_t* x, size_t n) {
  return HWY_DYNAMIC_DISPATCH(or_int64)(x, n);
}

PARAGON_REDUCTION_CALLS(i32, int32_t, int32_t)
PARAGON_REDUCTION_CALLS(i64, int64_t, int64_t)
PARAGON_REDUCTION_CALLS(i8, int32_t, int8_t)
PARAGON_REDUCTION_CALLS(i16, int32_t, int16_t)

}  // namespace paragon::cpu
#endif  // HWY_ONCE
