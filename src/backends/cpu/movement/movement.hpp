// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

/// out[c, r] = in[r, c] for r < rows and c in [begin, end): the rows of the result that this call
/// (one thread of several) writes. Row r of `in` starts at in + r * in_stride, row c of the result
/// at out + c * out_stride. The two must not overlap.
void transpose(const int8_t* in, size_t rows, size_t in_stride, int8_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const uint8_t* in, size_t rows, size_t in_stride, uint8_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const int16_t* in, size_t rows, size_t in_stride, int16_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const int32_t* in, size_t rows, size_t in_stride, int32_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const float* in, size_t rows, size_t in_stride, float* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const int64_t* in, size_t rows, size_t in_stride, int64_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const double* in, size_t rows, size_t in_stride, double* out, size_t out_stride,
               size_t begin, size_t end);

}  // namespace paragon::cpu
