// SPDX-License-Identifier: Apache-2.0

// Vectors of units for the packers (pack-inl.h) on AVX2 and AVX-512. No include guard and no
// includes: it is included once inside the namespace and target region of each target.

/// Joins load(0), load(1), ... (16 bytes of the vectors of D) to one vector.
template <class D, class Load>
HWY_INLINE hn::Vec<D> join(D d, const Load& load) {
#if HWY_TARGET == HWY_AVX3
  const hn::Half<D> half;
  return hn::Combine(d, hn::Combine(half, load(3), load(2)), hn::Combine(half, load(1), load(0)));
#else
  return hn::Combine(d, load(1), load(0));
#endif
}

/// The first `count` elements, then zeros.
template <class D>
HWY_INLINE hn::Vec<D> load_first(D d, const std::byte* from, size_t count) {
  using T = hn::TFromD<D>;
#if HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(d, count), d, reinterpret_cast<const T*>(from));
#else
  T elements[hn::MaxLanes(D())] = {};
  __builtin_memcpy(elements, from, count * sizeof(T));
  return hn::LoadU(d, elements);
#endif
}

template <class D>
HWY_INLINE hn::Vec<D> load_all(D d, const std::byte* from) {
  return hn::LoadU(d, reinterpret_cast<const hn::TFromD<D>*>(from));
}

/// What the packers of 4-byte units share: vectors of them, and their transposition.
struct UnitVectors {
  using D = hn::ScalableTag<uint32_t>;
  using Block = hn::FixedTag<uint32_t, 4>;
  using V = hn::Vec<D>;
  static constexpr size_t kLanes = kVectorLanes, kBlockUnits = 4, kLineBytes = 4, kPlanes = 1;
  static constexpr size_t kChunks = HWY_TARGET == HWY_AVX3 ? 4 : 2;

  static HWY_INLINE void transpose(V (&v)[4]) {
    const hn::Repartition<uint64_t, D> wide;
    const auto low01 = hn::BitCast(wide, hn::InterleaveLower(D(), v[0], v[1]));
    const auto high01 = hn::BitCast(wide, hn::InterleaveUpper(D(), v[0], v[1]));
    const auto low23 = hn::BitCast(wide, hn::InterleaveLower(D(), v[2], v[3]));
    const auto high23 = hn::BitCast(wide, hn::InterleaveUpper(D(), v[2], v[3]));
    v[0] = hn::BitCast(D(), hn::InterleaveLower(wide, low01, low23));
    v[1] = hn::BitCast(D(), hn::InterleaveUpper(wide, low01, low23));
    v[2] = hn::BitCast(D(), hn::InterleaveLower(wide, high01, high23));
    v[3] = hn::BitCast(D(), hn::InterleaveUpper(wide, high01, high23));
  }
  static HWY_INLINE void store(V v, std::byte* to, size_t) {
    hn::StoreU(v, D(), reinterpret_cast<uint32_t*>(to));
  }
};
