// SPDX-License-Identifier: Apache-2.0

// What the kernels of all types share on AVX2 and AVX-512: micro-kernels, packers, accumulators and
// a table to start from. No include guard and no includes: it is included once inside an unnamed
// namespace in the target region of each target, by the units of integers and of floating point.

namespace hn = hwy::HWY_NAMESPACE;

#include "backends/cpu/gemm/kernel-inl.h"
#include "backends/cpu/gemm/pack-inl.h"

constexpr size_t kVectorLanes = HWY_MAX_BYTES / 4;
constexpr int kTileRows = HWY_TARGET == HWY_AVX3 ? 14 : 6;

/// Loads and stores of accumulators of type T.
template <class T>
struct AccOps {
  using D = hn::ScalableTag<T>;
  using Acc = hn::Vec<D>;
  static constexpr size_t kLanes = hn::MaxLanes(D()), kUnitBytes = sizeof(T);
  static constexpr bool kRowStart = false;
  static constexpr int kSteps = 1;

  static HWY_INLINE Acc zero() { return hn::Zero(D()); }
  static HWY_INLINE Acc resume(Acc, Acc stored) { return stored; }
  static HWY_INLINE Acc load(const std::byte* from) {
    return hn::LoadU(D(), reinterpret_cast<const T*>(from));
  }
  static HWY_INLINE Acc load_partial(const std::byte* from, size_t count) {
    return hn::MaskedLoad(hn::FirstN(D(), count), D(), reinterpret_cast<const T*>(from));
  }
  static HWY_INLINE void store(Acc acc, std::byte* to) {
    hn::StoreU(acc, D(), reinterpret_cast<T*>(to));
  }
  static HWY_INLINE void store_partial(Acc acc, std::byte* to, size_t count) {
    hn::BlendedStore(acc, hn::FirstN(D(), count), D(), reinterpret_cast<T*>(to));
  }
};

#include "backends/cpu/gemm/units-inl.h"

template <class Ops, bool kAdjacentUnits, bool kPartialB>
inline constexpr GemmTileTable kTiles =
    gemm_tile_table<Ops, kTileRows, kAdjacentUnits, kPartialB>();

template <class Units>
constexpr GemmKernels base_kernels() {
  GemmKernels kernels{};
  kernels.element_bytes = Units::kElementBytes;
  kernels.unit_bytes = Units::kLineBytes;
  kernels.k_per_unit = Units::kPerUnit;
  kernels.lanes = Units::kLanes;
  kernels.lane_bits = Units::kLanes == 16 ? 4 : Units::kLanes == 8 ? 3 : 2;
  kernels.max_rows = kTileRows;
  kernels.digits = 1;
  kernels.planes = Units::kPlanes;
  kernels.pack_a_k_contiguous = kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<Units>;
  kernels.pack_a_line_contiguous = kernels.pack_b_line_contiguous =
      &gemm_pack_line_contiguous<Units>;
  return kernels;
}
