// SPDX-License-Identifier: Apache-2.0

// The GEMM kernels of integers for AVX2 and AVX-512 through Highway: int8 and int16 by pairs of
// int16; int32 by doubles; and the packers of the VNNI kernels, whose own unit holds only their
// multiply-adds.
#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gemm/gemm_simd_integer.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include <type_traits>

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
#include "backends/cpu/gemm/units_real-inl.h"

template <class T>
struct RealOps : AccOps<T> {
  using Base = AccOps<T>;
  using typename Base::Acc;
  using typename Base::D;
  using A = Acc;
  using B = Acc;
  static HWY_INLINE A load_a(const std::byte* from) {
    return hn::Set(D(), *reinterpret_cast<const T*>(from));
  }
  static HWY_INLINE B load_b(const std::byte* from) { return Base::load(from); }
  static HWY_INLINE B load_b_partial(const std::byte* from, size_t count) {
    return Base::load_partial(from, count);
  }
  static HWY_INLINE Acc multiply_add(A a, B b, Acc acc) { return hn::MulAdd(a, b, acc); }
};

/// Pairs of int16; the sum of two products cannot overflow int32 as one factor is a byte.
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

/// Sums that are doubles.
struct DoubleSums {
  static HWY_INLINE hn::Vec<Wide> load(const std::byte* row, size_t col) {
    return to_int64(load_all(hn::ScalableTag<double>(), row + col * sizeof(double)));
  }
};

/// Sums of the low digits of a vector of columns, then of the high ones.
struct DigitSums {
  static HWY_INLINE hn::Vec<Wide> load(const std::byte* row, size_t col) {
    const hn::Rebind<int32_t, Wide> narrow;
    const size_t within = col % kVectorLanes;
    const std::byte* low = row + (2 * (col - within) + within) * sizeof(int32_t);
    const std::byte* high = low + kVectorLanes * sizeof(int32_t);
    return hn::Add(hn::PromoteTo(Wide(), load_all(narrow, low)),
                   hn::ShiftLeft<8>(hn::PromoteTo(Wide(), load_all(narrow, high))));
  }
};

template <class Sums, bool kFirst, bool kLast>
void combine_rows(const GemmCombine& task) {
  const Wide d;
  constexpr size_t kStep = hn::MaxLanes(Wide());
  const Rounding rounding(task.shift);
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    auto* wide = reinterpret_cast<int64_t*>(task.wide + r * task.wide_row);
    auto* out = reinterpret_cast<int32_t*>(task.out + r * task.out_row);
    for (size_t c = 0; c < task.cols; c += kStep) {
      auto total = Sums::load(sums, c);
      if constexpr (!kFirst) total = hn::Add(total, hn::LoadU(d, wide + c));
      if constexpr (!kLast) {
        hn::StoreU(total, d, wide + c);
      } else if (c + kStep <= task.cols) {
        hn::StoreU(rounding(total), Rounding::Result(), out + c);
      } else {
        hn::BlendedStore(rounding(total), hn::FirstN(Rounding::Result(), task.cols - c),
                         Rounding::Result(), out + c);
      }
    }
  }
}

/// One block of digit sums, rounded in 32 bits.
void round_digits(const GemmCombine& task) {
  using D = DigitRounding::D;
  const DigitRounding rounding(task.shift);
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    auto* out = reinterpret_cast<int32_t*>(task.out + r * task.out_row);
    for (size_t c = 0; c < task.cols; c += kVectorLanes, sums += 2 * HWY_MAX_BYTES) {
      const auto result = rounding(load_all(D(), sums), load_all(D(), sums + HWY_MAX_BYTES));
      if (c + kVectorLanes <= task.cols) {
        hn::StoreU(result, D(), out + c);
      } else {
        hn::BlendedStore(result, hn::FirstN(D(), task.cols - c), D(), out + c);
      }
    }
  }
}

template <class Sums>
void combine(const GemmCombine& task) {
  if (std::is_same_v<Sums, DigitSums> && task.first && task.last &&
      task.shift <= DigitRounding::kMaxShift) {
    round_digits(task);
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
  kernels.adjacent_rows = &kTiles<PairOps, false, false>;
  kernels.adjacent_units = &kTiles<PairOps, true, false>;
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<DigitUnits>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<DigitUnits>;
  return kernels;
}

constexpr GemmKernels int32_kernels() {
  GemmKernels kernels = base_kernels<DoubleUnits<int32_t>>();
  kernels.combine = &combine<DoubleSums>;
  kernels.exact_units = kExactDoubleProducts;
  kernels.adjacent_rows = &kTiles<RealOps<double>, false, false>;
  return kernels;
}

const GemmKernels* kernels_of(GemmType type) {
  static constexpr GemmKernels kInt8 = int8_kernels();
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
  GemmKernels kernels = int16_kernels();
  kernels.adjacent_rows = &gemm_vnni_tiles()->pair_adjacent_rows;
  kernels.adjacent_units = &gemm_vnni_tiles()->pair_adjacent_units;
  return kernels;
}

const GemmKernels* vnni_kernels_of(GemmType type) {
  if (gemm_vnni_tiles() == nullptr) return nullptr;
  static const GemmKernels int8 = vnni_int8_kernels();
  static const GemmKernels int16 = vnni_int16_kernels();
  return type == GemmType::kInt8 ? &int8 : type == GemmType::kInt16 ? &int16 : kernels_of(type);
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
