// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/emit/code.hpp"

#include <algorithm>

#include "backends/webgpu/formula.hpp"
#include "core/error.hpp"

namespace paragon::webgpu {
namespace {

using runtime::BufferId;
using runtime::Dispatch;
using runtime::Instruction;
using runtime::Operand;

/// The code of one dispatch as two functions: `one` computes the stored registers of one element
/// from its loaded operands; `all` loads the operands of an item, calls `one` for each lane, and
/// stores.
class CodeWriter {
 public:
  CodeWriter(Writer& writer, const Dispatch& dispatch)
      : w_(writer),
        dispatch_(dispatch),
        code_(dispatch.code),
        items_(dispatch.rows, dispatch.cols) {}

  std::string write() {
    one_ = w_.unique("element");
    all_ = w_.unique("store");
    result_ = w_.unique("Stored");
    anchored_ = dispatch_.kind == Dispatch::Kind::kAnchored;
    write_one();
    write_all();
    return all_;
  }

 private:
  std::string reg_type(uint32_t reg) const { return register_type(code_.instructions[reg].type); }

  std::vector<uint32_t> results() const {
    std::vector<uint32_t> regs;
    const auto need = [&](uint32_t reg) {
      if (std::find(regs.begin(), regs.end(), reg) == regs.end()) regs.push_back(reg);
    };
    for (const auto& store : code_.stores) need(store.reg);
    for (const auto& store : code_.or_stores) need(store.reg);
    return regs;
  }

  void write_one() {
    w_.add("struct {} {{\n", result_);
    for (const uint32_t reg : results()) w_.add("  r{}: {},\n", reg, reg_type(reg));
    w_.add("}}\n");
    std::string parameters = "row: u32, col: u32";
    if (anchored_) parameters += fmt::format(", acc: {}", register_type(dispatch_.type));
    for (size_t i = 0; i < code_.instructions.size(); ++i)
      if (code_.instructions[i].kind == Instruction::Kind::kLoad)
        parameters += fmt::format(", x{}: {}", i, register_type(code_.instructions[i].type));
    w_.add("fn {}({}) -> {} {{\n", one_, parameters, result_);
    for (size_t i = 0; i < code_.instructions.size(); ++i) {
      const Instruction& instruction = code_.instructions[i];
      switch (instruction.kind) {
        case Instruction::Kind::kLoad:
          w_.add("  let r{0} = x{0};\n", i);
          break;
        case Instruction::Kind::kAccumulator:
          w_.add("  let r{} = acc;\n", i);
          break;
        case Instruction::Kind::kCompute:
          w_.add("  let r{} = {};\n", i, compute(instruction));
          break;
      }
    }
    std::string values;
    for (const uint32_t reg : results())
      values += fmt::format("{}r{}", values.empty() ? "" : ", ", reg);
    w_.add("  return {}({});\n}}\n", result_, values);
  }

  std::string compute(const Instruction& instruction) {
    if (instruction.op == ir::Op::table) {
      const auto& table = *instruction.attrs.table;
      return fmt::format("tables[{} + row * {} + col]", w_.param(w_.tables.add(table.index)),
                         w_.param(static_cast<uint32_t>(table.taps)));
    }
    FormulaCall call{.op = instruction.op, .type = instruction.type, .attrs = instruction.attrs};
    for (size_t i = 0; i < instruction.operands.size(); ++i) {
      const Operand& operand = instruction.operands[i];
      const bool scalar = operand.kind == Operand::Kind::kScalar;
      call.operand_types[i] =
          scalar ? w_.layout[operand.index].type : code_.instructions[operand.index].type;
      call.args[i] = scalar ? w_.load_scalar(operand.index) : fmt::format("r{}", operand.index);
    }
    call.row = "row";
    call.column = "col";
    return formula(call);
  }

  void write_all() {
    std::string parameters = "row: u32, col: u32";
    for (uint32_t lane = 0; anchored_ && lane < items_.lanes; ++lane)
      parameters += fmt::format(", acc{}: {}", lane, register_type(dispatch_.type));
    w_.add("fn {}({}) {{\n", all_, parameters);
    for (size_t i = 0; i < code_.instructions.size(); ++i)
      if (code_.instructions[i].kind == Instruction::Kind::kLoad) write_load(i);
    for (uint32_t lane = 0; lane < items_.lanes; ++lane) {
      std::string arguments = fmt::format("row, col + {}u", lane);
      if (anchored_) arguments += fmt::format(", acc{}", lane);
      for (size_t i = 0; i < code_.instructions.size(); ++i)
        if (code_.instructions[i].kind == Instruction::Kind::kLoad)
          arguments += fmt::format(", x{}_{}", i, lane);
      w_.add("  let v{} = {}({});\n", lane, one_, arguments);
    }
    for (const auto& store : code_.stores) write_store(store);
    for (const auto& store : code_.or_stores) write_or(store);
    w_.add("}}\n");
  }

  bool repeats_columns(const Place& place) const { return place.cols == 1 && items_.cols > 1; }
  // A buffer whose elements do not lie in the dispatch's rows and columns.
  bool turned(const Place& place) const {
    return place.rows == 1 && items_.rows > 1 && items_.cols == 1 && place.cols == items_.rows;
  }

  void write_load(size_t i) {
    const BufferId buffer = code_.instructions[i].buffer;
    const Place& place = w_.layout[buffer];
    if (repeats_columns(place) || place.is_scalar()) {
      w_.add("  let x{}_0 = {};\n", i, w_.load(buffer, element(buffer, 0)));
      for (uint32_t lane = 1; lane < items_.lanes; ++lane)
        w_.add("  let x{0}_{1} = x{0}_0;\n", i, lane);
      return;
    }
    if (items_.lanes == 4 && place.bank == Bank::kMemory && size_of(place.type) == 4) {
      // The four elements are one aligned vector.
      w_.add("  let q{} = {};\n", i,
             w_.quad(buffer, fmt::format("{} + {}", w_.base(buffer), element(buffer, 0))));
      for (uint32_t lane = 0; lane < 4; ++lane)
        w_.add("  let x{}_{} = bitcast<{}>(q{}.{});\n", i, lane, register_type(place.type), i,
               "xyzw"[lane]);
      return;
    }
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      w_.add("  let x{}_{} = {};\n", i, lane, w_.load(buffer, element(buffer, lane)));
  }

  std::string element(BufferId buffer, uint32_t lane) {
    if (turned(w_.layout[buffer])) return "row";
    return w_.element(buffer, "row", lane == 0 ? "col" : fmt::format("col + {}u", lane));
  }

  void write_store(const runtime::TileCode::Store& store) {
    const Place& place = w_.layout[store.buffer];
    if (place.bank != Bank::kMemory)
      raise("[webgpu] element-wise code stores into a buffer that is not in memory");
    if (items_.lanes == 4 && (turned(place) || place.cols != items_.cols))
      raise("[webgpu] a result of {} x {} elements goes to a buffer of {} x {}", items_.rows,
            items_.cols, place.rows, place.cols);
    if (size_of(place.type) < 4 && turned(place))
      raise("[webgpu] a column of {} goes to a buffer that is a row", name(place.type));
    std::vector<std::string> values;
    for (uint32_t lane = 0; lane < items_.lanes; ++lane)
      values.push_back(fmt::format("v{}.r{}", lane, store.reg));
    w_.store_item(store.buffer, element(store.buffer, 0), values);
  }

  // The or of the magnitudes of an item's elements; padding beyond the last column is left out.
  void write_or(const runtime::TileCode::Store& store) {
    const bool wide = code_.instructions[store.reg].type == DType::int64;
    const std::string bits = w_.unique("bits"), base = w_.base(store.buffer);
    if (cols_.empty() && items_.lanes > 1) cols_ = w_.param(items_.cols);
    const auto magnitude = [&](uint32_t lane) {
      return wide ? fmt::format("i64_magnitude(v{}.r{})", lane, store.reg)
                  : fmt::format("bitcast<u32>(abs(v{}.r{}))", lane, store.reg);
    };
    w_.add("  var {} = {};\n", bits, magnitude(0));
    for (uint32_t lane = 1; lane < items_.lanes; ++lane) {
      w_.add("  if (col + {}u < {}) {{ ", lane, cols_);
      if (wide)
        w_.add("{0} = i64_or({0}, {1}); }}\n", bits, magnitude(lane));
      else
        w_.add("{0} = {0} | {1}; }}\n", bits, magnitude(lane));
    }
    // Most items bring no new bit; looking first saves the atomic operation.
    const auto collect = [&](const std::string& at, const std::string& value) {
      w_.add(
          "  if ((atomicLoad(&flags[{0}]) | {1}) != atomicLoad(&flags[{0}])) "
          "{{ atomicOr(&flags[{0}], {1}); }}\n",
          at, value);
    };
    if (!wide) return collect(base, bits);
    collect(base, fmt::format("i64_lo({})", bits));
    collect(base + " + 1u", fmt::format("i64_hi({})", bits));
  }

  Writer& w_;
  const Dispatch& dispatch_;
  const runtime::TileCode& code_;
  Items items_;
  bool anchored_ = false;
  std::string one_, all_, result_, cols_;
};

}  // namespace

std::string write_code(Writer& writer, const Dispatch& dispatch) {
  return CodeWriter(writer, dispatch).write();
}

void write_scalars(Writer& writer, const Dispatch& dispatch) {
  std::map<BufferId, std::string> known;  // computed by an instruction before
  for (const Instruction& instruction : dispatch.code.instructions) {
    FormulaCall call{.op = instruction.op, .type = instruction.type, .attrs = instruction.attrs};
    for (size_t i = 0; i < instruction.operands.size(); ++i) {
      const BufferId buffer = instruction.operands[i].index;
      const auto found = known.find(buffer);
      call.operand_types[i] = writer.layout[buffer].type;
      call.args[i] = found != known.end() ? found->second : writer.load_scalar(buffer);
    }
    call.row = call.column = "0u";
    const std::string name = writer.unique("s");
    writer.add("  let {} = {};\n", name, formula(call));
    writer.store_scalar(instruction.buffer, name);
    known[instruction.buffer] = name;
  }
}

}  // namespace paragon::webgpu
