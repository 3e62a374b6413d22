// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <type_traits>

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/reductions.cpp"
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

// One function a pair of types: HWY_EXPORT wants plain functions.
#define PARAGON_REDUCTION(suffix, Acc, T)                                                  \
  void columns_##suffix(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                        Acc* out) {                                                        \
    reduce_columns_loop<Acc, T>(maximum, x, rows, stride, cols, out);                      \
  }                                                                                        \
  Acc row_##suffix(bool maximum, const T* x, size_t n) {                                   \
    return reduce_row_loop<Acc, T>(maximum, x, n);                                         \
  }
PARAGON_REDUCTION(f32, float, float)
PARAGON_REDUCTION(i32, int32_t, int32_t)
PARAGON_REDUCTION(i64, int64_t, int64_t)
PARAGON_REDUCTION(i8, int32_t, int8_t)
PARAGON_REDUCTION(f64, double, double)
PARAGON_REDUCTION(i16, int32_t, int16_t)
#undef PARAGON_REDUCTION

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

#define PARAGON_REDUCTION(suffix, Acc, T)                                                        \
  HWY_EXPORT(columns_##suffix);                                                                  \
  HWY_EXPORT(row_##suffix);                                                                      \
  template <>                                                                                    \
  void reduce_columns<Acc, T>(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                              Acc* result) {                                                     \
    HWY_DYNAMIC_DISPATCH(columns_##suffix)(maximum, x, rows, stride, cols, result);              \
  }                                                                                              \
  template <>                                                                                    \
  Acc reduce_row<Acc, T>(bool maximum, const T* x, size_t n) {                                   \
    return HWY_DYNAMIC_DISPATCH(row_##suffix)(maximum, x, n);                                    \
  }
PARAGON_REDUCTION(f32, float, float)
PARAGON_REDUCTION(i32, int32_t, int32_t)
PARAGON_REDUCTION(i64, int64_t, int64_t)
PARAGON_REDUCTION(i8, int32_t, int8_t)
PARAGON_REDUCTION(f64, double, double)
PARAGON_REDUCTION(i16, int32_t, int16_t)
#undef PARAGON_REDUCTION

}  // namespace paragon::cpu
#endif  // HWY_ONCE
