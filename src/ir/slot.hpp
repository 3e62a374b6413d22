// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <paragon/dtype.hpp>

#include "core/shape.hpp"

namespace paragon::ir {

/// What a buffer outside the graph is for.
enum class SlotRole : uint8_t {
  kParameter,  ///< weights and biases (masters in fixed point)
  kView,       ///< the narrow copy of a parameter that products read
  kOptimizer,  ///< momentum and the like
  kState,      ///< scalars that survive a step: exponents, counters, running sums
  kInput,      ///< written by the host before a run
  kData,       ///< bound to memory of the caller (the data set)
  kOutput,     ///< read by the host after a run
};
std::string_view name(SlotRole role);

/// A buffer that graphs read and phases write. `id` is the stable id of the layer or parameter it
/// belongs to (0: none); (id, name) is unique.
struct Slot {
  std::string name;
  uint64_t id = 0;
  SlotRole role = SlotRole::kState;
  DType type = DType::float32;
  Shape shape;
};

}  // namespace paragon::ir
