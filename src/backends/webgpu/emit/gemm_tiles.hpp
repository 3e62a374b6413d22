// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "backends/webgpu/emit/products.hpp"
#include "backends/webgpu/emit/writer.hpp"
#include "backends/webgpu/library.hpp"

namespace paragon::webgpu {

/// Extents of a tile: `rows` x `cols` results, `depth` products at a time, and of an invocation's
/// block, all multiples of four. `slices` invocations share out a block's depth.
struct Tiling {
  uint32_t rows, cols, depth, block_rows, block_cols, slices;

  constexpr uint32_t blocks() const { return rows / block_rows * (cols / block_cols); }
  uint64_t tiles(const runtime::Dispatch& dispatch) const {
    return ((dispatch.rows + rows - 1) / rows) * ((dispatch.cols + cols - 1) / cols);
  }
};

/// How a contraction is computed: the types of its numbers and the tiles in workgroup memory.
struct GemmForm {
  GemmForm(const Layout& layout, const runtime::Dispatch& dispatch, const Features& features);

  Product product;
  bool doubles;
  /// Bytes of an operand that packed products multiply, four at once; 0: none do. Operands of 16
  /// and 32 bits are sums of balanced digits (docs/numerics.md, "Formats").
  uint32_t digits;
  bool vectors;  ///< sums are vectors of four columns
  Tiling tiling;
  /// WGSL types: of a number that is multiplied, four of them, and four words of a tile.
  std::string element, quad, tile_quad;

  /// Lines of a tile: a product each, or four of packed bytes. Those of each digit follow the last.
  uint32_t lines() const { return digits > 0 ? tiling.depth / 4 : tiling.depth; }
  uint32_t all_lines() const { return digits > 1 ? lines() * digits : lines(); }
  /// Sums of products of digits whose numbers add up to the same; of a product without digits one.
  uint32_t groups() const { return digits > 1 ? 2 * digits - 1 : 1; }

  std::string zero() const { return doubles ? "f64_from_i32(0)" : element + "(0)"; }
  std::string lane(const std::string& of, uint32_t i) const {
    return doubles ? fmt::format("{}[{}]", of, i) : fmt::format("{}.{}", of, "xyzw"[i]);
  }
  /// Where quad `place` of line k of an operand's tile lies: turned by k, so that neighbours in k
  /// come from different banks.
  std::string tile_at(const std::string& tile, size_t operand, const std::string& k,
                      const std::string& place) const {
    const uint32_t width = operand == 0 ? tiling.rows : tiling.cols;
    const uint32_t first = operand == 0 ? 0 : all_lines() * tiling.rows / 4;
    return fmt::format("{}[{}u + ({}) * {}u + (({}) ^ ((({}) >> 2u) & {}u))]", tile, first, k,
                       width / 4, place, k, width / 4 - 1);
  }
};

/// Functions of a kernel that read a quad of an operand's tile from memory, and put it in workgroup
/// memory.
struct TileLoader {
  std::string fetch, put, type;
  uint32_t all;            ///< quads of a tile, or words of packed bytes that lie alone
  char quad;               ///< name of an invocation's quads on their way
  std::string_view first;  ///< the tile's first row or column
  uint32_t quads() const { return (all + kThreads - 1) / kThreads; }
};

/// Writes the functions of an operand. `limit` and `depth` are u32 expressions: rows or columns of
/// the result, and products of each. `row_is_k` says whether memory's rows hold one k each, or one
/// row or column of the result.
TileLoader write_tile_loader(Writer& writer, const GemmForm& form,
                             const runtime::Dispatch& dispatch, size_t operand,
                             const std::string& tile, const std::string& limit,
                             const std::string& depth, bool row_is_k);

}  // namespace paragon::webgpu
