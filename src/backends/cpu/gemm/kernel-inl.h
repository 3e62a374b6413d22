// SPDX-License-Identifier: Apache-2.0

// The micro-kernel of the GEMM, for every type and SIMD target. No include guard and no includes:
// it is included once inside the namespace (and target region) of each target. `Ops` supplies
//   Acc, A, B        vectors of accumulators, of one broadcast unit of A, of units of B
//   kLanes           accumulators in a vector
//   kUnitBytes       bytes of an accumulator and of a unit
//   kRowStart        whether GemmTile::row_start is used
//   kSteps           multiply-adds of a unit
//   zero (without row start) or start (with it), load_a, load_b, load_b_partial, multiply_add,
//   load, load_partial, store, store_partial resume(fresh, stored)   the sum so far, from what zero
//   or start gave and from what was stored
//
// Every element is one chain of multiply-adds over K in order, whatever tile it lies in: that is
// what makes float results independent of blocking, threads and position.

/// Adds what `tile.out` holds to fresh accumulators.
template <class Ops, int kRows, int kVectors>
PARAGON_GEMM_INLINE void gemm_add_tile(typename Ops::Acc (&acc)[kRows][kVectors],
                                       const GemmTile& tile) {
  using Acc = typename Ops::Acc;
  const size_t last = tile.cols - (kVectors - 1) * Ops::kLanes;
  PARAGON_GEMM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    PARAGON_GEMM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      const std::byte* from = tile.out + static_cast<size_t>(r) * tile.out_row +
                              static_cast<size_t>(v) * Ops::kLanes * Ops::kUnitBytes;
      const Acc before = v + 1 < kVectors ? Ops::load(from) : Ops::load_partial(from, last);
      acc[r][v] = Ops::resume(acc[r][v], before);
    }
  }
}

template <class Ops, int kRows, int kVectors>
PARAGON_GEMM_INLINE void gemm_store_tile(const typename Ops::Acc (&acc)[kRows][kVectors],
                                         const GemmTile& tile) {
  constexpr size_t kVectorBytes = Ops::kLanes * Ops::kUnitBytes;
  const size_t last = tile.cols - (kVectors - 1) * Ops::kLanes;
  std::byte* to = tile.out;
  if (last == Ops::kLanes) {
    PARAGON_GEMM_UNROLL
    for (int r = 0; r < kRows; ++r, to += tile.out_row) {
      PARAGON_GEMM_UNROLL
      for (int v = 0; v < kVectors; ++v) Ops::store(acc[r][v], to + v * kVectorBytes);
    }
  } else {
    PARAGON_GEMM_UNROLL
    for (int r = 0; r < kRows; ++r, to += tile.out_row) {
      PARAGON_GEMM_UNROLL
      for (int v = 0; v + 1 < kVectors; ++v) Ops::store(acc[r][v], to + v * kVectorBytes);
      Ops::store_partial(acc[r][kVectors - 1], to + (kVectors - 1) * kVectorBytes, last);
    }
  }
}

template <class Ops, int kRows, int kVectors, bool kAdjacentUnits, bool kPartialB>
void gemm_tile(const GemmTile& tile) {
  using Acc = typename Ops::Acc;
  constexpr size_t kVectorBytes = Ops::kLanes * Ops::kUnitBytes;
  constexpr int kPanelVectors = 2;
  [[maybe_unused]] const size_t last = tile.cols - (kVectors - 1) * Ops::kLanes;

  Acc acc[kRows][kVectors];
  PARAGON_GEMM_UNROLL
  for (int r = 0; r < kRows; ++r) {
    PARAGON_GEMM_UNROLL
    for (int v = 0; v < kVectors; ++v) {
      if constexpr (Ops::kRowStart) {
        acc[r][v] = Ops::start(tile.row_start[r]);
      } else {
        acc[r][v] = Ops::zero();
      }
    }
  }
  if (tile.accumulate) gemm_add_tile<Ops>(acc, tile);

  // Three rows a pointer: x86 can then address every row as pointer + {0, 1, 2} * stride.
  constexpr int kPointers = (kRows + 2) / 3;
  const std::byte* a[kPointers];
  PARAGON_GEMM_UNROLL
  for (int p = 0; p < kPointers; ++p) {
    a[p] = tile.a + (kAdjacentUnits ? static_cast<size_t>(3 * p) * tile.a_row
                                    : static_cast<size_t>(3 * p) * Ops::kUnitBytes);
  }
  const size_t a_row = kAdjacentUnits ? tile.a_row : Ops::kUnitBytes;
  const size_t a_unit = kAdjacentUnits ? Ops::kUnitBytes : tile.a_unit;
  const std::byte* b = tile.b;
  const size_t b_unit = tile.b_unit;
  constexpr int kSteps = Ops::kSteps;
  [[maybe_unused]] const size_t a_step = tile.a_step, b_step = tile.b_step;
  const size_t b_panel = tile.b_panel;

  for (size_t u = tile.units; u != 0; --u) {
    PARAGON_GEMM_UNROLL
    for (int step = 0; step < kSteps; ++step) {
      typename Ops::B row_b[kVectors];
      PARAGON_GEMM_UNROLL
      for (int v = 0; v < kVectors; ++v) {
        const std::byte* from = b + static_cast<size_t>(v / kPanelVectors) * b_panel +
                                (v % kPanelVectors) * kVectorBytes;
        if constexpr (kPartialB) {
          row_b[v] = v + 1 < kVectors ? Ops::load_b(from) : Ops::load_b_partial(from, last);
        } else {
          row_b[v] = Ops::load_b(from);
        }
      }
      PARAGON_GEMM_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const typename Ops::A one_a = Ops::load_a(a[r / 3] + static_cast<size_t>(r % 3) * a_row);
        PARAGON_GEMM_UNROLL
        for (int v = 0; v < kVectors; ++v)
          acc[r][v] = Ops::multiply_add(one_a, row_b[v], acc[r][v]);
      }
      PARAGON_GEMM_UNROLL
      for (int p = 0; p < kPointers; ++p) {
        a[p] += step + 1 < kSteps ? a_step : a_unit - (kSteps - 1) * a_step;
      }
      b += step + 1 < kSteps ? b_step : b_unit - (kSteps - 1) * b_step;
    }
  }

  gemm_store_tile<Ops>(acc, tile);
}

/// Fills rows 1..kMaxRows x vectors 1..2, and one row x vectors 1..kMaxTileVectors.
template <class Ops, int kMaxRows, bool kAdjacentUnits, bool kPartialB, int kRows = 1>
constexpr void gemm_fill_tiles(GemmTileTable& table) {
  table.at[kRows - 1][0] = &gemm_tile<Ops, kRows, 1, kAdjacentUnits, kPartialB>;
  table.at[kRows - 1][1] = &gemm_tile<Ops, kRows, 2, kAdjacentUnits, kPartialB>;
  if constexpr (kRows == 1) {
    table.at[0][2] = &gemm_tile<Ops, 1, 3, kAdjacentUnits, kPartialB>;
    table.at[0][3] = &gemm_tile<Ops, 1, 4, kAdjacentUnits, kPartialB>;
    table.at[0][4] = &gemm_tile<Ops, 1, 5, kAdjacentUnits, kPartialB>;
    table.at[0][5] = &gemm_tile<Ops, 1, 6, kAdjacentUnits, kPartialB>;
    table.at[0][6] = &gemm_tile<Ops, 1, 7, kAdjacentUnits, kPartialB>;
    table.at[0][7] = &gemm_tile<Ops, 1, 8, kAdjacentUnits, kPartialB>;
  }
  if constexpr (kRows < kMaxRows) {
    gemm_fill_tiles<Ops, kMaxRows, kAdjacentUnits, kPartialB, kRows + 1>(table);
  }
}

template <class Ops, int kMaxRows, bool kAdjacentUnits, bool kPartialB>
constexpr GemmTileTable gemm_tile_table() {
  GemmTileTable table{};
  gemm_fill_tiles<Ops, kMaxRows, kAdjacentUnits, kPartialB>(table);
  return table;
}
