// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// What a SIMD target supplies to the GEMM: packers and micro-kernels behind plain function
// pointers. This header is also read by a unit compiled with extra -m flags, so it must define no
// functions.
//
// A *unit* is what one lane of a multiply-add consumes along K: 4 bytes, namely one float, two
// int16 or four int8 (one for the int8 of the scalar target, widened), or 8 bytes, one double. A
// lane's sum is as large as a unit. Packed operands are *panels*: for every unit of K the `width`
// lines (columns of B, rows of A) of the panel lie side by side.
//
// A wide integer has no multiply-add of its own. Its digits use those of narrower ones for as many
// products as int32 sums stay exact, and `combine` puts the sums together in 64 bits:
//   int16   int16 times the two byte digits of B, each digit a column of its own. With VNNI, where
//           products of bytes take half of the time: the sum modulo 2^32, and the sum of the
//           products of the high digits. Times 2^16 that is less than 2^31 off the sum.
//   int32   a = 4096 high + low. The sums hh of high * high, ll of low * low and mm of (high + low)
//           * (high + low) give 2^24 hh + 2^12 (mm - hh - ll) + ll: three products instead of four
//           (Karatsuba).
// What a tile's several sums multiply are *planes* of the packed operands: within a unit, first all
// lines of one plane, then all of the next.

namespace paragon::cpu {

enum class GemmType : uint8_t;

inline constexpr size_t kMaxTileRows = 14;    ///< most rows of a register tile on any target
inline constexpr size_t kMaxTileVectors = 8;  ///< most vectors side by side in a register tile

/// Largest operands of the wide integers: two and three balanced base-256 digits.
inline constexpr int64_t kLargestInt16 = 127 * (1 + 256);
inline constexpr int64_t kLargestInt32 = 127 * (1 + 256 + 65536);
/// Products of such an int16 and a byte digit whose sum is exact in an int32.
inline constexpr size_t kExactDigitProducts = 512;
static_assert(kLargestInt16 * 128 * kExactDigitProducts < int64_t{1} << 31);

/// Products of such int16 whose sum is told by that of their high digits and the lowest 32 bits.
inline constexpr size_t kExactByteProducts = 256;
static_assert((2 * 256 * 127 * 128 + 128 * 128) * int64_t{kExactByteProducts} < int64_t{1} << 31);

/// The balanced digits of such an int32: 4096 high + low.
inline constexpr int kPlaneBits = 12;
inline constexpr int64_t kLargestLow = 1 << (kPlaneBits - 1);
inline constexpr int64_t kLargestHigh = (kLargestInt32 + kLargestLow) >> kPlaneBits;
/// Products whose sums hh, ll and mm - hh - ll are exact in an int32, mm itself modulo 2^32 only,
/// with room for what `combine` carries from one into the next.
inline constexpr size_t kExactPlaneProducts = 256;
static_assert((2 * kLargestLow * kLargestHigh * kExactPlaneProducts) +
                  ((kLargestLow * kLargestLow * kExactPlaneProducts) >> kPlaneBits) <
              int64_t{1} << 31);
static_assert(kLargestHigh * kLargestHigh * kExactPlaneProducts + (1 << (31 - kPlaneBits)) <
              int64_t{1} << 30);
/// Products whose sum mm is exact too.
inline constexpr size_t kExactPlaneSums = 128;
static_assert((kLargestHigh + kLargestLow) * (kLargestHigh + kLargestLow) * kExactPlaneSums <
              int64_t{1} << 31);

/// Arguments of a micro-kernel: one tile, out[r, j] (+)= sum over units of a[r, u] * b[u, j].
/// All strides are in bytes.
struct GemmTile {
  const std::byte* a;
  size_t a_row;   ///< between rows of A; used where units are adjacent (GemmATiles::adjacent_units)
  size_t a_unit;  ///< between units of A; used where rows are adjacent
  const std::byte* b;
  size_t b_unit;          ///< between units of B
  size_t a_step, b_step;  ///< between steps within a unit, where a unit has several
  size_t b_panel;         ///< between panels of B, for tiles wider than one panel
  size_t units;           ///< length of K in units, may be 0
  std::byte* out;
  size_t out_row;
  size_t cols;               ///< columns to store: more than (vectors - 1) * lanes
  const int32_t* row_start;  ///< start value of each row, for kernels that need one, or null
  bool accumulate;           ///< start from what `out` holds
};

using GemmTileFunction = void (*)(const GemmTile& tile);

/// Micro-kernels by [rows - 1][vectors - 1]; null where there is none.
struct GemmTileTable {
  GemmTileFunction at[kMaxTileRows][kMaxTileVectors];
};

/// Packing of lines [0, lines) and k in [0, k) into panels of `width` lines.
struct GemmPack {
  const std::byte* source;
  size_t stride;  ///< bytes between lines (k-contiguous source) or between k (line-contiguous one)
  size_t lines, k;
  size_t readable;  ///< lines from `source` that may be read, >= lines (line-contiguous source)
  size_t width;     ///< lines of a panel
  std::byte* out;
  size_t out_panel;  ///< bytes between panels
};

using GemmPackFunction = void (*)(const GemmPack& pack);

/// Sums of `rows` rows of `k` int8, each times -128, from row-major A.
using GemmRowStartFunction = void (*)(const std::byte* a, size_t stride, size_t rows, size_t k,
                                      int32_t* out);
/// The same from one packed panel of A, whose units are `stride` bytes apart.
using GemmPanelStartFunction = void (*)(const std::byte* panel, size_t stride, size_t rows,
                                        size_t units, int32_t* out);

/// What becomes of a tile's sums over a block of K: they are added in 64 bits to those of the
/// blocks before, and after the last block rounded to int32. All strides are in bytes.
struct GemmCombine {
  const std::byte* sums;  ///< what the micro-kernels stored, room for whole vectors
  size_t sums_row, sums_plane;
  std::byte* wide;  ///< int64_t, of the blocks before; unused if there is one block only
  size_t wide_row;
  size_t rows, cols;
  bool first, last;
  int shift;
  std::byte* out;  ///< int32_t
  size_t out_row;
};

using GemmCombineFunction = void (*)(const GemmCombine& combine);

/// One of several sums of a tile, of packed A and B.
struct GemmSum {
  const GemmTileTable* tiles;
  size_t plane;  ///< of A and B, the first of several steps
};
inline constexpr size_t kMaxSums = 3;

struct GemmKernels {
  size_t element_bytes;  ///< of A and B as stored by the caller
  size_t unit_bytes;     ///< of a line, in one plane
  size_t k_per_unit;
  size_t lanes;      ///< units of a vector
  size_t lane_bits;  ///< log2(lanes)
  size_t max_rows;   ///< most rows of a tile
  size_t digits;     ///< vectors of B for a vector of columns: 1 or 2. A panel of B is two vectors.
  size_t planes;     ///< of a packed unit
  GemmCombineFunction combine;  ///< null where the sums are the results
  size_t exact_units;           ///< units whose sum is exact; only with `combine`
  size_t sums;                  ///< of a tile; only with `combine`
  GemmSum sum[kMaxSums];        ///< those of packed A

  /// By how A lies: rows adjacent (packed, or stored transposed) and units adjacent (row-major).
  /// A null table means that A must be packed. `partial_b` reads B where it is (row-major, not
  /// packed) and masks the last vector to the columns that exist; null tables: B must be packed.
  const GemmTileTable* adjacent_rows;
  const GemmTileTable* adjacent_units;
  const GemmTileTable* adjacent_rows_partial_b;
  const GemmTileTable* adjacent_units_partial_b;

  GemmPackFunction pack_a_k_contiguous, pack_a_line_contiguous;
  GemmPackFunction pack_b_k_contiguous, pack_b_line_contiguous;

  /// Set where B is packed with an offset of 128, which the start value of each row takes back.
  GemmRowStartFunction row_start;
  GemmPanelStartFunction panel_start;
  size_t start_plane;  ///< of A, that panel_start sums
};

/// The table of a type on a target, or null if it is not compiled in. Integers and floating point
/// have units of their own, so that the objects of the former can be shown to hold no
/// floating-point arithmetic.
const GemmKernels* gemm_scalar_real_kernels(GemmType type);
const GemmKernels* gemm_avx2_real_kernels(GemmType type);
const GemmKernels* gemm_avx512_real_kernels(GemmType type);
const GemmKernels* gemm_scalar_integer_kernels(GemmType type);
const GemmKernels* gemm_avx2_integer_kernels(GemmType type);
const GemmKernels* gemm_avx512_integer_kernels(GemmType type);
const GemmKernels* gemm_avx512_vnni_integer_kernels(GemmType type);

/// Parts of the VNNI tables that are compiled with their own flags; null where they were not.
struct GemmVnniTiles {
  GemmTileTable adjacent_rows, adjacent_units;  ///< four int8 to a unit
  GemmRowStartFunction row_start;
  GemmPanelStartFunction panel_start;
  GemmTileTable pairs;       ///< two int16 to a unit, adjacent rows
  GemmTileTable pair_steps;  ///< the same, two steps to a unit
};
const GemmVnniTiles* gemm_vnni_tiles();

}  // namespace paragon::cpu
