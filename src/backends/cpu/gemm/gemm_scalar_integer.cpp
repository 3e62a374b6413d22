// SPDX-License-Identifier: Apache-2.0

// The portable GEMM kernels of integers.
#include <cstring>
#include <type_traits>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"
#include "core/fixed_point.hpp"

namespace paragon::cpu {

namespace {

#include "backends/cpu/gemm/scalar_kernels-inl.h"

void combine(const GemmCombine& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    std::byte* wide = task.wide + r * task.wide_row;
    std::byte* out = task.out + r * task.out_row;
    for (size_t c = 0; c < task.cols; ++c) {
      double sum;
      std::memcpy(&sum, sums + c * sizeof sum, sizeof sum);
      auto total = static_cast<int64_t>(sum);
      int64_t before = 0;
      if (!task.first) std::memcpy(&before, wide + c * sizeof before, sizeof before);
      total += before;
      if (!task.last) {
        std::memcpy(wide + c * sizeof total, &total, sizeof total);
        continue;
      }
      const auto result = static_cast<int32_t>(fixed::round_shift(total, task.shift));
      std::memcpy(out + c * sizeof result, &result, sizeof result);
    }
  }
}

/// Integers as doubles, in blocks of at most `exact_units`.
template <class Source>
constexpr GemmKernels wide_kernels(size_t exact_units) {
  GemmKernels kernels = make_kernels<Source, double>();
  kernels.combine = &combine;
  kernels.exact_units = exact_units;
  return kernels;
}

}  // namespace

const GemmKernels* gemm_scalar_integer_kernels(GemmType type) {
  static constexpr GemmKernels kInt8 = make_kernels<int8_t, int32_t>();
  static constexpr GemmKernels kInt16 = wide_kernels<int16_t>(size_t{1} << 16);
  static constexpr GemmKernels kInt32 = wide_kernels<int32_t>(kExactDoubleProducts);
  switch (type) {
    case GemmType::kInt8:
      return &kInt8;
    case GemmType::kInt16:
      return &kInt16;
    case GemmType::kInt32:
      return &kInt32;
    default:
      return nullptr;
  }
}

}  // namespace paragon::cpu
