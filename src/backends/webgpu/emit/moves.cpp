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
      : w_(writer), dispatch_(dispatch), to_(writer.layout[dispatch.result]) {}

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

  uint32_t lanes() const { return to_.cols == 1 ? 1 : 4; }

  Piece begin() {
    Piece piece{.function = w_.unique("move")};
    const uint32_t per_row = (to_.cols + lanes() - 1) / lanes();
    piece.count = to_.rows * per_row;
    w_.add("fn {}(i: u32) {{\n", piece.function);
    if (lanes() == 1)
      w_.add("  let row = i;\n  let col = 0u;\n");
    else
      w_.add("  let row = i / {0};\n  let col = (i % {0}) * 4u;\n", w_.param(per_row));
    return piece;
  }

  /// Declares v0 .. v3, the bits of the result's elements as they are now.
  void load_result() {
    for (uint32_t lane = 0; lane < lanes(); ++lane)
      w_.add("  var v{} = {};\n", lane, w_.load(dispatch_.result, result_element(lane)));
  }
  std::string result_element(uint32_t lane) {
    if (lanes() == 1) return to_.pitch == 1 ? "row" : "row * 4u";
    if (pitch_.empty()) pitch_ = w_.param(to_.pitch);
    return fmt::format("row * {} + col + {}u", pitch_, lane);
  }

  void store_result() {
    const std::string base = w_.base(dispatch_.result), index = result_element(0);
    const auto put = [&](const std::string& at, const std::string& bits) {
      w_.add("  memory[({0}) >> 2u][({0}) & 3u] = {1};\n", at, bits);
    };
    const size_t size = size_of(to_.type);
    if (size < 4) {
      const unsigned bits = static_cast<unsigned>(size) * 8, in_word = 32 / bits;
      for (uint32_t first = 0; first < lanes(); first += in_word) {
        std::string packed;
        for (uint32_t lane = first; lane < std::min(first + in_word, lanes()); ++lane)
          packed += fmt::format("{}((bitcast<u32>(v{}) & {}u) << {}u)", packed.empty() ? "" : " | ",
                                lane, (1u << bits) - 1, (lane - first) * bits);
        put(fmt::format("{} + (({}) >> {}u) + {}u", base, index, in_word == 4 ? 2 : 1,
                        first / in_word),
            packed);
      }
      return;
    }
    for (uint32_t lane = 0; lane < lanes(); ++lane) {
      const std::string element = result_element(lane), value = fmt::format("v{}", lane);
      if (size == 4) {
        put(fmt::format("{} + {}", base, element), fmt::format("bitcast<u32>({})", value));
        continue;
      }
      const std::string_view prefix = to_.type == DType::int64 ? "i64" : "f64";
      put(fmt::format("{} + ({}) * 2u", base, element), fmt::format("{}_lo({})", prefix, value));
      put(fmt::format("{} + ({}) * 2u + 1u", base, element),
          fmt::format("{}_hi({})", prefix, value));
    }
  }

  /// Elements [first, last) of the result, counted row by row, are those of an operand from `from`.
  Piece copy(size_t operand, size_t from, size_t first, size_t last) {
    const BufferId source = dispatch_.operands[operand];
    const Place& place = w_.layout[source];
    pitch_.clear();
    const Piece piece = begin();
    load_result();
    const std::string cols = w_.param(to_.cols), source_cols = w_.param(place.cols),
                      source_pitch = w_.param(place.pitch),
                      begin = w_.param(static_cast<uint32_t>(first)),
                      end = w_.param(static_cast<uint32_t>(last)),
                      shift = w_.param(static_cast<uint32_t>(from));
    for (uint32_t lane = 0; lane < lanes(); ++lane) {
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
    for (uint32_t lane = 0; lane < lanes(); ++lane)
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
    for (uint32_t lane = 0; lane < lanes(); ++lane)
      w_.add("  var v{} = {};\n", lane, literal(to_.type, 0));
    const std::string pitch = w_.param(place.pitch);
    w_.add("  for (var r = 0u; r < {}; r += 1u) {{\n", w_.param(place.rows));
    w_.add("    if (u32({}) == row) {{\n", w_.load(indices, "r"));
    for (uint32_t lane = 0; lane < lanes(); ++lane) {
      const ir::Attrs attrs;
      FormulaCall call{.op = Op::add, .type = to_.type, .attrs = attrs};
      call.operand_types[0] = call.operand_types[1] = to_.type;
      call.args[0] = fmt::format("v{}", lane);
      call.args[1] = w_.load(rows, fmt::format("r * {} + col + {}u", pitch, lane));
      w_.add("      v{} = {};\n", lane, formula(call));
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
  std::string pitch_;
};

}  // namespace

std::vector<Piece> write_move(Writer& writer, const Dispatch& dispatch) {
  return MoveWriter(writer, dispatch).write();
}

}  // namespace paragon::webgpu
