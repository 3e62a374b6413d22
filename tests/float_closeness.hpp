// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "graph_runner.hpp"

namespace paragon::testing {

/// The least normal number.
inline double least_normal(DType type) {
  return type == DType::float32 ? 0x1p-126 : 0x1p-1022;
}
/// The distance of 1 and the next number.
inline double unit_of(DType type) {
  return type == DType::float32 ? 0x1p-23 : 0x1p-52;
}

/// Does the device `webgpu` make use of what WGSL allows of float32 (WGSL, 15.7.4, "Floating Point
/// Accuracy")? Numbers below the normal ones may count as 0, quotients and roots be off by some
/// units in the last place. All that is known do, but Mesa's driver in software.
inline bool webgpu_is_less_than_ieee() {
  static const bool less =
      webgpu_is_there() && webgpu_device_name().find("llvmpipe") == std::string::npos;
  return less;
}

/// How many units in the last place WGSL lets a float32 operation be off.
inline double units_of_wgsl(ir::Op op) {
  constexpr double kDivision = 2.5, kInverseRoot = 2;
  if (op == ir::Op::div) return kDivision;
  return op == ir::Op::sqrt ? kDivision + kInverseRoot : 0;
}

/// An operand of which WGSL defines what a device does with it: no float32 below the normal
/// numbers, and no denominator beyond 2^126, whose inverse is one.
inline double defined_operand(ir::Op op, size_t operand, DType type, double value) {
  if (type != DType::float32) return value;
  if (op == ir::Op::div && operand == 1 &&
      !(std::abs(value) >= 0x1p-126 && std::abs(value) <= 0x1p126))
    return 1;
  return std::abs(value) < least_normal(type) ? std::copysign(0, value) : value;
}
inline Tensor defined_operand(ir::Op op, size_t operand, const Tensor& tensor) {
  Tensor result = tensor;
  if (is_float(tensor.type()))
    for (size_t i = 0; i < tensor.elements(); ++i)
      set_element(result, i, defined_operand(op, operand, tensor.type(), element(tensor, i)));
  return result;
}

/// How far two floating-point results of the same formula may be apart: the C library and the
/// kernels have about one unit in the last place each. Results below the normal numbers may be 0.
inline double tolerance(ir::Op op, DType type, double expected, bool less) {
  const bool single = type == DType::float32;
  const double least = least_normal(type);
  const double unit = std::max(std::abs(expected), least) * unit_of(type);
  switch (op) {
    case ir::Op::exp:
    case ir::Op::log:
      return std::max(3 * unit, op == ir::Op::exp ? least : 0);
    case ir::Op::curve:
    case ir::Op::curve_slope:
      return single ? std::max(8 * unit, 1e-6) : std::max(45 * unit, 1e-15);
    default:
      // Integers and correctly rounded operations are equal to the bit.
      return less && single ? units_of_wgsl(op) * unit : 0;
  }
}

/// Is `got` the result of an operation, as near to `expected` as it must be?
inline ::testing::AssertionResult close(ir::Op op, const Tensor& got, const Tensor& expected,
                                        bool less_than_ieee = false) {
  const DType type = expected.type();
  for (size_t i = 0; i < expected.elements(); ++i) {
    const double a = element(got, i), b = element(expected, i);
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (is_float(type) && a == 0 && std::abs(b) < least_normal(type)) continue;
    if (is_float(type) && std::abs(a - b) <= tolerance(op, type, b, less_than_ieee)) continue;
    return ::testing::AssertionFailure() << "element " << i << " is " << a << ", expected " << b;
  }
  if (!is_float(type) && !same_bytes(got, expected))
    return ::testing::AssertionFailure() << "differs beyond 53 bits";
  return ::testing::AssertionSuccess();
}

}  // namespace paragon::testing
