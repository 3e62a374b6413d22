// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/replay.hpp>

#include "ir/builder.hpp"

namespace paragon::train {

/// What the gate of a dynamic replay may look at.
struct GateInputs {
  ir::NodeId values;                ///< [batch, n] activations
  ir::NodeId before = ir::kNoNode;  ///< the span's input, if its shape agrees
};

/// Repetitions of each sample, [batch, 1] whole numbers 0 .. budget of the activations' type.
ir::NodeId repetitions(ir::Builder& b, const Replay& replay, const GateInputs& inputs);

}  // namespace paragon::train
