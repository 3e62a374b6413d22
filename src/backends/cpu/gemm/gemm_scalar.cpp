// SPDX-License-Identifier: Apache-2.0

// The portable GEMM kernels: plain C++ on groups of 16 bytes, which compilers vectorise for
// whatever the baseline of the build has.
#include <cstring>
#include <type_traits>

#include "backends/cpu/gemm/gemm.hpp"
#include "backends/cpu/gemm/kernels.hpp"
#include "backends/cpu/gemm/unroll.hpp"
#include "core/fixed_point.hpp"

namespace paragon::cpu {

namespace {

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
  static void store(const V& v, std::byte* to) { std::memcpy(to, v.at, sizeof v.at); }

 private:
  static V widen(const std::byte* from, size_t count) {
    Source narrow[kLanes] = {};
    std::memcpy(narrow, from, count * sizeof(Source));
    V v;
    for (size_t i = 0; i < kLanes; ++i) v.at[i] = narrow[i];
    return v;
  }
};

#include "backends/cpu/gemm/kernel-inl.h"
#include "backends/cpu/gemm/pack-inl.h"

void combine(const GemmCombine& task) {
  for (size_t r = 0; r < task.rows; ++r) {
    const std::byte* sums = task.sums + r * task.sums_row;
    std::byte* wide = task.wide + r * task.wide_row;
    std::byte* out = task.out + r * task.out_row;
    for (size_t c = 0; c < task.cols; ++c) {
      double sum;
      std::memcpy(&sum, sums + c * sizeof sum, sizeof sum);
      auto total = static_cast<int64_t>(sum);
      int64_t before = 0;
      if (!task.first) std::memcpy(&before, wide + c * sizeof before, sizeof before);
      total += before;
      if (!task.last) {
        std::memcpy(wide + c * sizeof total, &total, sizeof total);
        continue;
      }
      const auto result = static_cast<int32_t>(fixed::round_shift(total, task.shift));
      std::memcpy(out + c * sizeof result, &result, sizeof result);
    }
  }
}

template <class Ops, bool kAdjacentUnits, bool kPartialB>
constexpr GemmTileTable kTiles = gemm_tile_table<Ops, 4, kAdjacentUnits, kPartialB>();

template <class Source, class T>
constexpr GemmKernels make_kernels() {
  using Ops = PlainOps<T>;
  using Units = PlainUnits<Source, T>;
  GemmKernels kernels{};
  kernels.element_bytes = sizeof(Source);
  kernels.unit_bytes = sizeof(T);
  kernels.k_per_unit = Units::kPerUnit;
  kernels.lanes = Units::kLanes;
  kernels.lane_bits = Units::kLanes / 2;
  kernels.max_rows = 4;
  kernels.digits = 1;
  kernels.adjacent_rows = &kTiles<Ops, false, false>;
  if constexpr (std::is_same_v<Source, T>) {
    kernels.adjacent_units = &kTiles<Ops, true, false>;
    kernels.adjacent_rows_partial_b = &kTiles<Ops, false, true>;
    kernels.adjacent_units_partial_b = &kTiles<Ops, true, true>;
  }
  kernels.pack_a_k_contiguous = kernels.pack_b_k_contiguous = &gemm_pack_k_contiguous<Units>;
  kernels.pack_a_line_contiguous = kernels.pack_b_line_contiguous =
      &gemm_pack_line_contiguous<Units>;
  return kernels;
}

/// Integers as doubles, in blocks of at most `exact_units`.
template <class Source>
constexpr GemmKernels wide_kernels(size_t exact_units) {
  GemmKernels kernels = make_kernels<Source, double>();
  kernels.combine = &combine;
  kernels.exact_units = exact_units;
  return kernels;
}

}  // namespace

const GemmKernels* gemm_scalar_kernels(GemmType type) {
  static constexpr GemmKernels kFloat32 = make_kernels<float, float>();
  static constexpr GemmKernels kFloat64 = make_kernels<double, double>();
  static constexpr GemmKernels kInt8 = make_kernels<int8_t, int32_t>();
  static constexpr GemmKernels kInt16 = wide_kernels<int16_t>(size_t{1} << 16);
  static constexpr GemmKernels kInt32 = wide_kernels<int32_t>(kExactDoubleProducts);
  switch (type) {
    case GemmType::kFloat32:
      return &kFloat32;
    case GemmType::kFloat64:
      return &kFloat64;
    case GemmType::kInt8:
      return &kInt8;
    case GemmType::kInt16:
      return &kInt16;
    case GemmType::kInt32:
      return &kInt32;
  }
  return nullptr;
}

}  // namespace paragon::cpu
