// SPDX-License-Identifier: Apache-2.0

// What the portable kernels share: plain C++ on groups of 16 bytes, which compilers vectorise for
// whatever the baseline of the build has. No include guard and no includes: it is included once
// inside an unnamed namespace, by the units of integers and of floating point.

#include "backends/cpu/gemm/kernel-inl.h"
#include "backends/cpu/gemm/pack-inl.h"

/// Values of 16 bytes together, the registers of most baselines.
template <class T>
inline constexpr size_t kWidth = 16 / sizeof(T);

template <class T>
struct Group {
  T at[kWidth<T>];
};

template <class T>
struct PlainOps {
  using Acc = Group<T>;
  using A = T;
  using B = Group<T>;
  static constexpr size_t kLanes = kWidth<T>, kUnitBytes = sizeof(T);
  static constexpr bool kRowStart = false;
  static constexpr int kSteps = 1;

  static Acc zero() { return {}; }
  static Acc resume(const Acc&, const Acc& stored) { return stored; }
  static A load_a(const std::byte* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static Acc load(const std::byte* from) { return load_partial(from, kLanes); }
  static Acc load_partial(const std::byte* from, size_t count) {
    Acc value{};
    std::memcpy(value.at, from, count * sizeof(T));
    return value;
  }
  static B load_b(const std::byte* from) { return load(from); }
  static B load_b_partial(const std::byte* from, size_t count) { return load_partial(from, count); }
  static Acc multiply_add(A a, const B& b, Acc acc) {
    for (size_t i = 0; i < kLanes; ++i) acc.at[i] += a * b.at[i];
    return acc;
  }
  static void store(const Acc& acc, std::byte* to) { store_partial(acc, to, kLanes); }
  static void store_partial(const Acc& acc, std::byte* to, size_t count) {
    std::memcpy(to, acc.at, count * sizeof(T));
  }
};

/// A unit is one element, stored as the accumulator's type.
template <class Source, class T>
struct PlainUnits {
  using V = Group<T>;
  static constexpr size_t kLanes = kWidth<T>, kPerUnit = 1, kElementBytes = sizeof(Source);
  static constexpr size_t kChunks = 1, kBlockUnits = kLanes, kLineBytes = sizeof(T);
  static constexpr size_t kPlanes = 1;

  static V blocks(const std::byte* const* line, size_t offset) {
    return widen(*line + offset, kLanes);
  }
  static V partial_blocks(const std::byte* const* line, size_t offset, size_t bytes) {
    return widen(*line + offset, bytes / kElementBytes);
  }
  static V lines(const std::byte* const (&rows)[kPerUnit]) { return widen(rows[0], kLanes); }
  static V partial_lines(const std::byte* const (&rows)[kPerUnit], size_t count) {
    return widen(rows[0], count);
  }
  static void transpose(V (&v)[kBlockUnits]) {
    for (size_t i = 0; i < kLanes; ++i) {
      for (size_t j = i + 1; j < kLanes; ++j) {
        const T kept = v[i].at[j];
        v[i].at[j] = v[j].at[i];
        v[j].at[i] = kept;
      }
    }
  }
  static void store(const V& v, std::byte* to, size_t) { std::memcpy(to, v.at, sizeof v.at); }

 private:
  static V widen(const std::byte* from, size_t count) {
    Source narrow[kLanes] = {};
    std::memcpy(narrow, from, count * sizeof(Source));
    V v;
    for (size_t i = 0; i < kLanes; ++i) v.at[i] = narrow[i];
    return v;
  }
};

template <class Ops, bool kAdjacentUnits, bool kPartialB>
constexpr GemmTileTable kTiles = gemm_tile_table<Ops, 4, kAdjacentUnits, kPartialB>();

template <class Source, class T, class Units = PlainUnits<Source, T>>
constexpr GemmKernels make_kernels() {
  using Ops = PlainOps<T>;
  GemmKernels kernels{};
  kernels.element_bytes = sizeof(Source);
  kernels.unit_bytes = sizeof(T);
  kernels.k_per_unit = Units::kPerUnit;
  kernels.lanes = Units::kLanes;
  kernels.lane_bits = Units::kLanes / 2;
  kernels.max_rows = 4;
  kernels.digits = 1;
  kernels.planes = Units::kPlanes;
  kernels.adjacent_rows = &kTiles<Ops, false, false>;
  if constexpr (std::is_same_v<Source, T> && Units::kPlanes == 1) {
    kernels.adjacent_units = &kTiles<Ops, true, false>;
    kernels.adjacent_rows_partial_b = &kTiles<Ops, false, true>;
    kernels.adjacent_units_partial_b = &kTiles<Ops, true, true>;
  }
  kernels.pack_a_k_contiguous = kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<Units>;
  kernels.pack_a_line_contiguous = kernels.pack_b_line_contiguous =
      &gemm_pack_line_contiguous<Units>;
  return kernels;
}
