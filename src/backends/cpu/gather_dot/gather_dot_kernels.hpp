// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

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

/// One SIMD target, indexed by GemmType.
struct GatherDotKernels {
  static constexpr size_t kTypes = 5;
  void (*row_sum[kTypes])(const RowSumTask& task);
  void (*row_dot[kTypes])(const RowDotTask& task);
};

/// The kernels of active_target().
const GatherDotKernels& active_gather_dot_kernels();

/// Kernels for AVX-512 VNNI; null members if they were not compiled in.
struct GatherDotVnni {
  void (*row_sum_int8)(const RowSumTask& task);
  void (*row_dot_int8)(const RowDotTask& task);
  void (*row_sum_int16)(const RowSumTask& task);
  void (*row_dot_int16)(const RowDotTask& task);
};
GatherDotVnni vnni_gather_dot_kernels();

}  // namespace paragon::cpu
