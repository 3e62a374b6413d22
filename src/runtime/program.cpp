// SPDX-License-Identifier: Apache-2.0
#include "runtime/program.hpp"

#include <algorithm>

#include "core/raise.hpp"

namespace paragon::runtime {

uint32_t Program::find_slot(uint64_t id, std::string_view name) const {
  for (uint32_t i = 0; i < slots.size(); ++i)
    if (slots[i].id == id && slots[i].name == name) return i;
  raise_message("[program] there is no slot '" + std::string(name) + "' of id " +
                std::to_string(id));
}

bool Program::has_slot(uint64_t id, std::string_view name) const {
  return std::any_of(slots.begin(), slots.end(),
                     [&](const ir::Slot& slot) { return slot.id == id && slot.name == name; });
}

size_t Program::find_phase(std::string_view name) const {
  for (size_t i = 0; i < phases.size(); ++i)
    if (phases[i].name == name) return i;
  raise_message("[program] there is no phase '" + std::string(name) + "'");
}

bool is_integer(const Program& program) {
  const auto integer_code = [](const TileCode& code) {
    return std::none_of(code.instructions.begin(), code.instructions.end(), [](const auto& i) {
      const bool from_floats = !i.operands.empty() && is_float(i.operand_type);
      return i.kind == Instruction::Kind::kCompute && (is_float(i.type) || from_floats);
    });
  };
  const auto integer_dispatch = [&](const Dispatch& dispatch) {
    // A score is a function of floats, whatever the types of its operands.
    return dispatch.op != ir::Op::host_score && integer_code(dispatch.code);
  };
  return std::none_of(program.buffers.begin(), program.buffers.end(),
                      [](const Buffer& buffer) { return is_float(buffer.type); }) &&
         std::all_of(program.phases.begin(), program.phases.end(), [&](const PhaseProgram& phase) {
           return std::all_of(phase.dispatches.begin(), phase.dispatches.end(), integer_dispatch);
         });
}

}  // namespace paragon::runtime
