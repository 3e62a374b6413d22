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
  static constexpr size_t kLanes = kVectorLanes, kBlockUnits = 4, kLineBytes = 4;
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
  static HWY_INLINE void store(V v, std::byte* to) {
    hn::StoreU(v, D(), reinterpret_cast<uint32_t*>(to));
  }
};

struct FloatUnits : UnitVectors {
  static constexpr size_t kPerUnit = 1, kElementBytes = 4;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return join(D(), [&](size_t i) HWY_ATTR {
      return hn::LoadU(Block(), reinterpret_cast<const uint32_t*>(line[4 * i] + offset));
    });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    const auto mask = hn::FirstN(Block(), bytes / kElementBytes);
    return join(D(), [&](size_t i) HWY_ATTR {
      return hn::MaskedLoad(mask, Block(), reinterpret_cast<const uint32_t*>(line[4 * i] + offset));
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return hn::LoadU(D(), reinterpret_cast<const uint32_t*>(rows[0]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return hn::MaskedLoad(hn::FirstN(D(), count), D(), reinterpret_cast<const uint32_t*>(rows[0]));
  }
};

/// One double to a unit, stored as a double or as an int32.
template <class Source>
struct DoubleUnits {
  using D = hn::ScalableTag<double>;
  using Narrow = hn::Rebind<Source, D>;
  using V = hn::Vec<D>;
  using Block = hn::FixedTag<Source, 2>;
  static constexpr size_t kLanes = hn::MaxLanes(D());
  static constexpr size_t kBlockUnits = 2, kLineBytes = 8, kPerUnit = 1;
  static constexpr size_t kElementBytes = sizeof(Source);
  static constexpr size_t kChunks = HWY_TARGET == HWY_AVX3 ? 4 : 2;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return widen(join(Narrow(), [&](size_t i) HWY_ATTR {
      return load_all(Block(), line[kBlockUnits * i] + offset);
    }));
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return widen(join(Narrow(), [&](size_t i) HWY_ATTR {
      Source elements[kBlockUnits] = {};
      __builtin_memcpy(elements, line[kBlockUnits * i] + offset, bytes);
      return hn::LoadU(Block(), elements);
    }));
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return widen(load_all(Narrow(), rows[0]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return widen(load_first(Narrow(), rows[0], count));
  }
  static HWY_INLINE void transpose(V (&v)[kBlockUnits]) {
    const V even = hn::InterleaveLower(D(), v[0], v[1]);
    v[1] = hn::InterleaveUpper(D(), v[0], v[1]);
    v[0] = even;
  }
  static HWY_INLINE void store(V v, std::byte* to) {
    hn::StoreU(v, D(), reinterpret_cast<double*>(to));
  }

 private:
  static HWY_INLINE V widen(hn::Vec<Narrow> v) {
    if constexpr (sizeof(Source) == sizeof(double)) {
      return v;
    } else {
      return hn::PromoteTo(D(), v);
    }
  }
};

/// Two int16 to a unit, stored as int16 or int8.
template <class Source>
struct PairUnits : UnitVectors {
  static constexpr size_t kPerUnit = 2, kElementBytes = sizeof(Source);
  using BlockWide = hn::Repartition<int16_t, Block>;
  using BlockNarrow = hn::Rebind<Source, BlockWide>;
  using LineWide = hn::RebindToSigned<D>;
  using LineNarrow = hn::Rebind<Source, LineWide>;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return join(D(), [&](size_t i) HWY_ATTR {
      return widen_block(load_all(BlockNarrow(), line[4 * i] + offset));
    });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return join(D(), [&](size_t i) HWY_ATTR {
      return widen_block(load_first(BlockNarrow(), line[4 * i] + offset, bytes / kElementBytes));
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip(load_all(LineNarrow(), rows[0]), load_all(LineNarrow(), rows[1]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip(load_first(LineNarrow(), rows[0], count), load_first(LineNarrow(), rows[1], count));
  }

 private:
  static HWY_INLINE hn::Vec<Block> widen_block(hn::Vec<BlockNarrow> v) {
    if constexpr (sizeof(Source) == sizeof(int16_t)) {
      return hn::BitCast(Block(), v);
    } else {
      return hn::BitCast(Block(), hn::PromoteTo(BlockWide(), v));
    }
  }
  static HWY_INLINE V zip(hn::Vec<LineNarrow> even, hn::Vec<LineNarrow> odd) {
    const V low = hn::BitCast(D(), hn::PromoteTo(LineWide(), even));
    const V high = hn::BitCast(D(), hn::PromoteTo(LineWide(), odd));
    return hn::Or(hn::And(low, hn::Set(D(), 0xFFFFu)), hn::ShiftLeft<16>(high));
  }
};

/// The same, every int16 split into its balanced byte digits: a vector of the low ones, then one of
/// the high ones.
struct DigitUnits : PairUnits<int16_t> {
  static constexpr size_t kLineBytes = 8;

  static HWY_INLINE void store(V v, std::byte* to) {
    const hn::Repartition<int16_t, D> d16;
    const auto value = hn::BitCast(d16, v);
    const auto high = hn::ShiftRight<8>(hn::Add(value, hn::Set(d16, int16_t{128})));
    const auto low = hn::Sub(value, hn::ShiftLeft<8>(high));
    UnitVectors::store(hn::BitCast(D(), low), to);
    UnitVectors::store(hn::BitCast(D(), high), to + kLanes * 4);
  }
};

#if HWY_TARGET == HWY_AVX3
/// Four bytes to a unit; kFlip adds 128 to each, modulo 256.
template <bool kFlip>
struct QuadUnits : UnitVectors {
  static constexpr size_t kPerUnit = 4, kElementBytes = 1;
  using Bytes = hn::Repartition<uint8_t, D>;
  using BlockBytes = hn::Repartition<uint8_t, Block>;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return flip(join(D(), [&](size_t i) HWY_ATTR { return load(line[4 * i] + offset); }));
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return flip(join(D(), [&](size_t i) HWY_ATTR {
      return hn::BitCast(Block(), load_first(BlockBytes(), line[4 * i] + offset, bytes));
    }));
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip(join(D(), [&](size_t i) HWY_ATTR { return load(rows[i]); }));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip(join(D(), [&](size_t i) HWY_ATTR {
      return hn::BitCast(Block(), load_first(BlockBytes(), rows[i], count));
    }));
  }

 private:
  static HWY_INLINE hn::Vec<Block> load(const std::byte* from) {
    return hn::LoadU(Block(), reinterpret_cast<const uint32_t*>(from));
  }
  static HWY_INLINE V flip(V v) { return kFlip ? hn::Xor(v, hn::Set(D(), 0x80808080u)) : v; }
  /// From 16 bytes of each of four rows to a byte of each row in each of 16 units.
  static HWY_INLINE V zip(V rows) {
    alignas(64) static constexpr int32_t kGather[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                        2, 6, 10, 14, 3, 7, 11, 15};
    alignas(16) static constexpr uint8_t kTranspose[16] = {0, 4, 8,  12, 1, 5, 9,  13,
                                                           2, 6, 10, 14, 3, 7, 11, 15};
    const V gathered = hn::TableLookupLanes(rows, hn::SetTableIndices(D(), kGather));
    const auto order = hn::LoadDup128(Bytes(), kTranspose);
    return flip(hn::BitCast(D(), hn::TableLookupBytes(hn::BitCast(Bytes(), gathered), order)));
  }
};
#endif
