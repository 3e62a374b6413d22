// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/moves.hpp"

#include "backends/webgpu/formula.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using ir::Op;
using runtime::BufferId;
using runtime::Dispatch;

/// Writes words of the result: every item owns four neighbours of a row, or one element of a dense
/// column.
class MoveWriter {
 public:
  MoveWriter(Writer& writer, const Dispatch& dispatch)
      : w_(writer),
        dispatch_(dispatch),
        to_(writer.layout[dispatch.result]),
        items_(to_.rows, to_.cols) {}

  std::vector<Piece> write() {
    switch (dispatch_.op) {
      case Op::slot:
      case Op::reshape:
        return {copy(0, 0, 0, elements(to_))};
      case Op::unstack:
        return {copy(0, static_cast<size_t>(dispatch_.attrs.a) * elements(to_), 0, elements(to_))};
      case Op::rows:
        return {copy(0, static_cast<size_t>(dispatch_.attrs.a) * to_.cols, 0, elements(to_))};
      case Op::concat:
      case Op::stack: {
        std::vector<Piece> pieces;
        size_t first = 0;
        for (size_t i = 0; i < dispatch_.operands.size(); ++i) {
          const size_t count = elements(w_.layout[dispatch_.operands[i]]);
          pieces.push_back(copy(i, 0, first, first + count));
          first += count;
        }
        return pieces;
      }
      case Op::transpose:
        return {transpose()};
      case Op::scatter_add:
        return {scatter_add()};
      default:
        raise("[webgpu] {} moves nothing", info(dispatch_.op).name);
    }
  }

 private:
  static size_t elements(const Place& place) { return size_t{place.rows} * place.cols; }

  Piece begin() { return begin_piece(w_, "move", items_); }

  std::string result_element(uint32_t lane) {
    return w_.element(dispatch_.result, "row", fmt::format("col + {}u", lane));
  }
  void store_result() {
    std::vector<std::string> values;
    for (uint32_t lane = 0; lane < items_.lanes; ++lane) values.push_back(fmt::format("v{}", lane));
    w_.store_item(dispatch_.result, result_element(0), values);
  }

  /// Elements [first, last) of the result, counted row by row, are those of an operand from `from`.
  Piece copy(size_t operand, size_t from, size_t first, size_t last) {
    const BufferId source = dispatch_.operands[operand];
    const Place& place = w_.layout[source];
    const Piece piece = begin();
    // What other operands give stays.
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  var v{} = {};\n", lane, w_.load(dispatch_.result, result_element(lane)));
    const std::string cols = w_.param(to_.cols), source_cols = w_.param(place.cols),
                      source_pitch = w_.param(place.pitch),
                      begin = w_.param(static_cast<uint32_t>(first)),
                      end = w_.param(static_cast<uint32_t>(last)),
                      shift = w_.param(static_cast<uint32_t>(from));
    for (uint32_t lane = 0; lane < items_.lanes; ++lane) {
      w_.add("  let e{0} = row * {1} + col + {0}u;\n", lane, cols);
      w_.add("  if (col + {0}u < {1} && e{0} >= {2} && e{0} < {3}) {{\n", lane, cols, begin, end);
      w_.add("    let s = e{} - {} + {};\n", lane, begin, shift);
      w_.add("    v{} = {};\n  }}\n", lane,
             w_.load(source, fmt::format("(s / {0}) * {1} + s % {0}", source_cols, source_pitch)));
    }
    store_result();
    w_.add("}}\n");
    return piece;
  }

  Piece transpose() {
    const BufferId source = dispatch_.operands[0];
    const Place& place = w_.layout[source];
    const Piece piece = begin();
    const std::string pitch = w_.param(place.pitch);
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  let v{} = {};\n", lane,
             w_.load(source, fmt::format("(col + {}u) * {} + row", lane, pitch)));
    store_result();
    w_.add("}}\n");
    return piece;
  }

  // Rows in their order, so that the sum is the same every time.
  Piece scatter_add() {
    const BufferId rows = dispatch_.operands[0], indices = dispatch_.operands[1];
    const Place& place = w_.layout[rows];
    Piece piece = begin();
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  var v{} = {};\n", lane, literal(to_.type, 0));
    const std::string pitch = w_.param(place.pitch);
    w_.add("  for (var r = 0u; r < {}; r += 1u) {{\n", w_.param(place.rows));
    w_.add("    if (u32({}) == row) {{\n", w_.load(indices, "r"));
    for (uint32_t lane = 0; lane < items_.lanes; ++lane) {
      w_.add("      v{} = {};\n", lane,
             binary_formula(Op::add, to_.type, fmt::format("v{}", lane),
                            w_.load(rows, fmt::format("r * {} + col + {}u", pitch, lane))));
    }
    w_.add("    }}\n  }}\n");
    piece.iterations = place.rows;
    store_result();
    w_.add("}}\n");
    return piece;
  }

  Writer& w_;
  const Dispatch& dispatch_;
  const Place& to_;
  Items items_;
};

}  // namespace

std::vector<Piece> write_move(Writer& writer, const Dispatch& dispatch) {
  return MoveWriter(writer, dispatch).write();
}

}  // namespace paragon::webgpu
