// SPDX-License-Identifier: Apache-2.0

// The loops around the micro-kernels, one copy for every type and target:
//   column blocks > strips of rows > blocks of k > panels of B > tiles of rows
// A strip's accumulators stay in scratch (or in C) until all of k is summed; then the epilogue
// runs. The sums of wide integers are put together tile by tile, while they are in the cache, and
// if there are several blocks of k in a strip of 64-bit sums.
#include <algorithm>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"

namespace paragon::cpu {

namespace {

struct Range {
  size_t begin, end;
};

// Divisions would be half of the cost of a tiny product, hence the short cuts.

/// Part `index` of `parts` nearly equal parts of [0, total).
Range part_of(size_t total, size_t parts, size_t index) {
  if (parts == 1) return {0, total};
  return {total * index / parts, total * (index + 1) / parts};
}

size_t divide_up(size_t a, size_t b) {
  return a <= b ? 1 : (a + b - 1) / b;
}

/// An operand as the caller stores it.
struct Operand {
  const std::byte* data;
  size_t stride;  ///< in bytes
};

/// The part of B that the tiles of a strip read: columns of the column block, units of a k block.
struct BlockOfB {
  const std::byte* data;
  size_t unit, panel;  ///< strides in bytes
  bool in_place;       ///< no padding to whole vectors: the last one is masked
};

class ThreadRun {
 public:
  ThreadRun(const GemmPlan& plan, Operand a, Operand b, std::byte* scratch)
      : plan_(plan),
        kernels_(*plan.kernels),
        a_(a),
        b_(b),
        scratch_(scratch),
        unit_bytes_(plan.kernels->unit_bytes),
        column_bytes_(unit_bytes_ * plan.kernels->digits),
        panel_plane_(plan.nr * column_bytes_),
        panel_unit_(panel_plane_ * plan.kernels->planes),
        panel_bits_(plan.kernels->lane_bits + 2 - plan.kernels->digits) {}

  /// Sums rows [row, row + rows) x columns [col, col + cols) over all of k into `out`, which may be
  /// the scratch itself.
  void strip(size_t row, size_t rows, size_t col, size_t cols, bool first_strip, std::byte* out,
             size_t out_row);

 private:
  void pack(GemmPackFunction k_contiguous, GemmPackFunction line_contiguous, bool transposed,
            const Operand& operand, size_t line, GemmPack pack, size_t unit);
  void set_a(GemmTile& tile, size_t row, size_t rows, size_t tile_rows, size_t unit, size_t units);
  BlockOfB block_of_b(size_t col, size_t cols, size_t unit, size_t units, bool first_strip);
  void tiles(GemmTile tile, const BlockOfB& b, size_t rows, size_t tile_rows, size_t cols,
             bool whole_vectors);
  void wide_tiles(const GemmTile& tile, const BlockOfB& b, size_t tile_rows, GemmCombine task);
  size_t k_of(size_t unit, size_t units) const {
    return std::min(units * kernels_.k_per_unit, plan_.shape.k - unit * kernels_.k_per_unit);
  }

  const GemmPlan& plan_;
  const GemmKernels& kernels_;
  Operand a_, b_;
  std::byte* scratch_;
  size_t unit_bytes_;
  size_t column_bytes_;  ///< of a column, among the sums or in a unit of B
  size_t panel_plane_;   ///< bytes of one plane of a unit of a panel of B
  size_t panel_unit_;    ///< bytes of one unit of a panel of B
  size_t panel_bits_;    ///< log2 of a panel's columns
  size_t a_panel_ = 0;   ///< bytes between tiles of A
};

/// Packs lines [line, line + pack.lines) of an operand, from unit `unit` of k on.
void ThreadRun::pack(GemmPackFunction k_contiguous, GemmPackFunction line_contiguous,
                     bool transposed, const Operand& operand, size_t line, GemmPack pack,
                     size_t unit) {
  const size_t k = unit * kernels_.k_per_unit;
  pack.stride = operand.stride;
  if (transposed) {  // k runs over rows, lines are adjacent
    pack.source = operand.data + k * operand.stride + line * kernels_.element_bytes;
    line_contiguous(pack);
  } else {
    pack.source = operand.data + line * operand.stride + k * kernels_.element_bytes;
    k_contiguous(pack);
  }
}

void ThreadRun::set_a(GemmTile& tile, size_t row, size_t rows, size_t tile_rows, size_t unit,
                      size_t units) {
  const size_t k = unit * kernels_.k_per_unit;
  auto* starts = reinterpret_cast<int32_t*>(scratch_ + plan_.starts_offset);
  tile.row_start = starts;
  if (plan_.pack_a) {
    std::byte* packed = scratch_ + plan_.a_offset;
    // The packers store whole vectors: a panel's last one spills into a gap.
    a_panel_ = (tile_rows * units * kernels_.planes + kernels_.lanes) * unit_bytes_;
    pack(kernels_.pack_a_k_contiguous, kernels_.pack_a_line_contiguous, plan_.shape.a_transposed,
         a_, row,
         {.source = nullptr,
          .stride = 0,
          .lines = rows,
          .k = k_of(unit, units),
          .readable = plan_.shape.m - row,
          .width = tile_rows,
          .out = packed,
          .out_panel = a_panel_},
         unit);
    if (kernels_.panel_start != nullptr) {
      for (size_t r = 0; r < rows; r += tile_rows, packed += a_panel_) {
        kernels_.panel_start(packed + kernels_.start_plane * tile_rows * unit_bytes_,
                             tile_rows * unit_bytes_ * kernels_.planes, tile_rows, units,
                             starts + r);
      }
    }
    tile.a = scratch_ + plan_.a_offset;
    tile.a_row = unit_bytes_;
    tile.a_unit = tile_rows * unit_bytes_ * kernels_.planes;
  } else if (plan_.shape.a_transposed) {
    tile.a = a_.data + k * a_.stride + row * unit_bytes_;
    tile.a_row = unit_bytes_;
    tile.a_unit = a_.stride;
    a_panel_ = tile_rows * unit_bytes_;
  } else {
    tile.a = a_.data + row * a_.stride + k * kernels_.element_bytes;
    tile.a_row = a_.stride;
    tile.a_unit = unit_bytes_;
    a_panel_ = tile_rows * a_.stride;
    if (kernels_.row_start != nullptr) {
      kernels_.row_start(tile.a, a_.stride, rows, k_of(unit, units), starts);
    }
  }
}

BlockOfB ThreadRun::block_of_b(size_t col, size_t cols, size_t unit, size_t units,
                               bool first_strip) {
  const size_t whole_panel = plan_.units * panel_unit_;
  if (plan_.shape.b_packed) {
    return {b_.data + (col >> panel_bits_) * whole_panel + unit * panel_unit_, panel_unit_,
            whole_panel, false};
  }
  if (!plan_.pack_b) {
    return {b_.data + unit * b_.stride + col * unit_bytes_, b_.stride, panel_unit_, true};
  }
  const size_t panel = plan_.keep_b ? whole_panel : units * panel_unit_;
  std::byte* packed = scratch_ + plan_.b_offset + (plan_.keep_b ? unit * panel_unit_ : 0);
  if (first_strip || !plan_.keep_b) {
    pack(kernels_.pack_b_k_contiguous, kernels_.pack_b_line_contiguous, !plan_.shape.b_transposed,
         b_, col,
         {.source = nullptr,
          .stride = 0,
          .lines = cols,
          .k = k_of(unit, units),
          .readable = plan_.shape.n - col,
          .width = plan_.nr,
          .out = packed,
          .out_panel = panel},
         unit);
  }
  return {packed, panel_unit_, panel, false};
}

void ThreadRun::tiles(GemmTile tile, const BlockOfB& b, size_t rows, size_t tile_rows, size_t cols,
                      bool whole_vectors) {
  const bool adjacent_units = !plan_.pack_a && !plan_.shape.a_transposed;
  const GemmTileTable* whole = adjacent_units ? kernels_.adjacent_units : kernels_.adjacent_rows;
  const GemmTileTable* partial =
      adjacent_units ? kernels_.adjacent_units_partial_b : kernels_.adjacent_rows_partial_b;
  // One row alone needs many vectors side by side to hide the latency of the multiply-adds.
  const size_t width = rows == 1 ? kMaxTileVectors / kernels_.digits * kernels_.lanes : plan_.nr;
  const GemmTile start = tile;
  tile.b_unit = b.unit;
  tile.b_panel = b.panel;
  for (size_t j = 0; j < cols; j += width) {
    const size_t tile_cols = std::min(width, cols - j);
    const size_t column_vectors = (tile_cols + kernels_.lanes - 1) >> kernels_.lane_bits;
    const size_t vectors = column_vectors * kernels_.digits;
    const bool masked = b.in_place && tile_cols != vectors << kernels_.lane_bits;
    const GemmTileTable& table = masked ? *partial : *whole;
    tile.cols = whole_vectors && !masked ? vectors << kernels_.lane_bits : tile_cols;
    tile.b = b.data + (j >> panel_bits_) * b.panel;
    tile.a = start.a;
    tile.row_start = start.row_start;
    tile.out = start.out + j * column_bytes_;
    for (size_t r = 0; r < rows; r += tile_rows) {
      table.at[std::min(tile_rows, rows - r) - 1][vectors - 1](tile);
      tile.a += a_panel_;
      tile.row_start += tile_rows;
      tile.out += tile_rows * tile.out_row;
    }
  }
}

/// The tiles of task.rows x task.cols: all sums of one, then what they give together.
void ThreadRun::wide_tiles(const GemmTile& start, const BlockOfB& b, size_t tile_rows,
                           GemmCombine task) {
  const bool adjacent_units = !plan_.pack_a && !plan_.shape.a_transposed;
  const size_t rows = task.rows, cols = task.cols;
  const size_t width = rows == 1 ? kMaxTileVectors / kernels_.digits * kernels_.lanes : plan_.nr;
  std::byte* sums = scratch_ + plan_.sums_offset;
  task.sums = sums;
  task.sums_row = width * column_bytes_;
  task.sums_plane = tile_rows * task.sums_row;
  GemmTile tile = start;
  tile.out_row = task.sums_row;
  tile.b_unit = b.unit;
  tile.b_panel = b.panel;
  tile.a_step = tile_rows * unit_bytes_;
  tile.b_step = panel_plane_;
  for (size_t j = 0; j < cols; j += width) {
    task.cols = std::min(width, cols - j);
    const size_t vectors =
        ((task.cols + kernels_.lanes - 1) >> kernels_.lane_bits) * kernels_.digits;
    tile.cols = vectors << kernels_.lane_bits;
    const std::byte* panel_a = start.a;
    const std::byte* panel_b = b.data + (j >> panel_bits_) * b.panel;
    for (size_t r = 0; r < rows; r += tile_rows, panel_a += a_panel_) {
      task.rows = std::min(tile_rows, rows - r);
      tile.row_start = start.row_start + r;
      for (size_t i = 0; i < kernels_.sums; ++i) {
        const GemmSum& sum = kernels_.sum[i];
        const GemmTileTable& table = adjacent_units ? *kernels_.adjacent_units : *sum.tiles;
        tile.a = panel_a + sum.plane * tile.a_step;
        tile.b = panel_b + sum.plane * panel_plane_;
        tile.out = sums + i * task.sums_plane;
        table.at[task.rows - 1][vectors - 1](tile);
      }
      GemmCombine part = task;
      part.wide += r * plan_.wide_row + j * sizeof(int64_t);
      part.out += r * task.out_row + j * sizeof(int32_t);
      kernels_.combine(part);
    }
  }
}

void ThreadRun::strip(size_t row, size_t rows, size_t col, size_t cols, bool first_strip,
                      std::byte* out, size_t out_row) {
  // Tiles of equal height: 64 rows are 13 + 13 + 13 + 13 + 12, not 4 x 14 + 8.
  const size_t tile_rows = divide_up(rows, divide_up(rows, plan_.mr));
  size_t unit = 0;
  do {
    const size_t units = std::min(plan_.kc, plan_.units - unit);
    GemmTile tile{};
    tile.units = units;
    set_a(tile, row, rows, tile_rows, unit, units);
    const BlockOfB b = block_of_b(col, cols, unit, units, first_strip);
    if (kernels_.combine != nullptr) {
      wide_tiles(tile, b, tile_rows,
                 {.sums = nullptr,
                  .sums_row = 0,
                  .sums_plane = 0,
                  .wide = scratch_ + plan_.wide_offset,
                  .wide_row = plan_.wide_row,
                  .rows = rows,
                  .cols = cols,
                  .first = unit == 0,
                  .last = unit + units == plan_.units,
                  .shift = plan_.shape.shift,
                  .out = out,
                  .out_row = out_row});
    } else {
      tile.out = out;
      tile.out_row = out_row;
      tile.accumulate = unit != 0;
      tiles(tile, b, rows, tile_rows, cols, out == scratch_);
    }
    unit += units;
  } while (unit < plan_.units);
}

}  // namespace

void pack_b(const GemmPlan& plan, const void* b, size_t ldb, void* packed) {
  const GemmKernels& kernels = *plan.kernels;
  const GemmPack pack = {
      .source = static_cast<const std::byte*>(b),
      .stride = ldb * kernels.element_bytes,
      .lines = plan.shape.n,
      .k = plan.shape.k,
      .readable = plan.shape.n,
      .width = plan.nr,
      .out = static_cast<std::byte*>(packed),
      .out_panel = plan.units * plan.nr * kernels.unit_bytes * kernels.digits * kernels.planes};
  if (plan.shape.b_transposed) {
    kernels.pack_b_k_contiguous(pack);
  } else {
    kernels.pack_b_line_contiguous(pack);
  }
}

void run_gemm(const GemmPlan& plan, int thread, const void* a, size_t lda, const void* b,
              size_t ldb, void* c, size_t ldc, const GemmEpilogue& epilogue, void* scratch) {
  const GemmShape& shape = plan.shape;
  if (shape.m == 0 || shape.n == 0) return;
  const size_t bytes = plan.kernels->element_bytes;
  const auto index = static_cast<size_t>(thread);
  Range rows = {0, shape.m}, cols = {0, shape.n};
  if (plan.threads > 1) {
    rows = part_of(shape.m, plan.threads_m, index / plan.threads_n);
    const Range panels =
        part_of(divide_up(shape.n, plan.nr), plan.threads_n, index % plan.threads_n);
    cols = {panels.begin * plan.nr, std::min(shape.n, panels.end * plan.nr)};
  }
  const size_t strips = divide_up(rows.end - rows.begin, plan.mc);
  const size_t element = result_bytes(shape.type);

  ThreadRun run(plan, {static_cast<const std::byte*>(a), lda * bytes},
                {static_cast<const std::byte*>(b), ldb * bytes}, static_cast<std::byte*>(scratch));
  for (size_t col = cols.begin; col < cols.end; col += plan.nc) {
    const size_t width = std::min(plan.nc, cols.end - col);
    for (size_t i = 0; i < strips; ++i) {
      const Range part = part_of(rows.end - rows.begin, strips, i);
      const size_t row = rows.begin + part.begin;
      const size_t height = part.end - part.begin;
      if (epilogue.run == nullptr) {
        auto* out = static_cast<std::byte*>(c) + (row * ldc + col) * element;
        run.strip(row, height, col, width, i == 0, out, ldc * element);
      } else {
        run.strip(row, height, col, width, i == 0, static_cast<std::byte*>(scratch),
                  plan.strip_row);
        epilogue.run(epilogue.context, {.row = row,
                                        .rows = height,
                                        .col = col,
                                        .cols = width,
                                        .acc = scratch,
                                        .acc_stride = plan.strip_stride,
                                        .thread = thread});
      }
    }
  }
}

}  // namespace paragon::cpu
