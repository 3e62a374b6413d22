// SPDX-License-Identifier: Apache-2.0
// Sums of wide integers in vectors: exact doubles to int64, and int64 / 2^shift to int32. Included
// once per target, inside no namespace; everything is static, so that two files may compile the
// same target with different flags.

#if defined(PARAGON_GEMM_WIDE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GEMM_WIDE_INL_H_
#undef PARAGON_GEMM_WIDE_INL_H_
#else
#define PARAGON_GEMM_WIDE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

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

/// fixed::round_shift, for results of at most 31 bits: floor((v + 2^(shift - 1) - (v < 0)) /
/// 2^shift).
class Rounding {
 public:
  using Result = hn::Rebind<int32_t, Wide>;

  explicit HWY_INLINE Rounding(int shift)
      : shift_(shift),
        half_(shift > 0 ? int64_t{1} << (shift - 1) : 0),
        down_(shift > 0 ? -1 : 0) {}

  HWY_INLINE hn::Vec<Result> operator()(hn::Vec<Wide> v) const {
    const Wide d;
    const hn::RebindToUnsigned<Wide> unsigned64;
    const hn::RebindToUnsigned<Result> unsigned32;
    const auto down = hn::And(hn::BroadcastSignBit(v), hn::Set(d, down_));
    const auto moved = hn::Add(hn::Add(v, hn::Set(d, half_)), down);
    const auto quotient = hn::ShiftRightSame(moved, shift_);
    return hn::BitCast(Result(), hn::TruncateTo(unsigned32, hn::BitCast(unsigned64, quotient)));
  }

 private:
  int shift_;
  int64_t half_, down_;
};

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // SIMD

#endif  // PARAGON_GEMM_WIDE_INL_H_
