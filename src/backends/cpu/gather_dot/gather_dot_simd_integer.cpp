// SPDX-License-Identifier: Apache-2.0
// The kernels of integers, compiled once per Highway target.

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gather_dot/gather_dot_simd_integer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "backends/cpu/gather_dot/row_dot-inl.h"
#include "backends/cpu/gather_dot/row_sum-inl.h"
#include "backends/cpu/gemm/gemm.hpp"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

const GatherDotKernels* integer_kernels(GemmType type) {
  static constexpr GatherDotKernels kInt8 = {&row_sum<Int8Sum>, &row_dot<Int8Dot>};
  static constexpr GatherDotKernels kInt16 = {&row_sum<Int16Sum>, &row_dot<Int16Dot>};
  static constexpr GatherDotKernels kInt32 = {&row_sum<Int32Sum>, &row_dot<Int32Dot>};
  return type == GemmType::kInt8 ? &kInt8 : type == GemmType::kInt16 ? &kInt16 : &kInt32;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "backends/cpu/target.hpp"

namespace paragon::cpu {
namespace {

HWY_EXPORT(integer_kernels);

}  // namespace

const GatherDotKernels& gather_dot_integer_kernels(GemmType type) {
  static const GatherDotVnni vnni = vnni_gather_dot_kernels();
  if (active_target() == Target::kAvx512Vnni && vnni.int8.row_sum != nullptr) {
    if (type == GemmType::kInt8) return vnni.int8;
    if (type == GemmType::kInt16) return vnni.int16;
  }
  return *HWY_DYNAMIC_DISPATCH(integer_kernels)(type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
