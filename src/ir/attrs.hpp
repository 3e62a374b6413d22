// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/shape.hpp"

namespace paragon::ir {

/// Constant sources of an indexed contraction: units x taps entries, -1 = none.
struct IndexTable {
  std::vector<int32_t> index;
  size_t units = 0, taps = 0, features = 0;
  uint64_t hash = 0;
};

struct Body;

/// A score of one row of values, computed by the host.
using HostFunction = std::function<double(std::span<const float>)>;

/// Build-time constants of a node; their meaning is in ops.def. What changes between two runs is
/// never here: it is a scalar slot.
struct Attrs {
  int64_t a = 0, b = 0, c = 0;
  bool reverse = false;  ///< scan: from the last element to the first
  double real = 0;
  uint64_t id = 0;
  Shape shape = {};
  std::shared_ptr<const IndexTable> table = {};
  std::shared_ptr<const Body> body = {};
  std::shared_ptr<const HostFunction> function = {};
};

}  // namespace paragon::ir
