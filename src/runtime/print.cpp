// SPDX-License-Identifier: Apache-2.0
#include "core/error.hpp"
#include "runtime/program.hpp"

namespace paragon::runtime {
namespace {

std::string buffer_text(const Program& program, BufferId id) {
  const Buffer& buffer = program.buffers[id];
  switch (buffer.kind) {
    case Buffer::Kind::kSlot: {
      const ir::Slot& slot = program.slots[buffer.slot];
      return fmt::format("{}:{}", slot.name, slot.id);
    }
    case Buffer::Kind::kConstant:
      return fmt::format("const.{:x}", buffer.constant);
    case Buffer::Kind::kTemporary:
      return fmt::format("t{}", id);
  }
  return "?";
}

std::string operand_text(const Program& program, const Operand& operand) {
  return operand.kind == Operand::Kind::kScalar ? buffer_text(program, operand.index)
                                                : fmt::format("r{}", operand.index);
}

std::string code_text(const Program& program, const TileCode& code) {
  std::string out;
  for (size_t i = 0; i < code.instructions.size(); ++i) {
    const Instruction& instruction = code.instructions[i];
    out += fmt::format("      r{} = ", i);
    switch (instruction.kind) {
      case Instruction::Kind::kLoad:
        out += "load " + buffer_text(program, instruction.buffer);
        break;
      case Instruction::Kind::kAccumulator:
        out += "accumulator";
        break;
      case Instruction::Kind::kCompute:
        out += info(instruction.op).name;
        for (const Operand& operand : instruction.operands)
          out += " " + operand_text(program, operand);
        break;
    }
    out += fmt::format(" : {}\n", name(instruction.type));
  }
  for (const auto& store : code.stores)
    out += fmt::format("      {} <- r{}\n", buffer_text(program, store.buffer), store.reg);
  for (const auto& store : code.or_stores)
    out += fmt::format("      {} <- or |r{}|\n", buffer_text(program, store.buffer), store.reg);
  return out;
}

}  // namespace

std::string to_text(const Program& program) {
  std::string out = fmt::format("program target={} hash={:016x} arena={} bytes\n", program.target,
                                program.hash, program.arena_bytes);
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    out += fmt::format("buffer {} : {}{}", buffer_text(program, static_cast<BufferId>(i)),
                       name(buffer.type), to_string(buffer.shape));
    if (buffer.kind == Buffer::Kind::kTemporary) out += fmt::format(" at {}", buffer.offset);
    out += "\n";
  }
  for (const PhaseProgram& phase : program.phases) {
    out += fmt::format("\nphase {}\n", phase.name);
    for (size_t i = 0; i < phase.dispatches.size(); ++i) {
      const Dispatch& dispatch = phase.dispatches[i];
      out += fmt::format("  {}: ", i);
      switch (dispatch.kind) {
        case Dispatch::Kind::kScalars:
          out += "scalars";
          break;
        case Dispatch::Kind::kTiles:
          out += "elementwise";
          break;
        case Dispatch::Kind::kAnchored:
          out += info(dispatch.op).name;
          break;
        case Dispatch::Kind::kMove:
          out += dispatch.op == ir::Op::slot ? "copy" : info(dispatch.op).name;
          break;
      }
      out += fmt::format(" [{},{}]", dispatch.rows, dispatch.cols);
      for (BufferId operand : dispatch.operands) out += " " + buffer_text(program, operand);
      if (dispatch.result != kNoBuffer) out += " -> " + buffer_text(program, dispatch.result);
      if (dispatch.when != kNoBuffer) out += " when " + buffer_text(program, dispatch.when);
      out += "\n" + code_text(program, dispatch.code);
    }
  }
  return out;
}

}  // namespace paragon::runtime
