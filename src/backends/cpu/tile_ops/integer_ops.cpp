// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "backends/cpu/simd_targets.hpp"
#include "core/fixed_curve_formulas.hpp"
#include "core/fixed_point.hpp"
#include "core/mean_square.hpp"
#include "core/random.hpp"

#define PARAGON_INTEGER_LOOPS  // see loops-inl.h
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/integer_ops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/arithmetic-inl.h"
#include "backends/cpu/tile_ops/fixed_point-inl.h"

namespace {

using ir::Op;

// What both widths of registers have.
template <class T>
TileKernel find_common(Op op, DType operand) {
  const bool same = operand == (sizeof(T) == 4 ? DType::int32 : DType::int64);
  switch (op) {
    case Op::add:
      return op_add<T>;
    case Op::sub:
      return op_sub<T>;
    case Op::mul:
      return op_mul<T>;
    case Op::max:
      return op_max<T>;
    case Op::min:
      return op_min<T>;
    case Op::greater:
      return op_greater<T>;
    case Op::equal:
      return op_equal<T>;
    case Op::neg:
      return op_neg<T>;
    case Op::abs:
      return op_abs<T>;
    case Op::clamp:
      return op_clamp<T>;
    case Op::shift_right:
      return op_shift_right<T>;
    case Op::align:
      return op_align<T, T>;
    case Op::div_round:
      return op_div_round<T>;
    case Op::select:
    case Op::when:
      if (operand == DType::int32) return op_select<int32_t, T>;
      return same ? op_select<T, T> : nullptr;
    case Op::cast:
      if (operand == DType::int8) return op_cast<T, int8_t>;
      if (operand == DType::int16) return op_cast<T, int16_t>;
      if (operand == DType::uint8) return op_cast<T, uint8_t>;
      if (operand == DType::int32) return op_cast<T, int32_t>;
      return operand == DType::int64 ? op_cast<T, int64_t> : nullptr;
    default:
      return nullptr;
  }
}

TileKernel find_int32(Op op) {
  switch (op) {
    case Op::mul_shift:
      return op_mul_shift;
    case Op::mean_square:
      return op_mean_square;
    case Op::mul_rsqrt:
      return op_mul_rsqrt;
    case Op::curve_fixed:
      return op_curve_fixed;
    case Op::curve_slope_fixed:
      return op_curve_slope_fixed;
    case Op::random:
      return op_random;
    case Op::permute:
      return op_permute;
    case Op::iota:
      return op_iota;
    case Op::table:
      return op_table;
    default:
      return nullptr;
  }
}

// int32 results of either width.
template <class T>
TileKernel find_narrowing(Op op) {
  switch (op) {
    case Op::bit_length:
      return op_bit_length<T>;
    case Op::log2_q16:
      return op_log2_q16<T>;
    case Op::exp2_negative:
      return sizeof(T) == 4 ? op_exp2_negative : nullptr;
    default:
      return nullptr;
  }
}

// What products read, made of wider values.
template <class R>
TileKernel find_operand(Op op, DType operand) {
  const bool wide = operand == DType::int64;
  if (operand == DType::uint8) return op == Op::requantise ? op_align_bytes<R> : nullptr;
  if (operand != DType::int32 && !wide) return nullptr;
  if (op == Op::requantise) return wide ? op_align<R, int64_t> : op_align<R, int32_t>;
  if (op == Op::requantise_sr) return wide ? nullptr : op_requantise_sr<R>;
  if (op == Op::cast) return wide ? op_cast<R, int64_t> : op_cast<R, int32_t>;
  return nullptr;
}

}  // namespace

TileKernel find_integer_kernel(Op op, DType type, DType operand) {
  switch (type) {
    case DType::int8:
      return find_operand<int8_t>(op, operand);
    case DType::int16:
      return find_operand<int16_t>(op, operand);
    case DType::int32: {
      TileKernel kernel = operand == DType::int32   ? find_narrowing<int32_t>(op)
                          : operand == DType::int64 ? find_narrowing<int64_t>(op)
                                                    : nullptr;
      if (kernel == nullptr) kernel = find_int32(op);
      if (kernel == nullptr) kernel = find_operand<int32_t>(op, operand);
      return kernel != nullptr ? kernel : find_common<int32_t>(op, operand);
    }
    case DType::int64:
      return find_common<int64_t>(op, operand);
    default:
      return nullptr;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

HWY_EXPORT(find_integer_kernel);

TileKernel integer_kernel(ir::Op op, DType type, DType operand_type) {
  return HWY_DYNAMIC_DISPATCH(find_integer_kernel)(op, type, operand_type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
