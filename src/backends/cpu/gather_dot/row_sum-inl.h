// SPDX-License-Identifier: Apache-2.0
// Weighted sums of rows, batch in the lanes: forward and input gradient. Included once per target,
// inside no namespace; everything is static, so that two files may compile the same target with
// different flags.

#if defined(PARAGON_GATHER_DOT_ROW_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GATHER_DOT_ROW_SUM_INL_H_
#undef PARAGON_GATHER_DOT_ROW_SUM_INL_H_
#else
#define PARAGON_GATHER_DOT_ROW_SUM_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "backends/cpu/gather_dot/columns-inl.h"
#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "backends/cpu/gather_dot/wide_sum-inl.h"
#include "backends/cpu/gemm/unroll.hpp"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

/// One column at a time costs too much: a row is summed entry by entry into the result.
template <class T, class Acc>
struct PlainSum {
  using Element = T;
  using Sum = Acc;
  static constexpr size_t kWide = 256, kNarrow = 256;

  template <size_t>
  static void block(const RowEntries<T>& row, Acc* out) {
    partial<kWide>(row, kWide, out);
  }

  template <size_t>
  static void partial(const RowEntries<T>& row, size_t cols, Acc* out) {
    for (size_t c = 0; c < cols; ++c) out[c] = 0;
    for (size_t j = 0; j < row.count; ++j) {
      const auto weight = static_cast<Acc>(row.weights[j]);
      const T* x = row.x + row.offset[j];
      for (size_t c = 0; c < cols; ++c) out[c] += weight * static_cast<Acc>(x[c]);
    }
  }
};

template <class T>
using RealSum = PlainSum<T, T>;
using Int8Sum = PlainSum<int8_t, int32_t>;

#else

template <class T>
struct RealSum {
  using Element = T;
  using Sum = T;
  using D = hn::ScalableTag<T>;
  static constexpr size_t kLanes = hn::MaxLanes(D());
  static constexpr size_t kWide = 4 * kLanes, kNarrow = kLanes;

  template <size_t kCols>
  static HWY_INLINE void block(const RowEntries<T>& row, T* out) {
    sum<kCols / kLanes, false>(row, kLanes, out);
  }

  template <size_t kCols>
  static HWY_INLINE void partial(const RowEntries<T>& row, size_t cols, T* out) {
    sum<1, true>(row, cols, out);
  }

 private:
  /// kVectors x kChains sums run side by side, so that additions need not wait for each other.
  template <size_t kVectors, bool kPartial>
  static HWY_INLINE void sum(const RowEntries<T>& row, size_t cols, T* out) {
    constexpr size_t kChains = kVectors >= 4 ? 1 : 4 / kVectors;
    const D d;
    const auto mask = hn::FirstN(d, cols);
    hn::Vec<D> acc[kChains][kVectors];
    PARAGON_GEMM_UNROLL
    for (auto& chain : acc) {
      PARAGON_GEMM_UNROLL
      for (auto& vector : chain) vector = hn::Zero(d);
    }
    const auto add_entry = [&](size_t j, hn::Vec<D>(&chain)[kVectors]) HWY_ATTR {
      const auto weight = hn::Set(d, row.weights[j]);
      const T* x = row.x + row.offset[j];
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        const auto value = kPartial ? hn::MaskedLoad(mask, d, x) : hn::LoadU(d, x + v * kLanes);
        chain[v] = hn::MulAdd(weight, value, chain[v]);
      }
    };
    size_t j = 0;
    for (; j + kChains <= row.count; j += kChains) {
      PARAGON_GEMM_UNROLL
      for (size_t c = 0; c < kChains; ++c) add_entry(j + c, acc[c]);
    }
    for (; j < row.count; ++j) add_entry(j, acc[0]);
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      PARAGON_GEMM_UNROLL
      for (size_t c = 1; c < kChains; ++c) acc[0][v] = hn::Add(acc[0][v], acc[c][v]);
      if (kPartial) {
        hn::BlendedStore(acc[0][v], mask, d, out);
      } else {
        hn::StoreU(acc[0][v], d, out + v * kLanes);
      }
    }
  }
};

/// int8 by pairs of entries: widened to int16 and interleaved, a multiply-add of neighbours gives
/// the exact int32 sum of both products.
struct Int8Sum {
  using Element = int8_t;
  using Sum = int32_t;
  using D32 = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  using D8 = hn::Rebind<int8_t, D16>;
  static constexpr size_t kLanes = hn::MaxLanes(D16());
  static constexpr size_t kWide = 64, kNarrow = kLanes;

  template <size_t kCols>
  static HWY_INLINE void block(const RowEntries<int8_t>& row, int32_t* out) {
    sum<kCols / kLanes, false>(row, kLanes, out);
  }

  template <size_t kCols>
  static HWY_INLINE void partial(const RowEntries<int8_t>& row, size_t cols, int32_t* out) {
    alignas(64) int32_t sums[kLanes];
    sum<1, true>(row, cols, sums);
    for (size_t c = 0; c < cols; ++c) out[c] = sums[c];
  }

 private:
  template <bool kPartial>
  static HWY_INLINE hn::Vec<D16> load(const RowEntries<int8_t>& row, size_t j, size_t v,
                                      size_t cols) {
    return hn::PromoteTo(D16(), load_columns<kPartial>(D8(), row, j, v, cols));
  }

  template <size_t kVectors, bool kPartial>
  static HWY_INLINE void sum(const RowEntries<int8_t>& row, size_t cols, int32_t* out) {
    const D32 d32;
    const D16 d16;
    hn::Vec<D32> low[kVectors], high[kVectors];
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) low[v] = high[v] = hn::Zero(d32);
    auto unused = hn::Zero(d32);
    const auto add_pair = [&](size_t j, size_t k, int second) HWY_ATTR {
      const auto weights = hn::BitCast(
          d16, hn::Set(d32, static_cast<int32_t>((static_cast<uint32_t>(second) << 16) |
                                                 static_cast<uint16_t>(row.weights[j]))));
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        const auto a = load<kPartial>(row, j, v, cols);
        const auto b = load<kPartial>(row, k, v, cols);
        low[v] = hn::ReorderWidenMulAccumulate(d32, hn::InterleaveLower(d16, a, b), weights, low[v],
                                               unused);
        high[v] = hn::ReorderWidenMulAccumulate(d32, hn::InterleaveUpper(d16, a, b), weights,
                                                high[v], unused);
      }
    };
    size_t j = 0;
    for (; j + 2 <= row.count; j += 2) add_pair(j, j + 1, row.weights[j + 1]);
    if (j < row.count) add_pair(j, j, 0);
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) store_in_order(low[v], high[v], out + v * kLanes);
  }
};

#endif  // SIMD

/// Computes a strip: Kernel sums one result row over kWide, kNarrow or fewer columns.
template <class Kernel>
void row_sum(const RowSumTask& given) {
  const RowSumTask task = given;  // a copy that vector stores cannot alias
  using T = typename Kernel::Element;
  using Sum = typename Kernel::Sum;
  const T* x = static_cast<const T*>(task.x);
  const T* weights = static_cast<const T*>(task.weights);
  for (size_t r = 0; r < task.rows; ++r) {
    const size_t first = task.begin[r] - task.begin[0];
    RowEntries<T> row{.weights = weights + first,
                      .offset = task.offset + first,
                      .count = task.begin[r + 1] - task.begin[r],
                      .x = x,
                      .end = x + task.x_size,
                      .shift = task.shift};
    Sum* out = static_cast<Sum*>(task.out) + r * task.out_stride;
    size_t c = 0;
    for (; c + Kernel::kWide <= task.cols; c += Kernel::kWide, row.x += Kernel::kWide) {
      Kernel::template block<Kernel::kWide>(row, out + c);
    }
    for (; c + Kernel::kNarrow <= task.cols; c += Kernel::kNarrow, row.x += Kernel::kNarrow) {
      Kernel::template block<Kernel::kNarrow>(row, out + c);
    }
    if (c < task.cols) Kernel::template partial<Kernel::kNarrow>(row, task.cols - c, out + c);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GATHER_DOT_ROW_SUM_INL_H_
