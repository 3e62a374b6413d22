// SPDX-License-Identifier: Apache-2.0
// The kernels of updates.hpp.

template <class T>
HWY_INLINE T single(const UpdateArgs& args, int i) {
  return *static_cast<const T*>(args.scalar[i]);
}
template <class T>
HWY_INLINE const T* operand_row(const UpdateArgs& args, int i, size_t row) {
  return static_cast<const T*>(args.x[i]) + row * args.x_stride[i];
}
template <class T>
HWY_INLINE T* result_row(const UpdateArgs& args, int i, size_t row) {
  return static_cast<T*>(args.result[i]) + row * args.result_stride[i];
}

// The factor of a row of x0, and x0 times it: a sum that begins with zero, so there is no -0.
template <class T, bool kFactors>
HWY_INLINE T row_factor(const UpdateArgs& args, size_t row) {
  return kFactors ? static_cast<const T*>(args.row_factors)[row] : T(1);
}
template <bool kFactors, class T>
HWY_INLINE T times_factor(T x, T factor) {
  return kFactors ? x * factor + T(0) : x;
}

template <class T, bool kFactors>
void sgd_rows(const UpdateArgs& args) {
  const size_t rows = args.rows, n = args.n;
  const T s0 = single<T>(args, 0), s1 = single<T>(args, 1), s2 = single<T>(args, 2);
  for (size_t row = 0; row < rows; ++row) {
    const T *x0 = operand_row<T>(args, 0, row), *x1 = operand_row<T>(args, 1, row),
            *x2 = operand_row<T>(args, 2, row);
    T *r0 = result_row<T>(args, 0, row), *r1 = result_row<T>(args, 1, row);
    const T factor = row_factor<T, kFactors>(args, row);
    PARAGON_INDEPENDENT
    for (size_t i = 0; i < n; ++i) {
      const T step = times_factor<kFactors>(x0[i], factor) * s0 + x1[i] * s1;
      const T value = x2[i] - step * s2;
      r0[i] = step;
      r1[i] = value;
    }
  }
}

template <class T>
int32_t update_sgd(const UpdateArgs& args) {
  args.row_factors != nullptr ? sgd_rows<T, true>(args) : sgd_rows<T, false>(args);
  return 0;
}

template <class T, bool kFactors>
void adam_rows(const UpdateArgs& args) {
  const size_t rows = args.rows, n = args.n;
  const T s0 = single<T>(args, 0), s1 = single<T>(args, 1), s2 = single<T>(args, 2),
          s3 = single<T>(args, 3), s4 = single<T>(args, 4), s5 = single<T>(args, 5),
          s6 = single<T>(args, 6);
  for (size_t row = 0; row < rows; ++row) {
    const T *x0 = operand_row<T>(args, 0, row), *x1 = operand_row<T>(args, 1, row),
            *x2 = operand_row<T>(args, 2, row), *x3 = operand_row<T>(args, 3, row);
    T *r0 = result_row<T>(args, 0, row), *r1 = result_row<T>(args, 1, row),
      *r2 = result_row<T>(args, 2, row);
    const T factor = row_factor<T, kFactors>(args, row);
    PARAGON_INDEPENDENT
    for (size_t i = 0; i < n; ++i) {
      const T gradient = times_factor<kFactors>(x0[i], factor) * s0;
      const T mean = x1[i] * s1 + gradient * s2;
      const T variance = x2[i] * s3 + gradient * gradient * s4;
      const T value = x3[i] - mean / (std::sqrt(variance) + s5) * s6;
      r0[i] = mean;
      r1[i] = variance;
      r2[i] = value;
    }
  }
}

template <class T>
int32_t update_adam(const UpdateArgs& args) {
  args.row_factors != nullptr ? adam_rows<T, true>(args) : adam_rows<T, false>(args);
  return 0;
}

// Calls loop(row, first, count, x, formula) such that formula(x[k]) is mul_shift of element
// first + k of the row of x0: once a row where the factor has a 32-bit formula, otherwise for
// pieces multiplied beforehand.
template <class Loop>
HWY_INLINE void with_product(const UpdateArgs& args, Loop loop) {
  const size_t rows = args.rows, n = args.n;
  if (visit_narrow_product(single<int32_t>(args, 0), single<int32_t>(args, 1), args.limit[0],
                           [&](auto formula) {
                             for (size_t row = 0; row < rows; ++row)
                               loop(row, 0, n, operand_row<int32_t>(args, 0, row), formula);
                           }))
    return;
  constexpr size_t kPiece = 256;
  alignas(64) int32_t products[kPiece];
  ir::Attrs attrs;
  attrs.a = args.limit[0];
  for (size_t row = 0; row < rows; ++row)
    for (size_t first = 0; first < n; first += kPiece) {
      TileArgs product;
      product.result = products;
      product.x[0] = operand_row<int32_t>(args, 0, row) + first;
      product.x[1] = args.scalar[0];
      product.x[2] = args.scalar[1];
      product.scalars = 6;
      product.n = std::min(kPiece, n - first);
      product.attrs = &attrs;
      op_mul_shift(product);
      loop(row, first, product.n, products, [](int32_t v) { return v; });
    }
}

HWY_INLINE int32_t clamp_between(int32_t v, int32_t low, int32_t high) {
  return v < low ? low : v > high ? high : v;
}

inline int32_t update_velocity(const UpdateArgs& args) {
  const auto factor = single<int32_t>(args, 2);
  const auto most = static_cast<int32_t>(args.limit[1]), low = static_cast<int32_t>(args.low),
             high = static_cast<int32_t>(args.high);
  with_product(
      args, [=, &args](size_t row, size_t first, size_t n, const int32_t* x, auto formula) {
        const int32_t* before = operand_row<int32_t>(args, 1, row) + first;
        int32_t* to = result_row<int32_t>(args, 0, row) + first;
        PARAGON_INDEPENDENT
        for (size_t i = 0; i < n; ++i) {
          const int32_t v = before[i];
          const auto negative = static_cast<int32_t>(static_cast<uint32_t>(v) >> 31);
          const int32_t kept =
              (v >> 16) * (2 * factor) + (((v & 0xFFFF) * factor + (1 << 14) - negative) >> 15);
          const int32_t clipped = clamp_between(kept, -most, most);
          to[i] = clamp_between(wrap_add(clipped, formula(x[i])), low, high);
        }
      });
  return 0;
}

inline int32_t update_write(const UpdateArgs& args) {
  const auto low = static_cast<int32_t>(args.low), high = static_cast<int32_t>(args.high);
  with_product(args,
               [=, &args](size_t row, size_t first, size_t n, const int32_t* x, auto formula) {
                 const int32_t* before = operand_row<int32_t>(args, 1, row) + first;
                 int32_t* to = result_row<int32_t>(args, 0, row) + first;
                 PARAGON_INDEPENDENT
                 for (size_t i = 0; i < n; ++i)
                   to[i] = clamp_between(wrap_sub(before[i], formula(x[i])), low, high);
               });
  return 0;
}

// For shifts that no view of weights has.
template <class R>
int32_t write_view_by_operations(const UpdateArgs& args) {
  update_write(args);
  ir::Attrs attrs;
  attrs.a = args.limit[1];
  int32_t bits = 0;
  for (size_t row = 0; row < args.rows; ++row) {
    const int32_t* values = result_row<int32_t>(args, 0, row);
    TileArgs view;
    view.result = result_row<R>(args, 1, row);
    view.x[0] = values;
    view.x[1] = args.scalar[2];
    view.scalars = 2;
    view.n = args.n;
    view.attrs = &attrs;
    op_align<R, int32_t>(view);
    bits |= or_magnitudes(values, args.n);
  }
  return bits;
}

template <class R>
int32_t update_write_view(const UpdateArgs& args) {
  const auto shift = single<int32_t>(args, 2);
  if (shift < 1 || shift > 31) return write_view_by_operations<R>(args);
  const auto low = static_cast<int32_t>(args.low), high = static_cast<int32_t>(args.high),
             most = static_cast<int32_t>(args.limit[1]);
  const uint32_t half = 1u << (shift - 1);
  uint32_t bits = 0;
  with_product(
      args, [=, &args, &bits](size_t row, size_t first, size_t n, const int32_t* x, auto formula) {
        const int32_t* before = operand_row<int32_t>(args, 1, row) + first;
        int32_t* to = result_row<int32_t>(args, 0, row) + first;
        R* seen = result_row<R>(args, 1, row) + first;
        uint32_t collected = 0;
        PARAGON_INDEPENDENT
        for (size_t i = 0; i < n; ++i) {
          const int32_t value = clamp_between(wrap_sub(before[i], formula(x[i])), low, high);
          const uint32_t magnitude = size_of_value(value);
          const auto rounded = static_cast<int32_t>((magnitude + half) >> shift);
          collected |= magnitude;
          to[i] = value;
          seen[i] = static_cast<R>(with_sign(rounded > most ? most : rounded, value));
        }
        bits |= collected;
      });
  return static_cast<int32_t>(bits);
}
