// SPDX-License-Identifier: Apache-2.0
// Dot products of rows along the batch: the weight gradient. Included once per target, inside no
// namespace; everything is static, so that two files may compile the same target with different
// flags.

#if defined(PARAGON_GATHER_DOT_ROW_DOT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef PARAGON_GATHER_DOT_ROW_DOT_INL_H_
#undef PARAGON_GATHER_DOT_ROW_DOT_INL_H_
#else
#define PARAGON_GATHER_DOT_ROW_DOT_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

template <class T, class Acc>
struct PlainDot {
  using Element = T;
  using Sum = Acc;
};
using FloatDot = PlainDot<float, float>;
using Int8Dot = PlainDot<int8_t, int32_t>;

template <class Ops>
void row_dot(const RowDotTask& task) {
  using T = typename Ops::Element;
  using Acc = typename Ops::Sum;
  const T* x = static_cast<const T*>(task.x);
  for (size_t r = 0; r < task.rows; ++r) {
    const T* dy = static_cast<const T*>(task.dy) + r * task.batch;
    const uint32_t* offset = task.offset + r * task.taps;
    Acc* out = static_cast<Acc*>(task.out) + r * task.out_stride;
    for (size_t t = 0; t < task.taps; ++t) {
      const T* row = x + offset[t];
      Acc sum = 0;
      for (size_t b = 0; b < task.batch; ++b) {
        sum += static_cast<Acc>(dy[b]) * static_cast<Acc>(row[b]);
      }
      out[t] = sum;
    }
  }
}

#else

struct FloatDot {
  using Element = float;
  using D = hn::ScalableTag<float>;  // of the sums
  using Vec = hn::Vec<D>;
  static constexpr size_t kCols = hn::MaxLanes(D());  // columns of one vector

  static HWY_INLINE hn::Vec<D> start(const float*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE auto load_dy(const float* p) { return hn::LoadU(D(), p); }
  static HWY_INLINE auto load_dy(const float* p, size_t n, const float*) {
    return hn::MaskedLoad(hn::FirstN(D(), n), D(), p);
  }
  static HWY_INLINE auto load_x(const float* p) { return hn::LoadU(D(), p); }
  static HWY_INLINE auto load_x(const float* p, size_t n, const float* end) {
    return load_dy(p, n, end);
  }
  static HWY_INLINE hn::Vec<D> add(hn::Vec<D> acc, hn::Vec<D> dy, hn::Vec<D> x) {
    return hn::MulAdd(dy, x, acc);
  }
};

struct Int8Dot {
  using Element = int8_t;
  using D = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  using D8 = hn::Rebind<int8_t, D16>;
  using Vec = hn::Vec<D16>;
  static constexpr size_t kCols = hn::MaxLanes(D16());

  static HWY_INLINE hn::Vec<D> start(const int8_t*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE auto load_dy(const int8_t* p) {
    return hn::PromoteTo(D16(), hn::LoadU(D8(), p));
  }
  static HWY_INLINE auto load_x(const int8_t* p) { return load_dy(p); }
  /// Lanes past n meet a zero of dy: they may hold anything but bytes past the operand.
  static HWY_INLINE auto load_x(const int8_t* p, size_t n, const int8_t* end) {
    alignas(64) int8_t copy[kCols];
    if (static_cast<size_t>(end - p) < kCols) {
      for (size_t c = 0; c < kCols; ++c) copy[c] = c < n ? p[c] : int8_t{0};
      p = copy;
    }
    return load_x(p);
  }
  /// Lanes past n are zero.
  static HWY_INLINE auto load_dy(const int8_t* p, size_t n, const int8_t* end) {
    return hn::IfThenElseZero(hn::FirstN(D16(), n), load_x(p, n, end));
  }
  static HWY_INLINE hn::Vec<D> add(hn::Vec<D> acc, hn::Vec<D16> dy, hn::Vec<D16> x) {
    auto unused = hn::Zero(D());
    return hn::ReorderWidenMulAccumulate(D(), dy, x, acc, unused);
  }
};

/// Four vectors to one: in every 16-byte block, lane i is the sum of the block of v[i].
template <class D>
HWY_INLINE hn::Vec<D> sum_blocks(D d, const hn::Vec<D>* v) {
  const hn::Repartition<uint64_t, D> d64;
  const auto ab = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const auto cd = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto ab64 = hn::BitCast(d64, ab), cd64 = hn::BitCast(d64, cd);
  return hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, ab64, cd64)),
                 hn::BitCast(d, hn::InterleaveUpper(d64, ab64, cd64)));
}

/// Two vectors to one: lower half the sum of the halves of a, upper half that of b.
template <class D>
HWY_INLINE hn::Vec<D> sum_halves(D d, hn::Vec<D> a, hn::Vec<D> b) {
  return hn::Add(hn::ConcatUpperLower(d, b, a), hn::ConcatLowerUpper(d, b, a));
}

/// Two vectors of four blocks to one: even blocks hold neighbouring blocks of a added, odd ones of
/// b.
template <class D>
HWY_INLINE hn::Vec<D> sum_neighbours(D d, hn::Vec<D> a, hn::Vec<D> b) {
  (void)d;
  return hn::Add(hn::OddEvenBlocks(b, a), hn::SwapAdjacentBlocks(hn::OddEvenBlocks(a, b)));
}

/// Lane i of the result is the sum of the lanes of v[i], for i < kTaps; v has MaxLanes(d) vectors,
/// those from kTaps on being zero.
template <size_t kTaps, class D>
HWY_INLINE hn::Vec<D> sum_each(D d, const hn::Vec<D>* v) {
  if constexpr (hn::MaxLanes(D()) == 8) {
    const auto first = sum_blocks(d, v);
    return sum_halves(d, first, kTaps > 4 ? sum_blocks(d, v + 4) : hn::Zero(d));
  } else {
    static_assert(hn::MaxLanes(D()) == 16);
    const auto zero = hn::Zero(d);
    const auto first = sum_neighbours(d, sum_blocks(d, v), kTaps > 4 ? sum_blocks(d, v + 4) : zero);
    if constexpr (kTaps <= 8) return sum_halves(d, first, zero);
    return sum_halves(
        d, first,
        sum_neighbours(d, sum_blocks(d, v + 8), kTaps > 12 ? sum_blocks(d, v + 12) : zero));
  }
}

/// The same pointer, but the compiler does not know: within a loop over the batch it then reads
/// each offset where it is used. Left alone it computes all pointers ahead of the loop and spills
/// them, which costs more than the loop itself at usual batches.
HWY_INLINE const uint32_t* reread(const uint32_t* offset) {
#if HWY_COMPILER_GCC || HWY_COMPILER_CLANG
  asm("" : "+r"(offset));
#endif
  return offset;
}

/// kTaps results of one neuron at a time, a vector of partial sums each, starting from `start`.
template <class Ops, size_t kTaps>
HWY_INLINE void dot_group(const RowDotTask& task, const typename Ops::Element* dy,
                          const uint32_t* offset, hn::Vec<typename Ops::D> start, void* out) {
  using T = typename Ops::Element;
  using D = typename Ops::D;
  constexpr size_t kLanes = hn::MaxLanes(D());
  constexpr size_t kCols = Ops::kCols;
  constexpr size_t kVectors = HWY_MAX(HWY_MIN(64 / kCols, 4), 1);
  const D d;
  const T* x = static_cast<const T*>(task.x);
  const T* end = x + task.x_size;
  const T* dy_end = static_cast<const T*>(task.dy) + task.rows * task.batch;
  hn::Vec<D> acc[kLanes];
  PARAGON_GEMM_UNROLL
  for (size_t t = 0; t < kLanes; ++t) acc[t] = t < kTaps ? start : hn::Zero(d);
  size_t b = 0;
  for (; b + kVectors * kCols <= task.batch; b += kVectors * kCols) {
    typename Ops::Vec values[kVectors];
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) values[v] = Ops::load_dy(dy + b + v * kCols);
    offset = reread(offset);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      const T* p = x + b + offset[t];
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        acc[t] = Ops::add(acc[t], values[v], Ops::load_x(p + v * kCols));
      }
    }
  }
  for (; b + kCols <= task.batch; b += kCols) {
    const auto dy0 = Ops::load_dy(dy + b);
    offset = reread(offset);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      acc[t] = Ops::add(acc[t], dy0, Ops::load_x(x + b + offset[t]));
    }
  }
  if (const size_t n = task.batch - b; n != 0) {
    const auto dy0 = Ops::load_dy(dy + b, n, dy_end);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      acc[t] = Ops::add(acc[t], dy0, Ops::load_x(x + b + offset[t], n, end));
    }
  }
  auto* to = static_cast<hn::TFromD<D>*>(out);
  const auto sums = sum_each<kTaps>(d, acc);
  if constexpr (kTaps == kLanes) {
    hn::StoreU(sums, d, to);
  } else {
    hn::BlendedStore(sums, hn::FirstN(d, kTaps), d, to);
  }
}

/// Picks the instance of dot_group for the last, smaller group of a neuron.
template <class Ops, size_t kTaps>
HWY_INLINE void dot_rest(size_t taps, const RowDotTask& task, const typename Ops::Element* dy,
                         const uint32_t* offset, hn::Vec<typename Ops::D> start, void* out) {
  if constexpr (kTaps != 0) {
    if (taps == kTaps) {
      dot_group<Ops, kTaps>(task, dy, offset, start, out);
    } else {
      dot_rest<Ops, kTaps - 1>(taps, task, dy, offset, start, out);
    }
  }
}

template <class Ops>
void row_dot(const RowDotTask& given) {
  const RowDotTask task = given;  // a copy that vector stores cannot alias
  using T = typename Ops::Element;
  constexpr size_t kGroup = hn::MaxLanes(typename Ops::D());
  for (size_t r = 0; r < task.rows; ++r) {
    const T* dy = static_cast<const T*>(task.dy) + r * task.batch;
    const uint32_t* offset = task.offset + r * task.taps;
    auto* out = static_cast<hn::TFromD<typename Ops::D>*>(task.out) + r * task.out_stride;
    const auto start = Ops::start(dy, task.batch);
    size_t t = 0;
    for (; t + kGroup <= task.taps; t += kGroup) {
      dot_group<Ops, kGroup>(task, dy, offset + t, start, out + t);
    }
    dot_rest<Ops, kGroup - 1>(task.taps - t, task, dy, offset + t, start, out + t);
  }
}

#endif  // SIMD

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GATHER_DOT_ROW_DOT_INL_H_
