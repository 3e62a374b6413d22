// SPDX-License-Identifier: Apache-2.0

// The portable GEMM kernels of floating point.
#include <cstring>
#include <type_traits>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"

namespace paragon::cpu {

namespace {

#include "backends/cpu/gemm/scalar_kernels-inl.h"

}  // namespace

const GemmKernels* gemm_scalar_real_kernels(GemmType type) {
  static constexpr GemmKernels kFloat32 = make_kernels<float, float>();
  static constexpr GemmKernels kFloat64 = make_kernels<double, double>();
  return type == GemmType::kFloat32 ? &kFloat32 : type == GemmType::kFloat64 ? &kFloat64 : nullptr;
}

}  // namespace paragon::cpu
