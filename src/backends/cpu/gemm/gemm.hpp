// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

/// The one matrix product of the CPU backend: C[m,n] = op(A)[m,k] * op(B)[k,n], by operand type:
///   kFloat32, kFloat64   results of the same type
///   kInt8                int32, exact
///   kInt16, kInt32       int32: the exact 64-bit sum / 2^shift, rounded (fixed::round_shift)
/// int16 operands are within +-32639, int32 ones within +-8355711 (two and three balanced base-256
/// digits).
enum class GemmType : uint8_t { kFloat32, kInt8, kFloat64, kInt16, kInt32 };

/// Bytes of an element of the result.
constexpr size_t result_bytes(GemmType type) {
  return type == GemmType::kFloat64 ? 8 : 4;
}

/// A finished strip of the result, handed to the epilogue by the thread that computed it while it
/// is still in cache: rows [row, row + rows) x columns [col, col + cols).
struct GemmStrip {
  size_t row, rows, col, cols;
  void* acc;  ///< float, double or int32_t, element (r, c) at acc[r * acc_stride + c]; the epilogue
              ///< may overwrite it
  size_t acc_stride;  ///< in elements; a multiple of 64 bytes
  int thread;         ///< index of the calling thread
};

/// What happens to finished strips. The whole K range is summed when it is called, once per strip.
struct GemmEpilogue {
  void (*run)(void* context, const GemmStrip& strip) = nullptr;
  void* context = nullptr;
};

/// Row-major operands. A is [m,k] (lda >= k) or, transposed, stored as [k,m] (lda >= m); B is [k,n]
/// (ldb >= n) or, transposed, stored as [n,k] (ldb >= k). `b_packed` says that B was packed
/// beforehand by pack_b (weights that do not change between calls). `shift` (0 to 40; kInt16 and
/// kInt32 only) is chosen by the caller such that no result passes 2^30; k is at most 2^16 there.
struct GemmShape {
  GemmType type = GemmType::kFloat32;
  size_t m = 0, n = 0, k = 0;
  bool a_transposed = false, b_transposed = false, b_packed = false;
  int shift = 0;
};

struct GemmKernels;  // the table of one SIMD target: packers and micro-kernels

/// Blocking, thread partition and scratch sizes of one product: made once, used every step. The
/// partition decides which thread computes an element, never the order in which it is summed: a
/// floating-point element is one chain of fused multiply-adds over k in ascending order (multiply,
/// then add on the scalar target), the same for every shape, blocking and thread count.
struct GemmPlan {
  GemmShape shape;
  const GemmKernels* kernels = nullptr;
  int threads = 1;  ///< threads that get work: <= the number asked for
  size_t threads_m = 1, threads_n = 1;
  size_t mr = 0, nr = 0;  ///< most rows of a tile; columns of a panel of B
  size_t mc = 0, nc = 0;  ///< most rows and columns of a strip
  size_t kc = 0;          ///< units of k (kernels.hpp) summed between two visits of a strip
  size_t units = 0;       ///< k in units
  bool pack_a = false;    ///< copy A to scratch by strips, otherwise read it where it is
  bool pack_b = false;    ///< copy B to scratch (never with b_packed)
  bool keep_b = false;    ///< the copy of B holds all of k and serves all strips of a column block
  size_t strip_row = 0, strip_stride = 0;  ///< between rows of a strip: bytes, result elements
  size_t wide_row = 0;                     ///< bytes between rows of 64-bit sums
  /// Parts of the scratch, after the strip.
  size_t wide_offset = 0, sums_offset = 0, starts_offset = 0, a_offset = 0, b_offset = 0;
  size_t scratch_bytes_per_thread = 0;  ///< a multiple of 64
  size_t packed_b_bytes = 0;            ///< size of pack_b's result
};

/// Raises if `shift` is not from 0 to 40.
void check_shift(int shift);

/// Plans a product for at most `threads` threads on active_target() (target.hpp). Small products
/// get one thread.
GemmPlan plan_gemm(const GemmShape& shape, int threads);

/// Packs B (laid out as shape.b_transposed says) for plans with b_packed. `packed` is 64-byte
/// aligned and holds packed_b_bytes. The layout depends on the type, n, k and the SIMD target
/// alone, so plans that differ in m, shift or threads can share it.
void pack_b(const GemmPlan& plan, const void* b, size_t ldb, void* packed);

/// Computes the part of `thread` (0 <= thread < plan.threads); threads share nothing and need no
/// barrier. `scratch` is this thread's own, 64-byte aligned. Without an epilogue the result goes to
/// c (float, double or int32_t, ldc >= n); with one, c may be null and every strip goes to the
/// epilogue. k = 0 gives zeros; m = 0 or n = 0 does nothing. Never allocates; never reads past the
/// operands.
void run_gemm(const GemmPlan& plan, int thread, const void* a, size_t lda, const void* b,
              size_t ldb, void* c, size_t ldc, const GemmEpilogue& epilogue, void* scratch);

}  // namespace paragon::cpu
