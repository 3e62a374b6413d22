// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "core/fixed_point.hpp"
#include "runtime/backend.hpp"

// What the host does in a fixed-point training, by integer arithmetic alone: a processor without
// floating point runs it as it is.
namespace paragon::train {

/// Where a training stands.
struct Position {
  size_t step, steps;  ///< of the whole training
  size_t epoch;        ///< 0-based
};

/// A schedule of rates in whole numbers; integer_schedule() makes it of the settings.
struct IntegerSchedule {
  enum class Kind : uint8_t { kConstant, kStepwise, kCosine };
  Kind kind = Kind::kConstant;
  uint64_t every = 1;      ///< kStepwise: epochs until the next factor
  int32_t factor_q15 = 0;  ///< kStepwise
};

/// The learning rate of a step (docs/numerics.md, "Rates and schedules").
fixed::Mantissa15 scheduled(const IntegerSchedule& schedule, fixed::Mantissa15 rate,
                            const Position& position);

/// The key of an epoch's permutation of the samples.
uint64_t shuffle_key(uint64_t seed, size_t epoch);

/// What the settings of a training come to.
struct IntegerTraining {
  uint64_t seed = 0;
  size_t rows = 0, batch = 0, epochs = 0;
  fixed::Mantissa15 rate;
  IntegerSchedule schedule;

  size_t steps_per_epoch() const { return (rows + batch - 1) / batch; }
};

/// Runs the steps of a fixed-point training program (train/programs.hpp). The instance holds the
/// first state; the samples are bound.
class IntegerSteps {
 public:
  IntegerSteps(const runtime::Program& program, const IntegerTraining& training);

  /// Writes the seed.
  void begin(runtime::Instance& instance) const;
  /// Writes the key of the epoch's permutation.
  void shuffle(runtime::Instance& instance, size_t epoch) const;
  /// Starts an epoch: its permutation, and its losses from 0.
  void begin_epoch(runtime::Instance& instance, size_t epoch) const;
  /// Runs one step on the rows from `row` of the epoch on; returns how many.
  size_t run(runtime::Instance& instance, const Position& position, size_t row) const;
  /// The whole training.
  void run_all(runtime::Instance& instance) const;

 private:
  IntegerTraining training_;
  size_t first_phase_, step_phase_;
  uint32_t count_, start_, shuffle_key_, rate_, rate_shift_, inverse_count_, inverse_shift_,
      loss_sum_;
  std::optional<uint32_t> seed_, step_;  // of programs that draw random numbers
};

}  // namespace paragon::train
