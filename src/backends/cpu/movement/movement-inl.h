// SPDX-License-Identifier: Apache-2.0
// Transposition for one SIMD target, by blocks of 16 bytes x 16 bytes.

#if defined(PARAGON_MOVEMENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_MOVEMENT_INL_H_
#undef PARAGON_MOVEMENT_INL_H_
#else
#define PARAGON_MOVEMENT_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "backends/cpu/gemm/unroll.hpp"
#include "backends/cpu/movement/movement.hpp"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Where row r of the operand starts.
template <class T>
struct StridedRows {
  const T* base;
  size_t stride;
  const T* operator()(size_t r) const { return base + r * stride; }
};

/// out[(c - begin) * out_stride + r] = row_of(r)[c], element by element.
template <class T, class Rows>
void transpose_plain(const Rows& row_of, size_t row_begin, size_t row_end, T* out,
                     size_t out_stride, size_t begin, size_t end) {
  for (size_t r = row_begin; r < row_end; ++r) {
    const T* in = row_of(r);
    for (size_t c = begin; c < end; ++c) out[(c - begin) * out_stride + r] = in[c];
  }
}

#if HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128

/// Transposes the square in v: each pass interleaves rows i and i + half, log2(size) times.
template <class T, size_t kSize>
HWY_INLINE void transpose_block(hn::Vec<hn::FixedTag<T, kSize>> (&v)[kSize]) {
  const hn::FixedTag<T, kSize> d;
  PARAGON_GEMM_UNROLL
  for (size_t pass = 1; pass < kSize; pass *= 2) {
    hn::Vec<hn::FixedTag<T, kSize>> w[kSize];
    PARAGON_GEMM_UNROLL
    for (size_t i = 0; i < kSize / 2; ++i) {
      w[2 * i] = hn::InterleaveLower(d, v[i], v[i + kSize / 2]);
      w[2 * i + 1] = hn::InterleaveUpper(d, v[i], v[i + kSize / 2]);
    }
    PARAGON_GEMM_UNROLL
    for (size_t i = 0; i < kSize; ++i) v[i] = w[i];
  }
}

/// One block: rows [r, r + size) and columns from c on, into out, element (c, r).
template <class T, class Rows>
HWY_INLINE void move_block(const Rows& row_of, size_t r, size_t c, T* out, size_t out_stride) {
  constexpr size_t kSize = 16 / sizeof(T);
  const hn::FixedTag<T, kSize> d;
  hn::Vec<hn::FixedTag<T, kSize>> v[kSize];
  for (size_t i = 0; i < kSize; ++i) v[i] = hn::LoadU(d, row_of(r + i) + c);
  transpose_block<T, kSize>(v);
  for (size_t i = 0; i < kSize; ++i) hn::StoreU(v[i], d, out + i * out_stride);
}

/// As transpose_plain for rows [0, rows), by blocks, the columns of a cache line together. Edges
/// are covered by blocks that overlap their neighbours, and by single elements below one block.
template <class T, class Rows>
void transpose_rows(const Rows& row_of, size_t rows, T* out, size_t out_stride, size_t begin,
                    size_t end) {
  constexpr size_t kSize = 16 / sizeof(T);
  constexpr size_t kGroup = 64 / sizeof(T);
  if (rows < kSize || end - begin < kSize) {
    transpose_plain(row_of, 0, rows, out, out_stride, begin, end);
    return;
  }
  for (size_t group = begin; group < end; group += kGroup) {
    const size_t group_end = std::min(group + kGroup, end);
    for (size_t row = 0; row < rows; row += kSize) {
      const size_t r = std::min(row, rows - kSize);
      for (size_t col = group; col < group_end; col += kSize) {
        const size_t c = std::min(col, end - kSize);
        move_block(row_of, r, c, out + (c - begin) * out_stride + r, out_stride);
      }
    }
  }
}

#else

template <class T, class Rows>
void transpose_rows(const Rows& row_of, size_t rows, T* out, size_t out_stride, size_t begin,
                    size_t end) {
  constexpr size_t kBlock = 16;  // columns: the lines of the result that are open at a time
  for (size_t c = begin; c < end; c += kBlock) {
    transpose_plain(row_of, 0, rows, out + (c - begin) * out_stride, out_stride, c,
                    std::min(c + kBlock, end));
  }
}

#endif  // SIMD

template <class T>
void transpose_any(const void* in, size_t rows, size_t in_stride, void* out, size_t out_stride,
                   size_t begin, size_t end) {
  transpose_rows(StridedRows<T>{static_cast<const T*>(in), in_stride}, rows,
                 static_cast<T*>(out) + begin * out_stride, out_stride, begin, end);
}

// By bytes of an element. HWY_EXPORT wants plain functions.
void transpose_1(const void* in, size_t rows, size_t in_stride, void* out, size_t out_stride,
                 size_t begin, size_t end) {
  transpose_any<uint8_t>(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose_2(const void* in, size_t rows, size_t in_stride, void* out, size_t out_stride,
                 size_t begin, size_t end) {
  transpose_any<uint16_t>(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose_4(const void* in, size_t rows, size_t in_stride, void* out, size_t out_stride,
                 size_t begin, size_t end) {
  transpose_any<uint32_t>(in, rows, in_stride, out, out_stride, begin, end);
}
void transpose_8(const void* in, size_t rows, size_t in_stride, void* out, size_t out_stride,
                 size_t begin, size_t end) {
  transpose_any<uint64_t>(in, rows, in_stride, out, out_stride, begin, end);
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_MOVEMENT_INL_H_
