// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/gemm.hpp"

#include "backends/webgpu/emit/code.hpp"
#include "backends/webgpu/emit/gemm_tiles.hpp"
#include "backends/webgpu/formula.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;

class GemmWriter {
 public:
  GemmWriter(Writer& writer, const Dispatch& dispatch, const Features& features)
      : w_(writer),
        dispatch_(dispatch),
        form_(writer.layout, dispatch, features),
        tiling_(form_.tiling) {}

  Part write() {
    store_ = write_code(w_, dispatch_);
    const bool ta = dispatch_.attrs.a != 0, tb = dispatch_.attrs.b != 0;
    const Place& a = w_.layout[dispatch_.operands[0]];
    rows_ = w_.param(static_cast<uint32_t>(dispatch_.rows));
    cols_ = w_.param(static_cast<uint32_t>(dispatch_.cols));
    depth_ = w_.param(ta ? a.rows : a.cols);
    const std::string tiles_x =
        w_.param((static_cast<uint32_t>(dispatch_.cols) + tiling_.cols - 1) / tiling_.cols);
    tile_ = w_.shared_array(form_.tile_quad, form_.all_lines() * (tiling_.rows + tiling_.cols) / 4);
    // Operands as [depth][rows] and [depth][cols], four neighbours together; packed bytes as words
    // of four products each.
    const TileLoader load_a = write_tile_loader(w_, form_, dispatch_, 0, tile_, rows_, depth_, ta),
                     load_b = write_tile_loader(w_, form_, dispatch_, 1, tile_, cols_, depth_, !tb);

    Part part{w_.unique("gemm"), static_cast<uint32_t>(tiling_.tiles(dispatch_))};
    w_.add("fn {}(group: u32, local: u32) {{\n", part.function);
    if (dispatch_.when != runtime::kNoBuffer)
      w_.add("  if ({} == 0) {{ return; }}\n", w_.load_scalar(dispatch_.when));
    w_.add("  let first_row = group / {0} * {1}u;\n  let first_col = group % {0} * {2}u;\n",
           tiles_x, tiling_.rows, tiling_.cols);
    const uint32_t across = tiling_.cols / tiling_.block_cols;
    w_.add(
        "  let slice = local / {0}u;\n  let quad_row = local % {0}u / {1}u;\n"
        "  let quad_col = local % {1}u;\n",
        tiling_.blocks(), across);
    declare_sums();
    // What the next turn multiplies is on its way while this one does.
    const auto fetch = [&](const std::string& k) {
      for (const TileLoader* loader : {&load_a, &load_b})
        for (uint32_t i = 0; i < loader->quads(); ++i)
          w_.add("    {}{} = {}(local + {}u, {}, {});\n", loader->quad, i, loader->fetch,
                 i * kThreads, loader->first, k);
    };
    for (const TileLoader* loader : {&load_a, &load_b})
      for (uint32_t i = 0; i < loader->quads(); ++i)
        w_.add("  var {}{}: {};\n", loader->quad, i, loader->type);
    fetch("0u");
    w_.add("  for (var k0 = 0u; k0 < {}; k0 += {}u) {{\n", depth_, tiling_.depth);
    put(load_a);
    put(load_b);
    w_.add("    workgroupBarrier();\n");
    w_.add("    if (k0 + {}u < {}) {{\n", tiling_.depth, depth_);
    fetch(fmt::format("k0 + {}u", tiling_.depth));
    w_.add("    }}\n");
    multiply();
    w_.add("    workgroupBarrier();\n  }}\n");
    if (form_.digits > 1) add_digits();
    if (tiling_.slices == 1)
      finish();
    else
      finish_slices();
    w_.add("}}\n");
    return part;
  }

 private:
  void put(const TileLoader& loader) {
    for (uint32_t i = 0; i < loader.quads(); ++i) {
      const std::string call =
          fmt::format("{}(local + {}u, {}{});", loader.put, i * kThreads, loader.quad, i);
      if ((i + 1) * kThreads <= loader.all)
        w_.add("    {}\n", call);
      else
        w_.add("    if (local < {}u) {{ {} }}\n", loader.all - i * kThreads, call);
    }
  }

  void declare_sums() {
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += wide_step())
        for (uint32_t g = 0; g < form_.groups(); ++g)
          w_.add("  var {} = {};\n", sum_name(r, c, g),
                 wide_step() == 4 ? form_.quad + "()" : form_.product.zero());
  }
  /// Columns of a sum while products are added.
  uint32_t wide_step() const { return form_.vectors || form_.digits > 0 ? 4 : 1; }
  std::string sum_name(uint32_t r, uint32_t c, uint32_t group) const {
    return form_.digits > 1 ? fmt::format("g{}_{}_{}", group, r, c) : fmt::format("c{}_{}", r, c);
  }

  /// A block's quads of rows or columns lie this many quads apart, so that neighbouring invocations
  /// read neighbouring quads.
  uint32_t rows_apart() const { return tiling_.rows / tiling_.block_rows; }
  uint32_t cols_apart() const { return tiling_.cols / tiling_.block_cols; }

  void multiply() {
    const uint32_t each = form_.lines() / tiling_.slices;
    w_.add("    for (var kk = 0u; kk < {0}u; kk += 1u) {{\n      let k = slice * {0}u + kk;\n",
           each);
    for (uint32_t d = 0; d < std::max(form_.digits, 1u); ++d) {
      const std::string k = d == 0 ? "k" : fmt::format("k + {}u", d * form_.lines());
      for (uint32_t r = 0; r < tiling_.block_rows; r += 4)
        w_.add("      let {} = {};\n", operand_name('a', d, r),
               form_.tile_at(tile_, 0, k, fmt::format("quad_row + {}u", r / 4 * rows_apart())));
      for (uint32_t c = 0; c < tiling_.block_cols; c += 4)
        w_.add("      let {} = {};\n", operand_name('b', d, c),
               form_.tile_at(tile_, 1, k, fmt::format("quad_col + {}u", c / 4 * cols_apart())));
    }
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += wide_step()) {
        if (form_.digits > 0) {
          multiply_digits(r, c);
          continue;
        }
        const std::string sum = sum_name(r, c, 0), b = operand_name('b', 0, c);
        w_.add("      {} = {};\n", sum,
               form_.product.add(sum, form_.lane(operand_name('a', 0, r), r % 4),
                                 form_.vectors ? b : form_.lane(b, c % 4)));
      }
    w_.add("    }}\n");
  }

  /// The quad of a digit that holds row or column `i` of a block.
  static std::string operand_name(char operand, uint32_t digit, uint32_t i) {
    return fmt::format("{}{}_{}", operand, digit, i / 4 * 4);
  }

  void multiply_digits(uint32_t r, uint32_t c) {
    for (uint32_t i = 0; i < form_.digits; ++i)
      for (uint32_t j = 0; j < form_.digits; ++j)
        w_.add(
            "      {0} = {0} + vec4<i32>(dot4I8Packed({1}, {2}.x), dot4I8Packed({1}, {2}.y), "
            "dot4I8Packed({1}, {2}.z), dot4I8Packed({1}, {2}.w));\n",
            sum_name(r, c, i + j), form_.lane(operand_name('a', i, r), r % 4),
            operand_name('b', j, c));
  }

  /// The sums of the groups as one of 64 bits each.
  void add_digits() {
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; ++c) {
        std::string sum;
        for (uint32_t g = form_.groups(); g-- > 0;) {
          const std::string one =
              fmt::format("i64_from_i32({}.{})", sum_name(r, c / 4 * 4, g), "xyzw"[c % 4]);
          sum = sum.empty() ? one : fmt::format("i64_add(i64_shl({}, 8u), {})", sum, one);
        }
        w_.add("  let c{}_{} = {};\n", r, c, sum);
      }
  }

  std::string sum_at(uint32_t r, uint32_t c) const {
    return form_.vectors ? fmt::format("c{}_{}.{}", r, c / 4 * 4, "xyzw"[c % 4])
                         : fmt::format("c{}_{}", r, c);
  }

  /// Stores four neighbours of a row; `sum` gives the lanes' sums.
  template <class Sum>
  void store(const std::string& row, const std::string& col, Sum&& sum) {
    if (form_.product.wide && shift_.empty())
      shift_ = w_.param(static_cast<uint32_t>(dispatch_.attrs.c));
    std::string arguments;
    for (uint32_t i = 0; i < 4; ++i) arguments += ", " + form_.product.finish(sum(i), shift_);
    w_.add("  if ({0} < {1} && {2} < {3}) {{ {4}({0}, {2}{5}); }}\n", row, rows_, col, cols_,
           store_, arguments);
  }

  void finish() {
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      w_.add("  let row{} = first_row + (quad_row + {}u) * 4u + {}u;\n", r, r / 4 * rows_apart(),
             r % 4);
    for (uint32_t c = 0; c < tiling_.block_cols; c += 4)
      w_.add("  let col{} = first_col + (quad_col + {}u) * 4u;\n", c, c / 4 * cols_apart());
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += 4)
        store(fmt::format("row{}", r), fmt::format("col{}", c),
              [&](uint32_t i) { return sum_at(r, c + i); });
  }

  /// The slices' sums of a block's row are added by the slice of the row's number.
  void finish_slices() {
    const std::string type = form_.vectors ? form_.quad : form_.product.wide ? "I64" : "F64";
    const uint32_t per = form_.vectors ? 1 : 4;  // values of four neighbours
    const std::string sums = w_.shared_array(type, kThreads * per, 2);
    for (uint32_t i = 0; i < per; ++i)
      w_.add("  var t{} = {};\n", i, form_.vectors ? form_.quad + "()" : form_.product.zero());
    w_.add("  let block = local % {}u;\n", tiling_.blocks());
    for (uint32_t r = 0; r < tiling_.block_rows; ++r) {
      for (uint32_t i = 0; i < per; ++i)
        w_.add("  {}[local + {}u] = c{}_{};\n", sums, i * kThreads, r, i);
      w_.add("  workgroupBarrier();\n  if (slice == {}u) {{\n", r);
      w_.add("    for (var s = 0u; s < {}u; s += 1u) {{\n", tiling_.slices);
      for (uint32_t i = 0; i < per; ++i) {
        const std::string other =
            fmt::format("{}[s * {}u + block + {}u]", sums, tiling_.blocks(), i * kThreads);
        w_.add("      t{0} = {1};\n", i, form_.product.plus(fmt::format("t{}", i), other));
      }
      w_.add("    }}\n  }}\n  workgroupBarrier();\n");
    }
    w_.add(
        "  let row = first_row + quad_row * 4u + slice;\n"
        "  let col = first_col + quad_col * 4u;\n");
    w_.add("  if (slice >= {}u) {{ return; }}\n", tiling_.block_rows);
    store("row", "col", [&](uint32_t i) {
      return form_.vectors ? fmt::format("t0.{}", "xyzw"[i]) : fmt::format("t{}", i);
    });
  }

  Writer& w_;
  const Dispatch& dispatch_;
  GemmForm form_;
  const Tiling& tiling_;
  std::string tile_, store_, rows_, cols_, depth_, shift_;
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

Part write_gemm(Writer& writer, const Dispatch& dispatch, const Features& features) {
  return GemmWriter(writer, dispatch, features).write();
}

}  // namespace paragon::webgpu
