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
HWY_INLINE void transpose_block(hn::Vec<hn::FixedTag<uint32_t, 4>> (&v)[4]) {
  const hn::FixedTag<uint32_t, 4> d;
  const auto a = hn::InterleaveLower(d, v[0], v[2]), b = hn::InterleaveUpper(d, v[0], v[2]);
  const auto e = hn::InterleaveLower(d, v[1], v[3]), f = hn::InterleaveUpper(d, v[1], v[3]);
  v[0] = hn::InterleaveLower(d, a, e);
  v[1] = hn::InterleaveUpper(d, a, e);
  v[2] = hn::InterleaveLower(d, b, f);
  v[3] = hn::InterleaveUpper(d, b, f);
}

HWY_INLINE void transpose_block(hn::Vec<hn::FixedTag<uint64_t, 2>> (&v)[2]) {
  const hn::FixedTag<uint64_t, 2> d;
  const auto a = hn::InterleaveLower(d, v[0], v[1]);
  v[1] = hn::InterleaveUpper(d, v[0], v[1]);
  v[0] = a;
}

HWY_INLINE void transpose_block(hn::Vec<hn::FixedTag<uint16_t, 8>> (&v)[8]) {
  const hn::FixedTag<uint16_t, 8> d;
  const auto pass = [&](const auto& from, auto& to) HWY_ATTR {
    for (size_t i = 0; i < 4; ++i) {
      to[2 * i] = hn::InterleaveLower(d, from[i], from[i + 4]);
      to[2 * i + 1] = hn::InterleaveUpper(d, from[i], from[i + 4]);
    }
  };
  hn::Vec<hn::FixedTag<uint16_t, 8>> w[8];
  pass(v, w);
  pass(w, v);
  pass(v, w);
  for (size_t i = 0; i < 8; ++i) v[i] = w[i];
}

HWY_INLINE void transpose_block(hn::Vec<hn::FixedTag<uint8_t, 16>> (&v)[16]) {
  const hn::FixedTag<uint8_t, 16> d;
  const auto pass = [&](const auto& from, auto& to) HWY_ATTR {
    for (size_t i = 0; i < 8; ++i) {
      to[2 * i] = hn::InterleaveLower(d, from[i], from[i + 8]);
      to[2 * i + 1] = hn::InterleaveUpper(d, from[i], from[i + 8]);
    }
  };
  hn::Vec<hn::FixedTag<uint8_t, 16>> w[16];
  pass(v, w);
  pass(w, v);
  pass(v, w);
  pass(w, v);
}

/// One block: rows [r, r + size) and columns from c on, into out, element (c, r).
template <class T, class Rows>
HWY_INLINE void move_block(const Rows& row_of, size_t r, size_t c, T* out, size_t out_stride) {
  constexpr size_t kSize = 16 / sizeof(T);
  const hn::FixedTag<T, kSize> d;
  hn::Vec<hn::FixedTag<T, kSize>> v[kSize];
  for (size_t i = 0; i < kSize; ++i) v[i] = hn::LoadU(d, row_of(r + i) + c);
  transpose_block(v);
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

// One function a width of elements: HWY_EXPORT wants plain functions.
#define PARAGON_TRANSPOSE(bits)                                                                \
  void transpose_##bits(const uint##bits##_t* in, size_t rows, size_t in_stride,               \
                        uint##bits##_t* out, size_t out_stride, size_t begin, size_t end) {    \
    transpose_rows(StridedRows<uint##bits##_t>{in, in_stride}, rows, out + begin * out_stride, \
                   out_stride, begin, end);                                                    \
  }
PARAGON_TRANSPOSE(8)
PARAGON_TRANSPOSE(16)
PARAGON_TRANSPOSE(32)
PARAGON_TRANSPOSE(64)
#undef PARAGON_TRANSPOSE

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_MOVEMENT_INL_H_
