// SPDX-License-Identifier: Apache-2.0

// The planner of the GEMM: blocking, thread partition and scratch. It knows sizes and costs, no
// types and no SIMD. Costs are in vector multiply-adds, one of which takes about a cycle.
#include <algorithm>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/target.hpp"
#include "core/error.hpp"

namespace paragon::cpu {

namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kStripElements = 4 * 1024;  ///< 16 KB of accumulators: half of a level-1 cache
constexpr size_t kMaxStripColumns = 1024;
constexpr size_t kMinStripColumns = 1024;
constexpr size_t kMaxUnitsPerBlock = 2048;
constexpr size_t kMaxKeptBytes = size_t{8} << 20;  ///< most of B kept packed by a thread
constexpr size_t kMinWorkPerThread = 1536;         ///< half a microsecond
constexpr size_t kDirectBTiles = 16;  ///< B is read in place for at most so many tiles of rows
constexpr size_t kDirectBBytes = size_t{64} << 10;  ///< or if no larger than this
/// Rows whole pages apart fall into the same few sets of the level-1 and level-2 caches: a panel
/// of B does not stay there, so that fewer tiles than the above pay for a copy.
constexpr size_t kPage = 4096, kCollidingBTiles = 2;

size_t divide_up(size_t a, size_t b) {
  return (a + b - 1) / b;
}
size_t round_up(size_t a, size_t b) {
  return divide_up(a, b) * b;
}

const GemmKernels* kernels_of(Target target, GemmType type) {
  const bool real = type == GemmType::kFloat32 || type == GemmType::kFloat64;
  const GemmKernels* found = nullptr;
  switch (target) {
    case Target::kScalar:
      found = real ? gemm_scalar_real_kernels(type) : gemm_scalar_integer_kernels(type);
      break;
    case Target::kAvx2:
      found = real ? gemm_avx2_real_kernels(type) : gemm_avx2_integer_kernels(type);
      break;
    case Target::kAvx512:
      found = real ? gemm_avx512_real_kernels(type) : gemm_avx512_integer_kernels(type);
      break;
    case Target::kAvx512Vnni:
      found = real ? gemm_avx512_real_kernels(type) : gemm_avx512_vnni_integer_kernels(type);
      break;
  }
  if (found == nullptr) raise("[gemm] no kernels for target '{}'", target_name(target));
  return found;
}

/// Bytes that a column takes in a unit of a panel of B.
size_t column_bytes(const GemmPlan& plan) {
  return plan.kernels->unit_bytes * plan.kernels->digits * plan.kernels->planes;
}

/// Whether `rows` rows times `panels` panels are better off with a rearranged copy of B.
bool copies_b(const GemmPlan& plan, size_t rows, size_t panels) {
  if (plan.shape.b_packed) return false;
  if (plan.kernels->adjacent_rows_partial_b == nullptr || plan.shape.b_transposed) return true;
  const size_t tiles = divide_up(rows, plan.mr);
  if (plan.shape.n * plan.kernels->element_bytes % kPage == 0 && tiles > kCollidingBTiles)
    return true;
  return tiles > kDirectBTiles &&
         panels * plan.nr * plan.units * column_bytes(plan) > kDirectBBytes;
}

/// Cost of one thread's part of `rows` rows and `panels` panels of B.
size_t part_cost(const GemmPlan& plan, size_t rows, size_t panels) {
  const size_t lanes = plan.kernels->lanes;
  const size_t vectors =
      std::min(2 * panels, divide_up(plan.shape.n, lanes) * plan.kernels->digits) *
      plan.kernels->planes;
  const size_t b_cost = copies_b(plan, rows, panels) ? 6 : 2;  // read from an outer cache, copied
  const size_t a_cost = divide_up(rows, lanes) * 3;
  return plan.units * (rows * vectors + b_cost * vectors + a_cost);
}

void partition(GemmPlan& plan, int max_threads) {
  const size_t panels = divide_up(plan.shape.n, plan.nr);
  const size_t whole = part_cost(plan, plan.shape.m, panels);
  const size_t useful = std::clamp<size_t>(whole / kMinWorkPerThread, 1,
                                           static_cast<size_t>(std::max(max_threads, 1)));
  size_t best = whole;
  for (size_t over_m = 1; over_m <= std::min(useful, plan.shape.m); ++over_m) {
    const size_t over_n = std::min(useful / over_m, panels);
    const size_t cost = part_cost(plan, divide_up(plan.shape.m, over_m), divide_up(panels, over_n));
    // Of nearly equal ones the most parts of rows: a row that two threads write, or whose weights
    // they update in the epilogue, costs more than any of this.
    if (cost <= best + best / 128) {
      best = std::min(best, cost);
      plan.threads_m = over_m;
      plan.threads_n = over_n;
    }
  }
  plan.threads = static_cast<int>(plan.threads_m * plan.threads_n);
}

/// Rows of A that lie a large power of two apart fall into the same few sets of the level-1 cache.
bool rows_collide(size_t row_bytes) {
  return row_bytes % 2048 == 0;
}

void choose_packing(GemmPlan& plan, size_t rows, size_t panels) {
  const GemmShape& shape = plan.shape;
  const GemmKernels& kernels = *plan.kernels;
  plan.pack_b = copies_b(plan, rows, panels);
  if (shape.a_transposed) {
    // In place, rows are adjacent already; but every k is another line or page.
    plan.pack_a = kernels.k_per_unit != 1 || kernels.element_bytes != kernels.unit_bytes ||
                  kernels.planes != 1 || (plan.units > 256 && panels > 2);
  } else {
    plan.pack_a = kernels.adjacent_units == nullptr || shape.k % kernels.k_per_unit != 0 ||
                  (rows_collide(shape.k * kernels.element_bytes) && rows > 4 && panels > 2);
  }
}

void choose_blocks(GemmPlan& plan, size_t rows, size_t columns) {
  const bool combines = plan.kernels->combine != nullptr;
  const size_t most =
      combines ? std::min(kMaxUnitsPerBlock, plan.kernels->exact_units) : kMaxUnitsPerBlock;
  plan.kc =
      std::max<size_t>(1, divide_up(plan.units, divide_up(std::max<size_t>(plan.units, 1), most)));
  // 64-bit sums are visited once per block only, hence not counted in full.
  const bool wide = combines && plan.units > plan.kc;
  const size_t scale = wide ? 2 : result_bytes(plan.shape.type) / sizeof(float);
  const size_t padded = round_up(columns, plan.nr);
  const size_t few_rows = std::min(rows, 4 * plan.mr);
  plan.nc = std::clamp(kStripElements / few_rows, kMinStripColumns, kMaxStripColumns) / scale;
  plan.nc = round_up(divide_up(padded, divide_up(padded, plan.nc)), plan.nr);
  // A strip of one panel leaves room in the cache for what its epilogue reads.
  const size_t elements = (plan.nc <= plan.nr ? kStripElements / 2 : kStripElements) / scale;
  plan.mc = std::max<size_t>(1, elements / plan.nc);
  if (plan.mc > plan.mr) plan.mc -= plan.mc % plan.mr;
  plan.mc = std::max(std::min(plan.mc, rows), std::min(plan.mr, rows));
}

/// Bytes between rows of a strip of elements of `bytes`.
size_t strip_row(const GemmPlan& plan, size_t bytes) {
  const size_t row = round_up(plan.nc * bytes, kCacheLine);
  // Rows a page apart would share a few cache sets.
  return row % kPage == 0 ? row + kCacheLine : row;
}

void lay_out_scratch(GemmPlan& plan, size_t rows) {
  const GemmKernels& kernels = *plan.kernels;
  plan.strip_row = strip_row(plan, result_bytes(plan.shape.type));
  plan.strip_stride = plan.strip_row / result_bytes(plan.shape.type);
  size_t at = round_up(plan.mc * plan.strip_row, kCacheLine);
  plan.wide_offset = plan.sums_offset = at;
  if (kernels.combine != nullptr) {
    plan.wide_row = strip_row(plan, sizeof(int64_t));
    if (plan.units > plan.kc) at += round_up(plan.mc * plan.wide_row, kCacheLine);
    plan.sums_offset = at;
    const size_t vectors = std::max(std::min(plan.mr, plan.mc) * 2, kMaxTileVectors);  // of a tile
    at += kernels.sums * vectors * kernels.lanes * kernels.unit_bytes;
  }
  const size_t tiled_rows = plan.mc + plan.mr;  // the last tile of a strip may be short
  plan.starts_offset = at;
  if (kernels.panel_start != nullptr) at += round_up(tiled_rows * sizeof(int32_t), kCacheLine);
  plan.a_offset = at;
  if (plan.pack_a) {
    // Each tile's panel is followed by a gap of a vector (run.cpp).
    const size_t tiles = divide_up(plan.mc, plan.mr);
    at += round_up(
        (tiled_rows * plan.kc * kernels.planes + tiles * kernels.lanes) * kernels.unit_bytes,
        kCacheLine);
  }
  plan.b_offset = at;
  if (plan.pack_b) {
    const size_t unit = plan.nc * column_bytes(plan);
    plan.keep_b = rows > plan.mc && plan.units * unit <= kMaxKeptBytes;
    at += (plan.keep_b ? plan.units : plan.kc) * unit;
  }
  plan.scratch_bytes_per_thread = round_up(at, kCacheLine);
}

}  // namespace

void check_shift(int shift) {
  constexpr int kMaxShift = 40;
  if (shift < 0 || shift > kMaxShift)
    raise("[gemm] got a shift of {}, expected 0 to {}", shift, kMaxShift);
}

GemmPlan plan_gemm(const GemmShape& shape, int threads) {
  check_shift(shape.shift);
  GemmPlan plan;
  plan.shape = shape;
  plan.kernels = kernels_of(active_target(), shape.type);
  plan.mr = plan.kernels->max_rows;
  plan.nr = 2 * plan.kernels->lanes / plan.kernels->digits;
  plan.units = divide_up(shape.k, plan.kernels->k_per_unit);
  plan.packed_b_bytes =
      round_up(divide_up(shape.n, plan.nr) * plan.nr * plan.units * column_bytes(plan), kCacheLine);
  if (shape.m == 0 || shape.n == 0) return plan;
  partition(plan, threads);
  const size_t rows = divide_up(shape.m, plan.threads_m);
  const size_t panels = divide_up(divide_up(shape.n, plan.nr), plan.threads_n);
  choose_packing(plan, rows, panels);
  choose_blocks(plan, rows, std::min(shape.n, panels * plan.nr));
  lay_out_scratch(plan, rows);
  return plan;
}

}  // namespace paragon::cpu
