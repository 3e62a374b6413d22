// SPDX-License-Identifier: Apache-2.0
// int8 and int16 kernels for AVX-512 VNNI, compiled with its own flags (gather_dot_flags.cmake) and
// called only where the processor has it. Nothing of the standard library's inline code may be
// instantiated here: the linker could keep this copy of it for every processor.

#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"

#if defined(__AVX512VNNI__) && !defined(PARAGON_ONE_TARGET)
#define HWY_COMPILE_ONLY_STATIC
#include "backends/cpu/simd_targets.hpp"

#include <hwy/highway.h>
#endif

#if defined(HWY_TARGET) && HWY_TARGET == HWY_AVX3

#include "backends/cpu/gather_dot/row_dot-inl.h"
#include "backends/cpu/gather_dot/row_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

/// The instruction adds, in every 32-bit lane, four products of an unsigned and a signed byte.
/// x + 128 is unsigned (its top bit flipped); 128 times the sum of the signed bytes is taken off
/// again at the end, exact in wrapping 32-bit arithmetic.
HWY_INLINE __m512i dot4(__m512i acc, __m512i x, __m512i y) {
  return _mm512_dpbusd_epi32(acc, _mm512_xor_si512(x, _mm512_set1_epi8(-128)), y);
}

/// 128 times the four signed bytes of every lane, negated: where a sum of dot4 starts.
HWY_INLINE __m512i subtract_bias(__m512i acc, __m512i y) {
  return _mm512_sub_epi32(acc,
                          _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(-128), y));
}

/// Four entries at a time: their rows are interleaved byte by byte, so that a lane holds one
/// column.
struct VnniSum {
  using Element = int8_t;
  using Sum = int32_t;
  static constexpr size_t kWide = 64, kNarrow = 64;

  template <size_t>
  static HWY_INLINE void block(const RowEntries<int8_t>& row, int32_t* out) {
    __m512i acc[4];
    sum(row, ~__mmask64{0}, acc);
    for (int v = 0; v < 4; ++v) _mm512_storeu_si512(out + 16 * v, acc[v]);
  }

  template <size_t>
  static HWY_INLINE void partial(const RowEntries<int8_t>& row, size_t cols, int32_t* out) {
    const __mmask64 mask = (__mmask64{1} << cols) - 1;
    __m512i acc[4];
    sum(row, mask, acc);
    for (int v = 0; v < 4; ++v) {
      _mm512_mask_storeu_epi32(out + 16 * v, static_cast<__mmask16>(mask >> (16 * v)), acc[v]);
    }
  }

 private:
  static HWY_INLINE void add_entries(const RowEntries<int8_t>& row, const uint32_t* offset,
                                     int32_t weights, __mmask64 mask, __m512i (&acc)[4],
                                     __m512i& bias) {
    const __m512i y = _mm512_set1_epi32(weights);
    const auto load = [&](int i)
                          HWY_ATTR { return _mm512_maskz_loadu_epi8(mask, row.x + offset[i]); };
    const __m512i a = load(0), b = load(1), c = load(2), d = load(3);
    const __m512i ab0 = _mm512_unpacklo_epi8(a, b), ab1 = _mm512_unpackhi_epi8(a, b);
    const __m512i cd0 = _mm512_unpacklo_epi8(c, d), cd1 = _mm512_unpackhi_epi8(c, d);
    acc[0] = dot4(acc[0], _mm512_unpacklo_epi16(ab0, cd0), y);
    acc[1] = dot4(acc[1], _mm512_unpackhi_epi16(ab0, cd0), y);
    acc[2] = dot4(acc[2], _mm512_unpacklo_epi16(ab1, cd1), y);
    acc[3] = dot4(acc[3], _mm512_unpackhi_epi16(ab1, cd1), y);
    bias = subtract_bias(bias, y);
  }

  static HWY_INLINE void sum(const RowEntries<int8_t>& row, __mmask64 mask, __m512i (&out)[4]) {
    __m512i acc[4], bias = _mm512_setzero_si512();
    for (auto& vector : acc) vector = _mm512_setzero_si512();
    size_t j = 0;
    for (; j + 4 <= row.count; j += 4) {
      int32_t weights;
      __builtin_memcpy(&weights, row.weights + j, 4);
      add_entries(row, row.offset + j, weights, mask, acc, bias);
    }
    if (j < row.count) {  // up to three entries left: the others get weight 0
      uint32_t offset[4];
      int8_t bytes[4];
      for (size_t i = 0; i < 4; ++i) {
        const bool real = j + i < row.count;
        offset[i] = row.offset[real ? j + i : j];
        bytes[i] = real ? row.weights[j + i] : int8_t{0};
      }
      int32_t weights;
      __builtin_memcpy(&weights, bytes, 4);
      add_entries(row, offset, weights, mask, acc, bias);
    }
    // acc[v] holds, in its block k, columns 16 k + 4 v and the three after: transpose the blocks.
    const __m512i t0 = _mm512_shuffle_i32x4(acc[0], acc[1], 0x44);
    const __m512i t1 = _mm512_shuffle_i32x4(acc[0], acc[1], 0xee);
    const __m512i t2 = _mm512_shuffle_i32x4(acc[2], acc[3], 0x44);
    const __m512i t3 = _mm512_shuffle_i32x4(acc[2], acc[3], 0xee);
    out[0] = _mm512_add_epi32(_mm512_shuffle_i32x4(t0, t2, 0x88), bias);
    out[1] = _mm512_add_epi32(_mm512_shuffle_i32x4(t0, t2, 0xdd), bias);
    out[2] = _mm512_add_epi32(_mm512_shuffle_i32x4(t1, t3, 0x88), bias);
    out[3] = _mm512_add_epi32(_mm512_shuffle_i32x4(t1, t3, 0xdd), bias);
  }
};

struct VnniDot {
  using Element = int8_t;
  using D = hn::ScalableTag<int32_t>;
  using Dy = __m512i;
  static constexpr size_t kCols = 64, kSums = 1;
  static constexpr bool kWide = false;

  static HWY_INLINE __m512i load_dy(const int8_t* p) { return _mm512_loadu_si512(p); }
  static HWY_INLINE __m512i load_dy(const int8_t* p, size_t n, const int8_t*) {
    return _mm512_maskz_loadu_epi8((__mmask64{1} << n) - 1, p);
  }
  static HWY_INLINE __m512i load_x(const int8_t* p) { return load_dy(p); }
  static HWY_INLINE __m512i load_x(const int8_t* p, size_t n, const int8_t* end) {
    return load_dy(p, n, end);
  }
  static HWY_INLINE hn::Vec<D> start(const int8_t* dy, size_t batch) {
    __m512i bias = _mm512_setzero_si512();
    size_t b = 0;
    for (; b + kCols <= batch; b += kCols) bias = subtract_bias(bias, load_dy(dy + b));
    if (b < batch) bias = subtract_bias(bias, load_dy(dy + b, batch - b, dy + batch));
    return hn::Vec<D>{bias};
  }
  static HWY_INLINE void add(hn::Vec<D>* acc, __m512i dy, __m512i x) {
    acc->raw = dot4(acc->raw, x, dy);
  }
};

/// Two products of int16 added in one instruction.
struct VnniPairs {
  static HWY_INLINE hn::Vec<hn::ScalableTag<int32_t>> add(hn::Vec<hn::ScalableTag<int32_t>> acc,
                                                          hn::Vec<hn::ScalableTag<int16_t>> a,
                                                          hn::Vec<hn::ScalableTag<int16_t>> b) {
    return hn::Vec<hn::ScalableTag<int32_t>>{_mm512_dpwssd_epi32(acc.raw, a.raw, b.raw)};
  }
};

GatherDotVnni table() {
  return {.int8 = {&row_sum<VnniSum>, &row_dot<VnniDot>},
          .int16 = {&row_sum<DigitSum<VnniPairs>>, &row_dot<DigitDot<VnniPairs>>}};
}

}  // namespace
}  // namespace HWY_NAMESPACE

GatherDotVnni vnni_gather_dot_kernels() {
  return HWY_NAMESPACE::table();
}

}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#else

namespace paragon::cpu {
GatherDotVnni vnni_gather_dot_kernels() {
  return {};
}
}  // namespace paragon::cpu

#endif
