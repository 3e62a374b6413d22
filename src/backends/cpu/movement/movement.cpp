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

HWY_EXPORT(transpose_1);
HWY_EXPORT(transpose_2);
HWY_EXPORT(transpose_4);
HWY_EXPORT(transpose_8);

}  // namespace

void transpose(size_t element, const void* in, size_t rows, size_t in_stride, void* out,
               size_t out_stride, size_t begin, size_t end) {
  if (begin == end) return;
  active_target();  // first, as it may narrow Highway's choice
  switch (element) {
    case 1:
      HWY_DYNAMIC_DISPATCH(transpose_1)(in, rows, in_stride, out, out_stride, begin, end);
      return;
    case 2:
      HWY_DYNAMIC_DISPATCH(transpose_2)(in, rows, in_stride, out, out_stride, begin, end);
      return;
    case 4:
      HWY_DYNAMIC_DISPATCH(transpose_4)(in, rows, in_stride, out, out_stride, begin, end);
      return;
    default:
      HWY_DYNAMIC_DISPATCH(transpose_8)(in, rows, in_stride, out, out_stride, begin, end);
  }
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
