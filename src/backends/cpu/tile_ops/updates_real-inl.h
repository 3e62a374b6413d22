// SPDX-License-Identifier: Apache-2.0
// The floating-point kernels of updates.hpp.

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
