// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "backends/webgpu/emit/writer.hpp"

namespace paragon::webgpu {

/// How the elements of a matrix are shared out: an item is four neighbours of a row, or one
/// element of a column.
struct Items {
  uint32_t rows, cols, lanes, per_row;

  Items(size_t of_rows, size_t of_cols)
      : rows(static_cast<uint32_t>(of_rows)),
        cols(static_cast<uint32_t>(of_cols)),
        lanes(cols == 1 ? 1 : 4),
        per_row((cols + lanes - 1) / lanes) {}
  uint32_t count() const { return rows * per_row; }
};

/// Writes the function NAME(row, col, acc0 .. acc3) that runs a dispatch's element-wise code over
/// one item and stores its results; without an anchor it has no accumulators. Returns NAME.
std::string write_code(Writer& writer, const runtime::Dispatch& dispatch);

/// Statements of a dispatch of scalars.
void write_scalars(Writer& writer, const runtime::Dispatch& dispatch);

}  // namespace paragon::webgpu
