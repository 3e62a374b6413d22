// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <paragon/dtype.hpp>

namespace paragon::cpu {

/// Runs of operations by which optimizers turn gradients into new weights, computed in one pass
/// with the roundings of the single operations. By kind, x -> results:
///   kSgd       x0 s0 + x1 s1 -> r0;  x2 - r0 s2 -> r1
///   kAdam      g = x0 s0;  x1 s1 + g s2 -> r0;  x2 s3 + g g s4 -> r1;
///              x3 - r0 / (sqrt(r1) + s5) s6 -> r2
///   kVelocity  clamp(mul_shift(x0, s0, s1, limit0) + mul_shift(x1, s2, 15, limit1)) -> r0, where
///              0 <= s2 < 2^15
///   kRatio     g = mul_shift(x0, s0, s1, limit0);
///              x1 + mul_shift(g - x1, s2, 15, limit1) -> r0, where 0 <= s2 < 2^15;
///              mean_square(x2, g, decay_bits) -> r1;  mul_rsqrt(r0, r1, epsilon) -> r2
///   kWrite     clamp(x1 - mul_shift(x0, s0, s1, limit0)) -> r0
///   kWriteView the same, and requantise(r0, s2, limit1) -> r1, int8 or int16
/// The first two in float32 and float64, the others in int32; clamp to low..high.
enum class UpdateKind : uint8_t { kSgd, kAdam, kVelocity, kRatio, kWrite, kWriteView };

struct UpdateArgs {       // made for every tile, hence not cleared where the kind needs nothing
  const void* x[4];       ///< arrays of rows x n elements
  const void* scalar[7];  ///< single values
  void* result[3];        ///< may be the same memory as an operand
  size_t rows = 1, n = 0;
  size_t x_stride[4] = {}, result_stride[3] = {};  ///< elements between rows
  /// kSgd and kAdam: if not null, every row of x0 is multiplied by its element of this array first,
  /// as a matrix product of one term does.
  const void* row_factors = nullptr;
  int64_t limit[2] = {};
  int64_t low = 0, high = 0;
  int32_t decay_bits = 0, epsilon = 0;  ///< kRatio; epsilon is a square code
};

/// Returns the bitwise or of |r0| for kWriteView, 0 for the others.
using UpdateKernel = int32_t (*)(const UpdateArgs& args);

UpdateKernel real_update_kernel(UpdateKind kind, DType type);
UpdateKernel fixed_update_kernel(UpdateKind kind, DType type);

/// `type` is that of the last result. Null if there is none.
inline UpdateKernel update_kernel(UpdateKind kind, DType type) {
  return is_float(type) ? real_update_kernel(kind, type) : fixed_update_kernel(kind, type);
}

}  // namespace paragon::cpu
