// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/stream.hpp"

#include <map>
#include <utility>

#include "core/error.hpp"
#include "ir/rules/integer_formulas.hpp"
#include "runtime/accesses.hpp"

namespace paragon::webgpu {

using runtime::Access;
using runtime::Buffer;
using runtime::BufferId;
using runtime::Dispatch;
using runtime::Instruction;
using runtime::kNoBuffer;
using runtime::Program;

namespace {

[[noreturn]] void refuse(const std::string& reason, std::string_view why) {
  throw DeviceMemoryError(fmt::format("{}; it cannot stream: {}", reason, why));
}

}  // namespace

/// Turns what a buffer is computed from into nodes.
class HostColumn::Finder {
 public:
  Finder(HostColumn& column, const Program& program, size_t phase, const std::string& reason)
      : column_(column), program_(program), phase_(phase), reason_(reason) {}

  uint32_t node_of(BufferId id) {
    if (const auto known = buffers_.find(id); known != buffers_.end()) return known->second;
    const Buffer& buffer = program_.buffers[id];
    if (is_float(buffer.type)) refuse_floats();
    uint32_t node = 0;
    switch (buffer.kind) {
      case Buffer::Kind::kConstant:
        node = add({.value = ir::load_integer(buffer.type, &buffer.constant, 0)});
        break;
      case Buffer::Kind::kSlot:
        if (program_.slots[buffer.slot].role != ir::SlotRole::kInput || !buffer.shape.is_scalar())
          refuse(reason_, "which rows come next depends on slot '" +
                              program_.slots[buffer.slot].name + "', no scalar input");
        node = add({.kind = Node::Kind::kSlot, .type = buffer.type, .slot = buffer.slot});
        break;
      case Buffer::Kind::kTemporary:
        node = computed(id);
        break;
    }
    return buffers_[id] = node;
  }

 private:
  [[noreturn]] void refuse_floats() const {
    refuse(reason_, "which rows come next is computed in floating point");
  }
  uint32_t add(Node node) {
    column_.nodes_.push_back(std::move(node));
    return static_cast<uint32_t>(column_.nodes_.size() - 1);
  }

  uint32_t computed(BufferId id) {
    for (const Dispatch& dispatch : program_.phases[phase_].dispatches) {
      if (dispatch.kind != Dispatch::Kind::kTiles && dispatch.kind != Dispatch::Kind::kScalars)
        continue;
      for (const auto& store : dispatch.code.stores)
        if (store.buffer == id && dispatch.when == kNoBuffer)
          return instruction(dispatch, store.reg);
      // A dispatch of scalars writes them as it computes them.
      if (dispatch.kind == Dispatch::Kind::kScalars)
        for (uint32_t i = 0; i < dispatch.code.instructions.size(); ++i)
          if (dispatch.code.instructions[i].buffer == id) return instruction(dispatch, i);
    }
    refuse(reason_, "which rows come next is computed by more than element-wise operations");
  }

  uint32_t instruction(const Dispatch& dispatch, uint32_t reg) {
    const Instruction& instruction = dispatch.code.instructions[reg];
    if (instruction.kind == Instruction::Kind::kLoad) return node_of(instruction.buffer);
    const auto known = registers_.find({&dispatch, reg});
    return known != registers_.end()
               ? known->second
               : registers_[{&dispatch, reg}] = compute(dispatch, instruction);
  }

  uint32_t compute(const Dispatch& dispatch, const Instruction& instruction) {
    Node node{.kind = Node::Kind::kCompute,
              .op = instruction.op,
              .type = instruction.type,
              .attrs = instruction.attrs};
    if (is_float(instruction.type)) refuse_floats();
    for (const runtime::Operand& operand : instruction.operands)
      if (operand.kind != runtime::Operand::Kind::kNone)
        node.operands.push_back(operand.kind == runtime::Operand::Kind::kRegister
                                    ? this->instruction(dispatch, operand.index)
                                    : node_of(operand.index));
    return add(std::move(node));
  }

  HostColumn& column_;
  const Program& program_;
  size_t phase_;
  const std::string& reason_;
  std::map<BufferId, uint32_t> buffers_;
  std::map<std::pair<const Dispatch*, uint32_t>, uint32_t> registers_;
};

HostColumn::HostColumn(const Program& program, size_t phase, BufferId column,
                       const std::string& reason) {
  Finder(*this, program, phase, reason).node_of(column);
}

int64_t HostColumn::at(size_t row, std::span<const uint64_t> scalars) {
  constexpr size_t kMostOperands = 3;
  for (Node& node : nodes_) {
    if (node.kind == Node::Kind::kSlot) {
      node.value = ir::load_integer(node.type, &scalars[node.slot], 0);
    } else if (node.kind == Node::Kind::kCompute) {
      int64_t operands[kMostOperands] = {};
      for (size_t i = 0; i < node.operands.size(); ++i)
        operands[i] = nodes_[node.operands[i]].value;
      node.value = ir::evaluate_integer(node.op, node.type, node.attrs, operands, row, 0);
    }
  }
  return nodes_.back().value;
}

std::vector<Gathering> gatherings_of(const Program& program, BufferId data,
                                     const std::string& reason) {
  std::vector<Gathering> result;
  for (size_t phase = 0; phase < program.phases.size(); ++phase)
    for (const Dispatch& dispatch : program.phases[phase].dispatches)
      for_each_access(dispatch, [&](BufferId buffer, Access access, size_t operand) {
        if (buffer != data) return;
        const bool gathers = dispatch.kind == Dispatch::Kind::kAnchored &&
                             dispatch.op == ir::Op::gather && access == Access::kOperand &&
                             operand == 0;
        if (!gathers) refuse(reason, "something else than gathering rows reads it");
        if (dispatch.when != kNoBuffer) refuse(reason, "its rows are gathered in some runs only");
        if (!result.empty() && result.back().phase == phase)
          refuse(reason, "a run gathers rows of it more than once");
        const bool turned = dispatch.attrs.a != 0;
        result.push_back({phase, turned ? dispatch.cols : dispatch.rows,
                          HostColumn(program, phase, dispatch.operands[1], reason)});
      });
  return result;
}

}  // namespace paragon::webgpu
