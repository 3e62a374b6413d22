// SPDX-License-Identifier: Apache-2.0
// Weighted sums of rows of wide integers, exact and then rounded: for row_sum-inl.h. Included once
// per target, inside no namespace; everything is static, so that two files may compile the same
// target with different flags.

#if defined(PARAGON_GATHER_DOT_WIDE_SUM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GATHER_DOT_WIDE_SUM_INL_H_
#undef PARAGON_GATHER_DOT_WIDE_SUM_INL_H_
#else
#define PARAGON_GATHER_DOT_WIDE_SUM_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "backends/cpu/gather_dot/columns-inl.h"
#include "backends/cpu/gemm/unroll.hpp"
#include "backends/cpu/gemm/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

/// Sums in 64 bits, then rounded.
template <class T>
struct PlainWideSum {
  using Element = T;
  using Sum = int32_t;
  static constexpr size_t kWide = 256, kNarrow = 256;

  template <size_t>
  static void block(const RowEntries<T>& row, int32_t* out) {
    partial<kWide>(row, kWide, out);
  }

  template <size_t>
  static void partial(const RowEntries<T>& row, size_t cols, int32_t* out) {
    int64_t sums[kWide] = {};
    for (size_t j = 0; j < row.count; ++j) {
      const int64_t weight = row.weights[j];
      const T* x = row.x + row.offset[j];
      for (size_t c = 0; c < cols; ++c) sums[c] += weight * x[c];
    }
    for (size_t c = 0; c < cols; ++c) out[c] = round_sum(sums[c], row.shift);
  }
};

using Int16Sum = PlainWideSum<int16_t>;
using Int32Sum = PlainWideSum<int32_t>;

#else

/// int16 by pairs of entries, whose weights are split into byte digits: 512 products of an int16
/// and a digit are exact in an int32, longer rows are added up in 64 bits.
template <class Pairs>
struct DigitSum {
  using Element = int16_t;
  using Sum = int32_t;
  using D32 = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  static constexpr size_t kLanes = hn::MaxLanes(D16());
  static constexpr size_t kWide = 64, kNarrow = kLanes;
  static constexpr size_t kExact = 512;
  using DigitRounding = SplitRounding<SplitSum<8>>;

  template <size_t kCols>
  static HWY_INLINE void block(const RowEntries<int16_t>& row, int32_t* out) {
    sum<kCols / kLanes, false>(row, kLanes, out);
  }

  template <size_t kCols>
  static HWY_INLINE void partial(const RowEntries<int16_t>& row, size_t cols, int32_t* out) {
    alignas(64) int32_t sums[kLanes];
    sum<1, true>(row, cols, sums);
    for (size_t c = 0; c < cols; ++c) out[c] = sums[c];
  }

 private:
  template <size_t kVectors>
  struct Sums {
    hn::Vec<D32> low[2][kVectors], high[2][kVectors];  // by digit
  };

  template <size_t kVectors, bool kPartial>
  static HWY_INLINE void sum(const RowEntries<int16_t>& row, size_t cols, int32_t* out) {
    if (row.count > kExact || row.shift > DigitRounding::kMaxShift) {
      return sum_long<kVectors, kPartial>(row, cols, out);
    }
    Sums<kVectors> sums;
    add_entries<kVectors, kPartial>(row, 0, row.count, cols, sums);
    const DigitRounding rounding(row.shift);
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      store_in_order(rounding(split_digit_sums(sums.low[0][v], sums.low[1][v])),
                     rounding(split_digit_sums(sums.high[0][v], sums.high[1][v])),
                     out + v * kLanes);
    }
  }

  template <size_t kVectors, bool kPartial>
  static HWY_NOINLINE void sum_long(const RowEntries<int16_t>& row, size_t cols, int32_t* out) {
    constexpr size_t kCols = kVectors * kLanes;
    int64_t total[kCols] = {};
    for (size_t begin = 0; begin < row.count; begin += kExact) {
      Sums<kVectors> sums;
      add_entries<kVectors, kPartial>(row, begin, HWY_MIN(begin + kExact, row.count), cols, sums);
      alignas(64) int32_t digit[2][kCols];
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        for (int i : {0, 1}) store_in_order(sums.low[i][v], sums.high[i][v], digit[i] + v * kLanes);
      }
      for (size_t c = 0; c < kCols; ++c)
        total[c] += int64_t{digit[0][c]} + digit[1][c] * int64_t{256};
    }
    for (size_t c = 0; c < kCols; ++c) out[c] = round_sum(total[c], row.shift);
  }

  /// Entries [begin, end).
  template <size_t kVectors, bool kPartial>
  static HWY_INLINE void add_entries(const RowEntries<int16_t>& row, size_t begin, size_t end,
                                     size_t cols, Sums<kVectors>& to) {
    const D32 d32;
    const D16 d16;
    Sums<kVectors> sums;
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      sums.low[0][v] = sums.low[1][v] = sums.high[0][v] = sums.high[1][v] = hn::Zero(d32);
    }
    const auto add_pair = [&](size_t j, size_t k, int second) HWY_ATTR {
      const Digits weights = split_digits(hn::BitCast(
          d16, hn::Set(d32, static_cast<int32_t>((static_cast<uint32_t>(second) << 16) |
                                                 static_cast<uint16_t>(row.weights[j])))));
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        const auto a = load_columns<kPartial>(d16, row, j, v, cols);
        const auto b = load_columns<kPartial>(d16, row, k, v, cols);
        const auto low = hn::InterleaveLower(d16, a, b), high = hn::InterleaveUpper(d16, a, b);
        sums.low[0][v] = Pairs::add(sums.low[0][v], low, weights.low);
        sums.low[1][v] = Pairs::add(sums.low[1][v], low, weights.high);
        sums.high[0][v] = Pairs::add(sums.high[0][v], high, weights.low);
        sums.high[1][v] = Pairs::add(sums.high[1][v], high, weights.high);
      }
    };
    size_t j = begin;
    for (; j + 2 <= end; j += 2) add_pair(j, j + 1, row.weights[j + 1]);
    if (j < end) add_pair(j, j, 0);
    to = sums;
  }
};

using Int16Sum = DigitSum<MaddPairs>;

/// int32: 64-bit products of the even columns, and of the odd ones.
struct Int32Sum {
  using Element = int32_t;
  using Sum = int32_t;
  using D = hn::ScalableTag<int32_t>;
  static constexpr size_t kLanes = hn::MaxLanes(D());
  static constexpr size_t kWide = 4 * kLanes, kNarrow = kLanes;

  template <size_t kCols>
  static HWY_INLINE void block(const RowEntries<int32_t>& row, int32_t* out) {
    sum<kCols / kLanes, false>(row, kLanes, out);
  }

  template <size_t kCols>
  static HWY_INLINE void partial(const RowEntries<int32_t>& row, size_t cols, int32_t* out) {
    sum<1, true>(row, cols, out);
  }

 private:
  template <size_t kVectors, bool kPartial>
  static HWY_INLINE void sum(const RowEntries<int32_t>& row, size_t cols, int32_t* out) {
    const D d;
    const hn::RebindToUnsigned<Wide> bits;
    const auto mask = hn::FirstN(d, cols);
    hn::Vec<Wide> even[kVectors], odd[kVectors];
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) even[v] = odd[v] = hn::Zero(Wide());
    for (size_t j = 0; j < row.count; ++j) {
      const auto weight = hn::Set(d, row.weights[j]);
      const int32_t* x = row.x + row.offset[j];
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        const auto value = kPartial ? hn::MaskedLoad(mask, d, x) : hn::LoadU(d, x + v * kLanes);
        const auto next = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(bits, value)));
        even[v] = hn::Add(even[v], hn::MulEven(weight, value));
        odd[v] = hn::Add(odd[v], hn::MulEven(weight, next));
      }
    }
    const Rounding rounding(row.shift);
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      const auto results = hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(rounding.quotient(odd[v]))),
                                       hn::BitCast(d, rounding.quotient(even[v])));
      if (kPartial) {
        hn::BlendedStore(results, mask, d, out);
      } else {
        hn::StoreU(results, d, out + v * kLanes);
      }
    }
  }
};

#endif  // SIMD

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GATHER_DOT_WIDE_SUM_INL_H_
