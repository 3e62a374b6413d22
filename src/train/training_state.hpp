// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/state.hpp"
#include "runtime/backend.hpp"

namespace paragon::train {

/// Everything that a training program keeps from step to step, but the parameters.
detail::TrainingState capture(const runtime::Program& program, runtime::Instance& instance);

/// Puts it back; raises naming the first slot that is missing, unknown or of another shape: the
/// checkpoint was made with another network or optimizer.
void restore(const detail::TrainingState& state, const runtime::Program& program,
             runtime::Instance& instance);

}  // namespace paragon::train
