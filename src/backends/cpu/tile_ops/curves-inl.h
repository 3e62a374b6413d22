// SPDX-License-Identifier: Apache-2.0
// e^x, ln x and the smooth activation functions (core/curve.hpp) in floating point, without
// branches or tables and with the same bits on every target. Errors: tests/cpu/tile_ops_test.cpp.

// What differs between the two widths.
template <class T>
struct Real;

template <>
struct Real<float> {
  using Bits = uint32_t;
  static constexpr int kMantissa = 23;
  static constexpr Bits kBias = 127;
  static constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  static constexpr float kSmallest = -87.33654f, kLargest = 88.72283f;  // exponents of e
  static constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  // (e^r - 1 - r) / r^2 on +-ln(2)/2, highest power first: minimax, as in Cephes' expf.
  static constexpr float kExp[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                   4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  // (ln((1 + s) / (1 - s)) - 2 s) / s^3, highest power of s^2 first: minimax, as in FreeBSD's logf.
  static constexpr float kLog[] = {0.24279078841f, 0.28498786688f, 0.40000972152f, 0.66666662693f};
  static constexpr Bits kRootHalf = 0x3f3504f3;
  // tools/normal_tail.py 9, highest power first.
  static constexpr float kNormalTail[] = {
      -0.000162616316f, 0.000129340123f, 0.00157575208f, -0.00347619646f, -0.00752125553f,
      0.0603953134f,    -0.186524184f,   0.387137559f,   -0.607896596f,   0.755285127f};
};

template <>
struct Real<double> {
  using Bits = uint64_t;
  static constexpr int kMantissa = 52;
  static constexpr Bits kBias = 1023;
  static constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double kSmallest = -708.39641853226408, kLargest = 709.78271289338397;
  static constexpr double kLn2High = 6.93147180369123816490e-01,
                          kLn2Low = 1.90821492927058770002e-10;
  // Taylor's: 1/13! ... 1/2!
  static constexpr double kExp[] = {
      1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320,
      1.0 / 5040,       1.0 / 720,       1.0 / 120,      1.0 / 24,      1.0 / 6,      1.0 / 2};
  // As in FreeBSD's log.
  static constexpr double kLog[] = {1.479819860511658591e-01, 1.531383769920937332e-01,
                                    1.818357216161805012e-01, 2.222219843214978396e-01,
                                    2.857142874366239149e-01, 3.999999999940941908e-01,
                                    6.666666666666735130e-01};
  static constexpr Bits kRootHalf = 0x3fe6a09e667f3bcd;
  // tools/normal_tail.py 22, highest power first.
  static constexpr double kNormalTail[] = {
      -1.7737405043949108e-09, -1.2845818869925269e-09, 1.6536044775506402e-08,
      1.9608339140939514e-08,  -7.9898507525622594e-08, -1.6231917680473566e-07,
      2.6623278988835622e-07,  1.0270948807114341e-06,  -6.2620687669595995e-07,
      -5.9229798276747605e-06, 7.152737509308815e-07,   3.5145644585823848e-05,
      -1.9079074883936755e-06, -0.00023109515078768741, 0.00013334425890372837,
      0.0016308184878823643,   -0.0034796923628903557,  -0.0075401889691373127,
      0.060396574890762403,    -0.18652185795956719,    0.38713740074221653,
      -0.60789664197189308,    0.75528513041575152};
};

// Horner's rule, written out: compilers do not unroll loops of 23 steps, and a loop inside stays no
// vector.
template <class T, size_t terms, size_t... i>
HWY_INLINE T polynomial(T x, const T (&coefficients)[terms], std::index_sequence<i...>) {
  T sum = coefficients[0];
  ((sum = sum * x + coefficients[i + 1]), ...);
  return sum;
}

// Highest power first.
template <class T, size_t terms>
HWY_INLINE T polynomial(T x, const T (&coefficients)[terms]) {
  return polynomial(x, coefficients, std::make_index_sequence<terms - 1>());
}

// 2^k of k + kRound.
template <class T>
HWY_INLINE T power_of_two(T shifted) {
  using Bits = typename Real<T>::Bits;
  return std::bit_cast<T>((std::bit_cast<Bits>(shifted) + Real<T>::kBias) << Real<T>::kMantissa);
}

// x = k ln 2 + r.
template <class T>
struct Reduced {
  T k, r;
};
template <class T>
HWY_INLINE Reduced<T> reduce_exponent(T x) {
  const T k = (x * T(1.44269504088896340736) + Real<T>::kRound) - Real<T>::kRound;
  return {k, (x - k * Real<T>::kLn2High) - k * Real<T>::kLn2Low};
}

// e^x; 0 where the result is below the normal numbers, NaN stays NaN.
template <class T>
HWY_INLINE T exp_formula(T x) {
  constexpr T kRound = Real<T>::kRound, kSmallest = Real<T>::kSmallest,
              kLargest = Real<T>::kLargest;
  const T bounded = x < kSmallest ? kSmallest : x > kLargest ? kLargest : x;
  const auto [k, r] = reduce_exponent(bounded);
  const T p = polynomial(r, Real<T>::kExp) * (r * r) + r + T(1);
  // 2^k in two halves, so that the largest k does not overflow the exponent field.
  const T shifted_half = k * T(0.5) + kRound;
  const T half = shifted_half - kRound;
  const T y = p * power_of_two(shifted_half) * power_of_two((k - half) + kRound);
  const T high = x > kLargest ? std::numeric_limits<T>::infinity() : y;
  return x < kSmallest ? T(0) : high;
}

// e^x - 1 for x <= 0, also near 0 to a few units in the last place.
template <class T>
HWY_INLINE T expm1_below(T x) {
  const T bounded = x < Real<T>::kSmallest ? Real<T>::kSmallest : x;
  const auto [k, r] = reduce_exponent(bounded);
  const T p = polynomial(r, Real<T>::kExp) * (r * r) + r;
  const T scale = power_of_two(k + Real<T>::kRound);
  return p * scale + (scale - T(1));
}

// ln x: x = 2^k (1 + f) with 1 + f in sqrt(1/2) .. sqrt(2), s = f / (2 + f).
template <class T>
HWY_INLINE T log_formula(T x) {
  using Bits = typename Real<T>::Bits;
  constexpr int kMantissa = Real<T>::kMantissa;
  constexpr Bits kOne = Real<T>::kBias << kMantissa;
  constexpr T kShift = T(Bits(1) << kMantissa), kInfinity = std::numeric_limits<T>::infinity();
  const bool small = x < std::numeric_limits<T>::min();
  const T normal = small ? x * kShift : x;
  const Bits moved = std::bit_cast<Bits>(normal) + (kOne - Real<T>::kRootHalf);
  // The exponent's bits below those of 2^mantissa make a whole number.
  const T whole = std::bit_cast<T>((moved >> kMantissa) | std::bit_cast<Bits>(kShift));
  const T k = (whole - kShift) - (small ? T(Real<T>::kBias + kMantissa) : T(Real<T>::kBias));
  const Bits fraction = moved & ((Bits(1) << kMantissa) - 1);
  const T f = std::bit_cast<T>(fraction + Real<T>::kRootHalf) - T(1);
  const T s = f / (T(2) + f), z = s * s, half = T(0.5) * f * f;
  const T rest = s * (half + z * polynomial(z, Real<T>::kLog));
  constexpr T kHigh = sizeof(T) == 4 ? T(6.9313812256e-01) : T(6.93147180369123816490e-01),
              kLow = sizeof(T) == 4 ? T(9.0580006145e-06) : T(1.90821492927058770002e-10);
  const T y = k * kHigh - ((half - (rest + k * kLow)) - f);
  const T below = x == T(0) ? -kInfinity : std::numeric_limits<T>::quiet_NaN();
  const T above = x < kInfinity ? y : x;
  return x > T(0) ? above : below;
}

// Phi(-u) and the density's exponential, u = |x|.
template <class T>
struct Normal {
  T tail, exponential;
};
template <class T>
HWY_INLINE Normal<T> normal_tail(T x) {
  const T size = std::fabs(x), u = size > T(100) ? T(100) : size;
  const T exponential = exp_formula(T(-0.5) * u * u);
  const T t = T(1) / (u + T(4));
  return {exponential * polynomial((u - T(4)) * t, Real<T>::kNormalTail) * t, exponential};
}

template <Curve which, class T>
HWY_INLINE T curve_formula(T x) {
  if constexpr (which == Curve::elu) {
    const T below = expm1_below(x);
    return x >= T(0) ? x : below;
  } else if constexpr (which == Curve::sigmoid) {
    return T(1) / (T(1) + exp_formula(-x));
  } else if constexpr (which == Curve::tanh) {
    const T e = expm1_below(T(-2) * std::fabs(x));
    const T t = -e / (T(2) + e);
    return x < T(0) ? -t : t;
  } else if constexpr (which == Curve::swish) {
    return x / (T(1) + exp_formula(-x));
  } else {
    const T tail = normal_tail(x).tail;
    return x * (x < T(0) ? tail : T(1) - tail);
  }
}

template <Curve which, class T>
HWY_INLINE T slope_formula(T x) {
  if constexpr (which == Curve::elu) {
    const T below = exp_formula(x);
    return x >= T(0) ? T(1) : below;
  } else if constexpr (which == Curve::gelu) {
    const auto [tail, exponential] = normal_tail(x);
    return (x < T(0) ? tail : T(1) - tail) + x * (T(0.39894228040143267794) * exponential);
  } else {
    const T e = exp_formula((which == Curve::tanh ? T(-2) : T(-1)) * std::fabs(x));
    const T s = T(1) / (T(1) + e), slope = e * s * s;  // of the sigmoid
    if constexpr (which == Curve::sigmoid) return slope;
    if constexpr (which == Curve::tanh) return T(4) * slope;
    return (x < T(0) ? e * s : s) + x * slope;
  }
}

template <class T>
void op_exp(const TileArgs& args) {
  map1<T, T>(args, [](T a) { return exp_formula(a); });
}
template <class T>
void op_log(const TileArgs& args) {
  map1<T, T>(args, [](T a) { return log_formula(a); });
}

template <class T>
void op_curve(const TileArgs& args) {
  switch (static_cast<Curve>(args.attrs->a)) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return map1<T, T>(args, [](T x) { return curve_formula<Curve::name>(x); });
#include "core/curves.def"
  }
}

template <class T>
void op_curve_slope(const TileArgs& args) {
  switch (static_cast<Curve>(args.attrs->a)) {
#define PARAGON_CURVE(name, bounded) \
  case Curve::name:                  \
    return map1<T, T>(args, [](T x) { return slope_formula<Curve::name>(x); });
#include "core/curves.def"
  }
}
