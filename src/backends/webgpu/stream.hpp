// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/program.hpp"

namespace paragon::webgpu {

/// Computes on the host what a phase computes from scalars that the host sets: the numbers of the
/// rows that a run gathers.
class HostColumn {
 public:
  /// Raises DeviceMemoryError, with `reason`, if `column` depends on anything else.
  HostColumn(const runtime::Program& program, size_t phase, runtime::BufferId column,
             const std::string& reason);

  /// Element `row`, where scalars[slot] holds the value of a scalar slot.
  int64_t at(size_t row, std::span<const uint64_t> scalars);

 private:
  struct Node {
    enum class Kind : uint8_t { kConstant, kSlot, kCompute };
    Kind kind = Kind::kConstant;
    ir::Op op = ir::Op::constant;
    DType type = DType::int32;
    ir::Attrs attrs = {};
    std::vector<uint32_t> operands = {};  ///< kCompute: nodes
    uint32_t slot = 0;
    int64_t value = 0;  ///< the constant, or the last result
  };
  class Finder;

  std::vector<Node> nodes_;  // operands before their users; the last is the column's
};

/// Where a phase gathers rows of a data slot.
struct Gathering {
  size_t phase = 0, rows = 0;
  HostColumn index;  ///< the rows' numbers
};

/// The gathers of a data slot's buffer. Raises DeviceMemoryError, with `reason`, if anything else
/// reads it, or rows are not gathered in every run: then it must lie on the device.
std::vector<Gathering> gatherings_of(const runtime::Program& program, runtime::BufferId data,
                                     const std::string& reason);

}  // namespace paragon::webgpu
