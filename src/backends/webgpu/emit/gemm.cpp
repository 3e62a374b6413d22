// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/gemm.hpp"

#include "backends/webgpu/emit/code.hpp"
#include "backends/webgpu/emit/products.hpp"
#include "backends/webgpu/formula.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;

/// Extents of a tile: `rows` x `cols` results, `depth` products at a time, and of an invocation's
/// block, all multiples of four.
struct Tiling {
  uint32_t rows, cols, depth, block_rows, block_cols;
  uint32_t threads() const { return rows / block_rows * (cols / block_cols); }
};

constexpr uint32_t kLargeResult = 1024 * 1024;

Tiling tiling_for(const Dispatch& dispatch, const Product& product) {
  const size_t elements = dispatch.rows * dispatch.cols;
  const bool scalar = product.wide || product.operand == DType::float64;
  if (!scalar && elements >= kLargeResult) return {128, 128, 8, 8, 8};
  if (dispatch.rows <= 32 || dispatch.cols <= 32 || elements <= 256 * 256)
    return {32, 32, 16, 4, 4};
  return {64, 64, 16, 4, 4};
}

class GemmWriter {
 public:
  GemmWriter(Writer& writer, const Dispatch& dispatch)
      : w_(writer),
        dispatch_(dispatch),
        product_(writer.layout[dispatch.operands[0]].type),
        tiling_(tiling_for(dispatch, product_)),
        vectors_(!product_.wide && product_.operand != DType::float64),
        element_(product_.operand == DType::float64   ? "F64"
                 : product_.operand == DType::float32 ? "f32"
                                                      : "i32") {}

  Kernel write(std::string name) {
    const std::string store = write_code(w_, dispatch_);
    const bool ta = dispatch_.attrs.a != 0, tb = dispatch_.attrs.b != 0;
    const Place& a = place(0);
    const uint32_t depth = ta ? a.rows : a.cols;
    const auto rows = static_cast<uint32_t>(dispatch_.rows),
               cols = static_cast<uint32_t>(dispatch_.cols);
    const uint32_t tiles_x = (cols + tiling_.cols - 1) / tiling_.cols,
                   tiles_y = (rows + tiling_.rows - 1) / tiling_.rows;
    rows_ = w_.param(rows);
    cols_ = w_.param(cols);
    depth_ = w_.param(depth);
    const std::string tiles = w_.param(tiles_x), count = w_.param(tiles_x * tiles_y);
    // Operands as [depth][rows] and [depth][cols], four neighbours together.
    declare_tile("a_tile", tiling_.rows);
    declare_tile("b_tile", tiling_.cols);
    write_loader("load_a", 0, tiling_.rows, rows_, ta);
    write_loader("load_b", 1, tiling_.cols, cols_, !tb);
    w_.add(
        "@compute @workgroup_size({})\n"
        "fn main(@builtin(local_invocation_index) local: u32,\n"
        "        @builtin(workgroup_id) group: vec3<u32>,\n"
        "        @builtin(num_workgroups) groups: vec3<u32>) {{\n"
        "  let tile = group.y * groups.x + group.x;\n"
        "  if (tile >= {}) {{ return; }}\n",
        tiling_.threads(), count);
    if (dispatch_.when != runtime::kNoBuffer)
      w_.add("  if ({} == 0) {{ return; }}\n", w_.load_scalar(dispatch_.when));
    const uint32_t across = tiling_.cols / tiling_.block_cols;
    w_.add("  let first_row = tile / {0} * {1}u;\n  let first_col = tile % {0} * {2}u;\n", tiles,
           tiling_.rows, tiling_.cols);
    w_.add("  let block_row = local / {0}u * {1}u;\n  let block_col = local % {0}u * {2}u;\n",
           across, tiling_.block_rows, tiling_.block_cols);
    declare_sums();
    w_.add("  for (var k0 = 0u; k0 < {}; k0 += {}u) {{\n", depth_, tiling_.depth);
    load_tile("load_a", tiling_.rows, "first_row");
    load_tile("load_b", tiling_.cols, "first_col");
    w_.add("    workgroupBarrier();\n");
    multiply();
    w_.add("    workgroupBarrier();\n  }}\n");
    finish(store);
    w_.add("}}\n");
    Kernel kernel;
    kernel.name = std::move(name);
    kernel.params = w_.params();
    kernel.text = w_.declarations() + w_.text();
    kernel.groups_x = tiles_x * tiles_y;
    return kernel;
  }

 private:
  const Place& place(size_t operand) const { return w_.layout[dispatch_.operands[operand]]; }

  void declare_tile(std::string_view name, uint32_t width) {
    const uint32_t elements = tiling_.depth * width;
    if (element_ == "F64")
      w_.add("var<workgroup> {}: array<F64, {}>;\n", name, elements);
    else
      w_.add("var<workgroup> {}: array<vec4<{}>, {}>;\n", name, element_, elements / 4);
  }

  /// Statements declaring x0 .. x3: four neighbours of a row of an operand.
  void load_quad(size_t operand, const std::string& element) {
    const BufferId buffer = dispatch_.operands[operand];
    const std::string base = w_.base(buffer);
    switch (place(operand).type) {
      case DType::int8:
      case DType::uint8: {
        const bool is_signed = place(operand).type == DType::int8;
        w_.add("  let e = {0} + (({1}) >> 2u);\n  let word = memory[e >> 2u][e & 3u];\n", base,
               element);
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i,
                 is_signed ? fmt::format("extractBits(bitcast<i32>(word), {}u, 8u)", i * 8)
                           : fmt::format("i32(extractBits(word, {}u, 8u))", i * 8));
        return;
      }
      case DType::int16:
        w_.add("  let e = {0} + (({1}) >> 1u);\n", base, element);
        w_.add(
            "  let low = bitcast<i32>(memory[e >> 2u][e & 3u]);\n"
            "  let high = bitcast<i32>(memory[(e + 1u) >> 2u][(e + 1u) & 3u]);\n");
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = extractBits({}, {}u, 16u);\n", i, i < 2 ? "low" : "high", i % 2 * 16);
        return;
      case DType::float64:
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i, w_.load(buffer, fmt::format("({}) + {}u", element, i)));
        return;
      default:
        w_.add("  let q = memory[({} + {}) >> 2u];\n", base, element);
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = bitcast<{}>(q.{});\n", i, element_, "xyzw"[i]);
    }
  }

  std::string zero() const { return element_ == "F64" ? "f64_from_i32(0)" : element_ + "(0)"; }

  /// NAME(i, first, k0): quad i of a tile goes from memory to workgroup memory. `along` says
  /// whether memory's rows run along the depth's neighbours (each row holds one k), or each row
  /// holds one result row or column.
  void write_loader(std::string_view name, size_t operand, uint32_t width, const std::string& limit,
                    bool row_is_k) {
    const std::string_view tile = operand == 0 ? "a_tile" : "b_tile";
    const std::string pitch = w_.param(place(operand).pitch);
    w_.add("fn {}(i: u32, first: u32, k0: u32) {{\n", name);
    if (row_is_k) {
      const uint32_t per_row = width / 4;
      w_.add("  let kk = i / {0}u;\n  let m = i % {0}u * 4u;\n", per_row);
      w_.add("  let k = k0 + kk;\n");
      load_quad(operand, fmt::format("min(k, {} - 1u) * {} + min(first + m, {} - 1u) / 4u * 4u",
                                     depth_, pitch, limit));
      w_.add("  if (k >= {}) {{", depth_);
      for (int i = 0; i < 4; ++i) w_.add(" x{} = {};", i, zero());
      w_.add(" }}\n");
      if (element_ == "F64")
        for (int i = 0; i < 4; ++i) w_.add("  {}[kk * {}u + m + {}u] = x{};\n", tile, width, i, i);
      else
        w_.add("  {}[kk * {}u + m / 4u] = vec4<{}>(x0, x1, x2, x3);\n", tile, per_row, element_);
    } else {
      const uint32_t per_row = tiling_.depth / 4;
      w_.add("  let m = i / {0}u;\n  let kk = i % {0}u * 4u;\n", per_row);
      w_.add("  let k = k0 + kk;\n");
      load_quad(operand, fmt::format("min(first + m, {} - 1u) * {} + min(k, {} - 1u) / 4u * 4u",
                                     limit, pitch, depth_));
      for (int i = 0; i < 4; ++i) {
        w_.add("  if (k + {}u >= {}) {{ x{} = {}; }}\n", i, depth_, i, zero());
        if (element_ == "F64")
          w_.add("  {}[(kk + {}u) * {}u + m] = x{};\n", tile, i, width, i);
        else
          w_.add("  {}[(kk + {}u) * {}u + m / 4u][m & 3u] = x{};\n", tile, i, width / 4, i);
      }
    }
    w_.add("}}\n");
  }

  void load_tile(std::string_view loader, uint32_t width, std::string_view first) {
    const uint32_t quads = tiling_.depth * width / 4, threads = tiling_.threads();
    for (uint32_t done = 0; done < quads; done += threads) {
      const std::string call = fmt::format("{}(local + {}u, {}, k0);", loader, done, first);
      if (done + threads <= quads)
        w_.add("    {}\n", call);
      else
        w_.add("    if (local + {}u < {}u) {{ {} }}\n", done, quads, call);
    }
  }

  void declare_sums() {
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += vectors_ ? 4 : 1)
        w_.add("  var c{}_{} = {};\n", r, c,
               vectors_ ? fmt::format("vec4<{}>()", element_) : product_.zero());
  }

  std::string read(std::string_view tile, uint32_t width, const std::string& place,
                   uint32_t i) const {
    if (element_ == "F64") return fmt::format("{}[k * {}u + {} + {}u]", tile, width, place, i);
    return fmt::format("{}[k * {}u + {} / 4u + {}u]", tile, width / 4, place, i / 4);
  }

  void multiply() {
    w_.add("    for (var k = 0u; k < {}u; k += 1u) {{\n", tiling_.depth);
    const bool doubles = element_ == "F64";
    const uint32_t step = doubles ? 1 : 4;
    for (uint32_t r = 0; r < tiling_.block_rows; r += step)
      w_.add("      let a{} = {};\n", r, read("a_tile", tiling_.rows, "block_row", r));
    for (uint32_t c = 0; c < tiling_.block_cols; c += step)
      w_.add("      let b{} = {};\n", c, read("b_tile", tiling_.cols, "block_col", c));
    const auto one = [&](char operand, uint32_t i) {
      return doubles ? fmt::format("{}{}", operand, i)
                     : fmt::format("{}{}.{}", operand, i / 4 * 4, "xyzw"[i % 4]);
    };
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += vectors_ ? 4 : 1) {
        const std::string sum = fmt::format("c{}_{}", r, c);
        w_.add("      {} = {};\n", sum,
               product_.add(sum, one('a', r), vectors_ ? fmt::format("b{}", c) : one('b', c)));
      }
    w_.add("    }}\n");
  }

  void finish(const std::string& store) {
    const std::string shift =
        product_.wide ? w_.param(static_cast<uint32_t>(dispatch_.attrs.c)) : std::string();
    w_.add("  let row = first_row + block_row;\n  let col = first_col + block_col;\n");
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += 4) {
        std::string arguments;
        for (uint32_t lane = 0; lane < 4; ++lane)
          arguments +=
              ", " + product_.finish(vectors_ ? fmt::format("c{}_{}.{}", r, c, "xyzw"[lane])
                                              : fmt::format("c{}_{}", r, c + lane),
                                     shift);
        w_.add(
            "  if (row + {0}u < {1} && col + {2}u < {3}) {{ {4}(row + {0}u, col + {2}u{5}); }}\n",
            r, rows_, c, cols_, store, arguments);
      }
  }

  Writer& w_;
  const Dispatch& dispatch_;
  Product product_;
  Tiling tiling_;
  bool vectors_;  // sums are vectors of four columns
  std::string element_, rows_, cols_, depth_;
};

}  // namespace

bool takes_gemm(const Layout& layout, const Dispatch& dispatch, const Features& features) {
  if (dispatch.kind != Dispatch::Kind::kAnchored || dispatch.op != ir::Op::contract ||
      dispatch.cols == 1 || (dispatch.type == DType::float64 && !features.float64))
    return false;
  for (const BufferId operand : dispatch.operands) {
    const Place& place = layout[operand];
    if (place.bank != Bank::kMemory || place.pitch % 4 != 0) return false;
  }
  return true;
}

Kernel write_gemm(Writer& writer, const Dispatch& dispatch, std::string name) {
  return GemmWriter(writer, dispatch).write(std::move(name));
}

}  // namespace paragon::webgpu
