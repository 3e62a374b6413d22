// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "backends/webgpu/emit/code.hpp"
#include "backends/webgpu/emit/writer.hpp"

namespace paragon::webgpu {

/// A function of item numbers 0 .. count - 1 that together do a dispatch's work in any order.
struct Piece {
  std::string function;  ///< called with the number
  uint32_t count = 0;
  uint64_t iterations = 1;  ///< of loops in one item, at most
  runtime::BufferId when = runtime::kNoBuffer;
};

/// Begins the function of an item: declares its `row` and `col`, the first of its columns.
Piece begin_piece(Writer& writer, std::string_view prefix, const Items& items);

/// Writes a dispatch as pieces that must follow each other.
std::vector<Piece> write_dispatch(Writer& writer, const runtime::Dispatch& dispatch);

}  // namespace paragon::webgpu
