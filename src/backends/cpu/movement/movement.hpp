// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace paragon::cpu {

/// out[c, r] = in[r, c] for r < rows and c in [begin, end): the rows of the result that this call
/// (one thread of several) writes. Row r of `in` starts at in + r * in_stride, row c of the result
/// at out + c * out_stride. The two must not overlap.
void transpose(const float* in, size_t rows, size_t in_stride, float* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const int32_t* in, size_t rows, size_t in_stride, int32_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const int8_t* in, size_t rows, size_t in_stride, int8_t* out, size_t out_stride,
               size_t begin, size_t end);
void transpose(const uint8_t* in, size_t rows, size_t in_stride, uint8_t* out, size_t out_stride,
               size_t begin, size_t end);

/// What becomes of an element on its way from the table into a batch. Equal to the bit on all
/// targets.
enum class RowConversion : uint8_t {
  kUint8ToFloat32,  ///< byte / 255.0f, correctly rounded
  kUint8ToInt8,     ///< min((byte + 1) >> 1, 127)
  kFloat32,         ///< a copy
  kInt8,            ///< a copy
};

/// A batch picked from a table [any, features] without gaps: sample i is row index[i] for i <
/// count, and zeros for count <= i < samples.
struct RowGather {
  RowConversion conversion = RowConversion::kFloat32;
  bool feature_major = false;  ///< the result is [features, samples] instead of [samples, features]
  size_t features = 0, samples = 0;
};

/// Computes rows [begin, end) of the result (one thread of several), whose rows lie without gaps at
/// `out`; table and out are of the conversion's types. Every index[i] must be a row of the table.
void gather_rows(const RowGather& gather, const void* table, const uint32_t* index, size_t count,
                 void* out, size_t begin, size_t end);

}  // namespace paragon::cpu
