// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

enum class GemmType : uint8_t;

/// out[r, c] = sum over the entries of row r of weight * x[offset + c]. Row r has the entries
/// [begin[r], begin[r + 1]); weights and offset start with that of entry begin[0].
struct RowSumTask {
  const void* x;
  size_t x_size;  ///< elements of x
  const void* weights;
  const uint32_t* begin;
  const uint32_t* offset;
  size_t rows, cols;
  void* out;
  size_t out_stride;
  int shift;  ///< of wide integers
};

/// out[r, t] = sum over b of dy[r, b] * x[offset[r * taps + t] + b].
struct RowDotTask {
  const void* dy;  ///< [rows, batch]
  const void* x;
  size_t x_size;  ///< elements of x
  const uint32_t* offset;
  size_t batch, taps, rows;
  void* out;
  size_t out_stride;
  int shift;  ///< of wide integers
};

/// The kernels of one type on one SIMD target.
struct GatherDotKernels {
  void (*row_sum)(const RowSumTask& task);
  void (*row_dot)(const RowDotTask& task);
};

/// The kernels of a type on active_target(). Integers and floating point have units of their own,
/// so that the objects of the former can be shown to hold no floating-point arithmetic.
const GatherDotKernels& gather_dot_integer_kernels(GemmType type);
const GatherDotKernels& gather_dot_real_kernels(GemmType type);

/// Kernels for AVX-512 VNNI; null members if they were not compiled in.
struct GatherDotVnni {
  GatherDotKernels int8, int16;
};
GatherDotVnni vnni_gather_dot_kernels();

}  // namespace paragon::cpu
