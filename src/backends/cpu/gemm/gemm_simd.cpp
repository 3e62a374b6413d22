// SPDX-License-Identifier: Apache-2.0

// The GEMM kernels for AVX2 and AVX-512 through Highway: float32; int8 by pairs of int16; and the
// packers of the VNNI kernel, whose own unit holds only its multiply-adds.
#include "backends/cpu/simd_targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/gemm/gemm_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"

#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

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
  static constexpr size_t kLanes = kVectorLanes;
  static constexpr bool kRowStart = false;

  static HWY_INLINE Acc zero() { return hn::Zero(D()); }
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

struct FloatOps : AccOps<float> {
  using A = Acc;
  using B = Acc;
  static HWY_INLINE A load_a(const std::byte* from) {
    return hn::Set(D(), *reinterpret_cast<const float*>(from));
  }
  static HWY_INLINE B load_b(const std::byte* from) { return load(from); }
  static HWY_INLINE B load_b_partial(const std::byte* from, size_t count) {
    return load_partial(from, count);
  }
  static HWY_INLINE Acc multiply_add(A a, B b, Acc acc) { return hn::MulAdd(a, b, acc); }
};

/// int8 widened to pairs of int16; the sum of two products of int8 cannot overflow int32.
struct PairOps : AccOps<int32_t> {
  using Narrow = hn::ScalableTag<int16_t>;
  using A = hn::Vec<Narrow>;
  using B = hn::Vec<Narrow>;
  static HWY_INLINE A load_a(const std::byte* from) {
    return hn::BitCast(Narrow(), hn::Set(D(), *reinterpret_cast<const int32_t*>(from)));
  }
  static HWY_INLINE B load_b(const std::byte* from) {
    return hn::LoadU(Narrow(), reinterpret_cast<const int16_t*>(from));
  }
  static HWY_INLINE Acc multiply_add(A a, B b, Acc acc) {
    Acc unused = hn::Zero(D());
    return hn::ReorderWidenMulAccumulate(D(), a, b, acc, unused);
  }
};

/// What the packers of all types share: vectors of 4-byte units, and their transposition.
struct UnitVectors {
  using D = hn::ScalableTag<uint32_t>;
  using Block = hn::FixedTag<uint32_t, 4>;
  using V = hn::Vec<D>;
  static constexpr size_t kLanes = kVectorLanes;
  static constexpr size_t kChunks = HWY_TARGET == HWY_AVX3 ? 4 : 2;

  static HWY_INLINE void transpose(V (&v)[4]) {
    const hn::Repartition<uint64_t, D> wide;
    const auto low01 = hn::BitCast(wide, hn::InterleaveLower(D(), v[0], v[1]));
    const auto high01 = hn::BitCast(wide, hn::InterleaveUpper(D(), v[0], v[1]));
    const auto low23 = hn::BitCast(wide, hn::InterleaveLower(D(), v[2], v[3]));
    const auto high23 = hn::BitCast(wide, hn::InterleaveUpper(D(), v[2], v[3]));
    v[0] = hn::BitCast(D(), hn::InterleaveLower(wide, low01, low23));
    v[1] = hn::BitCast(D(), hn::InterleaveUpper(wide, low01, low23));
    v[2] = hn::BitCast(D(), hn::InterleaveLower(wide, high01, high23));
    v[3] = hn::BitCast(D(), hn::InterleaveUpper(wide, high01, high23));
  }
  static HWY_INLINE void store(V v, std::byte* to) {
    hn::StoreU(v, D(), reinterpret_cast<uint32_t*>(to));
  }

  /// Joins load(0), load(1), ... (blocks of four units) to one vector.
  template <class Load>
  static HWY_INLINE V join(const Load& load) {
#if HWY_TARGET == HWY_AVX3
    const hn::Half<D> half;
    return hn::Combine(D(), hn::Combine(half, load(3), load(2)),
                       hn::Combine(half, load(1), load(0)));
#else
    return hn::Combine(D(), load(1), load(0));
#endif
  }

  /// The first `count` bytes, then zeros.
  template <class DN>
  static HWY_INLINE hn::Vec<DN> load_bytes(DN narrow, const std::byte* from, size_t count) {
    using T = hn::TFromD<DN>;
#if HWY_TARGET == HWY_AVX3
    return hn::MaskedLoad(hn::FirstN(narrow, count), narrow, reinterpret_cast<const T*>(from));
#else
    T bytes[16] = {};
    __builtin_memcpy(bytes, from, count);
    return hn::LoadU(narrow, bytes);
#endif
  }
};

struct FloatUnits : UnitVectors {
  static constexpr size_t kPerUnit = 1, kElementBytes = 4;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return join([&](size_t i) HWY_ATTR {
      return hn::LoadU(Block(), reinterpret_cast<const uint32_t*>(line[4 * i] + offset));
    });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    const auto mask = hn::FirstN(Block(), bytes / kElementBytes);
    return join([&](size_t i) HWY_ATTR {
      return hn::MaskedLoad(mask, Block(), reinterpret_cast<const uint32_t*>(line[4 * i] + offset));
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return hn::LoadU(D(), reinterpret_cast<const uint32_t*>(rows[0]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return hn::MaskedLoad(hn::FirstN(D(), count), D(), reinterpret_cast<const uint32_t*>(rows[0]));
  }
};

/// Two int8, widened to int16, to a unit.
struct PairUnits : UnitVectors {
  static constexpr size_t kPerUnit = 2, kElementBytes = 1;
  using BlockWide = hn::Repartition<int16_t, Block>;
  using BlockBytes = hn::Rebind<int8_t, BlockWide>;
  using LineWide = hn::RebindToSigned<D>;
  using LineBytes = hn::Rebind<int8_t, LineWide>;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return join([&](size_t i)
                    HWY_ATTR { return widen_block(load(BlockBytes(), line[4 * i] + offset)); });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return join([&](size_t i) HWY_ATTR {
      return widen_block(load_bytes(BlockBytes(), line[4 * i] + offset, bytes));
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip(load(LineBytes(), rows[0]), load(LineBytes(), rows[1]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip(load_bytes(LineBytes(), rows[0], count), load_bytes(LineBytes(), rows[1], count));
  }

 private:
  template <class DN>
  static HWY_INLINE hn::Vec<DN> load(DN narrow, const std::byte* from) {
    return hn::LoadU(narrow, reinterpret_cast<const int8_t*>(from));
  }
  static HWY_INLINE hn::Vec<Block> widen_block(hn::Vec<BlockBytes> bytes) {
    return hn::BitCast(Block(), hn::PromoteTo(BlockWide(), bytes));
  }
  static HWY_INLINE V zip(hn::Vec<LineBytes> even, hn::Vec<LineBytes> odd) {
    const V low = hn::BitCast(D(), hn::PromoteTo(LineWide(), even));
    const V high = hn::BitCast(D(), hn::PromoteTo(LineWide(), odd));
    return hn::Or(hn::And(low, hn::Set(D(), 0xFFFFu)), hn::ShiftLeft<16>(high));
  }
};

#if HWY_TARGET == HWY_AVX3
/// Four bytes to a unit; kFlip adds 128 to each, modulo 256.
template <bool kFlip>
struct QuadUnits : UnitVectors {
  static constexpr size_t kPerUnit = 4, kElementBytes = 1;
  using Bytes = hn::Repartition<uint8_t, D>;
  using BlockBytes = hn::Repartition<uint8_t, Block>;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return flip(join([&](size_t i) HWY_ATTR { return load(line[4 * i] + offset); }));
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return flip(join([&](size_t i) HWY_ATTR {
      return hn::BitCast(Block(), load_bytes(BlockBytes(), line[4 * i] + offset, bytes));
    }));
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip(join([&](size_t i) HWY_ATTR { return load(rows[i]); }));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip(join([&](size_t i) HWY_ATTR {
      return hn::BitCast(Block(), load_bytes(BlockBytes(), rows[i], count));
    }));
  }

 private:
  static HWY_INLINE hn::Vec<Block> load(const std::byte* from) {
    return hn::LoadU(Block(), reinterpret_cast<const uint32_t*>(from));
  }
  static HWY_INLINE V flip(V v) { return kFlip ? hn::Xor(v, hn::Set(D(), 0x80808080u)) : v; }
  /// From 16 bytes of each of four rows to a byte of each row in each of 16 units.
  static HWY_INLINE V zip(V rows) {
    alignas(64) static constexpr int32_t kGather[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                        2, 6, 10, 14, 3, 7, 11, 15};
    alignas(16) static constexpr uint8_t kTranspose[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                           2, 6, 10, 14, 3, 7, 11, 15};
    const V gathered = hn::TableLookupLanes(rows, hn::SetTableIndices(D(), kGather));
    const auto order = hn::LoadDup128(Bytes(), kTranspose);
    return flip(hn::BitCast(D(), hn::TableLookupBytes(hn::BitCast(Bytes(), gathered), order)));
  }
};
#endif

template <class Ops, bool kAdjacentUnits, bool kPartialB>
inline constexpr GemmTileTable kTiles =
    gemm_tile_table<Ops, kTileRows, kAdjacentUnits, kPartialB>();

template <class Units>
constexpr GemmKernels base_kernels() {
  GemmKernels kernels{};
  kernels.element_bytes = Units::kElementBytes;
  kernels.k_per_unit = Units::kPerUnit;
  kernels.lanes = kVectorLanes;
  kernels.lane_bits = HWY_TARGET == HWY_AVX3 ? 4 : 3;
  kernels.max_rows = kTileRows;
  kernels.pack_a_k_contiguous = kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<Units>;
  kernels.pack_a_line_contiguous = kernels.pack_b_line_contiguous =
      &gemm_pack_line_contiguous<Units>;
  return kernels;
}

constexpr GemmKernels float_kernels() {
  GemmKernels kernels = base_kernels<FloatUnits>();
  kernels.adjacent_rows = &kTiles<FloatOps, false, false>;
  kernels.adjacent_units = &kTiles<FloatOps, true, false>;
  kernels.adjacent_rows_partial_b = &kTiles<FloatOps, false, true>;
  kernels.adjacent_units_partial_b = &kTiles<FloatOps, true, true>;
  return kernels;
}

constexpr GemmKernels pair_kernels() {
  GemmKernels kernels = base_kernels<PairUnits>();
  kernels.adjacent_rows = &kTiles<PairOps, false, false>;
  return kernels;
}

inline constexpr GemmKernels kFloatKernels = float_kernels();
inline constexpr GemmKernels kPairKernels = pair_kernels();

#if HWY_TARGET == HWY_AVX3
GemmKernels vnni_kernels() {
  GemmKernels kernels = base_kernels<QuadUnits<false>>();
  const GemmVnniTiles* tiles = gemm_vnni_tiles();
  if (tiles == nullptr) return kernels;
  kernels.adjacent_rows = &tiles->adjacent_rows;
  kernels.adjacent_units = &tiles->adjacent_units;
  kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<QuadUnits<true>>;
  kernels.pack_b_line_contiguous = &gemm_pack_line_contiguous<QuadUnits<true>>;
  kernels.row_start = tiles->row_start;
  kernels.panel_start = tiles->panel_start;
  return kernels;
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // AVX2 or AVX3

#if HWY_ONCE
namespace paragon::cpu {

const GemmKernels* gemm_avx2_kernels([[maybe_unused]] bool int8) {
#if HWY_TARGETS & HWY_AVX2
  return int8 ? &N_AVX2::kPairKernels : &N_AVX2::kFloatKernels;
#else
  return nullptr;
#endif
}

const GemmKernels* gemm_avx512_kernels([[maybe_unused]] bool int8) {
#if HWY_TARGETS & HWY_AVX3
  return int8 ? &N_AVX3::kPairKernels : &N_AVX3::kFloatKernels;
#else
  return nullptr;
#endif
}

const GemmKernels* gemm_avx512_vnni_kernels() {
#if HWY_TARGETS & HWY_AVX3
  static const GemmKernels kernels = N_AVX3::vnni_kernels();
  return kernels.adjacent_rows == nullptr ? nullptr : &kernels;
#else
  return nullptr;
#endif
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
