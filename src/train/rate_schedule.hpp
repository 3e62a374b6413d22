// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <paragon/trainer.hpp>

#include "core/fixed_point.hpp"

namespace paragon::train {

/// Where a training stands.
struct Position {
  size_t step, steps;  ///< of the whole training
  size_t epoch;        ///< 0-based
};

/// The learning rate of a step.
double scheduled(const Schedule& schedule, double rate, const Position& position);
/// The same by integer arithmetic from the rate's mantissa.
fixed::Mantissa15 scheduled(const Schedule& schedule, fixed::Mantissa15 rate,
                            const Position& position);

void check(const Schedule& schedule);  ///< raises on impossible settings

}  // namespace paragon::train
