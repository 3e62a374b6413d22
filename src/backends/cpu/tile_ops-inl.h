// SPDX-License-Identifier: Apache-2.0
// Loops over scalar formulas, compiled once a SIMD target: included inside each target region, so
// no include guard. The formulas have no branches, so that the compiler turns the loops into
// vectors.

// The operand and the result may be the same array, element by element: no iteration needs another.
#if defined(__clang__)
#define PARAGON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PARAGON_INDEPENDENT _Pragma("GCC ivdep")
#endif

template <class T>
const T* array(const TileArgs& args, int i) {
  return static_cast<const T*>(args.x[i]);
}

template <class R, class A, class F>
HWY_INLINE void map1(const TileArgs& args, F f) {
  R* result = static_cast<R*>(args.result);
  const A* a = array<A>(args, 0);
  if ((args.scalars & 1) != 0) {
    const R value = f(*a);
    for (size_t i = 0; i < args.n; ++i) result[i] = value;
    return;
  }
  PARAGON_INDEPENDENT
  for (size_t i = 0; i < args.n; ++i) result[i] = f(a[i]);
}

template <class R, class A, class B, class F>
HWY_INLINE void map2(const TileArgs& args, F f) {
  R* result = static_cast<R*>(args.result);
  const A* a = array<A>(args, 0);
  const B* b = array<B>(args, 1);
  switch (args.scalars & 3) {
    case 0:
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) result[i] = f(a[i], b[i]);
      return;
    case 1: {
      const A x = *a;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) result[i] = f(x, b[i]);
      return;
    }
    case 2: {
      const B y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) result[i] = f(a[i], y);
      return;
    }
    default: {
      const R value = f(*a, *b);
      for (size_t i = 0; i < args.n; ++i) result[i] = value;
    }
  }
}

// Three float operands, of which the second may be one value for all.
template <class F>
HWY_INLINE void map3(const TileArgs& args, F f) {
  float* result = static_cast<float*>(args.result);
  const float* a = array<float>(args, 0);
  const float* b = array<float>(args, 1);
  const float* c = array<float>(args, 2);
  if ((args.scalars & 2) != 0) {
    const float y = *b;
    PARAGON_INDEPENDENT
    for (size_t i = 0; i < args.n; ++i) result[i] = f(a[i], y, c[i]);
    return;
  }
  PARAGON_INDEPENDENT
  for (size_t i = 0; i < args.n; ++i) result[i] = f(a[i], b[i], c[i]);
}

// condition ? a : b; the condition is an array or one value for all.
template <class C, class T>
void op_select(const TileArgs& args) {
  T* result = static_cast<T*>(args.result);
  const C* c = array<C>(args, 0);
  const T* a = array<T>(args, 1);
  const T* b = array<T>(args, 2);
  if ((args.scalars & 1) != 0) {
    const bool second = *c == C(0);
    const T* chosen = second ? b : a;
    if ((args.scalars & (second ? 4u : 2u)) != 0) {
      const T value = *chosen;
      for (size_t i = 0; i < args.n; ++i) result[i] = value;
    } else if (result != chosen) {
      for (size_t i = 0; i < args.n; ++i) result[i] = chosen[i];
    }
    return;
  }
  switch (args.scalars >> 1) {
    case 0:
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) {
        const T x = a[i], y = b[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    case 1: {
      const T x = *a;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) {
        const T y = b[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    }
    case 2: {
      const T y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) {
        const T x = a[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    }
    default: {
      const T x = *a, y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < args.n; ++i) result[i] = c[i] != C(0) ? x : y;
    }
  }
}

// e^x: 2^k times a polynomial on +-ln(2)/2 (coefficients: minimax, as in Cephes' expf); 2 units in
// the last place. Below -87.3 the result is 0, above 88.7 infinity; NaN stays NaN.
HWY_INLINE float exp_formula(float x) {
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const float bounded = x < -87.33654f ? -87.33654f : x > 88.72283f ? 88.72283f : x;
  const float shifted = bounded * 1.44269504f + kRound;
  const float k = shifted - kRound;
  const float r = (bounded - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // 2^k in two halves, so that k = 128 does not overflow the exponent field.
  const int32_t whole = std::bit_cast<int32_t>(shifted) - std::bit_cast<int32_t>(kRound);
  const int32_t half = whole >> 1;
  const float s1 = std::bit_cast<float>((half + 127) << 23);
  const float s2 = std::bit_cast<float>((whole - half + 127) << 23);
  const float y = p * s1 * s2;
  const float high = x > 88.72283f ? std::numeric_limits<float>::infinity() : y;
  return x < -87.33654f ? 0.0f : high;
}

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

// Integer arithmetic that wraps.
template <class T>
HWY_INLINE T wrap_add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<Bits<T>>(a) + static_cast<Bits<T>>(b));
}
template <class T>
HWY_INLINE T wrap_sub(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a - b;
  else
    return static_cast<T>(static_cast<Bits<T>>(a) - static_cast<Bits<T>>(b));
}
template <class T>
HWY_INLINE T wrap_mul(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a * b;
  else
    return static_cast<T>(static_cast<Bits<T>>(a) * static_cast<Bits<T>>(b));
}

template <class T>
void op_add(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return wrap_add(a, b); });
}
template <class T>
void op_sub(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return wrap_sub(a, b); });
}
template <class T>
void op_mul(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return wrap_mul(a, b); });
}
template <class T>
void op_div(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return a / b; });
}
template <class T>
void op_max(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return b > a ? b : a; });
}
template <class T>
void op_min(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return a > b ? b : a; });
}
template <class T>
void op_greater(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return a > b ? T(1) : T(0); });
}
template <class T>
void op_equal(const TileArgs& args) {
  map2<T, T, T>(args, [](T a, T b) { return a == b ? T(1) : T(0); });
}
template <class T>
void op_neg(const TileArgs& args) {
  map1<T, T>(args, [](T a) { return wrap_sub(T(0), a); });
}
template <class T>
void op_abs(const TileArgs& args) {
  map1<T, T>(args, [](T a) { return a < T(0) ? wrap_sub(T(0), a) : a; });
}
inline void op_neg_float(const TileArgs& args) {
  map1<float, float>(args, [](float a) { return -a; });
}
inline void op_exp(const TileArgs& args) {
  map1<float, float>(args, [](float a) { return exp_formula(a); });
}
inline void op_sqrt(const TileArgs& args) {
  map1<float, float>(args, [](float a) { return std::sqrt(a); });
}
inline void op_abs_float(const TileArgs& args) {
  map1<float, float>(args, [](float a) { return std::fabs(a); });
}
inline void op_leaky_relu(const TileArgs& args) {
  const auto slope = static_cast<float>(args.attrs->real);
  map1<float, float>(args, [slope](float a) { return a > 0.0f ? a : a * slope; });
}
template <class To, class From>
void op_cast(const TileArgs& args) {
  map1<To, From>(args, [](From a) { return static_cast<To>(a); });
}
template <class T>
void op_clamp(const TileArgs& args) {
  const T low = static_cast<T>(args.attrs->a), high = static_cast<T>(args.attrs->b);
  map1<T, T>(args, [low, high](T a) { return a < low ? low : a > high ? high : a; });
}
template <class T>
void op_shift_right(const TileArgs& args) {
  const auto bits = static_cast<int>(args.attrs->a);
  map1<T, T>(args, [bits](T a) { return static_cast<T>(a >> bits); });
}

// round_shift and clip (core/fixed_point.hpp) without branches, for 1 <= shift <= 31; int32 in, R
// out.
template <class R>
void op_align32(const TileArgs& args) {
  const int32_t shift = *array<int32_t>(args, 1);
  const auto limit =
      static_cast<int32_t>(std::min<int64_t>(args.attrs->a, std::numeric_limits<int32_t>::max()));
  TileArgs one = args;
  one.scalars &= 1;
  if (shift > 0 && shift <= 31) {
    const uint32_t half = 1u << (shift - 1);
    map1<R, int32_t>(one, [=](int32_t v) {
      const int32_t sign = v >> 31;
      const uint32_t magnitude = static_cast<uint32_t>(v ^ sign) - static_cast<uint32_t>(sign);
      const auto rounded = static_cast<int32_t>((magnitude + half) >> shift);
      const int32_t clipped = rounded > limit ? limit : rounded;
      return static_cast<R>((clipped ^ sign) - sign);
    });
    return;
  }
  map1<R, int32_t>(one, [=](int32_t v) {
    return static_cast<R>(fixed::clip(fixed::round_shift(v, shift), limit));
  });
}

inline void op_requantise_sr(const TileArgs& args) {
  const int32_t shift = *array<int32_t>(args, 1);
  const auto limit = static_cast<int32_t>(args.attrs->a);
  TileArgs two = args;
  two.x[1] = args.x[2];
  two.scalars = (args.scalars & 1) | ((args.scalars & 4) >> 1);
  if (shift > 0 && shift <= 31) {
    const uint32_t mask = shift == 31 ? 0x7FFFFFFFu : (1u << shift) - 1;
    map2<int8_t, int32_t, int32_t>(two, [=](int32_t v, int32_t random) {
      // floor((v + r) / 2^s) = floor(v / 2^s) + ((v mod 2^s) + r) / 2^s: nothing overflows.
      const uint32_t low =
          (static_cast<uint32_t>(v) & mask) + (static_cast<uint32_t>(random) & mask);
      const int32_t q = (v >> shift) + static_cast<int32_t>(low >> shift);
      return static_cast<int8_t>(q > limit ? limit : q < -limit ? -limit : q);
    });
    return;
  }
  map2<int8_t, int32_t, int32_t>(two, [=](int32_t v, int32_t random) {
    return static_cast<int8_t>(
        fixed::clip(fixed::stochastic_shift(v, shift, static_cast<uint32_t>(random)), limit));
  });
}

inline void op_align64(const TileArgs& args) {
  const int32_t shift = *array<int32_t>(args, 1);
  const int64_t limit = args.attrs->a;
  TileArgs one = args;
  one.scalars &= 1;
  if (shift > 0 && shift <= 61) {
    const int64_t half = int64_t{1} << (shift - 1);
    map1<int64_t, int64_t>(one, [=](int64_t v) {
      const int64_t sign = v >> 63;
      const uint64_t magnitude = static_cast<uint64_t>(v ^ sign) - static_cast<uint64_t>(sign);
      const auto rounded = static_cast<int64_t>((magnitude + static_cast<uint64_t>(half)) >> shift);
      const int64_t clipped = rounded > limit ? limit : rounded;
      return (clipped ^ sign) - sign;
    });
    return;
  }
  map1<int64_t, int64_t>(
      one, [=](int64_t v) { return fixed::clip(fixed::round_shift(v, shift), limit); });
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

// The same with one factor 0 < b < 2^15 for all, which rates and decays are, in 32 bits:
// a = high 2^16 + low, and floor((p + 2^(s-1) - [p < 0]) / 2^s) rounds halves away from zero.
inline bool mul_shift_narrow(const TileArgs& args, int32_t b, int32_t shift, int64_t limit) {
  if (b <= 0 || b >= 1 << 15 || shift < 15 || shift > 46) return false;
  TileArgs one = args;
  one.scalars = 0;
  const int32_t left = shift - std::countr_zero(static_cast<uint32_t>(b));
  if ((b & (b - 1)) == 0 && left > 0 && left <= 31) {  // a power of two is a shift
    one.x[1] = &left;
    op_align32<int32_t>(one);
    return true;
  }
  const auto high_limit =
      static_cast<int32_t>(std::min<int64_t>(limit, std::numeric_limits<int32_t>::max()));
  const auto clip = [=](int32_t q) {
    return q > high_limit ? high_limit : q < -high_limit ? -high_limit : q;
  };
  const auto negative = [](int32_t a) {
    return static_cast<int32_t>(static_cast<uint32_t>(a) >> 31);
  };
  if (shift <= 16) {
    const int32_t half = 1 << (shift - 1), scale = b << (16 - shift);
    map1<int32_t, int32_t>(one, [=](int32_t a) {
      return clip((a >> 16) * scale + (((a & 0xFFFF) * b + half - negative(a)) >> shift));
    });
  } else {
    const int32_t half = 1 << (shift - 17), rest = shift - 16;
    map1<int32_t, int32_t>(one, [=](int32_t a) {
      const int32_t upper = (a >> 16) * b + (((a & 0xFFFF) * b - negative(a)) >> 16);
      return clip((upper + half) >> rest);
    });
  }
  return true;
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

// a b + c, a b - c and c - a b, each rounded twice: a product and the sum that alone reads it.
inline void op_mul_add(const TileArgs& args) {
  map3(args, [](float a, float b, float c) { return a * b + c; });
}
inline void op_mul_sub(const TileArgs& args) {
  map3(args, [](float a, float b, float c) { return a * b - c; });
}
inline void op_sub_mul(const TileArgs& args) {
  map3(args, [](float a, float b, float c) { return c - a * b; });
}

inline void op_mul_rsqrt(const TileArgs& args) {
  map2<int32_t, int32_t, int64_t>(
      args, [](int32_t m, int64_t v) { return fixed::mul_rsqrt(m, static_cast<uint64_t>(v)); });
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

inline int32_t or_magnitudes_loop(const int32_t* x, size_t n) {
  uint32_t bits = 0;
  for (size_t i = 0; i < n; ++i) {
    const int32_t sign = x[i] >> 31;
    bits |= static_cast<uint32_t>((x[i] ^ sign)) - static_cast<uint32_t>(sign);
  }
  return static_cast<int32_t>(bits);
}

template <class Acc, class T>
void reduce_columns_loop(bool maximum, const T* x, size_t rows, size_t stride, size_t cols,
                         Acc* result) {
  if (rows == 0) {
    for (size_t c = 0; c < cols; ++c) result[c] = Acc(0);
    return;
  }
  for (size_t c = 0; c < cols; ++c) result[c] = static_cast<Acc>(x[c]);
  for (size_t r = 1; r < rows; ++r) {
    const T* row = x + r * stride;
    if (maximum) {
      for (size_t c = 0; c < cols; ++c)
        result[c] = static_cast<Acc>(row[c]) > result[c] ? static_cast<Acc>(row[c]) : result[c];
    } else {
      for (size_t c = 0; c < cols; ++c) result[c] = wrap_add(result[c], static_cast<Acc>(row[c]));
    }
  }
}

template <class Acc, class T>
Acc reduce_row_loop(bool maximum, const T* x, size_t n) {
  constexpr size_t kLanes = 16;  // partial results, the same for every target
  const auto join = [maximum](Acc a, Acc b) { return maximum ? (b > a ? b : a) : wrap_add(a, b); };
  if (n == 0) return Acc(0);
  if (n < 2 * kLanes) {
    Acc result = static_cast<Acc>(x[0]);
    for (size_t i = 1; i < n; ++i) result = join(result, static_cast<Acc>(x[i]));
    return result;
  }
  Acc lanes[kLanes];
  for (size_t k = 0; k < kLanes; ++k) lanes[k] = static_cast<Acc>(x[k]);
  size_t i = kLanes;
  for (; i + kLanes <= n; i += kLanes)
    for (size_t k = 0; k < kLanes; ++k) lanes[k] = join(lanes[k], static_cast<Acc>(x[i + k]));
  for (size_t k = 0; i + k < n; ++k) lanes[k] = join(lanes[k], static_cast<Acc>(x[i + k]));
  for (size_t width = kLanes / 2; width > 0; width /= 2)
    for (size_t k = 0; k < width; ++k) lanes[k] = join(lanes[k], lanes[k + width]);
  return lanes[0];
}

#undef PARAGON_INDEPENDENT
