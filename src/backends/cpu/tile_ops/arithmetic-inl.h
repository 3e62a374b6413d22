// SPDX-License-Identifier: Apache-2.0
// Plain arithmetic, choices and casts, for any type of register.

// condition ? a : b; the condition is an array or one value for all.
template <class C, class T>
void op_select(const TileArgs& args) {
  T* result = static_cast<T*>(args.result);
  const size_t n = args.n;
  const C* c = array<C>(args, 0);
  const T* a = array<T>(args, 1);
  const T* b = array<T>(args, 2);
  if ((args.scalars & 1) != 0) {
    const bool second = *c == C(0);
    const T* chosen = second ? b : a;
    if ((args.scalars & (second ? 4u : 2u)) != 0) {
      const T value = *chosen;
      for (size_t i = 0; i < n; ++i) result[i] = value;
    } else if (result != chosen) {
      for (size_t i = 0; i < n; ++i) result[i] = chosen[i];
    }
    return;
  }
  switch (args.scalars >> 1) {
    case 0:
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) {
        const T x = a[i], y = b[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    case 1: {
      const T x = *a;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) {
        const T y = b[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    }
    case 2: {
      const T y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) {
        const T x = a[i];
        result[i] = c[i] != C(0) ? x : y;
      }
      return;
    }
    default: {
      const T x = *a, y = *b;
      PARAGON_INDEPENDENT
      for (size_t i = 0; i < n; ++i) result[i] = c[i] != C(0) ? x : y;
    }
  }
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
  map1<T, T>(args, [](T a) {
    if constexpr (std::is_floating_point_v<T>)
      return -a;
    else
      return wrap_sub(T(0), a);
  });
}
template <class T>
void op_abs(const TileArgs& args) {
  map1<T, T>(args, [](T a) {
    if constexpr (std::is_floating_point_v<T>)
      return std::fabs(a);
    else
      return a < T(0) ? wrap_sub(T(0), a) : a;
  });
}
template <class T>
void op_sqrt(const TileArgs& args) {
  map1<T, T>(args, [](T a) { return std::sqrt(a); });
}
template <class T>
void op_leaky_relu(const TileArgs& args) {
  const auto slope = static_cast<T>(args.attrs->real);
  map1<T, T>(args, [slope](T a) { return a > T(0) ? a : a * slope; });
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

// a b + c, a b - c and c - a b, each rounded twice: a product and the sum that alone reads it.
template <class T>
void op_mul_add(const TileArgs& args) {
  map3<T>(args, [](T a, T b, T c) { return a * b + c; });
}
template <class T>
void op_mul_sub(const TileArgs& args) {
  map3<T>(args, [](T a, T b, T c) { return a * b - c; });
}
template <class T>
void op_sub_mul(const TileArgs& args) {
  map3<T>(args, [](T a, T b, T c) { return c - a * b; });
}
