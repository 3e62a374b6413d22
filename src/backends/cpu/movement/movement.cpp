// SPDX-License-Identifier: Apache-2.0
// Compiles the kernels once per Highway target and hands calls to the active one.
#include "backends/cpu/movement/movement.hpp"

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/movement/movement.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/movement/movement-inl.h"

#if HWY_ONCE
#include "backends/cpu/target.hpp"

namespace paragon::cpu {
HWY_EXPORT(transpose_8);
HWY_EXPORT(transpose_16);
HWY_EXPORT(transpose_32);
HWY_EXPORT(transpose_64);

#define PARAGON_TRANSPOSE(T, bits)                                                      \
  void transpose(const T* in, size_t rows, size_t in_stride, T* out, size_t out_stride, \
                 size_t begin, size_t end) {                                            \
    if (begin == end) return;                                                           \
    active_target(); /* first, as it may narrow Highway's choice */                     \
    HWY_DYNAMIC_DISPATCH(transpose_##bits)                                              \
    (reinterpret_cast<const uint##bits##_t*>(in), rows, in_stride,                      \
     reinterpret_cast<uint##bits##_t*>(out), out_stride, begin, end);                   \
  }
PARAGON_TRANSPOSE(int8_t, 8)
PARAGON_TRANSPOSE(uint8_t, 8)
PARAGON_TRANSPOSE(int16_t, 16)
PARAGON_TRANSPOSE(int32_t, 32)
PARAGON_TRANSPOSE(float, 32)
PARAGON_TRANSPOSE(int64_t, 64)
PARAGON_TRANSPOSE(double, 64)
#undef PARAGON_TRANSPOSE

}  // namespace paragon::cpu
#endif  // HWY_ONCE
