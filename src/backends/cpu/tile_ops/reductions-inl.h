// SPDX-License-Identifier: Apache-2.0
// Sums, maxima and bitwise ors over tiles and matrices.

template <class T>
T or_magnitudes_loop(const T* x, size_t n) {
  using Bits = std::make_unsigned_t<T>;
  Bits bits = 0;
  for (size_t i = 0; i < n; ++i) {
    const Bits value = static_cast<Bits>(x[i]);
    bits |= x[i] < 0 ? Bits(0) - value : value;
  }
  return static_cast<T>(bits);
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

// One function a pair of types: HWY_EXPORT wants plain functions.
#define PARAGON_REDUCTION_KERNELS(suffix, Acc, T)                                          \
  void columns_##suffix(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                        Acc* out) {                                                        \
    reduce_columns_loop<Acc, T>(maximum, x, rows, stride, cols, out);                      \
  }                                                                                        \
  Acc row_##suffix(bool maximum, const T* x, size_t n) {                                   \
    return reduce_row_loop<Acc, T>(maximum, x, n);                                         \
  }

// The calls of these on the active target, as the functions of tile_ops.hpp; once a unit.
#define PARAGON_REDUCTION_CALLS(suffix, Acc, T)                                                  \
  HWY_EXPORT(columns_##suffix);                                                                  \
  HWY_EXPORT(row_##suffix);                                                                      \
  template <>                                                                                    \
  void reduce_columns<Acc, T>(bool maximum, const T* x, size_t rows, size_t stride, size_t cols, \
                              Acc* result) {                                                     \
    HWY_DYNAMIC_DISPATCH(columns_##suffix)(maximum, x, rows, stride, cols, result);              \
  }                                                                                              \
  template <>                                                                                    \
  Acc reduce_row<Acc, T>(bool maximum, const T* x, size_t n) {                                   \
    return HWY_DYNAMIC_DISPATCH(row_##suffix)(maximum, x, n);                                    \
  }
