// SPDX-License-Identifier: Apache-2.0
// The fixed-point kernels of updates.hpp.

// Calls loop(row, first, count, x, formula) such that formula(x[k]) is |mul_shift| of element
// first + k of the row of x0, from magnitudes to magnitudes: once a row where the factor has a
// 32-bit formula, otherwise for pieces multiplied beforehand.
template <class Loop>
HWY_INLINE void with_product(const UpdateArgs& args, Loop loop) {
  const size_t rows = args.rows, n = args.n;
  if (visit_narrow_product(single<int32_t>(args, 0), single<int32_t>(args, 1), args.limit[0],
                           [&](auto formula) HWY_ATTR {
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
      loop(row, first, product.n, products, [](auto magnitude) HWY_ATTR { return magnitude; });
    }
}

// sum + a magnitude with the sign of v, and sum - it.
template <class U, class V>
HWY_INLINE V add_signed(V sum, U magnitude, V v) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto q = hn::BitCast(Lanes(), magnitude);
  return hn::IfThenElse(hn::Lt(v, hn::Zero(Lanes())), hn::Sub(sum, q), hn::Add(sum, q));
}
template <class U, class V>
HWY_INLINE V sub_signed(V sum, U magnitude, V v) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto q = hn::BitCast(Lanes(), magnitude);
  return hn::IfThenElse(hn::Lt(v, hn::Zero(Lanes())), hn::Add(sum, q), hn::Sub(sum, q));
}

inline int32_t update_velocity(const UpdateArgs& args) {
  namespace hn = hwy::HWY_NAMESPACE;
  const Lanes d;
  const UnsignedLanes unsigned_d;
  const auto factor = hn::Set(unsigned_d, static_cast<uint32_t>(single<int32_t>(args, 2)));
  const auto most = hn::Set(unsigned_d, static_cast<uint32_t>(args.limit[1]));
  const auto low = hn::Set(d, static_cast<int32_t>(args.low)),
             high = hn::Set(d, static_cast<int32_t>(args.high));
  with_product(args, [=, &args](size_t row, size_t first, size_t n, const int32_t* x,
                                auto formula) HWY_ATTR {
    map_vectors(
        n, result_row<int32_t>(args, 0, row) + first,
        [=](auto g, auto before) HWY_ATTR {
          const auto kept =
              with_signs(hn::Min(times_q15(magnitudes(before), factor), most), before);
          return hn::Min(hn::Max(add_signed(kept, formula(magnitudes(g)), g), low), high);
        },
        x, operand_row<int32_t>(args, 1, row) + first);
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

// In pieces that stay in the L1 cache, and several loops: each keeps its constants in registers.
// Results are written last, as each may lie where any operand lies. What the next piece reads is
// asked for in time, since the states of large networks lie far away.
inline int32_t update_ratio(const UpdateArgs& args) {
  namespace hn = hwy::HWY_NAMESPACE;
  constexpr size_t kPiece = 256, kLine = 64 / sizeof(int32_t);
  const UnsignedLanes d;
  const auto gain = hn::Set(d, static_cast<uint32_t>(single<int32_t>(args, 2)));
  const auto most = hn::Set(d, static_cast<uint32_t>(args.limit[1]));
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
          map_vectors(
              count, gradient,
              [=](auto g) HWY_ATTR { return with_signs(formula(magnitudes(g)), g); }, x + done);
          map_vectors(
              count, means,
              [=](auto g, auto m) HWY_ATTR {
                const auto difference = hn::Sub(g, m);
                const auto change = hn::Min(times_q15(magnitudes(difference), gain), most);
                return add_signed(m, change, difference);
              },
              gradient, mean);
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
  namespace hn = hwy::HWY_NAMESPACE;
  const Lanes d;
  const auto low = hn::Set(d, static_cast<int32_t>(args.low)),
             high = hn::Set(d, static_cast<int32_t>(args.high));
  with_product(args, [=, &args](size_t row, size_t first, size_t n, const int32_t* x, auto formula)
                         HWY_ATTR {
                           map_vectors(
                               n, result_row<int32_t>(args, 0, row) + first,
                               [=](auto v, auto before) HWY_ATTR {
                                 const auto moved = sub_signed(before, formula(magnitudes(v)), v);
                                 return hn::Min(hn::Max(moved, low), high);
                               },
                               x, operand_row<int32_t>(args, 1, row) + first);
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

template <class U>
HWY_INLINE uint32_t or_lanes(U v) {
  Padded<uint32_t> lanes;
  hwy::HWY_NAMESPACE::Store(v, UnsignedLanes(), lanes.data);
  return std::accumulate(std::begin(lanes.data), std::end(lanes.data), 0u, std::bit_or<>());
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

// Numbers that fit into R.
template <class R, class V>
HWY_INLINE void store_narrow(V v, R* to) {
  namespace hn = hwy::HWY_NAMESPACE;
  const hn::Rebind<R, Lanes> d;
#if HWY_TARGET == HWY_AVX3  // Highway's DemoteTo takes three instructions of the kind
  if constexpr (sizeof(R) == 1)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(v.raw));
  else
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(v.raw));
#else
  hn::StoreU(hn::DemoteTo(d, v), d, to);
#endif
}

template <class R>
int32_t update_write_view(const UpdateArgs& args) {
  namespace hn = hwy::HWY_NAMESPACE;
  const auto shift = single<int32_t>(args, 2);
  if (shift < 1 || shift > 31) return write_view_by_operations<R>(args);
  const Lanes d;
  const UnsignedLanes unsigned_d;
  const auto low = hn::Set(d, static_cast<int32_t>(args.low)),
             high = hn::Set(d, static_cast<int32_t>(args.high));
  const auto most = hn::Set(unsigned_d, static_cast<uint32_t>(args.limit[1])),
             half = hn::Set(unsigned_d, 1u << (shift - 1)),
             places = hn::Set(unsigned_d, static_cast<uint32_t>(shift));
  auto bits = hn::Zero(unsigned_d);
  with_product(args, [=, &args, &bits](size_t row, size_t first, size_t n, const int32_t* x,
                                       auto formula) HWY_ATTR {
    const int32_t* before = operand_row<int32_t>(args, 1, row) + first;
    int32_t* to = result_row<int32_t>(args, 0, row) + first;
    R* seen = result_row<R>(args, 1, row) + first;
    own_soon(seen + 4 * args.result_stride[1], n * sizeof(R));
    auto collected = bits;
    const auto one = [&](const int32_t* v_at, const int32_t* before_at, int32_t* to_at,
                         R* seen_at) HWY_ATTR {
      const auto v = hn::LoadU(d, v_at);
      const auto moved = sub_signed(hn::LoadU(d, before_at), formula(magnitudes(v)), v);
      const auto value = hn::Min(hn::Max(moved, low), high);
      const auto magnitude = magnitudes(value);
      const auto rounded = hn::Min(hn::Shr(hn::Add(magnitude, half), places), most);
      collected = hn::Or(collected, magnitude);
      hn::StoreU(value, d, to_at);
      store_narrow(with_signs(rounded, value), seen_at);
    };
    size_t done = 0;
    for (; done + hn::Lanes(d) <= n; done += hn::Lanes(d))
      one(x + done, before + done, to + done, seen + done);
    if (done < n) {
      const Padded<int32_t> v(x + done, n - done);
      Padded<int32_t> value(before + done, n - done);
      Padded<R> view;
      one(v.data, value.data, value.data, view.data);
      std::copy_n(value.data, n - done, to + done);
      std::copy_n(view.data, n - done, seen + done);
    }
    bits = collected;
  });
  return static_cast<int32_t>(or_lanes(bits));
}
