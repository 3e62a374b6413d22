// SPDX-License-Identifier: Apache-2.0
// Fixed point (core/fixed_point.hpp), equal to the definitions to the bit.

// |v|, and a magnitude with the sign of v. By shifts: compilers find no vectors for choices of 64
// bits.
template <class T>
HWY_INLINE std::make_unsigned_t<T> size_of_value(T v) {
  const T sign = v >> (sizeof(T) * 8 - 1);
  return static_cast<std::make_unsigned_t<T>>(v ^ sign) -
         static_cast<std::make_unsigned_t<T>>(sign);
}
template <class T>
HWY_INLINE T with_sign(T magnitude, T v) {
  const T sign = v >> (sizeof(T) * 8 - 1);
  return (magnitude ^ sign) - sign;
}

// As minimum and maximum: of a choice compilers make a comparison and a masked move.
HWY_INLINE int32_t clamp_between(int32_t v, int32_t low, int32_t high) {
  return std::min(std::max(v, low), high);
}

// round_shift and clip; A in, R out.
template <class R, class A>
void op_align(const TileArgs& args) {
  using Bits = std::make_unsigned_t<A>;
  constexpr int kLargestShift = sizeof(A) == 4 ? 31 : 61;
  const int32_t shift = *array<int32_t>(args, 1);
  // A left shift saturates at 2^62.
  constexpr int64_t kMost = sizeof(A) == 4 ? std::numeric_limits<int32_t>::max() : int64_t{1} << 62;
  const auto limit = static_cast<A>(std::min(args.attrs->a, kMost));
  if (shift > 0 && shift <= kLargestShift) {
    const Bits half = Bits(1) << (shift - 1);
    map1<R, A>(args, [=](A v) {
      const Bits magnitude = size_of_value(v);
      const auto rounded = static_cast<A>((magnitude + half) >> shift);
      return static_cast<R>(with_sign(rounded > limit ? limit : rounded, v));
    });
  } else if (shift <= 0) {
    const int left = std::min(-std::max(shift, -64), static_cast<int>(sizeof(A) * 8 - 1));
    const Bits largest = static_cast<Bits>(limit) >> left;
    map1<R, A>(args, [=](A v) {
      const Bits magnitude = size_of_value(v);
      const auto shifted = static_cast<A>(magnitude << left);
      return static_cast<R>(with_sign(magnitude > largest ? limit : shifted, v));
    });
  } else {
    map1<R, A>(args, [=](A v) {
      return static_cast<R>(fixed::clip(fixed::round_shift(v, shift), args.attrs->a));
    });
  }
}

// The same of bytes, which data sets hold: in 16 bits.
template <class R>
void op_align_bytes(const TileArgs& args) {
  const int32_t shift = *array<int32_t>(args, 1);
  const int64_t limit = args.attrs->a;
  if (shift < 1 || shift > 8)
    return map1<R, uint8_t>(args, [=](uint8_t v) {
      return static_cast<R>(fixed::clip(fixed::round_shift(int32_t{v}, shift), limit));
    });
  const auto half = static_cast<uint16_t>(1u << (shift - 1));
  const auto most = static_cast<uint16_t>(std::min<int64_t>(limit, 255));
  map1<R, uint8_t>(args, [=](uint8_t v) {
    const auto rounded = static_cast<uint16_t>(static_cast<uint16_t>(v + half) >> shift);
    return static_cast<R>(std::min(rounded, most));
  });
}

template <class R>
void op_requantise_sr(const TileArgs& args) {
  const int32_t shift = *array<int32_t>(args, 1);
  const auto limit =
      static_cast<int32_t>(std::min<int64_t>(args.attrs->a, std::numeric_limits<int32_t>::max()));
  if (shift <= 0) return op_align<R, int32_t>(args);
  TileArgs two = args;
  two.x[1] = args.x[2];
  two.scalars = (args.scalars & 1) | ((args.scalars & 4) >> 1);
  if (shift <= 31) {
    const uint32_t mask = shift == 31 ? 0x7FFFFFFFu : (1u << shift) - 1;
    map2<R, int32_t, int32_t>(two, [=](int32_t v, int32_t random) {
      // floor((v + r) / 2^s) = floor(v / 2^s) + ((v mod 2^s) + r) / 2^s: nothing overflows.
      const uint32_t low =
          (static_cast<uint32_t>(v) & mask) + (static_cast<uint32_t>(random) & mask);
      const int32_t q = (v >> shift) + static_cast<int32_t>(low >> shift);
      return static_cast<R>(clamp_between(q, -limit, limit));
    });
    return;
  }
  map1<R, int32_t>(args, [](int32_t) { return R(0); });  // what stochastic_shift says
}

// a b / 2^shift, halves away from zero, clipped; a vector of 32-bit numbers as two of 64-bit
// products.
template <class D, class V>
HWY_INLINE V mul_shift_vector(D d, V a, V b, int shift, int64_t limit) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Repartition<int64_t, D> wide;
  const auto half = hn::Set(wide, int64_t{1} << (shift - 1));
  const auto high = hn::Set(wide, limit), low = hn::Set(wide, -limit);
  const auto finish = [&](auto product) HWY_ATTR {
    const auto rounded = hn::Add(hn::Add(product, half), hn::BroadcastSignBit(product));
    return hn::Max(hn::Min(hn::ShiftRightSame(rounded, shift), high), low);
  };
  const auto even = finish(hn::MulEven(a, b));
  const auto odd = finish(hn::MulEven(hn::Reverse2(d, a), hn::Reverse2(d, b)));
  return hn::OddEven(hn::Reverse2(d, hn::BitCast(d, odd)), hn::BitCast(d, even));
}

// The vectors of loops over 32-bit numbers; what is left of n elements is copied to whole ones.
using Lanes = hwy::HWY_NAMESPACE::ScalableTag<int32_t>;
using UnsignedLanes = hwy::HWY_NAMESPACE::ScalableTag<uint32_t>;
inline constexpr size_t kMostLanes = hwy::HWY_NAMESPACE::MaxLanes(Lanes());
template <class T>
struct Padded {
  alignas(64) T data[kMostLanes] = {};
  Padded() = default;
  Padded(const T* from, size_t n) { std::copy_n(from, n, data); }
};

// formula(operands...) -> result, a vector at a time.
template <class Formula, class... Operands>
HWY_INLINE void map_vectors(size_t n, int32_t* result, Formula formula, const Operands*... x) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Lanes d;
  size_t done = 0;
  for (; done + hn::Lanes(d) <= n; done += hn::Lanes(d))
    hn::StoreU(formula(hn::LoadU(d, x + done)...), d, result + done);
  if (done == n) return;
  Padded<int32_t> rest;
  hn::Store(formula(hn::Load(d, Padded<int32_t>(x + done, n - done).data)...), d, rest.data);
  std::copy_n(rest.data, n - done, result + done);
}

// Magnitudes and signs of vectors.
template <class V>
HWY_INLINE auto magnitudes(V v) {
  return hwy::HWY_NAMESPACE::BitCast(UnsignedLanes(), hwy::HWY_NAMESPACE::Abs(v));
}
template <class U, class V>
HWY_INLINE V with_signs(U magnitude, V v) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto zero = hn::Zero(Lanes()), q = hn::BitCast(Lanes(), magnitude);
  return hn::IfThenElse(hn::Lt(v, zero), hn::Sub(zero, q), q);
}

// Products of the lowest bits of numbers and a factor 0 <= f < 2^15, in every lane: floor(a mod
// 2^16 f / 2^16), and (a mod 2^15) f / 2^15, halves up. Instructions of 16 bits do both at once.
template <class U>
HWY_INLINE U floor_low_product(U a, U factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  const UnsignedLanes d;
#if HWY_TARGET == HWY_SCALAR
  return hn::ShiftRight<16>(hn::Mul(hn::And(a, hn::Set(d, 0xFFFFu)), factor));
#else
  const hn::Repartition<uint16_t, UnsignedLanes> halves;
  return hn::BitCast(d, hn::MulHigh(hn::BitCast(halves, a), hn::BitCast(halves, factor)));
#endif
}
template <class U>
HWY_INLINE U round_low_product(U a, U factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  const UnsignedLanes d;
  const auto low = hn::And(a, hn::Set(d, 0x7FFFu));
#if HWY_TARGET == HWY_SCALAR
  return hn::ShiftRight<15>(hn::Add(hn::Mul(low, factor), hn::Set(d, 1u << 14)));
#else
  const hn::Repartition<int16_t, UnsignedLanes> halves;
  return hn::BitCast(d, hn::MulFixedPoint15(hn::BitCast(halves, low), hn::BitCast(halves, factor)));
#endif
}

// a f / 2^15 of magnitudes, halves up.
template <class U>
HWY_INLINE U times_q15(U a, U factor) {
  namespace hn = hwy::HWY_NAMESPACE;
  return hn::Add(hn::Mul(hn::ShiftRight<15>(a), factor), round_low_product(a, factor));
}

// The same with one factor 0 < b < 2^15 for all, which rates and decays are, in 32 bits: calls
// `visit` with the formula for b and the shift, from magnitudes to magnitudes; false if there is
// none.
//   powers of two   a shift
//   shift = 15      a = high 2^15 + low: high b + round(low b / 2^15), an instruction of 16 bits
//   others          a = high 2^16 + low: floor((high b + floor(low b / 2^16) + half) / 2^(s - 16))
template <class Visit>
HWY_INLINE bool visit_narrow_product(int32_t b, int32_t shift, int64_t limit, Visit visit) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr int64_t kLargest = std::numeric_limits<int32_t>::max();
  if (b <= 0 || b >= 1 << 15) return false;
  const UnsignedLanes d;
  const auto set = [d](int64_t v) HWY_ATTR { return hn::Set(d, static_cast<uint32_t>(v)); };
  const auto most = set(std::min(limit, kLargest));
  const int32_t right = std::max(shift, -64) - std::countr_zero(static_cast<uint32_t>(b));
  if ((b & (b - 1)) == 0 && right <= 31) {
    if (right > 0) {
      const auto half = set(int64_t{1} << (right - 1)), places = set(right);
      visit([=](auto a) HWY_ATTR { return hn::Min(hn::Shr(hn::Add(a, half), places), most); });
    } else {
      const int left = std::min(-right, 31);
      const auto largest = set(std::min(limit, kLargest) >> left), places = set(left);
      visit([=](auto a)
                HWY_ATTR { return hn::IfThenElse(hn::Gt(a, largest), most, hn::Shl(a, places)); });
    }
    return true;
  }
  const auto factor = set(b);
  if (shift == 15) {
    visit([=](auto a) HWY_ATTR { return hn::Min(times_q15(a, factor), most); });
    return true;
  }
  // Above, no product passes 2^29.
  if (shift < 17 || shift > 46 || limit < int64_t{1} << 29) return false;
  const auto half = set(int64_t{1} << (shift - 17)), places = set(shift - 16);
  visit([=](auto a) HWY_ATTR {
    const auto upper =
        hn::Add(hn::Mul(hn::ShiftRight<16>(a), factor), floor_low_product(a, factor));
    return hn::Shr(hn::Add(upper, half), places);
  });
  return true;
}

inline bool mul_shift_narrow(const TileArgs& args, int32_t b, int32_t shift, int64_t limit) {
  return visit_narrow_product(b, shift, limit, [&](auto formula) HWY_ATTR {
    map_vectors(
        args.n, static_cast<int32_t*>(args.result),
        [=](auto v) HWY_ATTR { return with_signs(formula(magnitudes(v)), v); },
        array<int32_t>(args, 0));
  });
}

inline void op_mul_shift(const TileArgs& args) {
  namespace hn = hwy::HWY_NAMESPACE;
  const int32_t shift = *array<int32_t>(args, 2);
  const int64_t limit = args.attrs->a;
  TileArgs two = args;
  two.scalars &= 3;
  if (two.scalars == 2 && mul_shift_narrow(two, *array<int32_t>(args, 1), shift, limit)) return;
  size_t done = 0;
  if (shift > 0 && shift <= 61 && (two.scalars & 1) == 0) {
    const hn::ScalableTag<int32_t> d;
    const int32_t* a = array<int32_t>(args, 0);
    const int32_t* b = array<int32_t>(args, 1);
    int32_t* result = static_cast<int32_t*>(args.result);
    const bool single = two.scalars == 2;
    const auto repeated = hn::Set(d, single ? *b : 0);
    for (; done + hn::Lanes(d) <= args.n; done += hn::Lanes(d)) {
      const auto y = single ? repeated : hn::LoadU(d, b + done);
      hn::StoreU(mul_shift_vector(d, hn::LoadU(d, a + done), y, shift, limit), d, result + done);
    }
    two.x[0] = a + done;
    if (!single) two.x[1] = b + done;
    two.result = result + done;
    two.n -= done;
  }
  map2<int32_t, int32_t, int32_t>(two, [=](int32_t a, int32_t b) {
    return static_cast<int32_t>(fixed::mul_shift(a, b, shift, limit));
  });
}

// fixed::exp2_negative without branches.
HWY_INLINE int32_t exp2_negative_formula(int32_t t) {
  const int32_t positive = t < 0 ? 0 : t;
  const int32_t whole = positive >> fixed::kPowerFraction;
  const int32_t x = (positive & ((1 << fixed::kPowerFraction) - 1)) << (30 - fixed::kPowerFraction);
  constexpr size_t kTerms = std::size(fixed::kExp2);
  int32_t sum = fixed::kExp2[kTerms - 1];
  for (size_t i = kTerms - 1; i-- > 0;) {
    const int32_t magnitude = sum < 0 ? -sum : sum;
    const auto rounded = static_cast<int32_t>(
        (static_cast<uint64_t>(int64_t{magnitude} * x) + (uint64_t{1} << 29)) >> 30);
    sum = fixed::kExp2[i] + with_sign(rounded, sum);
  }
  return sum >> (whole > 30 ? 31 : whole);
}

inline void op_exp2_negative(const TileArgs& args) {
  map1<int32_t, int32_t>(args, [](int32_t t) { return exp2_negative_formula(t); });
}

inline void op_curve_fixed(const TileArgs& args) {
  const auto which = static_cast<Curve>(args.attrs->a);
  const fixed::CurveScale scale = fixed::curve_scale(which, *array<int32_t>(args, 1));
  switch (which) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return map1<int32_t, int32_t>(   \
        args, [scale](int32_t x) { return fixed::curve_value<Curve::name>(scale, x); });
#include "core/curves.def"
  }
}

inline void op_curve_slope_fixed(const TileArgs& args) {
  const auto which = static_cast<Curve>(args.attrs->a);
  const fixed::CurveScale scale = fixed::curve_scale(which, *array<int32_t>(args, 1));
  switch (which) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return map1<int32_t, int32_t>(   \
        args, [scale](int32_t x) { return fixed::curve_slope_value<Curve::name>(scale, x); });
#include "core/curves.def"
  }
}

template <class T>
void op_div_round(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return static_cast<T>(fixed::div_round(a, b)); });
}
template <class T>
void op_bit_length(const TileArgs& args) {
  map1<int32_t, T>(args, [](T a) { return fixed::bit_length(fixed::magnitude(a)); });
}
template <class T>
void op_log2_q16(const TileArgs& args) {
  map1<int32_t, T>(args, [](T a) { return fixed::log2_q16(static_cast<uint64_t>(int64_t{a})); });
}

inline void op_mean_square(const TileArgs& args) {
  const auto bits = static_cast<int>(args.attrs->a);
  map2<int32_t, int32_t, int32_t>(
      args, [=](int32_t code, int32_t x) HWY_ATTR { return fixed::mean_square(code, x, bits); });
}

inline void op_mul_rsqrt(const TileArgs& args) {
  const auto epsilon = static_cast<int32_t>(args.attrs->a);
  map2<int32_t, int32_t, int32_t>(args, [=](int32_t x, int32_t code) HWY_ATTR {
    return fixed::ratio_to_root(x, code, epsilon);
  });
}

inline void op_random(const TileArgs& args) {
  const uint64_t key = *array<uint64_t>(args, 0);
  const auto row_stride = static_cast<uint64_t>(args.attrs->a),
             column_stride = static_cast<uint64_t>(args.attrs->b);
  const auto low = static_cast<uint32_t>(key), high = static_cast<uint32_t>(key >> 32) | 1u;
  int32_t* result = static_cast<int32_t*>(args.result);
  for (size_t done = 0, row = args.row; done < args.n; done += args.width, ++row) {
    const uint64_t first = row * row_stride + args.column * column_stride;
    const size_t count = std::min(args.width, args.n - done);
    if ((first + count * column_stride) >> 32 != 0) {
      for (size_t i = 0; i < count; ++i)
        result[done + i] = static_cast<int32_t>(random::bits32(key, first + i * column_stride));
      continue;
    }
    const auto start = static_cast<uint32_t>(first), step = static_cast<uint32_t>(column_stride);
    const uint32_t base = low ^ random::mix32(0);
    PARAGON_INDEPENDENT
    for (uint32_t i = 0; i < static_cast<uint32_t>(count); ++i)
      result[done + i] = static_cast<int32_t>(random::mix32(((start + i * step) ^ base) * high));
  }
}

// The place of every element, row by row.
template <class F>
HWY_INLINE void generate(const TileArgs& args, F f) {
  int32_t* result = static_cast<int32_t*>(args.result);
  for (size_t done = 0, row = args.row; done < args.n; done += args.width, ++row)
    for (size_t i = 0; i < std::min(args.width, args.n - done); ++i)
      result[done + i] = f(row, args.column + i);
}

inline void op_iota(const TileArgs& args) {
  const bool rows = args.attrs->a == 0;
  generate(args,
           [rows](size_t row, size_t column) { return static_cast<int32_t>(rows ? row : column); });
}

inline void op_table(const TileArgs& args) {
  const ir::IndexTable& table = *args.attrs->table;
  generate(args,
           [&table](size_t row, size_t column) { return table.index[row * table.taps + column]; });
}

inline void op_permute(const TileArgs& args) {
  int32_t* result = static_cast<int32_t*>(args.result);
  const auto step = [&](int operand) { return (args.scalars >> operand & 1) != 0 ? 0u : 1u; };
  const size_t a = step(0), b = step(1), c = step(2);
  for (size_t i = 0; i < args.n; ++i)
    result[i] = static_cast<int32_t>(random::permuted_index(array<uint64_t>(args, 1)[b * i],
                                                            array<uint32_t>(args, 0)[a * i],
                                                            array<uint32_t>(args, 2)[c * i]));
}
