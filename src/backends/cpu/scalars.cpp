// SPDX-License-Identifier: Apache-2.0
// Scalar operations of a dispatch: common ones directly, the others through the formulas.
#include <algorithm>

#include "backends/cpu/dispatch.hpp"
#include "core/fixed_point.hpp"
#include "ir/rules/formulas.hpp"
#include "ir/rules/integer_formulas.hpp"

namespace paragon::cpu {

using ir::Op;

void BoundDispatch::bind_scalars(const runtime::HostMemory& memory) {
  for (const runtime::Instruction& instruction : dispatch_.code.instructions) {
    Scalar scalar{&instruction,
                  {},
                  {},
                  memory.data(instruction.buffer),
                  instruction.type == DType::int32,
                  instruction.type == DType::int64,
                  !is_float(instruction.type)};
    for (size_t i = 0; i < instruction.operands.size(); ++i) {
      scalar.operands[i] = memory.data(instruction.operands[i].index);
      scalar.types[i] = program_.buffers[instruction.operands[i].index].type;
      scalar.all_int32 = scalar.all_int32 && scalar.types[i] == DType::int32;
      scalar.all_int64 = scalar.all_int64 && scalar.types[i] == DType::int64;
      scalar.integer = scalar.integer && !is_float(scalar.types[i]);
    }
    scalars_.push_back(scalar);
  }
}

namespace {

// The exponent arithmetic that makes up most scalars; false: not one of these.
bool quick_int32(const runtime::Instruction& instruction, const std::byte* const* operands,
                 std::byte* result) {
  const auto x = [&](int i) { return *reinterpret_cast<const uint32_t*>(operands[i]); };
  const auto s = [&](int i) { return *reinterpret_cast<const int32_t*>(operands[i]); };
  uint32_t& to = *reinterpret_cast<uint32_t*>(result);
  switch (instruction.op) {
    case Op::add:
      to = x(0) + x(1);
      return true;
    case Op::sub:
      to = x(0) - x(1);
      return true;
    case Op::max:
      to = static_cast<uint32_t>(std::max(s(0), s(1)));
      return true;
    case Op::min:
      to = static_cast<uint32_t>(std::min(s(0), s(1)));
      return true;
    case Op::equal:
      to = x(0) == x(1) ? 1 : 0;
      return true;
    case Op::greater:
      to = s(0) > s(1) ? 1 : 0;
      return true;
    case Op::select:
      to = x(0) != 0 ? x(1) : x(2);
      return true;
    case Op::bit_length:
      to = static_cast<uint32_t>(fixed::bit_length(fixed::magnitude(s(0))));
      return true;
    case Op::align:
      to = static_cast<uint32_t>(fixed::clip(fixed::round_shift(s(0), s(1)), instruction.attrs.a));
      return true;
    case Op::cast:
      to = x(0);
      return true;
    default:
      return false;
  }
}

// The same for what a step counts and sums up in 64 bits.
bool quick_int64(const runtime::Instruction& instruction, const std::byte* const* operands,
                 std::byte* result) {
  const auto x = [&](int i) { return *reinterpret_cast<const uint64_t*>(operands[i]); };
  uint64_t& to = *reinterpret_cast<uint64_t*>(result);
  switch (instruction.op) {
    case Op::add:
      to = x(0) + x(1);
      return true;
    case Op::sub:
      to = x(0) - x(1);
      return true;
    case Op::mul:
      to = x(0) * x(1);
      return true;
    case Op::cast:
      to = x(0);
      return true;
    default:
      return false;
  }
}

}  // namespace

void BoundDispatch::run_scalars() const {
  for (const Scalar& scalar : scalars_) {
    const runtime::Instruction& instruction = *scalar.instruction;
    if (scalar.all_int32 && quick_int32(instruction, scalar.operands, scalar.result)) continue;
    if (scalar.all_int64 && quick_int64(instruction, scalar.operands, scalar.result)) continue;
    if (scalar.integer) {
      int64_t operands[3];
      for (size_t i = 0; i < instruction.operands.size(); ++i)
        operands[i] = ir::load_integer(scalar.types[i], scalar.operands[i], 0);
      ir::store_integer(instruction.type, scalar.result, 0,
                        ir::evaluate_integer(instruction.op, instruction.type, instruction.attrs,
                                             operands, 0, 0));
      continue;
    }
    ir::Number operands[3];
    for (size_t i = 0; i < instruction.operands.size(); ++i)
      operands[i] = ir::load(scalar.types[i], scalar.operands[i], 0);
    ir::store(instruction.type, scalar.result, 0,
              ir::evaluate(instruction.op, instruction.type, instruction.operand_type,
                           instruction.attrs, operands, 0, 0));
  }
}

}  // namespace paragon::cpu
