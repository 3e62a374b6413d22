// SPDX-License-Identifier: Apache-2.0
// The fixed-point kernels of updates.hpp.

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

/// v factor / 2^15, halves away from zero; 0 <= factor < 2^15.
HWY_INLINE int32_t times_q15(int32_t v, int32_t factor) {
  const auto negative = static_cast<int32_t>(static_cast<uint32_t>(v) >> 31);
  return (v >> 16) * (2 * factor) + (((v & 0xFFFF) * factor + (1 << 14) - negative) >> 15);
}

inline int32_t update_velocity(const UpdateArgs& args) {
  const auto factor = single<int32_t>(args, 2);
  const auto most = static_cast<int32_t>(args.limit[1]), low = static_cast<int32_t>(args.low),
             high = static_cast<int32_t>(args.high);
  with_product(args,
               [=, &args](size_t row, size_t first, size_t n, const int32_t* x, auto formula) {
                 const int32_t* before = operand_row<int32_t>(args, 1, row) + first;
                 int32_t* to = result_row<int32_t>(args, 0, row) + first;
                 PARAGON_INDEPENDENT
                 for (size_t i = 0; i < n; ++i) {
                   const int32_t clipped = clamp_between(times_q15(before[i], factor), -most, most);
                   to[i] = clamp_between(wrap_add(clipped, formula(x[i])), low, high);
                 }
               });
  return 0;
}

/// fixed::leading_zeros (of 0: 30), by an instruction where vectors have one.
HWY_INLINE int32_t zeros_of(int32_t g) {
#ifdef PARAGON_COUNTS_ZEROS
  return __builtin_clz(size_of_value(g) | 1) - 1;
#else
  return fixed::leading_zeros(g);
#endif
}

// In pieces that stay in the L1 cache, and three loops: each keeps its constants in registers.
// Results are written last, as each may lie where any operand lies. What the next piece reads is
// asked for in time, since the states of large networks lie far away.
inline int32_t update_ratio(const UpdateArgs& args) {
  constexpr size_t kPiece = 256, kLine = 64 / sizeof(int32_t);
  const auto gain = single<int32_t>(args, 2), most = static_cast<int32_t>(args.limit[1]);
  const int32_t bits = args.decay_bits, epsilon = args.epsilon;
  with_product(
      args, [=, &args](size_t row, size_t begin, size_t n, const int32_t* x, auto formula) {
        alignas(64) int32_t gradient[kPiece], means[kPiece];
        for (size_t done = 0; done < n; done += kPiece) {
          const size_t first = begin + done, count = std::min(kPiece, n - done);
          const int32_t *mean = operand_row<int32_t>(args, 1, row) + first,
                        *square = operand_row<int32_t>(args, 2, row) + first;
          int32_t *new_mean = result_row<int32_t>(args, 0, row) + first,
                  *new_square = result_row<int32_t>(args, 1, row) + first,
                  *ratio = result_row<int32_t>(args, 2, row) + first;
          for (size_t i = 0; i < kPiece; i += kLine) {
            __builtin_prefetch(mean + kPiece + i);
            __builtin_prefetch(square + kPiece + i);
          }
          PARAGON_INDEPENDENT
          for (size_t i = 0; i < count; ++i) {
            const int32_t g = formula(x[done + i]), m = mean[i];
            gradient[i] = g;
            means[i] = wrap_add(m, clamp_between(times_q15(wrap_sub(g, m), gain), -most, most));
          }
          PARAGON_INDEPENDENT
          for (size_t i = 0; i < count; ++i)
            gradient[i] = fixed::mean_square(square[i], gradient[i], bits, zeros_of(gradient[i]));
          PARAGON_INDEPENDENT
          for (size_t i = 0; i < count; ++i) {
            new_mean[i] = means[i];
            new_square[i] = gradient[i];
            ratio[i] = fixed::ratio_to_root(means[i], gradient[i], epsilon);
          }
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

// Asks for memory that will be written: the other threads have read these views, and a store would
// wait until their copies are gone. It need not exist.
HWY_INLINE void own_soon(const void* memory, size_t bytes) {
  const auto* line = static_cast<const char*>(memory);
  for (size_t at = 0; at < bytes; at += 64) {
#if HWY_ARCH_X86_64
    asm volatile("prefetchw (%0)" ::"r"(line + at));  // GCC's has it only for some processors
#else
    __builtin_prefetch(line + at, 1);
#endif
  }
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
        own_soon(seen + 4 * args.result_stride[1], n * sizeof(R));
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
