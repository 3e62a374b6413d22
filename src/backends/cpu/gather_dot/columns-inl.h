// SPDX-License-Identifier: Apache-2.0
// What the sums share: the entries of a row, guarded loads of columns, products of pairs, byte
// digits.
// Included once per target, inside no namespace; everything is static, so that two files may
// compile the same target with different flags.

#if defined(PARAGON_GATHER_DOT_COLUMNS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GATHER_DOT_COLUMNS_INL_H_
#undef PARAGON_GATHER_DOT_COLUMNS_INL_H_
#else
#define PARAGON_GATHER_DOT_COLUMNS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// The entries of one result row and the columns of the operand they read.
template <class T>
struct RowEntries {
  const T* weights;
  const uint32_t* offset;  // of the row that an entry reads, in elements
  size_t count;
  const T* x;    // first column of the block, in row 0
  const T* end;  // one past the whole operand
  int shift;     // of wide integers
};

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

/// The columns from p on. Lanes past n hold whatever follows, never bytes past `end`.
template <class D, class T>
HWY_INLINE hn::Vec<D> load_guarded(D d, const T* p, size_t n, const T* end) {
  constexpr size_t kCols = hn::MaxLanes(D());
  alignas(64) T copy[kCols];
  if (static_cast<size_t>(end - p) < kCols) {
    for (size_t c = 0; c < kCols; ++c) copy[c] = c < n ? p[c] : T{0};
    p = copy;
  }
  return hn::LoadU(d, p);
}

/// acc + products of neighbouring int16, added; one factor is a byte digit.
struct MaddPairs {
  using D = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  static HWY_INLINE hn::Vec<D> add(hn::Vec<D> acc, hn::Vec<D16> a, hn::Vec<D16> b) {
    auto unused = hn::Zero(D());
    return hn::ReorderWidenMulAccumulate(D(), a, b, acc, unused);
  }
};

/// The balanced byte digits of int16 within +-32639.
struct Digits {
  using D16 = hn::ScalableTag<int16_t>;
  hn::Vec<D16> low, high;
};

HWY_INLINE Digits split_digits(hn::Vec<Digits::D16> v) {
  const auto high = hn::ShiftRight<8>(hn::Add(v, hn::Set(Digits::D16(), int16_t{128})));
  return {hn::Sub(v, hn::ShiftLeft<8>(high)), high};
}

/// Vector v of the row that entry j reads.
template <bool kPartial, class D, class T>
HWY_INLINE hn::Vec<D> load_columns(D d, const RowEntries<T>& row, size_t j, size_t v, size_t cols) {
  const T* x = row.x + row.offset[j] + v * hn::MaxLanes(D());
  if constexpr (kPartial) {
    return load_guarded(d, x, cols, row.end);
  } else {
    return hn::LoadU(d, x);
  }
}

/// Sums of interleaved columns of int16: in every 16-byte block, `low` holds columns 0-3 and `high`
/// 4-7 of the block's eight.
HWY_INLINE void store_in_order(hn::Vec<hn::ScalableTag<int32_t>> low,
                               hn::Vec<hn::ScalableTag<int32_t>> high, int32_t* out) {
  const hn::ScalableTag<int32_t> d;
  constexpr size_t kLanes = hn::MaxLanes(hn::ScalableTag<int32_t>());
  auto first = hn::ConcatLowerLower(d, high, low);
  auto second = hn::ConcatUpperUpper(d, high, low);
  if constexpr (kLanes == 16) {
    alignas(64) static constexpr int32_t kSwapMiddle[16] = {0, 1, 2, 3, 8,  9,  10, 11,
                                                            4, 5, 6, 7, 12, 13, 14, 15};
    const auto order = hn::SetTableIndices(d, kSwapMiddle);
    first = hn::TableLookupLanes(first, order);
    second = hn::TableLookupLanes(second, order);
  }
  hn::StoreU(first, d, out);
  hn::StoreU(second, d, out + kLanes);
}

#endif  // SIMD

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GATHER_DOT_COLUMNS_INL_H_
