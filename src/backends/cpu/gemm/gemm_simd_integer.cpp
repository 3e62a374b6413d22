// SPDX-License-Identifier: Apache-2.0

// The GEMM kernels of integers for AVX2 and AVX-512 through Highway, all by pairs of int16, and the
// packers of the VNNI kernels, whose own unit holds only their multiply-adds.
#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gemm/gemm_simd_integer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"
#include "backends/cpu/gemm/wide-inl.h"

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

#include "backends/cpu/gemm/simd_kernels-inl.h"
#include "backends/cpu/gemm/units_integer-inl.h"

/// Pairs of int16 that are digits, or multiplied by digits.
struct PairOps : AccOps<int32_t> {
  using Narrow = hn::ScalableTag<int16_t>;
  using A = hn::Vec<Narrow>;
  using B = hn::Vec<Narrow>;
  static HWY_INLINE A load_a(const std::byte* from) {
    int32_t unit;
    __builtin_memcpy(&unit, from, sizeof unit);  // rows of int16 lie anywhere
    return hn::BitCast(Narrow(), hn::Set(D(), unit));
  }
  static HWY_INLINE B load_b(const std::byte* from) {
    return hn::LoadU(Narrow(), reinterpret_cast<const int16_t*>(from));
  }
  static HWY_INLINE Acc multiply_add(A a, B b, Acc acc) {
    Acc unused = hn::Zero(D());
    return hn::ReorderWidenMulAccumulate(D(), a, b, acc, unused);
  }
};

HWY_INLINE void store_columns(hn::Vec<hn::ScalableTag<int32_t>> v, int32_t* out, size_t cols) {
  const hn::ScalableTag<int32_t> d;
  if (cols >= kVectorLanes) {
    hn::StoreU(v, d, out);
  } else {
    hn::BlendedStore(v, hn::FirstN(d, cols), d, out);
  }
}

/// Sums of the low digits of a vector of columns, then of the high ones.
struct DigitSums {
  using Split = SplitSum<8>;
  static HWY_INLINE Split load(const std::byte* row, size_t, size_t col) {
    const std::byte* low = row + 2 * col * sizeof(int32_t);
    return split_digit_sums(load_all(Split::D(), low), load_all(Split::D(), low + HWY_MAX_BYTES));
  }
};

/// Sums modulo 2^32, and those of the high digits' products.
struct ByteSums {
  using Split = SplitSum<16>;
  static HWY_INLINE Split load(const std::byte* row, size_t plane, size_t col) {
    const Split::D d;
    const std::byte* from = row + col * sizeof(int32_t);
    const auto high = load_all(d, from + plane);
    const auto rest = hn::Sub(load_all(d, from), hn::ShiftLeft<16>(high));
    return {hn::Add(high, hn::ShiftRight<16>(rest)), hn::And(rest, hn::Set(d, 0xFFFF))};
  }
};

/// The sums ll, hh and mm (kernels.hpp).
struct PlaneSums {
  using Split = SplitSum<2 * kPlaneBits>;
  static HWY_INLINE Split load(const std::byte* row, size_t plane, size_t col) {
    const Split::D d;
    const std::byte* from = row + col * sizeof(int32_t);
    const auto ll = load_all(d, from), hh = load_all(d, from + plane);
    const auto mm = load_all(d, from + 2 * plane);
    const auto digit = hn::Set(d, (1 << kPlaneBits) - 1);
    const auto middle = hn::Add(hn::Sub(hn::Sub(mm, hh), ll), hn::ShiftRight<kPlaneBits>(ll));
    return {hn::Add(hh, hn::ShiftRight<kPlaneBits>(middle)),
            hn::Or(hn::ShiftLeft<kPlaneBits>(hn::And(middle, digit)), hn::And(ll, digit))};
  }
};

template <class Split>
HWY_INLINE hn::Vec<Wide> widen(hn::Vec<hn::Rebind<int32_t, Wide>> whole,
                               hn::Vec<hn::Rebind<int32_t, Wide>> rest) {
  return hn::Add(hn::ShiftLeft<Split::kBits>(hn::PromoteTo(Wide(), whole)),
                 hn::PromoteTo(Wide(), rest));
}

template <class Sums, bool kFirst, bool kLast>
void combine_rows(const GemmCombine& task) {
  using Split = typename Sums::Split;
  using D = typename Split::D;
  const D d;
  const hn::Half<D> half;
  const Wide wide;
  constexpr size_t kHalf = kVectorLanes / 2;
  const Rounding rounding(task.shift);
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    auto* total = reinterpret_cast<int64_t*>(task.wide + r * task.wide_row);
    auto* out = reinterpret_cast<int32_t*>(task.out + r * task.out_row);
    for (size_t c = 0; c < task.cols; c += kVectorLanes) {
      const Split sum = Sums::load(sums, task.sums_plane, c);
      auto lower = widen<Split>(hn::LowerHalf(half, sum.whole), hn::LowerHalf(half, sum.rest));
      auto upper = widen<Split>(hn::UpperHalf(half, sum.whole), hn::UpperHalf(half, sum.rest));
      if constexpr (!kFirst) {
        lower = hn::Add(lower, hn::LoadU(wide, total + c));
        upper = hn::Add(upper, hn::LoadU(wide, total + c + kHalf));
      }
      if constexpr (!kLast) {
        hn::StoreU(lower, wide, total + c);
        hn::StoreU(upper, wide, total + c + kHalf);
      } else {
        store_columns(hn::Combine(d, rounding(upper), rounding(lower)), out + c, task.cols - c);
      }
    }
  }
}

/// One block of sums, rounded in 32 bits.
template <class Sums>
void round_rows(const GemmCombine& task) {
  const SplitRounding<typename Sums::Split> rounding(task.shift);
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    auto* out = reinterpret_cast<int32_t*>(task.out + r * task.out_row);
    for (size_t c = 0; c < task.cols; c += kVectorLanes) {
      store_columns(rounding(Sums::load(sums, task.sums_plane, c)), out + c, task.cols - c);
    }
  }
}

template <class Sums>
void combine(const GemmCombine& task) {
  if (task.first && task.last && task.shift <= SplitRounding<typename Sums::Split>::kMaxShift) {
    round_rows<Sums>(task);
  } else if (task.first) {
    task.last ? combine_rows<Sums, true, true>(task) : combine_rows<Sums, true, false>(task);
  } else {
    task.last ? combine_rows<Sums, false, true>(task) : combine_rows<Sums, false, false>(task);
  }
}

constexpr GemmKernels int8_kernels() {
  GemmKernels kernels = base_kernels<PairUnits<int8_t>>();
  kernels.adjacent_rows = &kTiles<PairOps, false, false>;
  return kernels;
}

constexpr GemmKernels int16_kernels() {
  GemmKernels kernels = base_kernels<PairUnits<int16_t>>();
  kernels.digits = 2;
  kernels.combine = &combine<DigitSums>;
  kernels.exact_units = kExactDigitProducts / kernels.k_per_unit;
  kernels.sums = 1;
  kernels.sum[0] = {&kTiles<PairOps, false, false>, 0};
  kernels.adjacent_units = &kTiles<PairOps, true, false>;
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<DigitUnits>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<DigitUnits>;
  return kernels;
}

constexpr GemmKernels int32_kernels(const GemmTileTable* pairs) {
  GemmKernels kernels = base_kernels<PlaneUnits>();
  kernels.combine = &combine<PlaneSums>;
  kernels.exact_units = kExactPlaneProducts / kernels.k_per_unit;
  kernels.sums = PlaneUnits::kPlanes;
  for (size_t i = 0; i < kernels.sums; ++i) kernels.sum[i] = {pairs, i};
  return kernels;
}

const GemmKernels* kernels_of(GemmType type) {
  static constexpr GemmKernels kInt8 = int8_kernels();
  static constexpr GemmKernels kInt16 = int16_kernels();
  static constexpr GemmKernels kInt32 = int32_kernels(&kTiles<PairOps, false, false>);
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

#if HWY_TARGET == HWY_AVX3
GemmKernels vnni_int8_kernels() {
  GemmKernels kernels = base_kernels<QuadUnits<false>>();
  const GemmVnniTiles& tiles = *gemm_vnni_tiles();
  kernels.adjacent_rows = &tiles.adjacent_rows;
  kernels.adjacent_units = &tiles.adjacent_units;
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<QuadUnits<true>>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<QuadUnits<true>>;
  kernels.row_start = tiles.row_start;
  kernels.panel_start = tiles.panel_start;
  return kernels;
}

GemmKernels vnni_int16_kernels() {
  GemmKernels kernels = base_kernels<PairByteUnits<false>>();
  const GemmVnniTiles& tiles = *gemm_vnni_tiles();
  kernels.combine = &combine<ByteSums>;
  kernels.exact_units = kExactByteProducts / kernels.k_per_unit;
  kernels.sums = 2;
  kernels.sum[0] = {&tiles.pair_steps, 0};
  kernels.sum[1] = {&tiles.adjacent_rows, 2};
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<PairByteUnits<true>>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<PairByteUnits<true>>;
  kernels.panel_start = tiles.panel_start;
  kernels.start_plane = 2;
  return kernels;
}

const GemmKernels* vnni_kernels_of(GemmType type) {
  if (gemm_vnni_tiles() == nullptr) return nullptr;
  static const GemmKernels int8 = vnni_int8_kernels();
  static const GemmKernels int16 = vnni_int16_kernels();
  static const GemmKernels int32 = int32_kernels(&gemm_vnni_tiles()->pairs);
  return type == GemmType::kInt8 ? &int8 : type == GemmType::kInt16 ? &int16 : &int32;
}
#endif

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // AVX2 or AVX3

#if HWY_ONCE
namespace paragon::cpu {

const GemmKernels* gemm_avx2_integer_kernels([[maybe_unused]] GemmType type) {
#if HWY_TARGETS & HWY_AVX2
  return N_AVX2::kernels_of(type);
#else
  return nullptr;
#endif
}

const GemmKernels* gemm_avx512_integer_kernels([[maybe_unused]] GemmType type) {
#if HWY_TARGETS & HWY_AVX3
  return N_AVX3::kernels_of(type);
#else
  return nullptr;
#endif
}

const GemmKernels* gemm_avx512_vnni_integer_kernels([[maybe_unused]] GemmType type) {
#if HWY_TARGETS & HWY_AVX3
  return N_AVX3::vnni_kernels_of(type);
#else
  return nullptr;
#endif
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
