// SPDX-License-Identifier: Apache-2.0

// The int8 and int16 micro-kernels on AVX-512 VNNI. This unit alone is compiled with VNNI enabled
// (gemm_flags.cmake) and is only called where cpuid reports it, so nothing in it may be shared with
// other units: everything but the table has internal linkage.
//
// vpdpbusd multiplies unsigned by signed bytes and adds four products to each int32 without
// saturation. B is packed with 128 added to each byte; the sum then is too large by 128 times the
// sum of the row of A, which the start value of the row takes back. vpdpwssd adds two products of
// int16 modulo 2^32.
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"

#if defined(__AVX512VNNI__) && defined(__AVX512BW__)

#include <immintrin.h>

namespace paragon::cpu {

namespace {

inline __mmask16 first_lanes(size_t count) {
  return static_cast<__mmask16>((1u << count) - 1u);
}

struct VectorOps {
  using Acc = __m512i;
  using A = __m512i;
  using B = __m512i;
  static constexpr size_t kLanes = 16, kUnitBytes = 4;
  static constexpr int kSteps = 1;

  static Acc resume(Acc fresh, Acc stored) { return _mm512_add_epi32(fresh, stored); }
  static A load_a(const std::byte* from) {
    int32_t unit;
    __builtin_memcpy(&unit, from, sizeof unit);
    return _mm512_set1_epi32(unit);
  }
  static B load_b(const std::byte* from) { return _mm512_loadu_si512(from); }
  static Acc load(const std::byte* from) { return _mm512_loadu_si512(from); }
  static Acc load_partial(const std::byte* from, size_t count) {
    return _mm512_maskz_loadu_epi32(first_lanes(count), from);
  }
  static void store(Acc acc, std::byte* to) { _mm512_storeu_si512(to, acc); }
  static void store_partial(Acc acc, std::byte* to, size_t count) {
    _mm512_mask_storeu_epi32(to, first_lanes(count), acc);
  }
};

struct QuadOps : VectorOps {
  static constexpr bool kRowStart = true;
  static Acc start(int32_t value) { return _mm512_set1_epi32(value); }
  static Acc multiply_add(A a, B b, Acc acc) { return _mm512_dpbusd_epi32(acc, b, a); }
};

struct PairOps : VectorOps {
  static constexpr bool kRowStart = false;
  static Acc zero() {
    // A value that the compiler does not know: GCC clears arrays of known zeros in memory and then
    // keeps a copy of the accumulators there.
    __m512i value = _mm512_setzero_si512();
    asm("" : "+v"(value));
    return value;
  }
  static Acc multiply_add(A a, B b, Acc acc) { return _mm512_dpwssd_epi32(acc, b, a); }
};

struct PairStepsOps : PairOps {
  static constexpr int kSteps = 2;
};

#include "backends/cpu/gemm/kernel-inl.h"

constexpr int32_t kOffset = 128;  // added to every byte of B

void row_start(const std::byte* a, size_t stride, size_t rows, size_t k, int32_t* out) {
  const __m512i ones = _mm512_set1_epi8(1);
  for (size_t r = 0; r < rows; ++r, a += stride) {
    __m512i sum = _mm512_setzero_si512();
    size_t at = 0;
    for (; at + 64 <= k; at += 64) {
      sum = _mm512_dpbusd_epi32(sum, ones, _mm512_loadu_si512(a + at));
    }
    if (at < k) {
      const __mmask64 mask = (~__mmask64{0}) >> (64 - (k - at));
      sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi8(mask, a + at));
    }
    alignas(64) int32_t parts[QuadOps::kLanes];
    _mm512_store_si512(parts, sum);
    int32_t total = 0;
    for (const int32_t part : parts) total += part;
    out[r] = -kOffset * total;
  }
}

void panel_start(const std::byte* panel, size_t stride, size_t rows, size_t units, int32_t* out) {
  const __m512i ones = _mm512_set1_epi8(1);
  const __mmask16 mask = first_lanes(rows);
  __m512i sum = _mm512_setzero_si512();
  for (size_t u = 0; u < units; ++u, panel += stride) {
    sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_loadu_epi32(mask, panel));
  }
  sum = _mm512_mullo_epi32(sum, _mm512_set1_epi32(-kOffset));
  _mm512_mask_storeu_epi32(out, mask, sum);
}

constexpr GemmVnniTiles kTiles = {.adjacent_rows = gemm_tile_table<QuadOps, 14, false, false>(),
                                  .adjacent_units = gemm_tile_table<QuadOps, 14, true, false>(),
                                  .row_start = &row_start,
                                  .panel_start = &panel_start,
                                  .pairs = gemm_tile_table<PairOps, 14, false, false>(),
                                  .pair_steps = gemm_tile_table<PairStepsOps, 14, false, false>()};

}  // namespace

const GemmVnniTiles* gemm_vnni_tiles() {
  return &kTiles;
}

}  // namespace paragon::cpu

#else

namespace paragon::cpu {

const GemmVnniTiles* gemm_vnni_tiles() {
  return nullptr;
}

}  // namespace paragon::cpu

#endif
