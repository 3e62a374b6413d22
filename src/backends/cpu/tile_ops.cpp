// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "backends/cpu/simd_targets.hpp"
#include "core/fixed_point.hpp"
#include "core/random.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops-inl.h"

namespace {

using ir::Op;

TileKernel float_kernel(Op op, DType operand) {
  switch (op) {
    case Op::add:
      return op_add<float>;
    case Op::sub:
      return op_sub<float>;
    case Op::mul:
      return op_mul<float>;
    case Op::div:
      return op_div<float>;
    case Op::max:
      return op_max<float>;
    case Op::min:
      return op_min<float>;
    case Op::greater:
      return op_greater<float>;
    case Op::equal:
      return op_equal<float>;
    case Op::neg:
      return op_neg_float;
    case Op::abs:
      return op_abs_float;
    case Op::exp:
      return op_exp;
    case Op::sqrt:
      return op_sqrt;
    case Op::leaky_relu:
      return op_leaky_relu;
    case Op::select:
    case Op::when:
      return operand == DType::int32     ? op_select<int32_t, float>
             : operand == DType::float32 ? op_select<float, float>
                                         : nullptr;
    case Op::cast:
      if (operand == DType::int32) return op_cast<float, int32_t>;
      if (operand == DType::uint8) return op_cast<float, uint8_t>;
      return operand == DType::float32 ? op_cast<float, float> : nullptr;
    default:
      return nullptr;
  }
}

TileKernel int32_kernel(Op op, DType operand) {
  switch (op) {
    case Op::add:
      return op_add<int32_t>;
    case Op::sub:
      return op_sub<int32_t>;
    case Op::mul:
      return op_mul<int32_t>;
    case Op::max:
      return op_max<int32_t>;
    case Op::min:
      return op_min<int32_t>;
    case Op::greater:
      return op_greater<int32_t>;
    case Op::equal:
      return op_equal<int32_t>;
    case Op::neg:
      return op_neg<int32_t>;
    case Op::abs:
      return op_abs<int32_t>;
    case Op::clamp:
      return op_clamp<int32_t>;
    case Op::shift_right:
      return op_shift_right<int32_t>;
    case Op::align:
      return op_align32<int32_t>;
    case Op::mul_shift:
      return op_mul_shift;
    case Op::mul_rsqrt:
      return op_mul_rsqrt;
    case Op::random:
      return op_random;
    case Op::select:
    case Op::when:
      return operand == DType::int32 ? op_select<int32_t, int32_t> : nullptr;
    case Op::cast:
      if (operand == DType::int8) return op_cast<int32_t, int8_t>;
      if (operand == DType::uint8) return op_cast<int32_t, uint8_t>;
      if (operand == DType::int64) return op_cast<int32_t, int64_t>;
      return operand == DType::int32 ? op_cast<int32_t, int32_t> : nullptr;
    default:
      return nullptr;
  }
}

TileKernel int64_kernel(Op op, DType operand) {
  switch (op) {
    case Op::add:
      return op_add<int64_t>;
    case Op::sub:
      return op_sub<int64_t>;
    case Op::mul:
      return op_mul<int64_t>;
    case Op::max:
      return op_max<int64_t>;
    case Op::min:
      return op_min<int64_t>;
    case Op::shift_right:
      return op_shift_right<int64_t>;
    case Op::align:
      return op_align64;
    case Op::cast:
      return operand == DType::int32 ? op_cast<int64_t, int32_t> : nullptr;
    case Op::select:
    case Op::when:
      return operand == DType::int32 ? op_select<int32_t, int64_t> : nullptr;
    default:
      return nullptr;
  }
}

TileKernel int8_kernel(Op op, DType operand) {
  if (operand != DType::int32) return nullptr;  // an accumulator
  if (op == Op::requantise) return op_align32<int8_t>;
  if (op == Op::requantise_sr) return op_requantise_sr;
  return nullptr;
}

}  // namespace

TileKernel find_kernel(Op op, DType type, DType operand) {
  switch (type) {
    case DType::float32:
      return float_kernel(op, operand);
    case DType::int32:
      return int32_kernel(op, operand);
    case DType::int64:
      return int64_kernel(op, operand);
    case DType::int8:
      return int8_kernel(op, operand);
    default:
      return nullptr;
  }
}

TileKernel find_fused(FusedProduct kind) {
  return kind == FusedProduct::kMulAdd   ? op_mul_add
         : kind == FusedProduct::kMulSub ? op_mul_sub
                                         : op_sub_mul;
}

int32_t or_target(const int32_t* x, size_t n) {
  return or_magnitudes_loop(x, n);
}

// One function a pair of types: HWY_EXPORT wants plain functions.
#define PARAGON_REDUCTION(suffix, Acc, T)                                                  \
  void columns_##suffix(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                        Acc* out) {                                                        \
    reduce_columns_loop<Acc, T>(maximum, x, rows, stride, cols, out);                      \
  }                                                                                        \
  Acc row_##suffix(bool maximum, const T* x, size_t n) {                                   \
    return reduce_row_loop<Acc, T>(maximum, x, n);                                         \
  }
PARAGON_REDUCTION(f32, float, float)
PARAGON_REDUCTION(f64, double, double)
PARAGON_REDUCTION(i32, int32_t, int32_t)
PARAGON_REDUCTION(i64, int64_t, int64_t)
PARAGON_REDUCTION(i8, int32_t, int8_t)
PARAGON_REDUCTION(i16, int32_t, int16_t)
#undef PARAGON_REDUCTION

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

HWY_EXPORT(find_kernel);
HWY_EXPORT(find_fused);
HWY_EXPORT(or_target);

TileKernel tile_kernel(ir::Op op, DType type, DType operand_type) {
  return HWY_DYNAMIC_DISPATCH(find_kernel)(op, type, operand_type);
}

TileKernel fused_product_kernel(FusedProduct kind) {
  return HWY_DYNAMIC_DISPATCH(find_fused)(kind);
}

int32_t or_magnitudes(const int32_t* x, size_t n) {
  return HWY_DYNAMIC_DISPATCH(or_target)(x, n);
}

#define PARAGON_REDUCTION(suffix, Acc, T)                                                        \
  HWY_EXPORT(columns_##suffix);                                                                  \
  HWY_EXPORT(row_##suffix);                                                                      \
  template <>                                                                                    \
  void reduce_columns<Acc, T>(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                              Acc* result) {                                                     \
    HWY_DYNAMIC_DISPATCH(columns_##suffix)(maximum, x, rows, stride, cols, result);              \
  }                                                                                              \
  template <>                                                                                    \
  Acc reduce_row<Acc, T>(bool maximum, const T* x, size_t n) {                                   \
    return HWY_DYNAMIC_DISPATCH(row_##suffix)(maximum, x, n);                                    \
  }
PARAGON_REDUCTION(f32, float, float)
PARAGON_REDUCTION(f64, double, double)
PARAGON_REDUCTION(i32, int32_t, int32_t)
PARAGON_REDUCTION(i64, int64_t, int64_t)
PARAGON_REDUCTION(i8, int32_t, int8_t)
PARAGON_REDUCTION(i16, int32_t, int16_t)
#undef PARAGON_REDUCTION

}  // namespace paragon::cpu
#endif  // HWY_ONCE
