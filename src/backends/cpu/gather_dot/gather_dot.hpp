// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "backends/cpu/gemm/gemm.hpp"

namespace paragon::cpu {

/// The three products of an indexed layer: `units` neurons read `taps` rows each of a feature-major
/// tensor. The table index[units, taps] names the rows; -1 is "no source" and contributes nothing.
///   kForward         y[n, b]  = sum over t of w[n, t] * x[index[n, t], b]
///   kWeightGradient  dw[n, t] = sum over b of dy[n, b] * x[index[n, t], b]    (0 where index is
///   -1) kInputGradient   dx[f, b] = sum over (n, t) with index[n, t] = f, by rising n * taps + t,
///                               of w[n, t] * dy[n, b]                         (0 if nobody reads
///                               f)
/// Row-major without gaps: x and dx [features, batch], y and dy [units, batch], w and dw [units,
/// taps].
enum class GatherDotOp : uint8_t { kForward, kWeightGradient, kInputGradient };

struct GatherDotKernels;  // the functions of one type and SIMD target

/// Types, results and `shift` are those of a matrix product (gemm.hpp).
struct GatherDotShape {
  GatherDotOp op = GatherDotOp::kForward;
  GemmType type = GemmType::kFloat32;
  size_t units = 0, taps = 0, features = 0, batch = 0;
  int shift = 0;
};

/// Everything about one product that does not change between calls: made once, used every step. The
/// partition decides which thread computes an element, never the order in which it is summed.
struct GatherDotPlan : GatherDotShape {
  size_t rows = 0, cols = 0;  ///< shape of the result
  size_t reads = 0;           ///< rows of the operand that is read through the table
  const GatherDotKernels* kernels = nullptr;
  int threads = 1;                      ///< threads that get work: <= the number asked for
  size_t scratch_bytes_per_thread = 0;  ///< a multiple of 64

  size_t strip_rows = 0, panel_cols = 0;  ///< shape of the strips handed to the epilogue
  std::vector<size_t> thread_row;  ///< thread i computes rows [thread_row[i], thread_row[i+1])
  /// Result row r sums the entries [begin[r], begin[r + 1]): the operand's row at element `offset`
  /// times weight `position` (empty: 0, 1, 2, ...). The weight gradient has an offset for each
  /// (neuron, tap), and `gaps`, its results that are zero.
  std::vector<uint32_t> begin, offset, position, gaps;
  size_t weight_buffer_bytes = 0;  ///< of the scratch: a strip's weights, gathered
};

/// Plans a product for at most `threads` threads on active_target() (target.hpp). Small products
/// get one thread. Copies what it needs of index[units * taps]. Raises if an index is not in
/// [-1, features), if the table or an operand has 2^32 elements or more, or if an int8 sum could
/// pass int32.
GatherDotPlan plan_gather_dot(const GatherDotShape& shape, const int32_t* index, int threads);

/// Computes the rows of `thread` (0 <= thread < plan.threads); threads share nothing and need no
/// barrier. Operands: forward a = w, b = x; weight gradient a = dy, b = x; input gradient a = w,
/// b = dy, in the plan's type. `scratch` is this thread's own, 64-byte aligned. Without an
/// epilogue the result goes to out[rows, cols]; with one, out may be null and
/// every strip goes to the epilogue. A sum over nothing gives zeros.
void run_gather_dot(const GatherDotPlan& plan, int thread, const void* a, const void* b, void* out,
                    const GemmEpilogue& epilogue, void* scratch);

}  // namespace paragon::cpu
