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
namespace {

HWY_EXPORT(transpose_bytes);
HWY_EXPORT(transpose_words);

template <class T>
void transpose_any(const T* in, size_t rows, size_t in_stride, T* out, size_t out_stride,
                   size_t begin, size_t end) {
  if (begin == end) return;
  active_target();  // first, as it may narrow Highway's choice
  if constexpr (sizeof(T) == 1) {
    HWY_DYNAMIC_DISPATCH(transpose_bytes)
    (reinterpret_cast<const uint8_t*>(in), rows, in_stride, reinterpret_cast<uint8_t*>(out),
     out_stride, begin, end);
  } else {
    HWY_DYNAMIC_DISPATCH(transpose_words)
    (reinterpret_cast<const uint32_t*>(in), rows, in_stride, reinterpret_cast<uint32_t*>(out),
     out_stride, begin, end);
  }
}

}  // namespace

void transpose(const float* in, size_t rows, size_t in_stride, float* out, size_t out_stride,
               size_t begin, size_t end) {
  transpose_any(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose(const int32_t* in, size_t rows, size_t in_stride, int32_t* out, size_t out_stride,
               size_t begin, size_t end) {
  transpose_any(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose(const int8_t* in, size_t rows, size_t in_stride, int8_t* out, size_t out_stride,
               size_t begin, size_t end) {
  transpose_any(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose(const uint8_t* in, size_t rows, size_t in_stride, uint8_t* out, size_t out_stride,
               size_t begin, size_t end) {
  transpose_any(in, rows, in_stride, out, out_stride, begin, end);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
