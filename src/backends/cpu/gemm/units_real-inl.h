// SPDX-License-Identifier: Apache-2.0

// Vectors of floating-point units for the packers (pack-inl.h), after units-inl.h. No include guard
// and no includes: it is included once inside the namespace and target region of each target.

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

struct DoubleUnits {
  using D = hn::ScalableTag<double>;
  using V = hn::Vec<D>;
  using Block = hn::FixedTag<double, 2>;
  static constexpr size_t kLanes = hn::MaxLanes(D());
  static constexpr size_t kBlockUnits = 2, kLineBytes = 8, kPlanes = 1, kPerUnit = 1;
  static constexpr size_t kElementBytes = 8;
  static constexpr size_t kChunks = HWY_TARGET == HWY_AVX3 ? 4 : 2;

  static HWY_INLINE V blocks(const std::byte* const* line, size_t offset) {
    return join(
        D(), [&](size_t i) HWY_ATTR { return load_all(Block(), line[kBlockUnits * i] + offset); });
  }
  static HWY_INLINE V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return join(D(), [&](size_t i) HWY_ATTR {
      double elements[kBlockUnits] = {};
      __builtin_memcpy(elements, line[kBlockUnits * i] + offset, bytes);
      return hn::LoadU(Block(), elements);
    });
  }
  static HWY_INLINE V lines(const std::byte* const (&rows)[kPerUnit]) {
    return load_all(D(), rows[0]);
  }
  static HWY_INLINE V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return load_first(D(), rows[0], count);
  }
  static HWY_INLINE void transpose(V (&v)[kBlockUnits]) {
    const V even = hn::InterleaveLower(D(), v[0], v[1]);
    v[1] = hn::InterleaveUpper(D(), v[0], v[1]);
    v[0] = even;
  }
  static HWY_INLINE void store(V v, std::byte* to, size_t) {
    hn::StoreU(v, D(), reinterpret_cast<double*>(to));
  }
};
