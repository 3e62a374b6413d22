// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>

#include <paragon/dtype.hpp>

namespace paragon::webgpu {

/// How sums of products of operands of one type are written. Sums of int16 and int32 operands are
/// exact in 64 bits, then divided by a power of two.
struct Product {
  DType operand;
  bool wide;

  explicit Product(DType type)
      : operand(type), wide(type == DType::int16 || type == DType::int32) {}

  std::string zero() const {
    if (wide) return "i64_from_i32(0)";
    if (operand == DType::float64) return "f64_from_i32(0)";
    return operand == DType::float32 ? "0.0f" : "0i";
  }
  std::string add(const std::string& sum, const std::string& a, const std::string& b) const {
    if (wide) return fmt::format("i64_add({}, i64_mul_i32({}, {}))", sum, a, b);
    if (operand == DType::float64) return fmt::format("f64_add({}, f64_mul({}, {}))", sum, a, b);
    return fmt::format("{} + {} * {}", sum, a, b);
  }
  std::string plus(const std::string& a, const std::string& b) const {
    if (wide) return fmt::format("i64_add({}, {})", a, b);
    if (operand == DType::float64) return fmt::format("f64_add({}, {})", a, b);
    return fmt::format("{} + {}", a, b);
  }
  /// The register that the code gets; `shift` is a u32 expression.
  std::string finish(const std::string& sum, const std::string& shift) const {
    if (!wide) return sum;
    return fmt::format("i64_to_i32(i64_round_shift({}, i32({})))", sum, shift);
  }
};

}  // namespace paragon::webgpu
