// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "backends/webgpu/layout.hpp"
#include "runtime/accesses.hpp"

namespace paragon::webgpu {

/// Words of the device's memory that a dispatch reads or writes.
class Accesses {
 public:
  Accesses(const runtime::Dispatch& dispatch, const Layout& layout);

  /// Whether one must come after the other. Bitwise ors into the same words are in any order.
  bool conflict(const Accesses& other) const;

 private:
  struct Range {
    Bank bank;
    uint32_t data;
    size_t begin, end;
    runtime::Access access;
  };
  std::vector<Range> ranges_;
};

}  // namespace paragon::webgpu
