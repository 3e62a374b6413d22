// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

// What a SIMD target supplies to the GEMM: packers and micro-kernels behind plain function
// pointers. This header is also read by a unit compiled with extra -m flags, so it must define no
// functions.
//
// A *unit* is what one lane of a multiply-add consumes along K: 4 bytes, namely one float, two
// int16 or four int8 (one for the int8 of the scalar target, widened). Packed operands are
// *panels*: for every unit of K the `width` lines (columns of B, rows of A) of the panel lie side
// by side.

namespace paragon::cpu {

inline constexpr size_t kUnitBytes = 4;
inline constexpr size_t kMaxTileRows = 14;    ///< most rows of a register tile on any target
inline constexpr size_t kMaxTileVectors = 8;  ///< most vectors side by side in a register tile

/// Arguments of a micro-kernel: one tile, out[r, j] (+)= sum over units of a[r, u] * b[u, j].
/// All strides are in bytes; `out` is float or int32_t.
struct GemmTile {
  const std::byte* a;
  size_t a_row;   ///< between rows of A; used where units are adjacent (GemmATiles::adjacent_units)
  size_t a_unit;  ///< between units of A; used where rows are adjacent
  const std::byte* b;
  size_t b_unit;   ///< between units of B
  size_t b_panel;  ///< between panels of B, for tiles wider than one panel
  size_t units;    ///< length of K in units, may be 0
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
/// The same from one packed panel of A.
using GemmPanelStartFunction = void (*)(const std::byte* panel, size_t rows, size_t units,
                                        int32_t* out);

struct GemmKernels {
  size_t element_bytes;  ///< of A and B as stored by the caller
  size_t k_per_unit;
  size_t lanes;      ///< 4-byte lanes of a vector
  size_t lane_bits;  ///< log2(lanes); a panel of B is two vectors wide
  size_t max_rows;   ///< most rows of a tile

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
};

/// The table of a type on a target, or null if it is not compiled in.
const GemmKernels* gemm_scalar_kernels(bool int8);
const GemmKernels* gemm_avx2_kernels(bool int8);
const GemmKernels* gemm_avx512_kernels(bool int8);
const GemmKernels* gemm_avx512_vnni_kernels();

/// Parts of the VNNI table that are compiled with their own flags; null where they were not.
struct GemmVnniTiles {
  GemmTileTable adjacent_rows, adjacent_units;
  GemmRowStartFunction row_start;
  GemmPanelStartFunction panel_start;
};
const GemmVnniTiles* gemm_vnni_tiles();

}  // namespace paragon::cpu
