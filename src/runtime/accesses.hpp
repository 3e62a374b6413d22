// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/program.hpp"

namespace paragon::runtime {

/// How a dispatch uses a buffer.
enum class Access : uint8_t {
  kOperand,       ///< read, of the anchor or movement
  kScalar,        ///< read whole: a single value, or `when`
  kElements,      ///< read, element (row, column) for that of the result
  kResult,        ///< written, of a movement
  kScalarResult,  ///< written, of a dispatch of scalars
  kStore,         ///< written element by element
  kOr,            ///< gets the bitwise or of all elements
};

inline bool writes(Access access) {
  return access >= Access::kResult;
}

/// Calls visit(buffer, access, index) for every use; `index` is that of an operand, otherwise 0.
template <class Visit>
void for_each_access(const Dispatch& dispatch, Visit&& visit) {
  const auto use = [&](BufferId buffer, Access access, size_t index = 0) {
    if (buffer != kNoBuffer) visit(buffer, access, index);
  };
  for (size_t i = 0; i < dispatch.operands.size(); ++i)
    use(dispatch.operands[i], Access::kOperand, i);
  use(dispatch.result, Access::kResult);
  use(dispatch.when, Access::kScalar);
  const bool scalars = dispatch.kind == Dispatch::Kind::kScalars;
  for (const Instruction& instruction : dispatch.code.instructions) {
    use(instruction.buffer, scalars ? Access::kScalarResult : Access::kElements);
    for (const Operand& operand : instruction.operands)
      if (operand.kind == Operand::Kind::kScalar) use(operand.index, Access::kScalar);
  }
  for (const auto& store : dispatch.code.stores) use(store.buffer, Access::kStore);
  for (const auto& store : dispatch.code.or_stores) use(store.buffer, Access::kOr);
}

}  // namespace paragon::runtime
