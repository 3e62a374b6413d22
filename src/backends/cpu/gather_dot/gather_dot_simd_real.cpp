// SPDX-License-Identifier: Apache-2.0
// The kernels of floating point, compiled once per Highway target.

#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gather_dot/gather_dot_simd_real.cpp"
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

const GatherDotKernels* real_kernels(GemmType type) {
  static constexpr GatherDotKernels kFloat32 = {&row_sum<RealSum<float>>, &row_dot<RealDot<float>>};
  static constexpr GatherDotKernels kFloat64 = {&row_sum<RealSum<double>>,
                                                &row_dot<RealDot<double>>};
  return type == GemmType::kFloat32 ? &kFloat32 : &kFloat64;
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "backends/cpu/target.hpp"

namespace paragon::cpu {
namespace {

HWY_EXPORT(real_kernels);

}  // namespace

const GatherDotKernels& gather_dot_real_kernels(GemmType type) {
  active_target();  // may narrow Highway's choice
  return *HWY_DYNAMIC_DISPATCH(real_kernels)(type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
