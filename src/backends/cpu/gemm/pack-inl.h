// SPDX-License-Identifier: Apache-2.0

// The packers of the GEMM, for every type and SIMD target. No include guard and no includes: it is
// included once inside the namespace (and target region) of each target. `Units` supplies
//   kLanes, kPerUnit, kElementBytes, kChunks
//   kBlockUnits              units of a block, n below
//   kLineBytes               what store writes for a line in a plane: a unit, or several made of it
//   kPlanes                  planes of a unit (kernels.hpp), side by side
//   V                        a vector of kLanes units
//   blocks(lines, offset)    n units each of lines 0, n, 2 n, ... side by side
//   transpose(v)             n such vectors to units 0 .. n - 1 of all lanes
//   lines(rows)              a unit of kLanes adjacent lines from kPerUnit rows
//   partial_blocks, partial_lines   the same from fewer bytes or lines, the rest zero
//   store(v, to, plane)      the next plane lies `plane` bytes on
//
// Vectors are stored whole, units in ascending order, the last vector of a panel's lines first. The
// excess of a vector that is wider than its panel is overwritten by the vectors that follow; that
// of the last unit needs room after the panel.

template <class Units>
void gemm_pack_k_contiguous(const GemmPack& pack) {
  using V = typename Units::V;
  constexpr size_t kLanes = Units::kLanes;
  constexpr size_t kBlockUnits = Units::kBlockUnits;
  constexpr size_t kBlockBytes = kBlockUnits * Units::kPerUnit * Units::kElementBytes;
  constexpr size_t kChunks = Units::kChunks;
  const size_t units = (pack.k + Units::kPerUnit - 1) / Units::kPerUnit;
  const size_t whole_blocks = pack.k / (kBlockUnits * Units::kPerUnit);
  const size_t tail_bytes = pack.k * Units::kElementBytes - whole_blocks * kBlockBytes;
  const size_t plane = pack.width * Units::kLineBytes;
  const size_t row_bytes = plane * Units::kPlanes;

  std::byte* panel = pack.out;
  for (size_t first = 0; first < pack.lines; first += pack.width, panel += pack.out_panel) {
    const size_t panel_lines = pack.lines - first < pack.width ? pack.lines - first : pack.width;
    for (size_t vector = (panel_lines + kLanes - 1) / kLanes; vector-- > 0;) {
      const size_t sub = vector * kLanes;
      // Missing lines repeat the last one: what they give is never stored.
      const std::byte* line[kLanes];
      for (size_t i = 0; i < kLanes; ++i) {
        const size_t index = sub + i < panel_lines ? sub + i : panel_lines - 1;
        line[i] = pack.source + (first + index) * pack.stride;
      }
      std::byte* to = panel + sub * Units::kLineBytes;
      size_t block = 0;
      // Whole cache lines of a line at a time: lines a power of two apart share cache sets.
      for (; block + kChunks <= whole_blocks; block += kChunks) {
        V v[kChunks][kBlockUnits];
        PARAGON_GEMM_UNROLL
        for (size_t r = 0; r < kBlockUnits; ++r) {
          PARAGON_GEMM_UNROLL
          for (size_t c = 0; c < kChunks; ++c) {
            v[c][r] = Units::blocks(line + r, (block + c) * kBlockBytes);
          }
        }
        PARAGON_GEMM_UNROLL
        for (size_t c = 0; c < kChunks; ++c) {
          Units::transpose(v[c]);
          PARAGON_GEMM_UNROLL
          for (size_t u = 0; u < kBlockUnits; ++u, to += row_bytes)
            Units::store(v[c][u], to, plane);
        }
      }
      for (; block < whole_blocks; ++block) {
        V v[kBlockUnits];
        for (size_t r = 0; r < kBlockUnits; ++r)
          v[r] = Units::blocks(line + r, block * kBlockBytes);
        Units::transpose(v);
        for (size_t u = 0; u < kBlockUnits; ++u, to += row_bytes) Units::store(v[u], to, plane);
      }
      if (tail_bytes != 0) {
        V v[kBlockUnits];
        for (size_t r = 0; r < kBlockUnits; ++r) {
          v[r] = Units::partial_blocks(line + r, whole_blocks * kBlockBytes, tail_bytes);
        }
        Units::transpose(v);
        for (size_t u = 0; u < units - whole_blocks * kBlockUnits; ++u, to += row_bytes) {
          Units::store(v[u], to, plane);
        }
      }
    }
  }
}

template <class Units>
void gemm_pack_line_contiguous(const GemmPack& pack) {
  using V = typename Units::V;
  constexpr size_t kLanes = Units::kLanes;
  constexpr size_t kPerUnit = Units::kPerUnit;
  constexpr size_t kVectorBytes = kLanes * Units::kElementBytes;
  // Few units of many panels at a time: long runs in the source would be few bytes in many panels.
  constexpr size_t kRunUnits = 16;
  const size_t units = (pack.k + kPerUnit - 1) / kPerUnit;
  const size_t plane = pack.width * Units::kLineBytes;
  const size_t row_bytes = plane * Units::kPlanes;
  static constexpr std::byte kZeros[kVectorBytes] = {};

  for (size_t begin = 0; begin < units; begin += kRunUnits) {
    const size_t end = begin + kRunUnits < units ? begin + kRunUnits : units;
    std::byte* panel = pack.out + begin * row_bytes;
    for (size_t first = 0; first < pack.lines; first += pack.width, panel += pack.out_panel) {
      const size_t panel_lines = pack.lines - first < pack.width ? pack.lines - first : pack.width;
      for (size_t vector = (panel_lines + kLanes - 1) / kLanes; vector-- > 0;) {
        const size_t sub = vector * kLanes;
        const size_t readable = pack.readable - first - sub;
        const std::byte* from =
            pack.source + (first + sub) * Units::kElementBytes + begin * kPerUnit * pack.stride;
        std::byte* to = panel + sub * Units::kLineBytes;
        const size_t whole = end * kPerUnit <= pack.k ? end : end - 1;
        const std::byte* row[kPerUnit];
        size_t unit = begin;
        if (readable >= kLanes) {
          for (; unit < whole; ++unit, from += kPerUnit * pack.stride, to += row_bytes) {
            PARAGON_GEMM_UNROLL
            for (size_t i = 0; i < kPerUnit; ++i) row[i] = from + i * pack.stride;
            Units::store(Units::lines(row), to, plane);
          }
        }
        for (; unit < end; ++unit, from += kPerUnit * pack.stride, to += row_bytes) {
          for (size_t i = 0; i < kPerUnit; ++i) {
            row[i] = unit * kPerUnit + i < pack.k ? from + i * pack.stride : kZeros;
          }
          const V v = readable >= kLanes ? Units::lines(row) : Units::partial_lines(row, readable);
          Units::store(v, to, plane);
        }
      }
    }
  }
}
