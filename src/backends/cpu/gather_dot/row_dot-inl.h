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
#include <type_traits>

#include "backends/cpu/gather_dot/columns-inl.h"
#include "backends/cpu/gather_dot/gather_dot_kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"
#include "backends/cpu/gemm/wide-inl.h"

HWY_BEFORE_NAMESPACE();
namespace paragon::cpu {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

template <class T, class Acc, bool kRounded = false>
struct PlainDot {
  using Element = T;
  using Sum = Acc;
  using Result = std::conditional_t<kRounded, int32_t, Acc>;
  static Result result(Acc sum, [[maybe_unused]] int shift) {
    if constexpr (kRounded) {
      return round_sum(sum, shift);
    } else {
      return sum;
    }
  }
};
template <class T>
using RealDot = PlainDot<T, T>;
using Int8Dot = PlainDot<int8_t, int32_t>;
using Int16Dot = PlainDot<int16_t, int64_t, true>;
using Int32Dot = PlainDot<int32_t, int64_t, true>;

template <class Ops>
void row_dot(const RowDotTask& task) {
  using T = typename Ops::Element;
  using Acc = typename Ops::Sum;
  const T* x = static_cast<const T*>(task.x);
  for (size_t r = 0; r < task.rows; ++r) {
    const T* dy = static_cast<const T*>(task.dy) + r * task.batch;
    const uint32_t* offset = task.offset + r * task.taps;
    auto* out = static_cast<typename Ops::Result*>(task.out) + r * task.out_stride;
    for (size_t t = 0; t < task.taps; ++t) {
      const T* row = x + offset[t];
      Acc sum = 0;
      for (size_t b = 0; b < task.batch; ++b) {
        sum += static_cast<Acc>(dy[b]) * static_cast<Acc>(row[b]);
      }
      out[t] = Ops::result(sum, task.shift);
    }
  }
}

#else

// What row_dot needs of a type:
//   D, kSums        lanes of the sums, and how many sums each tap has
//   kCols           columns of one vector
//   Dy              the error's columns, prepared for many taps
//   start           where the sums of a row start
//   kWide           sums are added up in 64 bits, every kExactCols columns, and rounded

template <class T>
struct RealDot {
  using Element = T;
  using D = hn::ScalableTag<T>;
  using Dy = hn::Vec<D>;
  static constexpr size_t kCols = hn::MaxLanes(D()), kSums = 1;
  static constexpr bool kWide = false;

  static HWY_INLINE hn::Vec<D> start(const T*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE Dy load_dy(const T* p) { return hn::LoadU(D(), p); }
  static HWY_INLINE Dy load_dy(const T* p, size_t n, const T*) {
    return hn::MaskedLoad(hn::FirstN(D(), n), D(), p);
  }
  static HWY_INLINE auto load_x(const T* p) { return load_dy(p); }
  static HWY_INLINE auto load_x(const T* p, size_t n, const T* end) { return load_dy(p, n, end); }
  static HWY_INLINE void add(hn::Vec<D>* acc, Dy dy, hn::Vec<D> x) {
    *acc = hn::MulAdd(dy, x, *acc);
  }
};

struct Int8Dot {
  using Element = int8_t;
  using D = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  using D8 = hn::Rebind<int8_t, D16>;
  using Dy = hn::Vec<D16>;
  static constexpr size_t kCols = hn::MaxLanes(D16()), kSums = 1;
  static constexpr bool kWide = false;

  static HWY_INLINE hn::Vec<D> start(const int8_t*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE Dy load_dy(const int8_t* p) { return hn::PromoteTo(D16(), hn::LoadU(D8(), p)); }
  static HWY_INLINE auto load_x(const int8_t* p) { return load_dy(p); }
  /// Lanes past n meet a zero of dy.
  static HWY_INLINE auto load_x(const int8_t* p, size_t n, const int8_t* end) {
    return hn::PromoteTo(D16(), load_guarded(D8(), p, n, end));
  }
  static HWY_INLINE Dy load_dy(const int8_t* p, size_t n, const int8_t* end) {
    return hn::IfThenElseZero(hn::FirstN(D16(), n), load_x(p, n, end));
  }
  static HWY_INLINE void add(hn::Vec<D>* acc, Dy dy, hn::Vec<D16> x) {
    *acc = MaddPairs::add(*acc, dy, x);
  }
};

/// int16: each tap has a sum for each byte digit of dy.
template <class Pairs>
struct DigitDot {
  using Element = int16_t;
  using D = hn::ScalableTag<int32_t>;
  using D16 = hn::ScalableTag<int16_t>;
  using Dy = Digits;
  static constexpr size_t kCols = hn::MaxLanes(D16()), kSums = 2;
  static constexpr bool kWide = true;
  static constexpr size_t kExactCols = 512;

  static HWY_INLINE hn::Vec<D> start(const int16_t*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE Dy load_dy(const int16_t* p) { return split_digits(hn::LoadU(D16(), p)); }
  static HWY_INLINE Dy load_dy(const int16_t* p, size_t n, const int16_t* end) {
    return split_digits(hn::IfThenElseZero(hn::FirstN(D16(), n), load_x(p, n, end)));
  }
  static HWY_INLINE auto load_x(const int16_t* p) { return hn::LoadU(D16(), p); }
  /// Lanes past n meet a zero of dy.
  static HWY_INLINE auto load_x(const int16_t* p, size_t n, const int16_t* end) {
    return load_guarded(D16(), p, n, end);
  }
  static HWY_INLINE void add(hn::Vec<D>* acc, const Dy& dy, hn::Vec<D16> x) {
    acc[0] = Pairs::add(acc[0], x, dy.low);
    acc[1] = Pairs::add(acc[1], x, dy.high);
  }
  /// Neighbouring sums of the low and of the high digit to one.
  static HWY_INLINE hn::Vec<Wide> widen(hn::Vec<D> sums) {
    const auto both = hn::BitCast(Wide(), sums);
    return hn::Add(hn::ShiftRight<32>(hn::ShiftLeft<32>(both)),
                   hn::ShiftLeft<8>(hn::ShiftRight<32>(both)));
  }
};

using Int16Dot = DigitDot<MaddPairs>;

/// int32: 64-bit products of the even and the odd columns.
struct Int32Dot {
  using Element = int32_t;
  using D = Wide;
  using D32 = hn::ScalableTag<int32_t>;
  struct Dy {
    hn::Vec<D32> even, odd;
  };
  static constexpr size_t kCols = hn::MaxLanes(D32()), kSums = 1;
  static constexpr bool kWide = true;
  static constexpr size_t kExactCols = size_t{1} << 16;

  static HWY_INLINE hn::Vec<D> start(const int32_t*, size_t) { return hn::Zero(D()); }
  static HWY_INLINE Dy load_dy(const int32_t* p) { return split(load_x(p)); }
  static HWY_INLINE Dy load_dy(const int32_t* p, size_t n, const int32_t* end) {
    return split(load_x(p, n, end));
  }
  static HWY_INLINE hn::Vec<D32> load_x(const int32_t* p) { return hn::LoadU(D32(), p); }
  static HWY_INLINE hn::Vec<D32> load_x(const int32_t* p, size_t n, const int32_t*) {
    return hn::MaskedLoad(hn::FirstN(D32(), n), D32(), p);
  }
  static HWY_INLINE void add(hn::Vec<D>* acc, const Dy& dy, hn::Vec<D32> x) {
    *acc = hn::Add(*acc, hn::MulEven(dy.even, x));
    *acc = hn::Add(*acc, hn::MulEven(dy.odd, split(x).odd));
  }
  static HWY_INLINE hn::Vec<Wide> widen(hn::Vec<D> sums) { return sums; }

 private:
  static HWY_INLINE Dy split(hn::Vec<D32> v) {
    const hn::RebindToUnsigned<Wide> bits;
    return {v, hn::BitCast(D32(), hn::ShiftRight<32>(hn::BitCast(bits, v)))};
  }
};

/// As many vectors as a 16-byte block has lanes to one: in every block, lane i is the sum of the
/// block of v[i].
template <class D>
HWY_INLINE hn::Vec<D> sum_blocks(D d, const hn::Vec<D>* v) {
  const auto ab = hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  if constexpr (sizeof(hn::TFromD<D>) == 8) {
    return ab;
  } else {
    const hn::Repartition<uint64_t, D> d64;
    const auto cd = hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
    const auto ab64 = hn::BitCast(d64, ab), cd64 = hn::BitCast(d64, cd);
    return hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, ab64, cd64)),
                   hn::BitCast(d, hn::InterleaveUpper(d64, ab64, cd64)));
  }
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

/// Lane i of the result is the sum of the lanes of v[i], for i < kCount; v has MaxLanes(d) vectors,
/// those from kCount on being zero.
template <size_t kCount, class D>
HWY_INLINE hn::Vec<D> sum_each(D d, const hn::Vec<D>* v) {
  constexpr size_t kBlock = 16 / sizeof(hn::TFromD<D>);
  constexpr size_t kBlocks = hn::MaxLanes(D()) / kBlock;
  static_assert(kBlocks == 2 || kBlocks == 4);
  const auto zero = hn::Zero(d);
  const auto first = sum_blocks(d, v);
  const auto second = kCount > kBlock ? sum_blocks(d, v + kBlock) : zero;
  if constexpr (kBlocks == 2) {
    return sum_halves(d, first, second);
  } else {
    const auto lower = sum_neighbours(d, first, second);
    if constexpr (kCount <= 2 * kBlock) return sum_halves(d, lower, zero);
    return sum_halves(d, lower,
                      sum_neighbours(d, sum_blocks(d, v + 2 * kBlock),
                                     kCount > 3 * kBlock ? sum_blocks(d, v + 3 * kBlock) : zero));
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

/// The sums of kTaps taps of one neuron over columns [begin, end), a vector of partial sums each,
/// starting from `start`: lane t * kSums + i of the result is sum i of tap t.
template <class Ops, size_t kTaps>
HWY_INLINE hn::Vec<typename Ops::D> dot_columns(const RowDotTask& task,
                                                const typename Ops::Element* dy,
                                                const uint32_t* offset,
                                                hn::Vec<typename Ops::D> start, size_t begin,
                                                size_t end) {
  using T = typename Ops::Element;
  using D = typename Ops::D;
  constexpr size_t kLanes = hn::MaxLanes(D());
  constexpr size_t kSums = Ops::kSums;
  constexpr size_t kCols = Ops::kCols;
  constexpr size_t kVectors = HWY_MAX(HWY_MIN(64 / kCols, 4) / kSums, 1);
  const D d;
  const T* x = static_cast<const T*>(task.x);
  const T* x_end = x + task.x_size;
  const T* dy_end = static_cast<const T*>(task.dy) + task.rows * task.batch;
  hn::Vec<D> acc[kLanes];
  PARAGON_GEMM_UNROLL
  for (size_t i = 0; i < kLanes; ++i) acc[i] = i < kTaps * kSums ? start : hn::Zero(d);
  size_t b = begin;
  for (; b + kVectors * kCols <= end; b += kVectors * kCols) {
    typename Ops::Dy values[kVectors];
    PARAGON_GEMM_UNROLL
    for (size_t v = 0; v < kVectors; ++v) values[v] = Ops::load_dy(dy + b + v * kCols);
    offset = reread(offset);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      const T* p = x + b + offset[t];
      PARAGON_GEMM_UNROLL
      for (size_t v = 0; v < kVectors; ++v) {
        Ops::add(acc + t * kSums, values[v], Ops::load_x(p + v * kCols));
      }
    }
  }
  for (; b + kCols <= end; b += kCols) {
    const auto dy0 = Ops::load_dy(dy + b);
    offset = reread(offset);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      Ops::add(acc + t * kSums, dy0, Ops::load_x(x + b + offset[t]));
    }
  }
  if (const size_t n = end - b; n != 0) {
    const auto dy0 = Ops::load_dy(dy + b, n, dy_end);
    PARAGON_GEMM_UNROLL
    for (size_t t = 0; t < kTaps; ++t) {
      Ops::add(acc + t * kSums, dy0, Ops::load_x(x + b + offset[t], n, x_end));
    }
  }
  return sum_each<kTaps * kSums>(d, acc);
}

template <size_t kCount, class D>
HWY_INLINE void store_first(D d, hn::Vec<D> v, void* out) {
  auto* to = static_cast<hn::TFromD<D>*>(out);
  if constexpr (kCount == hn::MaxLanes(D())) {
    hn::StoreU(v, d, to);
  } else {
    hn::BlendedStore(v, hn::FirstN(d, kCount), d, to);
  }
}

/// kTaps results of one neuron.
template <class Ops, size_t kTaps>
HWY_INLINE void dot_group(const RowDotTask& task, const typename Ops::Element* dy,
                          const uint32_t* offset, hn::Vec<typename Ops::D> start, void* out) {
  if constexpr (Ops::kWide) {
    auto total = hn::Zero(Wide());
    for (size_t begin = 0; begin < task.batch; begin += Ops::kExactCols) {
      const size_t end = HWY_MIN(begin + Ops::kExactCols, task.batch);
      total =
          hn::Add(total, Ops::widen(dot_columns<Ops, kTaps>(task, dy, offset, start, begin, end)));
    }
    store_first<kTaps>(Rounding::Result(), Rounding(task.shift)(total), out);
  } else {
    store_first<kTaps>(typename Ops::D(),
                       dot_columns<Ops, kTaps>(task, dy, offset, start, 0, task.batch), out);
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
  constexpr size_t kGroup = hn::MaxLanes(typename Ops::D()) / Ops::kSums;
  constexpr size_t kResultBytes = Ops::kWide ? 4 : sizeof(hn::TFromD<typename Ops::D>);
  for (size_t r = 0; r < task.rows; ++r) {
    const T* dy = static_cast<const T*>(task.dy) + r * task.batch;
    const uint32_t* offset = task.offset + r * task.taps;
    auto* out = static_cast<std::byte*>(task.out) + r * task.out_stride * kResultBytes;
    const auto start = Ops::start(dy, task.batch);
    size_t t = 0;
    for (; t + kGroup <= task.taps; t += kGroup, out += kGroup * kResultBytes) {
      dot_group<Ops, kGroup>(task, dy, offset + t, start, out);
    }
    dot_rest<Ops, kGroup - 1>(task.taps - t, task, dy, offset + t, start, out);
  }
}

#endif  // SIMD

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace paragon::cpu
HWY_AFTER_NAMESPACE();

#endif  // PARAGON_GATHER_DOT_ROW_DOT_INL_H_
