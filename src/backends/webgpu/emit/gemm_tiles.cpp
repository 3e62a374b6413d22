// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/gemm_tiles.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;

constexpr Tiling kTilings[] = {
    {128, 128, 16, 8, 8, 1}, {64, 64, 16, 4, 4, 1}, {32, 32, 32, 4, 4, 4}, {16, 16, 64, 4, 4, 16}};
static_assert([] {
  for (const Tiling& tiling : kTilings)
    if (tiling.blocks() * tiling.slices != kThreads) return false;
  return true;
}());
/// Tiles that keep a device busy: a GPU, a driver in software.
constexpr uint64_t kManyTiles = 96, kManyTilesInSoftware = 12;

Tiling tiling_for(const Dispatch& dispatch, bool narrow, bool software) {
  const uint64_t many = software ? kManyTilesInSoftware : kManyTiles;
  for (const Tiling& tiling : kTilings)
    if (tiling.tiles(dispatch) >= many && (narrow || tiling.block_rows == 4)) return tiling;
  return kTilings[std::size(kTilings) - 1];
}

/// Digits pay where sums of 64 bits are made of words; those of int16 on every GPU
/// (docs/webgpu.md). The sums of `depth` products of digits stay within 32 bits.
uint32_t digits_of(const Layout& layout, const Dispatch& dispatch, const Features& features) {
  const Place& a = layout[dispatch.operands[0]];
  if (layout[dispatch.operands[1]].type != a.type) return 0;
  const uint32_t depth = dispatch.attrs.a != 0 ? a.rows : a.cols;
  if (a.type == DType::int8) return 1;
  if (a.type == DType::int16 && depth <= 65536) return features.int64 && features.software ? 0 : 2;
  if (a.type == DType::int32 && depth <= 32768) return features.int64 ? 0 : 3;
  return 0;
}

class LoaderWriter {
 public:
  LoaderWriter(Writer& writer, const GemmForm& form, const Dispatch& dispatch, size_t operand,
               const std::string& tile, const std::string& limit, const std::string& depth)
      : w_(writer),
        form_(form),
        operand_(operand),
        buffer_(dispatch.operands[operand]),
        place_(writer.layout[buffer_]),
        width_(operand_ == 0 ? form.tiling.rows : form.tiling.cols),
        tile_(tile),
        limit_(limit),
        depth_(depth) {}

  TileLoader write(bool row_is_k) {
    return form_.digits > 0 ? write_packed(row_is_k) : write_plain(row_is_k);
  }

 private:
  std::string tile_at(const std::string& k, const std::string& quad) const {
    return form_.tile_at(tile_, operand_, k, quad);
  }

  /// Statements declaring x0 .. x3: four neighbours of a row of an operand.
  void load_quad(const std::string& element) {
    const std::string base = w_.base(buffer_);
    switch (place_.type) {
      case DType::int8:
      case DType::uint8: {
        const bool is_signed = place_.type == DType::int8;
        w_.add("  let e = {} + (({}) >> 2u);\n  let word = {};\n", base, element,
               w_.word(buffer_, "e"));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i,
                 is_signed ? fmt::format("extractBits(bitcast<i32>(word), {}u, 8u)", i * 8)
                           : fmt::format("i32(extractBits(word, {}u, 8u))", i * 8));
        return;
      }
      case DType::int16:
        w_.add("  let e = {} + (({}) >> 1u);\n", base, element);
        w_.add("  let low = bitcast<i32>({});\n  let high = bitcast<i32>({});\n",
               w_.word(buffer_, "e"), w_.word(buffer_, "e + 1u"));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = extractBits({}, {}u, 16u);\n", i, i < 2 ? "low" : "high", i % 2 * 16);
        return;
      case DType::float64:
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i, w_.load(buffer_, fmt::format("({}) + {}u", element, i)));
        return;
      default:
        w_.add("  let q = {};\n", w_.quad(buffer_, fmt::format("{} + {}", base, element)));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = bitcast<{}>(q.{});\n", i, form_.element, "xyzw"[i]);
    }
  }

  /// The digits of four neighbours in a row of an operand: a word of each of their bytes.
  std::string digits(const std::string& element) {
    const std::string base = w_.base(buffer_);
    if (form_.digits == 3)
      return fmt::format("u32_digits_of_int32({})",
                         w_.quad(buffer_, fmt::format("{} + {}", base, element)));
    const std::string at =
        fmt::format("{} + (({}) >> {}u)", base, element, form_.digits == 1 ? 2 : 1);
    if (form_.digits == 1) return fmt::format("vec4<u32>({}, 0u, 0u, 0u)", w_.word(buffer_, at));
    return fmt::format("u32_digits_of_int16({}, {})", w_.word(buffer_, at),
                       w_.word(buffer_, at + " + 1u"));
  }

  /// A tile of packed bytes: words of four neighbours in k, of each digit.
  TileLoader write_packed(bool row_is_k) {
    const uint32_t per_line = width_ / 4;
    const bool many = row_is_k && form_.digits > 1;
    const TileLoader loader{
        .fetch = w_.unique("fetch"),
        .put = w_.unique("put"),
        .type = many ? fmt::format("array<vec4<u32>, {}>", form_.digits) : "vec4<u32>",
        .all = row_is_k ? form_.lines() * per_line : form_.lines() * width_,
        .quad = operand_ == 0 ? 'p' : 'q',
        .first = operand_ == 0 ? "first_row" : "first_col"};
    const std::string pitch = w_.param(place_.pitch);
    w_.add("fn {}(i: u32, first: u32, k0: u32) -> {} {{\n", loader.fetch, loader.type);
    if (row_is_k) {
      // Four rows of four neighbours, turned.
      w_.add("  let k = k0 + i / {0}u * 4u;\n  let m = first + i % {0}u * 4u;\n", per_line);
      w_.add("  let at = min(m, {} - 1u) / 4u * 4u;\n", limit_);
      for (int j = 0; j < 4; ++j)
        w_.add("  let w{0} = select(vec4<u32>(), {1}, k + {0}u < {2});\n", j,
               digits(fmt::format("min(k + {}u, {} - 1u) * {} + at", j, depth_, pitch)), depth_);
      std::string turned;
      for (uint32_t d = 0; d < form_.digits; ++d)
        turned += fmt::format("{0}u32_turn_bytes(vec4<u32>(w0.{1}, w1.{1}, w2.{1}, w3.{1}))",
                              d == 0 ? "" : ", ", "xyz"[d]);
      w_.add("  return {};\n}}\n", many ? fmt::format("{}({})", loader.type, turned) : turned);
    } else {
      w_.add("  let m = first + i / {0}u;\n  let k = k0 + i % {0}u * 4u;\n", form_.lines());
      w_.add("  let w = {};\n",
             digits(fmt::format("min(m, {} - 1u) * {} + min(k, {} - 1u) / 4u * 4u", limit_, pitch,
                                depth_)));
      // What lies between the rows is anything.
      w_.add("  return u32_first_bytes(w, i32({}) - i32(k));\n}}\n", depth_);
    }
    w_.add("fn {}(i: u32, x: {}) {{\n", loader.put, loader.type);
    if (row_is_k)
      for (uint32_t d = 0; d < form_.digits; ++d)
        w_.add("  {} = x{};\n",
               tile_at(fmt::format("i / {}u + {}u", per_line, d * form_.lines()),
                       fmt::format("i % {}u", per_line)),
               many ? fmt::format("[{}]", d) : "");
    else {
      w_.add("  let m = i / {0}u;\n  let line = i % {0}u;\n", form_.lines());
      for (uint32_t d = 0; d < form_.digits; ++d)
        w_.add("  {}[m & 3u] = x.{};\n",
               tile_at(fmt::format("line + {}u", d * form_.lines()), "m >> 2u"), "xyz"[d]);
    }
    w_.add("}}\n");
    return loader;
  }

  TileLoader write_plain(bool row_is_k) {
    const TileLoader loader{.fetch = w_.unique("fetch"),
                            .put = w_.unique("put"),
                            .type = form_.tile_quad,
                            .all = form_.tiling.depth * width_ / 4,
                            .quad = operand_ == 0 ? 'p' : 'q',
                            .first = operand_ == 0 ? "first_row" : "first_col"};
    const std::string pitch = w_.param(place_.pitch);
    const uint32_t per_row = (row_is_k ? width_ : form_.tiling.depth) / 4;
    w_.add("fn {}(i: u32, first: u32, k0: u32) -> {} {{\n", loader.fetch, form_.quad);
    if (row_is_k) {
      w_.add("  let k = k0 + i / {0}u;\n  let m = first + i % {0}u * 4u;\n", per_row);
      load_quad(
          fmt::format("min(k, {} - 1u) * {} + min(m, {} - 1u) / 4u * 4u", depth_, pitch, limit_));
      w_.add("  if (k >= {}) {{", depth_);
      for (int i = 0; i < 4; ++i) w_.add(" x{} = {};", i, form_.zero());
      w_.add(" }}\n");
    } else {
      w_.add("  let m = first + i / {0}u;\n  let k = k0 + i % {0}u * 4u;\n", per_row);
      load_quad(
          fmt::format("min(m, {} - 1u) * {} + min(k, {} - 1u) / 4u * 4u", limit_, pitch, depth_));
      for (int i = 0; i < 4; ++i)
        w_.add("  if (k + {}u >= {}) {{ x{} = {}; }}\n", i, depth_, i, form_.zero());
    }
    w_.add("  return {}(x0, x1, x2, x3);\n}}\n", form_.quad);

    w_.add("fn {}(i: u32, x: {}) {{\n", loader.put, form_.quad);
    if (row_is_k) {
      w_.add("  {} = x;\n",
             tile_at(fmt::format("i / {}u", per_row), fmt::format("i % {}u", per_row)));
    } else {
      w_.add("  let m = i / {0}u;\n  let k = i % {0}u * 4u;\n", per_row);
      for (uint32_t i = 0; i < 4; ++i)
        w_.add("  {}[m & 3u] = {};\n", tile_at(fmt::format("k + {}u", i), "m >> 2u"),
               form_.lane("x", i));
    }
    w_.add("}}\n");
    return loader;
  }

  Writer& w_;
  const GemmForm& form_;
  size_t operand_;
  BufferId buffer_;
  const Place& place_;
  uint32_t width_;
  const std::string &tile_, &limit_, &depth_;
};

}  // namespace

GemmForm::GemmForm(const Layout& layout, const Dispatch& dispatch, const Features& features)
    : product(layout[dispatch.operands[0]].type),
      doubles(product.operand == DType::float64),
      digits(digits_of(layout, dispatch, features)),
      vectors(!product.wide && !doubles),
      tiling(tiling_for(dispatch, vectors, features.software)),
      element(doubles                             ? "F64"
              : product.operand == DType::float32 ? "f32"
                                                  : "i32"),
      quad(doubles ? "array<F64, 4>" : fmt::format("vec4<{}>", element)),
      tile_quad(digits > 0 ? "vec4<u32>" : quad) {
  // About the same bytes of workgroup memory.
  if (doubles) tiling.depth /= 2;
  if (digits > 0) tiling.depth *= digits == 1 ? 4 : digits == 3 && tiling.slices > 1 ? 1 : 2;
}

TileLoader write_tile_loader(Writer& writer, const GemmForm& form, const Dispatch& dispatch,
                             size_t operand, const std::string& tile, const std::string& limit,
                             const std::string& depth, bool row_is_k) {
  return LoaderWriter(writer, form, dispatch, operand, tile, limit, depth).write(row_is_k);
}

}  // namespace paragon::webgpu
