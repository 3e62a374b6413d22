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

/// The balanced byte digits of an int16, a group of the low ones, then one of the high ones.
struct DigitUnits : PlainUnits<int16_t, int32_t> {
  static constexpr size_t kLineBytes = 2 * sizeof(int32_t);

  static void store(const V& v, std::byte* to, size_t) {
    V low, high;
    for (size_t i = 0; i < kLanes; ++i) {
      high.at[i] = (v.at[i] + 128) >> 8;
      low.at[i] = v.at[i] - high.at[i] * 256;
    }
    std::memcpy(to, low.at, sizeof low.at);
    std::memcpy(to + sizeof low.at, high.at, sizeof high.at);
  }
};

/// The planes of an int32 (kernels.hpp).
struct PlaneUnits : PlainUnits<int32_t, int32_t> {
  static constexpr size_t kPlanes = 3;

  static void store(const V& v, std::byte* to, size_t plane) {
    V low, high, both;
    for (size_t i = 0; i < kLanes; ++i) {
      high.at[i] = (v.at[i] + static_cast<int32_t>(kLargestLow)) >> kPlaneBits;
      low.at[i] = v.at[i] - high.at[i] * (1 << kPlaneBits);
      both.at[i] = low.at[i] + high.at[i];
    }
    std::memcpy(to, low.at, sizeof low.at);
    std::memcpy(to + plane, high.at, sizeof high.at);
    std::memcpy(to + 2 * plane, both.at, sizeof both.at);
  }
};

int64_t load_sum(const std::byte* from) {
  int32_t sum;
  std::memcpy(&sum, from, sizeof sum);
  return sum;
}

/// Sums of the low digits of a group of columns, then of the high ones.
struct DigitSums {
  static int64_t load(const std::byte* row, size_t, size_t col) {
    constexpr size_t kLanes = DigitUnits::kLanes;
    const std::byte* low = row + (2 * (col - col % kLanes) + col % kLanes) * sizeof(int32_t);
    return load_sum(low) + load_sum(low + kLanes * sizeof(int32_t)) * 256;
  }
};

/// A plane each of the sums ll, hh and mm.
struct PlaneSums {
  static int64_t load(const std::byte* row, size_t plane, size_t col) {
    const std::byte* from = row + col * sizeof(int32_t);
    const int64_t ll = load_sum(from), hh = load_sum(from + plane), mm = load_sum(from + 2 * plane);
    return (hh << (2 * kPlaneBits)) + ((mm - hh - ll) << kPlaneBits) + ll;
  }
};

template <class Sums>
void combine(const GemmCombine& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    std::byte* wide = task.wide + r * task.wide_row;
    std::byte* out = task.out + r * task.out_row;
    for (size_t c = 0; c < task.cols; ++c) {
      int64_t total = Sums::load(sums, task.sums_plane, c);
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

constexpr GemmKernels int16_kernels() {
  GemmKernels kernels = make_kernels<int16_t, int32_t>();
  kernels.digits = 2;
  kernels.combine = &combine<DigitSums>;
  kernels.exact_units = kExactDigitProducts;
  kernels.sums = 1;
  kernels.sum[0] = {kernels.adjacent_rows, 0};
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<DigitUnits>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<DigitUnits>;
  return kernels;
}

constexpr GemmKernels int32_kernels() {
  GemmKernels kernels = make_kernels<int32_t, int32_t, PlaneUnits>();
  kernels.combine = &combine<PlaneSums>;
  kernels.exact_units = kExactPlaneSums;
  kernels.sums = PlaneUnits::kPlanes;
  for (size_t i = 0; i < kernels.sums; ++i) kernels.sum[i] = {kernels.adjacent_rows, i};
  return kernels;
}

}  // namespace

const GemmKernels* gemm_scalar_integer_kernels(GemmType type) {
  static constexpr GemmKernels kInt8 = make_kernels<int8_t, int32_t>();
  static constexpr GemmKernels kInt16 = int16_kernels();
  static constexpr GemmKernels kInt32 = int32_kernels();
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
