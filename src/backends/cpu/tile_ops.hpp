// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "ir/graph.hpp"

namespace paragon::cpu {

/// One element-wise operation over n consecutive elements. Operands are arrays of n elements or, by
/// the bits of `scalars`, single values. The result may be the same memory as an operand.
struct TileArgs {
  void* result = nullptr;
  const void* x[3] = {};
  unsigned scalars = 0;
  size_t n = 0;
  const ir::Attrs* attrs = nullptr;
  // For generators (iota, table, random): the tile starts at (row, column) and has `width` columns.
  size_t row = 0, column = 0, width = 1;
};

using TileKernel = void (*)(const TileArgs& args);

/// The kernel of an operation on the active SIMD target, or null: then ir::evaluate is used,
/// element by element. Equal to ir::evaluate to the bit for integers.
TileKernel real_kernel(ir::Op op, DType type, DType operand_type);
TileKernel integer_kernel(ir::Op op, DType type, DType operand_type);
inline TileKernel tile_kernel(ir::Op op, DType type, DType operand_type) {
  return is_float(type) ? real_kernel(op, type, operand_type)
                        : integer_kernel(op, type, operand_type);
}

/// A floating-point product and the addition or subtraction that alone reads it, as one kernel with
/// both roundings. x[0] x[1] is the product, x[2] the other operand, which must not be a single
/// value.
enum class FusedProduct : uint8_t { kNone, kMulAdd, kMulSub, kSubMul };
TileKernel fused_product_kernel(FusedProduct kind, DType type);

/// Bitwise or of |x[i]|.
int32_t or_magnitudes(const int32_t* x, size_t n);
int64_t or_magnitudes(const int64_t* x, size_t n);

/// Column reductions: result[c] over r of x[r * stride + c], in row order. Floats, int32 and int64
/// give their own type, int8 and int16 give int32. Row reductions: of n elements in a fixed order.
/// `maximum` picks the reduction.
template <class Acc, class T>
void reduce_columns(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, Acc* result);
template <class Acc, class T>
Acc reduce_row(bool maximum, const T* x, size_t n);

}  // namespace paragon::cpu
