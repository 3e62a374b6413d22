// SPDX-License-Identifier: Apache-2.0
#include "backends/cpu/tile_ops.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "backends/cpu/simd_targets.hpp"
#include "core/curve.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backends/cpu/tile_ops/real_ops.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {

#include "backends/cpu/tile_ops/loops-inl.h"

#include "backends/cpu/tile_ops/arithmetic-inl.h"
#include "backends/cpu/tile_ops/curves-inl.h"

namespace {

using ir::Op;

template <class T>
TileKernel find_real(Op op, DType operand) {
  constexpr DType kOther = sizeof(T) == 4 ? DType::float64 : DType::float32;
  const bool same = operand == (sizeof(T) == 4 ? DType::float32 : DType::float64);
  switch (op) {
    case Op::add:
      return op_add<T>;
    case Op::sub:
      return op_sub<T>;
    case Op::mul:
      return op_mul<T>;
    case Op::div:
      return op_div<T>;
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
    case Op::exp:
      return op_exp<T>;
    case Op::log:
      return op_log<T>;
    case Op::sqrt:
      return op_sqrt<T>;
    case Op::leaky_relu:
      return op_leaky_relu<T>;
    case Op::curve:
      return op_curve<T>;
    case Op::curve_slope:
      return op_curve_slope<T>;
    case Op::select:
    case Op::when:
      if (operand == DType::int32) return op_select<int32_t, T>;
      return same ? op_select<T, T> : nullptr;
    case Op::cast:
      if (operand == DType::int32) return op_cast<T, int32_t>;
      if (operand == DType::uint8) return op_cast<T, uint8_t>;
      if (operand == kOther) return op_cast<T, std::conditional_t<sizeof(T) == 4, double, float>>;
      return same ? op_cast<T, T> : nullptr;
    default:
      return nullptr;
  }
}

template <class T>
TileKernel find_fused_product(FusedProduct kind) {
  return kind == FusedProduct::kMulAdd   ? op_mul_add<T>
         : kind == FusedProduct::kMulSub ? op_mul_sub<T>
                                         : op_sub_mul<T>;
}

}  // namespace

TileKernel find_real_kernel(Op op, DType type, DType operand) {
  return type == DType::float32 ? find_real<float>(op, operand) : find_real<double>(op, operand);
}

TileKernel find_fused(FusedProduct kind, DType type) {
  return type == DType::float32   ? find_fused_product<float>(kind)
         : type == DType::float64 ? find_fused_product<double>(kind)
                                  : nullptr;
}

}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace paragon::cpu {

HWY_EXPORT(find_real_kernel);
HWY_EXPORT(find_fused);

TileKernel real_kernel(ir::Op op, DType type, DType operand_type) {
  return HWY_DYNAMIC_DISPATCH(find_real_kernel)(op, type, operand_type);
}

TileKernel fused_product_kernel(FusedProduct kind, DType type) {
  return HWY_DYNAMIC_DISPATCH(find_fused)(kind, type);
}

}  // namespace paragon::cpu
#endif  // HWY_ONCE
