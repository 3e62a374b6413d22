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
/// block, all multiples of four. `slices` invocations share out a block's depth.
struct Tiling {
  uint32_t rows, cols, depth, block_rows, block_cols, slices;

  constexpr uint32_t blocks() const { return rows / block_rows * (cols / block_cols); }
  uint64_t tiles(const Dispatch& dispatch) const {
    return ((dispatch.rows + rows - 1) / rows) * ((dispatch.cols + cols - 1) / cols);
  }
};

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

/// Bytes of an operand that four packed products multiply at once; 0: none do. Operands of 16 and
/// 32 bits are sums of balanced digits (docs/numerics.md, "Formats"), which pay where sums of 64
/// bits are made of words. The sums of `depth` products of digits stay within 32 bits.
uint32_t digits_of(const Writer& w, const Dispatch& dispatch, const Features& features) {
  const DType type = w.layout[dispatch.operands[0]].type;
  if (w.layout[dispatch.operands[1]].type != type) return 0;
  const Place& a = w.layout[dispatch.operands[0]];
  const uint32_t depth = dispatch.attrs.a != 0 ? a.rows : a.cols;
  if (type == DType::int8) return 1;
  if (features.int64) return 0;
  if (type == DType::int16 && depth <= 65536) return 2;
  return type == DType::int32 && depth <= 32768 ? 3 : 0;
}

class GemmWriter {
 public:
  GemmWriter(Writer& writer, const Dispatch& dispatch, const Features& features)
      : w_(writer),
        dispatch_(dispatch),
        product_(writer.layout[dispatch.operands[0]].type),
        doubles_(product_.operand == DType::float64),
        digits_(digits_of(writer, dispatch, features)),
        vectors_(!product_.wide && !doubles_),
        tiling_(tiling_for(dispatch, vectors_, features.software)),
        element_(doubles_                             ? "F64"
                 : product_.operand == DType::float32 ? "f32"
                                                      : "i32"),
        quad_(doubles_ ? "array<F64, 4>" : fmt::format("vec4<{}>", element_)),
        tile_quad_(digits_ > 0 ? "vec4<u32>" : quad_) {
    // About the same bytes of workgroup memory.
    if (doubles_) tiling_.depth /= 2;
    if (digits_ > 0) tiling_.depth *= digits_ == 1 ? 4 : 2;
  }

  Part write() {
    store_ = write_code(w_, dispatch_);
    const bool ta = dispatch_.attrs.a != 0, tb = dispatch_.attrs.b != 0;
    const Place& a = place(0);
    rows_ = w_.param(static_cast<uint32_t>(dispatch_.rows));
    cols_ = w_.param(static_cast<uint32_t>(dispatch_.cols));
    depth_ = w_.param(ta ? a.rows : a.cols);
    const std::string tiles_x =
        w_.param((static_cast<uint32_t>(dispatch_.cols) + tiling_.cols - 1) / tiling_.cols);
    tile_ = w_.shared_array(tile_quad_, all_lines() * (tiling_.rows + tiling_.cols) / 4);
    // Operands as [depth][rows] and [depth][cols], four neighbours together; packed bytes as words
    // of four products each.
    const Loader load_a = write_loader(0, tiling_.rows, rows_, ta),
                 load_b = write_loader(1, tiling_.cols, cols_, !tb);

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
      for (const Loader* loader : {&load_a, &load_b})
        for (uint32_t i = 0; i < loader->quads(); ++i)
          w_.add("    {}{} = {}(local + {}u, {}, {});\n", loader->quad, i, loader->fetch,
                 i * kThreads, loader->first, k);
    };
    for (const Loader* loader : {&load_a, &load_b})
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
    if (digits_ > 1) add_digits();
    if (tiling_.slices == 1)
      finish();
    else
      finish_slices();
    w_.add("}}\n");
    return part;
  }

 private:
  /// Functions that read a quad of an operand's tile from memory, and put it in workgroup memory.
  struct Loader {
    std::string fetch, put, type;
    uint32_t all;            ///< quads of a tile, or words of packed bytes that lie alone
    char quad;               ///< name of an invocation's quads on their way
    std::string_view first;  ///< the tile's first row or column
    uint32_t quads() const { return (all + kThreads - 1) / kThreads; }
  };

  const Place& place(size_t operand) const { return w_.layout[dispatch_.operands[operand]]; }

  /// Lines of a tile: a product each, or four of packed bytes. Those of each digit follow the last.
  uint32_t lines() const { return digits_ > 0 ? tiling_.depth / 4 : tiling_.depth; }
  uint32_t all_lines() const { return lines() * std::max(digits_, 1u); }

  /// Where quad `quad` of line k of an operand's tile lies: turned by k, so that neighbours in k
  /// come from different banks.
  std::string tile_at(size_t operand, uint32_t width, const std::string& k,
                      const std::string& quad) const {
    const uint32_t first = operand == 0 ? 0 : all_lines() * tiling_.rows / 4;
    return fmt::format("{}[{}u + ({}) * {}u + (({}) ^ ((({}) >> 2u) & {}u))]", tile_, first, k,
                       width / 4, quad, k, width / 4 - 1);
  }

  /// Statements declaring x0 .. x3: four neighbours of a row of an operand.
  void load_quad(size_t operand, const std::string& element) {
    const BufferId buffer = dispatch_.operands[operand];
    const std::string base = w_.base(buffer);
    switch (place(operand).type) {
      case DType::int8:
      case DType::uint8: {
        const bool is_signed = place(operand).type == DType::int8;
        w_.add("  let e = {} + (({}) >> 2u);\n  let word = {};\n", base, element,
               w_.word(buffer, "e"));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i,
                 is_signed ? fmt::format("extractBits(bitcast<i32>(word), {}u, 8u)", i * 8)
                           : fmt::format("i32(extractBits(word, {}u, 8u))", i * 8));
        return;
      }
      case DType::int16:
        w_.add("  let e = {} + (({}) >> 1u);\n", base, element);
        w_.add("  let low = bitcast<i32>({});\n  let high = bitcast<i32>({});\n",
               w_.word(buffer, "e"), w_.word(buffer, "e + 1u"));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = extractBits({}, {}u, 16u);\n", i, i < 2 ? "low" : "high", i % 2 * 16);
        return;
      case DType::float64:
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = {};\n", i, w_.load(buffer, fmt::format("({}) + {}u", element, i)));
        return;
      default:
        w_.add("  let q = {};\n", w_.quad(buffer, fmt::format("{} + {}", base, element)));
        for (int i = 0; i < 4; ++i)
          w_.add("  var x{} = bitcast<{}>(q.{});\n", i, element_, "xyzw"[i]);
    }
  }

  std::string zero() const { return doubles_ ? "f64_from_i32(0)" : element_ + "(0)"; }
  std::string lane(const std::string& quad, uint32_t i) const {
    return doubles_ ? fmt::format("{}[{}]", quad, i) : fmt::format("{}.{}", quad, "xyzw"[i]);
  }

  /// The digits of four neighbours in a row of an operand: a word of each of their bytes.
  std::string digits(size_t operand, const std::string& element) {
    const BufferId buffer = dispatch_.operands[operand];
    const std::string base = w_.base(buffer);
    if (digits_ == 3)
      return fmt::format("u32_digits_of_int32({})",
                         w_.quad(buffer, fmt::format("{} + {}", base, element)));
    const std::string at = fmt::format("{} + (({}) >> {}u)", base, element, digits_ == 1 ? 2 : 1);
    if (digits_ == 1) return fmt::format("vec4<u32>({}, 0u, 0u, 0u)", w_.word(buffer, at));
    return fmt::format("u32_digits_of_int16({}, {})", w_.word(buffer, at),
                       w_.word(buffer, at + " + 1u"));
  }

  /// The same for packed bytes: words of four neighbours in k.
  Loader write_packed_loader(size_t operand, uint32_t width, const std::string& limit,
                             bool row_is_k) {
    const uint32_t per_line = width / 4;
    const bool many = row_is_k && digits_ > 1;
    const Loader loader{.fetch = w_.unique("fetch"),
                        .put = w_.unique("put"),
                        .type = many ? fmt::format("array<vec4<u32>, {}>", digits_) : "vec4<u32>",
                        .all = row_is_k ? lines() * per_line : lines() * width,
                        .quad = operand == 0 ? 'p' : 'q',
                        .first = operand == 0 ? "first_row" : "first_col"};
    const std::string pitch = w_.param(place(operand).pitch);
    w_.add("fn {}(i: u32, first: u32, k0: u32) -> {} {{\n", loader.fetch, loader.type);
    if (row_is_k) {
      // Four rows of four neighbours, turned.
      w_.add("  let k = k0 + i / {0}u * 4u;\n  let m = first + i % {0}u * 4u;\n", per_line);
      w_.add("  let at = min(m, {} - 1u) / 4u * 4u;\n", limit);
      for (int j = 0; j < 4; ++j)
        w_.add("  let w{0} = select(vec4<u32>(), {1}, k + {0}u < {2});\n", j,
               digits(operand, fmt::format("min(k + {}u, {} - 1u) * {} + at", j, depth_, pitch)),
               depth_);
      std::string turned;
      for (uint32_t d = 0; d < digits_; ++d)
        turned += fmt::format("{0}u32_turn_bytes(vec4<u32>(w0.{1}, w1.{1}, w2.{1}, w3.{1}))",
                              d == 0 ? "" : ", ", "xyz"[d]);
      w_.add("  return {};\n}}\n", many ? fmt::format("{}({})", loader.type, turned) : turned);
    } else {
      w_.add("  let m = first + i / {0}u;\n  let k = k0 + i % {0}u * 4u;\n", lines());
      w_.add("  let w = {};\n",
             digits(operand, fmt::format("min(m, {} - 1u) * {} + min(k, {} - 1u) / 4u * 4u", limit,
                                         pitch, depth_)));
      // What lies between the rows is anything.
      w_.add("  return u32_first_bytes(w, i32({}) - i32(k));\n}}\n", depth_);
    }
    w_.add("fn {}(i: u32, x: {}) {{\n", loader.put, loader.type);
    if (row_is_k)
      for (uint32_t d = 0; d < digits_; ++d)
        w_.add("  {} = x{};\n",
               tile_at(operand, width, fmt::format("i / {}u + {}u", per_line, d * lines()),
                       fmt::format("i % {}u", per_line)),
               many ? fmt::format("[{}]", d) : "");
    else {
      w_.add("  let m = i / {0}u;\n  let line = i % {0}u;\n", lines());
      for (uint32_t d = 0; d < digits_; ++d)
        w_.add("  {}[m & 3u] = x.{};\n",
               tile_at(operand, width, fmt::format("line + {}u", d * lines()), "m >> 2u"),
               "xyz"[d]);
    }
    w_.add("}}\n");
    return loader;
  }

  /// `row_is_k` says whether memory's rows hold one k each, or one row or column of the result.
  Loader write_loader(size_t operand, uint32_t width, const std::string& limit, bool row_is_k) {
    if (digits_ > 0) return write_packed_loader(operand, width, limit, row_is_k);
    const Loader loader{.fetch = w_.unique("fetch"),
                        .put = w_.unique("put"),
                        .type = tile_quad_,
                        .all = tiling_.depth * width / 4,
                        .quad = operand == 0 ? 'p' : 'q',
                        .first = operand == 0 ? "first_row" : "first_col"};
    const std::string pitch = w_.param(place(operand).pitch);
    const uint32_t per_row = (row_is_k ? width : tiling_.depth) / 4;
    w_.add("fn {}(i: u32, first: u32, k0: u32) -> {} {{\n", loader.fetch, quad_);
    if (row_is_k) {
      w_.add("  let k = k0 + i / {0}u;\n  let m = first + i % {0}u * 4u;\n", per_row);
      load_quad(operand, fmt::format("min(k, {} - 1u) * {} + min(m, {} - 1u) / 4u * 4u", depth_,
                                     pitch, limit));
      w_.add("  if (k >= {}) {{", depth_);
      for (int i = 0; i < 4; ++i) w_.add(" x{} = {};", i, zero());
      w_.add(" }}\n");
    } else {
      w_.add("  let m = first + i / {0}u;\n  let k = k0 + i % {0}u * 4u;\n", per_row);
      load_quad(operand, fmt::format("min(m, {} - 1u) * {} + min(k, {} - 1u) / 4u * 4u", limit,
                                     pitch, depth_));
      for (int i = 0; i < 4; ++i)
        w_.add("  if (k + {}u >= {}) {{ x{} = {}; }}\n", i, depth_, i, zero());
    }
    w_.add("  return {}(x0, x1, x2, x3);\n}}\n", quad_);

    w_.add("fn {}(i: u32, x: {}) {{\n", loader.put, quad_);
    if (row_is_k) {
      w_.add("  {} = x;\n", tile_at(operand, width, fmt::format("i / {}u", per_row),
                                    fmt::format("i % {}u", per_row)));
    } else {
      w_.add("  let m = i / {0}u;\n  let k = i % {0}u * 4u;\n", per_row);
      for (uint32_t i = 0; i < 4; ++i)
        w_.add("  {}[m & 3u] = {};\n",
               tile_at(operand, width, fmt::format("k + {}u", i), "m >> 2u"), lane("x", i));
    }
    w_.add("}}\n");
    return loader;
  }

  void put(const Loader& loader) {
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
        for (uint32_t g = 0; g < groups(); ++g)
          w_.add("  var {} = {};\n", sum_name(r, c, g),
                 wide_step() == 4 ? quad_ + "()" : product_.zero());
  }
  /// Sums of products of digits whose numbers add up to the same; of a product without digits one.
  uint32_t groups() const { return std::max(2 * digits_, 2u) - 1; }
  /// Columns of a sum while products are added.
  uint32_t wide_step() const { return vectors_ || digits_ > 0 ? 4 : 1; }
  std::string sum_name(uint32_t r, uint32_t c, uint32_t group) const {
    return digits_ > 1 ? fmt::format("g{}_{}_{}", group, r, c) : fmt::format("c{}_{}", r, c);
  }

  /// A block's quads of rows or columns lie this many quads apart, so that neighbouring invocations
  /// read neighbouring quads.
  uint32_t rows_apart() const { return tiling_.rows / tiling_.block_rows; }
  uint32_t cols_apart() const { return tiling_.cols / tiling_.block_cols; }

  void multiply() {
    const uint32_t each = lines() / tiling_.slices;
    w_.add("    for (var kk = 0u; kk < {0}u; kk += 1u) {{\n      let k = slice * {0}u + kk;\n",
           each);
    for (uint32_t d = 0; d < std::max(digits_, 1u); ++d) {
      const std::string k = d == 0 ? "k" : fmt::format("k + {}u", d * lines());
      for (uint32_t r = 0; r < tiling_.block_rows; r += 4)
        w_.add("      let {} = {};\n", operand_name('a', d, r),
               tile_at(0, tiling_.rows, k, fmt::format("quad_row + {}u", r / 4 * rows_apart())));
      for (uint32_t c = 0; c < tiling_.block_cols; c += 4)
        w_.add("      let {} = {};\n", operand_name('b', d, c),
               tile_at(1, tiling_.cols, k, fmt::format("quad_col + {}u", c / 4 * cols_apart())));
    }
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; c += wide_step()) {
        const std::string b = operand_name('b', 0, c);
        if (digits_ > 0) {
          multiply_digits(r, c);
          continue;
        }
        const std::string sum = sum_name(r, c, 0);
        w_.add(
            "      {} = {};\n", sum,
            product_.add(sum, lane(operand_name('a', 0, r), r % 4), vectors_ ? b : lane(b, c % 4)));
      }
    w_.add("    }}\n");
  }

  /// The quad of a digit that holds row or column `i` of a block.
  static std::string operand_name(char operand, uint32_t digit, uint32_t i) {
    return fmt::format("{}{}_{}", operand, digit, i / 4 * 4);
  }

  void multiply_digits(uint32_t r, uint32_t c) {
    for (uint32_t i = 0; i < digits_; ++i)
      for (uint32_t j = 0; j < digits_; ++j)
        w_.add(
            "      {0} = {0} + vec4<i32>(dot4I8Packed({1}, {2}.x), dot4I8Packed({1}, {2}.y), "
            "dot4I8Packed({1}, {2}.z), dot4I8Packed({1}, {2}.w));\n",
            sum_name(r, c, i + j), lane(operand_name('a', i, r), r % 4), operand_name('b', j, c));
  }

  /// The sums of the groups as one of 64 bits each.
  void add_digits() {
    for (uint32_t r = 0; r < tiling_.block_rows; ++r)
      for (uint32_t c = 0; c < tiling_.block_cols; ++c) {
        std::string sum;
        for (uint32_t g = groups(); g-- > 0;) {
          const std::string one =
              fmt::format("i64_from_i32({}.{})", sum_name(r, c / 4 * 4, g), "xyzw"[c % 4]);
          sum = sum.empty() ? one : fmt::format("i64_add(i64_shl({}, 8u), {})", sum, one);
        }
        w_.add("  let c{}_{} = {};\n", r, c, sum);
      }
  }

  std::string sum_at(uint32_t r, uint32_t c) const {
    return vectors_ ? fmt::format("c{}_{}.{}", r, c / 4 * 4, "xyzw"[c % 4])
                    : fmt::format("c{}_{}", r, c);
  }

  /// Stores four neighbours of a row; `sum` gives the lanes' sums.
  template <class Sum>
  void store(const std::string& row, const std::string& col, Sum&& sum) {
    if (product_.wide && shift_.empty())
      shift_ = w_.param(static_cast<uint32_t>(dispatch_.attrs.c));
    std::string arguments;
    for (uint32_t i = 0; i < 4; ++i) arguments += ", " + product_.finish(sum(i), shift_);
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
    const std::string type = vectors_ ? quad_ : product_.wide ? "I64" : "F64";
    const uint32_t per = vectors_ ? 1 : 4;  // values of four neighbours
    const std::string sums = w_.shared_array(type, kThreads * per, 2);
    for (uint32_t i = 0; i < per; ++i)
      w_.add("  var t{} = {};\n", i, vectors_ ? quad_ + "()" : product_.zero());
    w_.add("  let block = local % {}u;\n", tiling_.blocks());
    for (uint32_t r = 0; r < tiling_.block_rows; ++r) {
      for (uint32_t i = 0; i < per; ++i)
        w_.add("  {}[local + {}u] = c{}_{};\n", sums, i * kThreads, r, i);
      w_.add("  workgroupBarrier();\n  if (slice == {}u) {{\n", r);
      w_.add("    for (var s = 0u; s < {}u; s += 1u) {{\n", tiling_.slices);
      for (uint32_t i = 0; i < per; ++i) {
        const std::string other =
            fmt::format("{}[s * {}u + block + {}u]", sums, tiling_.blocks(), i * kThreads);
        w_.add("      t{0} = {1};\n", i, product_.plus(fmt::format("t{}", i), other));
      }
      w_.add("    }}\n  }}\n  workgroupBarrier();\n");
    }
    w_.add(
        "  let row = first_row + quad_row * 4u + slice;\n"
        "  let col = first_col + quad_col * 4u;\n");
    w_.add("  if (slice >= {}u) {{ return; }}\n", tiling_.block_rows);
    store("row", "col", [&](uint32_t i) {
      return vectors_ ? fmt::format("t0.{}", "xyzw"[i]) : fmt::format("t{}", i);
    });
  }

  Writer& w_;
  const Dispatch& dispatch_;
  Product product_;
  bool doubles_;
  uint32_t digits_;
  bool vectors_;  // sums are vectors of four columns
  Tiling tiling_;
  std::string element_, quad_, tile_quad_, tile_, store_, rows_, cols_, depth_, shift_;
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
