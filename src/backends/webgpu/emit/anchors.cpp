// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/anchors.hpp"

#include "backends/webgpu/emit/moves.hpp"
#include "backends/webgpu/emit/products.hpp"
#include "backends/webgpu/emit/reductions.hpp"
#include "backends/webgpu/formula.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using ir::Op;
using runtime::BufferId;
using runtime::Dispatch;

/// One dispatch whose items first compute the anchor's elements, then run the code.
class AnchorWriter {
 public:
  AnchorWriter(Writer& writer, const Dispatch& dispatch)
      : w_(writer), dispatch_(dispatch), items_(dispatch.rows, dispatch.cols) {}

  std::vector<Piece> write() {
    store_ = write_code(w_, dispatch_);
    piece_ = begin_piece(w_, "item", items_);
    if (dispatch_.kind == Dispatch::Kind::kAnchored)
      anchor();
    else
      w_.add("  {}(row, col);\n", store_);
    w_.add("}}\n");
    pieces_.push_back(piece_);
    return std::move(pieces_);
  }

 private:
  void anchor() {
    switch (dispatch_.op) {
      case Op::contract:
        contract();
        break;
      case Op::gather_dot:
        gather_dot();
        break;
      case Op::gather_dot_wgrad:
        weight_gradient();
        break;
      case Op::gather_dot_xgrad:
        input_gradient();
        break;
      case Op::sum:
      case Op::maximum:
        reduce();
        break;
      case Op::gather:
        gather();
        break;
      default:
        raise("[webgpu] {} computes no matrix", info(dispatch_.op).name);
    }
  }

  const Place& place(size_t operand) const { return w_.layout[dispatch_.operands[operand]]; }
  std::string load(size_t operand, const std::string& element) {
    return w_.load(dispatch_.operands[operand], element);
  }
  std::string at(size_t operand, const std::string& row, const std::string& col) {
    return w_.element(dispatch_.operands[operand], row, col);
  }
  std::string column(uint32_t lane) const {
    return lane == 0 ? "col" : fmt::format("col + {}u", lane);
  }

  void declare(const std::string& zero) {
    for (uint32_t lane = 0; lane < items_.lanes; ++lane) w_.add("  var a{} = {};\n", lane, zero);
  }
  template <class Value>
  void finish(Value&& value) {
    std::string arguments = "row, col";
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      arguments += ", " + value(fmt::format("a{}", lane));
    w_.add("  {}({});\n", store_, arguments);
  }
  void finish() {
    finish([](const std::string& value) { return value; });
  }
  /// Adds x times y(lane) to the sum of every lane.
  template <class Y>
  void add_products(const Product& product, const std::string& x, Y&& y) {
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("      a{0} = {1};\n", lane, product.add(fmt::format("a{}", lane), x, y(lane)));
  }
  void finish_product(const Product& product) {
    const std::string shift =
        product.wide ? w_.param(static_cast<uint32_t>(dispatch_.attrs.c)) : "";
    finish([&](const std::string& sum) { return product.finish(sum, shift); });
  }

  void contract() {
    const bool ta = dispatch_.attrs.a != 0, tb = dispatch_.attrs.b != 0;
    const Product product(place(0).type);
    const uint32_t depth = ta ? place(0).rows : place(0).cols;
    declare(product.zero());
    w_.add("  for (var k = 0u; k < {}; k += 1u) {{\n", w_.param(depth));
    w_.add("    let x = {};\n", load(0, ta ? at(0, "k", "row") : at(0, "row", "k")));
    add_products(product, "x", [&](uint32_t lane) {
      return load(1, tb ? at(1, column(lane), "k") : at(1, "k", column(lane)));
    });
    w_.add("  }}\n");
    piece_.iterations = depth;
    finish_product(product);
  }

  uint32_t table(const std::vector<int32_t>& values) { return w_.tables.add(values); }

  // y[unit, n] = sum over taps of w[unit, tap] x[source, n].
  void gather_dot() {
    const ir::IndexTable& sources = *dispatch_.attrs.table;
    const Product product(place(0).type);
    const auto taps = static_cast<uint32_t>(sources.taps);
    declare(product.zero());
    const std::string count = w_.param(taps);
    w_.add("  for (var t = 0u; t < {}; t += 1u) {{\n", count);
    w_.add("    let source = tables[{} + row * {} + t];\n", w_.param(table(sources.index)), count);
    w_.add("    if (source >= 0) {{\n      let x = {};\n", load(1, at(1, "row", "t")));
    add_products(product, "x",
                 [&](uint32_t lane) { return load(0, at(0, "u32(source)", column(lane))); });
    w_.add("    }}\n  }}\n");
    piece_.iterations = taps;
    finish_product(product);
  }

  // dw[unit, tap] = sum over n of x[source, n] dy[unit, n].
  void weight_gradient() {
    const ir::IndexTable& sources = *dispatch_.attrs.table;
    const Product product(place(0).type);
    declare(product.zero());
    const std::string first = w_.param(table(sources.index)), taps = w_.param(items_.cols);
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  let source{0} = select(-1, tables[{1} + row * {2} + {3}], {3} < {2});\n", lane,
             first, taps, column(lane));
    w_.add("  for (var n = 0u; n < {}; n += 1u) {{\n", w_.param(place(0).cols));
    w_.add("    let d = {};\n", load(1, at(1, "row", "n")));
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("    if (source{0} >= 0) {{ a{0} = {1}; }}\n", lane,
             product.add(fmt::format("a{}", lane),
                         load(0, at(0, fmt::format("u32(source{})", lane), "n")), "d"));
    w_.add("  }}\n");
    piece_.iterations = place(0).cols;
    finish_product(product);
  }

  // dx[source, n] = sum over the entries (unit, tap) with that source of w[unit, tap] dy[unit, n],
  // in the order of the entries.
  void input_gradient() {
    const ir::IndexTable& sources = *dispatch_.attrs.table;
    std::vector<int32_t> first(items_.rows + 1, 0), entries;
    for (const int32_t source : sources.index)
      if (source >= 0) ++first[static_cast<size_t>(source) + 1];
    int32_t most = 0;
    for (size_t i = 1; i < first.size(); ++i) {
      most = std::max(most, first[i]);
      first[i] += first[i - 1];
    }
    entries.resize(static_cast<size_t>(first.back()));
    std::vector<int32_t> next = first;
    for (size_t entry = 0; entry < sources.index.size(); ++entry)
      if (sources.index[entry] >= 0)
        entries[static_cast<size_t>(next[static_cast<size_t>(sources.index[entry])]++)] =
            static_cast<int32_t>(entry);
    const Product product(place(0).type);
    declare(product.zero());
    const std::string from = w_.param(table(first)), list = w_.param(table(entries)),
                      taps = w_.param(static_cast<uint32_t>(sources.taps));
    w_.add("  let last = tables[{} + row + 1u];\n", from);
    w_.add("  for (var e = tables[{} + row]; e < last; e += 1) {{\n", from);
    w_.add("    let entry = u32(tables[{} + u32(e)]);\n", list);
    w_.add("    let unit = entry / {0};\n    let x = {1};\n", taps,
           load(1, at(1, "unit", fmt::format("entry % {}", taps))));
    add_products(product, "x", [&](uint32_t lane) { return load(0, at(0, "unit", column(lane))); });
    w_.add("  }}\n");
    piece_.iterations = static_cast<uint64_t>(most);
    finish_product(product);
  }

  std::string operand_element(const std::string& row, const std::string& col) {
    return widened(load(0, at(0, row, col)), place(0).type, dispatch_.type);
  }

  void reduce() {
    const Place& p = place(0);
    const bool over_rows = dispatch_.attrs.a != 1, over_cols = dispatch_.attrs.a != 0;
    const bool empty = (over_rows && p.rows == 0) || (over_cols && p.cols == 0);
    // A maximum starts with the first element, a sum with zero.
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  var a{} = {};\n", lane,
             dispatch_.op == Op::sum || empty
                 ? literal(dispatch_.type, 0)
                 : operand_element(over_rows ? "0u" : "row", over_cols ? "0u" : column(lane)));
    if (over_rows) w_.add("  for (var r = 0u; r < {}; r += 1u) {{\n", w_.param(p.rows));
    if (over_cols) w_.add("  for (var c = 0u; c < {}; c += 1u) {{\n", w_.param(p.cols));
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("    a{0} = {1};\n", lane,
             combined(dispatch_, fmt::format("a{}", lane),
                      operand_element(over_rows ? "r" : "row", over_cols ? "c" : column(lane))));
    w_.add("{}{}", over_rows ? "  }\n" : "", over_cols ? "  }\n" : "");
    piece_.iterations = uint64_t{over_rows ? p.rows : 1} * (over_cols ? p.cols : 1);
    finish();
  }

  // An index outside of the table reads zeros.
  void gather() {
    const bool turned = dispatch_.attrs.a != 0;
    const std::string rows = w_.param(place(0).rows), zero = literal(dispatch_.type, 0);
    const std::string window = place(0).window == 0 ? "" : w_.param(place(0).window);
    const auto index = [&](const std::string& i) {
      if (!window.empty()) return fmt::format("record[0].y * {} + {}", window, i);
      const Place& p = place(1);
      return load(1, p.rows == 1 ? i : at(1, i, "0u"));
    };
    declare(zero);
    if (!turned) {
      w_.add("  let index = u32({});\n  if (index < {}) {{\n", index("row"), rows);
      for (uint32_t lane = 0; lane < items_.lanes; ++lane)
        w_.add("    a{} = {};\n", lane, load(0, at(0, "index", column(lane))));
      w_.add("  }}\n");
    } else {
      const std::string cols = w_.param(items_.cols);
      for (uint32_t lane = 0; lane < items_.lanes; ++lane) {
        w_.add("  if ({} < {}) {{\n    let index = u32({});\n", column(lane), cols,
               index(column(lane)));
        w_.add("    if (index < {}) {{ a{} = {}; }}\n  }}\n", rows, lane,
               load(0, at(0, "index", "row")));
      }
    }
    finish();
  }

  Writer& w_;
  const Dispatch& dispatch_;
  Items items_;
  Piece piece_;
  std::vector<Piece> pieces_;
  std::string store_;
};

}  // namespace

Piece begin_piece(Writer& writer, std::string_view prefix, const Items& items) {
  const Piece piece{.function = writer.unique(prefix), .count = items.count()};
  writer.add("fn {}(i: u32) {{\n", piece.function);
  if (items.lanes == 1)
    writer.add("  let row = i;\n  let col = 0u;\n");
  else
    writer.add("  let row = i / {0};\n  let col = (i % {0}) * 4u;\n", writer.param(items.per_row));
  return piece;
}

std::vector<Piece> write_dispatch(Writer& writer, const Dispatch& dispatch) {
  std::vector<Piece> pieces;
  switch (dispatch.kind) {
    case Dispatch::Kind::kScalars: {
      Piece piece{.function = writer.unique("scalars"), .count = 1};
      writer.add("fn {}(i: u32) {{\n", piece.function);
      write_scalars(writer, dispatch);
      writer.add("}}\n");
      pieces.push_back(piece);
      break;
    }
    case Dispatch::Kind::kTiles:
    case Dispatch::Kind::kAnchored:
      pieces = AnchorWriter(writer, dispatch).write();
      break;
    case Dispatch::Kind::kMove:
      pieces = write_move(writer, dispatch);
      break;
  }
  for (Piece& piece : pieces) piece.when = dispatch.when;
  return pieces;
}

}  // namespace paragon::webgpu
