// SPDX-License-Identifier: Apache-2.0

// Vectors of integer units for the packers (pack-inl.h), after units-inl.h. No include guard and no
// includes: it is included once inside the namespace and target region of each target.

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

  static HWY_INLINE void store(V v, std::byte* to, size_t plane) {
    const hn::Repartition<int16_t, D> d16;
    const auto value = hn::BitCast(d16, v);
    const auto high = hn::ShiftRight<8>(hn::Add(value, hn::Set(d16, int16_t{128})));
    const auto low = hn::Sub(value, hn::ShiftLeft<8>(high));
    UnitVectors::store(hn::BitCast(D(), low), to, plane);
    UnitVectors::store(hn::BitCast(D(), high), to + kLanes * 4, plane);
  }
};

/// Two int32 to a unit of each plane: their low digits, high digits, and the sums of both.
struct PlaneUnits {
  using D = UnitVectors::D;
  using D32 = hn::RebindToSigned<D>;
  using D16 = hn::Repartition<int16_t, D>;
  struct V {
    hn::Vec<D> low, high;
  };
  static constexpr size_t kLanes = kVectorLanes, kBlockUnits = 4, kLineBytes = 4;
  static constexpr size_t kPlanes = 3, kPerUnit = 2, kElementBytes = 4, kChunks = 1;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return narrow_blocks([&](size_t i)
                             HWY_ATTR { return load_all(Block(), line[4 * i] + offset); });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return narrow_blocks([&](size_t i) HWY_ATTR {
      return load_first(Block(), line[4 * i] + offset, bytes / kElementBytes);
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip(load_all(D32(), rows[0]), load_all(D32(), rows[1]));
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip(load_first(D32(), rows[0], count), load_first(D32(), rows[1], count));
  }
  static HWY_INLINE void transpose(V (&v)[kBlockUnits]) {
    hn::Vec<D> low[kBlockUnits] = {v[0].low, v[1].low, v[2].low, v[3].low};
    hn::Vec<D> high[kBlockUnits] = {v[0].high, v[1].high, v[2].high, v[3].high};
    UnitVectors::transpose(low);
    UnitVectors::transpose(high);
    for (size_t u = 0; u < kBlockUnits; ++u) v[u] = {low[u], high[u]};
  }
  static HWY_INLINE void store(const V& v, std::byte* to, size_t plane) {
    const D16 d16;
    const auto high = hn::BitCast(d16, v.high);
    const auto low = hn::Sub(hn::BitCast(d16, v.low), hn::ShiftLeft<kPlaneBits>(high));
    UnitVectors::store(hn::BitCast(D(), low), to, plane);
    UnitVectors::store(v.high, to + plane, plane);
    UnitVectors::store(hn::BitCast(D(), hn::Add(low, high)), to + 2 * plane, plane);
  }

 private:
  using Block = hn::FixedTag<int32_t, 8>;
  using Narrow = hn::Rebind<uint16_t, D32>;

  // `low` holds the lowest 16 bits until it is stored: less the high digit times 4096, modulo 2^16,
  // they are the low digit.

  static HWY_INLINE hn::Vec<D32> rounded(hn::Vec<D32> v) {
    return hn::Add(v, hn::Set(D32(), static_cast<int32_t>(kLargestLow)));
  }
  /// A vector of pairs of int16 from int32: the first blocks' and the last ones'.
  static HWY_INLINE hn::Vec<D> narrow(hn::Vec<D32> first, hn::Vec<D32> second) {
    const auto lower = hn::TruncateTo(Narrow(), hn::BitCast(D(), first));
    const auto upper = hn::TruncateTo(Narrow(), hn::BitCast(D(), second));
    return hn::BitCast(D(), hn::Combine(hn::Repartition<uint16_t, D>(), upper, lower));
  }
  template <class Load>
  static HWY_INLINE V narrow_blocks(const Load& load) {
#if HWY_TARGET == HWY_AVX3
    const auto first = hn::Combine(D32(), load(1), load(0));
    const auto second = hn::Combine(D32(), load(3), load(2));
#else
    const auto first = load(0), second = load(1);
#endif
    return {narrow(first, second), narrow(hn::ShiftRight<kPlaneBits>(rounded(first)),
                                          hn::ShiftRight<kPlaneBits>(rounded(second)))};
  }
  static HWY_INLINE V zip(hn::Vec<D32> even, hn::Vec<D32> odd) {
    const auto join = [](hn::Vec<D32> lower, hn::Vec<D32> upper) HWY_ATTR {
      return hn::BitCast(D(), hn::OddEven(hn::BitCast(D16(), upper), hn::BitCast(D16(), lower)));
    };
    return {join(even, hn::ShiftLeft<16>(odd)), join(hn::ShiftRight<kPlaneBits>(rounded(even)),
                                                     hn::ShiftLeft<16 - kPlaneBits>(rounded(odd)))};
  }
};

#if HWY_TARGET == HWY_AVX3
/// Four int16 to a unit of three planes: two of pairs, one of the four high digits, to which kFlip
/// adds 128, modulo 256.
template <bool kFlip>
struct PairByteUnits {
  using D = UnitVectors::D;
  using D16 = hn::Repartition<int16_t, D>;
  using D8 = hn::Repartition<uint8_t, D>;
  struct V {
    hn::Vec<D> pairs[2], bytes;
  };
  static constexpr size_t kLanes = kVectorLanes, kBlockUnits = 4, kLineBytes = 4;
  static constexpr size_t kPlanes = 3, kPerUnit = 4, kElementBytes = 2, kChunks = 1;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return split_blocks([&](size_t i) HWY_ATTR { return load_all(Block(), line[4 * i] + offset); });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return split_blocks([&](size_t i) HWY_ATTR {
      return load_first(Block(), line[4 * i] + offset, bytes / kElementBytes);
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return zip([&](size_t i) HWY_ATTR { return load_all(Line(), rows[i]); });
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return zip([&](size_t i) HWY_ATTR { return load_first(Line(), rows[i], count); });
  }
  static HWY_INLINE void transpose(V (&v)[kBlockUnits]) {
    for (size_t plane = 0; plane < 2; ++plane) {
      hn::Vec<D> pairs[kBlockUnits] = {v[0].pairs[plane], v[1].pairs[plane], v[2].pairs[plane],
                                       v[3].pairs[plane]};
      UnitVectors::transpose(pairs);
      for (size_t u = 0; u < kBlockUnits; ++u) v[u].pairs[plane] = pairs[u];
    }
    hn::Vec<D> bytes[kBlockUnits] = {v[0].bytes, v[1].bytes, v[2].bytes, v[3].bytes};
    UnitVectors::transpose(bytes);
    for (size_t u = 0; u < kBlockUnits; ++u) v[u].bytes = bytes[u];
  }
  static HWY_INLINE void store(const V& v, std::byte* to, size_t plane) {
    UnitVectors::store(v.pairs[0], to, plane);
    UnitVectors::store(v.pairs[1], to + plane, plane);
    UnitVectors::store(v.bytes, to + 2 * plane, plane);
  }

 private:
  using Block = hn::FixedTag<int16_t, 16>;
  using Line = hn::Rebind<uint16_t, D>;

  /// int16 whose upper bytes are the high digits.
  static HWY_INLINE hn::Vec<D8> rounded(hn::Vec<D> v) {
    const auto sum = hn::Add(hn::BitCast(D16(), v), hn::Set(D16(), int16_t{128}));
    return hn::BitCast(D8(), sum);
  }
  static HWY_INLINE hn::Vec<D> flip(hn::Vec<D8> v) {
    const auto bytes = hn::BitCast(D(), v);
    return kFlip ? hn::Xor(bytes, hn::Set(D(), 0x80808080u)) : bytes;
  }
  template <class Load>
  static HWY_INLINE V split_blocks(const Load& load) {
    const auto first = hn::BitCast(D(), hn::Combine(D16(), load(1), load(0)));
    const auto second = hn::BitCast(D(), hn::Combine(D16(), load(3), load(2)));
    return {{hn::ConcatEven(D(), second, first), hn::ConcatOdd(D(), second, first)},
            flip(hn::ConcatOdd(D8(), rounded(second), rounded(first)))};
  }
  template <class Load>
  static HWY_INLINE V zip(const Load& load) {
    alignas(16) static constexpr uint8_t kUpperBytes[2][16] = {
        {1, 3, 128, 128, 5, 7, 128, 128, 9, 11, 128, 128, 13, 15, 128, 128},
        {128, 128, 1, 3, 128, 128, 5, 7, 128, 128, 9, 11, 128, 128, 13, 15}};
    V v;
    hn::Vec<D8> digits[2];
    for (size_t i = 0; i < 2; ++i) {
      const auto even = hn::PromoteTo(D(), load(2 * i)), odd = hn::PromoteTo(D(), load(2 * i + 1));
      v.pairs[i] = hn::Or(even, hn::ShiftLeft<16>(odd));
      digits[i] =
          hn::TableLookupBytesOr0(rounded(v.pairs[i]), hn::LoadDup128(D8(), kUpperBytes[i]));
    }
    v.bytes = flip(hn::Or(digits[0], digits[1]));
    return v;
  }
};

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
