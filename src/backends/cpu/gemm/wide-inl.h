// SPDX-License-Identifier: Apache-2.0
// Sums of wide integers / 2^shift, rounded to int32. Included once per target, inside no namespace;
// everything is static, so that two files may compile the same target with different flags.

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

/// A sum in two parts, 2^kBits whole + rest with 0 <= rest < 2^kBits: negative if `whole` is.
template <int kBitsOfRest>
struct SplitSum {
  using D = hn::ScalableTag<int32_t>;
  static constexpr int kBits = kBitsOfRest;
  hn::Vec<D> whole, rest;
};

/// The sum low + 256 high.
HWY_INLINE SplitSum<8> split_digit_sums(hn::Vec<hn::ScalableTag<int32_t>> low,
                                        hn::Vec<hn::ScalableTag<int32_t>> high) {
  const hn::ScalableTag<int32_t> d;
  return {hn::Add(high, hn::ShiftRight<8>(low)), hn::And(low, hn::Set(d, 255))};
}

/// round_sum of a SplitSum in 32 bits, for sums of as many products as their digits are exact for.
template <class Sum>
class SplitRounding {
 public:
  using D = typename Sum::D;
  using V = hn::Vec<D>;
  static constexpr int kBits = Sum::kBits;
  /// Beyond it `whole` plus a half may pass 32 bits.
  static constexpr int kMaxShift = kBits + 24 < 40 ? kBits + 24 : 40;

  explicit HWY_INLINE SplitRounding(int shift) : shift_(shift) {}

  HWY_INLINE V operator()(const Sum& sum) const {
    const D d;
    const V negative = hn::BroadcastSignBit(sum.whole);
    if (shift_ > kBits) {
      // floor((2^kBits whole + rest + half - 1) / 2^shift) for negative sums: only without a rest
      // does the one matter.
      const V down = hn::And(negative, hn::VecFromMask(d, hn::Eq(sum.rest, hn::Zero(d))));
      const V half = hn::Set(d, int32_t{1} << (shift_ - kBits - 1));
      return hn::ShiftRightSame(hn::Add(hn::Add(sum.whole, half), down), shift_ - kBits);
    }
    if (shift_ == 0) return hn::Add(hn::ShiftLeft<kBits>(sum.whole), sum.rest);
    const V half = hn::Set(d, int32_t{1} << (shift_ - 1));
    return hn::Add(hn::ShiftLeftSame(sum.whole, kBits - shift_),
                   hn::ShiftRightSame(hn::Add(hn::Add(sum.rest, half), negative), shift_));
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
