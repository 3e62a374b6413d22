// SPDX-License-Identifier: Apache-2.0
// Compiles the kernels once per Highway target and picks the table of the active one.

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gather_dot/gather_dot_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "backends/cpu/gather_dot/row_dot-inl.h"
#include "backends/cpu/gather_dot/row_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

// In the order of GemmType.
const GatherDotKernels* gather_dot_kernels() {
  static constexpr GatherDotKernels kKernels = {
      .row_sum = {&row_sum<RealSum<float>>, &row_sum<Int8Sum>, &row_sum<RealSum<double>>,
                  &row_sum<Int16Sum>, &row_sum<Int32Sum>},
      .row_dot = {&row_dot<RealDot<float>>, &row_dot<Int8Dot>, &row_dot<RealDot<double>>,
                  &row_dot<Int16Dot>, &row_dot<Int32Dot>}};
  return &kKernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/target.hpp"

namespace paragon::cpu {
namespace {

HWY_EXPORT(gather_dot_kernels);

}  // namespace

const GatherDotKernels& active_gather_dot_kernels() {
  const Target target = active_target();  // first, as it may narrow Highway's choice
  const GatherDotKernels& kernels = *HWY_DYNAMIC_DISPATCH(gather_dot_kernels)();
  const GatherDotVnni vnni = vnni_gather_dot_kernels();
  if (target != Target::kAvx512Vnni || vnni.row_sum_int8 == nullptr) return kernels;
  static const GatherDotKernels with_vnni = [&] {
    GatherDotKernels changed = kernels;
    constexpr auto kInt8 = static_cast<size_t>(GemmType::kInt8);
    constexpr auto kInt16 = static_cast<size_t>(GemmType::kInt16);
    changed.row_sum[kInt8] = vnni.row_sum_int8;
    changed.row_dot[kInt8] = vnni.row_dot_int8;
    changed.row_sum[kInt16] = vnni.row_sum_int16;
    changed.row_dot[kInt16] = vnni.row_dot_int16;
    return changed;
  }();
  return with_vnni;
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
