// SPDX-License-Identifier: Apache-2.0
// Transposition and gathering of rows for one SIMD target, by blocks of 16 bytes x 16 bytes.

#if defined(PARAGON_MOVEMENT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_MOVEMENT_INL_H_
#undef PARAGON_MOVEMENT_INL_H_
#else
#define PARAGON_MOVEMENT_INL_H_
#endif

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "backends/cpu/movement/movement.hpp"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

/// Where sample r of the operand starts: at a fixed distance, or where an index says.
template <class T>
struct StridedRows {
  const T* base;
  size_t stride;
  const T* operator()(size_t r) const { return base + r * stride; }
};
template <class T>
struct IndexedRows {
  const T* base;
  size_t stride;
  const uint32_t* index;
  const T* operator()(size_t r) const { return base + index[r] * stride; }
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

/// byte / 255.0f: the product with the rounded reciprocal and one correction round correctly for
/// every byte (tested exhaustively), and cost less than a division.
HWY_INLINE void convert(const uint8_t* in, size_t n, float* out) {
  const hn::ScalableTag<float> d;
  const hn::Rebind<int32_t, decltype(d)> d32;
  const hn::Rebind<uint8_t, decltype(d)> d8;
  const size_t lanes = hn::Lanes(d);
  const auto reciprocal = hn::Set(d, 1.0F / 255.0F);
  const auto divisor = hn::Set(d, 255.0F);
  const auto step = [&](const uint8_t* from, float* to) HWY_ATTR {
    const auto value = hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, from)));
    const auto quotient = hn::Mul(value, reciprocal);
    const auto rest = hn::NegMulAdd(quotient, divisor, value);
    hn::StoreU(hn::MulAdd(rest, reciprocal, quotient), d, to);
  };
  if (n < lanes) {
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]) / 255.0F;
    return;
  }
  for (size_t i = 0; i + lanes <= n; i += lanes) step(in + i, out + i);
  step(in + n - lanes, out + n - lanes);
}

HWY_INLINE void convert(const uint8_t* in, size_t n, int8_t* out) {
  const hn::ScalableTag<uint8_t> d;
  const size_t lanes = hn::Lanes(d);
  auto* bytes = reinterpret_cast<uint8_t*>(out);
  const auto step = [&](size_t i) HWY_ATTR {
    const auto half = hn::AverageRound(hn::LoadU(d, in + i), hn::Zero(d));
    hn::StoreU(hn::Min(half, hn::Set(d, 127)), d, bytes + i);
  };
  if (n < lanes) {
    for (size_t i = 0; i < n; ++i) out[i] = static_cast<int8_t>(std::min((in[i] + 1) >> 1, 127));
    return;
  }
  for (size_t i = 0; i + lanes <= n; i += lanes) step(i);
  step(n - lanes);
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

inline void convert(const uint8_t* in, size_t n, float* out) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<float>(in[i]) / 255.0F;
}

inline void convert(const uint8_t* in, size_t n, int8_t* out) {
  for (size_t i = 0; i < n; ++i) out[i] = static_cast<int8_t>(std::min((in[i] + 1) >> 1, 127));
}

#endif  // SIMD

/// Copies have one type only; they move as unsigned integers, so that no bit changes.
template <class T>
HWY_INLINE void convert(const T* in, size_t n, T* out) {
  std::memcpy(out, in, n * sizeof(T));
}

/// Rows [begin, end) of the result [samples, features].
template <class In, class Out>
void gather_samples(const RowGather& gather, const IndexedRows<In>& row_of, size_t count, Out* out,
                    size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) {
    Out* to = out + i * gather.features;
    if (i < count) {
      convert(row_of(i), gather.features, to);
    } else {
      std::fill_n(to, gather.features, Out{0});
    }
  }
}

/// Asks for columns [begin, end) of some rows at once: the index picks rows at random from a table
/// larger than the caches, and reading them block by block would wait for every one of them.
template <class T>
void prefetch_rows(const IndexedRows<T>& row_of, size_t rows, size_t begin, size_t end) {
  constexpr size_t kLine = 64 / sizeof(T);
  for (size_t r = 0; r < rows; ++r) {
    const T* row = row_of(r);
    for (size_t c = begin; c < end; c += kLine) hwy::Prefetch(row + c);
  }
}

/// Rows [begin, end) of the result [features, samples]. Conversions go through a tile of transposed
/// bytes: moving bytes is cheaper than moving what they become.
template <class In, class Out>
void gather_features(const RowGather& gather, const IndexedRows<In>& row_of, size_t count, Out* out,
                     size_t begin, size_t end) {
  const size_t stride = gather.samples;
  if constexpr (std::is_same_v<In, Out>) {
    prefetch_rows(row_of, count, begin, end);
    transpose_rows(row_of, count, out + begin * stride, stride, begin, end);
  } else {
    constexpr size_t kFeatures = 64, kSamples = 128;
    alignas(64) In tile[kFeatures * kSamples];
    for (size_t first = 0; first < count; first += kSamples) {
      const size_t samples = std::min(kSamples, count - first);
      const IndexedRows<In> chunk{row_of.base, row_of.stride, row_of.index + first};
      prefetch_rows(chunk, samples, begin, end);
      for (size_t f = begin; f < end; f += kFeatures) {
        const size_t features = std::min(kFeatures, end - f);
        transpose_rows(chunk, samples, tile, kSamples, f, f + features);
        for (size_t i = 0; i < features; ++i) {
          convert(tile + i * kSamples, samples, out + (f + i) * stride + first);
        }
      }
    }
  }
  for (size_t f = begin; f < end && count < stride; ++f) {
    std::fill_n(out + f * stride + count, stride - count, Out{0});
  }
}

template <class In, class Out>
void gather(const RowGather& what, const void* table, const uint32_t* index, size_t count,
            void* out, size_t begin, size_t end) {
  const IndexedRows<In> row_of{static_cast<const In*>(table), what.features, index};
  auto* to = static_cast<Out*>(out);
  const size_t real = std::min(count, what.samples);
  if (what.feature_major) {
    gather_features<In, Out>(what, row_of, real, to, begin, end);
  } else {
    gather_samples<In, Out>(what, row_of, real, to, begin, end);
  }
}

void transpose_bytes(const uint8_t* in, size_t rows, size_t in_stride, uint8_t* out,
                     size_t out_stride, size_t begin, size_t end) {
  transpose_rows(StridedRows<uint8_t>{in, in_stride}, rows, out + begin * out_stride, out_stride,
                 begin, end);
}

void transpose_words(const uint32_t* in, size_t rows, size_t in_stride, uint32_t* out,
                     size_t out_stride, size_t begin, size_t end) {
  transpose_rows(StridedRows<uint32_t>{in, in_stride}, rows, out + begin * out_stride, out_stride,
                 begin, end);
}

void gather_any(const RowGather& what, const void* table, const uint32_t* index, size_t count,
                void* out, size_t begin, size_t end) {
  switch (what.conversion) {
    case RowConversion::kUint8ToFloat32:
      return gather<uint8_t, float>(what, table, index, count, out, begin, end);
    case RowConversion::kUint8ToInt8:
      return gather<uint8_t, int8_t>(what, table, index, count, out, begin, end);
    case RowConversion::kFloat32:
      return gather<uint32_t, uint32_t>(what, table, index, count, out, begin, end);
    case RowConversion::kInt8:
      return gather<uint8_t, uint8_t>(what, table, index, count, out, begin, end);
  }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_MOVEMENT_INL_H_
