// SPDX-License-Identifier: Apache-2.0
// What both kinds of sums need of narrow columns: guarded loads, products of pairs, byte digits.
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

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

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

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // SIMD

#endif  // PARAGON_GATHER_DOT_COLUMNS_INL_H_
