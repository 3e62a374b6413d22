// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <paragon/trainer.hpp>

#include "train/integer_steps.hpp"

namespace paragon::train {

/// The learning rate of a step.
double scheduled(const Schedule& schedule, double rate, const Position& position);
/// The schedule of a fixed-point training.
IntegerSchedule integer_schedule(const Schedule& schedule);

void check(const Schedule& schedule);  ///< raises on impossible settings

}  // namespace paragon::train
