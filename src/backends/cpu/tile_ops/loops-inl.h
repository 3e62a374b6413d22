// SPDX-License-Identifier: Apache-2.0
// Loops over scalar formulas, compiled once a SIMD target: included inside each target region, so
// no include guard. The formulas have no branches, so that the compiler turns the loops into
// vectors.

// The operand and the result may be the same array, element by element: no iteration needs another.
// With nothing but SSE2, clang's vectors shift left by the exponents of floating-point numbers
// (cvttps2dq); loops of integers stay scalar there.
#undef PARAGON_INDEPENDENT
#if defined(__clang__) && defined(PARAGON_INTEGER_LOOPS) && \
    (HWY_TARGET == HWY_EMU128 || HWY_TARGET == HWY_SCALAR)
#define PARAGON_INDEPENDENT _Pragma("clang loop vectorize(disable)")
#elif defined(__clang__)
#define PARAGON_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define PARAGON_INDEPENDENT _Pragma("GCC ivdep")
#endif

// The number of elements is copied in every loop's function: a store of bytes could change `args`.
template <class T>
const T* array(const TileArgs& args, int i) {
  return static_cast<const T*>(args.x[i]);
}

template <class R, class A, class F>
HWY_INLINE void map1(const TileArgs& args, F f) {
  R* result = static_cast<R*>(args.result);
  const size_t n = args.n;
  const A* a = array<A>(args, 0);
  if ((args.scalars & 1) != 0) {
    const R value = f(*a);
    for (size_t i = 0; i < n; ++i) result[i] = value;
    return;
  }
  PARAGON_INDEPENDENT
  for (size_t i = 0; i < n; ++i) result[i] = f(a[i]);
}

template <class R, class A, class B, class F>
HWY_INLINE void map2(const TileArgs& args, F f) {
  R* result = static_cast<R*>(args.result);
  const size_t n = args.n;
  const A* a = array<A>(args, 0);
  const B* b = array<B>(args, 1);
  switch (args.scalars & 3) {
    case 0:
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) result[i] = f(a[i], b[i]);
      return;
    case 1: {
      const A x = *a;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) result[i] = f(x, b[i]);
      return;
    }
    case 2: {
      const B y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) result[i] = f(a[i], y);
      return;
    }
    default: {
      const R value = f(*a, *b);
      for (size_t i = 0; i < n; ++i) result[i] = value;
    }
  }
}

// Three operands of one type, of which the second may be one value for all.
template <class T, class F>
HWY_INLINE void map3(const TileArgs& args, F f) {
  T* result = static_cast<T*>(args.result);
  const size_t n = args.n;
  const T* a = array<T>(args, 0);
  const T* b = array<T>(args, 1);
  const T* c = array<T>(args, 2);
  if ((args.scalars & 2) != 0) {
    const T y = *b;
    PARAGON_INDEPENDENT
    for (size_t i = 0; i < n; ++i) result[i] = f(a[i], y, c[i]);
    return;
  }
  PARAGON_INDEPENDENT
  for (size_t i = 0; i < n; ++i) result[i] = f(a[i], b[i], c[i]);
}

// Integer arithmetic that wraps.
template <class T>
HWY_INLINE T wrap_add(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a + b;
  else
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) +
                          static_cast<std::make_unsigned_t<T>>(b));
}
template <class T>
HWY_INLINE T wrap_sub(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a - b;
  else
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) -
                          static_cast<std::make_unsigned_t<T>>(b));
}
template <class T>
HWY_INLINE T wrap_mul(T a, T b) {
  if constexpr (std::is_floating_point_v<T>)
    return a * b;
  else
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(a) *
                          static_cast<std::make_unsigned_t<T>>(b));
}
