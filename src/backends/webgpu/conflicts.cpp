// SPDX-License-Identifier: Apache-2.0
#include "backends/webgpu/conflicts.hpp"

#include <algorithm>

namespace paragon::webgpu {

using runtime::BufferId;
using runtime::Dispatch;

Accesses::Accesses(const Dispatch& dispatch, const Layout& layout) {
  const auto touch = [&](BufferId buffer, Kind kind) {
    if (buffer == runtime::kNoBuffer) return;
    const Place& place = layout[buffer];
    const size_t words = place.is_scalar() ? kScalarWords : (place.bytes() + 3) / 4;
    ranges_.push_back({place.bank, place.data, place.word, place.word + words, kind});
  };
  for (const BufferId operand : dispatch.operands) touch(operand, Kind::kRead);
  touch(dispatch.when, Kind::kRead);
  touch(dispatch.result, Kind::kWrite);
  for (const runtime::Instruction& instruction : dispatch.code.instructions) {
    for (const runtime::Operand& operand : instruction.operands)
      if (operand.kind == runtime::Operand::Kind::kScalar) touch(operand.index, Kind::kRead);
    touch(instruction.buffer,
          dispatch.kind == Dispatch::Kind::kScalars ? Kind::kWrite : Kind::kRead);
  }
  for (const auto& store : dispatch.code.stores) touch(store.buffer, Kind::kWrite);
  for (const auto& store : dispatch.code.or_stores) touch(store.buffer, Kind::kOr);
}

bool Accesses::conflict(const Accesses& other) const {
  return std::ranges::any_of(ranges_, [&](const Range& a) {
    return std::ranges::any_of(other.ranges_, [&](const Range& b) {
      return a.bank == b.bank && a.data == b.data && a.begin < b.end && b.begin < a.end &&
             !(a.kind == b.kind && a.kind != Kind::kWrite);
    });
  });
}

}  // namespace paragon::webgpu
