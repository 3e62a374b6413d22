// SPDX-License-Identifier: Apache-2.0
// Sums of wide integers: exact doubles to int64, and sums / 2^shift to int32. Included once per
// target, inside no namespace; everything is static, so that two files may compile the same target
// with different flags.

#if defined(PARAGON_GEMM_WIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GEMM_WIDE_INL_H_
#undef PARAGON_GEMM_WIDE_INL_H_
#else
#define PARAGON_GEMM_WIDE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

/// fixed::round_shift for shifts from 0 to 40 and results of at most 31 bits.
HWY_INLINE int32_t round_sum(int64_t sum, int shift) {
  if (shift == 0) return static_cast<int32_t>(sum);
  return static_cast<int32_t>((sum + (int64_t{1} << (shift - 1)) - (sum < 0 ? 1 : 0)) >> shift);
}

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<int64_t>;

/// Integers of at most 53 bits.
HWY_INLINE hn::Vec<Wide> to_int64(hn::Vec<hn::ScalableTag<double>> v) {
  const Wide d;
#if HWY_TARGET == HWY_AVX3
  return hn::ConvertTo(d, v);
#else
  // Added to 1.5 * 2^52, an integer of 51 bits stands in the lower bits of the sum; hence in two
  // parts.
  const hn::ScalableTag<double> dd;
  const auto low_magic = hn::Set(dd, 0x1.8p52), high_magic = hn::Set(dd, 0x1.8p82);
  const auto high = hn::Add(v, high_magic);  // a multiple of 2^30
  const auto low = hn::Add(hn::Sub(v, hn::Sub(high, high_magic)), low_magic);
  return hn::Add(hn::ShiftLeft<30>(hn::Sub(hn::BitCast(d, high), hn::BitCast(d, high_magic))),
                 hn::Sub(hn::BitCast(d, low), hn::BitCast(d, low_magic)));
#endif
}

/// round_sum for vectors.
class Rounding {
 public:
  using Result = hn::Rebind<int32_t, Wide>;

  explicit HWY_INLINE Rounding(int shift)
      : shift_(shift),
        half_(shift > 0 ? int64_t{1} << (shift - 1) : 0),
        down_(shift > 0 ? -1 : 0) {}

  /// The result is in the lower half of each lane.
  HWY_INLINE hn::Vec<Wide> quotient(hn::Vec<Wide> v) const {
    const Wide d;
    const auto down = hn::And(hn::BroadcastSignBit(v), hn::Set(d, down_));
    return hn::ShiftRightSame(hn::Add(hn::Add(v, hn::Set(d, half_)), down), shift_);
  }
  HWY_INLINE hn::Vec<Result> operator()(hn::Vec<Wide> v) const {
    const hn::RebindToUnsigned<Wide> wide;
    const hn::RebindToUnsigned<Result> narrow;
    return hn::BitCast(Result(), hn::TruncateTo(narrow, hn::BitCast(wide, quotient(v))));
  }

 private:
  int shift_;
  int64_t half_, down_;
};

/// round_sum(low + 256 high) in 32 bits, for the digit sums of at most kExactDigitProducts
/// products. With whole = high + floor(low / 256) and 0 <= rest < 256 the sum is 256 whole + rest,
/// negative if `whole` is.
class DigitRounding {
 public:
  using D = hn::ScalableTag<int32_t>;
  using V = hn::Vec<D>;
  static constexpr int kMaxShift = 32;  ///< beyond it `whole` plus a half may pass 32 bits

  explicit HWY_INLINE DigitRounding(int shift) : shift_(shift) {}

  HWY_INLINE V operator()(V low, V high) const {
    const D d;
    const V whole = hn::Add(high, hn::ShiftRight<8>(low));
    const V rest = hn::And(low, hn::Set(d, 255));
    const V negative = hn::BroadcastSignBit(whole);
    if (shift_ > 8) {
      // floor((256 whole + rest + half - 1) / 2^shift) for negative sums: only without a rest does
      // the one matter.
      const V down = hn::And(negative, hn::VecFromMask(d, hn::Eq(rest, hn::Zero(d))));
      const V half = hn::Set(d, int32_t{1} << (shift_ - 9));
      return hn::ShiftRightSame(hn::Add(hn::Add(whole, half), down), shift_ - 8);
    }
    if (shift_ == 0) return hn::Add(hn::ShiftLeft<8>(whole), rest);
    const V half = hn::Set(d, int32_t{1} << (shift_ - 1));
    return hn::Add(hn::ShiftLeftSame(whole, 8 - shift_),
                   hn::ShiftRightSame(hn::Add(hn::Add(rest, half), negative), shift_));
  }

 private:
  int shift_;
};

#endif  // SIMD

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GEMM_WIDE_INL_H_
